using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Rust;

/// <summary><c>Cargo.lock</c>.</summary>
internal sealed class CargoLock : IExtractor
{
    public string Name => "cargo/lock";

    public bool IsRequired(ScanPath path) => path.Is("Cargo.lock");

    public ExtractionResult Extract(ScanFile file) => TomlTables.Extract(file, ["package"], table =>
        // Without a source it is the project itself or a path dependency.
        table.ContainsKey("source") && table.TryGetValue("version", out var version) ? file.Package(Ecosystem.CratesIo, table.GetValueOrDefault("name"), version, PackageEvidence.Declared) : null);
}

/// <summary>Dependency list that <c>cargo auditable</c> packs into the ELF section <c>.dep-v0</c>: zlib-compressed JSON.</summary>
internal sealed class CargoAuditable : IBinaryExtractor
{
    // The list of a program with 1,000 crates takes 100 KB.
    private const int MaxInflated = 8 << 20;

    public string Name => "cargo/auditable";

    public ExtractionResult Extract(ScanFile file)
    {
        if (!TrySection(file.Content, out var offset, out var length))
        {
            return ExtractionResult.Empty;
        }

        try
        {
            using var inflater = new ZLibStream(new MemoryStream(file.Content, offset, length, writable: false), CompressionMode.Decompress);
            var buffer = new byte[MaxInflated];
            var count = inflater.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            using var document = Json.ParseObject(buffer.AsMemory(0, count));
            if (document is not null)
            {
                return ExtractionResult.Of([.. document.RootElement.Items("packages")
                    .Where(item => item.String("source") is "crates.io" or "registry" && item.String("kind") != "build" && item.String("version") is not null)
                    .Select(item => file.Package(Ecosystem.CratesIo, item.String("name"), item.String("version"), PackageEvidence.Binary)).OfType<Package>()]);
            }
        }
        catch (InvalidDataException)
        {
            // Falls to the error below.
        }

        return ExtractionResult.Failed(file, "damaged dependency list in section .dep-v0");
    }

    private static bool TrySection(ReadOnlySpan<byte> elf, out int offset, out int length)
    {
        (offset, length) = (0, 0);
        if (elf.Length < 64 || !elf.StartsWith("\u007fELF"u8) || elf[4] != 2 || elf[5] != 1)
        {
            return false;
        }

        var table = BinaryPrimitives.ReadUInt64LittleEndian(elf[40..]);
        var (size, count, names) = (BinaryPrimitives.ReadUInt16LittleEndian(elf[58..]), BinaryPrimitives.ReadUInt16LittleEndian(elf[60..]), BinaryPrimitives.ReadUInt16LittleEndian(elf[62..]));
        if (size < 64 || names >= count || table > (ulong)elf.Length || (ulong)elf.Length - table < (ulong)size * count)
        {
            return false;
        }

        var text = BinaryPrimitives.ReadUInt64LittleEndian(elf[((int)table + (names * size) + 24)..]);
        for (var i = 0; i < count; i++)
        {
            var header = elf[((int)table + (i * size))..];
            var name = text + BinaryPrimitives.ReadUInt32LittleEndian(header);
            var (start, bytes) = (BinaryPrimitives.ReadUInt64LittleEndian(header[24..]), BinaryPrimitives.ReadUInt64LittleEndian(header[32..]));
            if (name < (ulong)elf.Length && elf[(int)name..].StartsWith(".dep-v0\0"u8) && start <= (ulong)elf.Length && bytes <= (ulong)elf.Length - start)
            {
                (offset, length) = ((int)start, (int)bytes);
                return true;
            }
        }

        return false;
    }
}
