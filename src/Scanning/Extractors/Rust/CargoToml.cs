using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Rust;

/// <summary>
/// <c>Cargo.toml</c> where no <c>Cargo.lock</c> lies beside it: dependencies on crates of the registry with a whole version, which is the least that a build takes.
/// What only builds or tests is left out.
/// </summary>
internal sealed class CargoToml : IExtractor
{
    private const string Section = "dependencies";

    public string Name => "cargo/toml";

    public bool IsRequired(ScanPath path) => path.Is("Cargo.toml");

    public ExtractionResult Extract(ScanFile file)
    {
        var directory = file.InnerPath.Directory;
        if (file.Tree.Source.Find(directory.Length == 0 ? "Cargo.lock" : directory + "/Cargo.lock") is not null)
        {
            return ExtractionResult.Empty;
        }

        var packages = new List<Package>();
        string? own = null;
        var isList = false;
        var table = "";
        foreach (var raw in file.Text.AsSpan().EnumerateLines())
        {
            var line = raw.Trim();
            if (line.StartsWith('['))
            {
                Add(file, own, table, packages);
                var name = line.Trim("[] ").ToString();
                var at = name.LastIndexOf('.');
                // [dependencies], [workspace.dependencies], [target.'cfg(unix)'.dependencies]; [dependencies.serde] is one crate.
                isList = name == Section || name.EndsWith("." + Section, StringComparison.Ordinal);
                own = !isList && at > 0 && (name[..at] == Section || name[..at].EndsWith("." + Section, StringComparison.Ordinal)) ? name[(at + 1)..].Trim('"') : null;
                table = "";
            }
            else if (own is not null)
            {
                table += line.ToString() + ",";
            }
            else if (isList && line.IndexOf('=') is var equals and > 0 && line[0] != '#')
            {
                var value = line[(equals + 1)..].Trim().ToString();
                Add(file, line[..equals].Trim(" \"").ToString(), value is ['{', ..] ? value : $"version = {value}", packages);
            }
        }

        Add(file, own, table, packages);
        return ExtractionResult.Of(packages);
    }

    private static void Add(ScanFile file, string? name, string table, List<Package> packages)
    {
        if (name is null || Value(table, "git") is not null || Value(table, "path") is not null || Value(table, "version")?.TrimStart('^', '=', ' ') is not { } version || !IsWhole(version))
        {
            return;
        }

        if (file.Package(Ecosystem.CratesIo, Value(table, "package") ?? name, version, PackageEvidence.Declared) is { } package)
        {
            packages.Add(package);
        }
    }

    /// <summary>Text behind <c>key = "</c>.</summary>
    private static string? Value(string table, string key)
    {
        foreach (var part in table.Split(',', '{', '}'))
        {
            if (part.IndexOf('=', StringComparison.Ordinal) is var equals and > 0 && part[..equals].Trim() == key && part[(equals + 1)..].Trim() is ['"' or '\'', .. var text] && text.IndexOfAny(['"', '\'']) is var end and > 0)
            {
                return text[..end];
            }
        }

        return null;
    }

    private static bool IsWhole(string version) => version.Split('-', '+')[0].Split('.') is { Length: 3 } numbers && numbers.All(number => number.Length > 0 && number.All(char.IsAsciiDigit));
}
