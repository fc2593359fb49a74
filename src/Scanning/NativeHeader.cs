using System.Buffers.Binary;

namespace Pellicle.Scanning;

/// <summary>Reads the head of an ELF file.</summary>
internal static class NativeHeader
{
    private const int HeadBytes = 4096;

    /// <summary>Null for what is no ELF file.</summary>
    public static NativeFile? Read(string path, ReadOnlySpan<byte> bytes, bool accounted)
    {
        if (bytes.Length < 20 || bytes is not [0x7F, (byte)'E', (byte)'L', (byte)'F', ..])
        {
            return null;
        }

        var isLittle = bytes[5] != 2;
        var machine = isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[18..]) : BinaryPrimitives.ReadUInt16BigEndian(bytes[18..]);
        // UPX writes its mark behind the program headers and again at the end.
        var isPacked = bytes[..Math.Min(HeadBytes, bytes.Length)].IndexOf("UPX!"u8) >= 0;
        // EM_X86_64 is 62, EM_AARCH64 is 183.
        return new NativeFile(path, machine switch { 62 => "x86_64", 183 => "arm64", _ => "" }, isPacked, accounted);
    }
}
