namespace Pellicle.Scanning.Versions;

/// <summary>
/// Packagist: no <c>v</c>, no build metadata, then PHP's <c>version_compare</c>: unknown word, dev, alpha, beta, RC, number, patch.
/// </summary>
internal sealed class PackagistOrder : IVersionOrder
{
    private const int NumberRank = 4;
    private const string Largest = "9999999";

    public static PackagistOrder Instance { get; } = new();

    public bool IsValid(ReadOnlySpan<char> version)
    {
        version = Clean(version);
        return !version.IsEmpty && version.IndexOfAnyInRange('\0', ' ') < 0
            && (char.IsAsciiDigit(version[0]) || version.StartsWith("dev", StringComparison.OrdinalIgnoreCase) || version.EndsWith("-dev", StringComparison.OrdinalIgnoreCase));
    }

    public VersionComparison Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (!IsValid(a) || !IsValid(b))
        {
            return VersionComparison.Invalid;
        }

        // 1.0 is 1.0.0 for Composer. With words around, PHP's order of the texts as written decides: that is what the tables
        // made with PHP hold (3.0 < 3.0.0-beta), though Composer would fill up there too.
        a = Clean(a);
        b = Clean(b);
        var (branchA, branchB) = (IsBranch(a), IsBranch(b));
        var fill = (IsPlain(a) || branchA) && (IsPlain(b) || branchB);
        var x = new Parts(branchA ? a.ToString().Replace('*', 'x') : a, fill || branchA);
        var y = new Parts(branchB ? b.ToString().Replace('*', 'x') : b, fill || branchB);
        while (true)
        {
            var (moreX, moreY) = (x.MoveNext(), y.MoveNext());
            if (!moreX || !moreY)
            {
                return VersionOrder.FromInt((moreX, moreY) switch
                {
                    (true, false) => Longer(ref x),
                    (false, true) => -Longer(ref y),
                    _ => 0,
                });
            }

            var order = x.IsNumber && y.IsNumber ? Digits.Compare(x.Current, y.Current) : Rank(x).CompareTo(Rank(y));
            if (order != 0)
            {
                return VersionOrder.FromInt(order);
            }
        }
    }

    /// <summary>What the longer one has more: a number makes it newer, a word by its rank beside a number.</summary>
    private static int Longer(scoped ref Parts parts)
    {
        do
        {
            var order = parts.IsNumber ? 1 : Rank(parts).CompareTo(NumberRank);
            if (order != 0)
            {
                return order;
            }
        }
        while (parts.MoveNext());

        return 0;
    }

    private static ReadOnlySpan<char> Clean(ReadOnlySpan<char> version)
    {
        version = version.Trim();
        if (version.Length > 1 && version[0] is 'v' or 'V' && char.IsAsciiDigit(version[1]))
        {
            version = version[1..];
        }

        var plus = version.IndexOf('+');
        return plus > 0 ? version[..plus] : version;
    }

    private static int Rank(in Parts part)
    {
        if (part.IsNumber)
        {
            return NumberRank;
        }

        // PHP compares prefixes, in this order, and minds the case: `post` counts as `p`, `BETA` as unknown.
        var word = part.Current;
        return word.StartsWith("dev", StringComparison.Ordinal) ? 0
            : word[0] == 'a' ? 1
            : word[0] == 'b' ? 2
            : word.StartsWith("RC", StringComparison.Ordinal) || word.StartsWith("rc", StringComparison.Ordinal) ? 3
            : word[0] == '#' ? NumberRank
            : word[0] == 'p' ? 5
            : -1;
    }

    private static bool IsPlain(ReadOnlySpan<char> text) => text.IndexOfAnyExcept("0123456789.xX*") < 0;

    /// <summary><c>1.x-dev</c>: newer than every number of its line, for Composer 1.9999999.9999999.9999999-dev.</summary>
    private static bool IsBranch(ReadOnlySpan<char> text) => text.EndsWith("-dev", StringComparison.OrdinalIgnoreCase) && IsPlain(text[..^4]) && text.ContainsAny("xX*");

    /// <summary>Numbers and words; the leading numbers filled up to four with zeros where asked.</summary>
    private ref struct Parts(ReadOnlySpan<char> text, bool fill)
    {
        private WordRuns runs = new(text);
        private int numbers;
        private bool leading = fill;
        private bool held;
        private bool wild;

        public ReadOnlySpan<char> Current { get; private set; }

        public bool IsNumber { get; private set; }

        public bool MoveNext()
        {
            if (leading)
            {
                var more = held || runs.MoveNext();
                held = more;
                wild |= more && numbers > 0 && runs.Current is "x" or "X";
                if (more && (runs.IsNumber || runs.Current[0] == '#' || runs.Current is "x" or "X"))
                {
                    held = false;
                    numbers++;
                    IsNumber = runs.IsNumber || wild;
                    Current = wild ? Largest : runs.Current;
                    return true;
                }

                // A branch (`dev-main`) has no numbers to fill up.
                if (numbers is > 0 and < 4)
                {
                    numbers++;
                    IsNumber = true;
                    Current = wild ? Largest : "0";
                    return true;
                }

                leading = false;
            }

            if (!held && !runs.MoveNext())
            {
                return false;
            }

            held = false;
            Current = runs.Current;
            IsNumber = runs.IsNumber;
            return true;
        }
    }
}
