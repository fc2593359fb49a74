using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Pellicle.Inspection.Detectors;

/// <summary>
/// Places at which one of many fragments of four characters may stand, ASCII case apart, for sixteen places at a time: by the halves of each character, in eight groups.
/// Nothing is overlooked; what is shown in vain is sorted out by whoever asked.
/// </summary>
internal sealed class Fragments
{
    /// <summary>Characters of a fragment.</summary>
    public const int Length = 4;

    /// <summary>Of sixteen bytes, in <see cref="Tables"/>: lower and upper halves of each character.</summary>
    public const int Rows = Length * 2;

    private const int Groups = 8;

    // How often the lower and the upper halves of characters stand in ordinary texts, in hundredths.
    private static ReadOnlySpan<byte> UsualLow => [20, 9, 3, 6, 13, 15, 4, 3, 5, 9, 1, 2, 6, 5, 8, 8];

    private static ReadOnlySpan<byte> UsualHigh => [1, 1, 20, 4, 3, 3, 42, 27, 1, 1, 1, 1, 1, 1, 1, 1];

    /// <summary>Characters that may stand at each place of a fragment.</summary>
    public readonly record struct Fragment(string First, string Second, string Third, string Fourth)
    {
        public Fragment(string value, int offset)
            : this($"{value[offset]}", $"{value[offset + 1]}", $"{value[offset + 2]}", $"{value[offset + 3]}")
        {
        }

        public string this[int place] => place switch { 0 => First, 1 => Second, 2 => Third, _ => Fourth };
    }

    // For each place and group, the lower and the upper halves of its characters.
    private readonly (ushort Low, ushort High)[,] _halves = new (ushort, ushort)[Length, Groups];

    /// <param name="fragments">In any group but the last if there are apart ones.</param>
    /// <param name="apart">In the last group, whose bit is the highest.</param>
    public Fragments(IReadOnlyList<Fragment> fragments, params IReadOnlyList<Fragment> apart)
    {
        foreach (var fragment in apart)
        {
            Add(fragment, Groups - 1);
        }

        var groups = Enumerable.Range(0, apart.Count == 0 ? Groups : Groups - 1).ToArray();
        foreach (var fragment in fragments)
        {
            Add(fragment, groups.MinBy(group => Shown(group, fragment) - Shown(group, default)));
        }

        for (var place = 0; place < Length; place++)
        {
            for (var half = 0; half < 16; half++)
            {
                for (var group = 0; group < Groups; group++)
                {
                    Tables[(place * 32) + half] |= (byte)(((_halves[place, group].Low >> half) & 1) << group);
                    Tables[(place * 32) + 16 + half] |= (byte)(((_halves[place, group].High >> half) & 1) << group);
                }
            }
        }
    }

    public byte[] Tables { get; } = new byte[Rows * 16];

    /// <summary>Not zero where a fragment may begin: a bit for each group. Reads <see cref="Length"/> - 1 bytes behind the sixteen.</summary>
    /// <param name="tables">Of these fragments.</param>
    /// <param name="text">Sixteen characters.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Begins(ref byte tables, ref byte text) =>
        At(ref tables, 0, ref text) & At(ref tables, 1, ref text) & At(ref tables, 2, ref text) & At(ref tables, 3, ref text);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> At(ref byte tables, int place, ref byte text)
    {
        var v = Vector128.LoadUnsafe(ref text, (nuint)place);
        return Bytes.Shuffle(Vector128.LoadUnsafe(ref tables, (nuint)(place * 32)), v & Vector128.Create((byte)0x0f)) & Bytes.Shuffle(Vector128.LoadUnsafe(ref tables, (nuint)((place * 32) + 16)), Bytes.High(v));
    }

    private void Add(Fragment fragment, int group)
    {
        for (var place = 0; place < Length; place++)
        {
            _halves[place, group] = With(_halves[place, group], fragment[place]);
        }
    }

    /// <summary>How often a group with one fragment more shows something in ordinary texts, about.</summary>
    private long Shown(int group, Fragment added)
    {
        var shown = 1L;
        for (var place = 0; place < Length; place++)
        {
            var (low, high) = With(_halves[place, group], added[place] ?? "");
            shown *= Sum(low, UsualLow) * Sum(high, UsualHigh);
        }

        return shown;
    }

    private static long Sum(uint halves, ReadOnlySpan<byte> usual)
    {
        var sum = 0L;
        for (; halves != 0; halves &= halves - 1)
        {
            sum += usual[BitOperations.TrailingZeroCount(halves)];
        }

        return sum;
    }

    private static (ushort Low, ushort High) With((ushort Low, ushort High) halves, string characters)
    {
        foreach (var c in characters)
        {
            halves = ((ushort)(halves.Low | 1 << (c & 15)), (ushort)(halves.High | 1 << (c >> 4) | (char.IsAsciiLetter(c) ? 1 << ((c ^ 0x20) >> 4) : 0)));
        }

        return halves;
    }
}

/// <summary>What processors do with sixteen bytes at once.</summary>
internal static class Bytes
{
    /// <summary>Indexes are below sixteen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Shuffle(Vector128<byte> table, Vector128<byte> index) =>
        Ssse3.IsSupported ? Ssse3.Shuffle(table, index) : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.VectorTableLookup(table, index) : Vector128.Shuffle(table, index);

    /// <summary>The upper half of each byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> High(Vector128<byte> bytes) => Vector128.ShiftRightLogical(bytes.AsUInt16(), 4).AsByte() & Vector128.Create((byte)0x0f);

    /// <summary>A bit for each upper half: what sets of ASCII characters are tested with.</summary>
    public static Vector128<byte> Bit => Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>Place of the lowest bit of a number that is not zero. Where <c>tzcnt</c> cannot be taken for granted, what stands for it is slow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int First(ulong bits) => Popcnt.X64.IsSupported && !Bmi1.X64.IsSupported ? (int)Popcnt.X64.PopCount(~bits & (bits - 1)) : BitOperations.TrailingZeroCount(bits);
}
