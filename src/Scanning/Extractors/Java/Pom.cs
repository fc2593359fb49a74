using System.Xml;

namespace Pellicle.Scanning.Extractors.Java;

/// <summary>Coordinates from a <c>pom.properties</c> or <c>pom.xml</c>.</summary>
internal sealed record Pom(string Group, string Artifact, string Version, string? License)
{
    /// <summary>Where it was read; set by the caller.</summary>
    public string Path { get; init; } = "";

    /// <summary>False when one of the three is not stated; without a pom where one is an unresolved property.</summary>
    public static bool TryProperties(string text, out Pom? pom)
    {
        string? group = null, artifact = null, version = null;
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            var line = raw.Trim();
            var equals = line.IndexOfAny('=', ':');
            if (equals <= 0 || line[0] is '#' or '!')
            {
                continue;
            }

            var value = line[(equals + 1)..].Trim().ToString();
            switch (line[..equals].Trim())
            {
                case "groupId":
                    group = value;
                    break;
                case "artifactId":
                    artifact = value;
                    break;
                case "version":
                    version = value;
                    break;
            }
        }

        pom = Make(group, artifact, version, null);
        return group is not null && artifact is not null && version is not null;
    }

    /// <summary>
    /// Own coordinates in a <c>pom.xml</c> or a plugin's <c>plugin.xml</c>; group and version come from the parent where the pom leaves them out. False when it is no XML that can be read to its end;
    /// without a pom for unresolved properties.
    /// </summary>
    public static bool TryXml(string text, out Pom? pom)
    {
        pom = null;
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            // No DTD: external entities and entity bombs are refused.
            using var reader = XmlReader.Create(new StringReader(text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = 8 << 20 });
            var path = new Stack<string>();
            while (reader.Read())
            {
                if (reader.NodeType == XmlNodeType.Element && !reader.IsEmptyElement)
                {
                    path.Push(reader.LocalName);
                    if (path.Count > 100)
                    {
                        return false;
                    }
                }
                else if (reader.NodeType == XmlNodeType.EndElement && path.Count > 0)
                {
                    path.Pop();
                }
                else if (reader.NodeType is XmlNodeType.Text && path.Count is >= 2 and <= 5)
                {
                    values.TryAdd(string.Join('/', path.Reverse()), reader.Value.Trim());
                }
            }
        }
        catch (XmlException)
        {
            return false;
        }

        string? Value(string name) => values.GetValueOrDefault("project/" + name) ?? values.GetValueOrDefault("project/parent/" + name) ?? values.GetValueOrDefault("plugin/" + name);
        var version = Value("version");
        if (version is not null && version.StartsWith("${", StringComparison.Ordinal))
        {
            version = values.GetValueOrDefault("project/properties/" + version[2..].TrimEnd('}')) ?? (version is "${parent.version}" or "${project.parent.version}" ? values.GetValueOrDefault("project/parent/version") : version);
        }

        pom = Make(Value("groupId"), values.GetValueOrDefault("project/artifactId") ?? values.GetValueOrDefault("plugin/artifactId"), version, values.GetValueOrDefault("project/licenses/license/name"));
        return true;
    }

    private static Pom? Make(string? group, string? artifact, string? version, string? license) =>
        string.IsNullOrEmpty(group) || string.IsNullOrEmpty(artifact) || string.IsNullOrEmpty(version) || $"{group}{artifact}{version}".Contains('$', StringComparison.Ordinal) ? null : new Pom(group, artifact, version, license);
}

/// <summary><c>artifact-version[-classifier].jar</c>.</summary>
internal sealed record JarFileName(string Artifact, string? Version)
{
    public static JarFileName Parse(string fileName)
    {
        var dot = fileName.LastIndexOf('.');
        var stem = dot > 0 ? fileName[..dot] : fileName;
        for (var i = stem.IndexOf('-', StringComparison.Ordinal); i > 0; i = stem.IndexOf('-', i + 1))
        {
            // closure-compiler-v20130227: a date with a letter before it.
            if (i + 1 < stem.Length && !IsPartOfName(stem.AsSpan(i + 1)) && (char.IsAsciiDigit(stem[i + 1]) || (stem[i + 1] == 'v' && stem.Length >= i + 10 && !stem.AsSpan(i + 2, 8).ContainsAnyExceptInRange('0', '9'))))
            {
                return new JarFileName(stem[..i], TrimClassifier(stem[(i + 1)..]));
            }
        }

        return new JarFileName(stem, null);
    }

    /// <summary>True for a number within the name: <c>1.2-api-2.19.0</c> of log4j-1.2-api. Qualifiers stand between numbers of one version.</summary>
    private static bool IsPartOfName(ReadOnlySpan<char> rest)
    {
        var word = rest.IndexOf('-');
        if (word < 0 || rest[..word].ContainsAnyExcept("0123456789."))
        {
            return false;
        }

        var text = rest[(word + 1)..];
        var end = text.IndexOf('-');
        return end > 0 && end + 1 < text.Length && char.IsAsciiDigit(text[end + 1]) && !text[..end].ContainsAnyExceptInRange('a', 'z')
            && text[..end] is not ("alpha" or "beta" or "rc" or "cr" or "m" or "milestone" or "pre" or "preview" or "build" or "b" or "r" or "rev" or "patch" or "sp" or "p" or "dev" or "snapshot" or "jre" or "jdk" or "java" or "android" or "final" or "ga" or "v" or "incubating");
    }

    public bool Matches(string artifact) => Artifact.Equals(artifact, StringComparison.OrdinalIgnoreCase)
        || (Version is not null && $"{Artifact}-{Version}".StartsWith(artifact + "-", StringComparison.OrdinalIgnoreCase) && char.IsAsciiDigit($"{Artifact}-{Version}"[artifact.Length + 1]));

    /// <summary>Classifiers name a platform or a packaging; <c>-jre</c>, <c>-RC1</c>, <c>-SNAPSHOT</c> belong to the version.</summary>
    private static string TrimClassifier(string version)
    {
        foreach (var classifier in (ReadOnlySpan<string>)["-linux", "-osx", "-windows", "-shaded", "-all", "-jar-with-dependencies", "-tests", "-sources", "-javadoc", "-fat", "-uber", "-native", "-aws", "-plain", "-boot"])
        {
            var at = version.IndexOf(classifier, StringComparison.Ordinal);
            if (at > 0)
            {
                version = version[..at];
            }
        }

        return version;
    }
}

/// <summary>Main section of a jar manifest.</summary>
internal sealed class Manifest
{
    private readonly Dictionary<string, string> values = new(StringComparer.OrdinalIgnoreCase);

    public string? Artifact => Plain(Get("Bundle-SymbolicName")) is { } symbolic ? symbolic[(symbolic.LastIndexOf('.') + 1)..] : Plain(Get("Implementation-Title"));

    public string? Version => Versioned(Get("Implementation-Version")) ?? Versioned(Get("Bundle-Version")) ?? Versioned(Get("Specification-Version"));

    public string? License => Get("Bundle-License");

    public static Manifest Parse(string text)
    {
        var manifest = new Manifest();
        string? key = null;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.Length == 0)
            {
                break;
            }

            if (line[0] == ' ' && key is not null)
            {
                // Lines are folded at 72 bytes.
                manifest.values[key] += line[1..].ToString();
            }
            else if (line.IndexOf(':') is var colon and > 0)
            {
                key = line[..colon].ToString();
                manifest.values[key] = line[(colon + 1)..].Trim().ToString();
            }
        }

        return manifest;
    }

    /// <summary>
    /// Group that Maven's plugins write: the vendor id of maven-archiver, and the symbolic name of maven-bundle-plugin where it is the group, a dot and the artifact
    /// (<c>org.apache.ws.security.wss4j</c>). Where the classes lie below that name, it may be the group itself and says nothing.
    /// </summary>
    public string? StatedGroup(string artifact, ClassRoot classes)
    {
        if (Get("Implementation-Vendor-Id") is { } vendor && vendor.Contains('.', StringComparison.Ordinal) && Plain(vendor) is { } group && !GroupGuess.IsShared(group))
        {
            return group;
        }

        return Plain(Get("Bundle-SymbolicName")) is { } name && name.EndsWith("." + artifact, StringComparison.Ordinal) && name[..^(artifact.Length + 1)] is var owner
            && owner.Contains('.', StringComparison.Ordinal) && GroupGuess.IsDomain(owner) && !GroupGuess.IsShared(owner) && !classes.Has(name) ? owner : null;
    }

    /// <summary>Whether what a manifest states says more than what is known of the artifact: a part of that group (<c>org.apache.shiro.tools</c>), or an account of a code host, whose fork it is.</summary>
    public static bool IsCloser(string stated, string known) =>
        stated.StartsWith(known + ".", StringComparison.Ordinal) || ((stated.StartsWith("com.github.", StringComparison.Ordinal) || stated.StartsWith("io.github.", StringComparison.Ordinal)) && !known.StartsWith(stated, StringComparison.Ordinal));

    /// <summary>Group told from the names of the bundle and the module.</summary>
    public string? Group(string artifact)
    {

        foreach (var name in (ReadOnlySpan<string?>)[Plain(Get("Bundle-SymbolicName")), Plain(Get("Automatic-Module-Name"))])
        {
            if (name is null || !name.Contains('.', StringComparison.Ordinal))
            {
                continue;
            }

            if ((MavenGroups.OfPackage(name) ?? GroupGuess.FromName(name, artifact)) is { } owner)
            {
                return owner;
            }
        }

        return null;
    }

    private static string? Plain(string? value)
    {
        var text = value?.Split(';')[0].Trim();
        return string.IsNullOrEmpty(text) || text.Contains(' ', StringComparison.Ordinal) ? null : text;
    }

    private static string? Versioned(string? value) => value is { Length: > 0 } && char.IsAsciiDigit(value[0]) && !value.Contains(' ', StringComparison.Ordinal) ? value : null;

    private string? Get(string name) => values.GetValueOrDefault(name);
}
