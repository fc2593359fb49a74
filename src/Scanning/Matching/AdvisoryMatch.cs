using Pellicle.Domain;

namespace Pellicle.Scanning.Matching;

/// <summary>An advisory that affects a package version; records that are aliases of each other are one match.</summary>
public sealed record AdvisoryMatch
{
    /// <summary>Preferred id: GHSA, then the ecosystem's own (PYSEC, GO, RUSTSEC, MAL …), then CVE.</summary>
    public required string Id { get; init; }

    /// <summary>Other ids of the records that match, sorted.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Severity.</summary>
    public required Severity Severity { get; init; }

    /// <summary>False when no record states a severity and it is taken as medium.</summary>
    public bool IsSeverityStated { get; init; }

    /// <summary>CVSS, where a record gives it.</summary>
    public Cvss? Cvss { get; init; }

    /// <summary>Versions above the one asked for that records name as repaired, smallest first.</summary>
    public IReadOnlyList<string> FixedVersions { get; init; } = [];

    /// <summary>A package published to do harm.</summary>
    public bool IsMalware { get; init; }

    /// <summary>On the known-exploited list.</summary>
    public bool KnownExploited { get; init; }

    /// <summary>EPSS probability and percentile; 0 where unknown.</summary>
    public (float Score, float Percentile) Epss { get; init; }

    /// <summary>One line.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Addresses.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>The range or list that holds the version, for people.</summary>
    public string Evidence { get; init; } = "";
}
