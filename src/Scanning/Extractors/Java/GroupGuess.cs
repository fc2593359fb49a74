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
        if (segments.Length < 2 || !(Domains.Contains(segments[0]) || segments[0].Length == 2))
        {
            return null;
        }

        var least = Math.Min(segments.Length, Shared.Contains($"{segments[0]}.{segments[1]}") ? 3 : 2);
        // The owner and the artifact share a name: org.biojava of biojava-core.
        var length = Belongs(segments[least - 1], artifact) ? least : segments.Length;
        for (var i = least; i < segments.Length && length == segments.Length; i++)
        {
            length = Belongs(segments[i], artifact) ? i : length;
        }

        // The artifact bears the whole name.
        return string.Join('.', segments[..(artifact == name || length == segments.Length ? least : length)]);
    }

    /// <summary>By the directory that holds most classes; a jar that has no such directory is of the time when groups were named like their artifacts.</summary>
    public static string? FromClasses(IScanSource source, string artifact)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        var all = 0;
        foreach (var entry in source.Entries)
        {
            if (!entry.Path.EndsWith(".class", StringComparison.Ordinal) || entry.Path.StartsWith("META-INF/", StringComparison.Ordinal))
            {
                continue;
            }

            all++;
            var segments = entry.ScanPath.Directory.Split('/');
            for (var length = 2; length <= Math.Min(4, segments.Length); length++)
            {
                var name = string.Join('.', segments[..length]);
                counts[name] = counts.GetValueOrDefault(name) + 1;
            }
        }

        if (all == 0)
        {
            return null;
        }

        var most = counts.Where(pair => pair.Value * 2 > all).OrderByDescending(pair => pair.Key.Length).Select(pair => pair.Key).FirstOrDefault();
        return (most is null ? null : FromName(most, artifact)) ?? (WithoutScala(artifact) is var plain && plain.Contains('.', StringComparison.Ordinal) ? FromName(plain, plain) : plain);
    }

    /// <summary>Scala's libraries bear the version of the language: <c>scopt_2.11</c>.</summary>
    private static string WithoutScala(string artifact) => artifact.LastIndexOf('_') is var at and > 0 && artifact.AsSpan(at + 1).IndexOfAnyExcept("0123456789.") < 0 ? artifact[..at] : artifact;

    private static bool Belongs(string segment, string artifact) =>
        artifact.StartsWith(segment, StringComparison.OrdinalIgnoreCase) || segment.StartsWith(artifact, StringComparison.OrdinalIgnoreCase)
        || artifact.Split('-', '_', '.').Contains(segment, StringComparer.OrdinalIgnoreCase);
}
