using Pellicle.Domain;

namespace Pellicle.Scanning.Pipeline;

/// <summary>Worst first: what loads before what does not, then severity, seen loaded, exploited in the wild, score; then names, so that the order is total.</summary>
public static class FindingOrder
{
    /// <summary>The order of findings in every report.</summary>
    public static IComparer<Finding> WorstFirst { get; } = Comparer<Finding>.Create(Compare);

    private static int Compare(Finding a, Finding b)
    {
        ReadOnlySpan<int> orders =
        [
            b.Effective.CompareTo(a.Effective),
            b.Severity.CompareTo(a.Severity),
            (b.Loaded == true).CompareTo(a.Loaded == true),
            (a.Loaded == false).CompareTo(b.Loaded == false),
            b.KnownExploited.CompareTo(a.KnownExploited),
            (b.Cvss?.Score ?? 0).CompareTo(a.Cvss?.Score ?? 0),
            string.CompareOrdinal(a.RuleId, b.RuleId),
            string.CompareOrdinal(a.Purl, b.Purl),
            string.CompareOrdinal(a.Origin, b.Origin),
            string.CompareOrdinal(a.Path, b.Path),
            string.CompareOrdinal(a.Fingerprint, b.Fingerprint),
        ];
        var first = orders.IndexOfAnyExcept(0);
        return first < 0 ? 0 : orders[first];
    }
}
