using System.Security.Cryptography;
using System.Text;
using Pellicle.Domain;

namespace Pellicle.Scanning.Archives;

/// <summary>A directory on disk. Links are listed, never followed.</summary>
internal sealed class DirectorySource : IScanSource
{
    private readonly string root;
    private readonly ScanLimits limits;
    private readonly EntryTable table;

    public DirectorySource(string root, ScanLimits limits)
    {
        this.root = Path.GetFullPath(root);
        this.limits = limits;
        table = new EntryTable(limits);
        Walk(new DirectoryInfo(this.root), "");
        table.CheckLoops();
        Entries = table.Sorted();
    }

    public long Length => 0;

    public string Name => Path.GetFileName(root);

    public IReadOnlyList<ScanEntry> Entries { get; }

    public IReadOnlyList<FileError> Errors => table.Errors;

    public IReadOnlyList<ArchiveTrick> Tricks => table.Tricks;

    public ScanEntry? Find(string path) => table.Find(path);

    public void Dispose()
    {
    }

    public ReadResult Read(ScanEntry entry, long maxBytes)
    {
        maxBytes = Math.Min(maxBytes, Math.Min(limits.MaxEntryBytes, Array.MaxLength));
        if (entry.Kind == EntryKind.SymbolicLink)
        {
            return new ReadResult(Encoding.UTF8.GetBytes(entry.LinkTarget ?? ""), null);
        }

        try
        {
            using var handle = File.OpenHandle(Path.Combine(root, entry.Path));
            var length = RandomAccess.GetLength(handle);
            if (length > maxBytes)
            {
                return ReadResult.Failed($"{length} bytes, more than the limit of {maxBytes}; not read");
            }

            var content = GC.AllocateUninitializedArray<byte>((int)length);
            using var bytes = new FileByteSource(handle);
            var read = bytes.Read(0, content);
            return new ReadResult(read == content.Length ? content : content[..read], null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ReadResult.Failed(e is UnauthorizedAccessException ? "permission denied" : "could not be read");
        }
    }

    public int ReadPrefix(ScanEntry entry, Span<byte> buffer)
    {
        try
        {
            using var bytes = new FileByteSource(File.OpenHandle(Path.Combine(root, entry.Path)));
            return bytes.Read(0, buffer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    public ByteSource? OpenEntry(ScanEntry entry, long maxBytes, out ReadResult failure)
    {
        failure = default;
        try
        {
            return new FileByteSource(File.OpenHandle(Path.Combine(root, entry.Path)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failure = ReadResult.Failed(e is UnauthorizedAccessException ? "permission denied" : "could not be read");
            return null;
        }
    }

    public string ComputeSha256(CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var entry in Entries.Where(entry => entry.Kind is EntryKind.File or EntryKind.SymbolicLink))
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(Encoding.UTF8.GetBytes($"{entry.Path}\0{entry.Size}\0"));
            hash.AppendData(Read(entry, limits.MaxEntryBytes).Content ?? []);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private bool Walk(DirectoryInfo directory, string prefix)
    {
        IEnumerable<FileSystemInfo> items;
        try
        {
            items = directory.EnumerateFileSystemInfos().ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            table.Fail(prefix.TrimEnd('/'), e is UnauthorizedAccessException ? "permission denied" : "could not be listed");
            return true;
        }

        foreach (var item in items)
        {
            var path = prefix + item.Name;
            var link = item.LinkTarget;
            // Pipes, sockets and devices have no length.
            if (link is null && item is FileInfo { Length: 0 } && FileStamp.IsSpecial(item.FullName))
            {
                table.Fail(path, "no ordinary file (a pipe, a socket or a device); not read");
                continue;
            }

            var kind = link is not null ? EntryKind.SymbolicLink : item is DirectoryInfo ? EntryKind.Directory : EntryKind.File;
            var entry = new ScanEntry
            {
                Path = path,
                Kind = kind,
                Size = item is FileInfo file && link is null ? file.Length : 0,
                Mode = (int)item.UnixFileMode,
                LinkTarget = link,
            };
            if (link is not null)
            {
                table.AddLink(path, link);
            }

            if (!table.Add(path, entry) || (kind == EntryKind.Directory && !Walk((DirectoryInfo)item, path + "/")))
            {
                return false;
            }
        }

        return true;
    }
}
