using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Go;

/// <summary><c>go.mod</c>: required modules, with replacements by version applied. Replacements by a directory have no version and are left out.</summary>
internal sealed class GoMod : IExtractor
{
    public string Name => "go/mod";

    public bool IsRequired(ScanPath path) => path.Is("go.mod") && !path.HasDirectory("vendor");

    public ExtractionResult Extract(ScanFile file)
    {
        var required = new Dictionary<string, string>(StringComparer.Ordinal);
        var replaced = new Dictionary<string, (string Name, string? Version)>(StringComparer.Ordinal);
        string? block = null;
        foreach (var raw in file.Text.Split('\n'))
        {
            var words = raw.Split("//")[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words is [")"])
            {
                block = null;
            }
            else if (words is [var opened, "("])
            {
                block = opened;
            }
            else if (words.Length > 1)
            {
                Read(block is null ? words : [block, .. words], required, replaced);
            }
        }

        return new ExtractionResult([.. required
            .Select(pair => replaced.TryGetValue(pair.Key, out var other) ? other : (Name: pair.Key, Version: (string?)pair.Value))
            .Where(module => module.Version is not null)
            .Select(module => file.Package(Ecosystem.Go, module.Name, module.Version!.TrimStart('v'), PackageEvidence.Declared)).OfType<Package>()], block is null ? [] : [new FileError("", file.Path.Value, $"ends inside a block of `{block}`")]);
    }

    private static void Read(string[] words, Dictionary<string, string> required, Dictionary<string, (string, string?)> replaced)
    {
        switch (words)
        {
            case ["require", var name, ['v', ..] version]:
                required[name.Trim('"')] = version;
                break;
            case ["replace", var name, .., "=>", var other, ['v', ..] version]:
                replaced[name.Trim('"')] = (other.Trim('"'), version);
                break;
            case ["replace", var name, .., "=>", _]:
                replaced[name.Trim('"')] = (name, null);
                break;
        }
    }
}

/// <summary><c>vendor/modules.txt</c>: modules whose source lies in the vendor directory: <c># module version [=> module version]</c>.</summary>
internal sealed class GoVendorModules : IExtractor
{
    public string Name => "go/vendor-modules";

    public bool IsRequired(ScanPath path) => path.Is("modules.txt") && path.EndsWith("vendor/modules.txt");

    public ExtractionResult Extract(ScanFile file)
    {
        var packages = new List<Package>();
        foreach (var line in file.Text.AsSpan().EnumerateLines())
        {
            if (!line.StartsWith("# "))
            {
                continue;
            }

            var (name, version) = line[2..].ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries) switch
            {
                [.., "=>", var other, ['v', ..] v] => (other, v),
                [.., "=>", _] => (null, null),
                [var module, ['v', ..] v, ..] => (module, v),
                _ => ((string?)null, (string?)null),
            };
            if (name is not null && file.Package(Ecosystem.Go, name, version!.TrimStart('v'), PackageEvidence.Declared) is { } package)
            {
                packages.Add(package);
            }
        }

        return ExtractionResult.Of(packages);
    }
}
