using System.Security.Cryptography;

namespace Pellicle.Cli;

/// <summary>The protection layers that were built here, known by their content.</summary>
internal static class ProtectionLayers
{
    private static readonly Lock Gate = new();

    private static (string Listing, IReadOnlySet<string> Hashes) read = ("", new HashSet<string>());

    /// <summary>Hexadecimal SHA-256 of each. Read again when another was built meanwhile: a server and a demo live longer than a build.</summary>
    public static IReadOnlySet<string> Known
    {
        get
        {
            var folder = new DirectoryInfo(Path.Combine(Places.Artifacts, "layer"));
            var files = folder.Exists ? folder.GetFiles("*.zip") : [];
            var listing = string.Join('\n', files.Select(file => $"{file.Name} {file.Length} {file.LastWriteTimeUtc.Ticks}").Order(StringComparer.Ordinal));
            lock (Gate)
            {
                if (listing != read.Listing)
                {
                    read = (listing, files.Select(file => Hash(file.FullName)).ToHashSet(StringComparer.Ordinal));
                }

                return read.Hashes;
            }
        }
    }

    private static string Hash(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
