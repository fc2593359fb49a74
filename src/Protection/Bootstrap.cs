using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Pellicle.Protection;

/// <summary>What a package for an OS-only runtime starts with.</summary>
public enum Bootstrap
{
    /// <summary>Nobody looked, or it could not be read.</summary>
    Unknown,

    /// <summary>No bootstrap: a layer brings it.</summary>
    None,

    /// <summary>A script: its interpreter is a dynamically linked program.</summary>
    Script,

    /// <summary>A program linked against the system's C library: <c>LD_PRELOAD</c> reaches it.</summary>
    Dynamic,

    /// <summary>A program that takes no preloaded library.</summary>
    Static,

    /// <summary>Starts through the layer already (<see cref="PackageInstrumentation"/>).</summary>
    Instrumented,
}

/// <summary>Tells what a bootstrap is from its first bytes.</summary>
public static class Bootstraps
{
    private const int HeadBytes = 64 * 1024;

    /// <summary>Looks into a deployment package.</summary>
    /// <exception cref="InvalidDataException">No zip.</exception>
    public static Bootstrap Of(Stream package)
    {
        using var zip = new ZipArchive(package, ZipArchiveMode.Read, leaveOpen: true);
        return zip.GetEntry("bootstrap") is { } entry ? Of(entry) : Bootstrap.None;
    }

    internal static Bootstrap Of(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        var head = new byte[HeadBytes];
        return Of(head.AsSpan(0, stream.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false)));
    }

    /// <summary>Judges the first bytes of a bootstrap.</summary>
    internal static Bootstrap Of(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("#!"u8))
        {
            return head.IndexOf(PackageInstrumentation.Mark) >= 0 ? Bootstrap.Instrumented : Bootstrap.Script;
        }

        if (!head.StartsWith("\u007fELF"u8) || head.Length < 64)
        {
            return Bootstrap.Unknown;
        }

        // An interpreter other than glibc's cannot load our library, and refuses to start the program.
        return Interpreter(head) is { } loader && loader.Contains("/ld-linux", StringComparison.Ordinal) ? Bootstrap.Dynamic : Bootstrap.Static;
    }

    /// <summary>The loader that a 64-bit little-endian ELF file names (PT_INTERP), or null.</summary>
    private static string? Interpreter(ReadOnlySpan<byte> file)
    {
        const int ProgramHeaders = 0x20, HeaderSize = 0x36, HeaderCount = 0x38, Interp = 3;
        var (size, count) = (BinaryPrimitives.ReadUInt16LittleEndian(file[HeaderSize..]), BinaryPrimitives.ReadUInt16LittleEndian(file[HeaderCount..]));
        var at = BinaryPrimitives.ReadUInt64LittleEndian(file[ProgramHeaders..]);
        for (var i = 0; i < count && size >= 56; i++)
        {
            var header = at + ((ulong)i * size);
            if (header + 56 > (ulong)file.Length)
            {
                return null;
            }

            var entry = file[(int)header..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(entry) == Interp)
            {
                var (offset, length) = (BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]), BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]));
                return offset < (ulong)file.Length && length < 4096 && offset + length <= (ulong)file.Length ? Encoding.ASCII.GetString(file.Slice((int)offset, (int)length)).TrimEnd('\0') : null;
            }
        }

        return null;
    }
}
