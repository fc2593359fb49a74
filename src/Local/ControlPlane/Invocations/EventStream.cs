using System.Buffers.Binary;
using System.Text;

namespace Pellicle.Local.ControlPlane.Invocations;

/// <summary>Frames of <c>application/vnd.amazon.eventstream</c>: lengths and checksums big endian, all headers strings.</summary>
internal static class EventStream
{
    public const string ContentType = "application/vnd.amazon.eventstream";

    private const byte StringHeader = 7;
    private static readonly uint[] CrcTable = MakeCrcTable();

    public static byte[] Frame(string eventType, string contentType, ReadOnlySpan<byte> payload)
    {
        var headers = new MemoryStream();
        Header(headers, ":event-type", eventType);
        Header(headers, ":content-type", contentType);
        Header(headers, ":message-type", "event");
        var headerLength = (int)headers.Length;

        var frame = new byte[12 + headerLength + payload.Length + 4];
        BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)frame.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), (uint)headerLength);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(8), Crc32(frame.AsSpan(0, 8)));
        headers.GetBuffer().AsSpan(0, headerLength).CopyTo(frame.AsSpan(12));
        payload.CopyTo(frame.AsSpan(12 + headerLength));
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(frame.Length - 4), Crc32(frame.AsSpan(0, frame.Length - 4)));
        return frame;
    }

    /// <summary>CRC-32 as in zip and zlib.</summary>
    internal static uint Crc32(ReadOnlySpan<byte> data)
    {
        var crc = ~0u;
        foreach (var b in data)
            crc = CrcTable[(byte)(crc ^ b)] ^ (crc >> 8);
        return ~crc;
    }

    private static void Header(MemoryStream stream, string name, string value)
    {
        stream.WriteByte((byte)name.Length);
        stream.Write(Encoding.ASCII.GetBytes(name));
        stream.WriteByte(StringHeader);
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)value.Length);
        stream.Write(length);
        stream.Write(Encoding.ASCII.GetBytes(value));
    }

    private static uint[] MakeCrcTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
                value = (value & 1) != 0 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
            table[i] = value;
        }

        return table;
    }
}
