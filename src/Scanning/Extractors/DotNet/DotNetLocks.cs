using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.DotNet;

/// <summary><c>obj/project.assets.json</c>: what NuGet restored; only left in a package by mistake.</summary>
internal sealed class ProjectAssets : IExtractor
{
    public string Name => "nuget/project-assets";

    public bool IsRequired(ScanPath path) => path.Is("project.assets.json");

    public ExtractionResult Extract(ScanFile file)
    {
        using var document = Json.ParseObject(file.Utf8);
        return document is null
            ? ExtractionResult.Failed(file, "not valid JSON")
            : ExtractionResult.Of([.. document.RootElement.Object("libraries").Properties()
                .Where(library => library.Value.String("type") == "package" && library.Name.Contains('/', StringComparison.Ordinal))
                .Select(library => file.Package(Ecosystem.NuGet, library.Name.Split('/')[0], library.Name.Split('/')[1], PackageEvidence.Declared)).OfType<Package>()]);
    }
}

/// <summary><c>paket.lock</c>: in a <c>NUGET</c> section, four spaces, name and version in brackets; deeper lines are the dependencies of the line above.</summary>
internal sealed class PaketLock : IExtractor
{
    public string Name => "nuget/paket-lock";

    public bool IsRequired(ScanPath path) => path.Is("paket.lock");

    public ExtractionResult Extract(ScanFile file)
    {
        var packages = new List<Package>();
        var inNuGet = false;
        foreach (var line in file.Text.AsSpan().EnumerateLines())
        {
            if (line.Length > 0 && line[0] != ' ')
            {
                inNuGet = line.TrimEnd().SequenceEqual("NUGET");
            }
            else if (inNuGet && line.Length > 6 && line.StartsWith("    ") && line[4] != ' ' && line.IndexOf(" (") is var open and > 4 && line[open..].IndexOf(')') is var close and > 2
                && file.Package(Ecosystem.NuGet, line[4..open].Trim().ToString(), line.Slice(open + 2, close - 2).ToString(), PackageEvidence.Declared) is { } package)
            {
                packages.Add(package);
            }
        }

        return ExtractionResult.Of(packages);
    }
}
