using System.Buffers.Binary;
using System.Text;

namespace Pellicle.Scanning.Extractors.Binaries;

/// <summary>A shared library's own name, <c>DT_SONAME</c>, of 64-bit little-endian ELF files (Lambda's two architectures).</summary>
internal static class ElfName
{
    private const uint Load = 1, Dynamic = 2;

    private const ulong StringTable = 5, Soname = 14;

    /// <summary>Null for programs, and for files that are no such ELF file or damaged.</summary>
    public static string? Read(ReadOnlySpan<byte> elf)
    {
        if (elf.Length < 64 || !elf.StartsWith("\u007fELF"u8) || elf[4] != 2 || elf[5] != 1)
        {
            return null;
        }

        var table = BinaryPrimitives.ReadUInt64LittleEndian(elf[32..]);
        var (size, count) = (BinaryPrimitives.ReadUInt16LittleEndian(elf[54..]), BinaryPrimitives.ReadUInt16LittleEndian(elf[56..]));
        if (size < 56 || table > (ulong)elf.Length || (ulong)elf.Length - table < (ulong)size * count)
        {
            return null;
        }

        var dynamic = Entries(elf, (int)table, size, count);
        return dynamic.TryGetValue(Soname, out var name) && dynamic.TryGetValue(StringTable, out var strings) && Offset(elf, (int)table, size, count, strings) is { } at ? Text(elf, at + name) : null;
    }

    private static Dictionary<ulong, ulong> Entries(ReadOnlySpan<byte> elf, int table, int size, int count)
    {
        var entries = new Dictionary<ulong, ulong>();
        for (var i = 0; i < count; i++)
        {
            var header = elf[(table + (i * size))..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Dynamic)
            {
                continue;
            }

            var (start, length) = (BinaryPrimitives.ReadUInt64LittleEndian(header[8..]), BinaryPrimitives.ReadUInt64LittleEndian(header[32..]));
            for (ulong at = 0; at + 16 <= Math.Min(length, 1 << 16) && start <= (ulong)elf.Length && start + at + 16 <= (ulong)elf.Length; at += 16)
            {
                var entry = elf[(int)(start + at)..];
                entries.TryAdd(BinaryPrimitives.ReadUInt64LittleEndian(entry), BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]));
            }
        }

        return entries;
    }

    private static ulong? Offset(ReadOnlySpan<byte> elf, int table, int size, int count, ulong address)
    {
        for (var i = 0; i < count; i++)
        {
            var header = elf[(table + (i * size))..];
            var (offset, start, length) = (BinaryPrimitives.ReadUInt64LittleEndian(header[8..]), BinaryPrimitives.ReadUInt64LittleEndian(header[16..]), BinaryPrimitives.ReadUInt64LittleEndian(header[32..]));
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) == Load && address >= start && address - start < length)
            {
                return offset + (address - start);
            }
        }

        return null;
    }

    private static string? Text(ReadOnlySpan<byte> elf, ulong at)
    {
        if (at >= (ulong)elf.Length)
        {
            return null;
        }

        var rest = elf[(int)at..];
        var end = rest[..Math.Min(rest.Length, 256)].IndexOf((byte)0);
        return end > 0 ? Encoding.Latin1.GetString(rest[..end]) : null;
    }
}
