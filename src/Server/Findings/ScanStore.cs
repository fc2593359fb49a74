using System.Data.Common;
using System.Text.Json;
using Dapper;
using Pellicle.Scanning.Pipeline;
using Pellicle.Server.Audit;
using Pellicle.Server.Fleet;
using Pellicle.Server.Storage;

namespace Pellicle.Server.Findings;

/// <summary>What an uploaded scan changed for one target.</summary>
internal sealed record ScanChange(string Target, string Name, string Status, int Findings, int Added, int Resolved);

/// <summary>A finding where it was found, and since when.</summary>
public sealed record FindingView
{
    /// <summary>ARN, or kind and name where there is none.</summary>
    public required string Target { get; init; }

    /// <summary><c>function</c>, <c>layer</c>, <c>zip</c> or <c>directory</c>.</summary>
    public required string TargetKind { get; init; }

    /// <summary>Name for people.</summary>
    public required string TargetName { get; init; }

    /// <summary>Scan that had it first.</summary>
    public required DateTimeOffset FirstSeen { get; init; }

    /// <summary>Scan that had it last.</summary>
    public required DateTimeOffset LastSeen { get; init; }

    /// <summary>When a complete scan no longer had it; null while it is open.</summary>
    public required DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>Who took it upon themselves, where that is in force; then it is not open.</summary>
    public Acceptance? Accepted { get; init; }

    /// <summary>The finding as in the scan report.</summary>
    public required Domain.Finding Finding { get; init; }
}

/// <summary>The newest scan of one target.</summary>
internal sealed record TargetView(string Target, string Kind, string Name, string Runtime, string Status, int Errors, int Packages, string DatabaseRevision, DateTimeOffset ScannedAt);

internal sealed record FindingFilter(string? Function = null, string? Target = null, string? Severity = null, string? Kind = null, string Status = "open", int Limit = 1000);

/// <summary>Keeps the newest scan of each target, and the life of its findings.</summary>
internal sealed class ScanStore(Database database, TimeProvider time, AuditLog audit, FunctionStore functions)
{
    public Task<IReadOnlyList<ScanChange>> PutAsync(ScanReport report, string actor, CancellationToken cancellationToken) => database.WriteAsync<IReadOnlyList<ScanChange>>(async c =>
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var changes = new List<ScanChange>();
        foreach (var target in report.Targets)
        {
            changes.Add(await PutTargetAsync(c, target, report.AdvisoryDatabase?.Revision ?? "", now));
        }

        await audit.AddAsync(c, actor, "scan.put", string.Join(", ", changes.Select(x => x.Name).Take(10)), $"{changes.Sum(x => x.Findings)} findings, {changes.Sum(x => x.Added)} new, {changes.Sum(x => x.Resolved)} gone");
        return changes;
    }, cancellationToken);

    public async Task<IReadOnlyList<FindingView>> ListAsync(FindingFilter filter, CancellationToken cancellationToken)
    {
        var where = "WHERE 1 = 1";
        where += filter.Status switch
        {
            "open" => $" AND f.resolved_at IS NULL AND NOT {FindingLife.Accepted}",
            "accepted" => $" AND f.resolved_at IS NULL AND {FindingLife.Accepted}",
            "resolved" => " AND f.resolved_at IS NOT NULL",
            _ => "",
        };
        where += filter.Function is null ? "" : " AND s.kind = 'function' AND (s.arn = @Function OR (s.arn = '' AND s.name = (SELECT name FROM functions WHERE arn = @Function)))";
        where += filter.Target is null ? "" : " AND (f.target = @Target OR s.name = @Target)";
        where += filter.Kind is null ? "" : " AND f.kind = @Kind";
        where += filter.Severity is null ? "" : " AND f.severity >= @severity";
        var parameters = new { now = time.GetUtcNow().ToUnixTimeMilliseconds(), filter.Function, filter.Target, filter.Kind, filter.Limit, severity = Enum.TryParse<Domain.Severity>(filter.Severity, true, out var s) ? (int)s : 0 };
        return await database.ReadAsync<IReadOnlyList<FindingView>>(async c =>
        {
            var rows = await c.QueryAsync<Row>($"""
                SELECT f.target, s.kind, s.name, f.first_seen AS FirstSeen, f.last_seen AS LastSeen, f.resolved_at AS ResolvedAt, f.document, fn.arn AS Function, fn.code_sha256 AS Code, ac.actor AS AcceptedBy, ac.reason AS AcceptedReason, ac.at AS AcceptedAt, ac.until AS AcceptedUntil
                FROM findings f JOIN scans s ON s.target = f.target LEFT JOIN acceptances ac ON ac.target = f.target AND ac.fingerprint = f.fingerprint AND (ac.until IS NULL OR ac.until > @now) LEFT JOIN functions fn ON s.kind = 'function' AND (fn.arn = s.arn OR (s.arn = '' AND fn.name = s.name)) {where}
                ORDER BY f.severity DESC, f.effective DESC, s.name, f.rule_id, f.purl, f.origin, f.path LIMIT @Limit
                """, parameters);
            var loaded = new Dictionary<(string, string), LoadedFiles>();
            var views = new List<FindingView>();
            foreach (var row in rows)
            {
                var finding = JsonSerializer.Deserialize<Domain.Finding>(row.Document, ScanJson.Options)!;
                if (row.Function is { } function && finding.Loaded is null)
                {
                    if (!loaded.TryGetValue((function, row.Code), out var files))
                    {
                        loaded[(function, row.Code)] = files = await LoadedFiles.ReadAsync(c, function, row.Code);
                    }

                    finding = finding with { Loaded = files.Says(finding) };
                }

                views.Add(new FindingView
                {
                    Target = row.Target, TargetKind = row.Kind, TargetName = row.Name, FirstSeen = Times.From(row.FirstSeen), LastSeen = Times.From(row.LastSeen), ResolvedAt = Times.From(row.ResolvedAt), Finding = finding,
                    Accepted = row.AcceptedBy is { } by ? new Acceptance(by, row.AcceptedReason ?? "", Times.From(row.AcceptedAt ?? 0), Times.From(row.AcceptedUntil)) : null,
                });
            }

            return views;
        }, cancellationToken);
    }

    public async Task<IReadOnlyList<TargetView>> TargetsAsync(CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(c => c.QueryAsync<(string Target, string Kind, string Name, string Runtime, string Status, int Errors, int Packages, string Revision, long At)>(
            "SELECT target, kind, name, runtime, status, errors, packages, database_revision, scanned_at FROM scans ORDER BY kind, name, target"), cancellationToken);
        return [.. rows.Select(r => new TargetView(r.Target, r.Kind, r.Name, r.Runtime, r.Status, r.Errors, r.Packages, r.Revision, Times.From(r.At)))];
    }

    /// <summary>The newest scan of a target as it was uploaded; null when there is none.</summary>
    public async Task<ScanTarget?> TargetAsync(string target, string name, CancellationToken cancellationToken)
    {
        var text = await database.ReadAsync(c => c.QueryFirstOrDefaultAsync<string?>("SELECT document FROM scans WHERE target = @target OR (kind = 'function' AND arn = '' AND name = @name) ORDER BY scanned_at DESC", new { target, name }), cancellationToken);
        return text is null ? null : JsonSerializer.Deserialize<ScanTarget>(text, ScanJson.Options);
    }

    private async Task<ScanChange> PutTargetAsync(DbConnection connection, ScanTarget target, string revision, long now)
    {
        var arn = target.Arn ?? "";
        if (target.Kind == "function" && FunctionArn.TryParse(target.Arn, out var function))
        {
            arn = function.Text;
            await functions.EnsureAsync(connection, function);
            await connection.ExecuteAsync("UPDATE functions SET runtime = @runtime WHERE arn = @arn AND runtime = ''", new { arn, runtime = target.Runtime ?? "" });
        }

        var key = arn.Length > 0 ? arn : $"{target.Kind}:{target.Name}";
        await connection.ExecuteAsync("""
            INSERT INTO scans (target, kind, name, arn, runtime, sha256, status, errors, packages, database_revision, scanned_at, document)
            VALUES (@key, @Kind, @Name, @arn, @runtime, @Sha256, @status, @errors, @packages, @revision, @now, @document)
            ON CONFLICT (target) DO UPDATE SET kind = excluded.kind, name = excluded.name, arn = excluded.arn, runtime = excluded.runtime, sha256 = excluded.sha256, status = excluded.status, errors = excluded.errors,
                packages = excluded.packages, database_revision = excluded.database_revision, scanned_at = excluded.scanned_at, document = excluded.document
            """, new
        {
            key, target.Kind, target.Name, arn, runtime = target.Runtime ?? "", target.Sha256, status = target.Status.ToString().ToLowerInvariant(), errors = target.Errors.Count, packages = target.Packages.Count, revision, now,
            document = JsonSerializer.Serialize(target, ScanJson.Options),
        });
        await connection.ExecuteAsync("DELETE FROM scan_layers WHERE target = @key", new { key });
        await connection.ExecuteAsync("INSERT INTO scan_layers (target, position, name, arn, sha256, packages) VALUES (@key, @position, @Name, @arn, @Sha256, @packages)",
            target.Layers.Select((l, i) => new { key, position = i + 1, l.Name, arn = l.Arn ?? "", l.Sha256, packages = target.Packages.Count(p => p.Origin == $"layer:{l.Name}") }));
        return await PutFindingsAsync(connection, target, key, now);
    }

    private static async Task<ScanChange> PutFindingsAsync(DbConnection connection, ScanTarget target, string key, long now)
    {
        var open = (await connection.QueryAsync<string>("SELECT fingerprint FROM findings WHERE target = @key AND resolved_at IS NULL", new { key })).ToHashSet(StringComparer.Ordinal);
        var current = target.Findings.DistinctBy(f => f.Fingerprint, StringComparer.Ordinal).ToList();
        // A scan that could not read everything proves nothing gone.
        var gone = target.Status == ScanStatus.Succeeded ? open.Except(current.Select(f => f.Fingerprint), StringComparer.Ordinal).ToList() : [];
        await FindingLife.RecordAsync(connection, target, key, now, open, gone);
        await connection.ExecuteAsync("""
            INSERT INTO findings (target, fingerprint, kind, rule_id, severity, purl, origin, path, title, effective, document, first_seen, last_seen)
            VALUES (@key, @Fingerprint, @kind, @RuleId, @severity, @purl, @Origin, @Path, @Title, @effective, @document, @now, @now)
            ON CONFLICT (target, fingerprint) DO UPDATE SET severity = excluded.severity, title = excluded.title, effective = excluded.effective, document = excluded.document, last_seen = excluded.last_seen, resolved_at = NULL
            """, current.Select(f => new
        {
            key, f.Fingerprint, kind = f.Kind.ToString().ToLowerInvariant(), f.RuleId, severity = (int)f.Severity, purl = f.Purl ?? "", f.Origin, f.Path, f.Title, effective = f.Effective ? 1 : 0, now,
            document = JsonSerializer.Serialize(f, ScanJson.Options),
        }));

        await connection.ExecuteAsync("UPDATE findings SET resolved_at = @now WHERE target = @key AND fingerprint = @fingerprint", gone.Select(fingerprint => new { key, fingerprint, now }));
        return new ScanChange(key, target.Name, target.Status.ToString().ToLowerInvariant(), current.Count, current.Count(f => !open.Contains(f.Fingerprint)), gone.Count);
    }

    private sealed class Row
    {
        public string Target { get; set; } = "";
        public string Kind { get; set; } = "";
        public string Name { get; set; } = "";
        public long FirstSeen { get; set; }
        public long LastSeen { get; set; }
        public long? ResolvedAt { get; set; }
        public string Document { get; set; } = "";
        public string? Function { get; set; }
        public string Code { get; set; } = "";
        public string? AcceptedBy { get; set; }
        public string? AcceptedReason { get; set; }
        public long? AcceptedAt { get; set; }
        public long? AcceptedUntil { get; set; }
    }
}
