using Pellicle.Domain;
using Pellicle.Scanning.Extractors;

namespace Pellicle.Scanning.Tests.Recipes;

/// <summary><c>vendor.list</c>: one <c>name@version</c> a line, <c>#</c> starts a comment.</summary>
internal sealed class VendorList : IExtractor
{
    public string Name => "npm/vendor-list";

    public bool IsRequired(ScanPath path) => path.Is("vendor.list");

    public ExtractionResult Extract(ScanFile file)
    {
        var packages = new List<Package>();
        var errors = new List<FileError>();
        foreach (var line in file.Text.Split('\n').Select(l => l.Split('#')[0].Trim()).Where(l => l.Length > 0))
        {
            var at = line.LastIndexOf('@');
            if (at > 0 && file.Package(Ecosystem.Npm, line[..at], line[(at + 1)..], PackageEvidence.Declared) is { } package)
            {
                packages.Add(package);
            }
            else
            {
                errors.Add(new FileError("", file.Path.Value, $"`{line}` is not name@version"));
            }
        }

        return new ExtractionResult(packages, errors);
    }
}
