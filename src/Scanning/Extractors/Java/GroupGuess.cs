using Pellicle.Scanning.Archives;

namespace Pellicle.Scanning.Extractors.Java;

/// <summary>Group of a jar that does not state it: the part of its Java names that its owner's domain makes.</summary>
internal static class GroupGuess
{
    // Under these domains every project has a name of its own: three segments make the group.
    private static readonly HashSet<string> Shared = new(StringComparer.Ordinal)
    {
        "org.apache", "org.codehaus", "org.eclipse", "org.jetbrains", "org.glassfish", "org.jboss", "org.ow2", "org.springframework", "com.google", "com.github", "com.googlecode", "com.fasterxml", "com.squareup", "com.sun", "com.amazonaws",
        "com.microsoft", "com.oracle", "io.github", "io.reactivex", "net.sf", "net.sourceforge", "net.java", "javax.xml", "jakarta.xml", "software.amazon",
    };

    private static readonly HashSet<string> Domains = new(StringComparer.Ordinal) { "org", "com", "net", "edu", "gov", "info", "dev", "biz", "javax", "jakarta", "software", "app", "tech", "cloud", "guru", "name", "pro", "systems", "tools", "wtf" };

    /// <summary>Cuts a Java name before the part that is the artifact's own: <c>com.zaxxer.hikari</c> of HikariCP to <c>com.zaxxer</c>, <c>org.eclipse.jdt.debug.ui</c> to <c>org.eclipse.jdt</c>. Null for names that are no domain's.</summary>
    public static string? FromName(string name, string artifact)
    {
        var segments = name.Split('.');
        if (!IsDomain(name))
        {
            return null;
        }

        var least = Shared.Contains($"{segments[0]}.{segments[1]}") || IsRegistry(segments) ? 3 : 2;
        if (segments.Length < least)
        {
            return null;
        }

        // No group has an underscore: from there on a name is the artifact's.
        var own = Array.FindIndex(segments, least, segment => segment.Contains('_', StringComparison.Ordinal) || IsWordsOf(segment, artifact));
        var end = own > 0 ? own : segments.Length;
        // The owner and the artifact share a name: org.biojava of biojava-core.
        var length = Belongs(segments[least - 1], artifact) ? least : end;
        for (var i = least; i < end && length == end; i++)
        {
            // The modules of a project share its group: org.fusesource.hawtbuf of hawtbuf-proto.
            length = !Belongs(segments[i], artifact) ? length : IsModule(segments[i], artifact) ? i + 1 : i;
        }

        // The artifact bears the whole name.
        return string.Join('.', segments[..(artifact == name || (length == segments.Length && !IsModule(segments[^1], artifact)) ? least : length)]);
    }

    /// <summary>True where one segment is several words of the artifact: <c>mojoexecutor</c> of mojo-executor-maven-plugin.</summary>
    private static bool IsWordsOf(string segment, string artifact)
    {
        var rest = segment.AsSpan();
        var words = 0;
        foreach (var word in artifact.AsSpan().SplitAny('-', '_', '.'))
        {
            if (rest.Length == 0 || !rest.StartsWith(artifact.AsSpan(word), StringComparison.OrdinalIgnoreCase))
            {
                break;
            }

            rest = rest[artifact.AsSpan(word).Length..];
            words++;
        }

        return rest.Length == 0 && words > 1;
    }

    /// <summary>True for <c>tiles-core</c> of <c>tiles</c>; what names a language or a build tool behind the dash makes no module.</summary>
    private static bool IsModule(string segment, string artifact) =>
        artifact.Length > segment.Length && artifact.StartsWith(segment, StringComparison.OrdinalIgnoreCase) && artifact.AsSpan(segment.Length).TrimStart("0123456789") is ['-', .. var rest]
        && rest is not ("java" or "jni" or "maven-plugin" or "gradle-plugin" or "all");

    /// <summary>By the package that holds most classes; a jar that has no such package is of the time when groups were named like their artifacts.</summary>
    public static string? FromClasses(ClassRoot classes, string artifact)
    {
        if (classes.IsEmpty)
        {
            return null;
        }

        var plain = WithoutScala(artifact);
        return (classes.Package is { } package ? MavenGroups.OfPackage(package) ?? FromName(package, artifact) : null) ?? (plain.Contains('.', StringComparison.Ordinal) ? FromName(plain, plain) : plain);
    }

    /// <summary>The part of a group that its owner's domain makes: two segments, three where a country or a host of projects gives the first two.</summary>
    public static string OwnerOf(string group)
    {
        var segments = group.Split('.');
        return segments.Length > 2 && (IsRegistry(segments) || Hosts.Contains($"{segments[0]}.{segments[1]}")) ? string.Join('.', segments[..3]) : string.Join('.', segments.Take(2));
    }

    // Anybody may have a project here.
    private static readonly HashSet<string> Hosts = new(StringComparer.Ordinal) { "com.github", "io.github", "com.googlecode", "net.sf", "net.sourceforge", "net.java", "org.codehaus" };

    /// <summary>True for the name of an owner whose projects have groups of their own: it is no group itself.</summary>
    public static bool IsShared(string name) => Shared.Contains(name);

    /// <summary>True for names that begin like an owner's domain turned round.</summary>
    public static bool IsDomain(string name) => name.IndexOf('.', StringComparison.Ordinal) is var dot and > 0 && (dot == 2 || Domains.Contains(name[..dot]));

    /// <summary>Scala's libraries bear the version of the language: <c>scopt_2.11</c>.</summary>
    private static string WithoutScala(string artifact) => artifact.LastIndexOf('_') is var at and > 0 && artifact.AsSpan(at + 1).IndexOfAnyExcept("0123456789.") < 0 ? artifact[..at] : artifact;

    /// <summary>uk.ac, jp.co, com.au turned round: names below a country's own registry.</summary>
    private static bool IsRegistry(string[] segments) => segments[0].Length == 2 && segments[1] is "ac" or "co" or "com" or "org" or "net" or "gov" or "edu";

    private static bool Belongs(string segment, string artifact) =>
        artifact.StartsWith(segment, StringComparison.OrdinalIgnoreCase) || segment.StartsWith(artifact, StringComparison.OrdinalIgnoreCase)
        || artifact.Split('-', '_', '.').Contains(segment, StringComparer.OrdinalIgnoreCase);
}

/// <summary>Who owns a group id.</summary>
internal static class MavenOwner
{
    /// <summary>
    /// Whether a group may be that of a jar whose guessed group is <paramref name="guess"/>: both begin with the same owner's domain, or the guess names no owner and the group ends with it
    /// (<c>net.sourceforge.serp</c> of <c>serp</c>).
    /// </summary>
    public static bool Shares(string group, string guess, string artifact) =>
        GroupGuess.IsDomain(guess) ? GroupGuess.OwnerOf(group) == GroupGuess.OwnerOf(guess)
        : guess == artifact && group.Split('.')[^1].Equals(artifact, StringComparison.OrdinalIgnoreCase);
}

/// <summary>The Java package that holds most classes of a jar.</summary>
internal sealed class ClassRoot
{
    private const int MaxDepth = 6;

    private readonly IScanSource source;
    private readonly Lazy<(string? Package, bool IsEmpty)> root;

    public ClassRoot(IScanSource source)
    {
        this.source = source;
        root = new(() => Find(source));
    }

    /// <summary>The longest package with more than half of the classes; null where none has.</summary>
    public string? Package => root.Value.Package;

    /// <summary>True for a jar without classes.</summary>
    public bool IsEmpty => root.Value.IsEmpty;

    /// <summary>True when some class lies below this package.</summary>
    public bool Has(string package)
    {
        var directory = package.Replace('.', '/') + "/";
        return source.Entries.Any(entry => entry.Path.StartsWith(directory, StringComparison.Ordinal) && entry.Path.EndsWith(".class", StringComparison.Ordinal));
    }

    private static (string? Package, bool IsEmpty) Find(IScanSource source)
    {
        var directories = new Dictionary<string, int>(StringComparer.Ordinal);
        var all = 0;
        foreach (var entry in source.Entries)
        {
            if (entry.Path.EndsWith(".class", StringComparison.Ordinal) && !entry.Path.StartsWith("META-INF/", StringComparison.Ordinal))
            {
                var directory = entry.ScanPath.Directory;
                directories[directory] = directories.GetValueOrDefault(directory) + 1;
                all++;
            }
        }

        var packages = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (directory, count) in directories)
        {
            var segments = directory.Split('/');
            for (var length = 1; length <= Math.Min(MaxDepth, segments.Length); length++)
            {
                var name = string.Join('.', segments[..length]);
                packages[name] = packages.GetValueOrDefault(name) + count;
            }
        }

        return (packages.Where(pair => pair.Value * 2 > all && pair.Key.Length > 0).OrderByDescending(pair => pair.Key.Length).Select(pair => pair.Key).FirstOrDefault(), all == 0);
    }
}
