using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Python;

/// <summary><c>requirements*.txt</c>: pinned lines only; a range names no version.</summary>
internal sealed class Requirements : IExtractor
{
    public string Name => "pypi/requirements";

    public bool IsRequired(ScanPath path) => path.EndsWith(".txt") && path.FileName.Contains("requirements", StringComparison.OrdinalIgnoreCase);

    public ExtractionResult Extract(ScanFile file)
    {
        var packages = new List<Package>();
        foreach (var raw in file.Text.AsSpan().EnumerateLines())
        {
            var line = raw.Trim();
            var cut = line.IndexOfAny("#;\\");
            line = cut >= 0 ? line[..cut].Trim() : line;
            var pin = line.IndexOf("==");
            if (pin <= 0 || line[0] == '-')
            {
                continue;
            }

            var name = line[..pin].Trim();
            var bracket = name.IndexOf('[');
            var version = line[(pin + 2)..].TrimStart('=').Trim();
            var end = version.IndexOfAny(" ,\t");
            version = end >= 0 ? version[..end] : version;
            if (version.Length > 0 && !version.Contains('*') && file.Package(Ecosystem.PyPI, (bracket > 0 ? name[..bracket] : name).ToString(), version.ToString(), PackageEvidence.Declared) is { } package)
            {
                packages.Add(package);
            }
        }

        return ExtractionResult.Of(packages);
    }
}

/// <summary><c>Pipfile.lock</c>.</summary>
internal sealed class PipfileLock : IExtractor
{
    public string Name => "pypi/pipfile-lock";

    public bool IsRequired(ScanPath path) => path.Is("Pipfile.lock");

    public ExtractionResult Extract(ScanFile file)
    {
        using var document = Json.ParseObject(file.Utf8);
        return document is null
            ? ExtractionResult.Failed(file, "not valid JSON")
            : ExtractionResult.Of([.. document.RootElement.Object("default").Properties()
                .Select(entry => file.Package(Ecosystem.PyPI, entry.Name, entry.Value.String("version")?.TrimStart('='), PackageEvidence.Declared))
                .OfType<Package>().Where(package => package.Version is not null)]);
    }
}

/// <summary>The TOML lock files: poetry, uv, pdm, pylock (PEP 751).</summary>
internal sealed class PythonTomlLock : IExtractor
{
    public string Name => "pypi/toml-lock";

    public bool IsRequired(ScanPath path) => path.FileName is "poetry.lock" or "uv.lock" or "pdm.lock"
        || (path.FileName.StartsWith("pylock.") && path.EndsWith(".toml"));

    public ExtractionResult Extract(ScanFile file) => TomlTables.Extract(file, ["package", "packages"], table => table.TryGetValue("version", out var version) && !IsProject(table)
        ? file.Package(Ecosystem.PyPI, table.GetValueOrDefault("name"), version, PackageEvidence.Declared) : null);

    /// <summary>uv lists the project itself with an editable or virtual source.</summary>
    private static bool IsProject(IReadOnlyDictionary<string, string> table) =>
        table.TryGetValue("source", out var source) && (source.Contains("editable", StringComparison.Ordinal) || source.Contains("virtual", StringComparison.Ordinal));
}
