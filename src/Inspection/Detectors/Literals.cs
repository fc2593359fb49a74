using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pellicle.Inspection.Detectors;

/// <summary>Fixed texts that one detector looks for, ASCII case apart. All sets of all detectors are searched in one pass, see <see cref="LiteralTable"/>.</summary>
internal sealed class Literals(params string[] values)
{
    /// <summary>Bit of this set among all sets; given by the table.</summary>
    internal uint Bit { get; set; }

    internal IReadOnlyList<string> Values => values;

    private SearchValues<string>? _search;

    /// <summary>For a text that was not searched for all sets in one pass.</summary>
    private SearchValues<string> Search => _search ??= SearchValues.Create(values, StringComparison.OrdinalIgnoreCase);

    /// <summary>Where the first one stands, and how long it is; a negative place for none.</summary>
    internal (int Place, int Length) First(ReadOnlySpan<char> text) => text.IndexOfAny(Search) is >= 0 and var place ? (place, LengthAt(text, place)) : (-1, 0);

    /// <summary>Of the one that stands there.</summary>
    internal int LengthAt(ReadOnlySpan<char> text, int place)
    {
        foreach (var value in values)
        {
            if ((value[0] | 0x20) == (text[place] | 0x20) && text[place..].StartsWith(value, StringComparison.OrdinalIgnoreCase))
            {
                return value.Length;
            }
        }

        return 0;
    }

    /// <summary>One of them in a text is worth a look, whatever else stands there; see <see cref="Screen"/> for what it looks at beside the others.</summary>
    internal bool TellAlone { get; init; } = true;
}

/// <summary>
/// Every literal of every detector, found by the hash of its first four characters: one pass over a text, however many literals
/// there are. Long texts are folded a vector at a time and then looked at in every second place only.
/// </summary>
internal sealed class LiteralTable
{
    /// <summary>Sets that one pass can tell apart.</summary>
    internal const int MaxSets = 32;

    private const int Grams = 4;

    /// <summary>From here on the second way is quicker.</summary>
    private const int LongText = 96;

    /// <summary>Characters folded at a time; stays in the first-level cache.</summary>
    private const int Block = 2048;

    /// <summary>Characters that tell something by themselves or as a twin.</summary>
    private static readonly SearchValues<char> Telling = SearchValues.Create([.. Enumerable.Range(0, 128).Select(c => (char)c).Where(c => CharacterTable.Signs[c] != 0 || Twin(c) != 0)]);

    // One bit for each hash of four characters that some literal starts with; four in a thousand other hashes share one.
    private readonly ulong[] _filter = new ulong[1024];

    // The same for the three characters at the first or second place of some literal: of two neighbouring places one is even.
    private readonly ulong[] _pairs = new ulong[1024];
    private readonly Dictionary<uint, Entry[]> _entries = [];
    private readonly List<Literals> _sets = [];

    /// <summary>By the place of their bits.</summary>
    internal IReadOnlyList<Literals> Sets => _sets;

    private readonly record struct Entry(string Folded, uint Bit);

    public LiteralTable(IEnumerable<Literals> sets)
    {
        var found = new Dictionary<uint, List<Entry>>();
        var index = 0;
        foreach (var set in sets)
        {
            if (index == MaxSets)
            {
                throw new ArgumentException("more sets of literals than bits", nameof(sets));
            }

            set.Bit = 1u << index++;
            _sets.Add(set);
            foreach (var value in set.Values)
            {
                if (value.Length < Grams || !System.Text.Ascii.IsValid(value))
                {
                    throw new ArgumentException($"literal `{value}` is too short or not ASCII", nameof(sets));
                }

                var folded = value.ToLowerInvariant();
                var gram = 0u;
                for (var i = 0; i < Grams; i++)
                {
                    gram = (gram << 8) | folded[i];
                }

                if (!found.TryGetValue(gram, out var list))
                {
                    found[gram] = list = [];
                }

                list.Add(new Entry(folded, set.Bit));
                var slot = Slot(gram);
                _filter[slot >> 6] |= 1UL << (int)(slot & 63);
                for (var i = 0; i < 2; i++)
                {
                    slot = Slot(folded[i] | (uint)folded[i + 1] << 8 | (uint)folded[i + 2] << 16);
                    _pairs[slot >> 6] |= 1UL << (int)(slot & 63);
                }
            }
        }

        foreach (var (gram, list) in found)
        {
            _entries[gram] = [.. list];
        }
    }

    /// <summary>Reads a text once: which telling characters it has, and where each set is found first.</summary>
    /// <param name="text">Text.</param>
    /// <param name="places">Receives, for each found set, the place of its first literal.</param>
    /// <param name="lengths">Receives that literal's length.</param>
    /// <param name="hits">Bits of the found sets.</param>
    public Signs Read(ReadOnlySpan<char> text, Span<int> places, Span<int> lengths, out uint hits) =>
        text.Length >= LongText ? ReadLong(text, places, lengths, out hits) : ReadShort(text, places, lengths, out hits);

    internal Signs ReadShort(ReadOnlySpan<char> text, Span<int> places, Span<int> lengths, out uint hits)
    {
        var signs = Signs.None;
        var table = CharacterTable.Signs;
        var fold = CharacterTable.Folded;
        var filter = _filter;
        var gram = 0u;
        var before = '\0';
        hits = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c < 128)
            {
                signs |= (Signs)table[c];
                gram = (gram << 8) | fold[c];
                if (c == before)
                {
                    signs |= Twin(c);
                }
            }
            else
            {
                signs |= Signs.Foreign;
                gram = (gram << 8) | 0xff;
            }

            before = c;
            var slot = Slot(gram);
            if ((filter[slot >> 6] >> (int)(slot & 63) & 1) != 0 && i >= Grams - 1 && _entries.TryGetValue(gram, out var entries))
            {
                Check(text, i - Grams + 1, entries, places, lengths, ref hits);
            }
        }

        return signs;
    }

    internal Signs ReadLong(ReadOnlySpan<char> text, Span<int> places, Span<int> lengths, out uint hits)
    {
        hits = 0;
        Span<byte> folded = stackalloc byte[Block + 64];
        for (var start = 0; start < text.Length; start += Block)
        {
            // Three characters of the next block belong to grams that begin in this one.
            var part = text[start..Math.Min(text.Length, start + Block + Grams)];
            Fold(part, folded);
            Candidates(text, start, folded[..part.Length], places, lengths, ref hits);
        }

        var signs = System.Text.Ascii.IsValid(text) ? Signs.None : Signs.Foreign;
        for (var at = 0; at < text.Length; at++)
        {
            var next = text[at..].IndexOfAny(Telling);
            if (next < 0)
            {
                break;
            }

            at += next;
            var c = text[at];
            signs |= (Signs)CharacterTable.Signs[c];
            if (at + 1 < text.Length && text[at + 1] == c)
            {
                signs |= Twin(c);
            }
        }

        return signs;
    }

    /// <summary>Lower case, a byte a character; what is not ASCII becomes a byte that no literal has.</summary>
    private static void Fold(ReadOnlySpan<char> text, Span<byte> to)
    {
        ref var from = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(text));
        ref var into = ref MemoryMarshal.GetReference(to);
        var i = 0;
        for (; i <= text.Length - 32; i += 32)
        {
            var low = Vector256.Min(Vector256.LoadUnsafe(ref from, (nuint)i), Vector256.Create((ushort)0xff));
            var high = Vector256.Min(Vector256.LoadUnsafe(ref from, (nuint)(i + 16)), Vector256.Create((ushort)0xff));
            var bytes = Vector256.Narrow(low, high);
            var capital = Vector256.LessThan(bytes - Vector256.Create((byte)'A'), Vector256.Create((byte)26));
            (bytes | (capital & Vector256.Create((byte)0x20))).StoreUnsafe(ref into, (nuint)i);
        }

        for (; i < text.Length; i++)
        {
            to[i] = text[i] < 128 ? CharacterTable.Folded[text[i]] : (byte)0xff;
        }
    }

    private void Candidates(ReadOnlySpan<char> text, int start, ReadOnlySpan<byte> folded, Span<int> places, Span<int> lengths, ref uint hits)
    {
        ref var bytes = ref MemoryMarshal.GetReference(folded);
        ref var pairs = ref MemoryMarshal.GetArrayDataReference(_pairs);
        // INVARIANT: three characters at an even place p are the first of a literal that begins at p, or the second to fourth of one that begins at p - 1.
        var i = 0;
        for (; i <= folded.Length - 12; i += 8)
        {
            // Four places at once: nearly always none of them is one.
            var eight = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref bytes, i));
            var behind = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref bytes, i + 6));
            if (((Bit(ref pairs, (uint)eight) | Bit(ref pairs, (uint)(eight >> 16)) | Bit(ref pairs, (uint)(eight >> 32)) | Bit(ref pairs, behind)) & 1) == 0)
            {
                continue;
            }

            for (var at = i; at < i + 8; at += 2)
            {
                Neighbours(text, start, at, folded, places, lengths, ref hits);
            }
        }

        for (; i <= folded.Length - Grams; i += 2)
        {
            Neighbours(text, start, i, folded, places, lengths, ref hits);
        }

        // The last place but three may be odd, and its second place has no three characters after it within four.
        if (folded.Length >= Grams)
        {
            Candidate(text, start + folded.Length - Grams, folded[^Grams..], places, lengths, ref hits);
        }
    }

    /// <summary>Lowest bit set when the lower three of these characters stand at the first or second place of a literal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Bit(ref ulong pairs, uint characters)
    {
        var slot = Slot(characters & 0xffffff);
        return Unsafe.Add(ref pairs, (nint)(slot >> 6)) >> (int)(slot & 63);
    }

    private void Neighbours(ReadOnlySpan<char> text, int start, int at, ReadOnlySpan<byte> folded, Span<int> places, Span<int> lengths, ref uint hits)
    {
        var three = folded[at] | (uint)folded[at + 1] << 8 | (uint)folded[at + 2] << 16;
        if ((Bit(ref MemoryMarshal.GetArrayDataReference(_pairs), three) & 1) == 0)
        {
            return;
        }

        if (at > 0)
        {
            Candidate(text, start + at - 1, folded[(at - 1)..], places, lengths, ref hits);
        }

        Candidate(text, start + at, folded[at..], places, lengths, ref hits);
    }

    private void Candidate(ReadOnlySpan<char> text, int at, ReadOnlySpan<byte> folded, Span<int> places, Span<int> lengths, ref uint hits)
    {
        var gram = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(folded);
        var slot = Slot(gram);
        if ((_filter[slot >> 6] >> (int)(slot & 63) & 1) != 0 && _entries.TryGetValue(gram, out var entries))
        {
            Check(text, at, entries, places, lengths, ref hits);
        }
    }

    private static void Check(ReadOnlySpan<char> text, int at, Entry[] entries, Span<int> places, Span<int> lengths, ref uint hits)
    {
        foreach (var entry in entries)
        {
            if ((hits & entry.Bit) == 0 && text.Length - at >= entry.Folded.Length && text.Slice(at, entry.Folded.Length).Equals(entry.Folded, StringComparison.OrdinalIgnoreCase))
            {
                hits |= entry.Bit;
                var set = BitOperations.TrailingZeroCount(entry.Bit);
                places[set] = at;
                lengths[set] = entry.Folded.Length;
            }
        }
    }

    private static uint Slot(uint gram) => (gram * 0x9E3779B1u) >> 16;

    private static Signs Twin(int c) => c switch
    {
        '.' => Signs.Dots,
        '/' => Signs.Slashes,
        '-' => Signs.Dashes,
        _ => Signs.None,
    };
}
