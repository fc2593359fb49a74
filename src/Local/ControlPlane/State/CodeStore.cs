using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using Pellicle.Local.ControlPlane.Http;

namespace Pellicle.Local.ControlPlane.State;

/// <summary>Deployment packages and layers by content. A file never changes once it has its name.</summary>
internal sealed class CodeStore
{
    /// <summary>Lambda's limit for a zip sent in a request.</summary>
    public const long MaxZippedBytes = 52_428_800;

    /// <summary>Lambda's limit for a function with all its layers.</summary>
    public const long MaxUnzippedBytes = 262_144_000;

    private readonly string _directory;

    public CodeStore(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(directory);
        foreach (var leftover in Directory.EnumerateFiles(directory, "*" + DurableFile.TemporarySuffix))
            File.Delete(leftover);
    }

    public string PathOf(string sha256) => Path.Combine(_directory, Convert.ToHexStringLower(Convert.FromBase64String(sha256)) + ".zip");

    /// <summary>Checks the zip and keeps it.</summary>
    public CodePackage Add(byte[] zip)
    {
        var unzipped = MeasureUnzipped(zip);
        var package = new CodePackage(Convert.ToBase64String(SHA256.HashData(zip)), zip.LongLength, unzipped);
        var path = PathOf(package.Sha256);
        if (!File.Exists(path))
            DurableFile.Write(path, zip);
        return package;
    }

    /// <summary>Removes zips that nothing names any more; only safe while no request runs.</summary>
    public void RemoveAllBut(IEnumerable<string> sha256)
    {
        var kept = sha256.Select(PathOf).ToHashSet(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(_directory, "*.zip").Where(f => !kept.Contains(f)))
            File.Delete(file);
    }

    public static ApiException TooLargeUnzipped() =>
        ApiException.InvalidParameter($"Unzipped size must be smaller than {MaxUnzippedBytes} bytes");

    // Inflates everything: declared sizes are the uploader's word, and a damaged package must be refused now, not when it runs.
    private static long MeasureUnzipped(byte[] zip)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(81920);
        try
        {
            using var archive = new ZipArchive(new MemoryStream(zip, writable: false), ZipArchiveMode.Read);
            if (archive.Entries.Count == 0)
                throw ApiException.InvalidParameter("Uploaded file must be a non-empty zip");
            var total = 0L;
            foreach (var entry in archive.Entries)
            {
                if (EscapesRoot(entry.FullName))
                    throw CannotUnzip();
                using var content = entry.Open();
                var length = 0L;
                for (int read; (read = content.Read(buffer)) > 0;)
                {
                    length += read;
                    if ((total += read) >= MaxUnzippedBytes)
                        throw TooLargeUnzipped();
                }

                if (length != entry.Length)
                    throw CannotUnzip();
            }

            return total;
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException or EndOfStreamException or ArgumentException or IOException)
        {
            throw CannotUnzip();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static ApiException CannotUnzip() =>
        ApiException.InvalidParameter("Could not unzip uploaded file. Please check your file, then try to upload again.");

    private static bool EscapesRoot(string name) =>
        name.Length == 0 || name[0] is '/' or '\\' || name.Contains('\0') || name.Split('/', '\\').Contains("..");
}
