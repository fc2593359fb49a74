namespace Pellicle.Scanning.Versions;

/// <summary>Debian and Ubuntu: <c>epoch:upstream-revision</c>; runs of other characters and of digits in turn, <c>~</c> before everything, letters before other marks (Debian policy 5.6.12).</summary>
internal sealed class DpkgOrder : IVersionOrder
{
    public static DpkgOrder Instance { get; } = new();

    public bool IsValid(ReadOnlySpan<char> version)
    {
        version = version.Trim();
        var (epoch, rest) = CutEpoch(version);
        return !rest.IsEmpty && !epoch.ContainsAnyExceptInRange('0', '9') && !rest.ContainsAnyExceptInRange('!', '~');
    }

    public VersionComparison Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (!IsValid(a) || !IsValid(b))
        {
            return VersionComparison.Invalid;
        }

        var (epochA, restA) = CutEpoch(a.Trim());
        var (epochB, restB) = CutEpoch(b.Trim());
        var order = Digits.Compare(epochA.IsEmpty ? "0" : epochA, epochB.IsEmpty ? "0" : epochB);
        if (order != 0)
        {
            return VersionOrder.FromInt(order);
        }

        var (upstreamA, revisionA) = CutRevision(restA);
        var (upstreamB, revisionB) = CutRevision(restB);
        order = CompareParts(upstreamA, upstreamB);
        return VersionOrder.FromInt(order != 0 ? order : CompareParts(revisionA, revisionB));
    }

    private static PartPair CutEpoch(ReadOnlySpan<char> version) => version.IndexOf(':') is var colon and >= 0 ? new PartPair(version[..colon], version[(colon + 1)..]) : new PartPair(default, version);

    private static PartPair CutRevision(ReadOnlySpan<char> version) => version.LastIndexOf('-') is var dash and >= 0 ? new PartPair(version[..dash], version[(dash + 1)..]) : new PartPair(version, default);

    private static int CompareParts(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        while (!a.IsEmpty || !b.IsEmpty)
        {
            while ((!a.IsEmpty && !char.IsAsciiDigit(a[0])) || (!b.IsEmpty && !char.IsAsciiDigit(b[0])))
            {
                var order = Rank(a).CompareTo(Rank(b));
                if (order != 0)
                {
                    return order;
                }

                a = a.IsEmpty ? a : a[1..];
                b = b.IsEmpty ? b : b[1..];
            }

            var (digitsA, digitsB) = (Leading(a), Leading(b));
            var numbers = Digits.Compare(digitsA == 0 ? "0" : a[..digitsA], digitsB == 0 ? "0" : b[..digitsB]);
            if (numbers != 0)
            {
                return numbers;
            }

            a = a[digitsA..];
            b = b[digitsB..];
        }

        return 0;
    }

    /// <summary>A tilde before the end, the end (and a digit) before letters, letters before the rest.</summary>
    private static int Rank(ReadOnlySpan<char> rest) => rest switch
    {
        [] => 0,
        ['~', ..] => -1,
        [var c, ..] when char.IsAsciiDigit(c) => 0,
        [var c, ..] when char.IsAsciiLetter(c) => c,
        [var c, ..] => c + 256,
    };

    private static int Leading(ReadOnlySpan<char> text) => text.IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : text.Length;
}

/// <summary>Two pieces of one version.</summary>
internal readonly ref struct PartPair(ReadOnlySpan<char> first, ReadOnlySpan<char> second)
{
    private readonly ReadOnlySpan<char> first = first;
    private readonly ReadOnlySpan<char> second = second;

    public void Deconstruct(out ReadOnlySpan<char> one, out ReadOnlySpan<char> other)
    {
        one = first;
        other = second;
    }
}
