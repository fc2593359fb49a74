using System.Text;

namespace Pellicle.Scanning.Extractors.Node.Bundles;

/// <summary>
/// Libraries whose code others carry inside their own files, from <c>bundle-signatures-vendored.tsv</c>: name, and the packages whose presence
/// explains its literals and comments (<c>*</c> ends a prefix); <c>-</c> where too much else carries them.
/// </summary>
internal static class VendoredCopies
{
    private static readonly Lazy<Dictionary<string, string[]>> Holders = new(Load);

    /// <summary>True when the name is told by a copy inside one of the packages that are there.</summary>
    public static bool Explains(string name, IReadOnlyCollection<string> there) =>
        Holders.Value.TryGetValue(name, out var holders) && holders.Any(holder => holder == "-" || (holder[^1] == '*' ? there.Any(other => other != name && other.StartsWith(holder.AsSpan(0, holder.Length - 1), StringComparison.Ordinal) && !Holders.Value.ContainsKey(other)) : there.Contains(holder)));

    private static Dictionary<string, string[]> Load()
    {
        using var stream = typeof(VendoredCopies).Assembly.GetManifestResourceStream("bundle-signatures-vendored.tsv") ?? throw new InvalidOperationException("`bundle-signatures-vendored.tsv` is not in the assembly");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')).ToDictionary(row => row[0], row => row[1].Split(' '), StringComparer.Ordinal);
    }
}
