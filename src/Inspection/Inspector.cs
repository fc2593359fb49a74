namespace Pellicle.Inspection;

/// <summary>What is done with an event.</summary>
public enum InspectionDecision
{
    /// <summary>Hand it to the function.</summary>
    Allow,

    /// <summary>An attack with high confidence: in <c>protect</c> the function does not see it.</summary>
    Block,
}

/// <summary>One sign of an attack in one field.</summary>
/// <param name="Detector">Stable id, for example <c>command-injection</c>.</param>
/// <param name="Field">Path of the field, for example <c>queryStringParameters.host</c>.</param>
/// <param name="Confidence">0.0 to 1.0.</param>
/// <param name="Evidence">The part of the text that shows it, at most 200 characters.</param>
public sealed record InspectionSignal(string Detector, string Field, double Confidence, string Evidence);

/// <summary>One text of the event that somebody outside can choose, decoded (percent, base64 body, nested JSON).</summary>
/// <param name="Field">Path of the field.</param>
/// <param name="Text">Decoded text.</param>
public readonly record struct EventText(string Field, string Text);

/// <summary>What inspection says of one event.</summary>
public sealed record InspectionVerdict
{
    /// <summary>Decision.</summary>
    public required InspectionDecision Decision { get; init; }

    /// <summary>Event source, for example <c>apigw-v2</c>, <c>s3</c>, <c>sqs</c>, <c>unknown</c>.</summary>
    public required string Source { get; init; }

    /// <summary>0 to 100.</summary>
    public required int Score { get; init; }

    /// <summary>False when a limit (size, depth, count) kept part of the event from being read.</summary>
    public required bool Full { get; init; }

    /// <summary>Signals, strongest first.</summary>
    public required IReadOnlyList<InspectionSignal> Signals { get; init; }

    /// <summary>Attacker-controlled texts of the event, for the comparison with sinks; bounded.</summary>
    public required IReadOnlyList<EventText> Texts { get; init; }

    /// <summary>Shape of the event (sorted key paths without values, hashed), for learning.</summary>
    public required string Shape { get; init; }
}
