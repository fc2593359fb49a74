namespace Pellicle.Scanning.Extractors.Node.Bundles;

/// <summary>How a library's version stands in its minified text: <c>VERSION=</c>, <c>version:</c>, <c>=</c> (a variable), <c>,</c> (an argument), or <c>~text</c> in the same literal.</summary>
/// <param name="Before">Name of the variable or property with <c>=</c> or <c>:</c>; names of one or two letters are minified ones and left out.</param>
/// <param name="Reach">How far, in characters, the library's nearest literal may be.</param>
internal sealed record VersionPlace(string Before, int Reach)
{
    /// <summary>Reads <c>BEFORE|REACH||BEFORE|REACH</c>.</summary>
    public static IReadOnlyList<VersionPlace> Parse(string text) =>
        [.. text.Split("||", StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('|')).Where(part => part.Length == 2)
            .Select(part => new VersionPlace(part[0], int.TryParse(part[1], System.Globalization.CultureInfo.InvariantCulture, out var reach) ? reach : 0))];
}

/// <summary>Every text of three numbers in a bundle, and which of them is a library's version: of those that stand where the library writes it, the one nearest to the library's literals.</summary>
internal sealed class BundleVersions
{
    private const int MaxCandidates = 20_000;

    private readonly List<Candidate> candidates = [];
    private readonly int stretch;

    public BundleVersions(ReadOnlySpan<char> text)
    {
        // Readable text is longer than the minified one that distances were measured in.
        stretch = text.Length > 0 && text.Length / (text.Count('\n') + 1) < 200 ? 4 : 1;
        for (var at = 0; candidates.Count < MaxCandidates && text[at..].IndexOf('.') is var dot and >= 0;)
        {
            at += dot;
            var start = at;
            while (start > 0 && char.IsAsciiDigit(text[start - 1]) && at - start < 6)
            {
                start--;
            }

            at++;
            if (start < at - 1 && (start == 0 || !(char.IsAsciiLetterOrDigit(text[start - 1]) && text[start - 1] != 'v') && text[start - 1] != '.') && JavaScriptBundle.Version(text[start..]) is { } version)
            {
                candidates.Add(new Candidate(start, version, Before(text[..start], start + version.Length < text.Length ? text[start + version.Length] : '\0')));
                at = start + version.Length;
            }
        }
    }

    public string? Of(ReadOnlySpan<char> text, SignatureMatch match)
    {
        (string? Version, int Distance) best = (null, int.MaxValue);
        foreach (var candidate in candidates)
        {
            foreach (var place in match.Versions)
            {
                if (!Stands(text, candidate, place))
                {
                    continue;
                }

                var distance = match.Positions.Min(position => Math.Abs(position - candidate.Position));
                if (distance <= place.Reach * stretch && distance < best.Distance)
                {
                    best = (candidate.Version, distance);
                }
            }
        }

        return best.Version;
    }

    private static bool Stands(ReadOnlySpan<char> text, Candidate candidate, VersionPlace place) => place.Before switch
    {
        ['~', .. var words] => text[..candidate.Position].EndsWith(words),
        "=" or ":" => candidate.Before == place.Before || (candidate.Before.Length > 1 && candidate.Before[^1] == place.Before[0] && candidate.Before.Contains("version", StringComparison.OrdinalIgnoreCase)),
        var before => candidate.Before == before,
    };

    private static string Before(ReadOnlySpan<char> text, char after)
    {
        if (text.Length < 2 || text[^1] is not ('"' or '\'' or '`') || after != text[^1])
        {
            return "~";
        }

        var rest = text[^Math.Min(text.Length, 60)..][..^1].TrimEnd(' ');
        if (rest.EndsWith("return"))
        {
            return "return";
        }

        if (rest.Length == 0 || rest[^1] is not ('=' or ':'))
        {
            return rest.Length > 0 && rest[^1] is ',' or '(' or '[' ? "," : "";
        }

        var kind = rest[^1];
        rest = rest[..^1].TrimEnd(" \"'");
        var length = 0;
        while (length < rest.Length && (char.IsAsciiLetterOrDigit(rest[^(length + 1)]) || rest[^(length + 1)] is '_' or '$'))
        {
            length++;
        }

        return length <= 2 ? kind.ToString() : $"{rest[^length..]}{kind}";
    }

    private readonly record struct Candidate(int Position, string Version, string Before);
}
