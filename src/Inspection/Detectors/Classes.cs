namespace Pellicle.Inspection.Detectors;

/// <summary>
/// What <see cref="Screen"/> asks of characters, as classes of each of them, by tables of 64 or 128 bytes: whole ones where the processor looks up a byte in them, pieces of sixteen, and marks alone, where it has AVX2. Fragments of literals are told by exact characters in
/// fifteen groups, and marks by their neighbours, too: unlike the halves of <see cref="TextMasks"/> this shows little in vain.
/// </summary>
internal static class Classes
{
    /// <summary>Sets, and marks, by the character; before and behind a mark, and four characters of a fragment in two times eight groups, and of what statements and objects begin with in eight, by its folded form. INVARIANT: as in Native/masks.c.</summary>
    private const int Sets = 0;
    private const int Here = 1;
    private const int Before = 2;
    private const int After = 3;
    private const int First = 4;
    private const int Second = First + Fragments.Length;
    private const int Start = Second + Fragments.Length;
    private const int Count = Start + Fragments.Length;

    private const int Ascii = 128;

    /// <summary>Of the folded form: letters without their case; blank, digits and most signs as control characters are, which are rare.</summary>
    private const int Folded = 64;

    private const int Beyond = (Before * Ascii) + ((Count - Before) * Folded);

    /// <summary>Groups of literals; the next one has the conditions.</summary>
    private const int Groups = 15;

    /// <summary>Of all tables, and of a byte for each that holds for characters beyond ASCII.</summary>
    public const int Bytes = Beyond + 16;

    private static readonly string All = new([.. Enumerable.Range(0, 256).Select(c => (char)c)]);

    /// <summary>Tables of 128 and of 64 bytes, then what holds beyond ASCII.</summary>
    /// <param name="literals">Each with the offset of its fragment.</param>
    /// <param name="conditions">What begins the words of a condition.</param>
    /// <param name="starts">What a text begins with that is a statement or a serialised object.</param>
    public static byte[] Tables(IEnumerable<(string Value, int Offset)> literals, IEnumerable<Fragments.Fragment> conditions, IEnumerable<Fragments.Fragment> starts)
    {
        var tables = new byte[Bytes];
        void Add(int table, int bit, IEnumerable<char> characters)
        {
            foreach (var c in characters)
            {
                tables[c < Ascii ? Place(table, c) : Beyond + table] |= (byte)(1 << bit);
            }
        }

        Add(Sets, 0, TextMasks.OfControls);
        Add(Sets, 1, TextMasks.OfValues);
        Add(Sets, 2, TextMasks.OfRuns);
        Add(Sets, 3, TextMasks.OfBlanks);

        var mark = 0;
        void Mark(IEnumerable<char> here, IEnumerable<char>? before = null, IEnumerable<char>? after = null)
        {
            Add(Before, mark, before ?? All);
            Add(Here, mark, here);
            Add(After, mark++, after ?? All);
        }

        // INVARIANT: what is_quiet in Native/clean.c has an eye for.
        Mark("`;&|\n\r\\");
        Mark("%", after: All.Where(c => c != ' '));
        Mark("*/", after: "/)(|");
        Mark("*{", before: "/=#*@");
        Mark("=", before: All.Where(c => char.IsAsciiLetter(c) || c is <= ' ' or >= (char)Ascii));
        Mark(":(", before: "OtTlL");
        Mark("<>${", after: "(%{");
        Mark("'\"", after: All.Where(c => !(char.IsAsciiDigit(c) || c is ',' or '.' or '?' or ':' || (char.IsAsciiLetter(c) && !Array.Exists(SqlInjection.Joins, word => word[0] == (c | 0x20))))));

        // How often each place of a group shows something in ordinary texts, about; signs stand there somewhat oftener than in English.
        var shown = new long[Groups, Fragments.Length];
        long With(int group, int place, char c) => shown[group, place] + ((tables[Place(Fragment(group, place), c)] >> (group & 7) & 1) == 0 ? Math.Max(GramFilter.Weight(c), 8) : 0);
        foreach (var (value, offset) in literals)
        {
            var (chosen, least) = (0, long.MaxValue);
            for (var group = 0; group < Groups; group++)
            {
                var (with, without) = (1L, 1L);
                for (var place = 0; place < Fragments.Length; place++)
                {
                    with *= With(group, place, value[offset + place]);
                    without *= shown[group, place];
                }

                (chosen, least) = with - without < least ? (group, with - without) : (chosen, least);
            }

            for (var place = 0; place < Fragments.Length; place++)
            {
                shown[chosen, place] = With(chosen, place, value[offset + place]);
                Add(Fragment(chosen, place), chosen & 7, $"{value[offset + place]}");
            }
        }

        foreach (var condition in conditions)
        {
            for (var place = 0; place < Fragments.Length; place++)
            {
                Add(Second + place, 7, condition[place]);
            }
        }

        // The last group: behind what stands first here a document, statement or function of a shell may begin.
        const int LastGroup = 7;
        foreach (var start in starts)
        {
            var (chosen, least) = (0, long.MaxValue);
            for (var group = 0; group < LastGroup; group++)
            {
                // Letters that the group would have at each place.
                var (with, without) = (1L, 1L);
                for (var place = 0; place < Fragments.Length; place++)
                {
                    var has = Has(Start + place, group);
                    with *= has + (start[place].Length == 1 && (tables[Place(Start + place, start[place][0])] >> group & 1) != 0 ? 0 : start[place].Length);
                    without *= has;
                }

                (chosen, least) = with - without < least ? (group, with - without) : (chosen, least);
            }

            for (var place = 0; place < Fragments.Length; place++)
            {
                Add(Start + place, chosen, start[place]);
            }
        }

        for (var place = 0; place < Fragments.Length; place++)
        {
            Add(Start + place, LastGroup, place > 0 ? All : new string([' ', '\t', '+', '[', '{', '(', .. All.Where(c => c >= Ascii)]));
        }

        return tables;

        int Has(int table, int group)
        {
            var count = 0;
            foreach (var classes in tables.AsSpan(Place(table, '\0'), Folded))
            {
                count += classes >> group & 1;
            }

            return count;
        }

        static int Place(int table, char c) => table < Before ? (table * Ascii) + c : (Before * Ascii) + ((table - Before) * Folded) + ((c & 0x1f) | (c >> 1 & 0x20));

        static int Fragment(int group, int place) => (group < 8 ? First : Second) + place;
    }
}
