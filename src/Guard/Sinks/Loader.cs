using System.Globalization;
using Pellicle.Domain;
using Pellicle.Guard.Channel;

namespace Pellicle.Guard.Sinks;

/// <summary>The dynamic loader started as a program, which starts another: no permission of that file is asked for.</summary>
internal static class Loader
{
    private static readonly string[] Names = ["ld-linux", "ld-musl", "ld.so", "ld-2."];
    private static readonly HashSet<string> WithValue = new(StringComparer.Ordinal) { "--library-path", "--preload", "--audit", "--argv0", "--inhibit-rpath", "--glibc-hwcaps-prepend", "--glibc-hwcaps-mask" };

    /// <summary>What it is told to start, or null.</summary>
    internal static string? Program(Query query)
    {
        if (query.Dimension != Dimension.Process || !Array.Exists(Names, n => Path.GetFileName(query.Item).StartsWith(n, StringComparison.Ordinal)))
            return null;
        var argv = query.Field(1).TrimEnd('\0').Split('\0');
        for (var i = 1; i < argv.Length; i++)
        {
            if (WithValue.Contains(argv[i]))
                i++;
            else if (argv[i].StartsWith('/'))
                return PathSink.Normalize(argv[i]);
            else if (argv[i].Length > 0 && argv[i][0] != '-')
                return Folder(query.PeerPid) is { } folder ? PathSink.Normalize($"{folder}/{argv[i]}") : null;
        }
        return null;
    }

    /// <summary>Where a process stands.</summary>
    internal static string? Folder(int pid) => new FileInfo($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/cwd").LinkTarget;
}
