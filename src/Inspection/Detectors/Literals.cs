using System.Buffers.Binary;
using System.Numerics;

namespace Pellicle.Inspection.Detectors;

/// <summary>Fixed texts that one detector looks for, ASCII case apart. All sets of all detectors are searched in one pass, see <see cref="LiteralTable"/>.</summary>
internal sealed class Literals(params string[] values)
{
    /// <summary>Bit of this set among all sets; given by the table.</summary>
    internal uint Bit { get; set; }

    internal IReadOnlyList<string> Values => values;
}

/// <summary>
/// Every literal of every detector, found by the hash of its first four characters: one pass over a text at about a nanosecond
/// a character, however many literals there are.
/// </summary>
internal sealed class LiteralTable
{
    /// <summary>Sets that one pass can tell apart.</summary>
    internal const int MaxSets = 32;

    private const int Grams = 4;

    // One bit for each hash of four characters that some literal starts with; four in a thousand other hashes share one.
    private readonly ulong[] _filter = new ulong[1024];
    private readonly Dictionary<uint, Entry[]> _entries = [];

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
    public Signs Read(ReadOnlySpan<char> text, Span<int> places, Span<int> lengths, out uint hits)
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

    private static Signs Twin(char c) => c switch
    {
        '.' => Signs.Dots,
        '/' => Signs.Slashes,
        '-' => Signs.Dashes,
        _ => Signs.None,
    };
}
