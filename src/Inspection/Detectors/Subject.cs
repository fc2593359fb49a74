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

/// <summary>One text under inspection, with what a single pass over it told.</summary>
internal readonly ref struct Subject
{
    private readonly ReadOnlySpan<int> _places;
    private readonly ReadOnlySpan<int> _lengths;
    private readonly uint _hits;

    /// <summary>Scratch space of <see cref="LiteralTable.MaxSets"/> each is the caller's.</summary>
    public Subject(string text, LiteralTable table, Span<int> places, Span<int> lengths)
    {
        Text = text;
        Signs = table.Read(text, places, lengths, out _hits);
        _places = places;
        _lengths = lengths;
    }

    public string Text { get; }

    public Signs Signs { get; }

    public bool Any(Signs signs) => (Signs & signs) != 0;

    public bool All(Signs signs) => (Signs & signs) == signs;

    /// <summary>True when one of the literals stands somewhere.</summary>
    public bool Has(Literals set) => (_hits & set.Bit) != 0;

    /// <summary>The first place of one of the literals.</summary>
    public Match Find(Literals set, double confidence)
    {
        if (!Has(set))
        {
            return Match.None;
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

    private static readonly uint[] s_signs = BuildSigns();
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
