using System.Buffers.Binary;
using System.Numerics;

namespace Pellicle.Inspection.Detectors;

/// <summary>A set of short ASCII words, case apart, that is asked for bytes and mostly says no.</summary>
internal sealed class WordSet
{
    private const int MaxLength = 16;

    // For each length, a bit for the class of each first and of each last character.
    private readonly ulong[] _starts = new ulong[MaxLength + 1];
    private readonly ulong[] _ends = new ulong[MaxLength + 1];

    // Open addressing; no word is zero.
    private readonly UInt128[] _words;

    public WordSet(IReadOnlyCollection<string> words)
    {
        _words = new UInt128[BitOperations.RoundUpToPowerOf2((uint)words.Count * 2)];
        Span<byte> bytes = stackalloc byte[MaxLength];
        foreach (var word in words)
        {
            if (word.Length is 0 or > MaxLength || !System.Text.Ascii.IsValid(word))
            {
                throw new ArgumentException($"word `{word}` is too long or not ASCII", nameof(words));
            }

            System.Text.Ascii.FromUtf16(word, bytes, out var length);
            var folded = Fold(bytes[..length]);
            _starts[length] |= Class(bytes[0]);
            _ends[length] |= Class(bytes[length - 1]);
            _words[Find(folded)] = folded;
        }
    }

    public bool Contains(ReadOnlySpan<byte> word)
    {
        if (word.Length is 0 or > MaxLength || (_starts[word.Length] & Class(word[0])) == 0 || (_ends[word.Length] & Class(word[^1])) == 0)
        {
            return false;
        }

        return _words[Find(Fold(word))] != UInt128.Zero;
    }

    private static ulong Class(byte character) => 1UL << (character & 0x1f | (character & 0x40) >> 1);

    private static UInt128 Fold(ReadOnlySpan<byte> word)
    {
        Span<byte> folded = stackalloc byte[MaxLength];
        for (var i = 0; i < word.Length; i++)
        {
            folded[i] = word[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(word[i] | 0x20) : word[i];
        }

        return BinaryPrimitives.ReadUInt128LittleEndian(folded);
    }

    private int Find(UInt128 word)
    {
        var slot = (int)((((ulong)word ^ (ulong)(word >> 64)) * 0x9E3779B97F4A7C15UL) >> 32) & (_words.Length - 1);
        while (_words[slot] != UInt128.Zero && _words[slot] != word)
        {
            slot = (slot + 1) & (_words.Length - 1);
        }

        return slot;
    }
}
