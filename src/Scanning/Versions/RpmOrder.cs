namespace Pellicle.Scanning.Versions;

/// <summary>
/// RPM's <c>epoch:version-release</c>, each compared as <c>rpmvercmp</c> does: runs of digits and of letters, a number above a word, a longer one above
/// its beginning; <c>~</c> before the end, <c>^</c> after it and before anything else. A version without release is that of every release.
/// </summary>
internal sealed class RpmOrder : IVersionOrder
{
    public static RpmOrder Instance { get; } = new();

    public bool IsValid(ReadOnlySpan<char> version)
    {
        version = version.Trim();
        var colon = version.IndexOf(':');
        return !version[(colon + 1)..].IsEmpty && !version[..Math.Max(0, colon)].ContainsAnyExceptInRange('0', '9') && !version.ContainsAnyExceptInRange('!', '~');
    }

    public VersionComparison Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (!IsValid(a) || !IsValid(b))
        {
            return VersionComparison.Invalid;
        }

        a = a.Trim();
        b = b.Trim();
        var (colonA, colonB) = (a.IndexOf(':'), b.IndexOf(':'));
        var order = Digits.Compare(colonA <= 0 ? "0" : a[..colonA], colonB <= 0 ? "0" : b[..colonB]);
        if (order != 0)
        {
            return VersionOrder.FromInt(order);
        }

        a = a[(colonA + 1)..];
        b = b[(colonB + 1)..];
        var (dashA, dashB) = (a.LastIndexOf('-'), b.LastIndexOf('-'));
        order = CompareParts(dashA < 0 ? a : a[..dashA], dashB < 0 ? b : b[..dashB]);
        return VersionOrder.FromInt(order != 0 || dashA < 0 || dashB < 0 ? order : CompareParts(a[(dashA + 1)..], b[(dashB + 1)..]));
    }

    private static int CompareParts(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        while (true)
        {
            a = SkipMarks(a);
            b = SkipMarks(b);
            foreach (var (mark, whenAlone) in (ReadOnlySpan<(char, int)>)[('~', -1), ('^', 1)])
            {
                var (hasA, hasB) = (a.StartsWith(mark), b.StartsWith(mark));
                if (hasA != hasB)
                {
                    // A caret stands above the bare version and below a longer one.
                    var other = hasA ? b : a;
                    var sign = mark == '~' || other.IsEmpty ? whenAlone : -1;
                    return hasA ? sign : -sign;
                }
            }

            if (a.StartsWith('~') || a.StartsWith('^'))
            {
                a = a[1..];
                b = b[1..];
                continue;
            }

            if (a.IsEmpty || b.IsEmpty)
            {
                return a.Length == b.Length ? 0 : a.IsEmpty ? -1 : 1;
            }

            var (numberA, numberB) = (char.IsAsciiDigit(a[0]), char.IsAsciiDigit(b[0]));
            if (numberA != numberB)
            {
                return numberA ? 1 : -1;
            }

            var (endA, endB) = (Run(a, numberA), Run(b, numberB));
            var order = numberA ? Digits.Compare(a[..endA], b[..endB]) : a[..endA].SequenceCompareTo(b[..endB]);
            if (order != 0)
            {
                return order;
            }

            a = a[endA..];
            b = b[endB..];
        }
    }

    private static ReadOnlySpan<char> SkipMarks(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty && !char.IsAsciiLetterOrDigit(text[0]) && text[0] is not ('~' or '^'))
        {
            text = text[1..];
        }

        return text;
    }

    private static int Run(ReadOnlySpan<char> text, bool digits)
    {
        var end = 1;
        while (end < text.Length && (digits ? char.IsAsciiDigit(text[end]) : char.IsAsciiLetter(text[end])))
        {
            end++;
        }

        return end;
    }
}
