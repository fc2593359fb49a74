namespace Pellicle.Scanning.Archives;

/// <summary>Opens what can be scanned.</summary>
public static class ScanSource
{
    /// <summary>A directory, or an archive in zip form (zip, jar, wheel). Throws <see cref="IOException"/> when the path cannot be opened, <see cref="InvalidDataException"/> when it is a pipe, a socket or a device; damage inside becomes errors.</summary>
    public static IScanSource Open(string path, ScanLimits? limits = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (FileStamp.IsSpecial(path))
        {
            throw new InvalidDataException("it is no ordinary file but a pipe, a socket or a device");
        }

        return System.IO.Directory.Exists(path) ? new DirectorySource(path, limits ?? ScanLimits.Default) : ZipSource.OpenFile(path, limits ?? ScanLimits.Default);
    }

    /// <summary>An archive already in memory, for example just downloaded.</summary>
    public static IScanSource FromMemory(ReadOnlyMemory<byte> content, string name, ScanLimits? limits = null) =>
        ZipSource.FromMemory(content, name, limits ?? ScanLimits.Default);
}
