using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Pellicle.Inspection.Detectors;

/// <summary>Literals by four of their characters in a row, ASCII case apart: says quickly whether one stands around a place of a text.</summary>
internal sealed class GramFilter
{
    /// <summary>Characters of a literal that are looked up.</summary>
    public const int Length = 4;

    // One bit for each hash of four characters that tell of a literal.
    private readonly ulong[] _filter = new ulong[512];

    /// <summary>Four characters that tell of literals, each with its sixth bit set, a bit for each class of what may stand before and behind them, and the literals with the place of the four.</summary>
    public IEnumerable<(uint Characters, ulong Before, ulong Behind, (byte[] Value, int Offset)[] Literals)> Grams => _grams.Where(gram => gram.Places is not null).Select(gram => (gram.Characters, gram.Before, gram.Behind, gram.Places!));

    // By open addressing: the characters, what may stand before and behind them (a bit for each of 64 classes), and where that is.
    private readonly Gram[] _grams;

    private struct Gram
    {
        public uint Characters;
        public ulong Before;
        public ulong Behind;
        public (byte[] Value, int Offset)[]? Places;
    }

    /// <param name="literals">ASCII; the offset is that of the four characters.</param>
    public GramFilter(IReadOnlyList<(string Value, int Offset)> literals)
    {
        _grams = new Gram[(int)BitOperations.RoundUpToPowerOf2((uint)(literals.Count * 2) + 1)];
        foreach (var (value, offset) in literals)
        {
            if (offset < 0 || value.Length - offset < Length || !Ascii.IsValid(value))
            {
                throw new ArgumentException($"literal `{value}` is too short or not ASCII", nameof(literals));
            }

            var characters = Fold(value[offset] | (uint)value[offset + 1] << 8 | (uint)value[offset + 2] << 16 | (uint)value[offset + 3] << 24);
            var slot = Slot(characters);
            _filter[slot >> 6] |= 1UL << (int)(slot & 63);
            ref var gram = ref _grams[Find(characters)];
            gram.Characters = characters;
            gram.Places = [.. gram.Places ?? [], (Encoding.ASCII.GetBytes(value), offset)];
            gram.Before |= offset == 0 ? ulong.MaxValue : Class((byte)value[offset - 1]);
            gram.Behind |= offset + Length >= value.Length ? ulong.MaxValue : Class((byte)value[offset + Length]);
        }
    }

    /// <summary>Four characters that ordinary texts have least of, among those that begin at these offsets.</summary>
    public static int Rarest(string value, IEnumerable<int> offsets) => offsets.MinBy(at => Weight(value, at));

    /// <summary>How often ordinary texts have the four characters that begin there.</summary>
    public static long Weight(string value, int at) => (long)Weight(value[at]) * Weight(value[at + 1]) * Weight(value[at + 2]) * Weight(value[at + 3]);

    /// <summary>How often ordinary texts have a character, case apart, in thousandths: letters as in English.</summary>
    public static int Weight(char c) => char.IsAsciiLetter(c) ? "\u0052\u000f\u001c\u002b\u007f\u0016\u0014\u003d\u0046\u0002\u0008\u0028\u0018\u0043\u004b\u0013\u0001\u003c\u003f\u005a\u001c\u000a\u0018\u0002\u0014\u0001"[(c | 0x20) - 'a'] : c == ' ' ? 180 : 5;

    /// <summary>One of the literals has its four characters at this place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsNear(ReadOnlySpan<byte> text, int at)
    {
        if (at < 0 || text.Length - at < Length)
        {
            return false;
        }

        ref var start = ref Unsafe.Add(ref MemoryMarshal.GetReference(text), at);
        var gram = Fold(Unsafe.ReadUnaligned<uint>(ref start));
        var slot = Slot(gram);
        return (Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_filter), (nint)(slot >> 6)) >> (int)(slot & 63) & 1) != 0 && Stands(text, at, gram);
    }

    private bool Stands(ReadOnlySpan<byte> text, int at, uint gram)
    {
        ref var known = ref _grams[Find(gram)];
        if (known.Places is not { } places || (at > 0 && (known.Before & Class(text[at - 1])) == 0) || (at + Length < text.Length && (known.Behind & Class(text[at + Length])) == 0))
        {
            return false;
        }

        foreach (var (value, offset) in places)
        {
            var from = at - offset;
            if (from >= 0 && text.Length - from >= value.Length && Ascii.EqualsIgnoreCase(text.Slice(from, value.Length), value))
            {
                return true;
            }
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Fold(uint gram) => gram | 0x20202020;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Slot(uint gram) => (gram * 0x9E3779B1u) >> 17;

    /// <summary>Case apart, which is the sixth bit.</summary>
    private static ulong Class(byte character) => 1UL << (character & 0x1f | (character & 0x40) >> 1);

    private int Find(uint gram)
    {
        var slot = (int)(gram * 0x85EBCA6Bu >> 16) & (_grams.Length - 1);
        while (_grams[slot].Places is not null && _grams[slot].Characters != gram)
        {
            slot = (slot + 1) & (_grams.Length - 1);
        }

        return slot;
    }
}
