using System.Text;
using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Distributions;

/// <summary>Which distribution a tree is of, by its <c>os-release</c>.</summary>
internal sealed record OsRelease(string Id, string Version)
{
    private static readonly string[] Places = ["etc/os-release", "usr/lib/os-release"];

    /// <summary>The file that belongs to the package database at this path; null in a layer that carries the database only.</summary>
    /// <param name="tree">Where both lie.</param>
    /// <param name="root">Path of the system's root inside the tree, empty or with a final slash.</param>
    public static OsRelease? Find(ScanTree tree, string root) =>
        Places.Select(place => tree.Read(root + place, 64 << 10)).FirstOrDefault(content => content is not null) is { } content ? Parse(Encoding.UTF8.GetString(content)) : null;

    public static OsRelease Parse(string text)
    {
        var (id, version) = ("", "");
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.StartsWith("ID="))
            {
                id = line[3..].Trim("\"' \r").ToString();
            }
            else if (line.StartsWith("VERSION_ID="))
            {
                version = line[11..].Trim("\"' \r").ToString();
            }
        }

        return new OsRelease(id, version);
    }

    /// <summary>The distribution's ecosystem at its release; the fallback where the distribution is another or unknown.</summary>
    public static Ecosystem EcosystemOf(OsRelease? release, Ecosystem fallback)
    {
        var distribution = release?.Id switch
        {
            "almalinux" => Ecosystem.AlmaLinux,
            "alpine" => Ecosystem.Alpine,
            "amzn" => Ecosystem.AmazonLinux,
            "debian" => Ecosystem.Debian,
            "rhel" => Ecosystem.RedHat,
            "rocky" => Ecosystem.RockyLinux,
            "ubuntu" => Ecosystem.Ubuntu,
            "wolfi" => Ecosystem.Wolfi,
            _ => fallback,
        };
        return release is null || release.Version.Length == 0 || distribution.PurlType != fallback.PurlType || distribution == Ecosystem.Wolfi ? (distribution.PurlType == fallback.PurlType ? distribution : fallback) : distribution.At(Ecosystem.ReleaseOf(distribution, release.Version));
    }
}

/// <summary>Makes packages of distributions: named like their source, as advisories name them; the purl names the installed one.</summary>
internal static class DistributionPackage
{
    /// <summary>Null for texts that are no name or version.</summary>
    public static Package? Create(ScanFile file, Ecosystem ecosystem, OsRelease? release, string? name, string? version, string? source, string? sourceVersion, string? architecture, string? license)
    {
        if (file.Package(ecosystem, name, version, PackageEvidence.Installed, license) is not { Version: not null } package || package.Name.Contains('/', StringComparison.Ordinal))
        {
            return null;
        }

        source = string.IsNullOrWhiteSpace(source) ? package.Name : source.Trim();
        var text = new StringBuilder("pkg:").Append(ecosystem.PurlType).Append('/').Append(ecosystem.PurlNamespace).Append('/').Append(Uri.EscapeDataString(package.Name)).Append('@').Append(Uri.EscapeDataString(package.Version));
        var mark = '?';
        void Add(string key, string? value)
        {
            if (!string.IsNullOrWhiteSpace(value))
            {
                text.Append(mark).Append(key).Append('=').Append(Uri.EscapeDataString(value.Trim()));
                mark = '&';
            }
        }

        // In the order of their names, as the purl specification asks.
        Add("arch", architecture);
        Add("distro", release is { Id.Length: > 0 } ? $"{release.Id}-{release.Version}" : null);
        Add("upstream", source == package.Name ? null : source);
        if (!Purl.TryParse(text.ToString(), out var purl) || file.Package(ecosystem, source, sourceVersion ?? version, PackageEvidence.Installed) is not { } own)
        {
            return null;
        }

        return package with { Name = own.Name, Version = own.Version, Purl = purl };
    }

    /// <summary>The system's root of a database at one of these places: what stands before the place in the path; null when it lies elsewhere.</summary>
    public static string? Root(ScanPath path, params ReadOnlySpan<string> places)
    {
        foreach (var place in places)
        {
            if (path.Value.EndsWith(place, StringComparison.Ordinal) && (path.Value.Length == place.Length || path.Value[^(place.Length + 1)] == '/'))
            {
                return path.Value[..^place.Length];
            }
        }

        return null;
    }
}
