using System.Text.Json;

namespace Pellicle.Scanning.Extractors.Node.Bundles;

/// <summary>Packages by the paths of their modules, where bundlers write them: comments, keys of module tables, source maps. A path in other text proves nothing.</summary>
internal static class ModulePaths
{
    private const string Directory = "node_modules/";

    private const int MaxPath = 300;

    /// <summary>The package of the module path that begins at <c>node_modules/</c> at this position, if a bundler wrote it.</summary>
    public static void AddAt(ReadOnlySpan<char> text, int at, BundleFindings found)
    {
        var path = text[(at + Directory.Length)..];
        var end = path[..Math.Min(path.Length, MaxPath)].IndexOfAny("\"'`\n\r\\*?! ");
        path = end >= 0 ? path[..end] : path[..Math.Min(path.Length, MaxPath)];
        var after = text[(at + Directory.Length + path.Length)..];
        if (IsWritten(text[..at], after))
        {
            // A table of esbuild's holds CommonJS modules only; a minifier took the comments that named the others.
            found.NamesModules |= !(after.Length > 1 && after[0] is '"' or '\'' && after[1] == '(');
            Add(path, found);
        }
    }

    /// <summary>All sources of a source map. False when it is not whole.</summary>
    public static bool AddSourceMap(ReadOnlySpan<byte> json, BundleFindings found)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { AllowTrailingCommas = true, MaxDepth = 64 });
            var inSources = 0;
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName)
                {
                    inSources = reader.ValueTextEquals("sources"u8) ? reader.CurrentDepth + 1 : 0;
                }
                else if (inSources > 0 && reader.TokenType == JsonTokenType.String && reader.CurrentDepth == inSources)
                {
                    AddSource(Text(ref reader), found);
                }
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Lone surrogates make <see cref="Utf8JsonReader.GetString"/> throw.</summary>
    private static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return "";
        }
    }

    private static void AddSource(string source, BundleFindings found)
    {
        for (var at = source.IndexOf(Directory, StringComparison.Ordinal); at >= 0; at = source.IndexOf(Directory, at + 1, StringComparison.Ordinal))
        {
            var path = source.AsSpan(at + Directory.Length);
            Add(path[..Math.Min(path.Length, MaxPath)], found);
        }
    }

    /// <summary>
    /// esbuild and bun: <c>// node_modules/a/b.js</c> on a line of its own, and the key <c>"node_modules/a/b.js"(</c>; webpack: the key
    /// <c>"./node_modules/a/b.js":</c>, <c>!*** ./node_modules/…</c>, <c>/*! ./node_modules/… */</c>, <c>webpack://…</c>; turbopack: <c>[project]/node_modules/</c>.
    /// </summary>
    private static bool IsWritten(ReadOnlySpan<char> before, ReadOnlySpan<char> after)
    {
        before = before[^Math.Min(before.Length, MaxPath)..];
        var start = before.Length;
        while (start > 0 && (char.IsAsciiLetterOrDigit(before[start - 1]) || before[start - 1] is '.' or '/' or '_' or '-' or '@' or '+' or '~' or ':' or '[' or ']'))
        {
            // "// " is not a part of the path, "webpack://" is.
            if (before[start - 1] == '/' && before[..start].EndsWith("//") && (start == 2 || before[start - 3] is '\n' or ' ' or '\t'))
            {
                break;
            }

            start--;
        }

        var lead = before[..start].TrimEnd(' ');
        var prefix = before[start..];
        if (prefix.StartsWith("webpack:/") || prefix.StartsWith("[project]/"))
        {
            return true;
        }

        if (lead.EndsWith("//"))
        {
            var line = lead[(lead.LastIndexOf('\n') + 1)..^2];
            return line.Trim().IsEmpty || lead.EndsWith("*//");
        }

        if (lead.EndsWith("!***") || lead.EndsWith("/*!") || lead.EndsWith("sourceURL="))
        {
            return true;
        }

        if (lead.Length == 0 || lead[^1] is not ('"' or '\''))
        {
            return false;
        }

        after = after.TrimStart('\\');
        if (after.Length < 2 || after[0] != lead[^1])
        {
            return false;
        }

        after = after[1..].TrimStart(' ');
        return after.Length > 0 && after[0] is '(' or ':';
    }

    /// <summary><c>NAME/…</c> or <c>@SCOPE/NAME/…</c> behind <c>node_modules/</c>; pnpm puts the version into the path. Of a nested path the last package holds the module.</summary>
    private static void Add(ReadOnlySpan<char> path, BundleFindings found)
    {
        if (path.StartsWith(".pnpm/"))
        {
            var entry = path[6..];
            var slash = entry.IndexOf('/');
            if (slash > 0)
            {
                var (name, version) = PnpmLock.Split(entry[..slash].ToString().Replace('+', '/').Split('_')[0].Split('(')[0]);
                if (name is not null)
                {
                    found.PutModule(name, version);
                }
            }

            return;
        }

        if (!path.Contains(Directory, StringComparison.Ordinal) && PackageOf(path) is { } package)
        {
            found.PutModule(package, null);
        }
    }

    /// <summary>Package of a path below a directory of modules; null for other paths.</summary>
    public static string? PackageOf(ReadOnlySpan<char> path)
    {
        var first = path.IndexOf('/');
        if (first <= 0)
        {
            return null;
        }

        if (path[0] == '@')
        {
            var second = path[(first + 1)..].IndexOf('/');
            if (second <= 0)
            {
                return null;
            }

            first += second + 1;
        }

        var package = path[..first].ToString();
        // A map inside a package may lead out of it: `@s/ab/lib/../../src/x.ts` is no package `@s/src`.
        return package[0] == '@' && (package.EndsWith("/src", StringComparison.Ordinal) || package.EndsWith("/packages", StringComparison.Ordinal) || package.StartsWith("@babel/babel-", StringComparison.Ordinal)) ? null : package;
    }
}
