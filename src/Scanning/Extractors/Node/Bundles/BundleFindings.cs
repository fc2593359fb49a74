namespace Pellicle.Scanning.Extractors.Node.Bundles;

/// <summary>Names found in one bundle, with the version where one was.</summary>
internal sealed class BundleFindings
{
    private readonly Dictionary<string, string?> found = new(StringComparer.Ordinal);
    private readonly HashSet<string> modules = new(StringComparer.Ordinal);
    private readonly HashSet<string> manifests = new(StringComparer.Ordinal);

    /// <summary>True when the bundler wrote where each module comes from: nothing else has to be guessed.</summary>
    public bool NamesModules { get; set; }

    public bool Has(string name) => found.ContainsKey(name);

    /// <summary>Without copies that other libraries carry inside them, where neither their module paths nor their manifests name them.</summary>
    public IEnumerable<KeyValuePair<string, string?>> All => found.Where(pair => IsNamed(pair.Key) || !VendoredCopies.Explains(pair.Key, found.Keys)).OrderBy(pair => pair.Key, StringComparer.Ordinal);

    /// <summary>Packages whose module paths were found.</summary>
    public int Modules => modules.Count;

    /// <summary>True for a package whose module paths were found.</summary>
    public bool HasModule(string name) => modules.Contains(name);

    /// <summary>Adds a package whose module path a bundler wrote.</summary>
    public void PutModule(string name, string? version)
    {
        Put(name, version);
        modules.Add(name);
    }

    /// <summary>Adds a package whose manifest is in the text.</summary>
    public void PutManifest(string name, string version)
    {
        Put(name, version);
        manifests.Add(name);
    }

    /// <summary>True where a module path or a manifest names it.</summary>
    public bool IsNamed(string name) => modules.Contains(name) || manifests.Contains(name);

    public bool HasVersion(string name) => Version(name) is not null;

    public string? Version(string name) => found.GetValueOrDefault(name);

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
        if (name.Length is < 1 or > 214 || name[0] is '.' or '_' or '-' || name.EndsWith(".map", StringComparison.Ordinal) || name is "license" or "copyright" or "version" or "build" or "module")
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
