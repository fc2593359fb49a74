using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Pellicle.Domain;

namespace Pellicle.Scanning.Advisories;

/// <summary>Writes records as one compiled file: to a temporary file first, then renamed over the old one.</summary>
internal sealed class DatabaseWriter
{
    private readonly MemoryStream data = new();
    private readonly Dictionary<string, uint> texts = new(StringComparer.Ordinal);

    public static void Write(string path, IReadOnlyList<AdvisoryRecord> records, ExploitData exploits, DateTimeOffset built)
    {
        var bytes = new DatabaseWriter().Build(records, exploits, built);
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private byte[] Build(IReadOnlyList<AdvisoryRecord> records, ExploitData exploits, DateTimeOffset built)
    {
        // Offset 0 is the empty text.
        Text("");
        var sorted = records.OrderBy(r => r.Id, StringComparer.Ordinal).ToList();
        var groups = AliasGroups.Of(sorted);
        var advisories = new byte[sorted.Count * DatabaseFormat.AdvisorySize];
        var entries = new List<(int Ecosystem, byte[] Name, string Key, int Advisory, AffectedPackage Affected)>();
        for (var i = 0; i < sorted.Count; i++)
        {
            WriteAdvisory(advisories.AsSpan(i * DatabaseFormat.AdvisorySize, DatabaseFormat.AdvisorySize), sorted[i], groups[i], exploits);
            entries.AddRange(sorted[i].Affected.Select(a => (Index(a.Ecosystem), Encoding.UTF8.GetBytes(a.Name), a.Name, i, a)));
        }

        // Stable: several entries of one record for one package keep their order, so that the same records give the same bytes.
        entries = [.. entries.Order(Comparer<(int Ecosystem, byte[] Name, string Key, int Advisory, AffectedPackage Affected)>.Create((a, b) =>
            a.Ecosystem != b.Ecosystem ? a.Ecosystem.CompareTo(b.Ecosystem)
            : a.Name.AsSpan().SequenceCompareTo(b.Name) is var order && order != 0 ? order : a.Advisory.CompareTo(b.Advisory)))];
        var affected = new byte[entries.Count * DatabaseFormat.AffectedSize];
        var packages = new MemoryStream();
        var package = new byte[DatabaseFormat.PackageSize];
        for (var i = 0; i < entries.Count; i++)
        {
            var entry = entries[i];
            var span = affected.AsSpan(i * DatabaseFormat.AffectedSize);
            Put(span, 0, (uint)entry.Advisory);
            Put(span, 4, WriteAffected(entry.Affected));
            if (i == 0 || entries[i - 1].Ecosystem != entry.Ecosystem || entries[i - 1].Key != entry.Key)
            {
                var count = 1;
                while (i + count < entries.Count && entries[i + count].Ecosystem == entry.Ecosystem && entries[i + count].Key == entry.Key)
                {
                    count++;
                }

                Put(package, 0, (uint)entry.Ecosystem);
                Put(package, 4, Text(entry.Key));
                Put(package, 8, (uint)i);
                Put(package, 12, (uint)count);
                packages.Write(package);
            }
        }

        return Assemble(packages.ToArray(), affected, advisories, built);
    }

    private byte[] Assemble(byte[] packages, byte[] affected, byte[] advisories, DateTimeOffset built)
    {
        var length = DatabaseFormat.HeaderSize + packages.Length + affected.Length + advisories.Length + checked((int)data.Length);
        var file = new byte[length];
        var offset = DatabaseFormat.HeaderSize;
        DatabaseFormat.Magic.CopyTo(file);
        Put(file, 8, DatabaseFormat.Version);
        Put(file, DatabaseFormat.OffsetAdvisoryCount, (uint)(advisories.Length / DatabaseFormat.AdvisorySize));
        Put(file, DatabaseFormat.OffsetPackageCount, (uint)(packages.Length / DatabaseFormat.PackageSize));
        Put(file, DatabaseFormat.OffsetAffectedCount, (uint)(affected.Length / DatabaseFormat.AffectedSize));
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(DatabaseFormat.OffsetFileLength), length);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(DatabaseFormat.OffsetBuilt), built.ToUnixTimeMilliseconds());
        Section(packages, DatabaseFormat.OffsetPackages);
        Section(affected, DatabaseFormat.OffsetAffected);
        Section(advisories, DatabaseFormat.OffsetAdvisories);
        Put(file, DatabaseFormat.OffsetData, (uint)offset);
        data.Position = 0;
        data.ReadExactly(file.AsSpan(offset));
        SHA256.HashData(file.AsSpan(DatabaseFormat.HeaderSize), file.AsSpan(DatabaseFormat.OffsetHash, DatabaseFormat.HashSize));
        return file;

        void Section(byte[] section, int field)
        {
            Put(file, field, (uint)offset);
            section.CopyTo(file, offset);
            offset += section.Length;
        }
    }

    private void WriteAdvisory(Span<byte> span, AdvisoryRecord record, int group, ExploitData exploits)
    {
        var (exploited, epss, percentile) = exploits.Of(record.Aliases.Append(record.Id));
        Put(span, 0, Text(record.Id));
        Put(span, 4, Texts([.. record.Aliases.Where(a => a != record.Id).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]));
        Put(span, 8, Text(record.Summary));
        Put(span, 12, Texts(record.References));
        Put(span, 16, Text(record.Rating.Vector));
        Put(span, 20, Text(record.Modified));
        Put(span, 24, Text(record.Published));
        Put(span, 28, (uint)group);
        span[32] = (byte)record.Rating.Severity;
        span[33] = (byte)((record.Rating.Stated ? DatabaseFormat.FlagStated : 0) | (record.IsMalware ? DatabaseFormat.FlagMalware : 0) | (exploited ? DatabaseFormat.FlagExploited : 0));
        BinaryPrimitives.WriteUInt16LittleEndian(span[34..], (ushort)Math.Round(record.Rating.Score * 10));
        BinaryPrimitives.WriteSingleLittleEndian(span[36..], epss);
        BinaryPrimitives.WriteSingleLittleEndian(span[40..], percentile);
    }

    private uint WriteAffected(AffectedPackage affected)
    {
        // Texts first: they must not lie inside the list that refers to them.
        var ranges = affected.Ranges.Select(r => (r.IsSemVer, Events: r.Events.Select(e => (e.Event, Text: Text(e.Version))).ToList())).ToList();
        var versions = affected.Versions.Distinct(StringComparer.Ordinal).Select(Text).ToList();
        var start = (uint)data.Position;
        Number((uint)ranges.Count);
        foreach (var (isSemVer, events) in ranges)
        {
            Number(((uint)events.Count << 1) | (isSemVer ? 1u : 0));
            foreach (var (kind, text) in events)
            {
                data.WriteByte((byte)kind);
                Number(text);
            }
        }

        Number((uint)versions.Count);
        versions.ForEach(Number);
        return start;
    }

    private uint Texts(IReadOnlyList<string> items)
    {
        if (items.Count == 0)
        {
            return 0;
        }

        var references = items.Select(Text).ToList();
        var start = (uint)data.Position;
        Number((uint)references.Count);
        references.ForEach(Number);
        return start;
    }

    private uint Text(string text)
    {
        if (!texts.TryGetValue(text, out var start))
        {
            start = (uint)data.Position;
            texts.Add(text, start);
            var bytes = Encoding.UTF8.GetBytes(text);
            Number((uint)bytes.Length);
            data.Write(bytes);
        }

        return start;
    }

    private void Number(uint value)
    {
        while (value >= 0x80)
        {
            data.WriteByte((byte)(value | 0x80));
            value >>= 7;
        }

        data.WriteByte((byte)value);
    }

    private static int Index(Ecosystem ecosystem)
    {
        for (var i = 0; i < Ecosystem.All.Count; i++)
        {
            if (Ecosystem.All[i] == ecosystem)
            {
                return i;
            }
        }

        throw new ArgumentException($"unknown ecosystem `{ecosystem}`", nameof(ecosystem));
    }

    private static void Put(Span<byte> span, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(span[offset..], value);
}
