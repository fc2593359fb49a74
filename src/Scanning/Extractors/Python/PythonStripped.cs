using System.Text;
using Pellicle.Domain;
using Pellicle.Scanning.Archives;

namespace Pellicle.Scanning.Extractors.Python;

/// <summary>
/// Packages whose metadata was removed to save space: by what is left of the dist-info directory; by the name of a well-known module; and any
/// other module that says its version where packages are installed, or with the author or licence of something published.
/// </summary>
internal sealed class PythonStripped : ITreeExtractor
{
    private const int MaxVersionFile = 1 << 20;

    // Where packages keep their version, the likelier first.
    private static readonly string[] VersionFiles = ["__init__.py", "_version.py", "version.py", "__version__.py", "__about__.py", "_about.py", "__meta__.py", "package_data.py", "about.py", "release.py", "_release.py", "_meta.py", "meta.py", "__pkginfo__.py", "_version_info.py", "info.py", "_package.py", "constants.py", "pkg_info.py", "_constants.py", "consts.py", "_dist_ver.py"];

    // Directories that hold packages of several owners: their children are the modules.
    private static readonly HashSet<string> Namespaces = new(StringComparer.Ordinal) { "google", "google/cloud", "zope", "azure", "ruamel", "backports", "paste", "jaraco", "sphinxcontrib", "opentelemetry", "snowflake" };

    // Their `VERSION` is that of a protocol.
    private static readonly HashSet<string> OtherVersions = new(StringComparer.Ordinal) { "saml2" };

    // Share of the packages found so that are there: `bench/scan/recall.sh WORK "python stripped"`.
    private static readonly PackageIdentity Recognised = new(IdentityMethod.SourceCode, 0.99);

    public string Name => "pypi/stripped";

    public ExtractionResult Extract(ScanTree tree, IReadOnlyList<Package> found)
    {
        var search = new Search(tree, found);
        foreach (var entry in tree.Source.Entries)
        {
            if (entry.Kind == EntryKind.File)
            {
                search.TryDistInfo(entry);
                search.TryModule(entry);
            }
        }

        search.Settle();
        return ExtractionResult.Of([.. search.Packages]);
    }

    // A module of a well-known name without a version counts where so many with one lie beside it: that directory was filled by an installer.
    private const int MinNeighbours = 3;

    /// <summary>State of one tree.</summary>
    private sealed class Search(ScanTree tree, IReadOnlyList<Package> found)
    {
        private readonly HashSet<string> known = [.. found.Where(p => p.Ecosystem == Ecosystem.PyPI && p.Evidence != PackageEvidence.Declared).Select(p => p.Name)];
        private readonly HashSet<string> provided = [.. found.Where(p => p.Ecosystem == Ecosystem.PyPI && p.Evidence != PackageEvidence.Declared).SelectMany(p => p.Provides)];
        private readonly HashSet<string> seen = new(StringComparer.Ordinal);

        private readonly Dictionary<string, int> versioned = new(StringComparer.Ordinal);
        private readonly List<(string Root, string Name, string Path, string Import)> unversioned = [];

        public List<Package> Packages { get; } = [];

        /// <summary>Decides about modules that do not say their version, once all were seen.</summary>
        public void Settle()
        {
            foreach (var (root, name, path, import) in unversioned)
            {
                if (IsInstallRoot(root) || versioned.GetValueOrDefault(root) >= MinNeighbours)
                {
                    Add(name, null, path, [import]);
                }
            }
        }

        public void TryDistInfo(ScanEntry entry)
        {
            var directory = entry.ScanPath.Directory;
            if (directory.EndsWith(".dist-info", StringComparison.OrdinalIgnoreCase) && seen.Add(directory) && tree.Source.Find(directory + "/METADATA") is null
                && PythonNames.SplitDirectory(new ScanPath(directory).FileName, out var name, out var version))
            {
                Add(name, version, entry.Path, []);
            }
        }

        /// <summary><c>package/__init__.py</c> at a root, or a single module such as <c>six.py</c>.</summary>
        public void TryModule(ScanEntry entry)
        {
            var path = entry.ScanPath;
            if (!path.EndsWith(".py"))
            {
                return;
            }

            var isPackage = path.Is("__init__.py");
            var module = isPackage ? path.Directory : entry.Path[..^3];
            var (root, import) = Place(module);
            if (root is null || provided.Contains(import) || !seen.Add(module))
            {
                return;
            }

            var isKnown = PythonNames.KnownModules.TryGetValue(import, out var distribution);
            if (isKnown ? known.Contains(Purl.NormalizePyPI(distribution!)) : import.StartsWith('_') || import.Length < 2 || PythonNames.NotPublished.Contains(import))
            {
                return;
            }

            var (file, version, isPublished) = Read(module, isPackage, entry.Path);
            if (version is null)
            {
                if (isKnown)
                {
                    unversioned.Add((root, distribution!, file, import));
                }
            }
            else if (isKnown || isPublished || IsInstallRoot(root))
            {
                versioned[root] = versioned.GetValueOrDefault(root) + 1;
                Add(isKnown ? distribution! : import.Replace('/', '-'), version, file, [import]);
            }
        }

        /// <summary>Root on the search path, and the name by which the module is imported from it (with its namespace).</summary>
        private static (string? Root, string Import) Place(string module)
        {
            var parts = module.Split('/');
            for (var names = 1; names <= Math.Min(3, parts.Length); names++)
            {
                var root = string.Join('/', parts[..^names]);
                var import = string.Join('/', parts[^names..]);
                if (IsRoot(root) && !Namespaces.Contains(import) && (names == 1 || Namespaces.Contains(string.Join('/', parts[^names..^1]))))
                {
                    return (root, import);
                }
            }

            return (null, "");
        }

        /// <summary>Files of a package that may say its version: the usual ones, the module of the package's own name, and those that build tools write.</summary>
        private static IEnumerable<string> Candidates(string module)
        {
            var name = module[(module.LastIndexOf('/') + 1)..];
            return VersionFiles.Select(file => $"{module}/{file}").Concat([$"{module}/{name}.py", $"{module}/VERSION", $"{module}/_{name}io_metadata.py", $"{module[..^name.Length]}_{name}/_version.py"]);
        }

        private (string File, string? Version, bool IsPublished) Read(string module, bool isPackage, string entry)
        {
            var isPublished = false;
            foreach (var candidate in isPackage ? Candidates(module) : [entry])
            {
                if (tree.Read(candidate, MaxVersionFile) is not { } content)
                {
                    continue;
                }

                var text = Encoding.UTF8.GetString(content);
                isPublished |= text.Contains("\n__license__", StringComparison.Ordinal) || text.Contains("\n__author__", StringComparison.Ordinal) || text.Contains("\n__copyright__", StringComparison.Ordinal) || text.Contains("\n__email__", StringComparison.Ordinal);
                if (!OtherVersions.Contains(module[(module.LastIndexOf('/') + 1)..]) && (candidate.EndsWith("/VERSION", StringComparison.Ordinal) ? PythonVersionText.OfFile(text) : PythonVersionText.Find(text)) is { } version)
                {
                    return (candidate, version, isPublished);
                }
            }

            return (entry, null, false);
        }

        private void Add(string? name, string? version, string path, string[] provides)
        {
            if (Found.Package(Ecosystem.PyPI, name, PythonVersionText.WithoutLeadingZeros(version), tree.Prefix + path, PackageEvidence.Installed, provides: provides) is { } package && known.Add(package.Name))
            {
                Packages.Add(package with { Identity = Recognised });
            }
        }
    }

    /// <summary>Module roots: the top of a function or of a layer's Python directory.</summary>
    private static bool IsRoot(string directory) => directory.Length == 0 || directory is "package" or "vendor" or "lib" || IsInstallRoot(directory);

    /// <summary>Where only installers put modules.</summary>
    private static bool IsInstallRoot(string directory) => directory is "python" || directory.EndsWith("site-packages", StringComparison.Ordinal) || directory.EndsWith("dist-packages", StringComparison.Ordinal);
}
