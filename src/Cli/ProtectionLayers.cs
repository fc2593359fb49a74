using System.Security.Cryptography;

namespace Pellicle.Cli;

/// <summary>The protection layers that were built here, known by their content.</summary>
internal static class ProtectionLayers
{
    private static readonly Lazy<IReadOnlySet<string>> Hashes = new(() =>
    {
        var folder = Path.Combine(Places.Artifacts, "layer");
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.zip").Select(Hash).ToHashSet(StringComparer.Ordinal) : new HashSet<string>(StringComparer.Ordinal);
    });

    /// <summary>Hexadecimal SHA-256 of each, read once.</summary>
    public static IReadOnlySet<string> Known => Hashes.Value;

    private static string Hash(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
