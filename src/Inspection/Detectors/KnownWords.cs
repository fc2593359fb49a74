namespace Pellicle.Inspection.Detectors;

/// <summary>Short ASCII words, case apart, each with a number; mostly asked for words that are none of them.</summary>
internal sealed class KnownWords
{
    private const int Longest = 16;

    // A bit for each length, by the lower five bits of the first two characters.
    private readonly uint[] _lengths = new uint[1024];

    // Open addressing; no word is zero.
    private readonly (UInt128 Word, int Number)[] _words;

    public KnownWords(IReadOnlyCollection<KeyValuePair<string, int>> words)
    {
        _words = new (UInt128, int)[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)words.Count * 2)];
        foreach (var (word, number) in words)
        {
            if (word.Length is 0 or > Longest || !System.Text.Ascii.IsValid(word))
            {
                throw new ArgumentException($"word `{word}` is too long or not ASCII", nameof(words));
            }

            _lengths[Slot(word)] |= 1u << word.Length;
            _ = Fold(word, out var folded);
            _words[Find(folded)] = (folded, number);
        }
    }

    public KnownWords(IReadOnlyCollection<string> words)
        : this([.. words.Select(word => KeyValuePair.Create(word, 0))])
    {
    }

    public bool Contains(ReadOnlySpan<char> word) => TryGet(word, out _);

    public bool TryGet(ReadOnlySpan<char> word, out int number)
    {
        number = 0;
        if (word.Length is 0 or > Longest || (_lengths[Slot(word)] >> word.Length & 1) == 0 || !Fold(word, out var folded))
        {
            return false;
        }

        ref var known = ref _words[Find(folded)];
        number = known.Number;
        return known.Word != UInt128.Zero;
    }

    private static int Slot(ReadOnlySpan<char> word) => (word[0] & 31) << 5 | (word.Length > 1 ? word[1] & 31 : 0);

    /// <summary>False of a word beyond ASCII.</summary>
    private static bool Fold(ReadOnlySpan<char> word, out UInt128 folded)
    {
        // Letters are told apart by their lower five bits; of what words are made of nothing else changes by the sixth.
        var (low, high, all) = (0UL, 0UL, 0);
        for (var i = 0; i < Math.Min(word.Length, 8); i++)
        {
            low |= (ulong)(word[i] | 0x20u) << (8 * i);
            all |= word[i];
        }

        for (var i = 8; i < word.Length; i++)
        {
            high |= (ulong)(word[i] | 0x20u) << (8 * (i - 8));
            all |= word[i];
        }

        folded = new UInt128(high, low);
        return all < 128;
    }

    private int Find(UInt128 word)
    {
        var slot = (int)((((ulong)word ^ (ulong)(word >> 64)) * 0x9E3779B97F4A7C15UL) >> 32) & (_words.Length - 1);
        while (_words[slot].Word != UInt128.Zero && _words[slot].Word != word)
        {
            slot = (slot + 1) & (_words.Length - 1);
        }

        return slot;
    }
}
