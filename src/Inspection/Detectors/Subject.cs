using System.Buffers;
using System.Numerics;

namespace Pellicle.Inspection.Detectors;

/// <summary>Characters and pairs that a text has and that some attack cannot do without.</summary>
[Flags]
internal enum Signs : uint
{
    None = 0,

    /// <summary>' " `</summary>
    Quote = 1,

    /// <summary>&lt;</summary>
    Less = 1 << 1,

    /// <summary>; | &amp; ` or a line break: what a shell ends a command with.</summary>
    Separator = 1 << 2,
    Dollar = 1 << 3,
    Brace = 1 << 4,
    Percent = 1 << 5,
    Slash = 1 << 6,
    Backslash = 1 << 7,
    Parenthesis = 1 << 8,

    /// <summary>= &lt; &gt; !</summary>
    Compare = 1 << 9,
    Hash = 1 << 10,
    Star = 1 << 11,
    At = 1 << 12,
    Colon = 1 << 13,
    Semicolon = 1 << 14,
    Line = 1 << 15,

    /// <summary>Two dots in a row.</summary>
    Dots = 1 << 16,
    Slashes = 1 << 17,
    Dashes = 1 << 18,

    /// <summary>Beyond ASCII.</summary>
    Foreign = 1 << 19,
    Bar = 1 << 20,
    Ampersand = 1 << 21,
    Plus = 1 << 22,
    Minus = 1 << 23,
    Control = 1 << 24,
}

/// <summary>One text under inspection, with what a single pass over it told, or with what is known of its literals: then the rest is looked for when a detector asks.</summary>
internal readonly ref struct Subject
{
    private readonly ReadOnlySpan<int> _places;
    private readonly ReadOnlySpan<int> _lengths;
    private readonly uint _hits;
    private readonly Signs _signs;
    private readonly bool _asks;

    /// <summary>Scratch space of <see cref="LiteralTable.MaxSets"/> each is the caller's.</summary>
    public Subject(ReadOnlySpan<char> text, LiteralTable table, Span<int> places, Span<int> lengths)
    {
        Text = text;
        _signs = table.Read(text, places, lengths, out _hits);
        _places = places;
        _lengths = lengths;
    }

    /// <summary>Of what is known already of sets that mean something by themselves.</summary>
    /// <param name="text">Text.</param>
    /// <param name="hits">Bits of those that have a literal in it.</param>
    /// <param name="places">Where the first one of each stands.</param>
    /// <param name="lengths">How long it is.</param>
    /// <param name="commands">Places of separators behind which a command may stand, in order.</param>
    /// <param name="knowsCommands">Those are all.</param>
    public Subject(ReadOnlySpan<char> text, uint hits, ReadOnlySpan<int> places, ReadOnlySpan<int> lengths, ReadOnlySpan<int> commands, bool knowsCommands)
    {
        Commands = commands;
        KnowsCommands = knowsCommands;
        Text = text;
        _asks = true;
        _hits = hits;
        _places = places;
        _lengths = lengths;
    }

    public ReadOnlySpan<char> Text { get; }

    /// <summary>Separators and openings behind which a command may stand, in order, when that is known.</summary>
    public ReadOnlySpan<int> Commands { get; init; }

    public bool KnowsCommands { get; init; }

    /// <summary>What is found of parameters and is no stronger is not kept.</summary>
    public double Least { get; init; }

    /// <summary>
    /// A query may be joined to another, a statement begin behind a semicolon or parenthesis, a delay be called, or a clause follow a value. When not, a query is changed by what stands
    /// right behind a quote or is the condition of a short text.
    /// </summary>
    public bool HasStatements { get; init; } = true;

    /// <summary>One pass told of all literals; if not, looking for those of a set that means nothing by itself takes one.</summary>
    public bool IsRead => !_asks;

    public bool Any(Signs signs) => _asks ? CharacterTable.HasAny(Text, signs) : (_signs & signs) != 0;

    public bool All(Signs signs)
    {
        for (var rest = (uint)signs; rest != 0; rest &= rest - 1)
        {
            if (!Any((Signs)(rest & -rest)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>True when one of the literals stands somewhere.</summary>
    public bool Has(Literals set) => (_hits & set.Bit) != 0 || (_asks && !set.TellAlone && set.First(Text).Place >= 0);

    /// <summary>The first place of one of the literals.</summary>
    public Match Find(Literals set, double confidence)
    {
        if (!Has(set))
        {
            return Match.None;
        }

        if (_asks && !set.TellAlone)
        {
            var (place, length) = set.First(Text);
            return new Match(confidence, place, length);
        }

        var index = BitOperations.TrailingZeroCount(set.Bit);
        return new Match(confidence, _places[index], _lengths[index]);
    }
}

/// <summary>What each ASCII character tells, and its lower case.</summary>
internal static class CharacterTable
{
    public static ReadOnlySpan<uint> Signs => s_signs;

    public static ReadOnlySpan<byte> Folded => s_folded;

    /// <summary>One of the signs stands somewhere; looked for one after the other, the more common ones first found soon.</summary>
    public static bool HasAny(ReadOnlySpan<char> text, Signs signs)
    {
        for (var rest = (uint)signs; rest != 0; rest &= rest - 1)
        {
            var sign = (Signs)(rest & -rest);
            if (sign switch
            {
                Detectors.Signs.Dots => text.IndexOf("..") >= 0,
                Detectors.Signs.Slashes => text.IndexOf("//") >= 0,
                Detectors.Signs.Dashes => text.IndexOf("--") >= 0,
                Detectors.Signs.Foreign => !System.Text.Ascii.IsValid(text),
                _ => text.ContainsAny(s_characters[BitOperations.TrailingZeroCount(rest)]),
            })
            {
                return true;
            }
        }

        return false;
    }

    private static readonly uint[] s_signs = BuildSigns();
    private static readonly SearchValues<char>[] s_characters = [.. Enumerable.Range(0, 32).Select(bit => SearchValues.Create([.. Enumerable.Range(0, 128).Where(c => (s_signs[c] >> bit & 1) != 0).Select(c => (char)c)]))];
    private static readonly byte[] s_folded = BuildFolded();

    private static uint[] BuildSigns()
    {
        var table = new uint[128];
        for (var c = '\0'; c < 128; c++)
        {
            table[c] = (uint)(c switch
            {
                '\'' or '"' => Detectors.Signs.Quote,
                '`' => Detectors.Signs.Quote | Detectors.Signs.Separator,
                '<' => Detectors.Signs.Less | Detectors.Signs.Compare,
                '=' or '>' or '!' => Detectors.Signs.Compare,
                ';' => Detectors.Signs.Separator | Detectors.Signs.Semicolon,
                '|' => Detectors.Signs.Separator | Detectors.Signs.Bar,
                '&' => Detectors.Signs.Separator | Detectors.Signs.Ampersand,
                '\n' or '\r' => Detectors.Signs.Separator | Detectors.Signs.Line,
                '$' => Detectors.Signs.Dollar,
                '{' => Detectors.Signs.Brace,
                '%' => Detectors.Signs.Percent,
                '/' => Detectors.Signs.Slash,
                '\\' => Detectors.Signs.Backslash,
                '(' or ')' => Detectors.Signs.Parenthesis,
                '#' => Detectors.Signs.Hash,
                '*' => Detectors.Signs.Star,
                '@' => Detectors.Signs.At,
                ':' => Detectors.Signs.Colon,
                '+' => Detectors.Signs.Plus,
                '-' => Detectors.Signs.Minus,
                < ' ' and not '\t' => Detectors.Signs.Control,
                _ => Detectors.Signs.None,
            });
        }

        return table;
    }

    private static byte[] BuildFolded()
    {
        var table = new byte[128];
        for (var c = 0; c < 128; c++)
        {
            table[c] = (byte)char.ToLowerInvariant((char)c);
        }

        return table;
    }
}
