using System.Xml;
using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.DotNet;

/// <summary>
/// <c>*.csproj</c> and its kin, and <c>Directory.Packages.props</c>: packages with a version of their own in the file. Ranges, floating versions and
/// properties name no version; what only builds (<c>PrivateAssets="all"</c>) is left out.
/// </summary>
internal sealed class ProjectFile : IExtractor
{
    private static readonly string[] Extensions = [".csproj", ".fsproj", ".vbproj"];

    public string Name => "nuget/project";

    public bool IsRequired(ScanPath path) => path.EndsWith("Packages.props") || Extensions.Any(path.EndsWith);

    public ExtractionResult Extract(ScanFile file)
    {
        var packages = new List<Package>();
        try
        {
            using var reader = XmlReader.Create(new StringReader(file.Text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            (string? Name, string? Version, bool Builds) open = default;
            while (reader.Read())
            {
                switch (reader.NodeType, reader.LocalName)
                {
                    case (XmlNodeType.Element, "PackageReference" or "PackageVersion" or "GlobalPackageReference"):
                        open = (reader.GetAttribute("Include"), reader.GetAttribute("VersionOverride") ?? reader.GetAttribute("Version"), reader.LocalName == "GlobalPackageReference" || IsAll(reader.GetAttribute("PrivateAssets")));
                        if (reader.IsEmptyElement)
                        {
                            Add(file, open, packages);
                            open = default;
                        }

                        break;
                    case (XmlNodeType.Element, "Version" or "PrivateAssets") when open.Name is not null && !reader.IsEmptyElement:
                        var isVersion = reader.LocalName == "Version";
                        if (reader.Read() && reader.NodeType == XmlNodeType.Text)
                        {
                            open = isVersion ? open with { Version = reader.Value.Trim() } : open with { Builds = open.Builds || IsAll(reader.Value) };
                        }

                        break;
                    case (XmlNodeType.EndElement, "PackageReference" or "PackageVersion" or "GlobalPackageReference"):
                        Add(file, open, packages);
                        open = default;
                        break;
                }
            }
        }
        catch (XmlException)
        {
            return new ExtractionResult(packages, [new FileError("", file.Path.Value, "not valid XML")]);
        }

        return ExtractionResult.Of(packages);
    }

    private static bool IsAll(string? assets) => "all".Equals(assets?.Trim(), StringComparison.OrdinalIgnoreCase);

    private static void Add(ScanFile file, (string? Name, string? Version, bool Builds) found, List<Package> packages)
    {
        // [1.2.3] names exactly this one.
        var version = found.Version is ['[', .. var exact, ']'] && !exact.Contains(',', StringComparison.Ordinal) ? exact : found.Version;
        if (!found.Builds && version is { Length: > 0 } && !version.AsSpan().ContainsAny("*[](),$") && file.Package(Ecosystem.NuGet, found.Name, version, PackageEvidence.Declared) is { } package && !package.Name.Contains('$', StringComparison.Ordinal))
        {
            packages.Add(package);
        }
    }
}
