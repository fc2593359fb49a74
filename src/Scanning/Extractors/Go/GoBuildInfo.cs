using System.Buffers.Binary;
using System.Text;
using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Go;

/// <summary>Modules of a Go executable from its build info (Go source: <c>debug/buildinfo</c>); survives stripping. Both forms: inline strings (Go 1.18 and later) and pointers (before).</summary>
internal sealed class GoBuildInfo : IBinaryExtractor
{
    private const int Alignment = 16, HeaderLength = 32;

    private const byte BigEndian = 1, Inline = 2;

    private static ReadOnlySpan<byte> Magic => [0xFF, (byte)' ', (byte)'G', (byte)'o', (byte)' ', (byte)'b', (byte)'u', (byte)'i', (byte)'l', (byte)'d', (byte)'i', (byte)'n', (byte)'f', (byte)':'];

    public string Name => "go/buildinfo";

    public ExtractionResult Extract(ScanFile file)
    {
        ReadOnlySpan<byte> content = file.Content;
        for (var start = 0; start < content.Length && content[start..].IndexOf(Magic) is var found and >= 0;)
        {
            var at = start + found;
            if (at + HeaderLength <= content.Length && TryRead(content, at, out var version, out var modules))
            {
                return Parse(file, version, modules);
            }

            // The magic also stands as a constant in tools that read build info.
            start = at + 1;
        }

        return ExtractionResult.Empty;
    }

    private static bool TryRead(ReadOnlySpan<byte> content, int at, out string version, out string modules)
    {
        (version, modules) = ("", "");
        var (pointerSize, flags) = (content[at + 14], content[at + 15]);
        if ((flags & Inline) != 0)
        {
            var rest = content[(at + HeaderLength)..];
            return TakeString(ref rest, out version) && TakeString(ref rest, out modules) && version.StartsWith("go", StringComparison.Ordinal);
        }

        if (pointerSize is not (4 or 8) || at % Alignment != 0)
        {
            return false;
        }

        var big = (flags & BigEndian) != 0;
        return ElfMemory.TryCreate(content, out var memory)
            && memory.TryString(content, ReadPointer(content[(at + 16)..], pointerSize, big), pointerSize, big, out version)
            && memory.TryString(content, ReadPointer(content[(at + 16 + pointerSize)..], pointerSize, big), pointerSize, big, out modules)
            && version.StartsWith("go", StringComparison.Ordinal);
    }

    internal static ulong ReadPointer(ReadOnlySpan<byte> bytes, int size, bool big) => (size, big) switch
    {
        (4, true) => BinaryPrimitives.ReadUInt32BigEndian(bytes),
        (4, false) => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        (_, true) => BinaryPrimitives.ReadUInt64BigEndian(bytes),
        (_, false) => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
    };

    private static bool TakeString(ref ReadOnlySpan<byte> rest, out string text)
    {
        text = "";
        ulong length = 0;
        for (int i = 0, shift = 0; i < rest.Length && shift < 35; i++, shift += 7)
        {
            length |= (ulong)(rest[i] & 0x7F) << shift;
            if (rest[i] < 0x80)
            {
                rest = rest[(i + 1)..];
                if (length > (ulong)rest.Length || length > 16 << 20)
                {
                    return false;
                }

                text = Encoding.UTF8.GetString(rest[..(int)length]);
                rest = rest[(int)length..];
                return true;
            }
        }

        return false;
    }

    private static ExtractionResult Parse(ScanFile file, string version, string modules)
    {
        var packages = new List<Package>();
        Add("stdlib", version.Split(' ')[0].Split('-')[0][2..]);
        (string Name, string Version)? last = null;
        // The text stands between two 16-byte markers that are not text.
        foreach (var line in modules.Split('\n'))
        {
            var columns = line.Split('\t');
            switch (columns)
            {
                case ["dep", var name, var v, ..]:
                    Flush();
                    last = (name, v);
                    break;
                case ["=>", var name, ['v', ..] v, ..]:
                    // A replacement is what was compiled in. One by a directory has no version: the module as required is the best that is known.
                    last = (name, v);
                    break;
            }
        }

        Flush();
        return ExtractionResult.Of(packages);

        void Flush()
        {
            if (last is var (name, v))
            {
                Add(name, v.TrimStart('v'));
            }
        }

        void Add(string name, string v)
        {
            if (v != "(devel)" && file.Package(Ecosystem.Go, name, v, PackageEvidence.Binary) is { } package)
            {
                packages.Add(package);
            }
        }
    }
}

/// <summary>Maps virtual addresses of an ELF file to file offsets by its load segments.</summary>
internal sealed class ElfMemory
{
    private readonly List<(ulong Address, ulong Offset, ulong Size)> segments = [];

    public static bool TryCreate(ReadOnlySpan<byte> elf, out ElfMemory memory)
    {
        memory = new ElfMemory();
        if (elf.Length < 64 || elf[4] != 2 || elf[5] != 1)
        {
            // 64-bit little-endian only: Lambda's two architectures.
            return false;
        }

        var table = BinaryPrimitives.ReadUInt64LittleEndian(elf[32..]);
        var (size, count) = (BinaryPrimitives.ReadUInt16LittleEndian(elf[54..]), BinaryPrimitives.ReadUInt16LittleEndian(elf[56..]));
        for (var i = 0; i < count; i++)
        {
            var at = table + ((ulong)i * size);
            if (at > (ulong)elf.Length || (ulong)elf.Length - at < 56)
            {
                return false;
            }

            var header = elf[(int)at..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) == 1)
            {
                memory.segments.Add((BinaryPrimitives.ReadUInt64LittleEndian(header[16..]), BinaryPrimitives.ReadUInt64LittleEndian(header[8..]), BinaryPrimitives.ReadUInt64LittleEndian(header[32..])));
            }
        }

        return memory.segments.Count > 0;
    }

    /// <summary>Reads the Go string (data pointer, length) at an address.</summary>
    public bool TryString(ReadOnlySpan<byte> elf, ulong address, int pointerSize, bool big, out string text)
    {
        text = "";
        if (!TrySlice(elf, address, (ulong)pointerSize * 2, out var header))
        {
            return false;
        }

        var (data, length) = (GoBuildInfo.ReadPointer(header, pointerSize, big), GoBuildInfo.ReadPointer(header[pointerSize..], pointerSize, big));
        if (length > 16 << 20 || !TrySlice(elf, data, length, out var bytes))
        {
            return false;
        }

        text = Encoding.UTF8.GetString(bytes);
        return true;
    }

    private bool TrySlice(ReadOnlySpan<byte> elf, ulong address, ulong length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        foreach (var (start, offset, size) in segments)
        {
            if (address >= start && length <= size && address - start <= size - length)
            {
                var at = offset + (address - start);
                if (at <= (ulong)elf.Length && length <= (ulong)elf.Length - at)
                {
                    bytes = elf.Slice((int)at, (int)length);
                    return true;
                }
            }
        }

        return false;
    }
}
