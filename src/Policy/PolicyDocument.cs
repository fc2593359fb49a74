using Pellicle.Domain;

namespace Pellicle.Policy;

/// <summary>What a rule, a built-in rule or an evaluation says. Ordered: a larger value is stricter.</summary>
public enum Effect
{
    /// <summary>It goes on.</summary>
    Allow,

    /// <summary>It goes on and is recorded as an incident.</summary>
    Report,

    /// <summary>It is stopped and recorded.</summary>
    Deny,
}

/// <summary>How far the profile of one dimension is trusted.</summary>
public enum ProfileStage
{
    /// <summary>Unknown behaviour is allowed and learned.</summary>
    Learn,

    /// <summary>Unknown behaviour is allowed and counted as would-block.</summary>
    Shadow,

    /// <summary>Unknown behaviour is stopped in a share of the environments, as in shadow elsewhere.</summary>
    Canary,

    /// <summary>Unknown behaviour is stopped.</summary>
    Protect,
}

/// <summary>One rule of people's own. Rules have no order: the strictest that matches counts.</summary>
public sealed record PolicyRule
{
    /// <summary>Unique in the document.</summary>
    public required string Id { get; init; }

    /// <summary>What kind of behaviour it speaks of.</summary>
    public required Dimension Dimension { get; init; }

    /// <summary>What happens to a match.</summary>
    public required Effect Effect { get; init; }

    /// <summary>Patterns, see <see cref="ItemPattern"/>. At least one.</summary>
    public required IReadOnlyList<string> Items { get; init; }

    /// <summary>Why the rule exists, for people.</summary>
    public string Description { get; init; } = "";
}

/// <summary>The learned behaviour of one dimension.</summary>
/// <param name="Stage">How far it is trusted.</param>
/// <param name="Items">Patterns of known behaviour, see <see cref="ItemPattern"/>.</param>
public sealed record DimensionProfile(ProfileStage Stage, IReadOnlyList<string> Items);

/// <summary>A detector's finding that is known to be benign for this function, in the event itself and where its text meets a sink (a query console's filter in a statement).</summary>
/// <param name="Detector">Detector id, or <c>*</c>.</param>
/// <param name="Field">Pattern of the event's field path, or <c>*</c>.</param>
/// <param name="Reason">Why; required, people will ask.</param>
public sealed record EventSuppression(string Detector, string Field, string Reason)
{
    /// <summary>True when a signal of this detector in this field is suppressed.</summary>
    public bool Covers(string detector, string field) =>
        ItemPattern.Matches(Detector, detector) && (Field == "*" || ItemPattern.Matches(Field, field));
}

/// <summary>What happens at the event boundary.</summary>
public sealed record EventPolicy
{
    /// <summary>Mode of event inspection; null follows the document's mode.</summary>
    public ProtectionMode? Mode { get; init; }

    /// <summary>Score, 1 to 100, from which an event is blocked.</summary>
    public int Threshold { get; init; } = DefaultThreshold;

    /// <summary>Signals that are ignored.</summary>
    public IReadOnlyList<EventSuppression> Suppress { get; init; } = [];

    /// <summary>Default of <see cref="Threshold"/>.</summary>
    public const int DefaultThreshold = 90;
}

/// <summary>What one function may do, and what happens when it does something else. Written by <see cref="PolicyJson"/>.</summary>
public sealed record PolicyDocument
{
    /// <summary>The only schema version there is.</summary>
    public const int CurrentSchemaVersion = 1;

    /// <summary>Name of the policy.</summary>
    public string Id { get; init; } = "default";

    /// <summary>ARN of the function it is for, or <c>*</c>.</summary>
    public string Function { get; init; } = "*";

    /// <summary>Changes with every change of the document; empty for one that no server keeps.</summary>
    public string Revision { get; init; } = "";

    /// <summary>Mode of the whole function.</summary>
    public ProtectionMode Mode { get; init; } = ProtectionMode.Monitor;

    /// <summary>True: what cannot be judged is stopped in <c>protect</c>. False (default): it goes on and is counted.</summary>
    public bool FailClosed { get; init; }

    /// <summary>Seconds between two looks for a newer document, 1 to 3600.</summary>
    public int PollSeconds { get; init; } = 1;

    /// <summary>Event boundary.</summary>
    public EventPolicy Events { get; init; } = new();

    /// <summary>Built-in rules that differ from their default, by id (<see cref="BuiltinRules"/>); <see cref="Effect.Allow"/> switches one off.</summary>
    public IReadOnlyDictionary<string, Effect> Builtin { get; init; } = new Dictionary<string, Effect>();

    /// <summary>Rules of people's own.</summary>
    public IReadOnlyList<PolicyRule> Rules { get; init; } = [];

    /// <summary>Share of environments, 0 to 1, in which stage <see cref="ProfileStage.Canary"/> stops.</summary>
    public double CanaryShare { get; init; } = 0.1;

    /// <summary>Learned behaviour.</summary>
    public IReadOnlyDictionary<Dimension, DimensionProfile> Profile { get; init; } = new Dictionary<Dimension, DimensionProfile>();

    /// <summary>Mode of event inspection after inheritance: never stricter than <c>off</c> when the document is off.</summary>
    public ProtectionMode EventMode => Mode == ProtectionMode.Off ? ProtectionMode.Off : Events.Mode ?? Mode;
}
