using Pellicle.Domain;
using Pellicle.Scanning.Advisories;
using Pellicle.Scanning.Versions;

namespace Pellicle.Scanning.Matching;

/// <summary>Finds the advisories that affect a package version. Stateless beside the database; safe for many threads.</summary>
public sealed class Matcher(AdvisoryDatabase database)
{
    /// <summary>Matches for a purl with version; empty for an ecosystem without advisories or a purl without version.</summary>
    public IReadOnlyList<AdvisoryMatch> Query(Purl purl) =>
        purl.Version is { } version && Ecosystem.TryParse(purl.Type, out var ecosystem) ? Query(ecosystem, purl.PackageName, version) : [];

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
        // Advisories and Go itself name versions of the standard library without this prefix.
        version = ecosystem == Ecosystem.Go && version.StartsWith("go", StringComparison.Ordinal) ? version[2..] : version;
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

        return groups is null ? [] : [.. groups.Values.Select(g => ToMatch(g, order)).OrderBy(m => m.Id, StringComparer.Ordinal)];
    }

    private sealed record Record(string Id, StoredAdvisory Stored);

    private sealed class Group
    {
        public List<StoredAdvisory> Records { get; } = [];

        public List<string> Fixes { get; } = [];

        public string Evidence { get; set; } = "";
    }

    private AdvisoryMatch ToMatch(Group group, IVersionOrder order)
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
            FixedVersions = [.. group.Fixes.Distinct(StringComparer.Ordinal).Order(Comparer<string>.Create((a, b) => VersionOrder.CompareTotal(order, a, b)))],
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
