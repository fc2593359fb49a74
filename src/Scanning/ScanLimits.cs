namespace Pellicle.Scanning;

/// <summary>Bounds on what scanned content may make us read. Crossing one is a <see cref="Domain.FileError"/>, never an exception.</summary>
public sealed record ScanLimits
{
    /// <summary>The limits used where none are given.</summary>
    public static ScanLimits Default { get; } = new();

    /// <summary>Entries listed in one archive or directory. Lambda's 250 MB hold far fewer; the largest function seen has 60,000.</summary>
    public int MaxEntries { get; init; } = 300_000;

    /// <summary>Bytes of one inflated file. Lambda's limit for everything together is 262,144,000.</summary>
    public long MaxEntryBytes { get; init; } = 262_144_000;

    /// <summary>Bytes inflated in one scan, nested archives included.</summary>
    public long MaxTotalBytes { get; init; } = 4L << 30;

    /// <summary>Bytes of one evidence file (metadata, lock file); real ones stay under 50 MiB.</summary>
    public long MaxEvidenceBytes { get; init; } = 64 << 20;

    /// <summary>Inflated size divided by compressed size, for files over 1 MiB. Deflate cannot pass 1,032; ordinary logs reach 50.</summary>
    public int MaxRatio { get; init; } = 500;

    /// <summary>Archives inside archives: a war in an ear in a zip is three.</summary>
    public int MaxDepth { get; init; } = 8;

    /// <summary>Nested archives opened in one scan.</summary>
    public int MaxNestedArchives { get; init; } = 5_000;

    /// <summary>Characters of one path; Linux allows 4,096 bytes.</summary>
    public int MaxPathLength { get; init; } = 4_096;

    /// <summary>Errors kept; more are counted in one last error.</summary>
    public int MaxErrors { get; init; } = 1_000;

    /// <summary>Bytes of one text file that is searched for secrets; bundles are larger than hand-written files.</summary>
    public long MaxSecretFileBytes { get; init; } = 8 << 20;

    /// <summary>Compare every file with its package's own RECORD. Costs one inflation and one hash of each such file.</summary>
    public bool VerifyRecords { get; init; } = true;

    /// <summary>Search text files for secrets.</summary>
    public bool FindSecrets { get; init; } = true;
}
