namespace Pellicle.Guard.Sinks;

/// <summary>
/// Programs that a function brings and copies to a writable place before it starts them, because its package has no permission to execute them.
/// Such a copy is what was deployed, byte for byte; what was downloaded, unpacked or changed is not.
/// </summary>
/// <param name="roots">Folders that only a deployment writes.</param>
internal sealed class DeployedFiles(params string[] roots)
{
    /// <summary>Files that are looked at to find one of the same length.</summary>
    private const int MaxFiles = 50_000;

    private const int MaxRemembered = 64;

    private readonly Lock _lock = new();

    /// <summary>The file that a copy was found to be one of; null for none.</summary>
    private readonly Dictionary<(string Path, long Length, long Changed), string?> _remembered = [];

    /// <summary>Whether a file has the content of one that was deployed.</summary>
    internal bool Has(string path)
    {
        lock (_lock)
        {
            try
            {
                var file = new FileInfo(path);
                if (!file.Exists || file.LinkTarget is not null || file.Length == 0)
                    return false;
                var key = (path, file.Length, file.LastWriteTimeUtc.Ticks);
                // What was the same is compared again: a file's times can be set back.
                if (_remembered.TryGetValue(key, out var original))
                    return original is not null && Equal(path, original);
                if (_remembered.Count >= MaxRemembered)
                    _remembered.Clear();
                return (_remembered[key] = Original(path, file.Length)) is not null;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It went away, or cannot be read: then it is nothing that is known.
                return false;
            }
        }
    }

    private string? Original(string path, long length)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
        return roots.Where(Directory.Exists).SelectMany(r => new DirectoryInfo(r).EnumerateFiles("*", options)).Take(MaxFiles)
            .Where(f => f.Length == length).Select(f => f.FullName).FirstOrDefault(f => Equal(path, f));
    }

    private static bool Equal(string one, string other)
    {
        const int Piece = 64 << 10;
        using var a = Native.Fd.OpenFile(one);
        using var b = Native.Fd.OpenFile(other);
        byte[] left = new byte[Piece], right = new byte[Piece];
        while (true)
        {
            var length = a.ReadAtLeast(left, Piece, throwOnEndOfStream: false);
            if (b.ReadAtLeast(right, Piece, throwOnEndOfStream: false) != length || !left.AsSpan(0, length).SequenceEqual(right.AsSpan(0, length)))
                return false;
            if (length < Piece)
                return true;
        }
    }
}
