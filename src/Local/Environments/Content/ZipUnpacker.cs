using System.IO.Compression;
using System.Text;

namespace Pellicle.Local.Environments.Content;

/// <summary>Unpacks a deployment zip into an empty directory. Modes and symbolic links are kept; what would leave the directory is refused.</summary>
internal static class ZipUnpacker
{
    private const int FileTypeMask = 0xF000;
    private const int SymbolicLink = 0xA000;
    private const int MaxLinkBytes = 4096;

    /// <exception cref="ContentException">The zip is broken, too large, or has an entry that leaves <paramref name="into"/>.</exception>
    public static void Unpack(string zip, string into, string mountPoint)
    {
        try
        {
            using var archive = ZipFile.OpenRead(zip);
            if (archive.Entries.Count > ContentStore.MaxEntries)
            {
                throw new ContentException($"the zip has more than {ContentStore.MaxEntries} entries");
            }
            var budget = ContentStore.MaxUnpackedBytes;
            var folders = new List<(string Path, UnixFileMode Mode)>();
            foreach (var entry in archive.Entries)
            {
                UnpackEntry(entry, into, mountPoint, folders, ref budget);
            }
            // Last, so that a folder without write permission can still be filled.
            foreach (var (path, mode) in folders)
            {
                File.SetUnixFileMode(path, mode);
            }
        }
        catch (InvalidDataException e)
        {
            throw new ContentException($"the zip cannot be read: {e.Message}");
        }
    }

    private static void UnpackEntry(ZipArchiveEntry entry, string into, string mountPoint, List<(string Path, UnixFileMode Mode)> folders, ref long budget)
    {
        var segments = Segments(entry.FullName);
        if (segments.Length == 0)
        {
            return;
        }
        var attributes = (entry.ExternalAttributes >> 16) & 0xFFFF;
        var mode = (UnixFileMode)(attributes & 0x1FF);
        var path = into;
        foreach (var parent in segments[..^1])
        {
            path = Path.Combine(path, parent);
            if (new FileInfo(path) is { LinkTarget: not null } or { Exists: true })
            {
                throw new ContentException($"entry `{entry.FullName}` lies below something that is not a folder");
            }
            Directory.CreateDirectory(path);
        }
        path = Path.Combine(path, segments[^1]);
        if (entry.FullName.EndsWith('/'))
        {
            if (new FileInfo(path).LinkTarget is not null)
            {
                throw new ContentException($"entry `{entry.FullName}` replaces a link");
            }
            Directory.CreateDirectory(path);
            if (mode != 0)
            {
                folders.Add((path, mode));
            }
            return;
        }
        if (new FileInfo(path) is { LinkTarget: not null } or { Exists: true })
        {
            File.Delete(path); // the last of equal names wins
        }
        if ((attributes & FileTypeMask) == SymbolicLink)
        {
            File.CreateSymbolicLink(path, Target(entry, segments, mountPoint));
            return;
        }
        Copy(entry, path, ref budget);
        File.SetUnixFileMode(path, mode != 0 ? mode : UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    private static string[] Segments(string name)
    {
        if (name.StartsWith('/') || name.Contains('\0', StringComparison.Ordinal))
        {
            throw new ContentException($"entry `{name}` has an absolute path");
        }
        var segments = name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(segment => segment != ".").ToArray();
        return segments.Contains("..") ? throw new ContentException($"entry `{name}` leaves its folder") : segments;
    }

    private static string Target(ZipArchiveEntry entry, string[] segments, string mountPoint)
    {
        using var stream = entry.Open();
        var bytes = new byte[MaxLinkBytes + 1];
        var size = stream.ReadAtLeast(bytes, bytes.Length, false);
        var target = Encoding.UTF8.GetString(bytes, 0, Math.Min(size, MaxLinkBytes));
        if (size is 0 or > MaxLinkBytes || target.Contains('\0', StringComparison.Ordinal))
        {
            throw new ContentException($"link `{entry.FullName}` has no usable target");
        }
        var depth = segments.Length - 1;
        var relative = target;
        if (target.StartsWith('/'))
        {
            if (target != mountPoint && !target.StartsWith(mountPoint + "/", StringComparison.Ordinal))
            {
                throw new ContentException($"link `{entry.FullName}` leaves its folder: `{target}`");
            }
            (depth, relative) = (0, target[mountPoint.Length..]);
        }
        foreach (var segment in relative.Split('/'))
        {
            depth += segment switch { "" or "." => 0, ".." => -1, _ => 1 };
            if (depth < 0)
            {
                throw new ContentException($"link `{entry.FullName}` leaves its folder: `{target}`");
            }
        }
        return target;
    }

    private static void Copy(ZipArchiveEntry entry, string path, ref long budget)
    {
        using var from = entry.Open();
        using var to = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        var buffer = new byte[81920];
        for (int read; (read = from.Read(buffer)) > 0;)
        {
            if ((budget -= read) < 0)
            {
                throw new ContentException($"the zip unpacks to more than {ContentStore.MaxUnpackedBytes} bytes");
            }
            to.Write(buffer, 0, read);
        }
    }
}
