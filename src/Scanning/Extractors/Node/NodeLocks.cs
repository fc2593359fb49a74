using Pellicle.Domain;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Pellicle.Scanning.Extractors.Node;

/// <summary><c>package-lock.json</c> and <c>npm-shrinkwrap.json</c>, versions 1 to 3. Development packages are left out.</summary>
internal sealed class PackageLock : IExtractor
{
    public string Name => "npm/package-lock";

    public bool IsRequired(ScanPath path) => path.FileName is "package-lock.json" or "npm-shrinkwrap.json" or ".package-lock.json" && !IsInsidePackage(path);

    public ExtractionResult Extract(ScanFile file)
    {
        using var document = Json.ParseObject(file.Utf8);
        if (document is null)
        {
            return ExtractionResult.Failed(file, "not valid JSON");
        }

        var packages = new List<Package>();
        var flat = document.RootElement.Object("packages");
        foreach (var entry in flat.Properties())
        {
            var at = entry.Name.LastIndexOf("node_modules/", StringComparison.Ordinal);
            if (at >= 0 && !IsTrue(entry.Value, "dev") && !IsTrue(entry.Value, "link"))
            {
                Add(packages, file, entry.Value.String("name") ?? entry.Name[(at + "node_modules/".Length)..], entry.Value.String("version"));
            }
        }

        if (packages.Count == 0)
        {
            // Version 1 nests; the stack replaces recursion, and Json limits the depth.
            var pending = new Stack<System.Text.Json.JsonElement>([document.RootElement.Object("dependencies")]);
            while (pending.TryPop(out var dependencies))
            {
                foreach (var entry in dependencies.Properties().Where(entry => !IsTrue(entry.Value, "dev")))
                {
                    var version = entry.Value.String("version");
                    var alias = version is not null && version.StartsWith("npm:", StringComparison.Ordinal) ? version[4..] : null;
                    Add(packages, file, alias is null ? entry.Name : alias[..Math.Max(0, alias.LastIndexOf('@'))], alias is null ? version : alias[(alias.LastIndexOf('@') + 1)..]);
                    pending.Push(entry.Value.Object("dependencies"));
                }
            }
        }

        return ExtractionResult.Of(packages);
    }

    internal static void Add(List<Package> packages, ScanFile file, string? name, string? version)
    {
        // URLs and paths stand where a registry version should: no version of the registry's package.
        if (version is { Length: > 0 } && char.IsAsciiDigit(version[0]) && file.Package(Ecosystem.Npm, name, version, PackageEvidence.Declared) is { } package)
        {
            packages.Add(package);
        }
    }

    /// <summary>A lock file that a dependency ships says nothing about this function.</summary>
    internal static bool IsInsidePackage(ScanPath path) => path.HasDirectory("node_modules") && !path.Is(".package-lock.json");

    private static bool IsTrue(System.Text.Json.JsonElement element, string name) =>
        element.ValueKind == System.Text.Json.JsonValueKind.Object && element.TryGet(name, out var value) && value.ValueKind == System.Text.Json.JsonValueKind.True;
}

/// <summary><c>yarn.lock</c>: classic (own format) and berry (YAML); both have a key line and an indented <c>version</c>.</summary>
internal sealed class YarnLock : IExtractor
{
    public string Name => "npm/yarn-lock";

    public bool IsRequired(ScanPath path) => path.Is("yarn.lock") && !PackageLock.IsInsidePackage(path);

    public ExtractionResult Extract(ScanFile file)
    {
        var packages = new List<Package>();
        string? name = null;
        foreach (var raw in file.Text.AsSpan().EnumerateLines())
        {
            var line = raw.TrimEnd();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            if (line[0] is not (' ' or '\t'))
            {
                name = KeyName(line);
            }
            else if (name is not null && line.StartsWith("  version") && line.Length > 10 && line[2] != ' ')
            {
                PackageLock.Add(packages, file, name, line[9..].Trim(" :\"").ToString());
                name = null;
            }
        }

        return ExtractionResult.Of(packages);
    }

    /// <summary>Name of the package a key such as <c>"@a/b@^1.0.0, @a/b@^1.1.0":</c> resolves; an alias (<c>x@npm:y@1</c>) gives y; workspaces give null.</summary>
    private static string? KeyName(ReadOnlySpan<char> line)
    {
        var key = line.TrimEnd(':').Trim('"');
        var comma = key.IndexOf(',');
        key = comma > 0 ? key[..comma].Trim('"') : key;
        var at = key.Length > 1 ? key[1..].IndexOf('@') + 1 : 0;
        if (at <= 0)
        {
            return null;
        }

        var range = key[(at + 1)..];
        if (range.StartsWith("workspace:") || range.StartsWith("link:") || range.StartsWith("portal:"))
        {
            return null;
        }

        if (range.StartsWith("npm:") && range[4..].LastIndexOf('@') is var aliasAt and > 0)
        {
            return range.Slice(4, aliasAt).ToString();
        }

        return key[..at].ToString();
    }
}

/// <summary><c>pnpm-lock.yaml</c>, lock file versions 5 to 9: the keys of <c>packages</c>.</summary>
internal sealed class PnpmLock : IExtractor
{
    public string Name => "npm/pnpm-lock";

    public bool IsRequired(ScanPath path) => path.Is("pnpm-lock.yaml") && !PackageLock.IsInsidePackage(path);

    public ExtractionResult Extract(ScanFile file)
    {
        var packages = new List<Package>();
        try
        {
            // Events, not a document: aliases cannot blow up, depth is bounded by the parser's own stack of states.
            var parser = new Parser(new StringReader(file.Text));
            var depth = 0;
            var isKey = true;
            string? section = null;
            while (parser.MoveNext())
            {
                switch (parser.Current)
                {
                    case MappingStart:
                        depth++;
                        isKey = true;
                        break;
                    case MappingEnd:
                        depth--;
                        isKey = true;
                        break;
                    case SequenceStart:
                        parser.SkipToEnd();
                        isKey = true;
                        break;
                    case Scalar scalar when depth == 1:
                        section = isKey ? scalar.Value : section;
                        isKey = !isKey;
                        break;
                    case Scalar scalar when depth == 2 && section == "packages" && isKey:
                        var (name, version) = Split(scalar.Value);
                        PackageLock.Add(packages, file, name, version);
                        isKey = false;
                        break;
                    case Scalar:
                        isKey = !isKey;
                        break;
                }
            }
        }
        catch (Exception e) when (e is YamlException or InvalidOperationException or ArgumentException) // the parser's own on some broken flow mappings
        {
            return new ExtractionResult(packages, [new FileError("", file.Path.Value, "not valid YAML")]);
        }

        return ExtractionResult.Of(packages);
    }

    /// <summary><c>/name/1.0.0_peers</c> (5), <c>/name@1.0.0(peers)</c> (6), <c>name@1.0.0</c> (9).</summary>
    internal static (string? Name, string? Version) Split(string key)
    {
        var text = key.TrimStart('/');
        var paren = text.IndexOf('(', StringComparison.Ordinal);
        text = paren > 0 ? text[..paren] : text;
        var last = text[(text.LastIndexOf('/') + 1)..];
        var isVersion5 = key.StartsWith('/') && last.TakeWhile(char.IsAsciiDigit).Count() is > 0 and var digits && last[digits..].StartsWith('.');
        var at = text.LastIndexOf('@');
        if (!isVersion5 && at > 0 && !text[at..].Contains('/', StringComparison.Ordinal))
        {
            return (text[..at], text[(at + 1)..]);
        }

        var slash = text.LastIndexOf('/');
        return slash <= 0 ? (null, null) : (text[..slash], text[(slash + 1)..].Split('_')[0]);
    }
}

/// <summary><c>bun.lock</c>: JSON with comments; <c>packages</c> maps a path to <c>["name@version", …]</c>. The older binary form is reported as unread.</summary>
internal sealed class BunLock : IExtractor
{
    public string Name => "npm/bun-lock";

    public bool IsRequired(ScanPath path) => path.FileName is "bun.lock" or "bun.lockb" && !PackageLock.IsInsidePackage(path);

    public ExtractionResult Extract(ScanFile file)
    {
        if (file.InnerPath.Is("bun.lockb") || BunLockBinary.Is(file.Content))
        {
            return FromBinary(file);
        }

        using var document = Json.ParseObject(file.Utf8);
        if (document is null)
        {
            return ExtractionResult.Failed(file, "not valid JSON");
        }

        var packages = new List<Package>();
        foreach (var entry in document.RootElement.Object("packages").Properties())
        {
            if (entry.Value.ValueKind == System.Text.Json.JsonValueKind.Array && entry.Value.GetArrayLength() > 0 && entry.Value[0].ValueKind == System.Text.Json.JsonValueKind.String && Json.Text(entry.Value[0]) is { } id && id.LastIndexOf('@') is var at and > 0)
            {
                PackageLock.Add(packages, file, id[..at], id[(at + 1)..]);
            }
        }

        return ExtractionResult.Of(packages);
    }

    private static ExtractionResult FromBinary(ScanFile file)
    {
        if (!BunLockBinary.Is(file.Content) || BunLockBinary.Read(file.Content) is not { } found)
        {
            return ExtractionResult.Failed(file, "not a whole bun lock file of format 2", "run `bun install --save-text-lockfile`");
        }

        var packages = new List<Package>();
        foreach (var (name, version) in found)
        {
            PackageLock.Add(packages, file, name, version);
        }

        return ExtractionResult.Of(packages);
    }
}
