using System.Globalization;
using Pellicle.Local.Environments.Sandboxes;

namespace Pellicle.Local.Environments;

/// <summary>What a function sees of files: its own, the language, and a read-only part of the host's system folders.</summary>
internal static class FileSystem
{
    private static readonly string[] Devices = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

    // Only what libraries look up; nothing that tells of the host's users or secrets.
    private static readonly string[] Settings =
    [
        "/etc/alternatives", "/etc/ca-certificates", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/mime.types", "/etc/nsswitch.conf",
        "/etc/pki", "/etc/protocols", "/etc/services", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/resolv.conf", "/etc/gai.conf", "/etc/os-release",
    ];

    public static SandboxPlan Plan(HostRuntime runtime, string code, string layers, string? bootstrap, IReadOnlyDictionary<string, string> hosts, int temporaryMegabytes, bool rootful)
    {
        var plan = new SandboxPlan();
        plan.Bind("/usr", "/usr");
        foreach (var path in new[] { "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32" })
        {
            if (new FileInfo(path).LinkTarget is { } target)
            {
                plan.Link(target, path);
            }
            else if (Directory.Exists(path))
            {
                plan.Bind(path, path);
            }
        }
        foreach (var path in Settings.Concat(Directory.Exists("/etc") ? Directory.EnumerateDirectories("/etc", "java-*") : []))
        {
            if (File.Exists(path) || Directory.Exists(path))
            {
                plan.Bind(path, path);
            }
        }
        plan.Text("/etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\nsbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\nnobody:x:65534:65534::/:/sbin/nologin\n");
        plan.Text("/etc/group", "root:x:0:\nsbx_user1051:x:990:\nnogroup:x:65534:\n");
        plan.Text("/etc/hosts", "127.0.0.1 localhost sandbox.localdomain sandbox\n::1 localhost\n" + string.Concat(hosts.Select(h => $"{h.Value} {h.Key}\n")));
        plan.Text("/etc/hostname", "sandbox\n");
        plan.Bind(code, "/var/task");
        plan.Bind(layers, "/opt");
        if (bootstrap is null)
        {
            plan.Folder("/var/runtime");
        }
        else
        {
            plan.Bind(bootstrap, "/var/runtime");
        }
        plan.Folder("/var/lang/bin");
        runtime.AddLanguage(plan);
        plan.Memory("/tmp", string.Create(CultureInfo.InvariantCulture, $"mode={(rootful ? "1777" : "777")},size={temporaryMegabytes}m"));
        plan.Folder("/dev");
        foreach (var device in Devices)
        {
            plan.Device(device);
        }
        plan.Memory("/dev/shm", "mode=1777,size=64m");
        foreach (var (name, number) in new[] { ("stdin", "0"), ("stdout", "1"), ("stderr", "2") })
        {
            plan.Link("/proc/self/fd/" + number, "/dev/" + name);
        }
        plan.Link("/proc/self/fd", "/dev/fd");
        plan.Link("/tmp", "/var/tmp");
        return plan;
    }
}
