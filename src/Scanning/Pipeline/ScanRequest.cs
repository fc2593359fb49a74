using Pellicle.Domain;
using Pellicle.Scanning.Advisories;
using Pellicle.Scanning.Reports;

namespace Pellicle.Scanning.Pipeline;

/// <summary>What to scan, and with what.</summary>
public sealed record ScanRequest
{
    /// <summary>The clock that says whether a file on disk has been left alone for long enough to remember its hash.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Targets; the report has one entry for each, in this order.</summary>
    public required IReadOnlyList<TargetRequest> Targets { get; init; }

    /// <summary>Advisories; null makes every target partial, because nothing was matched.</summary>
    public AdvisoryDatabase? Database { get; init; }

    /// <summary>Inventories kept by content hash; null reads everything anew.</summary>
    public InventoryStore? Store { get; init; }

    /// <summary>Bounds on what is read.</summary>
    public ScanLimits Limits { get; init; } = ScanLimits.Default;

    /// <summary>Ignore files, VEX documents and baseline; null shows everything.</summary>
    public Suppressions? Suppressions { get; init; }

    /// <summary>Which licences may be used; null does not judge licences.</summary>
    public LicensePolicy? Licenses { get; init; }

    /// <summary>
    /// Hexadecimal SHA-256 of layers that the caller itself built and published to protect functions. What they take over is their purpose:
    /// it is reported as information. A layer that merely has their name or files is judged as any other.
    /// </summary>
    public IReadOnlySet<string> ProtectionLayers { get; init; } = new HashSet<string>();

    /// <summary>Told what is being read, in words; null tells nobody.</summary>
    public IProgress<string>? Progress { get; init; }

    /// <summary>False leaves out the matching on purpose (an inventory for an SBOM), without an error.</summary>
    public bool MatchAdvisories { get; init; } = true;
}

/// <summary>One function, layer version, archive or directory.</summary>
public sealed record TargetRequest
{
    /// <summary><c>function</c>, <c>layer</c>, <c>zip</c> or <c>directory</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Name for people.</summary>
    public required string Name { get; init; }

    /// <summary>Where its content is.</summary>
    public required ContentSource Source { get; init; }

    /// <summary>ARN, where it is known.</summary>
    public string? Arn { get; init; }

    /// <summary>Lambda runtime id; null where unknown, and then every copy counts as effective.</summary>
    public string? Runtime { get; init; }

    /// <summary>Handler as configured.</summary>
    public string? Handler { get; init; }

    /// <summary><c>x86_64</c> or <c>arm64</c>; null where unknown.</summary>
    public string? Architecture { get; init; }

    /// <summary>Variables of the function. Values are used for the search order and never reported.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Layers in the function's order.</summary>
    public IReadOnlyList<LayerRequest> Layers { get; init; } = [];

    /// <summary>Files below <c>/var/task</c> and <c>/opt</c> that the guard saw opened; null where it did not run.</summary>
    public IReadOnlyCollection<string>? LoadedFiles { get; init; }

    /// <summary>Findings of other checks on this target (posture), reported with the scan's own.</summary>
    public IReadOnlyList<Finding> MoreFindings { get; init; } = [];

    /// <summary>What the caller could not read of this target; makes it partial.</summary>
    public IReadOnlyList<FileError> MoreErrors { get; init; } = [];
}

/// <summary>A layer version of a target.</summary>
public sealed record LayerRequest(string Name, ContentSource Source, string? Arn = null);

/// <summary>A path, or an archive in memory.</summary>
public sealed record ContentSource
{
    private ContentSource(string? path, ReadOnlyMemory<byte> content, string? sha256) => (Path, Content, Sha256) = (path, content, sha256);

    /// <summary>Archive or directory on disk.</summary>
    public string? Path { get; }

    /// <summary>Archive in memory, where <see cref="Path"/> is null.</summary>
    public ReadOnlyMemory<byte> Content { get; }

    /// <summary>Hexadecimal SHA-256, where the caller knows it (Lambda's <c>CodeSha256</c>): saves hashing before a look into the store.</summary>
    public string? Sha256 { get; }

    /// <summary>An archive or directory.</summary>
    public static ContentSource File(string path, string? sha256 = null) => new(path, default, sha256?.ToLowerInvariant());

    /// <summary>An archive in memory.</summary>
    public static ContentSource Memory(ReadOnlyMemory<byte> content, string? sha256 = null) => new(null, content, sha256?.ToLowerInvariant());
}
