using System.Text;
using Pellicle.Domain;
using Pellicle.Scanning.Archives;

namespace Pellicle.Scanning.Extractors.Python;

/// <summary>Packages whose metadata was removed to save space: by what is left of the dist-info directory, else by module name and version assignment.</summary>
internal sealed class PythonStripped : ITreeExtractor
{
    private static readonly string[] VersionFiles = ["__init__.py", "_version.py", "version.py", "__version__.py", "__about__.py", "__meta__.py", "package_data.py", "about.py", "release.py", "_meta.py", "meta.py", "__pkginfo__.py"];

    public string Name => "pypi/stripped";

    public ExtractionResult Extract(ScanTree tree, IReadOnlyList<Package> found)
    {
        var packages = new List<Package>();
        var known = found.Where(p => p.Ecosystem == Ecosystem.PyPI && p.Evidence != PackageEvidence.Declared).Select(p => p.Name).ToHashSet();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in tree.Source.Entries)
        {
            if (entry.Kind == EntryKind.File)
            {
                TryDistInfo(tree, entry, known, seen, packages);
                TryModule(tree, entry, known, seen, packages);
            }
        }

        return ExtractionResult.Of(packages);
    }

    private static void TryDistInfo(ScanTree tree, ScanEntry entry, HashSet<string> known, HashSet<string> seen, List<Package> packages)
    {
        var directory = entry.ScanPath.Directory;
        if (!directory.EndsWith(".dist-info", StringComparison.OrdinalIgnoreCase) || !seen.Add(directory) || tree.Source.Find(directory + "/METADATA") is not null
            || !PythonNames.SplitDirectory(new ScanPath(directory).FileName, out var name, out var version))
        {
            return;
        }

        Add(packages, known, Found.Package(Ecosystem.PyPI, name, version, tree.Prefix + entry.Path, PackageEvidence.Installed));
    }

    private static void TryModule(ScanTree tree, ScanEntry entry, HashSet<string> known, HashSet<string> seen, List<Package> packages)
    {
        var path = entry.ScanPath;
        if (!path.EndsWith(".py"))
        {
            return;
        }

        // package/__init__.py at a root, or a single module such as six.py.
        var isPackage = path.Is("__init__.py");
        var module = isPackage ? path.Directory : entry.Path[..^3];
        var root = new ScanPath(module).Directory;
        var import = new ScanPath(module).FileName.ToString();
        if (!IsRoot(root) || !PythonNames.KnownModules.TryGetValue(import, out var distribution) || known.Contains(Purl.NormalizePyPI(distribution)) || !seen.Add(module))
        {
            return;
        }

        foreach (var candidate in isPackage ? VersionFiles.Select(file => $"{module}/{file}") : [entry.Path])
        {
            if (tree.Read(candidate, 256 << 10) is { } content && FindVersion(Encoding.UTF8.GetString(content)) is { } version)
            {
                Add(packages, known, Found.Package(Ecosystem.PyPI, distribution, version, tree.Prefix + candidate, PackageEvidence.Installed, provides: [import]));
                return;
            }
        }
    }

    /// <summary>Module roots: the top of a function or of a layer's Python directory.</summary>
    private static bool IsRoot(string directory) => directory.Length == 0 || directory is "python" or "package" or "vendor" or "lib"
        || directory.EndsWith("site-packages", StringComparison.Ordinal) || directory.EndsWith("dist-packages", StringComparison.Ordinal);

    /// <summary>Value of the first assignment to <c>__version__</c>, <c>version</c> or <c>VERSION</c> that looks like a version; null where there is none.</summary>
    internal static string? FindVersion(string text)
    {
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            var line = raw.Trim();
            var equals = line.IndexOf('=');
            if (equals <= 0 || equals + 1 >= line.Length || line[equals + 1] == '=')
            {
                continue;
            }

            var target = line[..equals].Trim();
            var colon = target.IndexOf(':');
            target = colon > 0 ? target[..colon].Trim() : target;
            if (target is not ("__version__" or "version" or "VERSION" or "_version" or "__VERSION__" or "PYTHON_VERSION_TEXT") || raw[0] is ' ' or '\t')
            {
                continue;
            }

            var value = line[(equals + 1)..].Trim();
            if (value.Length > 2 && value[0] is '"' or '\'')
            {
                var close = value[1..].IndexOf(value[0]);
                if (close > 0 && char.IsAsciiDigit(value[1]))
                {
                    return value.Slice(1, close).ToString();
                }
            }
            else if (value.Length > 2 && value[0] == '(' && value.IndexOf(')') is var end and > 0)
            {
                var parts = value[1..end].ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).TakeWhile(part => part.All(char.IsAsciiDigit)).ToArray();
                if (parts.Length >= 2)
                {
                    return string.Join('.', parts);
                }
            }
        }

        return null;
    }

    private static void Add(List<Package> packages, HashSet<string> known, Package? package)
    {
        if (package is not null && known.Add(package.Name))
        {
            packages.Add(package);
        }
    }
}
