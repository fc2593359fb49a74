using System.Text.Json;
using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Node;

/// <summary>Installed npm packages: the <c>package.json</c> directly in a package directory of <c>node_modules</c>.</summary>
internal sealed class NpmPackageJson : IExtractor
{
    // Packages ship test data with node_modules of their own; npm did not install that.
    private static readonly string[] TestDirectories = ["test", "tests", "__tests__", "fixtures", "__fixtures__", "spec", "example", "examples"];

    public string Name => "npm/package-json";

    public bool IsRequired(ScanPath path) => path.Is("package.json") && IsInstalled(path.Value);

    public ExtractionResult Extract(ScanFile file)
    {
        using var document = Json.ParseObject(file.Utf8);
        if (document is null)
        {
            return ExtractionResult.Failed(file, "not valid JSON");
        }

        var root = document.RootElement;
        var (name, version) = (root.String("name"), root.String("version"));
        if (name is null && version is null)
        {
            // Only sets the module type of a directory.
            return ExtractionResult.Empty;
        }

        name ??= DirectoryName(file.InnerPath.Directory);
        return file.Package(Ecosystem.Npm, name, version?.TrimStart('v', '='), PackageEvidence.Installed, License(root)) is { } package
            ? ExtractionResult.Of(package) with
            {
                Dependencies = new Dictionary<string, IReadOnlyList<string>>
                {
                    [file.Path.Value] = [.. root.Object("dependencies").Properties().Concat(root.Object("optionalDependencies").Properties()).Concat(root.Object("peerDependencies").Properties()).Select(p => p.Name).Distinct()],
                },
            }
            : ExtractionResult.Failed(file, "name or version is not usable");
    }

    /// <summary>True for <c>…/node_modules/NAME/package.json</c> and <c>…/node_modules/@SCOPE/NAME/package.json</c>.</summary>
    internal static bool IsInstalled(string path)
    {
        var segments = path.Split('/');
        var last = Array.LastIndexOf(segments, "node_modules");
        if (last < 0 || segments.Length - last - 1 != (segments.Length > last + 1 && segments[last + 1].StartsWith('@') ? 3 : 2) || segments[last + 1].StartsWith('.'))
        {
            return false;
        }

        var first = Array.IndexOf(segments, "node_modules");
        return first == last || !segments[(first + 1)..last].Any(TestDirectories.Contains) || segments[(first + 1)..last].Where(TestDirectories.Contains).All(s => IsPackageName(segments, s));
    }

    /// <summary>A directory named like test data is a package when it stands right below node_modules.</summary>
    private static bool IsPackageName(string[] segments, string segment)
    {
        var at = Array.IndexOf(segments, segment);
        return at > 0 && segments[at - 1] == "node_modules";
    }

    private static string DirectoryName(string directory) => directory[(directory.LastIndexOf("node_modules/", StringComparison.Ordinal) + "node_modules/".Length)..];

    private static string? License(JsonElement root) => root.String("license") ?? root.Object("license").String("type")
        ?? (root.Items("licenses").Select(item => item.ValueKind == JsonValueKind.String ? Json.Text(item) : item.String("type")).OfType<string>().ToArray() is { Length: > 0 } all ? string.Join(" OR ", all) : null);
}
