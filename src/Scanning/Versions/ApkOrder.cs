namespace Pellicle.Scanning.Versions;

/// <summary>
/// Alpine's versions: numbers parted by dots, one letter, suffixes (<c>_alpha _beta _pre _rc</c> before the bare version, <c>_cvs _svn _git _hg _p</c> after it),
/// a commit behind <c>~</c>, and <c>-rN</c>. A part after the first that begins with 0 is compared as a decimal fraction (apk-tools, doc/apk-package.5).
/// </summary>
internal sealed class ApkOrder : IVersionOrder
{
    private static readonly string[] Before = ["alpha", "beta", "pre", "rc"], After = ["cvs", "svn", "git", "hg", "p"];

    public static ApkOrder Instance { get; } = new();

    public bool IsValid(ReadOnlySpan<char> version) => TryRead(version.Trim(), null);

    public VersionComparison Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        var (x, y) = (new List<Token>(), new List<Token>());
        if (!TryRead(a.Trim(), x) || !TryRead(b.Trim(), y))
        {
            return VersionComparison.Invalid;
        }

        for (var i = 0; i < Math.Max(x.Count, y.Count); i++)
        {
            var (one, other) = (i < x.Count ? x[i] : Token.End, i < y.Count ? y[i] : Token.End);
            var order = one.Rank != other.Rank ? one.Rank.CompareTo(other.Rank) : one.CompareTo(other);
            if (order != 0)
            {
                return VersionOrder.FromInt(order);
            }
        }

        return VersionComparison.Equal;
    }

    private static bool TryRead(ReadOnlySpan<char> text, List<Token>? tokens)
    {
        if (text.IsEmpty || !char.IsAsciiDigit(text[0]))
        {
            return false;
        }

        for (var first = true; ; first = false)
        {
            var digits = Leading(text);
            if (digits == 0)
            {
                return false;
            }

            tokens?.Add(new Token(!first && text[0] == '0' && digits > 1 ? Kind.Fraction : Kind.Number, text[..digits].ToString()));
            text = text[digits..];
            if (!text.StartsWith('.'))
            {
                break;
            }

            text = text[1..];
        }

        if (!text.IsEmpty && char.IsAsciiLetterLower(text[0]))
        {
            tokens?.Add(new Token(Kind.Letter, text[..1].ToString()));
            text = text[1..];
        }

        while (text.StartsWith('_'))
        {
            text = text[1..];
            var word = text.IndexOfAnyExceptInRange('a', 'z') is var end and >= 0 ? end : text.Length;
            var name = text[..word].ToString();
            var place = Array.IndexOf(Before, name) is var before and >= 0 ? before - Before.Length : Array.IndexOf(After, name) is var after and >= 0 ? after + 1 : 0;
            if (place == 0)
            {
                return false;
            }

            text = text[word..];
            var digits = Leading(text);
            tokens?.Add(new Token(place < 0 ? Kind.PreSuffix : Kind.Suffix, text[..digits].ToString(), place));
            text = text[digits..];
        }

        if (text.StartsWith('~'))
        {
            var end = text[1..].IndexOfAnyExcept("0123456789abcdef") is var at and >= 0 ? at + 1 : text.Length;
            text = text[end..];
        }

        if (text.StartsWith("-r"))
        {
            var digits = Leading(text[2..]);
            if (digits == 0)
            {
                return false;
            }

            tokens?.Add(new Token(Kind.Revision, text.Slice(2, digits).ToString()));
            text = text[(2 + digits)..];
        }

        return text.IsEmpty;
    }

    private static int Leading(ReadOnlySpan<char> text) => text.IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : text.Length;

    private enum Kind
    {
        PreSuffix,
        End,
        Revision,
        Suffix,
        Letter,
        Number,
        Fraction,
    }

    private readonly record struct Token(Kind Kind, string Text, int Place = 0)
    {
        public static Token End { get; } = new(Kind.End, "");

        /// <summary>What stands higher where the kinds differ: 1.2 below 1.2.1, 1.2_rc below 1.2, 1.2 below 1.2-r1; both kinds of numbers are equal.</summary>
        public int Rank => Kind == Kind.Fraction ? (int)Kind.Number : (int)Kind;

        public int CompareTo(Token other)
        {
            if (Place != other.Place)
            {
                return Place.CompareTo(other.Place);
            }

            // A fraction's zeros count, its trailing ones do not.
            return Kind is Kind.Letter ? string.CompareOrdinal(Text, other.Text)
                : Kind is Kind.Fraction || other.Kind is Kind.Fraction ? string.CompareOrdinal(Text.TrimEnd('0'), other.Text.TrimEnd('0'))
                : Digits.Compare(Text.Length == 0 ? "0" : Text, other.Text.Length == 0 ? "0" : other.Text);
        }
    }
}
