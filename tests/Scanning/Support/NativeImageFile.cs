using System.IO.Compression;
using System.Text;

namespace Pellicle.Scanning.Tests.Support;

/// <summary>An ELF file with one loaded segment and the symbols <c>sbom</c> and <c>sbom_length</c>, as GraalVM's native images have them.</summary>
internal static class NativeImageFile
{
    public static byte[] Build(string json)
    {
        const long Base = 0x400000;
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(json));
        }

        var names = "\0main\0sbom_length\0sbom\0"u8.ToArray();
        var document = compressed.ToArray();
        long symbols = 64 + 56, texts = symbols + (4 * 24), size = texts + names.Length, list = size + 8, sections = list + document.Length;
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write([0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        Write(writer, (short)2, (short)62, 1, Base, 64L, sections, 0, (short)64, (short)56, (short)1, (short)64, (short)3, (short)0);
        Write(writer, 1, 5, 0L, Base, Base, sections, sections, 4096L);
        writer.Write(new byte[24]);
        foreach (var (name, address) in new (int, long)[] { (1, Base + 64), (6, Base + size), (18, Base + list) })
        {
            Write(writer, name, (byte)17, (byte)0, (short)1, address, 8L);
        }

        writer.Write(names);
        writer.Write((long)document.Length);
        writer.Write(document);
        writer.Write(new byte[64]);
        Write(writer, 0, 11, 2L, Base + symbols, symbols, 4 * 24L, 2, 1, 8L, 24L);
        Write(writer, 0, 3, 2L, Base + texts, texts, (long)names.Length, 0, 0, 1L, 0L);
        writer.Write(new byte[4096]);
        return stream.ToArray();
    }

    private static void Write(BinaryWriter writer, params object[] values)
    {
        foreach (var value in values)
        {
            switch (value)
            {
                case byte number: writer.Write(number); break;
                case short number: writer.Write(number); break;
                case int number: writer.Write(number); break;
                case long number: writer.Write(number); break;
                default: throw new ArgumentException($"{value}", nameof(values));
            }
        }
    }
}
