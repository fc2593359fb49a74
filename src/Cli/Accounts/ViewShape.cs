using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Accounts;

/// <summary>A package of a content, by what advisories and fingerprints go by.</summary>
/// <param name="Ecosystem">OSV ecosystem name.</param>
/// <param name="Name">OSV package name.</param>
/// <param name="Version">Version.</param>
/// <param name="Purl">Package URL.</param>
/// <param name="Path">Path of the evidence.</param>
/// <param name="IsGuess">As <see cref="PackageVersion"/>'s.</param>
internal sealed record ContentPackage(string Ecosystem, string Name, string Version, string Purl, string Path, bool IsGuess = false)
{
    public PackageVersion Key() => new(Ecosystem, Name, Version, IsGuess);

    /// <summary>What is kept of what was read.</summary>
    public static IReadOnlyList<ContentPackage> Of(IEnumerable<Package> packages) =>
        [.. packages.Where(p => p.Version is not null && p.Ecosystem != Domain.Ecosystem.Generic)
            .Select(p => new ContentPackage(p.Ecosystem.Name, p.Name, p.Version!, p.Purl.ToString(), p.Path, p.Identity is not null && p.Ecosystem == Domain.Ecosystem.Maven)).Distinct()
            .OrderBy(p => p.Purl, StringComparer.Ordinal).ThenBy(p => p.Path, StringComparer.Ordinal)];
}

/// <summary>A content at its place in a view.</summary>
internal sealed record ViewPart(string Sha256, string Origin);

/// <summary>A copy that does not load.</summary>
internal sealed record Idle(string Origin, string Path, string Purl);

/// <summary>
/// How a view is put together: enough to tell, without its packages, what new advisories mean for it. A package is in a view through its content; copies that do
/// not load are exceptions; those that another copy shadows, and their winners, have findings that need the view itself.
/// </summary>
internal sealed record ViewShape(IReadOnlyList<ViewPart> Parts, IReadOnlyList<Idle> Idle, IReadOnlyList<PackageVersion> Entangled)
{
    public static ViewShape Of(BareTarget view)
    {
        List<ViewPart> parts = [.. view.Target.Layers.Select(l => new ViewPart(l.Sha256, $"layer:{l.Name}"))];
        if (view.Target is { Kind: not "layer", Sha256.Length: > 0 })
        {
            parts.Insert(0, new ViewPart(view.Target.Sha256, "function"));
        }

        return new ViewShape(
            parts,
            [.. view.Packages.Where(p => !p.Package.Effective && p.Key is not null).Select(p => new Idle(p.Package.Origin, p.Package.Path, p.Package.Purl)).Distinct()],
            [.. view.Packages.Where(p => p.Winner is not null && p.Key is not null).SelectMany(p => new[] { p.Key!.Value, p.Winner!.Value }).Distinct()]);
    }
}

/// <summary>A view under the advisories of the last scan.</summary>
/// <param name="Rules">Rules of findings that load, but for plain advisories, which follow from the contents.</param>
/// <param name="Counts">Counts, advisories included.</param>
internal sealed record ViewState(IReadOnlyList<RuleHit> Rules, ResultCounts Counts)
{
    public static ViewState Of(ScanTarget complete) => new(
        RulesOf(complete.Findings.Where(f => f.Kind is not (FindingKind.Vulnerability or FindingKind.Malware) || f.RuleId == AdvisoryJudge.ShadowedFixRule)),
        ResultCounts.Of(complete));

    public static IReadOnlyList<RuleHit> RulesOf(IEnumerable<Finding> findings) =>
        [.. findings.Where(f => f.Effective).GroupBy(f => f.RuleId, StringComparer.Ordinal).Select(g => new RuleHit(g.Key, g.Max(f => f.Severity))).OrderBy(h => h.Rule, StringComparer.Ordinal)];

    public static string WriteRules(IReadOnlyList<RuleHit> rules) => string.Join('\n', rules.Select(r => $"{(int)r.Severity}{r.Rule}"));

    public static IReadOnlyList<RuleHit> ParseRules(string text) => [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => new RuleHit(l[1..], (Severity)(l[0] - '0')))];
}
