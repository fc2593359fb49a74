using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Dapper;
using Pellicle.Server.Storage;

namespace Pellicle.Server.Incidents;

// Public because pages take it as a parameter; the members are those of decision 0002, named as there.
#pragma warning disable CS1591
/// <summary>Something a guard stopped, would have stopped, or reported.</summary>
public sealed record Incident
{
    public required long Seq { get; init; }
    public required string Id { get; init; }
    public required string Function { get; init; }
    public required string FunctionName { get; init; }
    public required string Environment { get; init; }
    public required DateTimeOffset At { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }
    public required string RequestId { get; init; }
    public required string Decision { get; init; }
    public required string Dimension { get; init; }
    public required string Item { get; init; }
    public required string Detector { get; init; }
    public required string Severity { get; init; }
    public required string Source { get; init; }
    public required string Field { get; init; }
    public required string Evidence { get; init; }
    public required IReadOnlyList<string> Reasons { get; init; }
    public required string Sink { get; init; }
    public required string Rule { get; init; }
    public required string CodeSha256 { get; init; }
}
#pragma warning restore CS1591

/// <summary>Incidents that differ only in when, which request and which environment; of events, in their text too.</summary>
/// <param name="Newest">The last of them.</param>
/// <param name="Count">How many there are, at least 1.</param>
/// <param name="FirstAt">When the first of them happened.</param>
public sealed record IncidentGroup(Incident Newest, long Count, DateTimeOffset FirstAt);

/// <summary>Which incidents to show. Texts compare exactly; null means any.</summary>
internal sealed record IncidentFilter
{
    public string? Function { get; init; }
    public string? Decision { get; init; }
    public string? Severity { get; init; }
    public string? Detector { get; init; }
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only incidents older than this one: the next page.</summary>
    public long? Before { get; init; }
    public int Limit { get; init; } = 100;
}

/// <summary>Wakes those who follow incidents. Carries no data: followers read the database from where they were, so nothing is lost when one is slow.</summary>
internal sealed class IncidentSignal
{
    private readonly Lock _lock = new();
    private readonly List<Channel<bool>> _followers = [];

    public void Raise()
    {
        lock (_lock)
        {
            foreach (var follower in _followers)
            {
                follower.Writer.TryWrite(true);
            }
        }
    }

    public Channel<bool> Subscribe()
    {
        var channel = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        lock (_lock)
        {
            _followers.Add(channel);
        }

        return channel;
    }

    public void Unsubscribe(Channel<bool> channel)
    {
        lock (_lock)
        {
            _followers.Remove(channel);
        }
    }
}

/// <summary>Reads incidents.</summary>
internal sealed class IncidentStore(Database database, IncidentSignal signal)
{
    private const string Columns = """
        i.seq, i.id, i.function, COALESCE(f.name, i.function) AS FunctionName, i.environment, i.at, i.received_at AS ReceivedAt, i.request_id AS RequestId, i.decision, i.dimension, i.item, i.detector,
        i.severity, i.source, i.field, i.evidence, i.reasons, i.sink, i.rule, i.code_sha256 AS CodeSha256 FROM incidents i LEFT JOIN functions f ON f.arn = i.function
        """;

    public async Task<IReadOnlyList<Incident>> ListAsync(IncidentFilter filter, CancellationToken cancellationToken)
    {
        var (where, parameters) = Where(filter);
        return await QueryAsync($"{where} {(filter.Before is null ? "" : "AND i.seq < @Before")} ORDER BY i.seq DESC LIMIT @Limit", parameters, cancellationToken);
    }

    /// <summary>The same incidents, those alike as one; the group with the newest incident first. A page ends before the group whose newest is <see cref="IncidentFilter.Before"/>.</summary>
    public async Task<IReadOnlyList<IncidentGroup>> GroupAsync(IncidentFilter filter, CancellationToken cancellationToken)
    {
        var (where, parameters) = Where(filter);
        var rows = await database.ReadAsync(
            c => c.QueryAsync<Row>(
                $"""
                SELECT g.count AS Count, g.first AS First, {Columns} JOIN (
                    SELECT MAX(i.seq) AS last, COUNT(*) AS count, MIN(i.at) AS first FROM incidents i {where}
                    GROUP BY i.function, i.decision, i.dimension, i.detector, i.source, i.field, CASE WHEN i.dimension = 'event' THEN '' ELSE i.item END
                    {(filter.Before is null ? "" : "HAVING MAX(i.seq) < @Before")} ORDER BY last DESC LIMIT @Limit) g ON g.last = i.seq ORDER BY i.seq DESC
                """,
                parameters),
            cancellationToken);
        return [.. rows.Select(r => new IncidentGroup(r.ToIncident(), r.Count, Times.From(r.First)))];
    }

    private static (string Where, object Parameters) Where(IncidentFilter filter)
    {
        var where = new StringBuilder("WHERE 1 = 1");
        void When(object? value, string clause) => where.Append(value is null ? "" : $" AND {clause}");
        When(filter.Function, "i.function = @Function");
        When(filter.Decision, "i.decision = @Decision");
        When(filter.Severity, "i.severity = @Severity");
        When(filter.Detector, "i.detector = @Detector");
        When(filter.Since, "i.at >= @since");
        return (where.ToString(), new { filter.Function, filter.Decision, filter.Severity, filter.Detector, since = filter.Since?.ToUnixTimeMilliseconds(), filter.Before, filter.Limit });
    }

    /// <summary>By id; the newest, should two functions have used the same.</summary>
    public async Task<Incident?> GetAsync(string id, CancellationToken cancellationToken) =>
        (await QueryAsync("WHERE i.id = @id ORDER BY i.seq DESC LIMIT 1", new { id }, cancellationToken)).SingleOrDefault();

    public Task<long> LastSeqAsync(CancellationToken cancellationToken) => database.ReadAsync(c => c.ExecuteScalarAsync<long>("SELECT COALESCE(MAX(seq), 0) FROM incidents"), cancellationToken);

    /// <summary>Incidents after a sequence number, then each new one as it arrives. Null: nothing new for <paramref name="beat"/>.</summary>
    public async IAsyncEnumerable<Incident?> FollowAsync(long after, string? function, TimeSpan beat, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var wake = signal.Subscribe();
        try
        {
            while (true)
            {
                var found = await QueryAsync("WHERE i.seq > @after ORDER BY i.seq LIMIT 200", new { after }, cancellationToken);
                foreach (var incident in found)
                {
                    after = incident.Seq;
                    if (function is null || function == incident.Function)
                    {
                        yield return incident;
                    }
                }

                if (found.Count == 0)
                {
                    var woken = true;
                    using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                    limit.CancelAfter(beat);
                    try
                    {
                        await wake.Reader.ReadAsync(limit.Token);
                    }
                    catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                    {
                        woken = false;
                    }

                    if (!woken)
                    {
                        yield return null;
                    }
                }
            }
        }
        finally
        {
            signal.Unsubscribe(wake);
        }
    }

    private async Task<IReadOnlyList<Incident>> QueryAsync(string where, object parameters, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(c => c.QueryAsync<Row>($"SELECT {Columns} {where}", parameters), cancellationToken);
        return [.. rows.Select(r => r.ToIncident())];
    }

    private sealed class Row
    {
        public long Count { get; set; }
        public long First { get; set; }
        public long Seq { get; set; }
        public string Id { get; set; } = "";
        public string Function { get; set; } = "";
        public string FunctionName { get; set; } = "";
        public string Environment { get; set; } = "";
        public long At { get; set; }
        public long ReceivedAt { get; set; }
        public string RequestId { get; set; } = "";
        public string Decision { get; set; } = "";
        public string Dimension { get; set; } = "";
        public string Item { get; set; } = "";
        public string Detector { get; set; } = "";
        public string Severity { get; set; } = "";
        public string Source { get; set; } = "";
        public string Field { get; set; } = "";
        public string Evidence { get; set; } = "";
        public string Reasons { get; set; } = "[]";
        public string Sink { get; set; } = "";
        public string Rule { get; set; } = "";
        public string CodeSha256 { get; set; } = "";

        public Incident ToIncident() => new()
        {
            Seq = Seq, Id = Id, Function = Function, FunctionName = FunctionName, Environment = Environment, At = Times.From(At), ReceivedAt = Times.From(ReceivedAt), RequestId = RequestId,
            Decision = Decision, Dimension = Dimension, Item = Item, Detector = Detector, Severity = Severity, Source = Source, Field = Field, Evidence = Evidence,
            Reasons = JsonSerializer.Deserialize<string[]>(Reasons) ?? [], Sink = Sink, Rule = Rule, CodeSha256 = CodeSha256,
        };
    }
}
