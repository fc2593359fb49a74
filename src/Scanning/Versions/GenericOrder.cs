namespace Pellicle.Scanning.Versions;

/// <summary>
/// Tools and libraries outside any ecosystem (openssl 1.1.1k, curl 8.4.0-rc1): numbers by value, a missing part below a word
/// (1.1.1 &lt; 1.1.1k), except the words that mark a pre-release.
/// </summary>
internal sealed class GenericOrder : IVersionOrder
{
    private static readonly string[] PreReleases = ["dev", "snapshot", "alpha", "beta", "pre", "preview", "rc"];
    private const int None = 100;
    private const int OtherWord = 101;
    private const int Number = 102;

    public static GenericOrder Instance { get; } = new();

    public bool IsValid(ReadOnlySpan<char> version) => version.Trim().IndexOfAnyInRange('0', '9') is 0 or 1 && version.Trim().IndexOfAnyInRange('\0', ' ') < 0;

    public VersionComparison Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (!IsValid(a) || !IsValid(b))
        {
            return VersionComparison.Invalid;
        }

        var x = new WordRuns(Clean(a));
        var y = new WordRuns(Clean(b));
        while (x.MoveNext() | y.MoveNext())
        {
            var order = x.IsNumber && y.IsNumber ? Digits.Compare(x.Current, y.Current) : Rank(x).CompareTo(Rank(y));
            order = order == 0 && Rank(x) == OtherWord ? x.Current.CompareTo(y.Current, StringComparison.OrdinalIgnoreCase) : order;
            if (order != 0)
            {
                // A zero that the other one does not spell is no difference.
                if (x.Current.IsEmpty && y.IsNumber && Digits.IsZero(y.Current) || y.Current.IsEmpty && x.IsNumber && Digits.IsZero(x.Current))
                {
                    continue;
                }

                return VersionOrder.FromInt(order);
            }
        }

        return VersionComparison.Equal;
    }

    private static ReadOnlySpan<char> Clean(ReadOnlySpan<char> version)
    {
        version = version.Trim();
        return version.Length > 0 && version[0] is 'v' or 'V' ? version[1..] : version;
    }

    private static int Rank(in WordRuns part)
    {
        if (part.Current.IsEmpty)
        {
            return None;
        }

        if (part.IsNumber)
        {
            return Number;
        }

        for (var i = 0; i < PreReleases.Length; i++)
        {
            if (part.Current.Equals(PreReleases[i], StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        return OtherWord;
    }
}
