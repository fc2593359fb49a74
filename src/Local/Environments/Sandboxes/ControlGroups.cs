using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Pellicle.Local.Environments.Sandboxes;

/// <summary>Control groups of one environment, as far as this machine lets us make them: freezing (version 2) and a memory limit (version 2 or 1).</summary>
internal sealed class ControlGroups : IDisposable
{
    private readonly SafeFileHandle? freeze;
    private readonly string? peakFile;

    private ControlGroups(string? freezeFile, string? peakFile, IReadOnlyList<string> directories)
    {
        (this.peakFile, Directories) = (peakFile, directories);
        freeze = freezeFile is null ? null : File.OpenHandle(freezeFile, FileMode.Open, FileAccess.Write);
    }

    /// <summary>The first process joins children to these, and removes them at the end.</summary>
    public IReadOnlyList<string> Directories { get; }

    public bool CanFreeze => freeze is not null;

    public bool LimitsMemory => peakFile is not null;

    public static ControlGroups Create(string name, long memoryLimit)
    {
        var unified = Mounts("cgroup2", null).FirstOrDefault();
        var directories = new List<string>();
        string? freezeFile = null, peakFile = null;
        if (unified is not null && TryMake(Path.Combine(unified, name)) is { } group)
        {
            directories.Add(group);
            freezeFile = Existing(group, "cgroup.freeze");
            TryWrite(Path.Combine(unified, "cgroup.subtree_control"), "+memory");
            if (TryWrite(Path.Combine(group, "memory.max"), memoryLimit.ToString(CultureInfo.InvariantCulture)))
            {
                peakFile = Existing(group, "memory.peak") ?? Existing(group, "memory.current");
            }
        }
        if (peakFile is null && Mounts("cgroup", "memory").FirstOrDefault() is { } memory && TryMake(Path.Combine(memory, name)) is { } limited)
        {
            directories.Add(limited);
            if (TryWrite(Path.Combine(limited, "memory.limit_in_bytes"), memoryLimit.ToString(CultureInfo.InvariantCulture)))
            {
                peakFile = Existing(limited, "memory.max_usage_in_bytes");
            }
        }
        return new ControlGroups(freezeFile, peakFile, directories);
    }

    public void Freeze(bool frozen) => RandomAccess.Write(freeze!, frozen ? "1"u8 : "0"u8, 0);

    /// <summary>Largest memory use so far in megabytes, or null where no group counts it.</summary>
    public int? PeakMegabytes()
    {
        try
        {
            return peakFile is null ? null : (int)Math.Ceiling(long.Parse(File.ReadAllText(peakFile).AsSpan().Trim(), CultureInfo.InvariantCulture) / 1048576.0);
        }
        catch (IOException)
        {
            return null; // the group is being removed
        }
    }

    public void Dispose() => freeze?.Dispose();

    private static string? Existing(string directory, string file) => File.Exists(Path.Combine(directory, file)) ? Path.Combine(directory, file) : null;

    private static string? TryMake(string directory)
    {
        try
        {
            return Directory.CreateDirectory(directory).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // not ours to write: no freezer and no limit then, which `CanFreeze` and `LimitsMemory` say
        }
    }

    private static bool TryWrite(string file, string text)
    {
        try
        {
            if (!File.Exists(file))
            {
                return false;
            }
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write);
            RandomAccess.Write(handle, System.Text.Encoding.ASCII.GetBytes(text), 0);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // Fields of mountinfo: id parent device root mountpoint options ... - type source super-options
    private static IEnumerable<string> Mounts(string type, string? option) =>
        from line in File.ReadLines("/proc/self/mountinfo")
        let halves = line.Split(" - ", 2)
        where halves.Length == 2
        let tail = halves[1].Split(' ')
        where tail[0] == type && (option is null || tail[^1].Split(',').Contains(option))
        select halves[0].Split(' ')[4];
}
