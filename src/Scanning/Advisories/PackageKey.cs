using Pellicle.Domain;

namespace Pellicle.Scanning.Advisories;

/// <summary>The form of a package name under which the database keeps it. Go's standard library is <c>std</c> to Go and in SBOMs, <c>stdlib</c> in advisories. Names of a distribution's packages begin with its release.</summary>
internal static class PackageKey
{
    public static string Normalize(Ecosystem ecosystem, string name) =>
        ecosystem == Ecosystem.PyPI ? Purl.NormalizePyPI(name)
        : ecosystem == Ecosystem.NuGet || ecosystem == Ecosystem.Packagist ? name.ToLowerInvariant()
        : ecosystem.PurlNamespace is not null ? $"{ecosystem.Release}/{name}"
        : ecosystem == Ecosystem.Go && name == "std" ? "stdlib"
        : name;
}
