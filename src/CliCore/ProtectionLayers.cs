using System.Security.Cryptography;
using Pellicle.Scanning.Pipeline;

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
            var files = Files();
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

    /// <summary>Those that may be among these contents: the hash of one that none of them is as long as need not be known.</summary>
    public static IReadOnlySet<string> Among(IEnumerable<ContentSource> contents)
    {
        var lengths = contents.Select(c => c.Path is null ? c.Content.Length : File.Exists(c.Path) ? new FileInfo(c.Path).Length : -1).ToHashSet();
        return Files().Where(file => lengths.Contains(file.Length)).Select(file => Hash(file.FullName)).ToHashSet(StringComparer.Ordinal);
    }

    private static FileInfo[] Files() => new DirectoryInfo(Path.Combine(Places.Artifacts, "layer")) is { Exists: true } folder ? folder.GetFiles("*.zip") : [];

    private static string Hash(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
