namespace Pellicle.Guard.Sinks;

/// <summary>A text of the event met a sink in a position where it should not be.</summary>
/// <param name="Detector">Stable id.</param>
/// <param name="Field">Event field the text came from.</param>
/// <param name="Evidence">Part of the sink's argument.</param>
/// <param name="Reason">For people.</param>
/// <param name="Block">True when protection stops it; false when it is only reported.</param>
internal sealed record SinkHit(string Detector, string Field, string Evidence, string Reason, bool Block)
{
    internal const int MaxEvidence = 200;

    internal static string Cut(string text) => text.Length <= MaxEvidence ? text : text[..MaxEvidence];
}
