using System.Buffers.Binary;
using System.IO.Compression;
using Pellicle.Domain;
using Pellicle.Scanning.Extractors.Sbom;

namespace Pellicle.Scanning.Extractors.Java;

/// <summary>
/// The list of components in a GraalVM native image: a compressed CycloneDX document at the symbol <c>sbom</c>, its size at <c>sbom_length</c>
/// (GraalVM's documentation, "Software Bill of Materials in Native Image"). ELF of 64 bits, little endian.
/// </summary>
internal sealed class NativeImageSbom : IBinaryExtractor
{
    private const int MaxSymbols = 1 << 20, MaxHeaders = 4_096, MaxDocument = 64 << 20;

    // Types of sections: symbols of the linker, symbols of the loader. Type of a loaded segment.
    private const uint Symbols = 2, DynamicSymbols = 11, Load = 1;

    public string Name => "maven/native-image";

    public ExtractionResult Extract(ScanFile file)
    {
        var content = file.Content.AsSpan();
        if (content.Length < 64 || content is not [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, ..] || content.IndexOf("\0sbom_length\0"u8) < 0)
        {
            return ExtractionResult.Empty;
        }

        if (Find(content, "sbom"u8) is not { } start || Find(content, "sbom_length"u8) is not { } place || place > content.Length - 8)
        {
            return ExtractionResult.Empty;
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(content[place..]);
        if (length > (ulong)(content.Length - start) || Inflate(file.Content, start, (int)length) is not { } json)
        {
            return ExtractionResult.Failed(file, "damaged list of components in a native image");
        }

        using var document = Json.ParseObject(json);
        return document is null ? ExtractionResult.Failed(file, "damaged list of components in a native image") : ExtractionResult.Of(CycloneDxFile.Components(file, document.RootElement, PackageEvidence.Binary));
    }

    /// <summary>Where in the file a symbol's content lies; null where there is none.</summary>
    private static int? Find(ReadOnlySpan<byte> content, ReadOnlySpan<byte> symbol)
    {
        var (headers, size, count) = (Long(content, 40), Short(content, 58), Math.Min(Short(content, 60), MaxHeaders));
        for (var i = 0; i < count; i++)
        {
            if (Slice(content, headers + ((long)i * size), 64) is not { } section || Int(content[section], 4) is not (Symbols or DynamicSymbols))
            {
                continue;
            }

            var table = content[section];
            var names = Slice(content, headers + (Int(table, 40) * size), 64) is { } linked && Slice(content, Long(content[linked], 24), Long(content[linked], 32)) is { } texts ? content[texts] : default;
            for (long at = Long(table, 24), end = at + Long(table, 32), seen = 0; at >= 0 && at < end && seen < MaxSymbols && Slice(content, at, 24) is { } entry; at += 24, seen++)
            {
                var name = Int(content[entry], 0);
                if (name < names.Length && names[(int)name..].StartsWith(symbol) && name + symbol.Length < names.Length && names[(int)name + symbol.Length] == 0)
                {
                    return Offset(content, Long(content[entry], 8));
                }
            }
        }

        return null;
    }

    /// <summary>An address in memory as a place in the file, by the segment that is loaded there.</summary>
    private static int? Offset(ReadOnlySpan<byte> content, long address)
    {
        var (headers, size, count) = (Long(content, 32), Short(content, 54), Math.Min(Short(content, 56), MaxHeaders));
        for (var i = 0; i < count; i++)
        {
            if (Slice(content, headers + ((long)i * size), 56) is not { } place || Int(content[place], 0) != Load)
            {
                continue;
            }

            var (offset, start, length) = (Long(content[place], 8), Long(content[place], 16), Long(content[place], 32));
            if (address >= start && address - start < length && offset >= 0 && offset + (address - start) is >= 0 and var at && at < content.Length)
            {
                return (int)at;
            }
        }

        return null;
    }

    private static byte[]? Inflate(byte[] content, int start, int length)
    {
        using var gzip = new GZipStream(new MemoryStream(content, start, length, writable: false), CompressionMode.Decompress);
        using var document = new MemoryStream();
        var buffer = new byte[64 << 10];
        try
        {
            while (gzip.Read(buffer) is > 0 and var read)
            {
                document.Write(buffer, 0, read);
                if (document.Length > MaxDocument)
                {
                    return null;
                }
            }
        }
        catch (InvalidDataException)
        {
            return null;
        }

        return document.ToArray();
    }

    private static Range? Slice(ReadOnlySpan<byte> content, long start, long length) =>
        start >= 0 && length >= 0 && start <= content.Length && length <= content.Length - start ? (int)start..(int)(start + length) : null;

    private static long Long(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);

    private static uint Int(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static int Short(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);
}
