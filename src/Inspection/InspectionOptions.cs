namespace Pellicle.Inspection;

/// <summary>
/// Limits and thresholds of inspection. No event that the platform delivers (6 MB; the guard takes 16 MiB) reaches the limits on texts and their length: who pads an event must not get past the rest of it.
/// </summary>
public sealed record InspectionOptions
{
    /// <summary>Confidence from which an event is blocked, 0.0 to 1.0.</summary>
    public double BlockAt { get; init; } = 0.9;

    /// <summary>Texts taken from one event at the most; the rest is not read and the verdict says so.</summary>
    public int MaxTexts { get; init; } = 4 * 1024 * 1024;

    /// <summary>Texts of one event that are in memory at once when they are compared with what a function does; those of a larger event come in turns.</summary>
    public int MaxKept { get; init; } = 64 * 1024;

    /// <summary>Characters inspected of one text, and of all texts together eight times as many.</summary>
    public int MaxTextLength { get; init; } = 16 * 1024 * 1024;

    /// <summary>How often JSON, base64, form data or gzip may be nested in each other.</summary>
    public int MaxNesting { get; init; } = 5;

    /// <summary>Bytes that the compressed parts of one event may unfold to together.</summary>
    public int MaxUnfolded { get; init; } = 16 * 1024 * 1024;

    /// <summary>Detector and field pairs that are not reported: <c>detector</c>, or <c>detector@field</c> where the field may end in <c>*</c>.</summary>
    public IReadOnlyList<string> Suppress { get; init; } = [];

    /// <summary>The defaults.</summary>
    public static InspectionOptions Default { get; } = new();
}
