using System.Text.Json.Serialization;

namespace Pellicle.Domain;

/// <summary>What kind of rule made a finding.</summary>
public enum FindingKind
{
    /// <summary>A package version that an advisory names.</summary>
    Vulnerability,

    /// <summary>A credential or key.</summary>
    Secret,

    /// <summary>A configuration check.</summary>
    Posture,

    /// <summary>A layer or variable takes over, or can take over, the runtime.</summary>
    Hijack,

    /// <summary>A package published to do harm.</summary>
    Malware,

    /// <summary>A licence a policy does not allow.</summary>
    License,
}

/// <summary>CVSS vector and base score (0.0 to 10.0).</summary>
public sealed record Cvss(string Vector, double Score);

/// <summary>An advisory or rule applied to one place of ours.</summary>
public sealed record Finding
{
    /// <summary>Stable over runs and machines: hash of kind, rule, purl, origin and path.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Kind.</summary>
    public required FindingKind Kind { get; init; }

    /// <summary>Advisory id or check id.</summary>
    public required string RuleId { get; init; }

    /// <summary>The check that made it, by the ids of <c>docs/checks.md</c>: R-7 for an advisory, R-8 for malware, R-10 for a licence, else the rule's own.</summary>
    public string Check => Kind switch
    {
        FindingKind.Vulnerability => RuleId.StartsWith("H-", StringComparison.Ordinal) ? RuleId : "R-7",
        FindingKind.Malware => "R-8",
        FindingKind.License => "R-10",
        FindingKind.Secret or FindingKind.Posture or FindingKind.Hijack => RuleId.Split(':')[0],
    };

    /// <summary>Other ids of the same advisory or check, sorted.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Severity.</summary>
    public required Severity Severity { get; init; }

    /// <summary>CVSS, where the record gives it.</summary>
    public Cvss? Cvss { get; init; }

    /// <summary>Package, or null.</summary>
    public string? Purl { get; init; }

    /// <summary>Versions that repair it, smallest first.</summary>
    public IReadOnlyList<string> FixedVersions { get; init; } = [];

    /// <summary>Version of the package in which neither this nor any other known vulnerability is open that a later version repairs; null where none is known. For what is shown to people; not in the JSON report.</summary>
    [JsonIgnore]
    public string? UpdateTo { get; init; }

    /// <summary>False when the package or file never loads in this function (shadowed, or not on the search order).</summary>
    public bool Effective { get; init; } = true;

    /// <summary>True or false when the guard has seen the function run; null where unknown.</summary>
    public bool? Loaded { get; init; }

    /// <summary>True when known to be exploited in the wild.</summary>
    public bool KnownExploited { get; init; }

    /// <summary><c>function</c>, or <c>layer:</c> and the layer's name.</summary>
    public required string Origin { get; init; }

    /// <summary>Where.</summary>
    public required string Path { get; init; }

    /// <summary>One line.</summary>
    public required string Title { get; init; }

    /// <summary>Why, with the evidence.</summary>
    public string Description { get; init; } = "";

    /// <summary>What to do.</summary>
    public string Remediation { get; init; } = "";

    /// <summary>Addresses.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>Makes the fingerprint of a finding: 32 hexadecimal digits.</summary>
    public static string MakeFingerprint(FindingKind kind, string ruleId, string? purl, string origin, string path)
    {
        var text = $"{kind}\n{ruleId}\n{purl}\n{origin}\n{path}";
        var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text));
        return Convert.ToHexStringLower(hash.AsSpan(0, 16));
    }
}
