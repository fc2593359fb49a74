using System.Text;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Scanning.Reports;

/// <summary>Words that several reports share.</summary>
internal static class Words
{
    /// <summary>Text from scanned content without control characters: names must not drive a terminal or break a line.</summary>
    public static string Plain(string? text)
    {
        if (text is null || !text.Any(IsUnsafe))
        {
            return text ?? "";
        }

        var plain = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            plain.Append(IsUnsafe(c) ? '\uFFFD' : c);
        }

        return plain.ToString();
    }

    public static string Of(Severity severity) => severity switch
    {
        Severity.Critical => "critical",
        Severity.High => "high",
        Severity.Medium => "medium",
        Severity.Low => "low",
        Severity.Info => "info",
    };

    public static string Of(FindingKind kind) => kind switch
    {
        FindingKind.Vulnerability => "vulnerability",
        FindingKind.Secret => "secret",
        FindingKind.Posture => "posture",
        FindingKind.Hijack => "hijack",
        FindingKind.Malware => "malware",
        FindingKind.License => "license",
    };

    public static string Of(ScanStatus status) => status switch
    {
        ScanStatus.Succeeded => "succeeded",
        ScanStatus.Partial => "partial",
        ScanStatus.Failed => "failed",
    };

    /// <summary>An advisory's CVE where it has one: the id people know.</summary>
    public static string KnownId(Finding finding) =>
        finding.RuleId.StartsWith("CVE-", StringComparison.Ordinal) ? finding.RuleId
        : finding.Aliases.FirstOrDefault(a => a.StartsWith("CVE-", StringComparison.Ordinal)) ?? finding.RuleId;

    /// <summary>A path without the last part that is the same for every npm package.</summary>
    public static string Place(string path) =>
        path.EndsWith("/package.json", StringComparison.Ordinal) && new ScanPath(path).HasDirectory("node_modules") ? path[..^"/package.json".Length] : path;

    /// <summary><c>2 critical, 1 low</c>, or <c>no findings</c>.</summary>
    public static string Counts(FindingCounts counts)
    {
        var parts = ((int Count, string Name)[])[(counts.Critical, "critical"), (counts.High, "high"), (counts.Medium, "medium"), (counts.Low, "low"), (counts.Info, "info")];
        var text = string.Join(", ", parts.Where(p => p.Count > 0).Select(p => $"{p.Count} {p.Name}"));
        return text.Length == 0 ? "no findings" : text;
    }

    /// <summary><c>no errors</c>, <c>1 error</c>, <c>2 errors</c>.</summary>
    public static string Errors(int count) => count switch { 0 => "no errors", 1 => "1 error", _ => $"{count} errors" };

    /// <summary>What is special about a finding, in brackets, or nothing.</summary>
    public static string Marks(Finding finding)
    {
        var marks = new List<string>();
        if (!finding.Effective)
        {
            marks.Add("does not load");
        }

        if (finding.Loaded is { } loaded)
        {
            marks.Add(loaded ? "in use" : "never seen in use");
        }

        if (finding.KnownExploited)
        {
            marks.Add("exploited in the wild");
        }

        return marks.Count == 0 ? "" : $" [{string.Join(", ", marks)}]";
    }

    /// <summary>Origins of a target: function first, layers in their order.</summary>
    public static IEnumerable<string> Origins(ScanTarget target) =>
        target.Findings.Select(f => f.Origin).Concat(target.Errors.Select(e => e.Origin)).Distinct(StringComparer.Ordinal)
            .OrderBy(o => o == "function" ? 0 : 1).ThenBy(o => target.Layers.FirstOrDefault(l => $"layer:{l.Name}" == o)?.Order ?? int.MaxValue).ThenBy(o => o, StringComparer.Ordinal);

    // Also the format characters that turn the direction of text around.
    private static bool IsUnsafe(char c) => char.IsControl(c) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u2028' or '\u2029';
}
