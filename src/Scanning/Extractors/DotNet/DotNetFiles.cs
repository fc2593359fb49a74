using System.Text.Json;
using System.Xml;
using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.DotNet;

/// <summary><c>*.deps.json</c>: what the .NET host loads. Packages with files are installed; those without (build-time only) are declared.</summary>
internal sealed class DepsJson : IExtractor
{
    private static readonly string[] AssetGroups = ["runtime", "native", "runtimeTargets", "resources"];

    /// <summary>Files of one package that are kept, to tell whether it was loaded; a runtime has a few hundred.</summary>
    private const int MaxAssets = 512;

    public string Name => "nuget/deps-json";

    public bool IsRequired(ScanPath path) => path.EndsWith(".deps.json");

    public ExtractionResult Extract(ScanFile file) => Read(file, file.Utf8);

    /// <param name="file">The file that is reported.</param>
    /// <param name="content">The JSON.</param>
    /// <param name="packed">The assemblies lie inside <paramref name="file"/> itself, and are no files of their own.</param>
    internal static ExtractionResult Read(ScanFile file, ReadOnlyMemory<byte> content, bool packed = false)
    {
        using var document = Json.ParseObject(content);
        if (document is null)
        {
            return ExtractionResult.Failed(file, "not valid JSON");
        }

        var assets = new Dictionary<string, SortedSet<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var target in document.RootElement.Object("targets").Properties())
        {
            foreach (var library in target.Value.Properties())
            {
                foreach (var asset in AssetGroups.SelectMany(group => library.Value.Object(group).Properties().Select(asset => Place(group, asset))))
                {
                    var places = assets.TryGetValue(library.Name, out var known) ? known : assets[library.Name] = new SortedSet<string>(StringComparer.Ordinal);
                    if (places.Count < MaxAssets)
                    {
                        places.Add(asset);
                    }
                }
            }
        }

        var packages = new List<Package>();
        foreach (var library in document.RootElement.Object("libraries").Properties())
        {
            var slash = library.Name.IndexOf('/', StringComparison.Ordinal);
            if (slash > 0 && library.Value.String("type") is "package" or "runtimepack")
            {
                var places = assets.GetValueOrDefault(library.Name);
                var name = library.Name[..slash];
                name = name.StartsWith("runtimepack.", StringComparison.Ordinal) ? name["runtimepack.".Length..] : name;
                if (file.Package(Ecosystem.NuGet, name, library.Name[(slash + 1)..], places is null ? PackageEvidence.Declared : PackageEvidence.Installed, provides: packed || places is null ? null : [.. places]) is { } package)
                {
                    packages.Add(package);
                }
            }
        }

        return ExtractionResult.Of(packages);
    }

    /// <summary>Where publishing puts a package's file, beside the <c>deps.json</c>: only those for one platform keep the package's folders.</summary>
    private static string Place(string group, JsonProperty asset)
    {
        var name = asset.Name[(asset.Name.LastIndexOf('/') + 1)..];
        return group switch
        {
            "runtimeTargets" => asset.Name,
            "resources" when asset.Value.String("locale") is { } locale => $"{locale}/{name}",
            _ => name,
        };
    }
}

/// <summary><c>packages.lock.json</c>.</summary>
internal sealed class NuGetLock : IExtractor
{
    public string Name => "nuget/packages-lock";

    public bool IsRequired(ScanPath path) => path.Is("packages.lock.json");

    public ExtractionResult Extract(ScanFile file)
    {
        using var document = Json.ParseObject(file.Utf8);
        return document is null
            ? ExtractionResult.Failed(file, "not valid JSON")
            : ExtractionResult.Of([.. document.RootElement.Object("dependencies").Properties()
                .SelectMany(framework => framework.Value.Properties())
                .Where(entry => entry.Value.String("type") != "Project" && entry.Value.String("resolved") is not null)
                .Select(entry => file.Package(Ecosystem.NuGet, entry.Name, entry.Value.String("resolved"), PackageEvidence.Declared)).OfType<Package>()]);
    }
}

/// <summary><c>packages.config</c>.</summary>
internal sealed class PackagesConfig : IExtractor
{
    public string Name => "nuget/packages-config";

    public bool IsRequired(ScanPath path) => path.FileName.Equals("packages.config", StringComparison.OrdinalIgnoreCase);

    public ExtractionResult Extract(ScanFile file)
    {
        var packages = new List<Package>();
        try
        {
            using var reader = XmlReader.Create(new StringReader(file.Text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            while (reader.Read())
            {
                if (reader is { NodeType: XmlNodeType.Element, LocalName: "package" } && file.Package(Ecosystem.NuGet, reader.GetAttribute("id"), reader.GetAttribute("version"), PackageEvidence.Declared) is { Version: not null } package)
                {
                    packages.Add(package);
                }
            }
        }
        catch (XmlException)
        {
            return new ExtractionResult(packages, [new FileError("", file.Path.Value, "not valid XML")]);
        }

        return ExtractionResult.Of(packages);
    }
}
