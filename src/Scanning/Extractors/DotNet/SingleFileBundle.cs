using System.Buffers.Binary;
using System.Text;
using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.DotNet;

/// <summary>A .NET application packed into its host executable: the <c>deps.json</c> inside it. Layout: dotnet/runtime <c>Microsoft.NET.HostModel.Bundle.Manifest</c>, versions 1, 2 and 6.</summary>
internal sealed class SingleFileBundle : IBinaryExtractor
{
    // SHA-256 of ".net core bundle"; the eight bytes before it hold the offset of the manifest.
    private static ReadOnlySpan<byte> Marker =>
    [
        0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93, 0x02, 0x14, 0xd7, 0xa0, 0x32,
        0x13, 0xf5, 0xb9, 0xe6, 0xef, 0xae, 0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae,
    ];

    public string Name => "nuget/single-file";

    public ExtractionResult Extract(ScanFile file)
    {
        var at = file.Content.AsSpan().IndexOf(Marker);
        if (at < 8)
        {
            return ExtractionResult.Empty;
        }

        var offset = BinaryPrimitives.ReadInt64LittleEndian(file.Content.AsSpan(at - 8));
        if (offset == 0)
        {
            // An ordinary apphost: the application lies beside it.
            return ExtractionResult.Empty;
        }

        try
        {
            return ReadManifest(file, offset);
        }
        catch (Exception e) when (e is EndOfStreamException or ArgumentException or IOException or InvalidDataException or FormatException)
        {
            return ExtractionResult.Failed(file, "damaged .NET bundle manifest");
        }
    }

    private static ExtractionResult ReadManifest(ScanFile file, long offset)
    {
        if (offset < 0 || offset >= file.Content.Length)
        {
            throw new InvalidDataException();
        }

        using var reader = new BinaryReader(new MemoryStream(file.Content, (int)offset, file.Content.Length - (int)offset, writable: false), Encoding.UTF8);
        var major = reader.ReadUInt32();
        reader.ReadUInt32();
        var count = reader.ReadInt32();
        reader.ReadString();
        if (major is < 1 or > 6 || count is < 0 or > 100_000)
        {
            throw new InvalidDataException();
        }

        if (major >= 2)
        {
            var (depsOffset, depsSize) = (reader.ReadInt64(), reader.ReadInt64());
            return DepsJson.Read(file, Slice(file.Content, depsOffset, depsSize), packed: true);
        }

        for (var i = 0; i < count; i++)
        {
            var (start, size) = (reader.ReadInt64(), reader.ReadInt64());
            reader.ReadByte();
            if (reader.ReadString().EndsWith(".deps.json", StringComparison.OrdinalIgnoreCase))
            {
                return DepsJson.Read(file, Slice(file.Content, start, size), packed: true);
            }
        }

        return ExtractionResult.Empty;
    }

    private static ReadOnlyMemory<byte> Slice(byte[] content, long offset, long size) =>
        offset < 0 || size < 0 || offset + size > content.Length || offset + size < 0 ? throw new InvalidDataException() : content.AsMemory((int)offset, (int)size);
}
