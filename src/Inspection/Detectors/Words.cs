namespace Pellicle.Inspection.Detectors;

/// <summary>Small text helpers that the detectors share.</summary>
internal static class Words
{
    /// <summary>First of the literals that the text contains (ASCII case does not matter).</summary>
    public static Match Any(string text, ReadOnlySpan<string> literals, double confidence)
    {
        foreach (var literal in literals)
        {
            var at = text.IndexOf(literal, StringComparison.OrdinalIgnoreCase);
            if (at >= 0)
            {
                return new Match(confidence, at, literal.Length);
            }
        }

        return Match.None;
    }

    public static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    /// <summary>The word that starts at a place; empty when none does.</summary>
    public static ReadOnlySpan<char> WordAt(ReadOnlySpan<char> text, int start)
    {
        var end = start;
        while (end < text.Length && (IsWord(text[end]) || text[end] is '-' or '.' or '+'))
        {
            end++;
        }

        return text[start..end];
    }

    /// <summary>True when the word at this place stands alone, not inside a longer one.</summary>
    public static bool Alone(string text, int start, int length) =>
        (start == 0 || !IsWord(text[start - 1])) && (start + length >= text.Length || !IsWord(text[start + length]));
}
