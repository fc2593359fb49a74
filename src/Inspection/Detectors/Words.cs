namespace Pellicle.Inspection.Detectors;

/// <summary>Small text helpers that the detectors share.</summary>
internal static class Words
{
    public static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    /// <summary>The first one from a place on; negative for none.</summary>
    public static int IndexOf(this ReadOnlySpan<char> text, char c, int from) => text[from..].IndexOf(c) is >= 0 and var at ? from + at : -1;

    /// <summary>The first one from a place on; negative for none.</summary>
    public static int IndexOf(this ReadOnlySpan<char> text, ReadOnlySpan<char> part, int from) => text[from..].IndexOf(part) is >= 0 and var at ? from + at : -1;
}
