using System.Data.Common;
using System.Text.Json;
using Dapper;
using Pellicle.Server.Storage;

namespace Pellicle.Server.Fleet;

/// <summary>Sums over the environments of a function; each counter is a number of things that went wrong or were stopped.</summary>
/// <param name="Faults">Let through.</param>
/// <param name="Dropped">Behaviours.</param>
/// <param name="Unanswered">Questions of interposers.</param>
/// <param name="SpoolDropped">Reports.</param>
/// <param name="Confinement">Of the seccomp filter, from the newest report: <c>supervised</c>, <c>active</c>, <c>available</c>, <c>refused</c>, <c>unknown</c>; empty when there is none.</param>
internal sealed record FunctionHealth(long Faults, long Dropped, long Unanswered, long SpoolDropped, string Confinement);

/// <summary>Open findings by severity.</summary>
public sealed record FindingTally(long Critical, long High, long Medium, long Low, long Info);

/// <summary>One function of the fleet.</summary>
internal sealed record FunctionSummary
{
    public required string Arn { get; init; }
    public required string Name { get; init; }
    public required string Account { get; init; }
    public required string Region { get; init; }
    public required string Runtime { get; init; }
    public required string CodeSha256 { get; init; }

    /// <summary>A guard has reported from it.</summary>
    public required bool Protected { get; init; }

    /// <summary>Mode its policy asks for.</summary>
    public required string Mode { get; init; }

    /// <summary>Mode the newest report says it runs in; empty when there is none.</summary>
    public required string GuardMode { get; init; }
    public required string GuardVersion { get; init; }
    public required long PolicyRevision { get; init; }

    /// <summary>Revision the newest report says it runs with; empty when there is none.</summary>
    public required string GuardRevision { get; init; }
    public required DateTimeOffset? LastSeen { get; init; }
    public required long Invocations { get; init; }
    public required long Environments { get; init; }
    public required JsonElement Lines { get; init; }
    public required FunctionHealth Health { get; init; }
    public required long Blocked { get; init; }
    public required long WouldBlock { get; init; }

    /// <summary>Incidents of the last 24 hours.</summary>
    public required long Incidents { get; init; }

    /// <summary>Null when the function was never scanned.</summary>
    public required FindingTally? Findings { get; init; }
    public required DateTimeOffset? ScannedAt { get; init; }
}

/// <summary>Outcome of looking a function up by name or ARN.</summary>
internal sealed record FunctionLookup(string? Arn, IReadOnlyList<string> Candidates);

/// <summary>The functions that guards, scans or those who protect them have told us of.</summary>
internal sealed class FunctionStore(Database database, TimeProvider time)
{
    public async Task<FunctionLookup> FindAsync(string nameOrArn, CancellationToken cancellationToken)
    {
        if (FunctionArn.TryParse(nameOrArn, out var arn))
        {
            var known = await database.ReadAsync(c => c.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM functions WHERE arn = @arn", new { arn = arn.Text }), cancellationToken);
            return new FunctionLookup(known > 0 ? arn.Text : null, []);
        }

        var arns = (await database.ReadAsync(c => c.QueryAsync<string>("SELECT arn FROM functions WHERE name = @nameOrArn ORDER BY arn", new { nameOrArn }), cancellationToken)).ToList();
        return new FunctionLookup(arns.Count == 1 ? arns[0] : null, arns);
    }

    public Task EnsureAsync(DbConnection connection, FunctionArn arn) => connection.ExecuteAsync(
        "INSERT INTO functions (arn, name, account, region, created_at) VALUES (@arn, @name, @account, @region, @now) ON CONFLICT (arn) DO NOTHING",
        new { arn = arn.Text, name = arn.Name, account = arn.Account, region = arn.Region, now = time.GetUtcNow().ToUnixTimeMilliseconds() });

    public async Task<FunctionSummary?> GetAsync(string arn, CancellationToken cancellationToken) => (await QueryAsync("WHERE f.arn = @arn", new { arn, since = Since }, cancellationToken)).SingleOrDefault();

    public Task<IReadOnlyList<FunctionSummary>> ListAsync(CancellationToken cancellationToken) => QueryAsync("", new { since = Since }, cancellationToken);

    private long Since => time.GetUtcNow().AddHours(-24).ToUnixTimeMilliseconds();

    private Task<IReadOnlyList<FunctionSummary>> QueryAsync(string where, object parameters, CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<FunctionSummary>>(async c =>
    {
        var rows = await c.QueryAsync<Row>($"""
            SELECT f.arn, f.name, f.account, f.region, f.runtime, f.code_sha256 AS CodeSha256, f.guard_version AS GuardVersion, f.guard_mode AS GuardMode, f.guard_revision AS GuardRevision,
                f.lines, f.confinement, f.invocations, f.last_seen AS LastSeen, p.revision AS PolicyRevision, p.document AS Policy,
                (SELECT COUNT(*) FROM incidents i WHERE i.function = f.arn AND i.at >= @since) AS Incidents,
                (SELECT MAX(s.scanned_at) FROM scans s WHERE s.target IN (f.arn, 'function:' || f.name)) AS ScannedAt
            FROM functions f LEFT JOIN policies p ON p.function = f.arn {where} ORDER BY f.name, f.arn
            """, parameters);
        var health = (await c.QueryAsync<Health>("""
            SELECT function, COUNT(*) AS Environments, SUM(faults) AS Faults, SUM(dropped) AS Dropped, SUM(unanswered) AS Unanswered, SUM(spool_dropped) AS SpoolDropped,
                SUM(blocked) AS Blocked, SUM(would_block) AS WouldBlock FROM environments GROUP BY function
            """)).ToDictionary(h => h.Function, StringComparer.Ordinal);
        var findings = (await c.QueryAsync<(string Target, long Severity, long Count)>("SELECT target, severity, COUNT(*) FROM findings WHERE resolved_at IS NULL GROUP BY target, severity")).ToLookup(t => t.Target, StringComparer.Ordinal);
        return [.. rows.Select(r => r.ToSummary(health.GetValueOrDefault(r.Arn), findings))];
    }, cancellationToken);

    private sealed class Health
    {
        public string Function { get; set; } = "";
        public long Environments { get; set; }
        public long Faults { get; set; }
        public long Dropped { get; set; }
        public long Unanswered { get; set; }
        public long SpoolDropped { get; set; }
        public long Blocked { get; set; }
        public long WouldBlock { get; set; }
    }

    private sealed class Row
    {
        public string Arn { get; set; } = "";
        public string Name { get; set; } = "";
        public string Account { get; set; } = "";
        public string Region { get; set; } = "";
        public string Runtime { get; set; } = "";
        public string CodeSha256 { get; set; } = "";
        public string GuardVersion { get; set; } = "";
        public string GuardMode { get; set; } = "";
        public string GuardRevision { get; set; } = "";
        public string Lines { get; set; } = "{}";
        public string Confinement { get; set; } = "";
        public long Invocations { get; set; }
        public long? LastSeen { get; set; }
        public long? PolicyRevision { get; set; }
        public string? Policy { get; set; }
        public long Incidents { get; set; }
        public long? ScannedAt { get; set; }

        public FunctionSummary ToSummary(Health? health, ILookup<string, (string Target, long Severity, long Count)> findings)
        {
            var bySeverity = findings[Arn].Concat(findings[$"function:{Name}"]).GroupBy(f => f.Severity).ToDictionary(g => g.Key, g => g.Sum(f => f.Count));
            long Tally(Domain.Severity severity) => bySeverity.GetValueOrDefault((long)severity);
            return new FunctionSummary
            {
                Arn = Arn, Name = Name, Account = Account, Region = Region, Runtime = Runtime, CodeSha256 = CodeSha256,
                Protected = LastSeen is not null,
                Mode = Policy is null ? "" : JsonDocument.Parse(Policy).RootElement.GetProperty("mode").GetString()!,
                GuardMode = GuardMode, GuardVersion = GuardVersion, PolicyRevision = PolicyRevision ?? 0, GuardRevision = GuardRevision,
                LastSeen = Times.From(LastSeen), Invocations = Invocations, Environments = health?.Environments ?? 0,
                Lines = JsonDocument.Parse(Lines).RootElement,
                Health = new FunctionHealth(health?.Faults ?? 0, health?.Dropped ?? 0, health?.Unanswered ?? 0, health?.SpoolDropped ?? 0, Confinement),
                Blocked = health?.Blocked ?? 0, WouldBlock = health?.WouldBlock ?? 0, Incidents = Incidents,
                Findings = ScannedAt is null ? null : new FindingTally(Tally(Domain.Severity.Critical), Tally(Domain.Severity.High), Tally(Domain.Severity.Medium), Tally(Domain.Severity.Low), Tally(Domain.Severity.Info)),
                ScannedAt = Times.From(ScannedAt),
            };
        }
    }
}
