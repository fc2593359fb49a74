using System.Diagnostics.CodeAnalysis;

namespace Pellicle.Domain;

/// <summary>A package ecosystem, by its OSV name (<c>npm</c>, <c>PyPI</c>, <c>crates.io</c> …), with its purl type.</summary>
public sealed record Ecosystem
{
    private Ecosystem(string name, string purlType)
    {
        Name = name;
        PurlType = purlType;
    }

    /// <summary>OSV name.</summary>
    public string Name { get; }

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

    /// <summary>All of them, sorted by name.</summary>
    public static IReadOnlyList<Ecosystem> All { get; } = [CratesIo, Generic, Go, Maven, Npm, NuGet, Packagist, PyPI, RubyGems];

    /// <summary>Finds an ecosystem by OSV name (case does not matter; a suffix such as <c>:12</c> is cut) or purl type.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Ecosystem? ecosystem)
    {
        var name = text is null ? "" : text.Split(':', 2)[0];
        ecosystem = All.FirstOrDefault(e => e.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || e.PurlType.Equals(name, StringComparison.OrdinalIgnoreCase));
        return ecosystem is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
