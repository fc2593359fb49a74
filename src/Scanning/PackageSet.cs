using Pellicle.Domain;

namespace Pellicle.Scanning;

/// <summary>The one place that decides what counts once.</summary>
internal static class PackageSet
{
    /// <summary>
    /// Drops repetitions and sorts. The rule for declared packages: a lock file speaks only where no installed package of its ecosystem
    /// lies in or below its directory (what is installed is known better, and locks list development packages too); and never
    /// repeats a package that was found in a bundle or binary at the same version.
    /// </summary>
    public static IReadOnlyList<Package> Consolidate(IReadOnlyList<Package> found)
    {
        var real = found.Where(package => package.Evidence != PackageEvidence.Declared).ToArray();
        var installedDirectories = real.Where(package => package.Evidence == PackageEvidence.Installed).ToLookup(package => package.Ecosystem, package => package.Path);
        var present = real.Select(Identity).ToHashSet();
        var declared = found.Where(package => package.Evidence == PackageEvidence.Declared
            && !present.Contains(Identity(package))
            && !installedDirectories[package.Ecosystem].Any(path => new ScanPath(path).IsUnder(ProjectDirectory(package.Path))));
        return [.. real.Concat(declared)
            .OrderBy(package => package.Path, StringComparer.Ordinal).ThenBy(package => package.Name, StringComparer.Ordinal).ThenBy(package => package.Version, StringComparer.Ordinal).ThenBy(package => (int)package.Evidence).ThenBy(package => package.Ecosystem.PurlNamespace is null ? "" : package.Purl.ToString(), StringComparer.Ordinal)
            .DistinctBy(package => $"{Identity(package)}\n{Home(package)}")];
    }

    private static string Identity(Package package) => $"{package.Ecosystem.Name}\n{package.Name}\n{package.Version}";

    private static string ProjectDirectory(string path)
    {
        var directory = new ScanPath(path).Directory;
        return directory.EndsWith("node_modules", StringComparison.Ordinal) ? new ScanPath(directory).Directory : directory;
    }

    /// <summary>The place that may hold a package once: its jar, its module root, or the evidence file itself.</summary>
    private static string Home(Package package)
    {
        if (package.Ecosystem == Ecosystem.Maven)
        {
            var inner = package.Path.LastIndexOf("!/", StringComparison.Ordinal);
            return inner < 0 ? "" : package.Path[..inner];
        }

        if (package.Ecosystem == Ecosystem.PyPI && package.Evidence == PackageEvidence.Installed)
        {
            return PythonRoot(package.Path);
        }

        // Several packages of a distribution come from one source, by which they are named.
        return package.Ecosystem.PurlNamespace is null ? package.Path : $"{package.Path}\n{package.Purl}";
    }

    /// <summary>Directory on <c>sys.path</c> that an installed Python package's evidence belongs to.</summary>
    internal static string PythonRoot(string path)
    {
        var segments = path.Split('/');
        var meta = Array.FindLastIndex(segments, segment => segment.EndsWith(".dist-info", StringComparison.OrdinalIgnoreCase) || segment.EndsWith(".egg-info", StringComparison.OrdinalIgnoreCase) || segment == "EGG-INFO");
        if (meta >= 0)
        {
            return string.Join('/', segments[..meta]);
        }

        // Stripped packages: module/version.py, or module.py.
        var site = Array.FindLastIndex(segments, segment => segment is "site-packages" or "dist-packages" or "python");
        return string.Join('/', segments[..(site + 1)]);
    }
}
