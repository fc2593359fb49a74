using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Pellicle.Domain;

namespace Pellicle.Scanning.Advisories;

/// <summary>What a database holds.</summary>
/// <param name="Revision">Changes with the content.</param>
/// <param name="Built">When it was compiled.</param>
/// <param name="Advisories">Records.</param>
/// <param name="Packages">Packages that records name.</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Ecosystems">Packages by ecosystem, sorted by name.</param>
public sealed record DatabaseStatus(string Revision, DateTimeOffset Built, int Advisories, int Packages, long Bytes, IReadOnlyList<EcosystemCount> Ecosystems);

/// <summary>Packages and affected entries of one ecosystem.</summary>
public sealed record EcosystemCount(string Ecosystem, int Packages, int Entries);

/// <summary>A compiled advisory file, mapped into memory. Opening reads the header only; look-ups are binary searches. Safe for many threads.</summary>
public sealed class AdvisoryDatabase : IDisposable
{
    private readonly MappedFile file;
    private readonly int packages;
    private readonly int affected;
    private readonly int advisories;
    private readonly int data;

    private AdvisoryDatabase(MappedFile file)
    {
        this.file = file;
        var header = file.Span;
        AdvisoryCount = Int(header, DatabaseFormat.OffsetAdvisoryCount);
        PackageCount = Int(header, DatabaseFormat.OffsetPackageCount);
        AffectedCount = Int(header, DatabaseFormat.OffsetAffectedCount);
        packages = Int(header, DatabaseFormat.OffsetPackages);
        affected = Int(header, DatabaseFormat.OffsetAffected);
        advisories = Int(header, DatabaseFormat.OffsetAdvisories);
        data = Int(header, DatabaseFormat.OffsetData);
        Revision = Convert.ToHexStringLower(header.Slice(DatabaseFormat.OffsetHash, 8));
        Built = DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(BinaryPrimitives.ReadInt64LittleEndian(header[DatabaseFormat.OffsetBuilt..]), 0, 253_402_300_799_999));
    }

    /// <summary>Changes with the content, not with the time of the build.</summary>
    public string Revision { get; }

    /// <summary>When it was compiled.</summary>
    public DateTimeOffset Built { get; }

    /// <summary>Number of records.</summary>
    public int AdvisoryCount { get; }

    internal int PackageCount { get; }

    internal int AffectedCount { get; }

    /// <summary>Opens a compiled file. Throws <see cref="FileNotFoundException"/> or <see cref="InvalidDataException"/> with a message for people.</summary>
    public static AdvisoryDatabase Open(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"no advisory database at `{path}`; {DatabaseFormat.FormatHint}", path);
        }

        var mapped = new MappedFile(path);
        try
        {
            Check(path, mapped.Span);
            return new AdvisoryDatabase(mapped);
        }
        catch
        {
            mapped.Dispose();
            throw;
        }
    }

    /// <summary>Reads the whole file and compares its checksum.</summary>
    public bool Verify()
    {
        var span = file.Span;
        Span<byte> hash = stackalloc byte[DatabaseFormat.HashSize];
        SHA256.HashData(span[DatabaseFormat.HeaderSize..], hash);
        return hash.SequenceEqual(span.Slice(DatabaseFormat.OffsetHash, DatabaseFormat.HashSize));
    }

    /// <summary>Counts what it holds.</summary>
    public DatabaseStatus Status()
    {
        var counts = Ecosystem.All.Select(e => (Packages: 0, Entries: 0)).ToArray();
        for (var i = 0; i < PackageCount; i++)
        {
            var package = Package(i);
            var ecosystem = Math.Min(Int(package, 0), counts.Length - 1);
            counts[ecosystem] = (counts[ecosystem].Packages + 1, counts[ecosystem].Entries + Int(package, 12));
        }

        return new DatabaseStatus(Revision, Built, AdvisoryCount, PackageCount, file.Span.Length,
            [.. counts.Select((c, i) => new EcosystemCount(Ecosystem.All[i].Name, c.Packages, c.Entries)).Where(c => c.Packages > 0)]);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    /// <summary>First affected entry and number of entries of a package; (0, 0) when no record names it.</summary>
    internal (int First, int Count) Find(Ecosystem ecosystem, string name)
    {
        var key = Encoding.UTF8.GetBytes(PackageKey.Normalize(ecosystem, name));
        var index = 0;
        while (Ecosystem.All[index] != ecosystem.Base)
        {
            index++;
        }

        var (low, high) = (0, PackageCount - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var package = Package(middle);
            var order = Int(package, 0).CompareTo(index);
            order = order != 0 ? order : Bytes(Int(package, 4)).SequenceCompareTo(key);
            if (order == 0)
            {
                var (first, count) = (Int(package, 8), Int(package, 12));
                return first + (long)count <= AffectedCount ? (first, count) : throw Damaged();
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return default;
    }

    /// <summary>Names of an ecosystem's packages that records name.</summary>
    internal IEnumerable<string> Names(Ecosystem ecosystem)
    {
        for (var i = 0; i < PackageCount; i++)
        {
            var package = Package(i);
            if (Int(package, 0) is var index && index < Ecosystem.All.Count && Ecosystem.All[index] == ecosystem.Base)
            {
                yield return Text(Int(Package(i), 4));
            }
        }
    }

    /// <summary>Advisory index of an entry, and a reader at its ranges.</summary>
    internal (int Advisory, int Offset) Entry(int index)
    {
        if ((uint)index >= (uint)AffectedCount)
        {
            throw Damaged();
        }

        var span = file.Span.Slice(affected + (index * DatabaseFormat.AffectedSize), DatabaseFormat.AffectedSize);
        var advisory = Int(span, 0);
        return advisory < AdvisoryCount ? (advisory, Int(span, 4)) : throw Damaged();
    }

    /// <summary>Everything in data from an offset on.</summary>
    internal DataReader Read(int offset) => new(file.Span[data..], offset);

    internal ReadOnlySpan<byte> Bytes(int reference) => Read(reference).Bytes();

    internal string Text(int reference) => Encoding.UTF8.GetString(Bytes(reference));

    internal IReadOnlyList<string> Texts(int reference)
    {
        if (reference == 0)
        {
            return [];
        }

        var reader = Read(reference);
        var texts = new string[reader.Count()];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = Text(reader.Number());
        }

        return texts;
    }

    internal StoredAdvisory Advisory(int index)
    {
        var span = file.Span.Slice(advisories + (index * DatabaseFormat.AdvisorySize), DatabaseFormat.AdvisorySize);
        return new StoredAdvisory(
            Int(span, 0), Int(span, 4), Int(span, 8), Int(span, 12), Int(span, 16), Int(span, 20), Int(span, 24), Int(span, 28),
            span[32] <= (byte)Severity.Critical ? (Severity)span[32] : throw Damaged(), span[33],
            BinaryPrimitives.ReadUInt16LittleEndian(span[34..]) / 10.0,
            BinaryPrimitives.ReadSingleLittleEndian(span[36..]), BinaryPrimitives.ReadSingleLittleEndian(span[40..]));
    }

    /// <summary>All records as they were compiled, for building a new file from this one.</summary>
    internal IEnumerable<(AdvisoryRecord Record, StoredAdvisory Stored)> ReadAll()
    {
        var entries = new List<AffectedPackage>[AdvisoryCount];
        for (var i = 0; i < PackageCount; i++)
        {
            var package = Package(i).ToArray();
            var ecosystem = Int(package, 0) < Ecosystem.All.Count ? Ecosystem.All[Int(package, 0)] : throw Damaged();
            var name = Text(Int(package, 4));
            for (var entry = 0; entry < Int(package, 12); entry++)
            {
                var (advisory, offset) = Entry(Int(package, 8) + entry);
                (entries[advisory] ??= []).Add(ReadAffected(ecosystem, name, offset));
            }
        }

        for (var i = 0; i < AdvisoryCount; i++)
        {
            var stored = Advisory(i);
            yield return (new AdvisoryRecord
            {
                Id = Text(stored.Id),
                Aliases = Texts(stored.Aliases),
                Modified = Text(stored.Modified),
                Published = Text(stored.Published),
                Summary = Text(stored.Summary),
                References = Texts(stored.References),
                Rating = new Rating(stored.Severity, stored.IsStated, Text(stored.Vector), stored.Score),
                IsMalware = stored.IsMalware,
                Affected = entries[i] ?? [],
            }, stored);
        }
    }

    internal static InvalidDataException Damaged() => new($"the advisory database is damaged; {DatabaseFormat.FormatHint}");

    internal static int Int(ReadOnlySpan<byte> span, int offset) =>
        BinaryPrimitives.ReadInt32LittleEndian(span[offset..]) is >= 0 and var value ? value : throw Damaged();

    private AffectedPackage ReadAffected(Ecosystem ecosystem, string name, int offset)
    {
        var reader = Read(offset);
        var ranges = new List<AffectedRange>();
        for (var left = reader.Count(); left > 0; left--)
        {
            var head = reader.Number();
            var events = new List<(RangeEvent Event, string Version)>();
            for (var e = head >> 1; e > 0; e--)
            {
                events.Add(((RangeEvent)reader.Byte(), Text(reader.Number())));
            }

            ranges.Add(new AffectedRange((head & 1) != 0, events));
        }

        var versions = new List<string>();
        for (var left = reader.Count(); left > 0; left--)
        {
            versions.Add(Text(reader.Number()));
        }

        return new AffectedPackage(ecosystem, name, ranges, versions);
    }

    private ReadOnlySpan<byte> Package(int index) => file.Span.Slice(packages + (index * DatabaseFormat.PackageSize), DatabaseFormat.PackageSize);

    private static void Check(string path, ReadOnlySpan<byte> span)
    {
        if (span.Length < DatabaseFormat.HeaderSize || !span.StartsWith(DatabaseFormat.Magic))
        {
            throw new InvalidDataException($"`{path}` is no advisory database; {DatabaseFormat.FormatHint}");
        }

        if (Int(span, 8) is var version && version != DatabaseFormat.Version)
        {
            throw new InvalidDataException($"`{path}` has format {version}, this program reads {DatabaseFormat.Version}; {DatabaseFormat.FormatHint}");
        }

        var offset = (long)DatabaseFormat.HeaderSize;
        var isSound = BinaryPrimitives.ReadInt64LittleEndian(span[DatabaseFormat.OffsetFileLength..]) == span.Length;
        foreach (var (field, countField, size) in ((int, int, int)[])
            [
                (DatabaseFormat.OffsetPackages, DatabaseFormat.OffsetPackageCount, DatabaseFormat.PackageSize),
                (DatabaseFormat.OffsetAffected, DatabaseFormat.OffsetAffectedCount, DatabaseFormat.AffectedSize),
                (DatabaseFormat.OffsetAdvisories, DatabaseFormat.OffsetAdvisoryCount, DatabaseFormat.AdvisorySize),
            ])
        {
            isSound = isSound && Int(span, field) == offset;
            offset += (long)Int(span, countField) * size;
        }

        if (!isSound || Int(span, DatabaseFormat.OffsetData) != offset || offset >= span.Length)
        {
            throw new InvalidDataException($"`{path}` is cut short or damaged; {DatabaseFormat.FormatHint}");
        }
    }
}

/// <summary>One advisory as stored; the integers are references into data.</summary>
internal sealed record StoredAdvisory(
    int Id, int Aliases, int Summary, int References, int Vector, int Modified, int Published, int Group, Severity Severity, byte Flags, double Score, float Epss, float Percentile)
{
    public bool IsStated => (Flags & DatabaseFormat.FlagStated) != 0;

    public bool IsMalware => (Flags & DatabaseFormat.FlagMalware) != 0;

    public bool IsExploited => (Flags & DatabaseFormat.FlagExploited) != 0;
}

/// <summary>Reads numbers and texts from data; anything out of bounds is a damaged file, never a wild read.</summary>
internal ref struct DataReader(ReadOnlySpan<byte> data, int offset)
{
    private readonly ReadOnlySpan<byte> data = data;
    private int position = offset;

    public byte Byte() => (uint)position < (uint)data.Length ? data[position++] : throw AdvisoryDatabase.Damaged();

    public int Number()
    {
        uint value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var next = Byte();
            value |= (uint)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value <= int.MaxValue ? (int)value : throw AdvisoryDatabase.Damaged();
            }
        }

        throw AdvisoryDatabase.Damaged();
    }

    /// <summary>A number of items that follow, each at least one byte long.</summary>
    public int Count() => Number() is var count && count <= data.Length - position ? count : throw AdvisoryDatabase.Damaged();

    public ReadOnlySpan<byte> Bytes()
    {
        var length = Count();
        position += length;
        return data.Slice(position - length, length);
    }
}
