namespace Pellicle.Scanning.Extractors.Node.Bundles;

/// <summary>Names found in one bundle, with the version where one was.</summary>
internal sealed class BundleFindings
{
    private readonly Dictionary<string, string?> found = new(StringComparer.Ordinal);

    /// <summary>True when the bundler wrote where each module comes from: nothing else has to be guessed.</summary>
    public bool NamesModules { get; set; }

    public bool Has(string name) => found.ContainsKey(name);

    public IEnumerable<KeyValuePair<string, string?>> All => found.OrderBy(pair => pair.Key, StringComparer.Ordinal);

    public bool HasVersion(string name) => found.TryGetValue(name, out var version) && version is not null;

    /// <summary>Adds a name; the first version found stays.</summary>
    public void Put(string? name, string? version)
    {
        // These call themselves by another name than their package's.
        name = name switch { "mustache.js" => "mustache", "uri.js" => "uri-js", "moment.js" => "moment", "decimal.js-light.js" => "decimal.js-light", _ => name };
        if (name is not null && IsPackageName(name) && (!found.TryGetValue(name, out var known) || known is null))
        {
            found[name] = version;
        }
    }

    /// <summary>npm's rules for new names, and no file names.</summary>
    public static bool IsPackageName(string name)
    {
        if (name.Length is < 2 or > 214 || name[0] is '.' or '_' or '-' || name.EndsWith(".map", StringComparison.Ordinal) || name is "license" or "copyright" or "version" or "build" or "module")
        {
            return false;
        }

        var scoped = name[0] == '@';
        if (scoped != name.Contains('/', StringComparison.Ordinal) || name.Count(c => c == '/') > 1)
        {
            return false;
        }

        return name.Skip(scoped ? 1 : 0).All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/');
    }
}
