namespace Pellicle.Scanning.Versions;

/// <summary>
/// SemVer 2.0 precedence for npm, Go, crates.io and OSV's SEMVER ranges. Lenient where the ecosystems are: leading <c>v</c>, <c>=</c> or
/// <c>go</c>, missing or more than three numbers (missing is 0), and node's loose <c>1.2.3beta</c>. Build metadata never counts.
/// </summary>
internal sealed class SemVerOrder : IVersionOrder
{
    public static SemVerOrder Instance { get; } = new();

    public bool IsValid(ReadOnlySpan<char> version) => TrySplit(version, out _, out _);

    public VersionComparison Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (!TrySplit(a, out var coreA, out var preA) || !TrySplit(b, out var coreB, out var preB))
        {
            return VersionComparison.Invalid;
        }

        var core = CompareCore(coreA, coreB);
        return VersionOrder.FromInt(core != 0 ? core : ComparePreRelease(preA, preB, ignoreCase: false));
    }

    /// <summary>Dotted numbers; what is missing counts as 0.</summary>
    internal static int CompareCore(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        while (!a.IsEmpty || !b.IsEmpty)
        {
            var order = Digits.Compare(Digits.Next(ref a, '.'), Digits.Next(ref b, '.'));
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    /// <summary>Numbers below words, numbers by value, words by characters, the longer list wins; none at all is the release, and wins.</summary>
    internal static int ComparePreRelease(ReadOnlySpan<char> a, ReadOnlySpan<char> b, bool ignoreCase)
    {
        if (a.IsEmpty || b.IsEmpty)
        {
            return a.IsEmpty.CompareTo(b.IsEmpty);
        }

        while (!a.IsEmpty && !b.IsEmpty)
        {
            var x = Digits.Next(ref a, '.');
            var y = Digits.Next(ref b, '.');
            var order = (Digits.AreAll(x), Digits.AreAll(y)) switch
            {
                (true, true) => Digits.Compare(x, y),
                (true, false) => -1,
                (false, true) => 1,
                _ => x.CompareTo(y, ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal),
            };
            if (order != 0)
            {
                return order;
            }
        }

        return b.IsEmpty.CompareTo(a.IsEmpty);
    }

    /// <summary>Splits into dotted numbers and pre-release (empty for a release).</summary>
    internal static bool TrySplit(ReadOnlySpan<char> text, out ReadOnlySpan<char> core, out ReadOnlySpan<char> preRelease)
    {
        text = text.Trim();
        if (text.StartsWith("go", StringComparison.Ordinal))
        {
            text = text[2..];
        }

        text = text.TrimStart('=').TrimStart(' ');
        if (text.Length > 0 && text[0] is 'v' or 'V')
        {
            text = text[1..].TrimStart(' ');
        }

        preRelease = default;
        var end = 0;
        while (true)
        {
            var digits = Digits.RunLength(text[end..]);
            if (digits == 0)
            {
                core = default;
                return false;
            }

            end += digits;
            if (end + 1 < text.Length && text[end] == '.' && char.IsAsciiDigit(text[end + 1]))
            {
                end++;
                continue;
            }

            break;
        }

        core = text[..end];
        var rest = text[end..];
        var plus = rest.IndexOf('+');
        if (plus >= 0)
        {
            if (!AreIdentifiers(rest[(plus + 1)..]))
            {
                return false;
            }

            rest = rest[..plus];
        }

        if (rest.IsEmpty)
        {
            return true;
        }

        preRelease = rest[0] == '-' ? rest[1..] : rest;
        return (rest[0] == '-' || char.IsAsciiLetter(rest[0])) && AreIdentifiers(preRelease);
    }

    private static bool AreIdentifiers(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text[^1] == '.')
        {
            return false;
        }

        var previous = '.';
        foreach (var c in text)
        {
            // `_` and `~` are outside the specification but occur in published Go and npm versions.
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '~') && (c != '.' || previous == '.'))
            {
                return false;
            }

            previous = c;
        }

        return true;
    }
}
