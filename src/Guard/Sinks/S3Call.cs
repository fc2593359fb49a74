namespace Pellicle.Guard.Sinks;

/// <summary>
/// The action of a request to S3: by method, by whether it is about an object or a bucket, and by the sub-resource among its parameters. Names are IAM's
/// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html), which often differ from the operation's.
/// </summary>
internal static class S3Call
{
    // Sub-resources of a bucket: what reads and what changes it. Where deleting has an action of its own, that is third.
    private static readonly Dictionary<string, (string? Get, string? Put, string? Delete)> OfBucket = new(StringComparer.Ordinal)
    {
        ["accelerate"] = ("GetAccelerateConfiguration", "PutAccelerateConfiguration", null),
        ["acl"] = ("GetBucketAcl", "PutBucketAcl", null),
        ["analytics"] = ("GetAnalyticsConfiguration", "PutAnalyticsConfiguration", null),
        ["cors"] = ("GetBucketCORS", "PutBucketCORS", null),
        ["encryption"] = ("GetEncryptionConfiguration", "PutEncryptionConfiguration", null),
        ["intelligent-tiering"] = ("GetIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration", null),
        ["inventory"] = ("GetInventoryConfiguration", "PutInventoryConfiguration", null),
        ["lifecycle"] = ("GetLifecycleConfiguration", "PutLifecycleConfiguration", null),
        ["location"] = ("GetBucketLocation", null, null),
        ["logging"] = ("GetBucketLogging", "PutBucketLogging", null),
        ["metrics"] = ("GetMetricsConfiguration", "PutMetricsConfiguration", null),
        ["notification"] = ("GetBucketNotification", "PutBucketNotification", null),
        ["object-lock"] = ("GetBucketObjectLockConfiguration", "PutBucketObjectLockConfiguration", null),
        ["ownershipControls"] = ("GetBucketOwnershipControls", "PutBucketOwnershipControls", null),
        ["policy"] = ("GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"),
        ["policyStatus"] = ("GetBucketPolicyStatus", null, null),
        ["publicAccessBlock"] = ("GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock", null),
        ["replication"] = ("GetReplicationConfiguration", "PutReplicationConfiguration", null),
        ["requestPayment"] = ("GetBucketRequestPayment", "PutBucketRequestPayment", null),
        ["session"] = ("CreateSession", null, null),
        ["tagging"] = ("GetBucketTagging", "PutBucketTagging", null),
        ["uploads"] = ("ListBucketMultipartUploads", null, null),
        ["versioning"] = ("GetBucketVersioning", "PutBucketVersioning", null),
        ["versions"] = ("ListBucketVersions", null, null),
        ["website"] = ("GetBucketWebsite", "PutBucketWebsite", "DeleteBucketWebsite"),
    };

    private static readonly Dictionary<string, (string? Get, string? Put, string? Delete, string? Post)> OfObject = new(StringComparer.Ordinal)
    {
        ["acl"] = ("GetObjectAcl", "PutObjectAcl", null, null),
        ["attributes"] = ("GetObjectAttributes", null, null, null),
        ["legal-hold"] = ("GetObjectLegalHold", "PutObjectLegalHold", null, null),
        ["restore"] = (null, null, null, "RestoreObject"),
        ["retention"] = ("GetObjectRetention", "PutObjectRetention", null, null),
        ["select"] = (null, null, null, "GetObject"),
        ["tagging"] = ("GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging", null),
        ["torrent"] = ("GetObjectTorrent", null, null, null),
        ["uploadId"] = ("ListMultipartUploadParts", "PutObject", "AbortMultipartUpload", "PutObject"),
        ["uploads"] = (null, null, null, "PutObject"),
    };

    // Operations whose action has another name.
    private static readonly Dictionary<string, string> OfOperation = new(StringComparer.Ordinal)
    {
        ["CompleteMultipartUpload"] = "PutObject", ["CopyObject"] = "PutObject", ["CreateMultipartUpload"] = "PutObject", ["DeleteObjects"] = "DeleteObject", ["GetObjectLockConfiguration"] = "GetBucketObjectLockConfiguration",
        ["GetPublicAccessBlock"] = "GetBucketPublicAccessBlock", ["HeadBucket"] = "ListBucket", ["HeadObject"] = "GetObject", ["ListBuckets"] = "ListAllMyBuckets", ["ListMultipartUploads"] = "ListBucketMultipartUploads",
        ["ListObjects"] = "ListBucket", ["ListObjectsV2"] = "ListBucket", ["ListObjectVersions"] = "ListBucketVersions", ["ListParts"] = "ListMultipartUploadParts", ["SelectObjectContent"] = "GetObject",
        ["PutObjectLockConfiguration"] = "PutBucketObjectLockConfiguration", ["PutPublicAccessBlock"] = "PutBucketPublicAccessBlock", ["UploadPart"] = "PutObject", ["UploadPartCopy"] = "PutObject",
        ["DeletePublicAccessBlock"] = "PutBucketPublicAccessBlock", ["GetBucketCors"] = "GetBucketCORS", ["PutBucketCors"] = "PutBucketCORS", ["DeleteBucketCors"] = "PutBucketCORS",
        ["GetBucketEncryption"] = "GetEncryptionConfiguration", ["PutBucketEncryption"] = "PutEncryptionConfiguration", ["DeleteBucketEncryption"] = "PutEncryptionConfiguration",
        ["GetBucketLifecycleConfiguration"] = "GetLifecycleConfiguration", ["PutBucketLifecycleConfiguration"] = "PutLifecycleConfiguration", ["DeleteBucketLifecycle"] = "PutLifecycleConfiguration",
        ["GetBucketNotificationConfiguration"] = "GetBucketNotification", ["PutBucketNotificationConfiguration"] = "PutBucketNotification", ["GetBucketReplication"] = "GetReplicationConfiguration",
        ["PutBucketReplication"] = "PutReplicationConfiguration", ["DeleteBucketReplication"] = "PutReplicationConfiguration", ["DeleteBucketTagging"] = "PutBucketTagging", ["DeleteBucketOwnershipControls"] = "PutBucketOwnershipControls",
        ["GetBucketAccelerateConfiguration"] = "GetAccelerateConfiguration", ["PutBucketAccelerateConfiguration"] = "PutAccelerateConfiguration",
    };

    /// <summary>The action of an operation that is known by its own name.</summary>
    internal static string Named(string operation) => OfOperation.GetValueOrDefault(operation, operation);

    /// <summary>The action, or null.</summary>
    /// <param name="method">For example <c>GET</c>.</param>
    /// <param name="host">Host header.</param>
    /// <param name="path">With its escapes.</param>
    /// <param name="query">Without the question mark.</param>
    internal static string? Action(string method, string host, string path, string query)
    {
        // Access points, jobs and the like have an address and paths of their own.
        if (host.Contains("s3-control", StringComparison.Ordinal))
            return null;
        var (bucket, key) = Parts(host, path);
        var names = query.Split('&').Select(static p => p.IndexOf('=', StringComparison.Ordinal) is var at and >= 0 ? p[..at] : p).ToList();
        if (!bucket)
            return method == "GET" ? "ListAllMyBuckets" : null;
        return key ? AboutObject(method, names) : AboutBucket(method, names);
    }

    private static string? AboutObject(string method, List<string> names)
    {
        foreach (var name in names)
        {
            if (OfObject.TryGetValue(name, out var sub))
                return method switch { "GET" or "HEAD" => sub.Get, "PUT" => sub.Put, "DELETE" => sub.Delete, "POST" => sub.Post, _ => null };
        }
        var version = names.Contains("versionId");
        return method switch
        {
            "GET" or "HEAD" => version ? "GetObjectVersion" : "GetObject",
            "PUT" or "POST" => "PutObject",
            "DELETE" => version ? "DeleteObjectVersion" : "DeleteObject",
            _ => null,
        };
    }

    private static string? AboutBucket(string method, List<string> names)
    {
        foreach (var name in names)
        {
            if (OfBucket.TryGetValue(name, out var sub))
                return method switch { "GET" => sub.Get, "PUT" => sub.Put, "DELETE" => sub.Delete ?? sub.Put, _ => null };
        }
        return method switch
        {
            "GET" or "HEAD" => "ListBucket",
            "PUT" => "CreateBucket",
            "DELETE" => "DeleteBucket",
            "POST" => names.Contains("delete") ? "DeleteObject" : "PutObject",
            _ => null,
        };
    }

    /// <summary>Whether a bucket is named, by the host (BUCKET.s3.REGION…) or the path's first segment, and an object in it.</summary>
    private static (bool Bucket, bool Key) Parts(string host, string path)
    {
        var labels = HostSink.Split(host).Name.ToLowerInvariant().Split('.');
        // The service's own label is the last of its kind: buckets may be called s3, too.
        var service = Array.FindLastIndex(labels, static l => l == "s3" || l.StartsWith("s3-", StringComparison.Ordinal) || l.StartsWith("s3express-", StringComparison.Ordinal));
        var before = service < 0 ? [] : labels[..service];
        // A VPC endpoint: bucket.vpce-….s3.REGION…, BUCKET.bucket.vpce-….s3.REGION….
        if (before is [.. var more, _, ['v', 'p', 'c', 'e', '-', ..]])
            before = more;
        var rest = path.TrimStart('/');
        if (before.Length > 0)
            return (true, rest.Length > 0);
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        return (rest.Length > 0, slash >= 0 && slash < rest.Length - 1);
    }
}
