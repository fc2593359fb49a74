namespace Pellicle.Scanning.Versions;

/// <summary>Walks the runs of digits and of letters in a version; everything else separates.</summary>
internal ref struct WordRuns(ReadOnlySpan<char> text)
{
    private ReadOnlySpan<char> rest = text;

    public ReadOnlySpan<char> Current { get; private set; }

    public bool IsNumber { get; private set; }

    public bool MoveNext()
    {
        while (!rest.IsEmpty && !char.IsAsciiLetterOrDigit(rest[0]) && rest[0] != '#')
        {
            rest = rest[1..];
        }

        Current = default;
        IsNumber = false;
        if (rest.IsEmpty)
        {
            return false;
        }

        IsNumber = char.IsAsciiDigit(rest[0]);
        var end = 1;
        while (end < rest.Length && (IsNumber ? char.IsAsciiDigit(rest[end]) : char.IsAsciiLetter(rest[end])))
        {
            end++;
        }

        Current = rest[..end];
        rest = rest[end..];
        return true;
    }
}
