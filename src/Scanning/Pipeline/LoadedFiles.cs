using Pellicle.Domain;

namespace Pellicle.Scanning.Pipeline;

/// <summary>Tells from the files a guard saw opened which packages were loaded.</summary>
/// <param name="files">Full paths; null where no guard ran.</param>
/// <param name="mount"><c>/var/task/</c> or <c>/opt/</c>.</param>
internal sealed class LoadedFiles(IReadOnlyCollection<string>? files, string mount)
{
    private readonly HashSet<string> prefixes = files is null ? [] : Prefixes(files, mount);

    /// <summary>Null where no guard ran, or where files do not tell for this kind of package.</summary>
    public bool? Of(Package package)
    {
        if (files is null || package.Evidence is PackageEvidence.Declared or PackageEvidence.Bundled)
        {
            return null;
        }

        var nested = package.Path.IndexOf("!/", StringComparison.Ordinal);
        if (nested > 0)
        {
            // An archive is opened as a whole: opened is the most that can be told.
            return prefixes.Contains(package.Path[..nested]);
        }

        var directory = Parent(package.Path);
        if (package.Ecosystem == Ecosystem.Npm && package.Path.EndsWith("/package.json", StringComparison.Ordinal))
        {
            return prefixes.Contains(directory);
        }

        if (package.Ecosystem == Ecosystem.PyPI && package.Provides.Count > 0 && directory.Length > 0)
        {
            var root = Parent(directory) is { Length: > 0 } parent ? parent + "/" : "";
            return package.Provides.Any(name => prefixes.Contains(root + name) || prefixes.Contains($"{root}{name}.py") || prefixes.Contains($"{root}{name}.pyc"));
        }

        if (package.Ecosystem == Ecosystem.NuGet && package.Provides.Count > 0)
        {
            return package.Provides.Any(name => prefixes.Contains(directory.Length > 0 ? $"{directory}/{name}" : name));
        }

        return package.Ecosystem == Ecosystem.Maven && package.Path.EndsWith(".jar", StringComparison.Ordinal) || package.Evidence == PackageEvidence.Binary
            ? prefixes.Contains(package.Path)
            : null;
    }

    /// <summary>Every opened file and every directory above it, relative to the mount: a look-up is then one hash.</summary>
    private static HashSet<string> Prefixes(IReadOnlyCollection<string> files, string mount)
    {
        var result = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in files.Where(f => f.StartsWith(mount, StringComparison.Ordinal)))
        {
            for (var path = file[mount.Length..]; path.Length > 0 && result.Add(path); path = Parent(path))
            {
            }
        }

        return result;
    }

    private static string Parent(string path) => path.LastIndexOf('/') is var slash and > 0 ? path[..slash] : "";
}
