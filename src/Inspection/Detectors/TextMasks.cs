using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pellicle.Inspection.Detectors;

/// <summary>Where in a text characters stand that some detector could care for: a bit for each byte of a block, block by block.</summary>
internal sealed unsafe class TextMasks
{
    /// <summary>Bytes of a block.</summary>
    public const int Block = 64;

    /// <summary>Bytes that are read behind the last block.</summary>
    public const int Behind = Fragments.Length - 1;

    private const int Never = 0;
    private const int Simple = 1;
    private const int Acting = 2;
    private const int Value = 3;
    private const int Run = 4;
    private const int Blank = 5;
    private const int Words = 6;
    private const int Marked = Words + Fragments.Rows;
    private const int Tables = Marked + Fragments.Rows;

    /// <summary>Bits of one block. INVARIANT: as in Native/masks.c.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public record struct Row
    {
        /// <summary>` &lt; > $ { } \ and control characters: only the detectors know.</summary>
        public ulong Never;

        /// <summary>Other than letters, digits, blanks, points and commas.</summary>
        public ulong Marks;

        /// <summary>Marks whose neighbours tell something.</summary>
        public ulong Acting;

        /// <summary>Digits ) @ ' ": what a condition of a query may follow.</summary>
        public ulong Value;

        /// <summary>What numbers and names of variables go on with.</summary>
        public ulong Run;

        /// <summary>Blanks between words of a query, beyond ASCII apart.</summary>
        public ulong Blank;

        /// <summary>A fragment of a literal without marks may begin here.</summary>
        public ulong Words;

        /// <summary>So may what a word of a condition begins with.</summary>
        public ulong Conditions;

        /// <summary>A fragment of a literal that ends with a mark may begin here.</summary>
        public ulong Marked;

        /// <summary>Beyond ASCII.</summary>
        public ulong Foreign;
        public ulong Dots;
    }

    // Pinned; sixteen bytes each.
    private readonly byte[] _tables = GC.AllocateArray<byte>(Tables * 16, pinned: true);

    public TextMasks(Fragments words, Fragments marked)
    {
        Set(Never, OfNever);
        Set(Simple, [.. Enumerable.Range(0, 128).Select(c => (char)c).Where(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '.' or ',')]);
        Set(Acting, ['\'', '"', '%', '*', '&', '|', ';', '\n', '\r', '\t', '=', ':', '/', '(', .. OfSigns]);
        Set(Value, OfValues);
        Set(Run, OfRuns);
        Set(Blank, OfBlanks);
        words.Tables.CopyTo(_tables.AsSpan(Words * 16));
        marked.Tables.CopyTo(_tables.AsSpan(Marked * 16));
    }

    internal byte[] AllTables => _tables;

    internal static string OfControls { get; } = new([.. Enumerable.Range(0, 32).Except(['\t', '\n', '\r']).Select(c => (char)c), '\u007f']);

    // Native/clean.c has rules for them, and takes them for what acts alone.
    private static string OfSigns => "`<>${}\\";

    private static string OfNever { get; } = OfControls + OfSigns;

    internal static string OfValues => "0123456789)@'\"`";

    internal static string OfRuns { get; } = new([.. Enumerable.Range(0, 128).Select(c => (char)c).Where(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '@' or '$')]);

    internal static string OfBlanks { get; } = new([.. Enumerable.Range(0, 33).Select(c => (char)c), '+']);

    private void Set(int table, ReadOnlySpan<char> characters)
    {
        foreach (var c in characters)
        {
            _tables[(table * 16) + (c & 15)] |= (byte)(1 << (c >> 4));
        }
    }

    /// <param name="text">As many blocks may be read from here, and <see cref="Behind"/> bytes more.</param>
    /// <param name="rows">One for each block.</param>
    public void Read(ref byte text, Span<Row> rows)
    {
        if (Clean.Wide.Masks == null)
        {
            ReadManaged(ref text, rows);
            return;
        }

        fixed (byte* from = &text)
        fixed (Row* to = rows)
        {
            // The tables are pinned.
            Clean.Wide.Masks(from, rows.Length, (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_tables)), to);
        }
    }

    internal void ReadManaged(ref byte text, Span<Row> rows)
    {
        ref var tables = ref MemoryMarshal.GetArrayDataReference(_tables);
        for (var i = 0; i < rows.Length; i++)
        {
            Row row = default;
            for (var at = 0; at < Block; at += 16)
            {
                var v = Vector128.LoadUnsafe(ref text, (nuint)((i * Block) + at));
                var low = v & Vector128.Create((byte)0x0f);
                var high = Bytes.High(v);
                var bit = Bytes.Shuffle(Bytes.Bit, high);
                row.Never |= In(ref tables, Never, low, bit) << at;
                row.Marks |= In(ref tables, Simple, low, bit) << at;
                row.Acting |= In(ref tables, Acting, low, bit) << at;
                row.Value |= In(ref tables, Value, low, bit) << at;
                row.Run |= In(ref tables, Run, low, bit) << at;
                row.Blank |= In(ref tables, Blank, low, bit) << at;
                ref var here = ref Unsafe.Add(ref text, (i * Block) + at);
                var words = Fragments.Begins(ref Unsafe.Add(ref tables, Words * 16), ref here);
                row.Words |= Some(words & Vector128.Create((byte)127)) << at;
                row.Conditions |= (ulong)words.ExtractMostSignificantBits() << at;
                row.Marked |= Some(Fragments.Begins(ref Unsafe.Add(ref tables, Marked * 16), ref here)) << at;
                row.Foreign |= (ulong)v.ExtractMostSignificantBits() << at;
                row.Dots |= (ulong)Vector128.Equals(v, Vector128.Create((byte)'.')).ExtractMostSignificantBits() << at;
            }

            row.Marks = ~row.Marks;
            rows[i] = row;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong In(ref byte tables, int table, Vector128<byte> low, Vector128<byte> bit) => Some(Bytes.Shuffle(Vector128.LoadUnsafe(ref tables, (nuint)(table * 16)), low) & bit);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Some(Vector128<byte> bytes) => ~Vector128.Equals(bytes, Vector128<byte>.Zero).ExtractMostSignificantBits() & 0xffff;
}
