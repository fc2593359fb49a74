using System.Buffers.Binary;
using System.Text;
using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Distributions;

/// <summary>RPM's database in its three forms: <c>rpmdb.sqlite</c>, <c>Packages.db</c> (ndb) and <c>Packages</c> (Berkeley DB). Each holds one header a package; how headers are stored is all that differs.</summary>
internal sealed class RpmDatabase : IExtractor
{
    private static readonly string[] Places =
    [
        "var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite", "usr/share/rpm/rpmdb.sqlite", "var/lib/rpm/Packages.db", "usr/lib/sysimage/rpm/Packages.db", "usr/share/rpm/Packages.db",
        "var/lib/rpm/Packages", "usr/lib/sysimage/rpm/Packages", "usr/share/rpm/Packages",
    ];

    public string Name => "rpm/database";

    public bool IsRequired(ScanPath path) => (path.Is("rpmdb.sqlite") || path.Is("Packages.db") || path.Is("Packages")) && DistributionPackage.Root(path, Places) is not null;

    public ExtractionResult Extract(ScanFile file)
    {
        var release = OsRelease.Find(file.Tree, DistributionPackage.Root(file.InnerPath, Places) ?? "");
        var ecosystem = OsRelease.EcosystemOf(release, Ecosystem.RedHat);
        List<byte[]> headers;
        try
        {
            headers = file.Content.AsSpan().StartsWith("SQLite format 3\0"u8) ? SqliteTable.Blobs(file.Content, "Packages") : file.Content.AsSpan().StartsWith("RpmP"u8) ? RpmBlobs.OfNdb(file.Content) : RpmBlobs.OfBerkeley(file.Content);
        }
        catch (InvalidDataException e)
        {
            return ExtractionResult.Failed(file, e.Message);
        }

        var packages = new List<Package>();
        var damaged = 0;
        foreach (var header in headers)
        {
            if (RpmHeader.TryRead(header, out var read) && read.Name == "gpg-pubkey")
            {
                continue; // a key that was imported
            }

            if (read is not null && DistributionPackage.Create(file, ecosystem, release, read.Name, read.EpochVersionRelease, read.Source, null, read.Architecture, read.License) is { } package)
            {
                packages.Add(package);
            }
            else
            {
                damaged++;
            }
        }

        return new ExtractionResult(packages, damaged == 0 ? [] : [new FileError("", file.Path.Value, $"{damaged} header{(damaged == 1 ? "" : "s")} could not be read")]);
    }
}

/// <summary>What one RPM header says.</summary>
internal sealed record RpmHeader(string Name, string Version, string Release, int Epoch, string? Architecture, string? License, string? SourceRpm)
{
    // Tags of rpm's own header, lib/rpmtag.h. Types: 4 is a number of 32 bits, 6 a text, 8 texts, 9 a translated text.
    private const int NameTag = 1000, VersionTag = 1001, ReleaseTag = 1002, EpochTag = 1003, LicenseTag = 1014, ArchitectureTag = 1022, SourceTag = 1044;

    private const int MaxEntries = 1 << 16;

    public string EpochVersionRelease => Epoch > 0 ? $"{Epoch}:{Version}-{Release}" : $"{Version}-{Release}";

    /// <summary><c>glibc-2.34-60.el9.src.rpm</c> without version, release and what follows.</summary>
    public string? Source => SourceRpm is not null && SourceRpm.Split('-') is { Length: > 2 } parts ? string.Join('-', parts[..^2]) : null;

    /// <summary>A header as the database stores it: counts of entries and bytes, entries of 16 bytes, data.</summary>
    public static bool TryRead(ReadOnlySpan<byte> blob, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out RpmHeader? header)
    {
        header = null;
        if (blob.Length < 8)
        {
            return false;
        }

        var (entries, bytes) = (BinaryPrimitives.ReadInt32BigEndian(blob), BinaryPrimitives.ReadInt32BigEndian(blob[4..]));
        if (entries is < 1 or > MaxEntries || bytes < 0 || 8 + (entries * 16L) + bytes > blob.Length)
        {
            return false;
        }

        var data = blob.Slice(8 + (entries * 16), bytes);
        var texts = new Dictionary<int, string>();
        var epoch = 0;
        for (var i = 0; i < entries; i++)
        {
            var entry = blob.Slice(8 + (i * 16), 16);
            var (tag, type, offset) = (BinaryPrimitives.ReadInt32BigEndian(entry), BinaryPrimitives.ReadInt32BigEndian(entry[4..]), BinaryPrimitives.ReadInt32BigEndian(entry[8..]));
            if (tag is not (NameTag or VersionTag or ReleaseTag or EpochTag or LicenseTag or ArchitectureTag or SourceTag) || offset < 0 || offset >= data.Length)
            {
                continue;
            }

            if (tag == EpochTag && type == 4 && offset <= data.Length - 4)
            {
                epoch = BinaryPrimitives.ReadInt32BigEndian(data[offset..]);
            }
            else if (type is 6 or 8 or 9 && data[offset..].IndexOf((byte)0) is var end and >= 0)
            {
                texts.TryAdd(tag, Encoding.UTF8.GetString(data.Slice(offset, end)));
            }
        }

        if (texts.TryGetValue(NameTag, out var name) && texts.TryGetValue(VersionTag, out var version) && texts.TryGetValue(ReleaseTag, out var release))
        {
            header = new RpmHeader(name, version, release, epoch, texts.GetValueOrDefault(ArchitectureTag), texts.GetValueOrDefault(LicenseTag), texts.GetValueOrDefault(SourceTag));
        }

        return header is not null;
    }
}

/// <summary>Headers out of rpm's own stores. Every offset is checked, and no page is followed twice.</summary>
internal static class RpmBlobs
{
    private const int MaxBlob = 16 << 20;

    /// <summary>ndb: pages of 4 KB with slots of 16 bytes (<c>Slot</c>, index, block, blocks); a blob begins <c>BlbS</c>, index, generation, length. Little endian (rpm, lib/backend/ndb/rpmpkg.c).</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static List<byte[]> OfNdb(ReadOnlySpan<byte> file)
    {
        const int page = 4096, block = 16;
        var pages = file.Length >= 32 ? BinaryPrimitives.ReadUInt32LittleEndian(file[12..]) : 0;
        if (pages is 0 or > 4096 || pages * page > file.Length)
        {
            throw new InvalidDataException("damaged rpm database (ndb): its slots are not whole");
        }

        var blobs = new List<byte[]>();
        for (var at = 32; at < pages * page; at += 16)
        {
            var slot = file[at..];
            if (!slot.StartsWith("Slot"u8) || BinaryPrimitives.ReadUInt32LittleEndian(slot[4..]) == 0)
            {
                continue;
            }

            var start = BinaryPrimitives.ReadUInt32LittleEndian(slot[8..]) * (long)block;
            if (start > file.Length - 16 || !file[(int)start..].StartsWith("BlbS"u8))
            {
                throw new InvalidDataException("damaged rpm database (ndb): a slot leads nowhere");
            }

            var length = BinaryPrimitives.ReadUInt32LittleEndian(file[((int)start + 12)..]);
            if (length > MaxBlob || start + 16 + length > file.Length)
            {
                throw new InvalidDataException("damaged rpm database (ndb): a header is cut off");
            }

            blobs.Add(file.Slice((int)start + 16, (int)length).ToArray());
        }

        return blobs;
    }

    /// <summary>Berkeley DB, a hash: pages whose items lead to chains of overflow pages, each a header (db, dbinc/db_page.h).</summary>
    /// <exception cref="InvalidDataException">The file is damaged or no such database.</exception>
    public static List<byte[]> OfBerkeley(ReadOnlySpan<byte> file)
    {
        const uint magic = 0x0006_1561;
        const int pageHeader = 26;
        const byte hash = 13, hashUnsorted = 2, overflow = 7, offPage = 3;
        if (file.Length < 512)
        {
            throw new InvalidDataException("no rpm database");
        }

        var little = BinaryPrimitives.ReadUInt32LittleEndian(file[12..]) == magic;
        if (!little && BinaryPrimitives.ReadUInt32BigEndian(file[12..]) != magic)
        {
            throw new InvalidDataException("no rpm database of a kind that is known");
        }

        var size = (int)Math.Min(Int(file, 20, little), 1 << 16);
        if (size < 512 || (size & (size - 1)) != 0)
        {
            throw new InvalidDataException("damaged rpm database: its page size is not possible");
        }

        var blobs = new List<byte[]>();
        var pages = file.Length / size;
        var read = 0;
        for (var number = 1; number < pages; number++)
        {
            var page = file.Slice(number * size, size);
            if (page[25] is not (hash or hashUnsorted))
            {
                continue;
            }

            // Items in turn: key, value. Offsets of 16 bits follow the page's header.
            var items = Short(page, 20, little);
            for (var item = 1; item < items && pageHeader + (item * 2) + 2 <= size; item += 2)
            {
                var at = Short(page, pageHeader + (item * 2), little);
                if (at > size - 12 || page[at] != offPage)
                {
                    continue;
                }

                var (next, length) = (Int(page, at + 4, little), Int(page, at + 8, little));
                if (length > MaxBlob)
                {
                    throw new InvalidDataException("damaged rpm database: a header is too long");
                }

                var blob = new List<byte>((int)Math.Min(length, file.Length));
                // Each overflow page belongs to one header: more steps than pages is a loop.
                while (next != 0)
                {
                    if (next >= pages || ++read > pages)
                    {
                        throw new InvalidDataException("damaged rpm database: a header's pages lead nowhere");
                    }

                    var part = file.Slice((int)next * size, size);
                    if (part[25] != overflow)
                    {
                        throw new InvalidDataException("damaged rpm database: a header's pages lead nowhere");
                    }

                    var used = Math.Min(Short(part, 22, little), size - pageHeader);
                    blob.AddRange(part.Slice(pageHeader, used));
                    next = Int(part, 16, little);
                }

                blobs.Add([.. blob.Take((int)length)]);
            }
        }

        return blobs;
    }

    private static uint Int(ReadOnlySpan<byte> bytes, int at, bool little) => little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]) : BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);

    private static int Short(ReadOnlySpan<byte> bytes, int at, bool little) => little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]) : BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
}
