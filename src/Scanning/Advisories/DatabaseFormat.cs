namespace Pellicle.Scanning.Advisories;

/// <summary>
/// The compiled file, little endian. Header, then four sections: packages (sorted by ecosystem and name, for binary search), affected entries
/// (those of one package beside each other), advisories, and data (texts and lists, numbers as LEB128). A reference is an offset in data.
/// </summary>
internal static class DatabaseFormat
{
    public const uint Version = 1;
    public const int HeaderSize = 128;

    // Header: magic 0, version 8, then counts and offsets, SHA-256 of everything after the header at 64, Unix time of the build at 56.
    public const int OffsetAdvisoryCount = 12;
    public const int OffsetPackageCount = 16;
    public const int OffsetAffectedCount = 20;
    public const int OffsetFileLength = 24;
    public const int OffsetPackages = 32;
    public const int OffsetAffected = 36;
    public const int OffsetAdvisories = 40;
    public const int OffsetData = 44;
    public const int OffsetBuilt = 56;
    public const int OffsetHash = 64;
    public const int HashSize = 32;

    // Package: ecosystem u32 (index in Ecosystem.All), name reference, first affected entry, count.
    public const int PackageSize = 16;

    // Affected entry: advisory index, reference to ranges and versions.
    public const int AffectedSize = 8;

    // Advisory: id, aliases, summary, references, vector, modified, published (references); group; severity u8, flags u8, score x 10 u16; EPSS f32 x 2.
    public const int AdvisorySize = 44;

    public const byte FlagStated = 1;
    public const byte FlagMalware = 2;
    public const byte FlagExploited = 4;

    public static ReadOnlySpan<byte> Magic => "PLCLADVS"u8;

    public const string FormatHint = "run `pellicle db update`, or `pellicle db import` with a directory or archive of OSV records";
}
