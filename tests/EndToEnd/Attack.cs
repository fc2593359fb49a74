namespace Pellicle.EndToEnd.Tests;

/// <summary>One row of the matrix: an attack, its benign twin, and what is expected of the protection.</summary>
public sealed record Attack
{
    /// <summary>Stable and short.</summary>
    public required string Name { get; init; }

    /// <summary>Rows of the attack catalogue.</summary>
    public required string Rows { get; init; }

    /// <summary>For people.</summary>
    public required string Title { get; init; }

    /// <summary>Operation of the victims.</summary>
    public required string Op { get; init; }

    /// <summary>Value of the attack, for each language its own where one is named.</summary>
    public string Value { get; init; } = "none";

    /// <summary>Values that differ from <see cref="Value"/>, by language.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();

    /// <summary>Text that only a successful attack brings back.</summary>
    public required string Evidence { get; init; }

    /// <summary>The same kind of request without harm: operation and values.</summary>
    public required string BenignOp { get; init; }

    /// <summary>Values of the benign twin.</summary>
    public IReadOnlyList<string> Benign { get; init; } = ["none"];

    /// <summary>Benign values that differ, by language.</summary>
    public IReadOnlyDictionary<string, string> BenignValues { get; init; } = new Dictionary<string, string>();

    /// <summary>Requests that make it possible, as often as said; the answer to <see cref="Op"/> then tells whether it worked, and their incidents count.</summary>
    public (string Op, string Value, int Times)? Before { get; init; }

    /// <summary>Run in a function of its own for each way of guarding, because nothing works there afterwards, or because it is made otherwise.</summary>
    public bool Alone { get; init; }

    /// <summary>The function's own bootstrap tells the runtime an address that is not the platform's.</summary>
    public bool Spied { get; init; }

    /// <summary>Run in functions that have PELLICLE_SECCOMP=strict, with its twin.</summary>
    public bool Strict { get; init; }

    /// <summary>What must stop it, where other detectors stop other parts of it; empty when any may.</summary>
    public string StoppedBy { get; init; } = "";

    /// <summary>The event is the cause: incidents name its field and the sink, and the attack runs without the event boundary too.</summary>
    public bool FromEvent { get; init; }

    /// <summary>Languages in which it can be done.</summary>
    public IReadOnlyList<string> Languages { get; init; } = ["python", "node", "java", "dotnet"];

    /// <summary>Why it is not in the other languages.</summary>
    public string NotIn { get; init; } = "";

    /// <summary>Sources other than the default.</summary>
    public bool EverySource { get; init; }

    /// <summary>Without a guard there is nothing to attack: the unprotected run is left out.</summary>
    public bool NeedsGuard { get; init; }

    /// <summary>Languages in which the answer is the same when it is stopped: only the incident tells the difference.</summary>
    public IReadOnlyList<string> AnsweredAlike { get; init; } = [];

    /// <summary>Only an approved profile knows that it is wrong.</summary>
    public bool NeedsProfile { get; init; }

    /// <summary>Why the sinks alone do not stop it; null where they must.</summary>
    public string? SinksMiss { get; init; }

    public string ValueFor(string language) => Values.GetValueOrDefault(language, Value);

    public IReadOnlyList<string> BenignFor(string language) => BenignValues.TryGetValue(language, out var own) ? [own] : Benign;
}
