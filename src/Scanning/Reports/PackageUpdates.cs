using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning.Versions;

namespace Pellicle.Scanning.Reports;

/// <summary>One package copy that loads, and the version that repairs everything found in it that can be repaired.</summary>
/// <param name="Origin"><c>function</c>, or <c>layer:</c> and the layer's name.</param>
/// <param name="Path">Evidence of the copy.</param>
/// <param name="Name">Package.</param>
/// <param name="From">Version that is there.</param>
/// <param name="To">Version that repairs each finding and in which nothing else is known that a later one repairs.</param>
/// <param name="Worst">Severity of the worst finding it repairs.</param>
/// <param name="Count">Findings it repairs.</param>
internal sealed record PackageUpdate(string Origin, string Path, string Name, string From, string To, Severity Worst, int Count)
{
    /// <summary>What to do, as one line.</summary>
    public string Text => $"update {Name} {From} to {To}: repairs {Count} {(Count == 1 ? "finding" : "findings")}, the worst {Words.Of(Worst)}";
}

/// <summary>Turns findings into what to do: a line a package instead of a line an advisory.</summary>
internal static class PackageUpdates
{
    /// <summary>Updates of one target, worst first. Copies that never load, and findings without a fix, are left out.</summary>
    public static IReadOnlyList<PackageUpdate> Of(ScanTarget target) =>
    [
        .. target.Findings
            .Where(finding => finding is { Kind: FindingKind.Vulnerability, Effective: true, Purl: not null, FixedVersions.Count: > 0 })
            .GroupBy(finding => (finding.Origin, finding.Path, finding.Purl))
            .Select(group => Of(group.Key.Origin, group.Key.Path, group.Key.Purl, [.. group]))
            .OfType<PackageUpdate>()
            .OrderByDescending(update => update.Worst).ThenByDescending(update => update.Count).ThenBy(update => update.Name, StringComparer.Ordinal).ThenBy(update => update.Path, StringComparer.Ordinal),
    ];

    private static PackageUpdate? Of(string origin, string path, string? text, IReadOnlyList<Finding> findings)
    {
        if (!Purl.TryParse(text, out var purl) || !Ecosystem.TryParse(purl, out var ecosystem))
        {
            return null;
        }

        var order = VersionOrder.For(ecosystem);
        var to = findings.Select(finding => finding.UpdateTo ?? finding.FixedVersions[0]).Aggregate((a, b) => VersionOrder.CompareTotal(order, a, b) < 0 ? b : a);
        return new PackageUpdate(origin, path, purl.PackageName, purl.Version ?? "", to, findings.Max(finding => finding.Severity), findings.Count);
    }
}
