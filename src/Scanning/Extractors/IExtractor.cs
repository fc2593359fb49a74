using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors;

/// <summary>Reads the packages one kind of file proves. Stateless and thread-safe; the reader opens the files.</summary>
internal interface IExtractor
{
    /// <summary>Stable id, "ecosystem/format", for example <c>npm/package-lock</c>.</summary>
    string Name { get; }

    /// <summary>Called for every file: compare names only.</summary>
    bool IsRequired(ScanPath path);

    /// <summary>Packages of one file and what could not be read. An exception is a bug here; the reader records it and goes on.</summary>
    ExtractionResult Extract(ScanFile file);
}

/// <summary>Reads what only the listing as a whole proves (a jar's identity, stripped packages). Runs after the file extractors of the same tree.</summary>
internal interface ITreeExtractor
{
    /// <summary>Stable id, as <see cref="IExtractor.Name"/>.</summary>
    string Name { get; }

    /// <summary>Packages of the tree that <paramref name="found"/> does not hold yet.</summary>
    ExtractionResult Extract(ScanTree tree, IReadOnlyList<Package> found);
}

/// <summary>Reads packages out of executables and libraries, whatever their name; gets every ELF, PE and Mach-O file.</summary>
internal interface IBinaryExtractor
{
    /// <summary>Stable id, as <see cref="IExtractor.Name"/>.</summary>
    string Name { get; }

    /// <summary>Packages of one binary.</summary>
    ExtractionResult Extract(ScanFile file);
}
