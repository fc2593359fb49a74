namespace Pellicle.Inspection.Detectors;

/// <summary>
/// What <see cref="Screen"/> asks of characters, as classes of each of them: for processors that look up a byte in a table of 128 at once. Fragments of literals are told by exact characters in
/// fifteen groups, and marks by their neighbours, too: unlike the halves of <see cref="TextMasks"/> this shows little in vain.
/// </summary>
internal static class Classes
{
    /// <summary>Sets; before, at and behind a mark; four characters of a fragment, in two times eight groups. INVARIANT: as in Native/masks.c.</summary>
    private const int Sets = 0;
    private const int Before = 1;
    private const int Here = 2;
    private const int After = 3;
    private const int First = 4;
    private const int Second = First + Fragments.Length;
    private const int Count = Second + Fragments.Length;

    private const int Ascii = 128;

    /// <summary>Groups of literals; the next one has the conditions.</summary>
    private const int Groups = 15;

    /// <summary>Of all tables, and of a byte for each that holds for characters beyond ASCII.</summary>
    public const int Bytes = (Count * Ascii) + 16;

    private static readonly string All = new([.. Enumerable.Range(0, 256).Select(c => (char)c)]);

    /// <summary>A table of 128 bytes for each kind, then what holds beyond ASCII.</summary>
    /// <param name="literals">Each with the offset of its fragment.</param>
    /// <param name="conditions">What begins the words of a condition.</param>
    public static byte[] Tables(IEnumerable<(string Value, int Offset)> literals, IEnumerable<Fragments.Fragment> conditions)
    {
        var tables = new byte[Bytes];
        void Add(int table, int bit, IEnumerable<char> characters)
        {
            foreach (var c in characters)
            {
                tables[c < Ascii ? (table * Ascii) + c : (Count * Ascii) + table] |= (byte)(1 << bit);
            }
        }

        Add(Sets, 0, TextMasks.OfNever);
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
        Mark("'\";&|\n\r");
        Mark("%", after: All.Where(c => c != ' '));
        Mark("*", after: "/)(|");
        Mark("*", before: "/=");
        Mark("=", before: All.Where(c => char.IsAsciiLetter(c) || c is <= ' ' or >= (char)Ascii));
        Mark(":", before: "O");
        Mark("(", before: "tT");
        Mark("/", after: "/");

        // How often each place of a group shows something in ordinary texts, about.
        var weights = new long[Groups, Fragments.Length];
        long Weight(int group, int place, char c) => weights[group, place] + ((tables[Table(group, place, c)] >> (group & 7) & 1) == 0 ? GramFilter.Weight(c) : 0);
        long Shown(int group, string value, int offset) => Weight(group, 0, value[offset]) * Weight(group, 1, value[offset + 1]) * Weight(group, 2, value[offset + 2]) * Weight(group, 3, value[offset + 3]);
        foreach (var (value, offset) in literals)
        {
            var group = Enumerable.Range(0, Groups).MinBy(g => Shown(g, value, offset) - (weights[g, 0] * weights[g, 1] * weights[g, 2] * weights[g, 3]));
            for (var place = 0; place < Fragments.Length; place++)
            {
                weights[group, place] = Weight(group, place, value[offset + place]);
                AddFolded((group < 8 ? First : Second) + place, group & 7, $"{value[offset + place]}");
            }
        }

        foreach (var condition in conditions)
        {
            for (var place = 0; place < Fragments.Length; place++)
            {
                AddFolded(Second + place, 7, condition[place]);
            }
        }

        return tables;

        static int Table(int group, int place, char c) => (((group < 8 ? First : Second) + place) * Ascii) + c;

        void AddFolded(int table, int bit, string characters) => Add(table, bit, characters.Concat(characters.Where(char.IsAsciiLetter).Select(c => (char)(c ^ 0x20))));
    }
}
