namespace Pellicle.Domain;

/// <summary>How a package was proved.</summary>
public enum PackageEvidence
{
    /// <summary>The package's own installed metadata lies beside its files.</summary>
    Installed,

    /// <summary>A manifest or lock file names it; its files may be absent.</summary>
    Declared,

    /// <summary>Its code was found inside a bundle (esbuild, webpack, shaded jar without own metadata …).</summary>
    Bundled,

    /// <summary>Read from a compiled binary.</summary>
    Binary,
}

/// <summary>How it was told which package something is; CycloneDX's names of techniques.</summary>
public enum IdentityMethod
{
    /// <summary>A manifest, lock file or metadata file says it (<c>manifest-analysis</c>).</summary>
    Manifest,

    /// <summary>The name of a file or directory (<c>filename</c>).</summary>
    FileName,

    /// <summary>Names and texts in source code: module paths, comments, literals, version assignments (<c>source-code-analysis</c>).</summary>
    SourceCode,

    /// <summary>Names and texts in compiled code (<c>binary-analysis</c>).</summary>
    Binary,
}

/// <summary>How a package was recognised where its own metadata does not say what it is.</summary>
/// <param name="Method">What told it.</param>
/// <param name="Confidence">Share of such packages whose name is right, as measured on corpora with a ground truth; above 0 to 1.</param>
public sealed record PackageIdentity(IdentityMethod Method, double Confidence);

/// <summary>One package found in a function or a layer version.</summary>
public sealed record Package
{
    /// <summary>Package URL with version (version null where it could not be told).</summary>
    public required Purl Purl { get; init; }

    /// <summary>Ecosystem.</summary>
    public required Ecosystem Ecosystem { get; init; }

    /// <summary>OSV name in that ecosystem.</summary>
    public required string Name { get; init; }

    /// <summary>Version as found; null where unknown.</summary>
    public string? Version { get; init; }

    /// <summary>Path of the evidence inside the archive, <c>/</c>-separated; nested archives by <c>!/</c>.</summary>
    public required string Path { get; init; }

    /// <summary>How it was proved.</summary>
    public required PackageEvidence Evidence { get; init; }

    /// <summary>How it was recognised; null where its own metadata, a lock file or the compiler states name and version.</summary>
    public PackageIdentity? Identity { get; init; }

    /// <summary>Licence expression or text as found; null where unknown.</summary>
    public string? License { get; init; }

    /// <summary>What tells whether the package was loaded, sorted; empty where nothing does. Python: top-level import names; .NET: files of the package, relative to the evidence's folder.</summary>
    public IReadOnlyList<string> Provides { get; init; } = [];
}

/// <summary>A file or call that could not be read, in words for people.</summary>
/// <param name="Origin"><c>function</c>, or <c>layer:</c> and the layer's name.</param>
/// <param name="Path">File inside the origin, or empty.</param>
/// <param name="Message">What went wrong, lower case, no final period.</param>
/// <param name="Hint">What to do, or empty.</param>
public sealed record FileError(string Origin, string Path, string Message, string Hint = "");
