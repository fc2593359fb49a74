namespace Pellicle.Scanning.Versions;

/// <summary>
/// RubyGems (<c>Gem::Version</c>): runs of digits and of letters; letters mark a pre-release and sort below numbers; trailing zeros
/// before the first letter and at the end do not count. A platform suffix (<c>-x86_64-linux</c>) is cut first.
/// </summary>
internal sealed class RubyGemsOrder : IVersionOrder
{
    private static readonly string[] Platforms =
    [
        "aarch64", "arm", "arm64", "cygwin", "dalvik", "darwin", "dotnet", "freebsd", "i386", "i486", "i586", "i686", "java", "jruby", "linux", "mingw",
        "mingw32", "mswin", "mswin32", "mswin64", "powerpc", "ppc64le", "riscv64", "s390x", "solaris", "universal", "x64", "x86",
    ];

    public static RubyGemsOrder Instance { get; } = new();

    public bool IsValid(ReadOnlySpan<char> version) => TryClean(version, out _);

    public VersionComparison Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (!TryClean(a, out a) || !TryClean(b, out b))
        {
            return VersionComparison.Invalid;
        }

        // INVARIANT of the loop: everything before is equal; a missing segment counts as 0 (canonical form drops zeros anyway).
        var x = new Segments(a);
        var y = new Segments(b);
        while (x.MoveNext() | y.MoveNext())
        {
            var order = (x.IsWord, y.IsWord) switch
            {
                (false, false) => Digits.Compare(x.Current, y.Current),
                (true, true) => x.Current.SequenceCompareTo(y.Current),
                (true, false) => -1,
                (false, true) => 1,
            };
            if (order != 0)
            {
                return VersionOrder.FromInt(order);
            }
        }

        return VersionComparison.Equal;
    }

    private static bool TryClean(ReadOnlySpan<char> text, out ReadOnlySpan<char> version)
    {
        version = text.Trim();
        var dash = version.IndexOf('-');
        if (dash > 0 && IsPlatform(version[(dash + 1)..]))
        {
            version = version[..dash];
        }

        if (version.IsEmpty || !char.IsAsciiDigit(version[0]) || version[^1] == '.')
        {
            return false;
        }

        var previous = '0';
        var pre = false;
        foreach (var c in version)
        {
            // Behind the first dash further dashes are letters: 1--2, 1-a-.1.
            if (!char.IsAsciiLetterOrDigit(c) && (c is not ('.' or '-') || (previous == '.' && (c == '.' || !pre))))
            {
                return false;
            }

            if (c == '-')
            {
                pre = true;
            }

            previous = c;
        }

        return true;
    }

    private static bool IsPlatform(ReadOnlySpan<char> suffix)
    {
        var end = suffix.IndexOf('-');
        var first = end < 0 ? suffix : suffix[..end];
        if (first.StartsWith("x86_64", StringComparison.Ordinal) || first.StartsWith("armv", StringComparison.Ordinal))
        {
            return true;
        }

        foreach (var platform in Platforms)
        {
            if (first.SequenceEqual(platform))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Walks digits and letters; <c>-</c> gives the word <c>pre</c>. Zeros right before the first word are skipped: 1.0.0.a is 1.a.</summary>
    private ref struct Segments(ReadOnlySpan<char> text)
    {
        private ReadOnlySpan<char> rest = text;
        private bool wordSeen;

        public ReadOnlySpan<char> Current { get; private set; }

        public bool IsWord { get; private set; }

        public bool MoveNext()
        {
            var more = Take(ref rest, out var segment, out var isWord);
            if (more && !isWord && !wordSeen && Digits.IsZero(segment))
            {
                var ahead = rest;
                var before = rest;
                var next = segment;
                var nextIsWord = false;
                while (!nextIsWord && Digits.IsZero(next) && (before = ahead).Length >= 0 && Take(ref ahead, out next, out nextIsWord))
                {
                }

                if (nextIsWord)
                {
                    rest = before;
                    Take(ref rest, out segment, out isWord);
                }
            }

            wordSeen |= isWord;
            Current = segment;
            IsWord = isWord;
            return more;
        }

        private static bool Take(scoped ref ReadOnlySpan<char> text, scoped out ReadOnlySpan<char> segment, out bool isWord)
        {
            text = text.TrimStart('.');
            segment = default;
            isWord = false;
            if (text.IsEmpty)
            {
                return false;
            }

            if (text[0] == '-')
            {
                segment = "pre";
                isWord = true;
                text = text[1..];
                return true;
            }

            isWord = char.IsAsciiLetter(text[0]);
            var end = 1;
            while (end < text.Length && (isWord ? char.IsAsciiLetter(text[end]) : char.IsAsciiDigit(text[end])))
            {
                end++;
            }

            segment = text[..end];
            text = text[end..];
            return true;
        }
    }
}
