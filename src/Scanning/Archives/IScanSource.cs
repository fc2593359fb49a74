using Pellicle.Domain;

namespace Pellicle.Scanning.Archives;

/// <summary>Kind of an entry.</summary>
public enum EntryKind
{
    /// <summary>Regular file.</summary>
    File,

    /// <summary>Directory.</summary>
    Directory,

    /// <summary>Symbolic link; its content is the target.</summary>
    SymbolicLink,

    /// <summary>Device, socket, pipe.</summary>
    Other,
}

/// <summary>One file, directory or link as listed; content is read through its source.</summary>
public sealed record ScanEntry
{
    /// <summary>Path relative to the source, <c>/</c>-separated, no leading slash, no <c>..</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Kind.</summary>
    public EntryKind Kind { get; init; }

    /// <summary>Inflated size as stated by the archive.</summary>
    public long Size { get; init; }

    /// <summary>Stored size.</summary>
    public long CompressedSize { get; init; }

    /// <summary>CRC-32 of the content; 0 in directories on disk, where it is not known.</summary>
    public uint Crc32 { get; init; }

    /// <summary>POSIX mode bits (with the file type cut off); 0 where the archive does not say.</summary>
    public int Mode { get; init; }

    /// <summary>True when the archive lists an earlier entry of this name with other content, which nobody can read any more.</summary>
    internal bool HidesOther { get; init; }

    /// <summary>Where a symbolic link points, where known.</summary>
    public string? LinkTarget { get; init; }

    internal long Offset { get; init; }

    internal ushort Method { get; init; }

    internal ushort Flags { get; init; }

    internal ushort NameLength { get; init; }

    internal uint NameHash { get; init; }

    internal ScanPath ScanPath => new(Path);
}

/// <summary>Which trick an archive plays.</summary>
public enum TrickKind
{
    /// <summary>An absolute name, a drive letter or a NUL character.</summary>
    AbsolutePath,

    /// <summary>A name with <c>..</c>.</summary>
    ParentPath,

    /// <summary>Two entries of the same name.</summary>
    DuplicateEntry,

    /// <summary>Names that differ only by case.</summary>
    CaseCollision,

    /// <summary>A symbolic link to outside the archive's root, or a loop.</summary>
    SymlinkEscape,

    /// <summary>A set-uid or set-gid file.</summary>
    SetUid,

    /// <summary>Far larger when inflated than any real file.</summary>
    Bomb,

    /// <summary>Entries that share the same bytes.</summary>
    OverlappingEntries,

    /// <summary>Content under a password.</summary>
    Encrypted,

    /// <summary>Local header and central directory disagree about name or method.</summary>
    HeaderMismatch,
}

/// <summary>A trick in the structure of an archive.</summary>
public sealed record ArchiveTrick(TrickKind Kind, string Path, string Detail);

/// <summary>Content of one entry, or why it could not be read.</summary>
internal readonly record struct ReadResult(byte[]? Content, string? Error, string Hint = "")
{
    /// <summary>True when content was inflated before the damage showed.</summary>
    public bool WasInflated { get; init; }

    public static ReadResult Failed(string error, string hint = "") => new(null, error, hint);
}

/// <summary>A zip file, a directory or an archive inside one. Reading is thread-safe.</summary>
public interface IScanSource : IDisposable
{
    /// <summary>Name for messages: file name of the archive or directory.</summary>
    string Name { get; }

    /// <summary>Entries that are safe to use, sorted by path, one per path (the last one listed wins, as in extraction).</summary>
    IReadOnlyList<ScanEntry> Entries { get; }

    /// <summary>What was wrong with the listing; path, message and hint (the origin is filled in by the reader).</summary>
    IReadOnlyList<FileError> Errors { get; }

    /// <summary>Tricks seen in the listing.</summary>
    IReadOnlyList<ArchiveTrick> Tricks { get; }

    /// <summary>The entry at a path, or null.</summary>
    ScanEntry? Find(string path);

    /// <summary>Bytes of the archive file; 0 for a directory.</summary>
    internal long Length { get; }

    internal ReadResult Read(ScanEntry entry, long maxBytes);

    /// <summary>First bytes of an entry, as many as fit or as there are; 0 where it cannot be read, which <see cref="Read"/> explains.</summary>
    internal int ReadPrefix(ScanEntry entry, Span<byte> buffer);

    /// <summary>An entry as a source of bytes, for the archive it holds; in place where it is stored as it is. The caller disposes it.</summary>
    internal ByteSource? OpenEntry(ScanEntry entry, long maxBytes, out ReadResult failure);

    /// <summary>SHA-256 of the whole, lower-case hexadecimal.</summary>
    string ComputeSha256(CancellationToken cancellationToken);
}
