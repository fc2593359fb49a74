namespace Pellicle.Aws;

/// <summary>Reads objects: repaired layer content that lies in a bucket (<c>s3://BUCKET/KEY</c>).</summary>
public sealed class S3Client(AwsHttp http)
{
    /// <summary>The object's bytes. A bucket is addressed by host, or by path where its name has dots or an endpoint is set: a certificate covers one label only.</summary>
    public async Task<byte[]> GetObjectAsync(string bucket, string key, CancellationToken cancellationToken = default)
    {
        using var response = await http.SendAsync(Call(bucket, key), cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
    }

    internal AwsCall Call(string bucket, string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(bucket);
        ArgumentException.ThrowIfNullOrEmpty(key);
        var address = http.Settings.AddressOf("s3");
        var byPath = http.Settings.Endpoint is not null || bucket.Contains('.', StringComparison.Ordinal);
        return new AwsCall
        {
            Operation = "GetObject",
            Service = "s3",
            Method = "GET",
            Address = byPath ? address : new UriBuilder(address) { Host = $"{bucket}.{address.Host}" }.Uri,
            Path = byPath ? "/{B}/{Key+}" : "/{Key+}",
            PathValues = byPath ? new Dictionary<string, string> { ["{B}"] = bucket, ["{Key+}"] = key } : new Dictionary<string, string> { ["{Key+}"] = key },
            GreedyPaths = new HashSet<string> { "{Key+}" },
        };
    }
}
