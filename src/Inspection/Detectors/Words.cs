using System.Buffers;

namespace Pellicle.Inspection.Detectors;

/// <summary>Small text helpers that the detectors share.</summary>
internal static class Words
{
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

/// <summary>Many literals searched at once, ASCII case apart.</summary>
internal sealed class Literals
{
    private readonly SearchValues<string> _values;
    private readonly int _longest;

    public Literals(params ReadOnlySpan<string> literals)
    {
        _values = SearchValues.Create(literals, StringComparison.OrdinalIgnoreCase);
        foreach (var literal in literals)
        {
            _longest = Math.Max(_longest, literal.Length);
        }
    }

    /// <summary>The first place where one of them stands.</summary>
    public Match Find(string text, double confidence)
    {
        var at = text.AsSpan().IndexOfAny(_values);
        return at < 0 ? Match.None : new Match(confidence, at, Math.Min(_longest, text.Length - at));
    }

    public bool In(ReadOnlySpan<char> text) => text.IndexOfAny(_values) >= 0;
}
