using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Conda;

/// <summary><c>conda-meta/NAME-VERSION-BUILD.json</c>: what conda installed. Python packages have their own metadata besides; here they only count as tools.</summary>
internal sealed class CondaMeta : IExtractor
{
    public string Name => "generic/conda-meta";

    public bool IsRequired(ScanPath path) => path.EndsWith(".json") && new ScanPath(path.Directory).FileName is "conda-meta";

    public ExtractionResult Extract(ScanFile file)
    {
        using var document = Json.ParseObject(file.Utf8);
        if (document is null)
        {
            return ExtractionResult.Failed(file, "not valid JSON");
        }

        var root = document.RootElement;
        return file.Package(Ecosystem.Generic, root.String("name"), root.String("version"), PackageEvidence.Installed, root.String("license")) is { Version: not null } package
            ? ExtractionResult.Of(package)
            : ExtractionResult.Failed(file, "no name or version in the conda record");
    }
}
