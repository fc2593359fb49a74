using System.Text;
using Pellicle.Domain;
using Pellicle.Scanning.Archives;

namespace Pellicle.Scanning.Extractors.Java;

/// <summary>
/// Identity of a jar and of what is shaded into it: every <c>META-INF/maven/**/pom.properties</c> (or <c>pom.xml</c>),
/// and for a jar that has none of its own, the manifest and the file name. At the target's root it reads exploded jars.
/// </summary>
internal sealed class JavaArchive : ITreeExtractor
{
    private static readonly string[] Extensions = [".jar", ".war", ".ear", ".par", ".sar", ".nar", ".aar", ".hpi", ".jpi", ".kar", ".lpkg", ".jmod", ".rar"];

    // Of jars without a pom whose group was told so, how many have it right: `bench/scan/recall.sh WORK java`, which prints it.
    private static readonly PackageIdentity
        Stated = new(IdentityMethod.Manifest, 0.98),
        Known = new(IdentityMethod.FileName, 0.98),
        Named = new(IdentityMethod.Manifest, 0.9),
        Guessed = new(IdentityMethod.FileName, 0.75);

    public string Name => "maven/archive";

    public static bool IsJavaArchive(ScanPath path) => Extensions.Any(path.EndsWith);

    /// <summary>True for what says which package a jar is.</summary>
    public static bool IsPom(ScanPath path) => (path.Is("pom.properties") || path.Is("pom.xml") || path.Is("plugin.xml")) && path.Value.Contains("META-INF/maven/", StringComparison.Ordinal);

    public ExtractionResult Extract(ScanTree tree, IReadOnlyList<Package> found)
    {
        var nested = tree.Prefix.Length > 0;
        if (nested && !IsJavaArchive(new ScanPath(tree.ContainerName)))
        {
            return ExtractionResult.Empty;
        }

        var packages = new List<Package>();
        var errors = new List<FileError>();
        var poms = new Dictionary<string, Pom>(StringComparer.Ordinal);
        foreach (var entry in tree.Source.Entries)
        {
            if (entry.Path is "META-INF/maven/plugin.xml")
            {
                if (ReadPom(tree, entry, isProperties: false, errors) is { } plugin)
                {
                    poms["META-INF/maven"] = plugin;
                }

                continue;
            }

            // Poms in the target itself may lie below any directory (exploded lib, layer root).
            var at = entry.Path.IndexOf("META-INF/maven/", StringComparison.Ordinal);
            if (at < 0 || (at > 0 && entry.Path[at - 1] != '/') || (nested && at > 0) || entry.Kind != EntryKind.File)
            {
                continue;
            }

            var isProperties = entry.ScanPath.Is("pom.properties");
            if ((isProperties || entry.ScanPath.Is("pom.xml")) && ReadPom(tree, entry, isProperties, errors) is { } pom)
            {
                var directory = entry.ScanPath.Directory;
                if (isProperties || !poms.ContainsKey(directory))
                {
                    poms[directory] = pom;
                }
            }
        }

        // A plugin of Maven's says what it is whoever built it; a pom says more.
        if (poms.GetValueOrDefault("META-INF/maven") is { } described && poms.Values.Any(pom => pom.Path != described.Path && pom.Artifact == described.Artifact))
        {
            poms.Remove("META-INF/maven");
        }

        var fileName = JarFileName.Parse(tree.ContainerName);
        var own = nested ? poms.Values.FirstOrDefault(pom => fileName.Matches(pom.Artifact)) ?? poms.Values.FirstOrDefault(pom => poms.Count == 1 && IsRenamed(fileName, pom)) : null;
        foreach (var pom in poms.Values)
        {
            Add(packages, pom.Group, pom.Artifact, pom.Version, tree.Prefix + pom.Path, ReferenceEquals(pom, own) ? PackageEvidence.Installed : PackageEvidence.Bundled, pom.License);
        }

        // A jar with several poms and none of its own name is an assembly; its own identity is the customer's.
        if (nested && own is null && tree.ContainerName.EndsWith(".jar", StringComparison.OrdinalIgnoreCase))
        {
            AddByManifest(packages, tree, fileName, poms.Count > 0);
        }

        return new ExtractionResult(packages, errors);
    }

    private static Pom? ReadPom(ScanTree tree, ScanEntry entry, bool isProperties, List<FileError> errors)
    {
        if (tree.Read(entry.Path) is not { } content)
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(content);
        if (!(isProperties ? Pom.TryProperties(text, out var pom) : Pom.TryXml(text, out pom)))
        {
            errors.Add(new FileError("", tree.Prefix + entry.Path, isProperties ? "does not state groupId, artifactId and version" : "not valid XML", "the package that it describes may be missing"));
        }

        return pom is null ? null : pom with { Path = entry.Path };
    }

    /// <summary>A jar under another file name holds its own pom; a jar whose name gives another version only shades that one library.</summary>
    private static bool IsRenamed(JarFileName file, Pom pom) => file.Version is null || file.Version == pom.Version || file.Artifact.EndsWith(pom.Artifact, StringComparison.OrdinalIgnoreCase);

    private static void AddByManifest(List<Package> packages, ScanTree tree, JarFileName fileName, bool hasOthers)
    {
        var manifest = Manifest.Parse(tree.Read("META-INF/MANIFEST.MF") is { } content ? Encoding.UTF8.GetString(content) : "");
        var artifact = fileName.Version is not null ? fileName.Artifact : manifest.Artifact ?? fileName.Artifact;
        var version = fileName.Version ?? manifest.Version;
        if (artifact.Length == 0 || version is null || artifact.EndsWith("-sources", StringComparison.Ordinal))
        {
            return;
        }

        // An assembly of several poms without a manifest's word is the customer's own.
        var classes = new ClassRoot(tree.Source);
        if (GroupOf(artifact, version, manifest, classes, hasOthers) is { } group)
        {
            Add(packages, group.Name, artifact, version, tree.Prefix + "META-INF/MANIFEST.MF", PackageEvidence.Installed, manifest.License, group.How);
        }
    }

    /// <summary>Group of a jar without a pom: what the manifest states, what is known of the artifact, what names suggest; the surest first.</summary>
    private static (string Name, PackageIdentity How)? GroupOf(string artifact, string version, Manifest manifest, ClassRoot classes, bool hasOthers)
    {
        var known = MavenGroups.Find(artifact, version, classes);
        if (manifest.StatedGroup(artifact, classes) is { } stated && (known is null || Manifest.IsCloser(stated, known)))
        {
            return (stated, Stated);
        }

        return known is not null ? (known, Known)
            : MavenGroups.Published(artifact, classes) is { } published ? (published, Known)
            : manifest.Group(artifact) is { } named ? (named, Named)
            : !hasOthers && GroupGuess.FromClasses(classes, artifact) is { } guess ? (guess, Guessed)
            : null;
    }

    private static void Add(List<Package> packages, string group, string artifact, string version, string path, PackageEvidence evidence, string? license, PackageIdentity? identity = null)
    {
        if (Found.Package(Ecosystem.Maven, $"{group}:{artifact}", version, path, evidence, license) is { } package)
        {
            packages.Add(package with { Identity = identity });
        }
    }
}
