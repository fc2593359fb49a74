using Pellicle.Domain;
using Pellicle.Scanning.Advisories;
using Pellicle.Scanning.Matching;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning.Versions;

namespace Pellicle.Cli.Layers;

/// <summary>What to do about one vulnerable package of a layer.</summary>
/// <param name="Ecosystem">OSV name.</param>
/// <param name="Package">Package.</param>
/// <param name="Version">Version in the layer.</param>
/// <param name="Fixed">Smallest newer version that no advisory names; null where none is known.</param>
/// <param name="Repairs">Advisories it gets rid of.</param>
/// <param name="Remain">Advisories that name every known fixed version, too.</param>
internal sealed record FixProposal(string Ecosystem, string Package, string Version, string? Fixed, IReadOnlyList<string> Repairs, IReadOnlyList<string> Remain);

/// <summary>Finds the smallest step up that repairs each vulnerable package.</summary>
internal static class FixProposals
{
    public static IReadOnlyList<FixProposal> Of(ScanTarget layer, AdvisoryDatabase advisories)
    {
        var matcher = new Matcher(advisories);
        return
        [
            .. layer.Findings
                .Where(f => f.Kind is FindingKind.Vulnerability or FindingKind.Malware && f.Purl is not null)
                .GroupBy(f => f.Purl!, StringComparer.Ordinal)
                .Select(g => Purl.TryParse(g.Key, out var purl) && purl.Version is { } version && Ecosystem.TryParse(purl.Type, out var ecosystem) ? Propose(ecosystem, purl.PackageName, version, matcher) : null)
                .OfType<FixProposal>()
                .OrderBy(p => p.Ecosystem, StringComparer.Ordinal).ThenBy(p => p.Package, StringComparer.Ordinal).ThenBy(p => p.Version, StringComparer.Ordinal),
        ];
    }

    /// <summary>A fixed version may be affected by another advisory: each candidate is asked about again.</summary>
    public static FixProposal Propose(Ecosystem ecosystem, string package, string version, Matcher matcher)
    {
        var order = VersionOrder.For(ecosystem);
        var now = matcher.Query(ecosystem, package, version);
        var tried = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>(now.SelectMany(m => m.FixedVersions));
        var candidates = new List<(string Version, IReadOnlyList<AdvisoryMatch> Matches)>();
        while (open.TryDequeue(out var candidate))
        {
            if (tried.Add(candidate) && order.Compare(candidate, version) == VersionComparison.Greater)
            {
                var matches = matcher.Query(ecosystem, package, candidate);
                candidates.Add((candidate, matches));
                foreach (var next in matches.SelectMany(m => m.FixedVersions))
                {
                    open.Enqueue(next);
                }
            }
        }

        candidates.Sort((a, b) => VersionOrder.CompareTotal(order, a.Version, b.Version));
        var best = candidates.OrderBy(c => c.Matches.Count).FirstOrDefault();
        var remain = best.Version is null ? now : best.Matches;
        return new FixProposal(
            ecosystem.Name, package, version, best.Version,
            [.. now.Select(m => m.Id).Except(remain.Select(m => m.Id)).Order(StringComparer.Ordinal)],
            [.. remain.Select(m => m.Id).Order(StringComparer.Ordinal)]);
    }
}
