namespace Pellicle.Inspection;

/// <summary>An attribute of HTML by which an element runs script on an event: <c>onerror</c>, <c>onclick</c>. Source: HTML Standard, event handler content attributes.</summary>
public static class EventAttribute
{
    /// <summary>Letters, one more than a name has at most: <c>onwebkitanimationiteration</c> has 26.</summary>
    private const int MaxName = 32;

    /// <summary>Blanks between the name and its sign.</summary>
    private const int MaxBlank = 16;

    /// <summary>Where the name of such an attribute begins; -1 when what stands before the sign is none. What stands before the name is for the caller to see.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="equals">Of an equals sign in it.</param>
    public static int Start(ReadOnlySpan<char> text, int equals)
    {
        var end = equals;
        while (end > 0 && equals - end < MaxBlank && char.IsWhiteSpace(text[end - 1]))
        {
            end--;
        }

        var start = end;
        while (start > 0 && end - start < MaxName && char.IsAsciiLetter(text[start - 1]))
        {
            start--;
        }

        return end - start is > 4 and < MaxName && text[start] is 'o' or 'O' && text[start + 1] is 'n' or 'N' ? start : -1;
    }
}
