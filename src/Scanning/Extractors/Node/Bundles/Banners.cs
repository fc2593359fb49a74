namespace Pellicle.Scanning.Extractors.Node.Bundles;

/// <summary>Licence comments that bundlers keep, in the bundle or in the <c>LICENSE.txt</c> beside it.</summary>
internal static class Banners
{
    private const int MaxComment = 600;

    // Title of a library in its own comment, just before the version. Each was read in the published file.
    private static readonly (string Title, string Package)[] Titles =
    [
        ("moment.js\n//! version : ", "moment"), ("jQuery JavaScript Library v", "jquery"), ("jQuery v", "jquery"), ("jQuery UI - v", "jquery-ui"), ("AWS SDK for JavaScript v", "aws-sdk"), ("Vue.js v", "vue"), ("vue v", "vue"),
        ("Underscore.js ", "underscore"), ("Backbone.js ", "backbone"), ("React v", "react"), ("AngularJS v", "angular"), ("Handlebars v", "handlebars"), ("handlebars v", "handlebars"), ("Axios v", "axios"), ("axios v", "axios"),
        ("DOMPurify ", "dompurify"), ("Bootstrap v", "bootstrap"), ("Chart.js v", "chart.js"), ("marked v", "marked"), ("marked - a markdown parser\n * v", "marked"), ("js-yaml ", "js-yaml"), ("mustache.js v", "mustache"),
        ("validator.js v", "validator"), ("Knockout JavaScript library v", "knockout"), ("Ember v", "ember-source"), ("CryptoJS v", "crypto-js"), ("bluebird build version ", "bluebird"), ("Socket.IO v", "socket.io-client"), ("Raven.js ", "raven-js"),
        ("decimal.js v", "decimal.js"), ("bignumber.js v", "bignumber.js"), ("big.js v", "big.js"), ("Fuse.js v", "fuse.js"), ("Sizzle CSS Selector Engine v", "sizzle"), ("Lo-Dash ", "lodash"), ("lodash ", "lodash"),
    ];

    private const string Gathered = " Bundled license information:";

    private const int MaxGathered = 1 << 20;

    /// <summary>One comment, from behind its opening mark.</summary>
    public static void Add(ReadOnlySpan<char> text, BundleFindings found, Func<string, bool> isKnown)
    {
        if (text.StartsWith(Gathered))
        {
            AddGathered(text[Gathered.Length..], found, isKnown);
            return;
        }

        text = text[..Math.Min(text.Length, MaxComment)];
        var close = text.IndexOf("*/");
        text = close >= 0 ? text[..close] : text;
        if (AddTitle(text, found))
        {
            return;
        }

        string? lone = null;
        foreach (var raw in text.EnumerateLines())
        {
            var line = raw.TrimStart(" *!\t").TrimEnd();
            if (lone is not null && line.Length > 0)
            {
                // express and its family: a line with the name, a line with the copyright.
                if (line.StartsWith("Copyright", StringComparison.OrdinalIgnoreCase) && isKnown(lone))
                {
                    found.Put(lone, null);
                }

                return;
            }

            if (line.Length == 0 || AddLine(line, found, isKnown))
            {
                continue;
            }

            lone = line.Contains(' ') || !BundleFindings.IsPackageName(line.ToString()) ? null : line.ToString();
        }
    }

    /// <summary>esbuild gathers the comments at the end: the paths of files, each with a colon, and below them what they say, <c>(*! name 1.2.3 *)</c>.</summary>
    private static void AddGathered(ReadOnlySpan<char> text, BundleFindings found, Func<string, bool> isKnown)
    {
        text = text[..Math.Min(text.Length, MaxGathered)];
        text = text.IndexOf("*/") is var close and >= 0 ? text[..close] : text;
        var above = "";
        foreach (var line in text.EnumerateLines())
        {
            // Of other names than the file's package speaks code that this one copied, and deeper ones are a list that it brought along.
            if (line is [' ', ' ', '(', '*', .. var comment])
            {
                if (above.Length == 0 || !comment.TrimStart("!* ").StartsWith(above))
                {
                    continue;
                }

                Add(comment.TrimStart('!'), found, isKnown);
            }
            else if (line is [not ' ', .. var path, ':'] && ModulePaths.PackageOf(line[..^1]) is { } package && (package[0] == '@' || isKnown(package)))
            {
                above = package;
                found.PutModule(package, null);
            }
        }
    }

    private static bool AddTitle(ReadOnlySpan<char> text, BundleFindings found)
    {
        foreach (var (title, package) in Titles)
        {
            if (text.IndexOf(title) is var at and >= 0 && at < 80 && (at == 0 || !char.IsAsciiLetterOrDigit(text[at - 1])) && JavaScriptBundle.Version(text[(at + title.Length)..].TrimStart("vV\"' ")) is { } version)
            {
                found.Put(package, version);
                return true;
            }
        }

        return false;
    }

    /// <summary><c>name vX.Y.Z</c>, <c>name@X.Y.Z</c>, <c>https://mths.be/name vX.Y.Z</c>, <c>name. MIT License</c>, <c>name.production.min.js</c>.</summary>
    private static bool AddLine(ReadOnlySpan<char> line, BundleFindings found, Func<string, bool> isKnown)
    {
        var words = line.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var first = words[0] is "@license" or "@preserve" && words.Length > 1 ? 1 : 0;
        var name = words[first];
        if (name.Contains("://", StringComparison.Ordinal))
        {
            name = name.Contains("mths.be/", StringComparison.Ordinal) ? name[(name.LastIndexOf('/') + 1)..] : "";
        }

        var next = words.Length > first + 1 ? words[first + 1] : "";
        if (next.Length > 0 && (next[0] is 'v' or 'V' || char.IsAsciiDigit(next[0])) && BundleFindings.IsPackageName(name) && JavaScriptBundle.Version(next.AsSpan().TrimStart("vV@")) is { } version)
        {
            found.Put(name.ToLowerInvariant(), version);
            return true;
        }

        if (name.IndexOf('@', Math.Min(1, name.Length)) is var at and > 0 && BundleFindings.IsPackageName(name[..at]) && JavaScriptBundle.Version(name.AsSpan(at + 1)) is { } joined)
        {
            found.Put(name[..at], joined);
            return true;
        }

        if (name.EndsWith('.') && line.Contains("License", StringComparison.Ordinal) && isKnown(name[..^1]))
        {
            found.Put(name[..^1], null);
            return true;
        }

        return words.Length == 1 && AddBuildName(name, found, isKnown);
    }

    /// <summary>react-dom-server.node.production.min.js belongs to react-dom.</summary>
    private static bool AddBuildName(string name, BundleFindings found, Func<string, bool> isKnown)
    {
        var build = Math.Max(name.IndexOf(".production", StringComparison.Ordinal), name.IndexOf(".development", StringComparison.Ordinal));
        if (build <= 0 || !name.EndsWith(".js", StringComparison.Ordinal))
        {
            return false;
        }

        var stem = name[..build].Split('.')[0];
        while (stem.Length > 0 && !isKnown(stem))
        {
            stem = stem.LastIndexOf('-') is var dash and > 0 ? stem[..dash] : "";
        }

        found.Put(stem.Length > 0 ? stem : null, null);
        return true;
    }
}
