using System.Text.Json.Serialization;
using Pellicle.Domain;
using Pellicle.Scanning.View;

namespace Pellicle.Scanning.Pipeline;

/// <summary>What a scan found, and what went wrong: the contract printed by <c>pellicle scan --format json</c> (schema version 1).</summary>
public sealed record ScanReport
{
    /// <summary>Version of this contract.</summary>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>Who made the report.</summary>
    public required ToolInfo Tool { get; init; }

    /// <summary>Advisories the packages were matched with; null when there was no database.</summary>
    public DatabaseInfo? AdvisoryDatabase { get; init; }

    /// <summary>One entry for each target, in the order they were asked for.</summary>
    public required IReadOnlyList<ScanTarget> Targets { get; init; }

    /// <summary>Counts over all targets.</summary>
    public required ScanSummary Summary { get; init; }

    /// <summary>What a reader must know of the whole report, for example that facts it rests on are old; null when there is nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Notes { get; init; }
}

/// <summary>Name and version of the program.</summary>
public sealed record ToolInfo(string Name, string Version);

/// <summary>Which advisories were used.</summary>
/// <param name="Revision">Changes with the content of the database.</param>
/// <param name="Updated">When it was compiled, RFC 3339.</param>
/// <param name="Advisories">Number of records.</param>
public sealed record DatabaseInfo(string Revision, string Updated, int Advisories);

/// <summary>How complete a scan is. Clean means <see cref="Succeeded"/> and no finding.</summary>
public enum ScanStatus
{
    /// <summary>Everything was read.</summary>
    Succeeded,

    /// <summary>Something could not be read; see the errors.</summary>
    Partial,

    /// <summary>Nothing could be read.</summary>
    Failed,
}

/// <summary>One function, layer version, archive or directory.</summary>
public sealed record ScanTarget
{
    /// <summary><c>function</c>, <c>layer</c>, <c>zip</c> or <c>directory</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Name for people.</summary>
    public required string Name { get; init; }

    /// <summary>ARN, where it is known.</summary>
    public string? Arn { get; init; }

    /// <summary>Lambda runtime id, where it is known.</summary>
    public string? Runtime { get; init; }

    /// <summary>Hexadecimal SHA-256 of the archive; empty for a directory.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>How complete this is.</summary>
    public required ScanStatus Status { get; init; }

    /// <summary>Layer versions in the order Lambda merges them (a later one overwrites an earlier one).</summary>
    public IReadOnlyList<ScannedLayer> Layers { get; init; } = [];

    /// <summary>What could not be read.</summary>
    public IReadOnlyList<FileError> Errors { get; init; } = [];

    /// <summary>Every package copy found, sorted.</summary>
    public IReadOnlyList<ScannedPackage> Packages { get; init; } = [];

    /// <summary>Findings, worst first.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];

    /// <summary>Findings that an ignore file or a VEX document took out, with the reason.</summary>
    public IReadOnlyList<SuppressedFinding> Suppressed { get; init; } = [];

    /// <summary>Files that one layer replaces with another content.</summary>
    public IReadOnlyList<OverwrittenFile> Overwritten { get; init; } = [];
}

/// <summary>A layer version of a target.</summary>
/// <param name="Name">Name; findings call it <c>layer:NAME</c>.</param>
/// <param name="Arn">ARN, where it is known.</param>
/// <param name="Order">1 is merged first.</param>
/// <param name="Sha256">Hexadecimal SHA-256 of its archive.</param>
public sealed record ScannedLayer(string Name, string? Arn, int Order, string Sha256);

/// <summary>One copy of a package, and whether the function would load it.</summary>
public sealed record ScannedPackage
{
    /// <summary>Package URL.</summary>
    public required string Purl { get; init; }

    /// <summary>OSV ecosystem name.</summary>
    public required string Ecosystem { get; init; }

    /// <summary>OSV package name.</summary>
    public required string Name { get; init; }

    /// <summary>Version, or null.</summary>
    public string? Version { get; init; }

    /// <summary><c>function</c> or <c>layer:NAME</c>.</summary>
    public required string Origin { get; init; }

    /// <summary>Path of the evidence inside its archive.</summary>
    public required string Path { get; init; }

    /// <summary>How it was proved.</summary>
    public required PackageEvidence Evidence { get; init; }

    /// <summary>What told which package it is.</summary>
    public IdentityMethod Method { get; init; }

    /// <summary>How sure that is, above 0 to 1; 1 where the package's own metadata, a lock file or the compiler states it.</summary>
    public double Confidence { get; init; } = 1;

    /// <summary>False when another copy loads instead, or it is not on the search order.</summary>
    public bool Effective { get; init; } = true;

    /// <summary>Origin and path of the copy that loads instead, or null.</summary>
    public string? ShadowedBy { get; init; }

    /// <summary>Seen loaded by the guard; null where unknown.</summary>
    public bool? Loaded { get; init; }

    /// <summary>Licence as found, or null.</summary>
    public string? License { get; init; }

    /// <summary>True for a jar whose group nothing in it states.</summary>
    [JsonIgnore]
    public bool IsGuess => Confidence < 1 && Ecosystem == Domain.Ecosystem.Maven.Name;
}

/// <summary>A finding that somebody decided not to show.</summary>
/// <param name="Finding">The finding.</param>
/// <param name="Reason">Why, in the words of the file that says so.</param>
/// <param name="Source">File name, or <c>baseline</c>.</param>
public sealed record SuppressedFinding(Finding Finding, string Reason, string Source);

/// <summary>Counts.</summary>
public sealed record ScanSummary(int Packages, FindingCounts Findings, int Errors)
{
    /// <summary>Counts what the targets hold.</summary>
    public static ScanSummary Of(IReadOnlyList<ScanTarget> targets)
    {
        ArgumentNullException.ThrowIfNull(targets);
        var all = targets.SelectMany(t => t.Findings).ToList();
        int Count(Severity severity) => all.Count(f => f.Severity == severity);
        return new ScanSummary(
            targets.Sum(t => t.Packages.Count),
            new FindingCounts(Count(Severity.Critical), Count(Severity.High), Count(Severity.Medium), Count(Severity.Low), Count(Severity.Info)),
            targets.Sum(t => t.Errors.Count));
    }
}

/// <summary>Findings by severity.</summary>
public sealed record FindingCounts(int Critical, int High, int Medium, int Low, int Info);
