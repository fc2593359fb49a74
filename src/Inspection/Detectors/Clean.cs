using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Pellicle.Inspection.Detectors;

/// <summary>
/// What <see cref="Screen"/> calls clean, as far as Native/clean.c can tell by itself: whole texts, and lists of JSON with all that stands in them, at the speed of the processor's widest vectors.
/// What it does not call clean is looked at by the screen. Where <see cref="Wide"/> has nothing, it calls nothing clean.
/// </summary>
internal sealed unsafe class Clean
{
    /// <summary>Bytes that are read behind the last byte of a document or text.</summary>
    public const int Behind = 67;

    /// <summary>Shorter forms are looked at field by field.</summary>
    public const int Least = 64;

    private const int LongestWord = 31;

    /// <summary>The processor's own ways. Null: the managed ones. Set before the first event. INVARIANT: as in Native/masks.c.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Functions
    {
        /// <summary>Text, blocks, tables, rows.</summary>
        public delegate* unmanaged[SuppressGCTransition]<byte*, nint, byte*, TextMasks.Row*, void> Masks;

        /// <summary>The place of the first quote, backslash or control character from here on; the highest bit when a percent sign stands before it.</summary>
        public delegate* unmanaged[SuppressGCTransition]<byte*, ulong> TextEnd;

        /// <summary>Text and length.</summary>
        public delegate* unmanaged<byte*, nint, Tables*, int> IsClean;

        /// <summary>A form and its length; how many texts it has, or -1 when it is not clean.</summary>
        public delegate* unmanaged<byte*, nint, Tables*, long> Fields;

        public delegate* unmanaged<List*, Tables*, void> Elements;

        /// <summary>From, limit, to, and the end of what was written; the place of the closing quote.</summary>
        public delegate* unmanaged<byte*, byte*, byte*, byte**, byte*> Unescape;

        /// <summary>A container or text, and the document's end; the place behind it.</summary>
        public delegate* unmanaged<byte*, byte*, byte*> Skip;

        /// <summary>A form, its length, and where it goes with blanks for plus signs; not 0 when it has percent signs.</summary>
        public delegate* unmanaged<byte*, nint, byte*, int> Spaced;

        /// <summary>Base64, its length, and where what it stands for goes, with up to <see cref="EventCopy.Padding"/> bytes behind; how many characters were decoded, whole blocks of four: from there on something else stands, or few are left.</summary>
        public delegate* unmanaged<byte*, nint, byte*, nint> Base64;

        /// <summary>Text and length; whom it concerns.</summary>
        public delegate* unmanaged<byte*, nint, Tables*, Concern*, void> Concerns;
    }

    /// <summary>Whom a text concerns. INVARIANT: as <c>struct concern</c> in Native/clean.c.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Concern
    {
        /// <summary>A bit for each of <see cref="AllDetectors"/>, in their order. The others find nothing. And <see cref="Statements"/>.</summary>
        public long Detectors;

        /// <summary>A word that a statement goes on with wherever it stands may stand somewhere, see <see cref="Subject.HasStatements"/>. INVARIANT: as <c>STATEMENTS</c> in Native/clean.c.</summary>
        public const long Statements = 1 << 20;

        /// <summary><see cref="Literals.Bit"/> of each set that means something by itself and has a literal in the text.</summary>
        public long Sets;

        /// <summary>Where the first one of each stands.</summary>
        public fixed long Places[LiteralTable.MaxSets];

        /// <summary>Where a command may stand behind a separator, in order, as many as there is room for.</summary>
        public int* Commands;
        public long MostCommands;

        /// <summary>All of these; negative when that is not known.</summary>
        public long NumberOfCommands;
    }

    /// <summary>INVARIANT: as <c>struct screen</c> in Native/clean.c.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Tables
    {
        public byte* Masks;
        public byte* Grams;
        public byte* Keywords;
        public byte* Joins;
        public byte* Commands;
        public byte* Starts;
        public ulong* Objects;
        public byte* Classes;
        public ulong* Plain;
        public byte* Pairs;
    }

    /// <summary>A list whose elements are looked at. INVARIANT: as <c>struct list</c> in Native/clean.c.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct List
    {
        /// <summary>Where an element begins; then at the comma or bracket behind the last element that is clean.</summary>
        public byte* At;
        public byte* End;
        public byte* Room;
        public nint RoomBytes;
        public long MostTexts;
        public long MostContainers;
        public long MostDepth;
        public long Texts;
        public long Containers;
        public long Elements;

        /// <summary>How far was looked.</summary>
        public byte* Looked;

        /// <summary>Documents in texts in each other; fewer than <see cref="Levels"/>.</summary>
        public long MostNesting;

        /// <summary>Not zero for lists of records: texts of some names are encoded, and no element with such a name is clean, but for those whose texts are keys of objects in buckets (2).</summary>
        public long Wrapped;

        /// <summary>Not zero when <see cref="Ask"/> said no of a text of the next element.</summary>
        public long Refused;

        /// <summary>Text and length: not zero when nothing is found in a text that is not clean by itself. Null: such texts end the list.</summary>
        public delegate* unmanaged<byte*, nint, int> Ask;

        /// <summary>What was learned of elements, <see cref="LevelPatterns"/> of them. Null: nothing is learned.</summary>
        public Pattern* Patterns;

        /// <summary>The same of documents in their texts, level by level.</summary>
        public Pattern* Inner;
        public Learning Learning;
        public long MostElements;
        public Encoded Encoded;
    }

    /// <summary>What may be learned of a list's objects. INVARIANT: as in Native/clean.c.</summary>
    internal enum Learning : long
    {
        /// <summary>Of each.</summary>
        Each,

        /// <summary>Of the first, and nothing is known before.</summary>
        One,

        /// <summary>Nothing: none is clean that has other names than what is known, in the same order.</summary>
        None,
    }

    /// <summary>Which texts of a list's objects are base64. INVARIANT: as in Native/clean.c.</summary>
    internal enum Encoded : long
    {
        None,

        /// <summary><c>data</c>.</summary>
        Data,

        /// <summary><c>kinesis.data</c>.</summary>
        DataOfKinesis,

        /// <summary><c>key</c> and <c>value</c>.</summary>
        KeyAndValue,
    }

    /// <summary>An element that the next ones of its list are compared with; kept from one call to the next within a document. INVARIANT: as <c>struct pattern</c> in Native/clean.c.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 16 + 20 + (48 * 12) + 16 + (49 * 8) + 2116)]
    internal struct Pattern
    {
        public const int Trusted = 16;

        /// <summary>Grows when an element was like it, and shrinks when one was not.</summary>
        public int Trust;

        /// <summary>Zero: none yet.</summary>
        public int Length;
    }

    /// <summary>Patterns of a list, of the documents in its texts, of those in theirs.</summary>
    public const int Levels = 6;

    /// <summary>Of one level: of the list's objects, of those in their lists, and of those in the lists of these.</summary>
    public const int LevelPatterns = 4;

    /// <summary>Those of all levels, then those of elements that have a part in the event's shape.</summary>
    public const int MostPatterns = (Levels + 1) * LevelPatterns;

    internal static Functions Wide;

    /// <summary>The processor has ways of its own.</summary>
    internal static bool Tells => Wide.Concerns != null;

    [DllImport("masks", EntryPoint = "pellicle_functions")]
    internal static extern int OfProcessor(int mostBits, Functions* functions);

    // Pinned: what the tables point to.
    private readonly ulong[] _data = GC.AllocateUninitializedArray<ulong>(Words + (Line / sizeof(ulong)), pinned: true);
    private readonly Tables[] _tables = GC.AllocateArray<Tables>(1, pinned: true);

    /// <summary>Bytes of a cache line: vectors as long are read twice as quickly where they begin with one.</summary>
    private const int Line = 64;

    /// <summary>Of two characters, of each the lower five bits.</summary>
    private const int Pairs = 1024;

    /// <summary>A bit for each two characters; of these that begin a word that matters, and that are the first and the last of the four that tell of a literal.</summary>
    private const int PairBytes = Pairs / 8;
    private const int PairTables = 3;

    private const int Slots = 2048;
    private const int MostGrams = Slots / 2;
    private const int FilterWords = 1024;
    private const int LiteralBytes = 24576;

    /// <summary>Before the characters of a literal.</summary>
    private const int LiteralHead = 8;
    private const int GramWords = FilterWords + (Slots / 2) + (Slots / 4) + (MostGrams * 2) + (MostGrams / 4) + (LiteralBytes / 8);
    private const int SetWords = 512 + 64;
    private const int Words = GramWords + (4 * SetWords) + 128 + (Detectors.Classes.Bytes / 8) + (Pairs / 64) + (PairTables * PairBytes / 8);

    /// <param name="masks">Of characters and of fragments of literals.</param>
    /// <param name="classes">Of characters, and of fragments once more.</param>
    /// <param name="grams">Four characters that tell of literals.</param>
    /// <param name="wanted">Whom a literal concerns, and the sets that it is in.</param>
    /// <param name="keywords">Of queries.</param>
    /// <param name="joins">Those that go on with one behind a quote.</param>
    /// <param name="commands">Of shells.</param>
    /// <param name="starts">That begin a statement.</param>
    /// <param name="objects">That serialised objects begin with.</param>
    public Clean(TextMasks masks, byte[] classes, IEnumerable<(uint Characters, ulong Before, ulong Behind, (byte[] Value, int Offset)[] Literals)> grams, Func<string, (int Detectors, uint Sets)> wanted, IEnumerable<string> keywords, IEnumerable<string> joins, IEnumerable<string> commands, IEnumerable<string> starts, IEnumerable<byte[]> objects)
    {
        var used = (int)(-(nint)Unsafe.AsPointer(ref _data[0]) & (Line - 1)) / sizeof(ulong);
        ulong* Keep(ReadOnlySpan<ulong> words)
        {
            words.CopyTo(_data.AsSpan(used));
            used += words.Length;
            return (ulong*)Unsafe.AsPointer(ref _data[used - words.Length]);
        }

        var begins = new ulong[128];
        var plain = new ulong[Pairs / 64];
        Array.Fill(plain, ulong.MaxValue);
        void Tells(int first, int second)
        {
            var pair = ((first & 31) << 5) | (second & 31);
            plain[pair >> 6] &= ~(1UL << (pair & 63));
        }

        foreach (var word in starts)
        {
            Tells(word[0], word[1]);
        }

        foreach (var start in objects)
        {
            Tells(start[0], start[1]);
            var characters = start[0] | (uint)start[1] << 8 | (uint)start[2] << 16;
            var (slot, other) = ((characters * 0x9E3779B1u) >> 20, (characters * 0x85EBCA6Bu) >> 20);
            begins[slot >> 6] |= 1UL << (int)(slot & 63);
            begins[64 + (other >> 6)] |= 1UL << (int)(other & 63);
        }

        // INVARIANT: as `pairs` in Native/clean.c.
        var pairs = new byte[PairTables * PairBytes];
        void Begins(int table, int first, int second) => pairs[(table * PairBytes) + ((first & 31) | (second & 0x18) << 2)] |= (byte)(1 << (second & 7));
        foreach (var word in commands.Concat(starts))
        {
            Begins(0, word[0], word.Length > 1 ? word[1] : 0);
        }

        foreach (var (characters, _, _, _) in grams)
        {
            Begins(1, (int)characters, (int)(characters >> 8));
            Begins(2, (int)(characters >> 16), (int)(characters >> 24));
        }

        ref var tables = ref _tables[0];
        tables.Classes = (byte*)Keep(MemoryMarshal.Cast<byte, ulong>(classes)); // INVARIANT: first, where a line begins
        tables.Masks = (byte*)Unsafe.AsPointer(ref masks.AllTables[0]);
        tables.Grams = (byte*)Keep(Grams(grams, wanted));
        tables.Keywords = (byte*)Keep(Set(keywords));
        tables.Joins = (byte*)Keep(Set(joins));
        tables.Commands = (byte*)Keep(Set(commands));
        tables.Starts = (byte*)Keep(Set(starts));
        tables.Objects = Keep(begins);
        tables.Plain = Keep(plain);
        tables.Pairs = (byte*)Keep(MemoryMarshal.Cast<byte, ulong>(pairs));
    }

    /// <summary>By open addressing; zero is an empty slot. INVARIANT: as <c>struct grams</c> in Native/clean.c.</summary>
    private static ulong[] Grams(IEnumerable<(uint Characters, ulong Before, ulong Behind, (byte[] Value, int Offset)[] Literals)> grams, Func<string, (int Detectors, uint Sets)> wanted)
    {
        var table = new ulong[GramWords];
        var characters = MemoryMarshal.Cast<ulong, uint>(table.AsSpan(FilterWords, Slots / 2));
        var numbers = MemoryMarshal.Cast<ulong, ushort>(table.AsSpan(FilterWords + (Slots / 2), Slots / 4));
        var around = table.AsSpan(FilterWords + (Slots / 2) + (Slots / 4));
        var begins = MemoryMarshal.Cast<ulong, ushort>(around[(MostGrams * 2)..]);
        var literals = MemoryMarshal.AsBytes(around[((MostGrams * 2) + (MostGrams / 4))..]);
        var (count, written) = (0, 0);
        foreach (var gram in grams.GroupBy(gram => gram.Characters))
        {
            if (count == MostGrams)
            {
                throw new ArgumentException("more literals than the table is made for", nameof(grams));
            }

            var hash = (int)((gram.Key * 0x9E3779B1u) >> 16);
            table[hash >> 6] |= 1UL << (hash & 63);
            var slot = hash >> 5;
            for (; characters[slot] != 0; slot = (slot + 1) & (Slots - 1))
            {
            }

            (characters[slot], numbers[slot]) = (gram.Key, (ushort)count);
            begins[count] = (ushort)written;
            foreach (var (_, before, behind, places) in gram)
            {
                around[count * 2] |= before;
                around[(count * 2) + 1] |= behind;
                foreach (var (value, offset) in places)
                {
                    if (written + value.Length + LiteralHead + 1 > LiteralBytes)
                    {
                        throw new ArgumentException("more literals than the table is made for", nameof(grams));
                    }

                    literals[written++] = checked((byte)value.Length);
                    literals[written++] = checked((byte)offset);
                    var (detectors, sets) = wanted(Encoding.ASCII.GetString(value));
                    BinaryPrimitives.WriteUInt16LittleEndian(literals[written..], checked((ushort)detectors));
                    BinaryPrimitives.WriteUInt32LittleEndian(literals[(written + 2)..], sets);
                    written += LiteralHead - 2;
                    _ = Ascii.ToLower(value, literals[written..], out var length);
                    written += length;
                }
            }

            // Behind the last one stands a zero.
            written++;

            count++;
        }

        return table;
    }

    /// <summary>A bit for the length of each word by its first two characters, and one for each hash of its first eight.</summary>
    private static ulong[] Set(IEnumerable<string> words)
    {
        var set = new ulong[SetWords];
        var lengths = MemoryMarshal.Cast<ulong, uint>(set.AsSpan(0, 512));
        Span<byte> bytes = stackalloc byte[LongestWord];
        foreach (var word in words)
        {
            var length = Encoding.ASCII.GetBytes(word, bytes);
            lengths[((bytes[0] & 31) << 5) | (length > 1 ? bytes[1] & 31 : 0)] |= 1u << length;
            var folded = 0UL;
            for (var i = 0; i < Math.Min(length, 8); i++)
            {
                folded |= (ulong)(bytes[i] | 0x20) << (8 * i);
            }

            var slot = (int)((folded * 0x9E3779B97F4A7C15UL) >> 52);
            set[512 + (slot >> 6)] |= 1UL << (slot & 63);
        }

        return set;
    }

    /// <summary>True when no detector can find anything; false when that is for the screen to say.</summary>
    /// <param name="text"><see cref="Behind"/> bytes behind it may be read.</param>
    public bool IsClean(ReadOnlySpan<byte> text)
    {
        if (Wide.IsClean == null)
        {
            return false;
        }

        fixed (byte* start = text)
        {
            return Wide.IsClean(start, text.Length, (Tables*)Unsafe.AsPointer(ref _tables[0])) != 0;
        }
    }

    /// <summary>How many texts the fields of a form have when all of them are clean; -1 when that is for the screen to say. Its plus signs are blanks already.</summary>
    /// <param name="form">As above.</param>
    public long Fields(ReadOnlySpan<byte> form)
    {
        if (Wide.Fields == null)
        {
            return -1;
        }

        fixed (byte* start = form)
        {
            return Wide.Fields(start, form.Length, (Tables*)Unsafe.AsPointer(ref _tables[0]));
        }
    }

    /// <summary>Whom a text concerns that is not clean; where <see cref="Tells"/>.</summary>
    /// <param name="text"><see cref="Behind"/> bytes behind it may be read.</param>
    /// <param name="concern">Is told.</param>
    /// <param name="commands">Room for places of commands.</param>
    [SkipLocalsInit]
    public void Concerns(ReadOnlySpan<byte> text, Span<int> commands, out Concern concern)
    {
        Unsafe.SkipInit(out concern); // is filled
        fixed (byte* start = text)
        fixed (int* room = commands)
        fixed (Concern* told = &concern)
        {
            concern.Commands = room;
            concern.MostCommands = commands.Length;
            Wide.Concerns(start, text.Length, (Tables*)Unsafe.AsPointer(ref _tables[0]), told);
            concern.Commands = null;
        }
    }

    public void Read(List* list) => Wide.Elements(list, (Tables*)Unsafe.AsPointer(ref _tables[0]));
}
