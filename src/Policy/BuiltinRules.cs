using Pellicle.Domain;

namespace Pellicle.Policy;

/// <summary>When a built-in rule applies.</summary>
public enum RuleScope
{
    /// <summary>Always.</summary>
    Always,

    /// <summary>Only after the init phase: what a function reads while it starts is its own affair.</summary>
    AfterInit,

    /// <summary>Only for a child of the runtime process.</summary>
    InChild,
}

/// <summary>A rule that holds without any profile.</summary>
public sealed record BuiltinRule
{
    /// <summary>Stable id, used in documents and incidents.</summary>
    public required string Id { get; init; }

    /// <summary>What it is good for.</summary>
    public required string Title { get; init; }

    /// <summary>Kinds of behaviour.</summary>
    public required IReadOnlyList<Dimension> Dimensions { get; init; }

    /// <summary>Patterns.</summary>
    public required IReadOnlyList<string> Items { get; init; }

    /// <summary>Effect unless the document says otherwise.</summary>
    public Effect Effect { get; init; } = Effect.Deny;

    /// <summary>When it applies.</summary>
    public RuleScope Scope { get; init; }

    /// <summary>True when an approved profile item or an allow rule of the document lifts it: some functions do this for good reasons.</summary>
    public bool Liftable { get; init; }

    internal IReadOnlyList<ItemPattern> Patterns => field ??= [.. Items.Select(i => new ItemPattern(i))];
}

/// <summary>All built-in rules, sorted by id.</summary>
public static class BuiltinRules
{
    /// <summary>Id of the rule about processes that stay behind.</summary>
    public const string LingeringProcess = "lingering-process";

    /// <summary>Before the host of a connection to a name server that is not the system's.</summary>
    public const string NameServer = "dns:";

    /// <summary>The list.</summary>
    public static IReadOnlyList<BuiltinRule> All { get; } =
    [
        new()
        {
            // Report only: a few functions manage accounts for a living.
            Id = "aws-identity",
            Title = "Calls that change who may do what are rare in functions, and what a stolen role is tried with first",
            Dimensions = [Dimension.Aws],
            Items = ["iam:*", "organizations:*", "account:*"],
            Effect = Effect.Report,
            Liftable = true,
        },
        new()
        {
            Id = "credential-files",
            Title = "The credentials of the role lie in the environment and memory of processes; no function needs to read them there",
            Dimensions = [Dimension.Read, Dimension.Write],
            Items = ["/proc/*/environ", "/proc/*/task/*/environ", "/proc/*/mem", "/proc/*/task/*/mem", "/proc/kcore", "/dev/mem"],
        },
        new()
        {
            Id = "deserialize-gadget",
            Title = "Types that run code or commands when they are deserialised",
            Dimensions = [Dimension.Deserialize],
            Items =
            [
                "pickle:os.*", "pickle:posix.*", "pickle:nt.*", "pickle:subprocess.*", "pickle:builtins.eval", "pickle:builtins.exec", "pickle:builtins.compile",
                "pickle:builtins.__import__", "pickle:builtins.getattr", "pickle:__builtin__.*", "pickle:importlib.*", "pickle:runpy.*", "pickle:pty.*", "pickle:socket.*",
                "pickle:ctypes.*", "pickle:code.*", "pickle:commands.*", "yaml:**python/object/apply**", "yaml:**python/object/new**", "yaml:**python/module**", "jsonpickle:**",
                "java:org.apache.commons.collections*.functors.*", "java:com.sun.org.apache.xalan.**", "java:org.apache.xalan.**", "java:java.lang.Runtime",
                "java:java.lang.ProcessBuilder*", "java:javax.script.**", "java:org.codehaus.groovy.runtime.*",
                "java:org.springframework.beans.factory.**", "java:org.springframework.core.SerializableTypeWrapper*", "java:org.springframework.aop.framework.**", "java:bsh.**", "java:sun.rmi.**",
                "java:java.rmi.**", "java:org.apache.commons.beanutils.BeanComparator", "java:com.sun.rowset.**", "java:javax.management.BadAttributeValueExpException", "java:com.mchange.v2.c3p0.**",
                "java:org.hibernate.property.**", "java:com.rometools.rome.feed.impl.**", "java:com.sun.syndication.feed.impl.**", "java:com.fasterxml.jackson.databind.node.POJONode",
                "java:org.aspectj.weaver.**", "java:clojure.inspector.**", "java:java.lang.invoke.**",
                "dotnet:System.Diagnostics.Process*", "dotnet:System.Windows.Data.ObjectDataProvider*", "dotnet:System.Management.Automation.**",
                "dotnet:System.Configuration.Install.AssemblyInstaller*", "dotnet:System.Activities.Presentation.**", "node:_$$ND_FUNC$$_*",
            ],
        },
        new()
        {
            Id = "exec-memory",
            Title = "A program that exists only in memory was not deployed",
            Dimensions = [Dimension.Process],
            Items = ["/memfd:**", "memfd:**", "/proc/*/fd/*", "/dev/fd/*", "** (deleted)"],
        },
        new()
        {
            Id = "exec-temp",
            Title = "A program in a writable place was not deployed",
            Dimensions = [Dimension.Process],
            Items = ["/tmp/**", "/dev/shm/**", "/var/tmp/**"],
            Liftable = true,
        },
        new()
        {
            // The guard names such a connection so: which servers are the system's own, it alone knows.
            Id = "foreign-resolver",
            Title = "A name server at an address that nobody looked up, neither the system's own nor a public one: what is asked there carries data out",
            Dimensions = [Dimension.Host],
            Items = [NameServer + "*"],
            Liftable = true,
        },
        new()
        {
            Id = "guard-files",
            Title = "The files of the protection are not the function's to change",
            Dimensions = [Dimension.Write],
            // Not `/opt/pellicle/runtime`: a Python packed there tries to keep what it compiled beside its modules.
            Items = ["/tmp/.pellicle/**", "/tmp/.pellicle", "/opt/pellicle", "/opt/pellicle/*", "/opt/pellicle/native/**", "/opt/pellicle/node/**", "/opt/pellicle/dotnet/**", "/opt/extensions/**"],
        },
        new()
        {
            Id = "library-memory",
            Title = "A library that exists only in memory was not deployed",
            Dimensions = [Dimension.Library],
            Items = ["/memfd:**", "memfd:**", "/proc/*/fd/*", "/dev/fd/*", "/dev/shm/**"],
            Liftable = true,
        },
        new()
        {
            // Report only: several Java and Node.js packages unpack their native part to /tmp and load it there.
            Id = "library-temp",
            Title = "A library in a writable place was not deployed",
            Dimensions = [Dimension.Library],
            Items = ["/tmp/**", "/var/tmp/**"],
            Effect = Effect.Report,
            Liftable = true,
        },
        new()
        {
            // It has no items: the guard applies it when an answer is given and nothing is under way. Some functions keep helpers, so what stays is reported; stopped is what an
            // attack left behind, what works while nothing is under way, and what an enforced profile does not know to stay (`stays:PROGRAM`). Named in a document it does as it says.
            Id = LingeringProcess,
            Title = "A process that was started after init stays behind after the answer",
            Dimensions = [Dimension.Process],
            Items = [],
            Effect = Effect.Report,
        },
        new()
        {
            Id = "loader-variables",
            Title = "A child is told by a variable to load a file from a writable place before its own program (LD_PRELOAD, NODE_OPTIONS, PYTHONPATH, JAVA_TOOL_OPTIONS and the like)",
            Dimensions = [Dimension.Tamper],
            Items = ["loader", "loader:**"],
            Liftable = true,
        },
        new()
        {
            Id = "metadata-host",
            Title = "Functions have no instance metadata service; who asks for it is looking for credentials",
            Dimensions = [Dimension.Host],
            Items = ["169.254.169.254:*", "169.254.170.2:*", "fd00:ec2::254:*", "[fd00:ec2::254]:*", "metadata.google.internal:*", "instance-data.*.compute.internal:*", "instance-data:*"],
        },
        new()
        {
            // Where miners report to; the pools' own web pages and programming interfaces have other names.
            Id = "mining-pool",
            Title = "A mining pool: what is earned with the function's processor is somebody else's",
            Dimensions = [Dimension.Host],
            Items =
            [
                "pool.supportxmr.com:*", "*.pool.supportxmr.com:*", "pool.minexmr.com:*", "*.pool.minexmr.com:*", "*.minexmr.com:4444", "gulf.moneroocean.stream:*", "*.gulf.moneroocean.stream:*", "pool.hashvault.pro:*", "*.pool.hashvault.pro:*",
                "xmr-*.nanopool.org:*", "eth-*.nanopool.org:*", "etc-*.nanopool.org:*", "rvn-*.nanopool.org:*", "zec-*.nanopool.org:*", "mine.xmrpool.net:*", "mine.c3pool.com:*", "*.mine.c3pool.com:*", "*.xmr.pt:*",
                "xmr.2miners.com:*", "*-xmr.2miners.com:*", "eth.2miners.com:*", "etc.2miners.com:*", "rvn.2miners.com:*", "xmr.f2pool.com:*", "xmr-*.f2pool.com:*", "*.auto.nicehash.com:*", "stratum.nicehash.com:*", "*.stratum.nicehash.com:*",
                "rx.unmineable.com:*", "rx-*.unmineable.com:*", "ethash.unmineable.com:*", "etchash.unmineable.com:*", "randomx.*.mine.zergpool.com:*", "*.mine.zergpool.com:*", "stratum.slushpool.com:*", "stratum.braiins.com:*", "stratum.antpool.com:*",
                "xmr.crypto-pool.fr:*", "pool.monero.hashvault.pro:*", "monerohash.com:2222", "monerohash.com:3333", "monerohash.com:5555", "*.miningpoolhub.com:*", "*.pool.minergate.com:*", "coinhive.com:*", "*.coinhive.com:*",
            ],
            Liftable = true,
        },
        new()
        {
            // Report only: ports say what is likely, not what it is.
            Id = "mining-port",
            Title = "A port that mining pools listen on",
            Dimensions = [Dimension.Host],
            Items = ["*:3333", "*:14433", "*:14444", "*:45560", "*:45700"],
            Effect = Effect.Report,
            Liftable = true,
        },
        new()
        {
            Id = "recursion",
            Title = "The chain of invocations that brought this event has come by as often as the platform itself lets pass between its own services",
            Dimensions = [Dimension.Event],
            Items = ["recursion"],
            Liftable = true,
        },
        new()
        {
            Id = "runaway-caller",
            Title = "Requests of this caller took many times as long as others of their kind, again and again",
            Dimensions = [Dimension.Event],
            Items = ["runaway-caller"],
            Liftable = true,
        },
        new()
        {
            // Not below /tmp: what lies there the function or a tool of its own put there, and git, kubectl and the like read theirs at every start.
            Id = "secret-files",
            Title = "Files that hold credentials, read after the function has started",
            Dimensions = [Dimension.Read],
            Items =
            [
                "/var/task/.env", "/var/task/.env.*", "/var/task/**/.env",
                .. from place in (string[])["/var/task**", "/opt**", "/root**", "/home**", "/mnt**", "/etc**"]
                   from file in (string[])[".aws/credentials", ".aws/config", ".git-credentials", ".netrc", ".npmrc", ".pypirc", ".docker/config.json", ".kube/config", ".ssh/id_*", ".git/config"]
                   select $"{place}/{file}",
            ],
            Scope = RuleScope.AfterInit,
            Liftable = true,
        },
        new()
        {
            Id = "system-secrets",
            Title = "Password hashes of the system; nothing in a function reads them",
            Dimensions = [Dimension.Read],
            Items = ["/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d/**"],
        },
        new()
        {
            // `memfd` itself is not here: .NET maps its generated code that way. Running one is `exec-memory`.
            Id = "tamper",
            Title = "Attempts on the guard, the runtime or another process",
            Dimensions = [Dimension.Tamper],
            Items = ["ptrace", "ptrace:**", "process_vm", "process_vm:**", "exec-fd", "exec-fd:**", "unhook", "unhook:**", "upstream", "upstream:**", "poller", "poller:**", "response", "response:**", "redirect", "redirect:**", "channel", "channel:**", "io_uring", "io_uring:**"],
        },
        new()
        {
            Id = "tamper-kill",
            Title = "A child process stops the runtime or the guard to take its place",
            Dimensions = [Dimension.Tamper],
            Items = ["kill", "kill:**"],
            Scope = RuleScope.InChild,
        },
    ];

    /// <summary>Finds a rule by id, or null.</summary>
    public static BuiltinRule? Find(string id) => All.FirstOrDefault(r => r.Id == id);
}
