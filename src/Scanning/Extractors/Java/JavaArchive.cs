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

    public string Name => "maven/archive";

    public static bool IsJavaArchive(ScanPath path) => Extensions.Any(path.EndsWith);

    public ExtractionResult Extract(ScanTree tree, IReadOnlyList<Package> found)
    {
        var nested = tree.Prefix.Length > 0;
        if (nested && !IsJavaArchive(new ScanPath(tree.ContainerName)))
        {
            return ExtractionResult.Empty;
        }

        var packages = new List<Package>();
        var poms = new Dictionary<string, Pom>(StringComparer.Ordinal);
        foreach (var entry in tree.Source.Entries)
        {
            // Poms in the target itself may lie below any directory (exploded lib, layer root).
            var at = entry.Path.IndexOf("META-INF/maven/", StringComparison.Ordinal);
            if (at < 0 || (at > 0 && entry.Path[at - 1] != '/') || (nested && at > 0) || entry.Kind != EntryKind.File)
            {
                continue;
            }

            var isProperties = entry.ScanPath.Is("pom.properties");
            if ((isProperties || entry.ScanPath.Is("pom.xml")) && tree.Read(entry.Path) is { } content)
            {
                var text = Encoding.UTF8.GetString(content);
                var pom = isProperties ? Pom.FromProperties(text) : Pom.FromXml(text);
                var directory = entry.ScanPath.Directory;
                if (pom is not null && (isProperties || !poms.ContainsKey(directory)))
                {
                    poms[directory] = pom with { Path = entry.Path };
                }
            }
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

        return ExtractionResult.Of(packages);
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
        var group = MavenGroups.Find(artifact, version, classes) ?? manifest.Group(artifact) ?? (hasOthers ? null : GroupGuess.FromClasses(classes, artifact));
        if (group is not null)
        {
            Add(packages, group, artifact, version, tree.Prefix + "META-INF/MANIFEST.MF", PackageEvidence.Installed, manifest.License);
        }
    }

    private static void Add(List<Package> packages, string group, string artifact, string version, string path, PackageEvidence evidence, string? license)
    {
        if (Found.Package(Ecosystem.Maven, $"{group}:{artifact}", version, path, evidence, license) is { } package)
        {
            packages.Add(package);
        }
    }
}
