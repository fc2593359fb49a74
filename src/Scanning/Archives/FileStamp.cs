using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Pellicle.Scanning.Archives;

/// <summary>
/// Which file of which file system, and when it was written: while this is the same, so are its bytes. The time of the last change of the
/// file's own data (ctime) is part of it, which no program can set.
/// </summary>
/// <param name="Device">Number of the file system.</param>
/// <param name="Inode">Number of the file there.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Written">Last write, nanoseconds since 1970.</param>
/// <param name="Changed">Last change of content, name or permissions, nanoseconds since 1970.</param>
internal readonly unsafe partial record struct FileStamp(ulong Device, ulong Inode, ulong Size, long Written, long Changed)
{
    /// <summary>A file system's clock may tick once in so long: two writes within it look like one.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(2);

    private const int CurrentDirectory = -100;
    private const uint Wanted = 0x200 | 0x100 | 0x80 | 0x40 | 0x1; // size, inode, ctime, mtime, type
    private const ushort TypeMask = 0xf000, RegularFile = 0x8000, Directory = 0x4000;

    /// <summary>The stamp of an ordinary file, through links; null for everything else, and where the system does not tell.</summary>
    public static FileStamp? Of(string path) => Ask(path) is { } answer && (answer.Mode & TypeMask) == RegularFile
        ? new FileStamp(((ulong)answer.DeviceMajor << 32) | answer.DeviceMinor, answer.Inode, answer.Size, answer.Written.Nanoseconds, answer.Changed.Nanoseconds)
        : null;

    /// <summary>A pipe, a socket or a device: opening one may wait for ever, reading one may never end. False where the system does not tell.</summary>
    public static bool IsSpecial(string path) => Ask(path) is { } answer && (answer.Mode & TypeMask) is not (RegularFile or Directory);

    private static Statx? Ask(string path)
    {
        var answer = default(Statx);
        var bytes = Encoding.UTF8.GetBytes(path + '\0');
        try
        {
            fixed (byte* name = bytes)
            {
                return statx(CurrentDirectory, name, 0, Wanted, &answer) == 0 && (answer.Mask & Wanted) == Wanted ? answer : null;
            }
        }
        catch (EntryPointNotFoundException)
        {
            // A C library of before 2018.
            return null;
        }
    }

    /// <summary>False while the file could be written once more without another stamp.</summary>
    public bool IsSettled(DateTimeOffset now) => (now - DateTimeOffset.UnixEpoch - TimeSpan.FromTicks(Changed / 100)) > Tick;

    /// <summary>Names the file, not its state.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{Device:x}-{Inode:x}");

    /// <summary>Its state, one word.</summary>
    public string State => string.Create(CultureInfo.InvariantCulture, $"{Size:x}-{Written:x}-{Changed:x}");

#pragma warning disable IDE1006, SYSLIB1054, CS0649 // names are those of the C library, and it fills the fields
    [LibraryImport("libc")]
    private static partial int statx(int directory, byte* path, int flags, uint mask, Statx* answer);

    /// <summary>The kernel's layout (linux/stat.h).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(0)]
        public uint Mask;
        [FieldOffset(28)]
        public ushort Mode;
        [FieldOffset(32)]
        public ulong Inode;
        [FieldOffset(40)]
        public ulong Size;
        [FieldOffset(96)]
        public StatxTime Changed;
        [FieldOffset(112)]
        public StatxTime Written;
        [FieldOffset(136)]
        public uint DeviceMajor;
        [FieldOffset(140)]
        public uint DeviceMinor;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct StatxTime
    {
        public long Seconds;
        public uint Fraction;
        public int Reserved;

        public readonly long Nanoseconds => (Seconds * 1_000_000_000) + Fraction;
    }
}
