using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Pellicle.Scanning.Extractors.Node.Bundles;

/// <summary>
/// Well-known libraries by short literals that survive bundling and minification: pieces of their messages, patterns and property names that
/// were in no other package compared. The table is made by <c>eng/bundle-signatures</c>; one row a library, columns parted by tabs: name,
/// how many literals must be present, libraries whose presence explains them, what stands before the version, literals.
/// </summary>
internal sealed class BundleSignatures
{
    // Eight bytes of each literal are looked up at every position of a text.
    private const int Gram = 8, FilterBits = 19, BucketBits = 15;

    private const ulong Mix = 0x9E37_79B9_7F4A_7C15;

    private const int MaxPositions = 64;

    private const int MaxLine = 160;

    private static readonly Lazy<BundleSignatures> Loaded = new(Load);

    private readonly byte[] table;
    private readonly List<Library> libraries = [];
    private readonly Dictionary<string, int> byName = new(StringComparer.Ordinal);
    private readonly ulong[] filter = new ulong[1 << (FilterBits - 6)];
    private readonly int[] heads = new int[1 << BucketBits];
    private readonly List<Literal> literals = [];
    private (ulong Gram, int Next)[] chain = [];

    private BundleSignatures(byte[] table)
    {
        this.table = table;
        Array.Fill(heads, -1);
        for (var start = 0; start < table.Length;)
        {
            var length = table.AsSpan(start).IndexOf((byte)'\n');
            AddRow(start, length < 0 ? table.Length : start + length);
            start = length < 0 ? table.Length : start + length + 1;
        }

        Index();
    }

    /// <summary>The table that ships.</summary>
    public static BundleSignatures Shipped => Loaded.Value;

    /// <summary>Libraries that have a signature.</summary>
    public int Count => libraries.Count(library => library.Required > 0);

    public static BundleSignatures Parse(string table) => new(Encoding.UTF8.GetBytes(table));

    /// <summary>True for the names of the table, also for those that no literal tells apart.</summary>
    public bool Knows(string name) => byName.ContainsKey(name);

    /// <summary>Libraries whose literals are in the text, with where they are.</summary>
    /// <remarks>Compiled when first used, with everything inlined: code compiled ahead calls into the framework for each byte.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public IReadOnlyList<SignatureMatch> Find(ReadOnlySpan<byte> text)
    {
        var hits = new Dictionary<int, Hits>();
        var filter = this.filter.AsSpan(0, 1 << (FilterBits - 6));
        for (var i = 0; i <= text.Length - Gram; i++)
        {
            var gram = MemoryMarshal.Read<ulong>(text[i..]);
            var bit = (uint)((gram * Mix) >> (64 - FilterBits));
            if ((filter[(int)(bit >> 6)] & (1UL << (int)bit)) != 0)
            {
                Compare(text, i, gram, hits);
            }
        }

        var present = hits.Select(pair => (pair.Key, Count: pair.Value.Distinct())).Where(pair => pair.Count >= libraries[pair.Key].Required).ToDictionary(pair => pair.Key, pair => pair.Count);
        return [.. present.Keys.Order().Where(index => !IsExplained(index, present)).Select(index => new SignatureMatch(libraries[index].Name, hits[index].Positions, libraries[index].Versions))];
    }

    /// <summary>True when another library that holds these literals too is there. Of two that explain each other the one with more literals stays.</summary>
    private bool IsExplained(int index, Dictionary<int, int> present)
    {
        foreach (var name in libraries[index].Unless)
        {
            if (byName.TryGetValue(name, out var other) && present.TryGetValue(other, out var count)
                && (!libraries[other].Unless.Contains(libraries[index].Name) || count > present[index] || (count == present[index] && other < index)))
            {
                return true;
            }
        }

        return false;
    }

    private void Compare(ReadOnlySpan<byte> text, int at, ulong gram, Dictionary<int, Hits> hits)
    {
        for (var index = heads[(int)((gram * Mix) >> (64 - BucketBits))]; index >= 0; index = chain[index].Next)
        {
            // The filter lets one position in thirty through; almost none is more than its hash.
            if (chain[index].Gram != gram)
            {
                continue;
            }

            var literal = literals[index];
            var start = at - literal.GramOffset;
            if (start < 0 || !text[start..].StartsWith(table.AsSpan(literal.Start, literal.Length)) || IsInComment(text[Math.Max(0, start - MaxLine)..start]))
            {
                continue;
            }

            if (!hits.TryGetValue(literal.Library, out var found))
            {
                hits.Add(literal.Library, found = new Hits());
            }

            found.Add(literal.Bit, start, literal.Length);
        }
    }

    /// <summary>Readable bundles keep comments, whose words prove nothing.</summary>
    private static bool IsInComment(ReadOnlySpan<byte> before)
    {
        var line = before[(before.LastIndexOf((byte)'\n') + 1)..].TrimStart(" \t"u8);
        return line.Length < before.Length && (line.StartsWith("*"u8) || line.StartsWith("//"u8) || line.StartsWith("/*"u8));
    }

    private void AddRow(int start, int end)
    {
        var columns = new List<(int Start, int Length)>();
        while (start <= end)
        {
            var length = table.AsSpan(start, end - start).IndexOf((byte)'\t');
            length = length < 0 ? end - start : length;
            columns.Add((start, length));
            start += length + 1;
        }

        var name = Column(columns, 0);
        if (name.Length == 0)
        {
            return;
        }

        // A library may have several rows; either proves it.
        var library = libraries.Count;
        byName.TryAdd(name, library);
        _ = int.TryParse(Column(columns, 1), System.Globalization.CultureInfo.InvariantCulture, out var required);
        libraries.Add(new Library(name, required, Column(columns, 2).Split(' ', StringSplitOptions.RemoveEmptyEntries), VersionPlace.Parse(Column(columns, 3))));
        for (var i = 4; i < columns.Count && i < 68; i++)
        {
            if (columns[i].Length >= Gram)
            {
                literals.Add(new Literal(columns[i].Start, columns[i].Length, library, i - 4, 0));
            }
        }
    }

    private string Column(List<(int Start, int Length)> columns, int index) => index < columns.Count ? Encoding.UTF8.GetString(table, columns[index].Start, columns[index].Length) : "";

    /// <summary>Takes of each literal the eight bytes that are rarest among all literals: many begin with the same words.</summary>
    private void Index()
    {
        var counts = new ushort[1 << 16];
        foreach (var literal in literals)
        {
            for (var offset = 0; offset <= literal.Length - Gram; offset++)
            {
                ref var count = ref counts[Hash(literal, offset) >> 48];
                count += count < ushort.MaxValue ? (ushort)1 : (ushort)0;
            }
        }

        chain = new (ulong Gram, int Next)[literals.Count];
        for (var i = 0; i < literals.Count; i++)
        {
            var literal = literals[i];
            var best = 0;
            for (var offset = 1; offset <= literal.Length - Gram; offset++)
            {
                best = counts[Hash(literal, offset) >> 48] < counts[Hash(literal, best) >> 48] ? offset : best;
            }

            var hash = Hash(literal, best);
            var bit = (int)(hash >> (64 - FilterBits));
            filter[bit >> 6] |= 1UL << (bit & 63);
            ref var head = ref heads[(int)(hash >> (64 - BucketBits))];
            literals[i] = literal with { GramOffset = best };
            chain[i] = (MemoryMarshal.Read<ulong>(table.AsSpan(literal.Start + best)), head);
            head = i;
        }
    }

    private ulong Hash(Literal literal, int offset) => MemoryMarshal.Read<ulong>(table.AsSpan(literal.Start + offset)) * Mix;

    private static BundleSignatures Load()
    {
        using var table = new MemoryStream();
        foreach (var name in (ReadOnlySpan<string>)["bundle-signatures.tsv", "bundle-signatures-picked.tsv"])
        {
            using var stream = typeof(BundleSignatures).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"`{name}` is not in the assembly");
            stream.CopyTo(table);
        }

        return new BundleSignatures(table.ToArray());
    }

    private sealed record Library(string Name, int Required, string[] Unless, IReadOnlyList<VersionPlace> Versions);

    private readonly record struct Literal(int Start, int Length, int Library, int Bit, int GramOffset);

    private sealed class Hits
    {
        private readonly Dictionary<int, (int Start, int End)> first = [];

        public List<int> Positions { get; } = [];

        public void Add(int bit, int start, int length)
        {
            first.TryAdd(bit, (start, start + length));
            if (Positions.Count < MaxPositions)
            {
                Positions.Add(start);
            }
        }

        /// <summary>Literals that do not overlap: two pieces of one text are one piece of evidence.</summary>
        public int Distinct()
        {
            var (count, end) = (0, -1);
            foreach (var place in first.Values.OrderBy(place => place.Start))
            {
                count += place.Start >= end ? 1 : 0;
                end = Math.Max(end, place.End);
            }

            return count;
        }
    }
}

/// <summary>One library that a text holds.</summary>
/// <param name="Name">Package.</param>
/// <param name="Positions">Where its literals begin; the first few.</param>
/// <param name="Versions">Where its version would stand.</param>
internal sealed record SignatureMatch(string Name, IReadOnlyList<int> Positions, IReadOnlyList<VersionPlace> Versions);
