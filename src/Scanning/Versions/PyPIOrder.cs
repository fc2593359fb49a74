namespace Pellicle.Scanning.Versions;

/// <summary>
/// PyPI: PEP 440, and below all of that the order of the old setuptools for what PEP 440 does not accept
/// (as <c>packaging.version.LegacyVersion</c> had it, because old advisories still name such versions).
/// </summary>
internal sealed class PyPIOrder : IVersionOrder
{
    public static PyPIOrder Instance { get; } = new();

    public bool IsValid(ReadOnlySpan<char> version)
    {
        version = version.Trim();
        return !version.IsEmpty && version.IndexOfAnyInRange('\0', ' ') < 0;
    }

    public VersionComparison Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        a = a.Trim();
        b = b.Trim();
        if (!IsValid(a) || !IsValid(b))
        {
            return VersionComparison.Invalid;
        }

        var modernA = Parsed.TryParse(a, out var x);
        var modernB = Parsed.TryParse(b, out var y);
        return VersionOrder.FromInt((modernA, modernB) switch
        {
            (true, true) => Compare(x, y),
            (true, false) => 1,
            (false, true) => -1,
            _ => CompareLegacy(a, b),
        });
    }

    private static int Compare(in Parsed a, in Parsed b)
    {
        var order = Digits.Compare(a.Epoch, b.Epoch);
        order = order != 0 ? order : SemVerOrder.CompareCore(a.Release, b.Release);
        order = order != 0 ? order : a.Phase.CompareTo(b.Phase);
        order = order != 0 ? order : Digits.Compare(a.PreNumber, b.PreNumber);
        order = order != 0 ? order : a.HasPost.CompareTo(b.HasPost);
        order = order != 0 ? order : Digits.Compare(a.PostNumber, b.PostNumber);
        // Without `dev` it is the later one.
        order = order != 0 ? order : b.HasDev.CompareTo(a.HasDev);
        order = order != 0 ? order : Digits.Compare(a.DevNumber, b.DevNumber);
        return order != 0 ? order : CompareLocal(a.Local, b.Local);
    }

    private static int CompareLocal(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        while (!a.IsEmpty && !b.IsEmpty)
        {
            var x = NextLocal(ref a);
            var y = NextLocal(ref b);
            var order = (Digits.AreAll(x), Digits.AreAll(y)) switch
            {
                (true, true) => Digits.Compare(x, y),
                (true, false) => 1,
                (false, true) => -1,
                _ => CompareLower(x, y),
            };
            if (order != 0)
            {
                return order;
            }
        }

        return b.IsEmpty.CompareTo(a.IsEmpty);
    }

    private static ReadOnlySpan<char> NextLocal(ref ReadOnlySpan<char> rest)
    {
        var at = rest.IndexOfAny('.', '-', '_');
        var part = at < 0 ? rest : rest[..at];
        rest = at < 0 ? default : rest[(at + 1)..];
        return part;
    }

    private static int CompareLower(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        for (var i = 0; i < a.Length && i < b.Length; i++)
        {
            var order = char.ToLowerInvariant(a[i]).CompareTo(char.ToLowerInvariant(b[i]));
            if (order != 0)
            {
                return order;
            }
        }

        return a.Length.CompareTo(b.Length);
    }

    private static int CompareLegacy(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        var x = LegacyKey(a.ToString().ToLowerInvariant());
        var y = LegacyKey(b.ToString().ToLowerInvariant());
        for (var i = 0; i < x.Count && i < y.Count; i++)
        {
            var order = string.CompareOrdinal(x[i], y[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return x.Count.CompareTo(y.Count);
    }

    /// <summary>The key of setuptools' old <c>parse_version</c>: numbers padded to eight digits, words marked with <c>*</c>.</summary>
    private static List<string> LegacyKey(string text)
    {
        var key = new List<string>();
        for (var i = 0; i <= text.Length;)
        {
            string part;
            if (i == text.Length)
            {
                (part, i) = ("final", i + 1);
            }
            else if (text[i] == '.')
            {
                i++;
                continue;
            }
            else
            {
                var start = i;
                var kind = Kind(text[i]);
                i++;
                // A `-` stands alone; digits, letters and everything else come in runs.
                while (i < text.Length && kind != 3 && Kind(text[i]) == kind)
                {
                    i++;
                }

                part = text[start..i];
                if (kind == 1)
                {
                    key.Add(part.PadLeft(8, '0'));
                    continue;
                }
            }

            var word = "*" + part switch { "pre" or "preview" or "rc" => "c", "-" => "final-", "dev" => "@", _ => part };
            if (string.CompareOrdinal(word, "*final") < 0)
            {
                Drop(key, "*final-");
            }

            Drop(key, "00000000");
            key.Add(word);
        }

        return key;

        static int Kind(char c) => c switch { >= '0' and <= '9' => 1, >= 'a' and <= 'z' => 2, '-' => 3, '.' => 4, _ => 5 };

        static void Drop(List<string> key, string last)
        {
            while (key.Count > 0 && key[^1] == last)
            {
                key.RemoveAt(key.Count - 1);
            }
        }
    }

    private ref struct Parsed
    {
        public ReadOnlySpan<char> Epoch;
        public ReadOnlySpan<char> Release;

        /// <summary>0 dev of a release without pre, 1 a, 2 b, 3 rc, 4 none.</summary>
        public int Phase;
        public ReadOnlySpan<char> PreNumber;
        public bool HasPost;
        public ReadOnlySpan<char> PostNumber;
        public bool HasDev;
        public ReadOnlySpan<char> DevNumber;
        public ReadOnlySpan<char> Local;

        public static bool TryParse(ReadOnlySpan<char> text, out Parsed version)
        {
            version = default;
            if (text.Length > 0 && text[0] is 'v' or 'V')
            {
                text = text[1..];
            }

            var digits = Digits.RunLength(text);
            if (digits > 0 && digits < text.Length && text[digits] == '!')
            {
                version.Epoch = text[..digits];
                text = text[(digits + 1)..];
            }

            var end = Digits.RunLength(text);
            if (end == 0)
            {
                return false;
            }

            while (end + 1 < text.Length && text[end] == '.' && char.IsAsciiDigit(text[end + 1]))
            {
                end += 1 + Digits.RunLength(text[(end + 1)..]);
            }

            version.Release = text[..end];
            text = text[end..];
            version.Phase = ReadPre(ref text, out version.PreNumber);
            version.HasPost = ReadPost(ref text, out version.PostNumber);
            if (TryWord(ref text, "dev", out version.DevNumber))
            {
                version.HasDev = true;
            }

            if (version.Phase == 0)
            {
                version.Phase = version.HasDev && !version.HasPost ? 0 : 4;
            }

            if (text.Length > 1 && text[0] == '+')
            {
                version.Local = text[1..];
                return IsLocal(version.Local);
            }

            return text.IsEmpty;
        }

        private static int ReadPre(scoped ref ReadOnlySpan<char> text, scoped out ReadOnlySpan<char> number) =>
            TryWord(ref text, "alpha", out number) || TryWord(ref text, "a", out number) ? 1
            : TryWord(ref text, "beta", out number) || TryWord(ref text, "b", out number) ? 2
            : TryWord(ref text, "preview", out number) || TryWord(ref text, "pre", out number)
                || TryWord(ref text, "rc", out number) || TryWord(ref text, "c", out number) ? 3
            : 0;

        private static bool ReadPost(scoped ref ReadOnlySpan<char> text, scoped out ReadOnlySpan<char> number)
        {
            if (text.Length > 1 && text[0] == '-' && char.IsAsciiDigit(text[1]))
            {
                var digits = Digits.RunLength(text[1..]);
                number = text.Slice(1, digits);
                text = text[(1 + digits)..];
                return true;
            }

            return TryWord(ref text, "post", out number) || TryWord(ref text, "rev", out number) || TryWord(ref text, "r", out number);
        }

        /// <summary>Reads <c>[-_.]? word [-_.]? digits?</c>.</summary>
        private static bool TryWord(scoped ref ReadOnlySpan<char> text, string word, scoped out ReadOnlySpan<char> number)
        {
            number = default;
            var rest = SkipSeparator(text);
            if (!rest.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }

            rest = SkipSeparator(rest[word.Length..]);
            var digits = Digits.RunLength(rest);
            number = rest[..digits];
            text = rest[digits..];
            return true;
        }

        private static ReadOnlySpan<char> SkipSeparator(ReadOnlySpan<char> text) =>
            text.Length > 0 && text[0] is '-' or '_' or '.' ? text[1..] : text;

        private static bool IsLocal(ReadOnlySpan<char> text)
        {
            var needsLetter = true;
            foreach (var c in text)
            {
                var isSeparator = c is '.' or '-' or '_';
                if ((isSeparator && needsLetter) || (!isSeparator && !char.IsAsciiLetterOrDigit(c)))
                {
                    return false;
                }

                needsLetter = isSeparator;
            }

            return !needsLetter;
        }
    }
}
