using System.Buffers.Binary;
using System.Text;

namespace Pellicle.Scanning.Extractors.Node;

/// <summary>
/// The binary lock file of bun before 1.2 (<c>bun.lockb</c>, format 2), little endian: a line of text, format, hash and size; the packages as one
/// array a field (names of 8 bytes, hashes of 8, resolutions of 64, others); then six buffers, each by its start and end, the last with the texts.
/// </summary>
internal static class BunLockBinary
{
    private const int NameSize = 8, HashSize = 8, ResolutionSize = 64, Buffers = 6;

    // Kind of a resolution: from the registry.
    private const byte Registry = 2;

    private static ReadOnlySpan<byte> Mark => "#!/usr/bin/env bun\nbun-lockfile-format-v0\n"u8;

    public static bool Is(ReadOnlySpan<byte> content) => content.StartsWith(Mark);

    /// <summary>Names and versions of the packages that come from the registry; null when the file is not whole or of another format.</summary>
    public static List<(string Name, string Version)>? Read(ReadOnlySpan<byte> content)
    {
        var header = Mark.Length;
        if (content.Length < header + 84 || BinaryPrimitives.ReadUInt32LittleEndian(content[header..]) != 2
            || !TryLong(content, header + 44, out var count) || !TryLong(content, header + 68, out var begin) || !TryLong(content, header + 76, out var end)
            || begin > end || count > (end - begin) / (NameSize + HashSize + ResolutionSize) || Texts(content, end) is not { } place)
        {
            return null;
        }

        var texts = content[place];
        var packages = new List<(string, string)>();
        var resolutions = begin + (count * (NameSize + HashSize));
        for (var i = 0; i < count; i++)
        {
            var resolution = content.Slice(resolutions + (i * ResolutionSize), ResolutionSize);
            if (resolution[0] == Registry && Text(content.Slice(begin + (i * NameSize), NameSize), texts) is { Length: > 0 } name && Text(resolution.Slice(32, 8), texts) is { } label && Text(resolution.Slice(48, 8), texts) is { } build)
            {
                var version = $"{Number(resolution, 16)}.{Number(resolution, 20)}.{Number(resolution, 24)}";
                packages.Add((name, version + (label.Length > 0 ? "-" + label : "") + (build.Length > 0 ? "+" + build : "")));
            }
        }

        return packages;
    }

    private static uint Number(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    /// <summary>A position or count that lies within the content.</summary>
    private static bool TryLong(ReadOnlySpan<byte> content, int at, out int value)
    {
        var read = at >= 0 && at <= content.Length - 8 ? BinaryPrimitives.ReadUInt64LittleEndian(content[at..]) : ulong.MaxValue;
        value = read <= (ulong)content.Length ? (int)read : 0;
        return read <= (ulong)content.Length;
    }

    /// <summary>Where the last buffer lies: each begins behind the one before.</summary>
    private static Range? Texts(ReadOnlySpan<byte> content, int at)
    {
        int start = 0, end = at;
        for (var i = 0; i < Buffers; i++)
        {
            at = end;
            if (!TryLong(content, at, out start) || !TryLong(content, at + 8, out end) || start > end || end <= at)
            {
                return null;
            }
        }

        return start..end;
    }

    /// <summary>Up to eight characters in place, or a position and, with the highest bit set, a length among the texts. Null where it points outside.</summary>
    private static string? Text(ReadOnlySpan<byte> place, ReadOnlySpan<byte> texts)
    {
        if ((place[7] & 0x80) == 0)
        {
            var length = place.IndexOf((byte)0);
            return Encoding.UTF8.GetString(length < 0 ? place : place[..length]);
        }

        var (offset, size) = (BinaryPrimitives.ReadUInt32LittleEndian(place), BinaryPrimitives.ReadUInt32LittleEndian(place[4..]) & 0x7FFF_FFFF);
        return (ulong)offset + size <= (ulong)texts.Length ? Encoding.UTF8.GetString(texts.Slice((int)offset, (int)size)) : null;
    }
}
