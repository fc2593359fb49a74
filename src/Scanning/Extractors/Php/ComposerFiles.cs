using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Php;

/// <summary><c>composer.lock</c>, without development packages.</summary>
internal sealed class ComposerLock : IExtractor
{
    public string Name => "composer/lock";

    public bool IsRequired(ScanPath path) => path.Is("composer.lock") && !path.HasDirectory("vendor");

    public ExtractionResult Extract(ScanFile file) => Composer.Read(file, PackageEvidence.Declared);
}

/// <summary><c>vendor/composer/installed.json</c>, both versions.</summary>
internal sealed class ComposerInstalled : IExtractor
{
    public string Name => "composer/installed-json";

    public bool IsRequired(ScanPath path) => path.Is("installed.json") && path.EndsWith("composer/installed.json");

    public ExtractionResult Extract(ScanFile file) => Composer.Read(file, PackageEvidence.Installed);
}

/// <summary><c>vendor/composer/installed.php</c>: what Composer 2 itself reads at run time. Only the keys it writes are read; no PHP is run.</summary>
internal sealed class ComposerInstalledPhp : IExtractor
{
    public string Name => "composer/installed-php";

    public bool IsRequired(ScanPath path) => path.Is("installed.php") && path.EndsWith("composer/installed.php");

    public ExtractionResult Extract(ScanFile file)
    {
        if (file.Tree.Source.Find(file.InnerPath.Directory + "/installed.json") is not null)
        {
            // The JSON beside it says the same and more.
            return ExtractionResult.Empty;
        }

        var packages = new List<Package>();
        string? name = null, root = null;
        var inVersions = false;
        foreach (var raw in file.Text.AsSpan().EnumerateLines())
        {
            var line = raw.Trim();
            inVersions |= line.StartsWith("'versions' =>");
            if (!inVersions && line.StartsWith("'name' => '"))
            {
                // Composer lists the project itself among its packages.
                root = line["'name' => '".Length..].TrimEnd("',").ToString();
            }

            if (inVersions && line.Length > 3 && line[0] == '\'' && line[1..].IndexOf('\'') is var end and > 0)
            {
                var key = line.Slice(1, end);
                if (key.Contains('/'))
                {
                    name = key.ToString();
                }
                else if (name is not null && key.SequenceEqual("pretty_version") && line.LastIndexOf('\'') is var close && line[..close].LastIndexOf('\'') is var open && open > end + 1)
                {
                    if (name != root && file.Package(Ecosystem.Packagist, name, line[(open + 1)..close].TrimStart('v').ToString(), PackageEvidence.Installed) is { } package)
                    {
                        packages.Add(package);
                    }

                    name = null;
                }
            }
        }

        return ExtractionResult.Of(packages);
    }
}

internal static class Composer
{
    public static ExtractionResult Read(ScanFile file, PackageEvidence evidence)
    {
        // Version 1 of installed.json is a bare array.
        var wrapped = file.Utf8.Span.TrimStart(" \t\r\n"u8) is [(byte)'[', ..];
        using var document = Json.ParseObject(wrapped ? (byte[])[.. "{\"packages\":"u8, .. file.Utf8.Span, (byte)'}'] : file.Utf8);
        return document is null
            ? ExtractionResult.Failed(file, "not valid JSON")
            : ExtractionResult.Of([.. document.RootElement.Items("packages")
                .Select(item => file.Package(Ecosystem.Packagist, item.String("name"), item.String("version")?.TrimStart('v'), evidence, string.Join(" OR ", item.Items("license").Where(l => l.ValueKind == System.Text.Json.JsonValueKind.String).Select(Json.Text))))
                .OfType<Package>().Where(package => package.Version is not null)]);
    }
}
