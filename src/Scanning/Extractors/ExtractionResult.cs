using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors;

/// <summary>How far reading went.</summary>
internal enum ExtractionStatus
{
    /// <summary>Everything was read.</summary>
    Succeeded,

    /// <summary>Packages were found and errors too.</summary>
    PartiallySucceeded,

    /// <summary>Only errors.</summary>
    Failed,
}

/// <summary>What was found and what went wrong; never one for the other.</summary>
internal sealed record ExtractionResult(IReadOnlyList<Package> Packages, IReadOnlyList<FileError> Errors)
{
    public static ExtractionResult Empty { get; } = new([], []);

    /// <summary>Names each package depends on, by evidence path.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Dependencies { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    public ExtractionStatus Status => (Errors.Count, Packages.Count) switch
    {
        (0, _) => ExtractionStatus.Succeeded,
        (_, 0) => ExtractionStatus.Failed,
        _ => ExtractionStatus.PartiallySucceeded,
    };

    public static ExtractionResult Of(params IReadOnlyList<Package> packages) => new(packages, []);

    public static ExtractionResult Failed(ScanFile file, string message, string hint = "") => new([], [new FileError("", file.Path.Value, message, hint)]);
}

/// <summary>Makes packages; the one place that joins ecosystem, name, version and purl.</summary>
internal static class Found
{
    // Longer names and versions than these exist in no registry; hostile ones are cut off here.
    private const int MaxName = 300, MaxVersion = 128;

    public static Package? Package(Ecosystem ecosystem, string? name, string? version, string path, PackageEvidence evidence, string? license = null, IReadOnlyList<string>? provides = null)
    {
        name = name?.Trim();
        version = version?.Trim();
        if (string.IsNullOrEmpty(name) || name.Length > MaxName || version is { Length: > MaxVersion } || !IsPlain(name) || (version is not null && !IsPlain(version)) || name[^1] is '/' or ':')
        {
            return null;
        }

        if (ecosystem == Ecosystem.PyPI)
        {
            name = Purl.NormalizePyPI(name);
            if (name.Length == 0)
            {
                return null; // nothing but separators
            }
        }

        return new Package
        {
            Purl = Purl.Create(ecosystem, name, version),
            Ecosystem = ecosystem,
            Name = name,
            Version = string.IsNullOrEmpty(version) ? null : version,
            Path = path,
            Evidence = evidence,
            License = string.IsNullOrWhiteSpace(license) ? null : license.Trim()[..Math.Min(200, license.Trim().Length)],
            Provides = provides ?? [],
        };
    }

    private static bool IsPlain(string text)
    {
        foreach (var c in text)
        {
            if (c <= ' ' || c == 0x7F || c is '<' or '>' or '"' or '\\')
            {
                return false;
            }
        }

        return true;
    }
}
