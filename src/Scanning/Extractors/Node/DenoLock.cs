using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Node;

/// <summary><c>deno.lock</c>, versions 2 to 5: the npm packages; their keys are <c>name@version</c> and, behind <c>_</c>, the peers.</summary>
internal sealed class DenoLock : IExtractor
{
    public string Name => "npm/deno-lock";

    public bool IsRequired(ScanPath path) => path.Is("deno.lock") && !PackageLock.IsInsidePackage(path);

    public ExtractionResult Extract(ScanFile file)
    {
        using var document = Json.ParseObject(file.Utf8);
        if (document is null)
        {
            return ExtractionResult.Failed(file, "not valid JSON");
        }

        var packages = new List<Package>();
        // Version 3 keeps both below "packages"; version 2 has "npm.packages"; later ones a flat "npm".
        var npm = document.RootElement.Object("packages").Object("npm") is { ValueKind: System.Text.Json.JsonValueKind.Object } version3 ? version3 : document.RootElement.Object("npm");
        var entries = npm.Object("packages") is { ValueKind: System.Text.Json.JsonValueKind.Object } version2 && npm.Object("specifiers").ValueKind == System.Text.Json.JsonValueKind.Object ? version2 : npm;
        foreach (var entry in entries.Properties())
        {
            var key = entry.Name;
            var peers = key.IndexOf('_', Math.Max(0, key.IndexOf('@', Math.Min(1, key.Length))));
            key = peers > 0 ? key[..peers] : key;
            if (key.LastIndexOf('@') is var at and > 0)
            {
                PackageLock.Add(packages, file, key[..at], key[(at + 1)..]);
            }
        }

        return ExtractionResult.Of(packages);
    }
}
