namespace Pellicle.Scanning.Extractors;

/// <summary>Reads the arrays of tables that lock files are made of: <c>[[package]]</c> with one <c>key = "text"</c> a line. Not a TOML parser: lock files are written by machines in this one form.</summary>
internal static class TomlTables
{
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Read(string text, params string[] names)
    {
        var tables = new List<IReadOnlyDictionary<string, string>>();
        Dictionary<string, string>? current = null;
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            var line = raw.Trim();
            if (line.StartsWith('['))
            {
                current = null;
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
            current.TryAdd(line[..equals].Trim().ToString(), quoted ? value.Slice(1, value[1..].IndexOf(value[0])).ToString() : value.ToString());
        }

        return tables;
    }
}
