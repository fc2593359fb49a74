using Pellicle.Domain;

namespace Pellicle.Guard.Telemetry;

/// <summary>Something that was stopped, would have been, or is worth a look.</summary>
internal sealed record Incident
{
    internal Guid Id { get; } = Guid.NewGuid();

    internal required DateTimeOffset At { get; init; }

    internal string RequestId { get; init; } = "";

    /// <summary><c>blocked</c>, <c>would-block</c> or <c>reported</c>.</summary>
    internal required string Decision { get; init; }

    internal required Dimension Dimension { get; init; }

    internal required string Item { get; init; }

    internal required string Detector { get; init; }

    internal string Severity { get; init; } = "high";

    internal string Source { get; init; } = "";

    internal string Field { get; init; } = "";

    internal string Evidence { get; init; } = "";

    internal IReadOnlyList<string> Reasons { get; init; } = [];

    internal string Rule { get; init; } = "";
}
