using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Pellicle.Domain;

/// <summary>A package URL: type, namespace, name, version, qualifiers, subpath (package-url specification). A value type.</summary>
public readonly record struct Purl
{
    private Purl(string type, string? ns, string name, string? version, string? qualifiers, string? subpath)
    {
        Type = type;
        Namespace = ns;
        Name = name;
        Version = version;
        Qualifiers = qualifiers;
        Subpath = subpath;
    }

    /// <summary>Lower-case type, for example <c>npm</c>.</summary>
    public string Type { get; }

    /// <summary>Namespace, decoded, or null.</summary>
    public string? Namespace { get; }

    /// <summary>Name, decoded.</summary>
    public string Name { get; }

    /// <summary>Version, decoded, or null.</summary>
    public string? Version { get; }

    /// <summary>Qualifiers as written (encoded), or null.</summary>
    public string? Qualifiers { get; }

    /// <summary>Subpath as written (encoded), or null.</summary>
    public string? Subpath { get; }

    /// <summary>Makes the purl of a package named as OSV names it (<c>group:artifact</c>, <c>@scope/name</c>, module path …).</summary>
    public static Purl Create(Ecosystem ecosystem, string name, string? version)
    {
        ArgumentNullException.ThrowIfNull(ecosystem);
        ArgumentException.ThrowIfNullOrEmpty(name);
        string? ns = null;
        if (ecosystem == Ecosystem.Maven)
        {
            var colon = name.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                (ns, name) = (name[..colon], name[(colon + 1)..]);
            }
        }
        else if (ecosystem == Ecosystem.PyPI)
        {
            name = NormalizePyPI(name);
        }
        else
        {
            var slash = name.LastIndexOf('/');
            if (slash > 0 && ecosystem != Ecosystem.NuGet)
            {
                (ns, name) = (name[..slash], name[(slash + 1)..]);
            }
        }

        return new Purl(ecosystem.PurlType, ns, name, string.IsNullOrEmpty(version) ? null : version, null, null);
    }

    /// <summary>PEP 503 name: runs of <c>-</c>, <c>_</c>, <c>.</c> become one <c>-</c>, lower case.</summary>
    public static string NormalizePyPI(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var text = new StringBuilder(name.Length);
        foreach (var c in name)
        {
            if (c is '-' or '_' or '.')
            {
                if (text.Length > 0 && text[^1] != '-')
                {
                    text.Append('-');
                }
            }
            else
            {
                text.Append(char.ToLowerInvariant(c));
            }
        }

        return text.ToString();
    }

    /// <summary>The OSV package name of this purl: the inverse of <see cref="Create"/>.</summary>
    public string PackageName => Type switch
    {
        "maven" => Namespace is null ? Name : $"{Namespace}:{Name}",
        _ => Namespace is null ? Name : $"{Namespace}/{Name}",
    };

    /// <summary>Reads a purl; false when it has no type or name.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Purl purl)
    {
        purl = default;
        if (text is null || !text.StartsWith("pkg:", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var rest = text.AsSpan(4).TrimStart('/').ToString();
        string? subpath = null, qualifiers = null, version = null;
        var hash = rest.LastIndexOf('#');
        if (hash >= 0)
        {
            subpath = rest[(hash + 1)..];
            rest = rest[..hash];
        }

        var question = rest.IndexOf('?', StringComparison.Ordinal);
        if (question >= 0)
        {
            qualifiers = rest[(question + 1)..];
            rest = rest[..question];
        }

        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0)
        {
            return false;
        }

        var type = rest[..slash].ToLowerInvariant();
        rest = rest[(slash + 1)..].Trim('/');
        // A scope's own "@" (npm) stands at the start of a segment; a version's "@" does not.
        var at = rest.LastIndexOf('@');
        if (at > 0 && rest[at - 1] != '/')
        {
            version = Uri.UnescapeDataString(rest[(at + 1)..]);
            rest = rest[..at];
        }

        var last = rest.LastIndexOf('/');
        var ns = last > 0 ? string.Join('/', rest[..last].Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)) : null;
        var name = Uri.UnescapeDataString(rest[(last + 1)..]);
        if (name.Length == 0)
        {
            return false;
        }

        if (type == "pypi")
        {
            name = NormalizePyPI(name);
        }

        purl = new Purl(type, string.IsNullOrEmpty(ns) ? null : ns, name, string.IsNullOrEmpty(version) ? null : version, qualifiers, subpath);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder("pkg:").Append(Type).Append('/');
        if (Namespace is not null)
        {
            text.Append(string.Join('/', Namespace.Split('/').Select(Encode))).Append('/');
        }

        text.Append(Encode(Name));
        if (Version is not null)
        {
            text.Append('@').Append(Encode(Version));
        }

        if (!string.IsNullOrEmpty(Qualifiers))
        {
            text.Append('?').Append(Qualifiers);
        }

        if (!string.IsNullOrEmpty(Subpath))
        {
            text.Append('#').Append(Subpath);
        }

        return text.ToString();
    }

    private static string Encode(string part) => Uri.EscapeDataString(part).Replace("%3A", ":", StringComparison.Ordinal);
}
