using Pellicle.Protection;

namespace Pellicle.Cli;

/// <summary>Deployment zips from directories.</summary>
internal static class Zips
{
    /// <summary>Reads a zip, or packs a directory: same files, same bytes.</summary>
    public static byte[] Load(string path)
    {
        if (File.Exists(path))
        {
            return File.ReadAllBytes(path);
        }

        if (!Directory.Exists(path))
        {
            throw new CliException($"there is no file or directory `{path}`", "", ExitCode.Usage);
        }

        var entries = Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
            .Select(file => new ZipFileEntry(Path.GetRelativePath(path, file).Replace('\\', '/'), File.ReadAllBytes(file), (int)File.GetUnixFileMode(file) & 0b111_111_111 | 0b100_100_100))
            .OrderBy(e => e.Path, StringComparer.Ordinal);
        return LayerPackage.Zip(entries);
    }
}
