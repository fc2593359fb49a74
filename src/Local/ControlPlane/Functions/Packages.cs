using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.State;

namespace Pellicle.Local.ControlPlane.Functions;

/// <summary>Takes code from a request: inline, or from a bucket that is a directory below <c>DATA/s3</c>.</summary>
internal static class Packages
{
    /// <summary>The zip's bytes, or null when the request names none.</summary>
    public static byte[]? Read(Plane plane, Input source)
    {
        var inline = source.Bytes("ZipFile");
        var bucket = source.Text("S3Bucket", min: 3, max: 63);
        var key = source.Text("S3Key", min: 1, max: 1024);
        source.Check();
        if (source.Has("ImageUri"))
            throw ApiException.InvalidParameter("Container images cannot be run by the local Lambda; provide a zip package.");
        if (inline is not null && (bucket ?? key) is not null)
            throw ApiException.InvalidParameter("Please do not provide other FunctionCode parameters when providing a ZipFile.");
        if (inline is { LongLength: >= CodeStore.MaxZippedBytes })
        {
            throw new ApiException("RequestEntityTooLargeException", 413, $"Zipped size must be smaller than {CodeStore.MaxZippedBytes} bytes");
        }

        return inline ?? (bucket is null && key is null ? null : FromBucket(plane, bucket, key));
    }

    private static byte[] FromBucket(Plane plane, string? bucket, string? key)
    {
        if (bucket is null || key is null)
            throw ApiException.InvalidParameter("S3Bucket and S3Key must be provided together.");
        var root = Path.Combine(plane.BucketsDirectory, bucket);
        var path = Path.GetFullPath(Path.Combine(root, key));
        if (bucket.Contains('/') || bucket.Contains("..", StringComparison.Ordinal) || key.Contains('\0') || !Directory.Exists(root)
            || !path.StartsWith(root + "/", StringComparison.Ordinal))
        {
            throw ApiException.InvalidParameter(
                $"Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The local Lambda has no S3; the bucket `{bucket}` "
                + "must be a directory `s3/BUCKET` in its data directory.");
        }

        if (!File.Exists(path))
        {
            throw ApiException.InvalidParameter(
                "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.");
        }

        // Code from S3 may be larger than in a request, but not than what it unpacks to.
        return new FileInfo(path).Length < CodeStore.MaxUnzippedBytes ? File.ReadAllBytes(path) : throw CodeStore.TooLargeUnzipped();
    }
}
