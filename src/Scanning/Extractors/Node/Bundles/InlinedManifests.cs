namespace Pellicle.Scanning.Extractors.Node.Bundles;

/// <summary>A bundler that follows <c>require('./package.json')</c> copies the manifest in: <c>"name":"x","version":"1.2.3"</c>, quoted or not.</summary>
internal static class InlinedManifests
{
    private static readonly string[] Keys = ["\"version\":", "version:", "version: ", "\"version\": "];

    // Written into the manifests of published packages; the customer's own manifest is the function, not a package in it.
    private static readonly string[] OfPublished = ["repository", "bugs", "homepage", "_resolved", "publishConfig"];

    public static void Add(ReadOnlySpan<char> text, BundleFindings found, Func<string, bool> isKnown)
    {
        foreach (var key in Keys)
        {
            for (var at = 0; text[at..].IndexOf(key) is var next and >= 0;)
            {
                var start = at + next;
                at = start + key.Length;
                var value = text[at..];
                if (value.Length < 2 || value[0] is not ('"' or '\'' or '`') || JavaScriptBundle.Version(value[1..]) is not { } version || value.Length <= version.Length + 1 || value[version.Length + 1] != value[0])
                {
                    continue;
                }

                if (NameBefore(text[Math.Max(0, start - 160)..start]) is { } name && (isKnown(name) || IsPublished(text[Math.Max(0, start - 400)..Math.Min(text.Length, start + 3000)])))
                {
                    found.PutManifest(name, version);
                }
            }
        }
    }

    private static string? NameBefore(ReadOnlySpan<char> before)
    {
        var at = before.LastIndexOf("name");
        if (at < 0)
        {
            return null;
        }

        var middle = before[(at + 4)..].TrimStart("\"'`: ");
        var quote = middle.IndexOfAny('"', '\'', '`');
        // Only other plain keys may stand between the two, never a closing brace.
        return quote > 0 && !middle[quote..].ContainsAny('}', ';', ')') && BundleFindings.IsPackageName(middle[..quote].ToString()) ? middle[..quote].ToString() : null;
    }

    private static bool IsPublished(ReadOnlySpan<char> around)
    {
        foreach (var word in OfPublished)
        {
            if (around.Contains(word, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
