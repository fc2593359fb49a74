using Pellicle.Domain;

namespace Pellicle.Scanning.Advisories;

/// <summary>The form of a package name under which the database keeps it.</summary>
internal static class PackageKey
{
    public static string Normalize(Ecosystem ecosystem, string name) =>
        ecosystem == Ecosystem.PyPI ? Purl.NormalizePyPI(name)
        : ecosystem == Ecosystem.NuGet || ecosystem == Ecosystem.Packagist ? name.ToLowerInvariant()
        : name;
}
