using System.Buffers.Text;
using System.IO.Compression;

namespace Pellicle.Guard.RuntimeApi;

/// <summary>Answers that functions compress (gzip) before they put them into a body in base64.</summary>
internal static class Unpacked
{
    /// <summary>Bytes that are looked at; more of them are a file that somebody fetches.</summary>
    private const int MaxLength = 1 << 20;

    /// <summary>How such a body begins in base64, in its quotes.</summary>
    private static ReadOnlySpan<byte> Mark => "\"H4sI"u8;

    /// <summary>What a compressed answer holds, or these bytes when they are none.</summary>
    internal static ReadOnlySpan<byte> Read(byte[] bytes, int length)
    {
        if (bytes.AsSpan(0, length) is not [0x1F, 0x8B, 8, ..])
            return bytes.AsSpan(0, length);
        var plain = new byte[MaxLength];
        var read = 0;
        try
        {
            using var unpacked = new GZipStream(new MemoryStream(bytes, 0, length), CompressionMode.Decompress);
            read = unpacked.ReadAtLeast(plain, plain.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException)
        {
            // Cut off, or no gzip after all: nobody can read it.
        }
        return plain.AsSpan(0, read);
    }

    /// <summary>What a response's compressed body holds; nothing where it has none.</summary>
    internal static ReadOnlySpan<byte> Body(ReadOnlySpan<byte> response)
    {
        var at = response.IndexOf(Mark);
        if (at < 0)
            return default;
        var text = response[(at + 1)..];
        var end = text.IndexOf((byte)'"');
        var bytes = end < 0 ? [] : new byte[Base64.GetMaxDecodedFromUtf8Length(end)];
        return end > 0 && Base64.DecodeFromUtf8(text[..end], bytes, out _, out var length) == System.Buffers.OperationStatus.Done ? Read(bytes, length) : default;
    }
}
