namespace Pellicle.Scanning.Extractors.Node.Bundles;

/// <summary>How a library's version stands in its minified text: <c>VERSION=</c>, <c>version:</c>, <c>=</c> (a variable), <c>,</c> (an argument), or <c>~text</c> in the same literal.</summary>
/// <param name="Before">Name of the variable or property with <c>=</c> or <c>:</c>; names as short as minifiers make them are left out.</param>
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

    private const int MaxMinified = 4;

    private const int FarReach = 500_000;

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

    /// <summary>
    /// The version of each library, by name. A version text is one library's, or those of one scope: it goes to the one whose literals are nearest, and the others look further.
    /// </summary>
    /// <param name="text">The bundle.</param>
    /// <param name="matches">Libraries in it.</param>
    /// <param name="known">Version of a library that is known already: its text is not another's.</param>
    public IReadOnlyDictionary<string, string> Of(ReadOnlySpan<char> text, IReadOnlyList<SignatureMatch> matches, Func<string, string?> known)
    {
        var near = new List<(int Distance, SignatureMatch Match, int Candidate)>();
        var owners = new Dictionary<int, string>();
        var versions = new Dictionary<string, string>(StringComparer.Ordinal);
        AddNamed(text, matches, known, versions, owners);
        AddManifestModules(text, matches, known, versions, owners);
        foreach (var match in matches)
        {
            if (versions.ContainsKey(match.Name))
            {
                continue;
            }

            if (known(match.Name) is { } own)
            {
                var nearest = Enumerable.Range(0, candidates.Count).Where(i => candidates[i].Version == own).OrderBy(i => Distance(match, candidates[i].Position)).Cast<int?>().FirstOrDefault();
                if (nearest is { } taken)
                {
                    owners.TryAdd(taken, match.Name);
                }

                continue;
            }

            for (var i = 0; i < candidates.Count; i++)
            {
                var (reach, isOwn) = (0, false);
                foreach (var place in match.Versions)
                {
                    if (Stands(text, candidates[i], place))
                    {
                        reach = Math.Max(reach, (IsOwn(place) ? Math.Max(place.Reach, FarReach) : place.Reach) * stretch);
                        isOwn |= IsOwn(place);
                    }
                }

                if (reach > 0 && Distance(match, candidates[i].Position) is var distance && distance <= reach)
                {
                    // A name that only this library gives its version comes before what any library may write.
                    near.Add((isOwn ? distance - FarReach : distance, match, i));
                }
            }
        }

        foreach (var (_, match, candidate) in near.OrderBy(pair => pair.Distance))
        {
            if (!versions.ContainsKey(match.Name) && (!owners.TryGetValue(candidate, out var owner) || (Scope(owner) is { } scope && scope == Scope(match.Name))))
            {
                versions.Add(match.Name, candidates[candidate].Version);
                owners.TryAdd(candidate, match.Name);
            }
        }

        AddEnclosed(matches, known, versions, owners);
        return versions;
    }

    /// <summary>Texts that name the library beside its version: <c>"@upstash/redis@v1.33.0"</c>, <c>pkg/1.2.3</c> of a user agent, <c>="nodemailer",X="10.1.2"</c>, <c>("@opentelemetry/api","1.6.0")</c>.</summary>
    private void AddNamed(ReadOnlySpan<char> text, IReadOnlyList<SignatureMatch> matches, Func<string, string?> known, Dictionary<string, string> versions, Dictionary<int, string> owners)
    {
        var names = matches.Where(match => known(match.Name) is null).Select(match => match.Name).ToHashSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        for (var i = 0; i < candidates.Count; i++)
        {
            if (names.TryGetValue(NameBefore(text[..candidates[i].Position]), out var name) && versions.TryAdd(name, candidates[i].Version))
            {
                owners.TryAdd(i, name);
            }
        }
    }

    /// <summary>Package name that ends just before a version, in the same literal or in the one before it; empty where there is none.</summary>
    private static ReadOnlySpan<char> NameBefore(ReadOnlySpan<char> text)
    {
        var before = text[^Math.Min(text.Length, MaxName)..].TrimEnd('v');
        if (before is [.., '"' or '\'' or '`'])
        {
            // The literal before, with a variable or a property between them at most.
            var quote = before[^1];
            var between = before[..^1].TrimEnd("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$=:, ");
            if (between.Length == 0 || between[^1] != quote || before.Length - between.Length > MaxBetween || before.Length - between.Length < 3 || !before[between.Length..].Contains(','))
            {
                return default;
            }

            var literal = between[..^1];
            return literal[(literal.LastIndexOf(quote) + 1)..];
        }

        if (before is not [.., '@' or '/'])
        {
            return default;
        }

        // In prose `since ab@3.0.0` speaks of another version; a user agent lists several programs.
        var start = before[..^1].LastIndexOfAny("\"'` ") + 1;
        return start == 0 || (before[start - 1] == ' ' && before[^1] == '@') ? default : before[start..^1];
    }

    private const int MaxName = 120, MaxBetween = 16;

    /// <summary>
    /// A manifest of which a bundler left nothing but the version is a module of its own: <c>6256:e=>{e.exports={version:"3.13.0"}}</c>. It belongs to the library whose literals are nearest
    /// to the place that asks for that module.
    /// </summary>
    private void AddManifestModules(ReadOnlySpan<char> text, IReadOnlyList<SignatureMatch> matches, Func<string, string?> known, Dictionary<string, string> versions, Dictionary<int, string> owners)
    {
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates[i].Before.EndsWith(':') && ModuleOf(text, candidates[i]) is { Length: > 0 } module)
            {
                // Nobody else's version text, whoever is near it.
                owners.TryAdd(i, "");
                var call = $"({module})";
                SignatureMatch? nearest = null;
                var least = MaxToModule;
                for (var at = 0; text[at..].IndexOf(call) is var next and >= 0; at += call.Length)
                {
                    at += next;
                    foreach (var match in matches)
                    {
                        if (Distance(match, at) is var distance && distance < least)
                        {
                            (nearest, least) = (match, distance);
                        }
                    }
                }

                if (nearest is not null && known(nearest.Name) is null && versions.TryAdd(nearest.Name, candidates[i].Version))
                {
                    owners[i] = nearest.Name;
                }
            }
        }
    }

    private const int MaxToModule = 8_000;

    /// <summary>Number of the module that is this version and nothing else; empty for other texts.</summary>
    private static ReadOnlySpan<char> ModuleOf(ReadOnlySpan<char> text, Candidate candidate)
    {
        if (!text[Math.Min(text.Length, candidate.Position + candidate.Version.Length + 1)..].StartsWith("}"))
        {
            return default;
        }

        var before = text[Math.Max(0, candidate.Position - MaxName)..candidate.Position];
        var open = before.LastIndexOf(".exports={");
        if (open < 0 || before[(open + ".exports={".Length)..].ContainsAny(',', '{', '}'))
        {
            return default;
        }

        before = before[..open].TrimEnd("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$");
        before = before.EndsWith("\"use strict\";") ? before[..^"\"use strict\";".Length] : before;
        var arrow = before.LastIndexOf(':');
        if (arrow < 0 || !before.EndsWith("{") || before.Length - arrow > 24)
        {
            return default;
        }

        var digits = before[..arrow];
        return digits[(digits.LastIndexOfAnyExceptInRange('0', '9') + 1)..];
    }

    /// <summary>A version under a name that says so, between two literals of one library and none of another, is that library's.</summary>
    private void AddEnclosed(IReadOnlyList<SignatureMatch> matches, Func<string, string?> known, Dictionary<string, string> versions, Dictionary<int, string> owners)
    {
        var places = matches.SelectMany(match => match.Positions.Select(position => (Position: position, Match: match))).OrderBy(place => place.Position).ToArray();
        var positions = Array.ConvertAll(places, place => place.Position);
        for (var i = 0; i < candidates.Count; i++)
        {
            if (owners.ContainsKey(i) || !IsPlainVersion(candidates[i].Before))
            {
                continue;
            }

            var right = ~Array.BinarySearch(positions, candidates[i].Position);
            if (right > 0 && right < places.Length && places[right - 1].Match == places[right].Match && places[right].Position - places[right - 1].Position <= MaxEnclosed * stretch
                && known(places[right].Match.Name) is null && versions.TryAdd(places[right].Match.Name, candidates[i].Version))
            {
                owners.Add(i, places[right].Match.Name);
            }
        }
    }

    private const int MaxEnclosed = 40_000;

    /// <summary><c>VERSION=</c>, <c>version=</c>, <c>VERSION:</c>; not <c>version:</c>, which any record has, nor <c>SPEC_VERSION=</c>, which is another's.</summary>
    private static bool IsPlainVersion(string before) => before is not "version:" && before.Length == "version=".Length && before.StartsWith("version", StringComparison.OrdinalIgnoreCase);

    /// <summary>True for a name of the library's own such as <c>PACKAGE_VERSION=</c>. Bundlers part its modules by those of others, but such a name is not mistaken far away either.</summary>
    private static bool IsOwn(VersionPlace place) => place.Before.Length > "version=".Length && place.Before[0] != '~' && place.Before.Contains("version", StringComparison.OrdinalIgnoreCase);

    private static int Distance(SignatureMatch match, int position)
    {
        var least = int.MaxValue;
        foreach (var literal in match.Positions)
        {
            least = Math.Min(least, Math.Abs(literal - position));
        }

        return least;
    }

    /// <summary>The one version of a form that stands alone as the value of a variable or property; null where there is none, or several.</summary>
    public string? Lone(Func<string, bool> form)
    {
        var values = candidates.Where(candidate => candidate.Before is [.., '=' or ':'] && form(candidate.Version)).Select(candidate => candidate.Version).Distinct().Take(2).ToList();
        return values.Count == 1 ? values[0] : null;
    }

    private static string? Scope(string name) => name[0] == '@' && name.IndexOf('/', StringComparison.Ordinal) is var slash and > 0 ? name[..slash] : null;

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

        if (rest[..^length] is [.., '-' or '/' or '@'])
        {
            return ""; // a dependency's name
        }

        // In a large bundle variables get names of four letters; the names of properties stay.
        return length <= (kind == '=' ? MaxMinified : 2) && !rest[..^length].EndsWith(".") ? kind.ToString() : $"{rest[^length..]}{kind}";
    }

    private readonly record struct Candidate(int Position, string Version, string Before);
}
