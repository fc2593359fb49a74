namespace Pellicle.Guard.Sinks;

/// <summary>Compares a sink's argument with an event's text.</summary>
internal static class Overlap
{
    /// <summary>
    /// Longest run around position <paramref name="at"/> of <paramref name="sink"/> that also stands in <paramref name="text"/>, as (start, length) in the sink.
    /// It tells how much of an operator's surroundings came from the event, even when the program cut or trimmed the text.
    /// </summary>
    internal static (int Start, int Length) Around(string sink, int at, int length, string text)
    {
        var best = (Start: at, Length: 0);
        var token = sink.AsSpan(at, length);
        for (var from = 0; from <= text.Length - length;)
        {
            var found = text.AsSpan(from).IndexOf(token);
            if (found < 0)
                break;
            found += from;
            int left = 0, right = length;
            while (left < at && left < found && sink[at - left - 1] == text[found - left - 1])
                left++;
            while (at + right < sink.Length && found + right < text.Length && sink[at + right] == text[found + right])
                right++;
            if (left + right > best.Length)
                best = (at - left, left + right);
            from = found + 1;
        }
        return best;
    }

    /// <summary>Whether <paramref name="name"/> stands in <paramref name="text"/> as a whole host name.</summary>
    internal static bool HasHost(string text, string name)
    {
        for (var from = 0; ;)
        {
            var at = text.IndexOf(name, from, StringComparison.OrdinalIgnoreCase);
            if (at < 0)
                return false;
            var end = at + name.Length;
            if ((at == 0 || !IsHostCharacter(text[at - 1])) && (end == text.Length || !IsHostCharacter(text[end]) || (text[end] == '.' && (end + 1 == text.Length || !IsHostCharacter(text[end + 1])))))
                return true;
            from = at + 1;
        }
    }

    private static bool IsHostCharacter(char c) => char.IsLetterOrDigit(c) || c is '-' or '.' or '_';
}
