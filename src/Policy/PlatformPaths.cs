using Pellicle.Domain;

namespace Pellicle.Policy;

/// <summary>
/// What every function may do whatever its profile says, because the platform, its runtime and lazily loaded code do it at unforeseeable
/// moments. Built-in and own rules still apply to these.
/// </summary>
internal static class PlatformPaths
{
    private static readonly string[] CodeSuffixes = [".py", ".pyc", ".js", ".mjs", ".cjs", ".jar", ".class", ".dll", ".so", ".rb", ".node", ".map"];
    private static readonly string[] CodeRoots = ["/var/task/", "/opt/"];
    private static readonly string[] ReadRoots =
    [
        "/var/lang/", "/var/runtime/", "/usr/lib/", "/usr/lib64/", "/usr/share/", "/usr/local/lib/", "/lib/", "/lib64/", "/etc/ssl/", "/etc/pki/", "/etc/ca-certificates/",
        "/opt/pellicle/", "/sys/fs/cgroup/", "/sys/devices/system/", "/sys/kernel/mm/", "/dev/pts/", "/proc/sys/",
    ];

    private static readonly HashSet<string> ReadFiles = new(StringComparer.Ordinal)
    {
        "/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/tty", "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime", "/etc/resolv.conf", "/etc/hosts",
        "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/mime.types", "/etc/os-release", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat",
        "/proc/filesystems", "/proc/mounts", "/proc/version", "/proc/loadavg", "/proc/uptime",
    };

    private static readonly HashSet<string> OwnProcessFiles = new(StringComparer.Ordinal)
    {
        "maps", "smaps", "stat", "statm", "status", "cgroup", "mountinfo", "mounts", "limits", "cmdline", "comm", "exe", "auxv", "fd", "task", "coredump_filter", "oom_score_adj",
    };

    private static readonly HashSet<string> WriteFiles = new(StringComparer.Ordinal) { "/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty" };

    public static bool Covers(Behaviour behaviour) => behaviour.Dimension switch
    {
        Dimension.Read => ReadFiles.Contains(behaviour.Item) || StartsWithAny(behaviour.Item, ReadRoots) || IsCode(behaviour.Item) || IsOwnProcess(behaviour.Item),
        Dimension.Library => StartsWithAny(behaviour.Item, ReadRoots) || StartsWithAny(behaviour.Item, CodeRoots),
        Dimension.Write => WriteFiles.Contains(behaviour.Item),
        Dimension.Process or Dimension.Host or Dimension.Aws or Dimension.Event or Dimension.Response or Dimension.Code or Dimension.Deserialize or Dimension.Tamper or Dimension.Statement => false,
        _ => false,
    };

    private static bool IsCode(string path) =>
        StartsWithAny(path, CodeRoots) && Array.Exists(CodeSuffixes, s => path.EndsWith(s, StringComparison.Ordinal));

    private static bool IsOwnProcess(string path) =>
        path.StartsWith("/proc/self/", StringComparison.Ordinal) && OwnProcessFiles.Contains(path["/proc/self/".Length..]);

    private static bool StartsWithAny(string text, string[] roots) => Array.Exists(roots, r => text.StartsWith(r, StringComparison.Ordinal));
}
