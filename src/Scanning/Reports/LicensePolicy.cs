using Pellicle.Domain;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Pellicle.Scanning.Reports;

/// <summary>
/// Which licences may be used. Patterns are SPDX ids with <c>*</c>. With an allow list, everything else is refused; a denied one always is.
/// Of <c>A OR B</c> one must pass, of <c>A AND B</c> all.
/// </summary>
public sealed record LicensePolicy
{
    /// <summary>Patterns that may be used; empty allows all that is not denied.</summary>
    public IReadOnlyList<string> Allow { get; init; } = [];

    /// <summary>Patterns that may not be used.</summary>
    public IReadOnlyList<string> Deny { get; init; } = [];

    /// <summary>Whether a package without a known licence is a finding.</summary>
    public bool DenyUnknown { get; init; }

    /// <summary>Severity of the findings.</summary>
    public Severity Severity { get; init; } = Severity.Medium;

    /// <summary>Reads YAML with the keys <c>allow</c>, <c>deny</c> (lists), <c>unknown</c> (<c>allow</c> or <c>deny</c>) and <c>severity</c>; throws <see cref="InvalidDataException"/>.</summary>
    public static LicensePolicy Load(string path)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(File.ReadAllText(path)));
            var root = stream.Documents.Count > 0 && stream.Documents[0].RootNode is YamlMappingNode map ? map : throw new InvalidDataException($"`{path}` is no map");
            var policy = new LicensePolicy();
            foreach (var (key, value) in root.Children)
            {
                policy = (key as YamlScalarNode)?.Value switch
                {
                    "allow" => policy with { Allow = Texts(value) },
                    "deny" => policy with { Deny = Texts(value) },
                    "unknown" when value is YamlScalarNode { Value: "allow" or "deny" } choice => policy with { DenyUnknown = choice.Value == "deny" },
                    "severity" when value is YamlScalarNode { Value: { } text } && Enum.TryParse<Severity>(text, true, out var severity) => policy with { Severity = severity },
                    var name => throw new InvalidDataException($"`{path}`: `{name}` is unknown or has a wrong value; keys are `allow`, `deny`, `unknown` and `severity`"),
                };
            }

            return policy;

            List<string> Texts(YamlNode node) => node is YamlSequenceNode list && list.All(n => n is YamlScalarNode)
                ? [.. list.Select(n => ((YamlScalarNode)n).Value ?? "")]
                : throw new InvalidDataException($"`{path}`: `allow` and `deny` are lists of SPDX ids");
        }
        catch (Exception e) when (e is YamlException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException($"`{path}` is no YAML: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>The finding for a package that may not be used, or null. Declared copies are judged too: they say what will be installed.</summary>
    public Finding? Judge(Package package, string origin, bool effective)
    {
        ArgumentNullException.ThrowIfNull(package);
        var license = package.License?.Trim();
        if (string.IsNullOrEmpty(license) ? !DenyUnknown : IsAllowed(license))
        {
            return null;
        }

        var purl = package.Purl.ToString();
        var name = string.IsNullOrEmpty(license) ? "unknown" : license;
        return new Finding
        {
            Fingerprint = Finding.MakeFingerprint(FindingKind.License, "license", purl, origin, package.Path),
            Kind = FindingKind.License,
            RuleId = "license",
            Severity = Severity,
            Purl = purl,
            Effective = effective,
            Origin = origin,
            Path = package.Path,
            Title = $"{package.Name} {package.Version}: licence {name} is not allowed",
            Description = string.IsNullOrEmpty(license) ? "no licence was found in the package" : $"the package states `{license}`",
            Remediation = $"replace {package.Name}, or allow the licence in the policy",
        };
    }

    /// <summary>Whether an SPDX expression passes; what is no expression is compared as one id.</summary>
    public bool IsAllowed(string expression)
    {
        ArgumentNullException.ThrowIfNull(expression);
        var text = expression.Replace("(", " ( ", StringComparison.Ordinal).Replace(")", " ) ", StringComparison.Ordinal).Replace("/", " OR ", StringComparison.Ordinal);
        var tokens = new Queue<string>(text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var result = Or(0);
        return tokens.Count == 0 ? result : Passes(expression);

        bool Or(int depth)
        {
            var passes = And(depth);
            while (Take("OR"))
            {
                passes |= And(depth);
            }

            return passes;
        }

        bool And(int depth)
        {
            var passes = One(depth);
            while (Take("AND"))
            {
                passes &= One(depth);
            }

            return passes;
        }

        bool One(int depth)
        {
            if (depth < 32 && Take("("))
            {
                var inner = Or(depth + 1);
                Take(")");
                return inner;
            }

            if (!tokens.TryDequeue(out var id))
            {
                return false;
            }

            if (Take("WITH") && tokens.TryDequeue(out var exception))
            {
                id = $"{id} WITH {exception}";
            }

            return Passes(id);
        }

        bool Take(string token) => tokens.TryPeek(out var next) && next.Equals(token, StringComparison.OrdinalIgnoreCase) && tokens.TryDequeue(out _);
    }

    private bool Passes(string id)
    {
        var plain = id.Split(" WITH ", 2)[0];
        bool Any(IReadOnlyList<string> patterns) => patterns.Any(p => Matches(p, id) || Matches(p, plain));
        return !Any(Deny) && (Allow.Count == 0 || Any(Allow));
    }

    private static bool Matches(string pattern, string id) => PathGlob.Matches(pattern.ToUpperInvariant(), id.ToUpperInvariant());
}
