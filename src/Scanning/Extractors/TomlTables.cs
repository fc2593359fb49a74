using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors;

/// <summary>Reads the arrays of tables that lock files are made of: <c>[[package]]</c> with one <c>key = "text"</c> a line. Not a TOML parser: lock files are written by machines in this one form.</summary>
internal static class TomlTables
{
    /// <summary>Packages of a lock file; an error where a table's head or a text is not closed on its line, as when the file was cut.</summary>
    public static ExtractionResult Extract(ScanFile file, string[] names, Func<IReadOnlyDictionary<string, string>, Package?> package)
    {
        var tables = Read(file.Text, out var isWhole, names);
        return new ExtractionResult([.. tables.Select(package).OfType<Package>()], isWhole ? [] : [new FileError("", file.Path.Value, "not valid TOML; what stands there was not read")]);
    }

    private static List<IReadOnlyDictionary<string, string>> Read(string text, out bool isWhole, string[] names)
    {
        isWhole = true;
        var tables = new List<IReadOnlyDictionary<string, string>>();
        Dictionary<string, string>? current = null;
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            var line = raw.Trim();
            if (line.StartsWith('['))
            {
                current = null;
                isWhole &= !line.StartsWith("[[") || line.Contains("]]", StringComparison.Ordinal);
                if (line.StartsWith("[[") && line.EndsWith("]]") && names.Contains(line[2..^2].Trim().ToString()))
                {
                    tables.Add(current = []);
                }

                continue;
            }

            var equals = line.IndexOf('=');
            if (current is null || equals <= 0)
            {
                continue;
            }

            var value = line[(equals + 1)..].Trim();
            var quoted = value.Length > 1 && value[0] is '"' or '\'' && value[1..].IndexOf(value[0]) is > 0;
            isWhole &= quoted || value.Length == 0 || value[0] != '"' || value.StartsWith("\"\"");
            current.TryAdd(line[..equals].Trim().ToString(), quoted ? value.Slice(1, value[1..].IndexOf(value[0])).ToString() : value.ToString());
        }

        return tables;
    }
}
