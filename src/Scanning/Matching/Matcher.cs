using Pellicle.Domain;
using Pellicle.Scanning.Advisories;
using Pellicle.Scanning.Extractors.Java;
using Pellicle.Scanning.Versions;

namespace Pellicle.Scanning.Matching;

/// <summary>Finds the advisories that affect a package version. Stateless beside the database; safe for many threads.</summary>
public sealed class Matcher(AdvisoryDatabase database)
{
    // Groups by artifact; made when the first jar without a group needs it.
    private readonly Lazy<ILookup<string, string>> artifacts = new(() => database.Names(Ecosystem.Maven).Where(name => name.Contains(':', StringComparison.Ordinal))
        .ToLookup(name => name[(name.IndexOf(':', StringComparison.Ordinal) + 1)..], name => name[..name.IndexOf(':', StringComparison.Ordinal)], StringComparer.Ordinal));

    /// <summary>Matches for a purl with version; empty for an ecosystem without advisories or a purl without version.</summary>
    public IReadOnlyList<AdvisoryMatch> Query(Purl purl) =>
        purl.Version is { } version && Ecosystem.TryParse(purl, out var ecosystem) ? Query(ecosystem, NameOf(ecosystem, purl), version) : [];

    /// <summary>Advisories of distributions name source packages; <c>upstream</c> says which one a binary package is of.</summary>
    internal static string NameOf(Ecosystem ecosystem, Purl purl) => ecosystem.PurlNamespace is null ? purl.PackageName
        : (purl.Qualifiers ?? "").Split('&').FirstOrDefault(q => q.StartsWith("upstream=", StringComparison.Ordinal)) is { } upstream ? Uri.UnescapeDataString(upstream["upstream=".Length..]).Split('@')[0] : purl.Name;

    /// <summary>Whether the version of a purl can be put in its ecosystem's order; where not, only records that list it or hold every version match.</summary>
    public static bool IsComparable(Purl purl) =>
        purl.Version is { } version && Ecosystem.TryParse(purl, out var ecosystem) && VersionOrder.For(ecosystem).IsValid(ecosystem == Ecosystem.Go ? GoVersion(version) : version);

    /// <summary>
    /// The one name under which records know an artifact whose group is a guess: the guess itself where they name it (null), else the only group of the same owner with an
    /// artifact of this name. Null where there is none, or several.
    /// </summary>
    public string? KnownAs(Ecosystem ecosystem, string name)
    {
        if (ecosystem != Ecosystem.Maven || Knows(ecosystem, name) || name.IndexOf(':', StringComparison.Ordinal) is not (> 0 and var colon))
        {
            return null;
        }

        var (group, artifact) = (name[..colon], name[(colon + 1)..]);
        var candidates = artifacts.Value[artifact].Where(known => MavenOwner.Shares(known, group, artifact)).Take(2).ToList();
        return candidates.Count == 1 ? $"{candidates[0]}:{artifact}" : null;
    }

    /// <summary>Whether any record names this package.</summary>
    public bool Knows(Ecosystem ecosystem, string name) => database.Find(ecosystem, name).Count > 0;

    /// <summary>Matches for a package version, sorted by id.</summary>
    public IReadOnlyList<AdvisoryMatch> Query(Ecosystem ecosystem, string name, string version)
    {
        var (first, count) = database.Find(ecosystem, name);
        if (count == 0)
        {
            return [];
        }

        var order = VersionOrder.For(ecosystem);
        version = ecosystem == Ecosystem.Go ? GoVersion(version) : version;
        Dictionary<int, Group>? groups = null;
        for (var i = first; i < first + count; i++)
        {
            var (advisory, offset) = database.Entry(i);
            var fixes = new List<string>();
            if (RangeEvaluator.Evaluate(database, offset, order, version, fixes, out var evidence) == Affection.No)
            {
                continue;
            }

            var stored = database.Advisory(advisory);
            groups ??= [];
            if (!groups.TryGetValue(stored.Group, out var group))
            {
                groups.Add(stored.Group, group = new Group());
            }

            group.Records.Add(stored);
            group.Fixes.AddRange(fixes);
            group.Evidence = group.Evidence.Length == 0 ? evidence : group.Evidence;
        }

        return groups is null ? [] : [.. groups.Select(g => ToMatch(g.Value, Fixes(g.Key, g.Value, first, count, order))).OrderBy(m => m.Id, StringComparer.Ordinal)];
    }

    /// <summary>Go's own version texts: <c>go1.20.1</c>, <c>go1.20.1 X:boringcrypto</c>. Advisories name versions without either.</summary>
    private static string GoVersion(string version)
    {
        version = version.StartsWith("go", StringComparison.Ordinal) ? version[2..] : version;
        return version.IndexOf(' ', StringComparison.Ordinal) is var space and > 0 ? version[..space] : version;
    }

    /// <summary>
    /// Versions that repair all of a group's records, smallest first: the end of the version's own range, unless another range or an alias still
    /// holds it; then the end of that.
    /// </summary>
    private List<string> Fixes(int group, Group found, int first, int count, IVersionOrder order)
    {
        var open = new Queue<string>(found.Fixes);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var repaired = new List<string>();
        while (open.TryDequeue(out var candidate))
        {
            if (!seen.Add(candidate))
            {
                continue;
            }

            var further = new List<string>();
            var isAffected = false;
            for (var i = first; i < first + count; i++)
            {
                var (advisory, offset) = database.Entry(i);
                // A record that lists the very version it calls fixed means the range.
                isAffected |= database.Advisory(advisory).Group == group && RangeEvaluator.Evaluate(database, offset, order, candidate, further, out _) == Affection.InRange;
            }

            if (!isAffected)
            {
                repaired.Add(candidate);
            }
            else
            {
                further.ForEach(open.Enqueue);
            }
        }

        repaired.Sort((a, b) => VersionOrder.CompareTotal(order, a, b));
        return repaired;
    }

    private sealed record Record(string Id, StoredAdvisory Stored);

    private sealed class Group
    {
        public List<StoredAdvisory> Records { get; } = [];

        public List<string> Fixes { get; } = [];

        public string Evidence { get; set; } = "";
    }

    private AdvisoryMatch ToMatch(Group group, IReadOnlyList<string> fixes)
    {
        var records = group.Records.Select(r => new Record(database.Text(r.Id), r)).DistinctBy(r => r.Id)
            .OrderBy(r => Preference(r.Id)).ThenBy(r => r.Id, StringComparer.Ordinal).ToList();
        var id = records[0].Id;
        var aliases = records.SelectMany(r => database.Texts(r.Stored.Aliases).Append(r.Id)).Where(a => a != id).Distinct(StringComparer.Ordinal);
        var stated = records.Where(r => r.Stored.IsStated).ToList();
        var worst = (stated.Count > 0 ? stated : records).MaxBy(r => ((int)r.Stored.Severity * 100) + r.Stored.Score)!.Stored;
        var scored = worst.Score > 0 ? worst : records.Find(r => r.Stored.Score > 0)?.Stored;
        return new AdvisoryMatch
        {
            Id = id,
            Aliases = [.. aliases.Order(StringComparer.Ordinal)],
            Severity = worst.Severity,
            IsSeverityStated = stated.Count > 0,
            Cvss = scored is not null ? new Cvss(database.Text(scored.Vector), scored.Score) : null,
            FixedVersions = fixes,
            IsMalware = records.Any(r => r.Stored.IsMalware),
            KnownExploited = records.Any(r => r.Stored.IsExploited),
            Epss = records.MaxBy(r => r.Stored.Epss) is { } likely ? (likely.Stored.Epss, likely.Stored.Percentile) : default,
            Summary = records.Select(r => database.Text(r.Stored.Summary)).FirstOrDefault(s => s.Length > 0) ?? "",
            References = [.. records.SelectMany(r => database.Texts(r.Stored.References)).Distinct(StringComparer.Ordinal).Take(OsvReader.MaxReferences)],
            Evidence = group.Evidence,
        };
    }

    private static int Preference(string id) =>
        id.StartsWith("MAL-", StringComparison.Ordinal) ? 0
        : id.StartsWith("GHSA-", StringComparison.Ordinal) ? 1
        : id.StartsWith("CVE-", StringComparison.Ordinal) ? 3
        : 2;
}
