using Pellicle.Domain;
using Pellicle.Guard.Sinks;
using Pellicle.Policy;

namespace Pellicle.Guard.Channel;

/// <summary>What the interposer may pass without asking.</summary>
internal static class KnownItems
{
    /// <summary>
    /// Only kinds whose item says everything. A program start is never here: a known shell with an event's command is the attack we look for; nor is code or tampering.
    /// </summary>
    private static readonly Dimension[] Cacheable = [Dimension.Host, Dimension.Read, Dimension.Write, Dimension.Library];

    internal static bool MayCache(Behaviour behaviour) => Array.IndexOf(Cacheable, behaviour.Dimension) >= 0 && !(behaviour.Dimension == Dimension.Host && AwsHost.Service(behaviour.Item) is not null);

    internal static IEnumerable<Behaviour> For(CompiledPolicy policy, IEnumerable<Behaviour> learned, string environment)
    {
        var context = new EvaluationContext { Environment = environment };
        var profile = Cacheable.SelectMany(d => policy.ExactItems(d).Select(i => new Behaviour(d, i)));
        return profile.Concat(learned)
            .Where(b => MayCache(b) && policy.Evaluate(b, context) is { Effect: Effect.Allow, Stable: true });
    }

    /// <summary>Places of the system and the runtime. Code of the function is only noted while it starts; later it is asked, since reading it may be theft.</summary>
    /// <param name="policy">Its rules for a dimension take that dimension out.</param>
    /// <param name="initialised">The first event has arrived.</param>
    /// <param name="proxyPort">Of the guard's Runtime API; 0 when there is none.</param>
    /// <param name="runtime">Folders of the runtime's own modules, outside the system's places.</param>
    internal static IEnumerable<PrefixRule> Prefixes(CompiledPolicy policy, bool initialised, int proxyPort, IReadOnlyList<string> runtime)
    {
        var ruled = policy.Document.Rules.Where(r => r.Effect != Effect.Allow).Select(r => r.Dimension).ToHashSet();
        if (!ruled.Contains(Dimension.Read))
        {
            foreach (var path in (string[])["/opt/pellicle/", "/usr/lib/", "/usr/lib64/", "/usr/share/zoneinfo/", "/lib/", "/lib64/", "/var/lang/", "/var/runtime/", "/etc/ld.so.", "/sys/fs/cgroup/",
                "/sys/devices/system/", "/sys/kernel/mm/", "/dev/null", "/dev/urandom", "/dev/random", "/proc/sys/", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat"])
                yield return new PrefixRule(Dimension.Read, PrefixAction.Pass, path);
            // Where images keep their runtimes, and with them packages that are in use.
            yield return new PrefixRule(Dimension.Read, PrefixAction.Note, "/usr/local/lib/");
            yield return new PrefixRule(Dimension.Read, PrefixAction.Pass, "/usr/share/dotnet/");
            if (!initialised)
            {
                yield return new PrefixRule(Dimension.Read, PrefixAction.Note, "/var/task/");
                yield return new PrefixRule(Dimension.Read, PrefixAction.Note, "/opt/");
            }
        }
        if (!ruled.Contains(Dimension.Library))
        {
            foreach (var path in (string[])["/opt/pellicle/", "/usr/lib/", "/usr/lib64/", "/lib/", "/lib64/", "/var/lang/", "/var/runtime/"])
                yield return new PrefixRule(Dimension.Library, PrefixAction.Pass, path);
            yield return new PrefixRule(Dimension.Library, PrefixAction.Note, "/usr/local/lib/");
            yield return new PrefixRule(Dimension.Library, PrefixAction.Pass, "/usr/share/dotnet/");
            yield return new PrefixRule(Dimension.Library, PrefixAction.Note, "/var/task/");
            yield return new PrefixRule(Dimension.Library, PrefixAction.Note, "/opt/");
        }
        if (!ruled.Contains(Dimension.Write))
            yield return new PrefixRule(Dimension.Write, PrefixAction.Pass, "/dev/null");
        if (!initialised && proxyPort != 0)
            yield return new PrefixRule(Dimension.Host, PrefixAction.Pass, $"127.0.0.1:{proxyPort}");
        foreach (var rule in initialised ? [] : AtStart(policy, ruled, runtime))
            yield return rule;
    }

    /// <summary>What the runtimes do while they start: each question would cost a cold start two switches between processes. Asked from the first event on.</summary>
    private static IEnumerable<PrefixRule> AtStart(CompiledPolicy policy, HashSet<Dimension> ruled, IReadOnlyList<string> runtime)
    {
        foreach (var dimension in ((Dimension[])[Dimension.Read, Dimension.Library]).Where(d => !ruled.Contains(d)))
        {
            foreach (var path in runtime)
                yield return new PrefixRule(dimension, PrefixAction.Note, path);
        }
        if (!ruled.Contains(Dimension.Read))
        {
            foreach (var path in (string[])["/proc/self/cgroup", "/proc/self/mountinfo", "/proc/self/stat", "/proc/self/net/if_inet6", "/proc/cgroups", "/proc/filesystems", "/etc/java", "/etc/ssl/", "/etc/pki/",
                "/etc/crypto-policies/", "/etc/localtime", "/tmp/hsperfdata_"])
                yield return new PrefixRule(Dimension.Read, PrefixAction.Pass, path);
            yield return new PrefixRule(Dimension.Read, PrefixAction.Note, "/var/task");
        }
        if (!ruled.Contains(Dimension.Write))
        {
            foreach (var path in (string[])["/proc/self/coredump_filter", "/tmp/hsperfdata_", "/tmp/clr-debug-pipe-", "/tmp/dotnet-diagnostic-"])
                yield return new PrefixRule(Dimension.Write, PrefixAction.Pass, path);
        }
        // A name without a folder that is in none of the system's: found, if at all, beside the library that asks for it.
        if (!ruled.Contains(Dimension.Library))
            yield return new PrefixRule(Dimension.Library, PrefixAction.Note, "lib");
        // Named tuples and the like are made from text. No event's text can be in it yet.
        foreach (var kind in (string[])["compile", "exec"])
        {
            if (policy.Evaluate(new Behaviour(Dimension.Code, kind), new EvaluationContext { Init = true }).IncidentDecision is null)
                yield return new PrefixRule(Dimension.Code, PrefixAction.Note, kind);
        }
    }
}
