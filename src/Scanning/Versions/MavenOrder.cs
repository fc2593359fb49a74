namespace Pellicle.Scanning.Versions;

/// <summary>
/// Maven: the order of <c>org.apache.maven.artifact.versioning.ComparableVersion</c> of Maven 3.8, which the public tables were made
/// with. A version is a tree: <c>.</c> goes on in a list, <c>-</c> and a change between digits and letters open a list inside it.
/// Of what Maven 3.9 changed, the part that these tables do not contradict is followed: beside <c>-X</c> a last <c>.X</c> behind zeros is <c>-X</c> too
/// (2.0.RC = 2-RC, 1.0.0.RC1 &lt; 1.0.0-RC2), and <c>.Final-y</c> keeps its word. Other versions with a word and a number (<c>RC8-beta</c> beside <c>RC-8</c>) are in the order of 3.8.
/// </summary>
internal sealed class MavenOrder : IVersionOrder
{
    public static MavenOrder Instance { get; } = new();

    /// <summary>Deeper nesting (one level a dash) is no version anybody published; it would only cost stack.</summary>
    public const int MaxLength = 512;

    public bool IsValid(ReadOnlySpan<char> version)
    {
        version = version.Trim();
        // `${…}` is a property that nobody resolved, not a version.
        return !version.IsEmpty && version.Length <= MaxLength && version.IndexOfAny('{', '}') < 0 && version.IndexOfAnyInRange('\0', ' ') < 0;
    }

    public VersionComparison Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (!IsValid(a) || !IsValid(b))
        {
            return VersionComparison.Invalid;
        }

        a = a.Trim();
        b = b.Trim();
        if (IsPlain(a) && IsPlain(b))
        {
            return VersionOrder.FromInt(SemVerOrder.CompareCore(a, b));
        }

        var (joinA, joinB) = (Join(a), Join(b));
        return VersionOrder.FromInt(Item.Compare(
            Parse(joinA > 0 && (IsDashed(b) || (joinB > 0 && joinA != joinB)) ? Dashed(a, joinA) : a.ToString()),
            Parse(joinB > 0 && (IsDashed(a) || (joinA > 0 && joinA != joinB)) ? Dashed(b, joinB) : b.ToString())));
    }

    /// <summary>Where a last <c>.X</c> or <c>.X1</c> begins behind numbers of which the last is zero; -1 for any other version.</summary>
    private static int Join(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExcept("0123456789.");
        return end > 2 && text[end - 1] == '.' && text[end - 2] == '0' && Digits.IsZero(text[(text[..(end - 1)].LastIndexOf('.') + 1)..(end - 1)]) && IsLastWord(text[end..]) ? end - 1 : -1;
    }

    private static bool IsDashed(ReadOnlySpan<char> text) => text.IndexOfAnyExcept("0123456789.") is var end and > 0 && text[end] == '-' && end + 1 < text.Length && !char.IsAsciiDigit(text[end + 1]);

    private static string Dashed(ReadOnlySpan<char> text, int join) => $"{text[..join]}-{text[(join + 1)..]}";

    /// <summary>Only dotted numbers: the common case needs no tree.</summary>
    private static bool IsPlain(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c) && c != '.')
            {
                return false;
            }
        }

        return true;
    }

    private static Item Parse(string text)
    {
        var version = text.ToLowerInvariant();
        var root = Item.List();
        var list = root;
        var stack = new List<Item> { root };
        var isDigit = false;
        var start = 0;

        void Nest()
        {
            var inner = Item.List();
            list.Items!.Add(inner);
            stack.Add(inner);
            list = inner;
        }

        for (var i = 0; i < version.Length; i++)
        {
            var c = version[i];
            if (c is '.' or '-')
            {
                list.Items!.Add(i == start ? Item.Zero : Item.Of(isDigit, version.AsSpan(start, i - start)));
                start = i + 1;
                if (c == '-')
                {
                    Nest();
                }
            }
            else if (char.IsAsciiDigit(c))
            {
                if (!isDigit && i > start)
                {
                    list.Items!.Add(Item.Before(version[start..i]));
                    start = i;
                    Nest();
                }

                isDigit = true;
            }
            else
            {
                if (isDigit && i > start)
                {
                    list.Items!.Add(Item.Of(true, version.AsSpan(start, i - start)));
                    start = i;
                    Nest();
                }

                isDigit = false;
            }
        }
        if (version.Length > start)
        {
            list.Items!.Add(Item.Of(isDigit, version.AsSpan(start)));
        }

        for (var i = stack.Count - 1; i >= 0; i--)
        {
            stack[i].Normalize();
        }

        return root;
    }

    /// <summary>Letters, then digits or nothing, to the end.</summary>
    private static bool IsLastWord(ReadOnlySpan<char> rest)
    {
        var digits = rest.IndexOfAnyInRange('0', '9');
        var word = digits < 0 ? rest : rest[..digits];
        return !word.IsEmpty && !word.ContainsAny('.', '-') && (digits < 0 || !rest[digits..].ContainsAnyExceptInRange('0', '9'));
    }

    private enum Kind
    {
        Number,
        Word,
        List,
    }

    private sealed class Item
    {
        private static readonly string[] Qualifiers = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
        private const int Release = 5;

        public required Kind Kind { get; init; }

        /// <summary>Digits without leading zeros (empty is 0), or the word.</summary>
        public string Text { get; init; } = "";

        public List<Item>? Items { get; init; }

        public static Item Zero { get; } = new() { Kind = Kind.Number };

        public static Item List() => new() { Kind = Kind.List, Items = [] };

        public static Item Of(bool isDigit, ReadOnlySpan<char> text) => isDigit
            ? new Item { Kind = Kind.Number, Text = text.TrimStart('0').ToString() }
            : new Item { Kind = Kind.Word, Text = Word(text.ToString(), false) };

        public static Item Before(string text) => new() { Kind = Kind.Word, Text = Word(text, true) };

        public bool IsNull => Kind switch
        {
            Kind.List => Items!.Count == 0,
            Kind.Number => Text.Length == 0,
            Kind.Word => Rank(Text) == Release,
        };

        /// <summary>Drops what counts for nothing at the end of a list, looking past inner lists.</summary>
        public void Normalize()
        {
            var items = Items!;
            for (var i = items.Count - 1; i >= 0; i--)
            {
                if (items[i].Kind == Kind.Word && items[i].IsNull && i > 0 && i < items.Count - 1 && items[i - 1].Kind == Kind.Number && items[i - 1].IsNull && items[i + 1].Kind == Kind.List)
                {
                    // 1.0.Final-y: the zeros go, the word stays before the list.
                    continue;
                }

                if (items[i].IsNull)
                {
                    items.RemoveAt(i);
                }
                else if (items[i].Kind != Kind.List)
                {
                    break;
                }
            }
        }

        public static int Compare(Item? a, Item? b)
        {
            if (a is null)
            {
                return b is null ? 0 : -Compare(b, null);
            }

            if (b is null)
            {
                return a.Kind switch
                {
                    Kind.Number => a.Text.Length == 0 ? 0 : 1,
                    Kind.Word => CompareWords(a.Text, ""),
                    Kind.List => a.Items!.Select(item => Compare(item, null)).FirstOrDefault(order => order != 0),
                };
            }

            if (a.Kind == b.Kind)
            {
                return a.Kind switch
                {
                    Kind.Number => Digits.Compare(a.Text, b.Text),
                    Kind.Word => CompareWords(a.Text, b.Text),
                    Kind.List => CompareLists(a.Items!, b.Items!),
                };
            }

            // Across kinds: words below lists, lists below numbers.
            return a.Kind == Kind.Number || b.Kind == Kind.Word ? 1 : -1;
        }

        private static int CompareLists(List<Item> a, List<Item> b)
        {
            for (var i = 0; i < a.Count || i < b.Count; i++)
            {
                var order = Compare(i < a.Count ? a[i] : null, i < b.Count ? b[i] : null);
                if (order != 0)
                {
                    return order;
                }
            }

            return 0;
        }

        private static int CompareWords(string a, string b)
        {
            var order = Rank(a).CompareTo(Rank(b));
            return order != 0 || Rank(a) < Qualifiers.Length ? order : string.CompareOrdinal(a, b);
        }

        private static int Rank(string word)
        {
            if (word is "ga" or "final" or "release")
            {
                return Release;
            }

            var rank = Array.IndexOf(Qualifiers, word);
            return rank < 0 ? Qualifiers.Length : rank;
        }

        private static string Word(string text, bool beforeDigit) => text switch
        {
            "a" when beforeDigit => "alpha",
            "b" when beforeDigit => "beta",
            "m" when beforeDigit => "milestone",
            "cr" => "rc",
            _ => text,
        };
    }
}
