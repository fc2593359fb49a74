using Dapper;
using Pellicle.Server.Access;
using Pellicle.Server.Storage;

namespace Pellicle.Server.Layers;

/// <summary>Who uses a layer version.</summary>
internal sealed record LayerUser(string Target, string Name, int Order);

/// <summary>One layer version, told by the scans of the functions that use it.</summary>
internal sealed record LayerView
{
    public required string Name { get; init; }
    public required string Arn { get; init; }
    public required string Sha256 { get; init; }
    public required IReadOnlyList<LayerUser> UsedBy { get; init; }

    /// <summary><c>own</c>, or the number of the account that published it; empty where no scan told.</summary>
    public required string Publisher { get; init; }

    /// <summary><c>in use</c>, <c>unused</c>, or <c>in use, cannot be read</c> (deleted, or its publisher does not allow it).</summary>
    public required string State { get; init; }

    /// <summary>Packages in it; null where it could not be read.</summary>
    public int? Packages { get; init; }

    /// <summary>Newer version of the same layer that was scanned; null when this is the newest known.</summary>
    public long? Newer { get; init; }

    /// <summary>Open findings in its content, each counted once however many functions use it.</summary>
    public required int Findings { get; init; }

    /// <summary>Name of the worst severity; empty when there is no finding.</summary>
    public required string Worst { get; init; }
    public required DateTimeOffset ScannedAt { get; init; }
}

/// <summary>The layers in use, apart from the functions' own packages.</summary>
internal sealed class LayerStore(Database database)
{
    public Task<IReadOnlyList<LayerView>> ListAsync(CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<LayerView>>(async c =>
    {
        var uses = (await c.QueryAsync<(string Name, string Arn, string Sha256, string Target, string User, int Order, long At, int? Packages)>(
            "SELECT l.name, l.arn, l.sha256, s.target, s.name, l.position, s.scanned_at, l.packages FROM scan_layers l JOIN scans s ON s.target = l.target")).ToList();
        var own = (await c.QueryAsync<(string Name, string Arn, string Sha256, string Target, int Packages, long At)>("SELECT name, arn, sha256, target, packages, scanned_at FROM scans WHERE kind = 'layer'")).ToList();
        var usedByArn = uses.ToLookup(u => (u.Name, u.Arn, u.Sha256));
        var ownByArn = own.ToLookup(o => (o.Name, o.Arn, o.Sha256));
        var newest = own.Select(o => o.Arn).Concat(uses.Select(u => u.Arn)).Where(a => a.Length > 0).GroupBy(LayerOf, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Max(VersionOf), StringComparer.Ordinal);
        var accounts = (await c.QueryAsync<string>("SELECT DISTINCT arn FROM scans WHERE kind = 'function' AND arn <> ''")).Select(AccountOf).ToHashSet(StringComparer.Ordinal);
        var findings = (await c.QueryAsync<(string Target, string Origin, string Rule, string Purl, string Path, int Severity)>(
            "SELECT target, origin, rule_id, purl, path, severity FROM findings WHERE resolved_at IS NULL")).ToLookup(f => f.Target, StringComparer.Ordinal);
        var keys = uses.Select(u => (u.Name, u.Arn, u.Sha256)).Concat(own.Select(o => (o.Name, o.Arn, o.Sha256))).Distinct();
        return
        [
            .. keys.Select(key =>
            {
                var users = usedByArn[key].ToList();
                var scans = ownByArn[key].ToList();
                // The same content is scanned with each function: a finding counts once.
                var found = users.SelectMany(u => findings[u.Target].Where(f => f.Origin == $"layer:{key.Name}"))
                    .Concat(scans.SelectMany(o => findings[o.Target])).GroupBy(f => (f.Rule, f.Purl, f.Path)).Select(g => g.Max(f => f.Severity)).ToList();
                return new LayerView
                {
                    Name = key.Name, Arn = key.Arn, Sha256 = key.Sha256,
                    Publisher = key.Arn.Length == 0 ? "" : accounts.Contains(AccountOf(key.Arn)) ? "own" : AccountOf(key.Arn),
                    State = users.Count == 0 ? "unused" : key.Sha256.Length == 0 ? "in use, cannot be read" : "in use",
                    Packages = key.Sha256.Length == 0 ? null : scans.Select(o => (int?)o.Packages).Concat(users.Select(u => u.Packages)).Max(),
                    Newer = key.Arn.Length > 0 && newest[LayerOf(key.Arn)] > VersionOf(key.Arn) ? newest[LayerOf(key.Arn)] : null,
                    UsedBy = [.. users.Select(u => new LayerUser(u.Target, u.User, u.Order)).OrderBy(u => u.Name, StringComparer.Ordinal)],
                    Findings = found.Count,
                    Worst = found.Count == 0 ? "" : ((Domain.Severity)found.Max()).ToString().ToLowerInvariant(),
                    ScannedAt = Times.From(users.Select(u => u.At).Concat(scans.Select(o => o.At)).Max()),
                };
            }).OrderBy(l => l.Name, StringComparer.Ordinal).ThenBy(l => l.Arn, StringComparer.Ordinal).ThenBy(l => l.Sha256, StringComparer.Ordinal),
        ];
    }, cancellationToken);

    private static string LayerOf(string arn) => arn[..Math.Max(arn.LastIndexOf(':'), 0)];

    private static long VersionOf(string arn) => long.TryParse(arn.AsSpan(arn.LastIndexOf(':') + 1), System.Globalization.CultureInfo.InvariantCulture, out var version) ? version : 0;

    private static string AccountOf(string arn) => arn.Split(':').ElementAtOrDefault(4) ?? "";
}

internal static class LayersApi
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/layers", async (LayerStore store, TimeProvider time, CancellationToken c) => TypedResults.Ok(new Listing<LayerView>(time.GetUtcNow(), await store.ListAsync(c))))
            .RequireAuthorization(Allow.Viewer).WithTags("layers").WithSummary("layer versions in use, by whom, and what was found in them");
}
