using System.Data.Common;
using Dapper;
using Pellicle.Scanning.Pipeline;
using Pellicle.Server.Audit;
using Pellicle.Server.Storage;

namespace Pellicle.Server.Findings;

/// <summary>Somebody took a finding upon themselves.</summary>
/// <param name="By">Who.</param>
/// <param name="Reason">Why.</param>
/// <param name="At">When.</param>
/// <param name="Until">Until when; null until it is taken back. After that the finding is open again by itself.</param>
public sealed record Acceptance(string By, string Reason, DateTimeOffset At, DateTimeOffset? Until);

/// <summary>Something that happened to a finding: <c>opened</c>, <c>re-opened</c>, <c>fixed</c>, <c>accepted</c> or <c>acceptance taken back</c>.</summary>
internal sealed record FindingEvent(long Seq, DateTimeOffset At, string Change, string Target, string TargetName, string Fingerprint, string RuleId, string Severity, string Title, string Actor, string Note);

internal enum AcceptOutcome
{
    Done,
    NoSuchFinding,
}

/// <summary>The life of findings: what came, went and came again, and what was accepted by whom, why and until when.</summary>
internal sealed class FindingLife(Database database, TimeProvider time, AuditLog audit)
{
    /// <summary>SQL: true where an acceptance of <c>f</c> is in force at <c>@now</c>.</summary>
    public const string Accepted = "EXISTS (SELECT 1 FROM acceptances a WHERE a.target = f.target AND a.fingerprint = f.fingerprint AND (a.until IS NULL OR a.until > @now))";

    public Task<AcceptOutcome> AcceptAsync(string target, string fingerprint, string reason, DateTimeOffset? until, string actor, CancellationToken cancellationToken) => database.WriteAsync(async c =>
    {
        if (await FindAsync(c, target, fingerprint) is not { } name)
        {
            return AcceptOutcome.NoSuchFinding;
        }

        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        await c.ExecuteAsync("""
            INSERT INTO acceptances (target, fingerprint, reason, actor, at, until) VALUES (@target, @fingerprint, @reason, @actor, @now, @until)
            ON CONFLICT (target, fingerprint) DO UPDATE SET reason = excluded.reason, actor = excluded.actor, at = excluded.at, until = excluded.until
            """, new { target, fingerprint, reason, actor, now, until = until?.ToUnixTimeMilliseconds() });
        await AddAsync(c, now, target, [fingerprint], "accepted", actor, reason);
        await audit.AddAsync(c, actor, "finding.accept", name, $"{fingerprint}: {reason}{(until is { } end ? $" (until {end:yyyy-MM-dd})" : "")}");
        return AcceptOutcome.Done;
    }, cancellationToken);

    public Task<AcceptOutcome> TakeBackAsync(string target, string fingerprint, string actor, CancellationToken cancellationToken) => database.WriteAsync(async c =>
    {
        if (await c.ExecuteAsync("DELETE FROM acceptances WHERE target = @target AND fingerprint = @fingerprint", new { target, fingerprint }) == 0)
        {
            return AcceptOutcome.NoSuchFinding;
        }

        await AddAsync(c, time.GetUtcNow().ToUnixTimeMilliseconds(), target, [fingerprint], "acceptance taken back", actor, "");
        await audit.AddAsync(c, actor, "finding.acceptance.delete", target, fingerprint);
        return AcceptOutcome.Done;
    }, cancellationToken);

    /// <summary>What happened, newest first.</summary>
    public async Task<IReadOnlyList<FindingEvent>> EventsAsync(DateTimeOffset? since, string? target, int limit, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(c => c.QueryAsync<EventRow>("""
            SELECT e.seq, e.at, e.change, e.target, COALESCE(s.name, e.target) AS TargetName, e.fingerprint, COALESCE(f.rule_id, '') AS RuleId, COALESCE(f.severity, 0) AS Severity, COALESCE(f.title, '') AS Title, e.actor, e.note
            FROM finding_events e LEFT JOIN findings f ON f.target = e.target AND f.fingerprint = e.fingerprint LEFT JOIN scans s ON s.target = e.target
            WHERE e.at >= @since AND (@target IS NULL OR e.target = @target OR s.name = @target) ORDER BY e.seq DESC LIMIT @limit
            """, new { since = since?.ToUnixTimeMilliseconds() ?? 0, target, limit }), cancellationToken);
        return [.. rows.Select(r => new FindingEvent(r.Seq, Times.From(r.At), r.Change, r.Target, r.TargetName, r.Fingerprint, r.RuleId, ((Domain.Severity)r.Severity).ToString().ToLowerInvariant(), r.Title, r.Actor, r.Note))];
    }

    /// <summary>Tells what a scan changed: findings that are new, that came back, that are gone.</summary>
    public static async Task RecordAsync(DbConnection connection, ScanTarget target, string key, long now, IReadOnlySet<string> open, IReadOnlyCollection<string> gone)
    {
        var known = (await connection.QueryAsync<string>("SELECT fingerprint FROM findings WHERE target = @key AND resolved_at IS NOT NULL", new { key })).ToHashSet(StringComparer.Ordinal);
        var current = target.Findings.Select(f => f.Fingerprint).Where(f => !open.Contains(f)).Distinct(StringComparer.Ordinal).ToList();
        await AddAsync(connection, now, key, current.Where(f => !known.Contains(f)), "opened", "scan", "");
        await AddAsync(connection, now, key, current.Where(known.Contains), "re-opened", "scan", "");
        await AddAsync(connection, now, key, gone, "fixed", "scan", "");
    }

    private static Task AddAsync(DbConnection connection, long at, string target, IEnumerable<string> fingerprints, string change, string actor, string note) =>
        connection.ExecuteAsync("INSERT INTO finding_events (at, target, fingerprint, change, actor, note) VALUES (@at, @target, @fingerprint, @change, @actor, @note)",
            fingerprints.Select(fingerprint => new { at, target, fingerprint, change, actor, note }).ToList());

    private static Task<string?> FindAsync(DbConnection connection, string target, string fingerprint) =>
        connection.QueryFirstOrDefaultAsync<string?>("SELECT s.name FROM findings f JOIN scans s ON s.target = f.target WHERE f.target = @target AND f.fingerprint = @fingerprint", new { target, fingerprint });

    private sealed class EventRow
    {
        public long Seq { get; set; }
        public long At { get; set; }
        public string Change { get; set; } = "";
        public string Target { get; set; } = "";
        public string TargetName { get; set; } = "";
        public string Fingerprint { get; set; } = "";
        public string RuleId { get; set; } = "";
        public int Severity { get; set; }
        public string Title { get; set; } = "";
        public string Actor { get; set; } = "";
        public string Note { get; set; } = "";
    }
}
