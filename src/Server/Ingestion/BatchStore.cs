using System.Data.Common;
using System.Text.Json;
using Dapper;
using Pellicle.Domain;
using Pellicle.Policy;
using Pellicle.Server.Fleet;
using Pellicle.Server.Incidents;
using Pellicle.Server.Storage;

namespace Pellicle.Server.Ingestion;

/// <summary>What became of a batch.</summary>
/// <param name="Duplicate">It was known already; nothing was counted again.</param>
/// <param name="Ignored">Behaviours of a dimension this server does not know.</param>
internal sealed record BatchOutcome(bool Duplicate, int Ignored);

/// <summary>Keeps a batch, in one transaction.</summary>
internal sealed class BatchStore(Database database, TimeProvider time, FunctionStore functions, IncidentSignal signal)
{
    private const int MaxText = 4096;

    public async Task<BatchOutcome> AddAsync(Batch batch, FunctionArn arn, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync(async c =>
        {
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            var added = await c.ExecuteAsync("INSERT INTO batches (id, function, received_at) VALUES (@BatchId, @arn, @now) ON CONFLICT (function, id) DO NOTHING", new { batch.BatchId, arn = arn.Text, now });
            if (added == 0)
            {
                return new BatchOutcome(true, 0);
            }

            var code = batch.CodeSha256 ?? "";
            await functions.EnsureAsync(c, arn);
            await UpdateFunctionAsync(c, batch, arn.Text, code, now);
            await OpenProfileAsync(c, batch, arn.Text, code, now);
            var ignored = await AddObservationsAsync(c, batch, arn.Text, code, now);
            await AddIncidentsAsync(c, batch, arn.Text, code, now);
            await c.ExecuteAsync("INSERT INTO loaded_files (function, code_sha256, path) VALUES (@function, @code, @path) ON CONFLICT (function, code_sha256, path) DO NOTHING",
                (batch.Loaded ?? []).OfType<string>().Where(p => p.Length is > 0 and <= MaxText).Distinct(StringComparer.Ordinal).Select(path => new { function = arn.Text, code, path }));
            return new BatchOutcome(false, ignored);
        }, cancellationToken);
        if (!outcome.Duplicate && batch.Incidents is { Count: > 0 })
        {
            signal.Raise();
        }

        return outcome;
    }

    private static async Task UpdateFunctionAsync(DbConnection connection, Batch batch, string arn, string code, long now)
    {
        var health = batch.Health ?? new BatchHealth();
        var row = new
        {
            arn, code, now, id = batch.Environment, runtime = Cut(batch.Runtime), guard = Cut(batch.GuardVersion), mode = Cut(batch.Mode), revision = Cut(batch.PolicyRevision),
            lines = batch.Lines is { ValueKind: JsonValueKind.Object } l && l.GetRawText() is { Length: <= MaxText } text ? text : "{}",
            batch.Invocations, batch.CleanInvocations, health.Faults, health.Dropped, health.Unanswered, health.SpoolDropped, health.Blocked, health.WouldBlock,
            confinement = health.Confinement is "supervised" or "active" or "available" or "refused" or "unknown" ? health.Confinement : "",
        };
        await connection.ExecuteAsync("""
            UPDATE functions SET runtime = CASE WHEN @runtime = '' THEN runtime ELSE @runtime END, code_sha256 = CASE WHEN @code = '' THEN code_sha256 ELSE @code END, guard_version = @guard, guard_mode = @mode,
                guard_revision = @revision, lines = @lines, confinement = CASE WHEN @confinement = '' THEN confinement ELSE @confinement END, invocations = invocations + @Invocations, clean_invocations = clean_invocations + @CleanInvocations, last_seen = @now WHERE arn = @arn
            """, row);
        await connection.ExecuteAsync("""
            INSERT INTO environments (id, function, code_sha256, first_seen, last_seen, mode, revision) VALUES (@id, @arn, @code, @now, @now, @mode, @revision)
            ON CONFLICT (function, id) DO UPDATE SET last_seen = excluded.last_seen, mode = excluded.mode, revision = excluded.revision
            """, row);

        // A batch from the spool may be older than what is known: counters only rise.
        await connection.ExecuteAsync($"""
            UPDATE environments SET {string.Join(", ", new[] { ("faults", "Faults"), ("dropped", "Dropped"), ("unanswered", "Unanswered"), ("spool_dropped", "SpoolDropped"), ("blocked", "Blocked"), ("would_block", "WouldBlock") }
                .Select(p => $"{p.Item1} = CASE WHEN {p.Item1} > @{p.Item2} THEN {p.Item1} ELSE @{p.Item2} END"))}
            WHERE function = @arn AND id = @id
            """, row);
    }

    /// <summary>A profile belongs to one code version. After a deploy the items of the one before are carried over, without their counts: learning opens again, known items stay known.</summary>
    private static async Task OpenProfileAsync(DbConnection connection, Batch batch, string arn, string code, long now)
    {
        var before = await connection.QueryFirstOrDefaultAsync<string?>("SELECT code_sha256 FROM profiles WHERE function = @arn AND code_sha256 <> @code ORDER BY started_at DESC", new { arn, code });
        var opened = await connection.ExecuteAsync("""
            INSERT INTO profiles (function, code_sha256, started_at, carried_from) VALUES (@arn, @code, @now, @before) ON CONFLICT (function, code_sha256) DO NOTHING
            """, new { arn, code, now, before = before ?? "" });
        if (opened > 0 && before is not null)
        {
            await connection.ExecuteAsync("""
                INSERT INTO observations (function, code_sha256, dimension, item, carried, first_seen, last_seen)
                SELECT function, @code, dimension, item, 1, first_seen, last_seen FROM observations WHERE function = @arn AND code_sha256 = @before AND (count > 0 OR carried = 1)
                ON CONFLICT (function, code_sha256, dimension, item) DO NOTHING
                """, new { arn, code, before });
        }

        await connection.ExecuteAsync("UPDATE profiles SET invocations = invocations + @Invocations, clean_invocations = clean_invocations + @CleanInvocations WHERE function = @arn AND code_sha256 = @code",
            new { arn, code, batch.Invocations, batch.CleanInvocations });
    }

    private static async Task<int> AddObservationsAsync(DbConnection connection, Batch batch, string arn, string code, long now)
    {
        var ignored = 0;
        var grouped = new Dictionary<(Dimension, string), (long Count, long Invocations, long Unclean)>();
        foreach (var behaviour in batch.Behaviours ?? [])
        {
            if (!DimensionNames.TryParse(behaviour.Dimension, out Dimension dimension) || behaviour.Item!.Length > MaxText)
            {
                ignored++;
                continue;
            }

            var key = (dimension, Generalizer.Generalize(dimension, behaviour.Item));
            var sum = grouped.GetValueOrDefault(key);
            // Two items of one pattern may come from the same invocation: the larger number is what is certain.
            grouped[key] = behaviour.Clean
                ? sum with { Count = sum.Count + Math.Max(1, behaviour.Count), Invocations = Math.Max(sum.Invocations, behaviour.Init ? 0 : behaviour.Invocations) }
                : sum with { Unclean = sum.Unclean + Math.Max(1, behaviour.Count) };
        }

        var rows = grouped.Select(g => new { arn, code, dimension = (int)g.Key.Item1, item = g.Key.Item2, g.Value.Count, g.Value.Invocations, g.Value.Unclean, now, environment = batch.Environment }).ToList();
        await connection.ExecuteAsync("""
            INSERT INTO observations (function, code_sha256, dimension, item, count, invocations, unclean, first_seen, last_seen) VALUES (@arn, @code, @dimension, @item, @Count, @Invocations, @Unclean, @now, @now)
            ON CONFLICT (function, code_sha256, dimension, item) DO UPDATE SET count = observations.count + excluded.count, invocations = observations.invocations + excluded.invocations,
                unclean = observations.unclean + excluded.unclean, last_seen = excluded.last_seen
            """, rows);
        await connection.ExecuteAsync("""
            INSERT INTO observation_environments (function, code_sha256, dimension, item, environment) VALUES (@arn, @code, @dimension, @item, @environment)
            ON CONFLICT (function, code_sha256, dimension, item, environment) DO NOTHING
            """, rows.Where(r => r.Count > 0));
        return ignored;
    }

    private static Task AddIncidentsAsync(DbConnection connection, Batch batch, string arn, string code, long now) => connection.ExecuteAsync("""
        INSERT INTO incidents (id, function, environment, code_sha256, at, received_at, request_id, decision, dimension, item, detector, severity, source, field, evidence, reasons, sink, rule)
        VALUES (@Id, @arn, @environment, @code, @at, @now, @requestId, @decision, @dimension, @item, @detector, @severity, @source, @field, @evidence, @reasons, @sink, @rule) ON CONFLICT (function, id) DO NOTHING
        """, (batch.Incidents ?? []).Select(i => new
        {
            i.Id, arn, environment = batch.Environment, code, at = i.At?.ToUnixTimeMilliseconds() ?? now, now, requestId = Cut(i.RequestId), decision = Cut(i.Decision), dimension = Cut(i.Dimension), item = Cut(i.Item),
            detector = Cut(i.Detector), severity = i.Severity is { Length: > 0 } s ? Cut(s) : "medium", source = Cut(i.Source), field = Cut(i.Field), evidence = Cut(i.Evidence),
            reasons = JsonSerializer.Serialize((i.Reasons ?? []).Take(50).Select(Cut)), sink = Cut(i.Sink), rule = Cut(i.Rule),
        }));

    private static string Cut(string? text) => text is null ? "" : text.Length <= MaxText ? text : text[..MaxText];
}
