using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Scanning.Matching;

namespace Pellicle.Scanning.Extractors.Sbom;

/// <summary>CycloneDX in JSON: a claim of who built the package, so declared. Components without a purl of a known ecosystem are left out.</summary>
internal sealed class CycloneDxFile : IExtractor
{
    public string Name => "sbom/cyclonedx";

    public bool IsRequired(ScanPath path) => path.FileName is "bom.json" or "sbom.json" or "application.cdx.json" || path.EndsWith(".cdx.json") || path.EndsWith(".bom.json");

    public ExtractionResult Extract(ScanFile file)
    {
        using var document = Json.ParseObject(file.Utf8);
        return document is null ? ExtractionResult.Failed(file, "not valid JSON")
            : document.RootElement.String("bomFormat") != "CycloneDX" ? ExtractionResult.Empty
            : ExtractionResult.Of(Components(file, document.RootElement, PackageEvidence.Declared));
    }

    /// <summary>Components may nest; the stack replaces recursion.</summary>
    internal static Package[] Components(ScanFile file, JsonElement root, PackageEvidence evidence)
    {
        var packages = new List<Package>();
        var pending = new Stack<JsonElement>(root.Items("components").Reverse());
        while (pending.TryPop(out var component))
        {
            if (Claims.Of(file, component.String("purl"), evidence) is { } package)
            {
                packages.Add(package);
            }

            foreach (var inner in component.Items("components").Reverse())
            {
                pending.Push(inner);
            }
        }

        return [.. packages];
    }
}

/// <summary>SPDX 2 in JSON: packages by the purl among their external references; a claim, so declared.</summary>
internal sealed class SpdxFile : IExtractor
{
    public string Name => "sbom/spdx";

    public bool IsRequired(ScanPath path) => path.EndsWith(".spdx.json") || path.FileName is "spdx.json" or "manifest.spdx.json";

    public ExtractionResult Extract(ScanFile file)
    {
        using var document = Json.ParseObject(file.Utf8);
        return document is null ? ExtractionResult.Failed(file, "not valid JSON")
            : ExtractionResult.Of([.. document.RootElement.Items("packages")
                .SelectMany(package => package.Items("externalRefs"))
                .Where(reference => reference.String("referenceType") == "purl")
                .Select(reference => Claims.Of(file, reference.String("referenceLocator"), PackageEvidence.Declared)).OfType<Package>()]);
    }
}

internal static class Claims
{
    public static Package? Of(ScanFile file, string? text, PackageEvidence evidence) =>
        !Purl.TryParse(text, out var purl) || purl.Version is null || !Ecosystem.TryParse(purl, out var ecosystem) ? null
        : file.Package(ecosystem, Matcher.NameOf(ecosystem, purl), purl.Version, evidence) is not { } package ? null
        : ecosystem.PurlNamespace is null ? package : package with { Purl = purl };
}
