using System.Globalization;
using System.Text;
using Pellicle.Guard.Native;

namespace Pellicle.Guard.Channel;

/// <summary>
/// Where the runtime's own modules lie when its program is not in a place of the system: an interpreter below a home directory, a JDK in <c>/srv</c>.
/// What is below is noted while the runtime starts, as modules below <c>/usr/local/lib</c> are, and asked about from the first event on.
/// </summary>
/// <remarks>
/// The rule: the program that the kernel names for the process the wrapper became, in a folder <c>bin</c> (Python, Node.js, Java) or named <c>dotnet</c>; of its installation only the folders below, and of them only those that root owns
/// and nobody else may write, they and their modules' folders and every folder above them. Nothing below the places where functions keep code or write. Whoever could put a module there could also replace those in <c>/usr/lib</c>.
/// </remarks>
internal static class RuntimeFolders
{
    private static readonly string[] BesideBin = ["lib", "lib64", "conf"];

    private static readonly string[] BesideDotnet = ["shared", "host"];

    /// <summary>The function's own, and whatever a function writes, even where the platform's rights would say otherwise.</summary>
    private static readonly string[] Never = ["/tmp", "/var/tmp", "/var/task", "/dev", "/proc", "/run", "/sys", "/opt"];

    private const uint WritableByOthers = 0b000_010_010, TypeMask = 0xF000, DirectoryType = 0x4000;

    /// <summary>Folders with a slash at their end; none when the process has ended or may not be looked at.</summary>
    internal static IReadOnlyList<string> Of(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/exe").LinkTarget is { } program ? Of(program) : [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    internal static IReadOnlyList<string> Of(string program)
    {
        var folder = Path.GetDirectoryName(program);
        var names = Path.GetFileName(program) == "dotnet" ? BesideDotnet : BesideBin;
        var installation = names == BesideDotnet ? folder : Path.GetFileName(folder) == "bin" ? Path.GetDirectoryName(folder) : null;
        if (installation is null or "/" || Never.Any(place => installation == place || installation.StartsWith(place + "/", StringComparison.Ordinal)))
            return [];
        for (var above = installation; above is not null; above = Path.GetDirectoryName(above))
        {
            if (!IsRoots(above))
                return [];
        }
        return [.. names.Select(name => $"{installation}/{name}").Where(IsRootsWithin).Select(path => path + "/")];
    }

    /// <summary>The folder, those in it, and where these keep packages: <c>lib/python3.11/site-packages</c>.</summary>
    private static bool IsRootsWithin(string folder) =>
        IsRoots(folder) && Directory.EnumerateDirectories(folder).All(inner => IsRoots(inner) && ((string[])["site-packages", "dist-packages"]).All(name => !Directory.Exists($"{inner}/{name}") || IsRoots($"{inner}/{name}")));

    /// <summary>A folder (no link) that root owns and nobody else may write.</summary>
    private static unsafe bool IsRoots(string folder)
    {
        Libc.StatX found;
        fixed (byte* path = Encoding.UTF8.GetBytes(folder + "\0"))
        {
            if (Libc.statx(Libc.AtFdCwd, path, Libc.AtSymlinkNoFollow, Libc.StatXBasic, &found) != 0)
                return false;
        }
        return found.Uid == 0 && (found.Mode & TypeMask) == DirectoryType && (found.Mode & WritableByOthers) == 0;
    }
}
