using Pellicle.Domain;
using Pellicle.Scanning.Archives;

namespace Pellicle.Scanning;

/// <summary>Everything one zip, directory or layer holds that the rest of a scan needs. Sorted; independent of any other target.</summary>
public sealed record TargetContents
{
    /// <summary><c>function</c>, or <c>layer:</c> and the layer's name.</summary>
    public required string Origin { get; init; }

    /// <summary>SHA-256 of the archive file (lower-case hexadecimal); of names and contents for a directory.</summary>
    public required string Sha256 { get; init; }

    /// <summary>All entries of the target itself (not of nested archives), by path.</summary>
    public required IReadOnlyList<ScanEntry> Entries { get; init; }

    /// <summary>Packages, sorted by path, name and version.</summary>
    public required IReadOnlyList<Package> Packages { get; init; }

    /// <summary>What could not be read.</summary>
    public required IReadOnlyList<FileError> Errors { get; init; }

    /// <summary>Secrets and left-over sensitive files; values redacted.</summary>
    public required IReadOnlyList<Finding> Secrets { get; init; }

    /// <summary>Facts that only the view and the hijack checks use.</summary>
    public required ContentFacts Facts { get; init; }
}

/// <summary>What was seen while the files were open and is judged later, together with the other targets.</summary>
public sealed record ContentFacts
{
    /// <summary>Tricks in the archive's own structure (check H-10).</summary>
    public IReadOnlyList<ArchiveTrick> Tricks { get; init; } = [];

    /// <summary>Files that differ from the hash or size their package's RECORD gives.</summary>
    public IReadOnlyList<ModifiedFile> ModifiedFiles { get; init; } = [];

    /// <summary>What small files that decide what is loaded say: lines of <c>.pth</c> files, the type of the root <c>package.json</c>; by path, without secrets.</summary>
    public IReadOnlyDictionary<string, string> Texts { get; init; } = new Dictionary<string, string>();

    /// <summary>Native programs and libraries (ELF), for check R-9.</summary>
    public IReadOnlyList<NativeFile> NativeFiles { get; init; } = [];

    /// <summary>Names that the package at this evidence path depends on.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Dependencies { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
}

/// <summary>A native program or library.</summary>
/// <param name="Path">The file.</param>
/// <param name="Machine"><c>x86_64</c>, <c>arm64</c>, or empty for another.</param>
/// <param name="IsPacked">True when it unpacks itself when started, so that nobody can look into it.</param>
/// <param name="IsAccounted">True when a package lists it, or its own content says what it is.</param>
public sealed record NativeFile(string Path, string Machine, bool IsPacked, bool IsAccounted);

/// <summary>A file whose content is not what its package's RECORD says.</summary>
/// <param name="Path">The file.</param>
/// <param name="Package">Name and version of the package, for example <c>requests 2.31.0</c>.</param>
/// <param name="Reason">What differs.</param>
public sealed record ModifiedFile(string Path, string Package, string Reason);

/// <summary>One layer version of a function, in the function's order (from 1).</summary>
public sealed record LayerContents(string Name, string? Arn, int Order, TargetContents Contents);

/// <summary>What decides how a function finds its code.</summary>
/// <param name="Runtime">Lambda's identifier, for example <c>python3.11</c>; null where unknown.</param>
/// <param name="Handler">Handler as configured; null where unknown.</param>
/// <param name="Environment">Variables of the function.</param>
public sealed record RuntimeInfo(string? Runtime, string? Handler, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary><c>x86_64</c> or <c>arm64</c>; null where unknown.</summary>
    public string? Architecture { get; init; }

    /// <summary>Nothing known: every package counts as effective.</summary>
    public static RuntimeInfo Unknown { get; } = new(null, null, new Dictionary<string, string>());
}
