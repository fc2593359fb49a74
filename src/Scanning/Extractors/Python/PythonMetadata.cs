using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Python;

/// <summary>Installed Python packages: <c>dist-info/METADATA</c> and <c>egg-info</c> in its three forms (PyPA core metadata).</summary>
internal sealed class PythonMetadata : IExtractor
{
    public string Name => "pypi/metadata";

    public bool IsRequired(ScanPath path) => path.FileName switch
    {
        "METADATA" => path.EndsWith(".dist-info/METADATA"),
        "PKG-INFO" => path.EndsWith(".egg-info/PKG-INFO") || path.EndsWith("EGG-INFO/PKG-INFO"),
        var name => name.EndsWith(".egg-info", StringComparison.OrdinalIgnoreCase),
    };

    public ExtractionResult Extract(ScanFile file)
    {
        string? name = null, version = null, license = null, expression = null;
        var classifiers = new List<string>();
        var requires = new List<string>();
        foreach (var line in file.Text.AsSpan().EnumerateLines())
        {
            if (line.Length == 0)
            {
                break;
            }

            var colon = line.IndexOf(':');
            if (colon <= 0 || line[0] is ' ' or '\t')
            {
                continue;
            }

            var value = line[(colon + 1)..].Trim();
            switch (line[..colon])
            {
                case "Name":
                    name ??= value.ToString();
                    break;
                case "Version":
                    version ??= value.ToString();
                    break;
                case "License" when !value.SequenceEqual("UNKNOWN"):
                    license ??= value.ToString();
                    break;
                case "License-Expression":
                    expression ??= value.ToString();
                    break;
                case "Classifier" when value.StartsWith("License ::"):
                    classifiers.Add(value[(value.LastIndexOf("::") + 2)..].Trim().ToString());
                    break;
                case "Requires-Dist":
                    var end = value.IndexOfAny(" ;(<>=!~[");
                    requires.Add(Purl.NormalizePyPI((end < 0 ? value : value[..end]).ToString()));
                    break;
            }
        }

        if (name is null || version is null)
        {
            PythonNames.SplitDirectory(new ScanPath(new ScanPath(file.InnerPath.Value).Directory).FileName, out var named, out var versioned);
            (name, version) = (name ?? named, version ?? versioned);
        }

        // Packages vendored with their metadata (setuptools/_vendor) are part of their host, not installed beside it.
        var evidence = file.InnerPath.HasDirectory("_vendor") ? PackageEvidence.Bundled : PackageEvidence.Installed;
        var package = file.Package(Ecosystem.PyPI, name, version, evidence, expression ?? (classifiers.Count > 0 ? string.Join(" OR ", classifiers.Distinct()) : license), TopLevel(file));
        return package is null
            ? ExtractionResult.Failed(file, "no package name in the metadata")
            : ExtractionResult.Of(package) with { Dependencies = new Dictionary<string, IReadOnlyList<string>> { [file.Path.Value] = requires } };
    }

    private static string[] TopLevel(ScanFile file)
    {
        var text = file.Tree.Read(file.InnerPath.Directory + "/top_level.txt", 64 << 10);
        return text is null
            ? []
            : [.. System.Text.Encoding.UTF8.GetString(text).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct().Order(StringComparer.Ordinal).Take(100)];
    }
}
