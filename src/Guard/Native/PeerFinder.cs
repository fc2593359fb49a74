using System.Globalization;

namespace Pellicle.Guard.Native;

/// <summary>Finds which process holds the other end of a loopback connection: the kernel tells the socket's inode, /proc/PID/fd its holder.</summary>
internal static class PeerFinder
{
    /// <summary>Process id, or 0 when it cannot be told.</summary>
    /// <param name="localPort">Of the process that is looked for.</param>
    /// <param name="remotePort">Of the other end.</param>
    /// <param name="likely">Who it is most of the time, 0 for nobody: looked at first, for to look at all is milliseconds where many run.</param>
    internal static int Find(int localPort, int remotePort, params ReadOnlySpan<int> likely)
    {
        var inode = SocketDiagnosis.Inode(localPort, remotePort)?.ToString(CultureInfo.InvariantCulture)
            ?? Inode("/proc/net/tcp", localPort, remotePort) ?? Inode("/proc/net/tcp6", localPort, remotePort);
        return inode is null ? 0 : Holder($"socket:[{inode}]", likely);
    }

    internal static bool IsDescendant(int pid, int ancestor)
    {
        for (var steps = 0; pid > 1 && steps < 64; steps++)
        {
            if (pid == ancestor)
                return true;
            pid = Parent(pid);
        }
        return false;
    }

    internal static int Parent(int pid) => Stat(pid) is { Length: > 1 } fields ? int.Parse(fields[1], CultureInfo.InvariantCulture) : 0;

    /// <summary>Fields of <c>/proc/PID/stat</c> from the state on; null when the process has ended.</summary>
    internal static string[]? Stat(int pid)
    {
        try
        {
            // "pid (name) state ppid …": the name may hold anything, so start after its last parenthesis.
            var stat = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null; // it ended
        }
    }

    /// <summary>Whether a process has a file of this name in its memory; null when that cannot be told.</summary>
    internal static bool? HasMapped(int pid, string name)
    {
        try
        {
            return File.ReadLines($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/maps").Any(line => line.EndsWith(name, StringComparison.Ordinal));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null; // it ended, or is not to be looked at
        }
    }

    private static string? Inode(string table, int localPort, int remotePort)
    {
        if (!File.Exists(table))
            return null;
        var local = ":" + localPort.ToString("X4", CultureInfo.InvariantCulture);
        var remote = ":" + remotePort.ToString("X4", CultureInfo.InvariantCulture);
        foreach (var line in File.ReadLines(table))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 9 && fields[1].EndsWith(local, StringComparison.Ordinal) && fields[2].EndsWith(remote, StringComparison.Ordinal))
                return fields[9];
        }
        return null;
    }

    private static int Holder(string socket, ReadOnlySpan<int> likely)
    {
        foreach (var pid in likely)
        {
            if (pid != 0 && Holds($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/fd", socket))
                return pid;
        }
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Holds(directory + "/fd", socket))
                return pid;
        }
        return 0;
    }

    private static bool Holds(string descriptors, string socket)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(descriptors).Any(entry => Target(entry) is { } target && target.EndsWith(socket, StringComparison.Ordinal));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false; // The process ended while we looked, or is another user's: not our peer.
        }
    }

    /// <summary>Null for a descriptor that was closed while we looked: a process that opens and closes all the time is still found by those that stay.</summary>
    private static string? Target(string entry)
    {
        try
        {
            return File.ResolveLinkTarget(entry, returnFinalTarget: false)?.FullName;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
