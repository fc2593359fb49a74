using System.Diagnostics.CodeAnalysis;

namespace Pellicle.Domain;

/// <summary>A package ecosystem, by its OSV name (<c>npm</c>, <c>PyPI</c>, <c>crates.io</c> …), with its purl type.</summary>
public sealed record Ecosystem
{
    private Ecosystem(string name, string purlType, string? release = null)
    {
        Name = release is null ? name : $"{name}:{release}";
        PurlType = purlType;
        Release = release;
    }

    /// <summary>OSV name, with the release of a distribution where it is known (<c>Debian:12</c>).</summary>
    public string Name { get; }

    /// <summary>Release of a distribution as OSV writes it (<c>12</c>, <c>v3.18</c>, <c>22.04</c>); null for others and where unknown.</summary>
    public string? Release { get; }

    /// <summary>Type component of a purl, for example <c>pypi</c>.</summary>
    public string PurlType { get; }

    /// <summary>npm.</summary>
    public static Ecosystem Npm { get; } = new("npm", "npm");

    /// <summary>Python Package Index.</summary>
    public static Ecosystem PyPI { get; } = new("PyPI", "pypi");

    /// <summary>Maven; names are <c>group:artifact</c>.</summary>
    public static Ecosystem Maven { get; } = new("Maven", "maven");

    /// <summary>NuGet; names compare without regard to case.</summary>
    public static Ecosystem NuGet { get; } = new("NuGet", "nuget");

    /// <summary>Go modules, with <c>stdlib</c> and <c>toolchain</c>.</summary>
    public static Ecosystem Go { get; } = new("Go", "golang");

    /// <summary>RubyGems.</summary>
    public static Ecosystem RubyGems { get; } = new("RubyGems", "gem");

    /// <summary>Rust crates.</summary>
    public static Ecosystem CratesIo { get; } = new("crates.io", "cargo");

    /// <summary>PHP Composer.</summary>
    public static Ecosystem Packagist { get; } = new("Packagist", "composer");

    /// <summary>Tools and libraries that no package manager recorded (openssl, curl, ffmpeg …); not an OSV ecosystem.</summary>
    public static Ecosystem Generic { get; } = new("generic", "generic");

    /// <summary>AlmaLinux; names are those of source packages, as for all distributions.</summary>
    public static Ecosystem AlmaLinux { get; } = new("AlmaLinux", "rpm");

    /// <summary>Alpine Linux.</summary>
    public static Ecosystem Alpine { get; } = new("Alpine", "apk");

    /// <summary>Amazon Linux; OSV has no advisories for it.</summary>
    public static Ecosystem AmazonLinux { get; } = new("Amazon Linux", "rpm");

    /// <summary>Debian.</summary>
    public static Ecosystem Debian { get; } = new("Debian", "deb");

    /// <summary>Red Hat Enterprise Linux and its base images.</summary>
    public static Ecosystem RedHat { get; } = new("Red Hat", "rpm");

    /// <summary>Rocky Linux.</summary>
    public static Ecosystem RockyLinux { get; } = new("Rocky Linux", "rpm");

    /// <summary>Ubuntu.</summary>
    public static Ecosystem Ubuntu { get; } = new("Ubuntu", "deb");

    /// <summary>Wolfi, which has no releases.</summary>
    public static Ecosystem Wolfi { get; } = new("Wolfi", "apk");

    /// <summary>Packages of programming languages, sorted by name: what <c>db update</c> fetches unless told otherwise.</summary>
    public static IReadOnlyList<Ecosystem> Languages { get; } = [CratesIo, Go, Maven, Npm, NuGet, Packagist, PyPI, RubyGems];

    /// <summary>Linux distributions, sorted by name.</summary>
    public static IReadOnlyList<Ecosystem> Distributions { get; } = [AlmaLinux, Alpine, AmazonLinux, Debian, RedHat, RockyLinux, Ubuntu, Wolfi];

    /// <summary>All of them, without releases. INVARIANT: databases keep positions in this list, so new ones come last.</summary>
    public static IReadOnlyList<Ecosystem> All { get; } = [CratesIo, Generic, Go, Maven, Npm, NuGet, Packagist, PyPI, RubyGems, .. Distributions];

    /// <summary>This ecosystem without its release.</summary>
    public Ecosystem Base => Release is null ? this : All.First(known => known.PurlType == PurlType && Name.StartsWith(known.Name + ":", StringComparison.Ordinal));

    /// <summary>This distribution at a release; null or empty leaves it open.</summary>
    public Ecosystem At(string? release) => string.IsNullOrEmpty(release) ? Base : new Ecosystem(Base.Name, PurlType, release);

    /// <summary>Finds an ecosystem by OSV name (case does not matter; a distribution keeps its release, others lose what follows a colon) or purl type.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Ecosystem? ecosystem)
    {
        var parts = (text ?? "").Split(':', 2);
        ecosystem = All.FirstOrDefault(e => e.Name.Equals(parts[0], StringComparison.OrdinalIgnoreCase)) ?? All.FirstOrDefault(e => e.PurlType.Equals(parts[0], StringComparison.OrdinalIgnoreCase));
        if (ecosystem is not null && parts.Length > 1 && Distributions.Contains(ecosystem))
        {
            ecosystem = ecosystem.At(ReleaseOf(ecosystem, parts[1]));
        }

        return ecosystem is not null;
    }

    /// <summary>The ecosystem of a purl; a distribution by its namespace and the release in <c>distro</c>.</summary>
    public static bool TryParse(Purl purl, [NotNullWhen(true)] out Ecosystem? ecosystem)
    {
        ecosystem = Distributions.FirstOrDefault(e => e.PurlType == purl.Type && e.PurlNamespace == purl.Namespace);
        if (ecosystem is null)
        {
            return TryParse(purl.Type, out ecosystem) && !Distributions.Contains(ecosystem);
        }

        var distro = (purl.Qualifiers ?? "").Split('&').FirstOrDefault(q => q.StartsWith("distro=", StringComparison.Ordinal))?["distro=".Length..];
        ecosystem = ecosystem.At(distro is null ? null : ReleaseOf(ecosystem, Uri.UnescapeDataString(distro[(distro.LastIndexOf('-') + 1)..])));
        return true;
    }

    /// <summary>Namespace that purls of a distribution's packages have; null for others.</summary>
    public string? PurlNamespace => Base.Name switch
    {
        "AlmaLinux" => "almalinux",
        "Alpine" => "alpine",
        "Amazon Linux" => "amzn",
        "Debian" => "debian",
        "Red Hat" => "redhat",
        "Rocky Linux" => "rocky",
        "Ubuntu" => "ubuntu",
        "Wolfi" => "wolfi",
        _ => null,
    };

    /// <summary>A release as OSV writes it: <c>v3.18</c> of Alpine's 3.18.4, <c>9</c> of Red Hat's <c>enterprise_linux:9::baseos</c> and of 9.3, <c>22.04</c> of Ubuntu's <c>22.04:LTS</c>.</summary>
    public static string ReleaseOf(Ecosystem distribution, string release)
    {
        ArgumentNullException.ThrowIfNull(distribution);
        ArgumentNullException.ThrowIfNull(release);
        var parts = release.Split(':');
        return distribution.Base.Name switch
        {
            "Alpine" => "v" + string.Join('.', release.TrimStart('v').Split('.').Take(2)),
            "Ubuntu" => parts[0] is "Pro" && parts.Length > 1 ? release : parts[0],
            "Red Hat" => (parts is ["enterprise_linux", var number, ..] ? number : parts is ["rhel_eus" or "rhel_aus" or "rhel_e4s" or "rhel_tus", ..] ? release : parts[0]).Split('.')[0],
            "AlmaLinux" or "Rocky Linux" or "Debian" => parts[0].Split('.')[0],
            _ => release,
        };
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
