using System.Buffers;
using System.Text;
using Pellicle.Domain;
using Pellicle.Scanning.Extractors.Node.Bundles;

namespace Pellicle.Scanning.Extractors.Node;

/// <summary>
/// Packages inside JavaScript bundles (esbuild, webpack, ncc, rollup, parcel): licence comments, module paths, source maps, inlined
/// manifests, and the literals of well-known libraries. The version is given where the text still has it.
/// </summary>
internal sealed class JavaScriptBundle : IExtractor
{
    // Of bundles without paths, the share of libraries told by their literals that are there: `bench/scan/recall.sh WORK blind`.
    private static readonly PackageIdentity Named = new(IdentityMethod.SourceCode, 1), Recognised = new(IdentityMethod.SourceCode, 0.88);

    private const string InlineMap = "sourceMappingURL=data:application/json;";

    private static readonly SearchValues<string> Needles = SearchValues.Create(["node_modules/", "/*!", "//! ", "@license ", "\"_id\":\"", InlineMap], StringComparison.Ordinal);

    public string Name => "npm/bundle";

    public bool IsRequired(ScanPath path) => (path.Extension is ".js" or ".mjs" or ".cjs" || path.EndsWith(".js.map") || path.EndsWith(".mjs.map") || path.EndsWith(".cjs.map") || path.EndsWith("js.LICENSE.txt")) && !path.HasDirectory("node_modules");

    public ExtractionResult Extract(ScanFile file)
    {
        var found = new BundleFindings();
        List<FileError> errors = [];
        if (file.InnerPath.EndsWith(".map"))
        {
            if (!ModulePaths.AddSourceMap(file.Utf8.Span, found))
            {
                errors.Add(new FileError("", file.Path.Value, "not a whole source map"));
            }
        }
        else
        {
            SearchText(file, found);
        }

        return new ExtractionResult(
            [.. found.All.Select(pair => file.Package(Ecosystem.Npm, pair.Key, pair.Value, PackageEvidence.Bundled) is { } package ? package with { Identity = found.IsNamed(pair.Key) ? Named : Recognised } : null).OfType<Package>()],
            errors);
    }

    private static void SearchText(ScanFile file, BundleFindings found)
    {
        var content = file.Content;
        var text = ArrayPool<char>.Shared.Rent(Math.Max(1, content.Length));
        try
        {
            // One byte a character: positions in both are the same.
            var chars = text.AsSpan(0, Encoding.Latin1.GetChars(content, text));
            SearchMarks(chars, found);
            InlinedManifests.Add(chars, found, BundleSignatures.Shipped.Knows);
            SearchSignatures(file, chars, found);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(text);
        }
    }

    private static void SearchMarks(ReadOnlySpan<char> text, BundleFindings found)
    {
        for (var at = 0; text[at..].IndexOfAny(Needles) is var next and >= 0;)
        {
            at += next;
            var rest = text[at..];
            switch (rest[0])
            {
                case 'n':
                    ModulePaths.AddAt(text, at, found);
                    at += "node_modules/".Length;
                    break;
                case '/':
                    Banners.Add(rest[3..], found, BundleSignatures.Shipped.Knows);
                    at += 3;
                    break;
                case '@':
                    if (IsInComment(text[..at]))
                    {
                        Banners.Add(rest, found, BundleSignatures.Shipped.Knows);
                    }

                    at += 9;
                    break;
                case '"':
                    AddId(rest[7..], found);
                    at += 7;
                    break;
                default:
                    AddInlineMap(rest[InlineMap.Length..], found);
                    at += InlineMap.Length;
                    break;
            }
        }
    }

    private static bool IsInComment(ReadOnlySpan<char> before)
    {
        before = before[^Math.Min(before.Length, 400)..];
        return before.LastIndexOf("/*") > before.LastIndexOf("*/");
    }

    private static void SearchSignatures(ScanFile file, ReadOnlySpan<char> text, BundleFindings found)
    {
        var matches = BundleSignatures.Shipped.Find(file.Content);
        var named = matches.Count > 0 ? NamedModules(file, found) : null;
        // Where the bundler names the modules nothing is guessed. Fewer paths than there are libraries beside them are no bundler's.
        var only = named is not null && matches.Count(match => !named.HasModule(match.Name)) <= named.Modules;
        var told = matches.Where(match => !only || found.Has(match.Name) || named!.HasModule(match.Name)).ToList();
        var stated = told.Exists(match => !found.HasVersion(match.Name)) ? new BundleVersions(text) : null;
        var versions = stated?.Of(text, told, found.Version);
        foreach (var match in told)
        {
            found.Put(match.Name, versions?.GetValueOrDefault(match.Name));
        }

        AddAwsVersion(told, stated, found);

        // These pin each other to the same version; one of them says it.
        foreach (var (family, speaker) in Lockstep)
        {
            if (found.Version(speaker) is { } version)
            {
                foreach (var match in told.Where(match => match.Name.StartsWith(family, StringComparison.Ordinal)))
                {
                    found.Put(match.Name, version);
                }
            }
        }
    }

    /// <summary>
    /// Clients of AWS's SDK and what is published with them bear one number, of a form that nothing else has. It counts where the bundle has one only: of its clients' manifests, or as a text alone.
    /// </summary>
    private static void AddAwsVersion(IReadOnlyList<SignatureMatch> told, BundleVersions? stated, BundleFindings found)
    {
        var family = told.Where(match => match.Name.StartsWith("@aws-sdk/client-", StringComparison.Ordinal) || match.Name.StartsWith("@aws-sdk/lib-", StringComparison.Ordinal) || match.Name is "@aws-sdk/util-dynamodb" or "@aws-sdk/s3-request-presigner").ToList();
        if (stated is null || family.TrueForAll(match => found.HasVersion(match.Name)))
        {
            return;
        }

        var known = family.Select(match => found.Version(match.Name)).OfType<string>().Distinct().ToList();
        if ((known.Count == 0 ? stated.Lone(IsAwsVersion) : known.Count == 1 ? known[0] : null) is { } version)
        {
            family.ForEach(match => found.Put(match.Name, version));
        }
    }

    /// <summary>3.100.0 to 3.9999.0: the number of a release. Parts inside are repaired between releases and then end otherwise.</summary>
    private static bool IsAwsVersion(string version) => version.Split('.') is ["3", { Length: 3 or 4 }, "0"];

    private static readonly (string Family, string Speaker)[] Lockstep = [("@aws-lambda-powertools/", "@aws-lambda-powertools/commons"), ("@sentry/", "@sentry/core"), ("@vue/", "vue"), ("@angular/", "@angular/core")];

    /// <summary>What names the modules of a text: itself, or the source map beside it. Null where neither does.</summary>
    private static BundleFindings? NamedModules(ScanFile file, BundleFindings found)
    {
        if (found.NamesModules)
        {
            return found;
        }

        var beside = new BundleFindings();
        return file.Tree.Read(file.InnerPath.Value + ".map") is { } map && ModulePaths.AddSourceMap(map, beside) && beside.All.Any() ? beside : null;
    }

    private static void AddInlineMap(ReadOnlySpan<char> text, BundleFindings found)
    {
        var start = text.IndexOf("base64,");
        if (start is < 0 or > 40)
        {
            return;
        }

        text = text[(start + 7)..];
        var end = text.IndexOfAnyExcept(Base64);
        text = end >= 0 ? text[..end] : text;
        var bytes = new byte[(text.Length / 4 * 3) + 3];
        if (Convert.TryFromBase64Chars(text, bytes, out var count))
        {
            ModulePaths.AddSourceMap(bytes.AsSpan(0, count), found);
        }
    }

    private static readonly SearchValues<char> Base64 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");

    private static void AddId(ReadOnlySpan<char> text, BundleFindings found)
    {
        var end = text.IndexOf('"');
        if (end is > 0 and < 200 && text[..end].LastIndexOf('@') is var at and > 0 && Version(text[(at + 1)..end]) is { } version)
        {
            found.Put(text[..at].ToString(), version);
        }
    }

    /// <summary>Three numbers and what SemVer lets follow; null for anything else.</summary>
    internal static string? Version(ReadOnlySpan<char> text)
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
