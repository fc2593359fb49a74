using System.Text.Json;
using Pellicle.Server.Fleet;

namespace Pellicle.Server.Ingestion;

/// <summary>What a guard sends (decision 0002).</summary>
internal sealed record Batch
{
    public const int MaxBehaviours = 20_000;
    public const int MaxIncidents = 1_000;
    public const int MaxLoaded = 20_000;

    public int SchemaVersion { get; init; }
    public string? BatchId { get; init; }
    public string? SentAt { get; init; }
    public string? Function { get; init; }
    public string? FunctionVersion { get; init; }
    public string? CodeSha256 { get; init; }
    public string? Runtime { get; init; }
    public string? Environment { get; init; }
    public string? GuardVersion { get; init; }
    public long Invocations { get; init; }
    public long CleanInvocations { get; init; }
    public string? PolicyRevision { get; init; }
    public string? Mode { get; init; }
    public JsonElement? Lines { get; init; }
    public IReadOnlyList<BatchBehaviour>? Behaviours { get; init; }
    public IReadOnlyList<BatchIncident>? Incidents { get; init; }
    public IReadOnlyList<string?>? Loaded { get; init; }
    public BatchHealth? Health { get; init; }

    /// <summary>Everything that is wrong with it.</summary>
    public IReadOnlyList<string> Validate(out FunctionArn arn)
    {
        var errors = new List<string>();
        void Must(bool holds, string error)
        {
            if (!holds)
            {
                errors.Add(error);
            }
        }

        Must(SchemaVersion == 1, "schemaVersion: must be 1");
        Must(BatchId is { Length: > 0 and <= 64 }, "batchId: must have 1 to 64 characters");
        Must(Environment is { Length: > 0 and <= 64 }, "environment: must have 1 to 64 characters");
        Must(FunctionArn.TryParse(Function, out arn), "function: must be the ARN of a function");
        Must(CodeSha256 is null or { Length: <= 128 }, "codeSha256: is longer than 128 characters");
        Must(Invocations is >= 0 and <= 10_000_000 && CleanInvocations >= 0 && CleanInvocations <= Invocations, "cleanInvocations: must lie between 0 and invocations");
        Must(Lines is null or { ValueKind: JsonValueKind.Object or JsonValueKind.Null }, "lines: must be an object");
        Must((Behaviours?.Count ?? 0) <= MaxBehaviours, $"behaviours: more than {MaxBehaviours}");
        Must((Incidents?.Count ?? 0) <= MaxIncidents, $"incidents: more than {MaxIncidents}");
        Must((Loaded?.Count ?? 0) <= MaxLoaded, $"loaded: more than {MaxLoaded}");
        Must(Behaviours?.All(b => b is { Dimension.Length: > 0, Item.Length: > 0, Count: >= 0, Invocations: >= 0 }) ?? true, "behaviours: each needs a dimension, an item and counts that are not negative");
        Must(Incidents?.All(i => i is { Id.Length: > 0 and <= 64 }) ?? true, "incidents: each needs an id of at most 64 characters");
        return errors;
    }
}

internal sealed record BatchBehaviour
{
    public string? Dimension { get; init; }
    public string? Item { get; init; }
    public long Count { get; init; }
    public long Invocations { get; init; }
    public bool Init { get; init; }

    /// <summary>False: it happened in an invocation with a sign of an attack. Absent counts as unclean: nothing is learned by mistake.</summary>
    public bool Clean { get; init; }
}

internal sealed record BatchIncident
{
    public string? Id { get; init; }
    public DateTimeOffset? At { get; init; }
    public string? RequestId { get; init; }
    public string? Decision { get; init; }
    public string? Dimension { get; init; }
    public string? Item { get; init; }
    public string? Detector { get; init; }
    public string? Severity { get; init; }
    public string? Source { get; init; }
    public string? Field { get; init; }
    public string? Evidence { get; init; }
    public IReadOnlyList<string>? Reasons { get; init; }
    public string? Sink { get; init; }
    public string? Rule { get; init; }
}

/// <summary>Counters since the environment started: they only rise, so a lost batch loses nothing.</summary>
internal sealed record BatchHealth
{
    public long Faults { get; init; }
    public long Dropped { get; init; }
    public long Unanswered { get; init; }
    public long SpoolDropped { get; init; }
    public long Blocked { get; init; }
    public long WouldBlock { get; init; }

    /// <summary>Of the seccomp filter: <c>active</c>, <c>available</c>, <c>refused</c> or <c>unknown</c>.</summary>
    public string? Confinement { get; init; }
}
