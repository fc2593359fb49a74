using System.Buffers;
using System.Text;
using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Node;

/// <summary>
/// Packages inside JavaScript bundles (esbuild, webpack, ncc, rollup): licence banners, module path comments, inlined
/// <c>package.json</c>, source maps and the version assignments of well-known libraries. A name without a version is reported
/// only where a module path proves it.
/// </summary>
internal sealed class JavaScriptBundle : IExtractor
{
    // Text just before the version → package. Each was read in the published file of that library.
    private static readonly Dictionary<string, string> Signatures = new(StringComparer.Ordinal)
    {
        ["lodash.VERSION="] = "lodash", ["//! moment.js\n//! version : "] = "moment", ["hooks.version=\""] = "moment", ["jQuery JavaScript Library v"] = "jquery", ["/*! jQuery v"] = "jquery",
        ["aws-sdk-js/"] = "aws-sdk", ["AWS SDK for JavaScript v"] = "aws-sdk", ["Vue.js v"] = "vue", ["@vue/runtime-core v"] = "@vue/runtime-core", ["* vue v"] = "vue", ["//     Underscore.js "] = "underscore", ["//     Backbone.js "] = "backbone",
        ["@license React v"] = "react", ["* @license AngularJS v"] = "angular", ["handlebars v"] = "handlebars", ["Axios v"] = "axios", ["axios v"] = "axios", ["@license DOMPurify "] = "dompurify", ["* DOMPurify "] = "dompurify",
        ["Bootstrap v"] = "bootstrap", ["* Chart.js v"] = "chart.js", ["* marked v"] = "marked", ["* marked - a markdown parser\n * v"] = "marked", ["js-yaml "] = "js-yaml", ["* mustache.js v"] = "mustache", ["validator.js v"] = "validator",
        ["Knockout JavaScript library v"] = "knockout", ["* Ember v"] = "ember-source", ["Dojo v"] = "dojo", ["CryptoJS v"] = "crypto-js", ["bluebird "] = "bluebird", ["* Socket.IO v"] = "socket.io-client", ["* Raven.js "] = "raven-js",
    };

    // Libraries whose version is a property beside a name only they use: name → (text that proves the library, text before the version).
    private static readonly (string Package, string Proof, string[] Before)[] Paired =
    [
        ("lodash", "__lodash_hash_undefined__", ["VERSION = \"", "VERSION=\"", "VERSION = '", "VERSION='", "=\"4.17", "='4.17"]),
        ("moment", "Moment Timezone has no data", ["VERSION = \"", "VERSION=\""]),
        ("moment", "moment().add(period, number) is deprecated", ["hooks.version = \"", "hooks.version = '", "//! version : "]),
        ("moment", "moment construction falls back to js Date", ["hooks.version = \"", "hooks.version = '", ".version=\"2.", ".version = \"2."]),
        ("axios", "AxiosError", ["VERSION = \"", "VERSION=\"", "VERSION = '", "\"version\": \"", "axios/"]),
        ("handlebars", "Handlebars: Access has been denied to resolve", ["VERSION = \"", "VERSION=\"", "VERSION = '"]),
        ("underscore", "_.templateSettings", ["VERSION = \"1.", "VERSION=\"1.", "VERSION = '1.", "VERSION='1."]),
        ("jquery", "jQuery.fn.init", ["version = \"", "version=\"", "jquery: \""]),
        ("react", "react.element", ["exports.version = \"", "exports.version=\"", "ReactVersion = \"", ".version=\"1", ".version='1"]),
        ("vue", "__VUE_OPTIONS_API__", ["version = \"3.", "version=\"3."]),
        ("vue", "Vue is a constructor and should be called with the `new` keyword", ["Vue.version = \"", "Vue.version = '", ".version=\"2."]),
        ("aws-sdk", "AWS.SequentialExecutor", ["VERSION: '", "VERSION: \"", "VERSION:\""]),
        ("uuid", "Stringified UUID is invalid", ["uuid@"]),
        ("ajv", "schema should be object or boolean", ["ajv@"]),
        ("bluebird", "circular promise resolution chain", ["Promise.version = \"", ".version=\"3."]),
        ("js-yaml", "tag:yaml.org,2002:", ["js-yaml "]),
        ("ejs", "ejs:", ["exports.VERSION = \"", "ejs.VERSION=\""]),
        ("mustache", "mustache.js - Logic-less", ["version: \"", "version: '", "version=\""]),
        ("node-forge", "forge.pki", ["node-forge@"]),
        ("sequelize", "SequelizeBaseError", ["sequelize@", "\"sequelize\",version:\""]),
        ("mongoose", "MongooseError", ["version = \"", ".version=\""]),
        ("ws", "WS_ERR_INVALID_OPCODE", ["ws@"]),
        // Texts that survive minification. Most were in no other of 490 packages compared; those that are only a name or an expression
        // (vue, minimist, qs, ajv, xml2js, follow-redirects, async, dayjs, glob-parent, ini, fast-xml-parser, debug) were picked by hand
        // and may occur elsewhere. One version of each library was looked at.
        ("express", "Router.use() requires a middleware function", []),
        ("react-dom", "compositionend focusout keydown keypress keyup mousedown", ["bundleType:0,version:\"", "bundleType: 0,\n  version: \""]),
        ("vue", "__v_isVNode", []),
        ("jquery", "Boolean Number String Function Array Date RegExp Object Error Symbol", []),
        ("underscore", "Bind must be called on a function", []),
        ("ajv", "schema must be object or boolean", []),
        ("aws-sdk", "must be set to use AWS.RemoteCredentials", ["VERSION:\"2.", "VERSION: \"2.", "VERSION: '2."]),
        ("validator", "ignore should be instance of a String or RegExp", ["version:\"13.", "version = '13.", "version = \"13."]),
        ("marked", "marked(): input parameter is undefined or null", []),
        ("dompurify", "root node is forbidden and cannot be sanitized in-place", [".version=\"2.", ".version=\"3.", ".version = '2.", ".version = '3.", ".version = \"2.", ".version = \"3."]),
        ("chart.js", "must be destroyed before the canvas with ID", []),
        ("backbone", "Backbone.history has already been started", ["VERSION=\"1.", "VERSION = '1.", "VERSION = \"1."]),
        ("crypto-js", "Native crypto module could not be used to get secure random number.", []),
        ("jsonwebtoken", "should be a number of seconds or string representing a timespan eg: ", []),
        ("minimist", "/^--no-.+/", []),
        ("semver", "replaceGTE0", []),
        ("qs", "Encoder has to be a function.", []),
        ("node-fetch", "Cannot follow redirect with body being a readable stream", []),
        ("xml2js", "explicitCharkey", []),
        ("follow-redirects", "ERR_FR_REDIRECTION_FAILURE", []),
        ("async", "autoInject task functions require explicit parameters.", []),
        ("dayjs", "isDayjs", []),
        ("yargs", "Arguments %s and %s are mutually exclusive", []),
        ("tar", "cannot set owner without number uid and gid", []),
        ("glob-parent", "/[\\{\\[].*[\\}\\]]$/", []),
        ("glob-parent", "/[\\{\\[].*[\\/]*.*[\\}\\]]$/", []),
        ("ini", "/^\\[([^\\]]*)\\]$|^([^=]+)(=(.*))?$/i", []),
        ("json5", "Converting circular structure to JSON5", []),
        ("path-to-regexp", "Capturing groups are not allowed at ", []),
        ("zod", "invalid_union_discriminator", []),
        ("graphql", "A list of all directives supported by this server.", []),
        ("fast-xml-parser", "unpairedTags", []),
        ("socket.io-client", "discard packet as the transport is not currently writable", []),
        ("ramda", "Constructor with greater than ten arguments", []),
        ("rxjs", "Unable to lift unknown Observable type", []),
        ("immutable", "Cannot perform this action with an infinite size.", []),
        ("luxon", "twoDigitCutoffYear", []),
        ("cookie", "option domain is invalid", []),
        ("debug", "Instance method `debug.destroy()` is deprecated", []),
        ("winston", "Cannot log to file without filename or stream.", []),
        ("ejs", "Internal EJS error: no file name or template ", ["engine\",\"ejs\"],version:\""]),
        ("mustache", "argument for mustache#render(template, view, partials)", ["name:\"mustache.js\",version:\"", "name: \"mustache.js\",\n    version: \""]),
        ("@aws-sdk/client-s3", "A region must be set when sending requests to S3.", []),
    ];

    private static readonly SearchValues<string> Needles = SearchValues.Create([.. Signatures.Keys, "node_modules/", "/*!", "\"_id\":\"", "@license "], StringComparison.Ordinal);

    public string Name => "npm/bundle";

    public bool IsRequired(ScanPath path) => (path.Extension is ".js" or ".mjs" or ".cjs" || path.EndsWith(".js.map") || path.EndsWith(".mjs.map") || path.EndsWith(".cjs.map")) && !path.HasDirectory("node_modules");

    public ExtractionResult Extract(ScanFile file)
    {
        var found = new Dictionary<string, string?>(StringComparer.Ordinal);
        var text = ArrayPool<char>.Shared.Rent(Math.Max(1, file.Content.Length));
        try
        {
            var count = Encoding.Latin1.GetChars(file.Content, text);
            Search(text.AsSpan(0, count), found);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(text);
        }

        return ExtractionResult.Of([.. found.Keys.Order(StringComparer.Ordinal).Select(name => file.Package(Ecosystem.Npm, name, found[name], PackageEvidence.Bundled)).OfType<Package>()]);
    }

    private static void Search(ReadOnlySpan<char> text, Dictionary<string, string?> found)
    {
        for (var rest = text; rest.IndexOfAny(Needles) is var at and >= 0;)
        {
            rest = rest[at..];
            if (rest.StartsWith("node_modules/"))
            {
                AddModulePath(rest["node_modules/".Length..], found);
                rest = rest["node_modules/".Length..];
            }
            else if (rest.StartsWith("/*!") || rest.StartsWith("@license "))
            {
                var start = rest[0] == '/' ? 3 : 9;
                // The signature may begin with the same mark.
                if (!TrySignature(rest, found))
                {
                    AddBanner(rest[start..Math.Min(rest.Length, start + 400)], found);
                }

                rest = rest[start..];
            }
            else if (rest.StartsWith("\"_id\":\""))
            {
                AddId(rest[7..], found);
                rest = rest[7..];
            }
            else
            {
                TrySignature(rest, found);
                rest = rest[1..];
            }
        }

        foreach (var (package, proof, before) in Paired)
        {
            if ((!found.TryGetValue(package, out var known) || known is null) && text.Contains(proof, StringComparison.Ordinal))
            {
                AddPaired(text, package, before, found);
            }
        }

        AddInlinedManifests(text, found);
    }

    private static bool TrySignature(ReadOnlySpan<char> text, Dictionary<string, string?> found)
    {
        foreach (var (signature, package) in Signatures)
        {
            if (text.StartsWith(signature) && Version(text[signature.Length..].TrimStart("\"' ")) is { } version)
            {
                found[package] = version;
                return true;
            }
        }

        return false;
    }

    /// <summary><c>NAME/…</c> or <c>@SCOPE/NAME/…</c> behind <c>node_modules/</c>; pnpm and yarn put the version into the path.</summary>
    private static void AddModulePath(ReadOnlySpan<char> path, Dictionary<string, string?> found)
    {
        var end = path.IndexOfAny("\"'`\n\r\\*?! ");
        path = end >= 0 ? path[..end] : path[..Math.Min(path.Length, 300)];
        if (path.StartsWith(".pnpm/"))
        {
            var entry = path[6..];
            var slash = entry.IndexOf('/');
            if (slash > 0)
            {
                var (name, version) = PnpmLock.Split(entry[..slash].ToString().Replace('+', '/').Split('_')[0].Split('(')[0]);
                Put(name, version, found);
            }

            return;
        }

        var first = path.IndexOf('/');
        if (first <= 0)
        {
            return;
        }

        if (path[0] == '@')
        {
            var second = path[(first + 1)..].IndexOf('/');
            if (second <= 0)
            {
                return;
            }

            first += second + 1;
        }

        Put(path[..first].ToString(), null, found);
    }

    /// <summary><c>/*! name vX.Y.Z</c>, <c>/*! * name vX</c>, <c>/*! https://… v1.2 by …</c>: name and version in the first words.</summary>
    private static void AddBanner(ReadOnlySpan<char> text, Dictionary<string, string?> found)
    {
        var close = text.IndexOf("*/");
        text = close >= 0 ? text[..close] : text;
        foreach (var raw in text.EnumerateLines())
        {
            var words = raw.ToString().TrimStart(' ', '*', '!', '\t').Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || words[0].Contains("://", StringComparison.Ordinal))
            {
                continue;
            }

            // "@license NAME vX": the tag is not the name.
            var skip = words[0] is "@license" or "@preserve" ? 1 : 0;
            if (words.Length > skip + 1 && IsPackageName(words[skip]) && Version(words[skip + 1].TrimStart('v', 'V', '@')) is { } version && (words[skip + 1][0] is 'v' or 'V' || char.IsAsciiDigit(words[skip + 1][0])))
            {
                Put(words[skip].ToLowerInvariant(), version, found);
                return;
            }

            if (words[0].IndexOf('@', 1) is var at and > 0 && IsPackageName(words[0][..at]) && Version(words[0].AsSpan(at + 1)) is { } joined)
            {
                Put(words[0][..at], joined, found);
                return;
            }
        }
    }

    private static void AddId(ReadOnlySpan<char> text, Dictionary<string, string?> found)
    {
        var end = text.IndexOf('"');
        if (end is > 0 and < 200 && text[..end].LastIndexOf('@') is var at and > 0 && Version(text[(at + 1)..end]) is { } version)
        {
            Put(text[..at].ToString(), version, found);
        }
    }

    /// <summary>A bundler that follows <c>require('./package.json')</c> copies the whole manifest in: <c>"name":"x","version":"1.2.3"</c>, quoted or not.</summary>
    private static void AddInlinedManifests(ReadOnlySpan<char> text, Dictionary<string, string?> found)
    {
        foreach (var key in (ReadOnlySpan<string>)["\"version\":", "version:", "version: ", "\"version\": "])
        {
            for (var rest = text; rest.IndexOf(key) is var at and >= 0;)
            {
                var before = rest[Math.Max(0, at - 160)..at];
                rest = rest[(at + key.Length)..];
                var value = rest.Length > 1 && rest[0] is '"' or '\'' ? rest[1..] : default;
                if (value.Length == 0 || Version(value) is not { } version || value.Length <= version.Length || value[version.Length] != rest[0])
                {
                    continue;
                }

                var name = before.LastIndexOf("name");
                if (name < 0)
                {
                    continue;
                }

                var middle = before[(name + 4)..].TrimStart("\"': ");
                var quote = middle.IndexOfAny('"', '\'');
                // Only other plain keys may stand between the two, never a closing brace.
                if (quote > 0 && !middle[quote..].ContainsAny('}', ';', ')') && IsPackageName(middle[..quote].ToString()))
                {
                    Put(middle[..quote].ToString(), version, found);
                }
            }
        }
    }

    private static void AddPaired(ReadOnlySpan<char> text, string package, string[] before, Dictionary<string, string?> found)
    {
        foreach (var prefix in before)
        {
            for (var rest = text; rest.IndexOf(prefix) is var at and >= 0; rest = rest[(at + prefix.Length)..])
            {
                // A prefix may hold the first digits of the version.
                var start = at + prefix.Length;
                while (start > at && (char.IsAsciiDigit(rest[start - 1]) || rest[start - 1] == '.'))
                {
                    start--;
                }

                if (Version(rest[start..]) is { } version)
                {
                    Put(package, version, found);
                    return;
                }
            }
        }

        Put(package, null, found);
    }

    private static void Put(string? name, string? version, Dictionary<string, string?> found)
    {
        // Two libraries call themselves by another name than their package's.
        name = name switch { "mustache.js" => "mustache", "uri.js" => "uri-js", _ => name };
        if (name is not null && IsPackageName(name) && (!found.TryGetValue(name, out var known) || known is null))
        {
            found[name] = version;
        }
    }

    /// <summary>npm's rules for new names, and no file names.</summary>
    private static bool IsPackageName(string name)
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

    /// <summary>Three numbers and what SemVer lets follow; null for anything else.</summary>
    private static string? Version(ReadOnlySpan<char> text)
    {
        int length = 0, dots = 0;
        while (length < text.Length && length < 40 && (char.IsAsciiDigit(text[length]) || (text[length] == '.' && length > 0 && dots < 2 && length + 1 < text.Length && char.IsAsciiDigit(text[length + 1]))))
        {
            dots += text[length] == '.' ? 1 : 0;
            length++;
        }

        if (dots != 2)
        {
            return null;
        }

        if (length < text.Length && text[length] == '-')
        {
            while (length < text.Length && length < 60 && (char.IsAsciiLetterOrDigit(text[length]) || text[length] is '-' or '.'))
            {
                length++;
            }
        }

        return text[..length].ToString();
    }
}
