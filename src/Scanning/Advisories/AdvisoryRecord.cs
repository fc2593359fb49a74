using Pellicle.Domain;

namespace Pellicle.Scanning.Advisories;

/// <summary>What an event of a range does.</summary>
internal enum RangeEvent : byte
{
    /// <summary>Affected from this version on; the text <c>0</c> stands before every version.</summary>
    Introduced,

    /// <summary>Not affected from this version on.</summary>
    Fixed,

    /// <summary>Affected up to and with this version.</summary>
    LastAffected,

    /// <summary>Nothing at or above this version is affected.</summary>
    Limit,
}

/// <summary>One OSV record, as far as matching and reporting need it.</summary>
internal sealed record AdvisoryRecord
{
    public required string Id { get; init; }

    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>RFC 3339, as the record gives it.</summary>
    public string Modified { get; init; } = "";

    public string Published { get; init; } = "";

    public string Summary { get; init; } = "";

    public IReadOnlyList<string> References { get; init; } = [];

    public required Rating Rating { get; init; }

    public bool IsMalware { get; init; }

    public bool IsWithdrawn { get; init; }

    public IReadOnlyList<AffectedPackage> Affected { get; init; } = [];
}

/// <summary>How bad a record says it is.</summary>
/// <param name="Severity">Severity.</param>
/// <param name="Stated">False when the record does not say and the severity is a guess.</param>
/// <param name="Vector">CVSS vector, or empty.</param>
/// <param name="Score">Base score; 0 where unknown.</param>
internal readonly record struct Rating(Severity Severity, bool Stated, string Vector, double Score);

/// <summary>One <c>affected</c> entry with a package.</summary>
internal sealed record AffectedPackage(Ecosystem Ecosystem, string Name, IReadOnlyList<AffectedRange> Ranges, IReadOnlyList<string> Versions);

/// <summary>A SEMVER or ECOSYSTEM range; GIT ranges need a repository and are left out.</summary>
internal sealed record AffectedRange(bool IsSemVer, IReadOnlyList<(RangeEvent Event, string Version)> Events);
