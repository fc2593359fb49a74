using System.Runtime.InteropServices;
using Pellicle.Inspection;

namespace Pellicle.Guard.Sinks;

/// <summary>
/// Which texts of an event a statement may have something of, without a look at each of them: a function that writes a batch to a database sends thousands of statements, and each would be compared with the whole batch.
/// What it names is a superset; <see cref="SqlSink"/> judges. Safe for several threads. Takes about 12 bytes for each text.
/// </summary>
internal sealed class StatementIndex
{
    /// <summary>Different pieces that are remembered; others are looked for each time.</summary>
    private const int MaxPieces = 1024;

    /// <summary>Hashes of three characters that a text begins with.</summary>
    private const int Starts = 4096;

    private const ulong Base = 0x9E37_79B9_7F4A_7C15;

    private readonly IReadOnlyList<EventText> _texts;
    private readonly int[] _parting, _slots;
    private readonly uint[] _hashes;
    private readonly int[] _lengths;

    /// <summary>For each beginning the lengths of texts that have it, modulo 64.</summary>
    private readonly ulong[] _lengthsOf = new ulong[Starts];

    private readonly Dictionary<string, int[]> _pieces = new(StringComparer.Ordinal);

    /// <param name="texts">Of one event; they are not copied.</param>
    internal StatementIndex(IReadOnlyList<EventText> texts)
    {
        _texts = texts;
        var parting = new List<int>();
        for (var i = 0; i < texts.Count; i++)
        {
            if (SqlSink.MayPart(texts[i].Text))
                parting.Add(i);
        }
        _parting = [.. parting];
        _slots = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, _parting.Length * 2))];
        _hashes = new uint[_parting.Length];
        var lengths = new bool[SqlSink.MaxWhole + 1];
        for (var i = 0; i < _parting.Length; i++)
        {
            var value = ValueOf(i);
            if (value.Length is < SqlSink.MinRun or > SqlSink.MaxWhole)
                continue;
            var hash = 0UL;
            foreach (var c in value)
                hash = (hash * Base) + Folded(c);
            _hashes[i] = Short(hash);
            var slot = Slot(_hashes[i]);
            for (; _slots[slot] != 0; slot = (slot + 1) & (_slots.Length - 1))
            {
                var other = _slots[slot] - 1;
                if (_hashes[other] == _hashes[i] && ValueOf(other).Equals(value, StringComparison.OrdinalIgnoreCase))
                    break;
            }
            // Of equal ones the first is judged.
            if (_slots[slot] != 0)
                continue;
            _slots[slot] = i + 1;
            lengths[value.Length] = true;
            _lengthsOf[Start(value)] |= 1UL << (value.Length & 63);
        }
        _lengths = [.. Enumerable.Range(0, lengths.Length).Where(i => lengths[i])];
    }

    /// <summary>Places of texts in the event, in its order.</summary>
    internal SortedSet<int> Of(string statement, IEnumerable<(int From, int To)> pieces)
    {
        var found = new SortedSet<int>();
        Contained(statement, found);
        foreach (var (from, to) in pieces)
        {
            foreach (var place in With(statement, from, to))
                found.Add(place);
        }
        return found;
    }

    /// <summary>Texts that stand in the statement as a whole, in letters of whatever size.</summary>
    private void Contained(string statement, SortedSet<int> found)
    {
        if (_lengths.Length == 0 || statement.Length < SqlSink.MinRun)
            return;
        var before = new ulong[statement.Length + 1];
        var powers = new ulong[Math.Min(_lengths[^1], statement.Length) + 1];
        powers[0] = 1;
        for (var i = 1; i < powers.Length; i++)
            powers[i] = powers[i - 1] * Base;
        for (var i = 0; i < statement.Length; i++)
            before[i + 1] = (before[i] * Base) + Folded(statement[i]);
        for (var at = 0; at + SqlSink.MinRun <= statement.Length; at++)
        {
            var mask = _lengthsOf[Start(statement.AsSpan(at))];
            if (mask == 0)
                continue;
            foreach (var length in _lengths)
            {
                if (at + length > statement.Length)
                    break;
                if ((mask >> (length & 63) & 1) == 0)
                    continue;
                var hash = Short(before[at + length] - (before[at] * powers[length]));
                for (var slot = Slot(hash); _slots[slot] != 0; slot = (slot + 1) & (_slots.Length - 1))
                {
                    var i = _slots[slot] - 1;
                    if (_hashes[i] == hash && statement.AsSpan(at, length).Equals(ValueOf(i), StringComparison.OrdinalIgnoreCase))
                        found.Add(_parting[i]);
                }
            }
            Effort.Spend(_lengths.Length);
        }
    }

    /// <summary>Texts that a piece of the statement stands in, letter by letter.</summary>
    private int[] With(string statement, int from, int to)
    {
        var piece = statement.AsSpan(from, to - from);
        lock (_pieces)
        {
            if (_pieces.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(piece, out var known))
                return known;
        }
        var found = new List<int>();
        foreach (var place in _parting)
        {
            var text = _texts[place].Text;
            Effort.Spend(text.Length);
            if (text.AsSpan().IndexOf(piece) >= 0)
                found.Add(place);
        }
        int[] places = [.. found];
        lock (_pieces)
        {
            if (_pieces.Count < MaxPieces && piece.Length <= SqlSink.MaxWhole)
                _pieces[piece.ToString()] = places;
        }
        return places;
    }

    private ReadOnlySpan<char> ValueOf(int i) => _texts[_parting[i]].Text.AsSpan().Trim();

    private int Slot(uint hash) => (int)(hash & (uint)(_slots.Length - 1));

    private static uint Short(ulong hash) => (uint)((hash * 0xD6E8_FEB8_6659_FD93) >> 32);

    /// <summary>What is equal in letters of any size is equal here; characters beyond ASCII are all alike.</summary>
    private static uint Folded(char c) => char.IsAsciiLetterLower(c) ? c - 31u : c < 128 ? c + 1u : 129;

    private static int Start(ReadOnlySpan<char> value) => (int)((((Folded(value[0]) * 0x9E37_79B1) + Folded(value[1])) * 0x85EB_CA77 + Folded(value[2])) * 0xC2B2_AE3D >> 20);
}
