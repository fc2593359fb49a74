using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Distributions;

/// <summary><c>var/lib/dpkg/status</c>, and the files of <c>status.d</c> in images without a package manager: paragraphs of <c>Key: value</c>.</summary>
internal sealed class DpkgStatus : IExtractor
{
    private const string Status = "var/lib/dpkg/status", Parts = "var/lib/dpkg/status.d/";

    public string Name => "deb/dpkg-status";

    public bool IsRequired(ScanPath path) => (path.Is("status") && Root(path) is not null) || (path.HasDirectory("status.d") && Root(path) is not null && !path.EndsWith(".md5sums"));

    public ExtractionResult Extract(ScanFile file)
    {
        var release = OsRelease.Find(file.Tree, Root(file.InnerPath) ?? "");
        var ecosystem = OsRelease.EcosystemOf(release, Ecosystem.Debian);
        var packages = new List<Package>();
        var errors = new List<FileError>();
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        var damaged = 0;
        foreach (var line in file.Text.AsSpan().EnumerateLines())
        {
            if (line.IsWhiteSpace())
            {
                damaged += Add(file, ecosystem, release, fields, packages) ? 0 : 1;
                fields.Clear();
            }
            else if (line[0] is not (' ' or '\t') && line.IndexOf(':') is var colon and > 0)
            {
                fields.TryAdd(line[..colon].ToString(), line[(colon + 1)..].Trim().ToString());
            }
        }

        damaged += Add(file, ecosystem, release, fields, packages) ? 0 : 1;
        if (damaged > 0)
        {
            errors.Add(new FileError("", file.Path.Value, $"{damaged} paragraph{(damaged == 1 ? "" : "s")} without a usable name or version"));
        }

        return new ExtractionResult(packages, errors);
    }

    /// <summary>False for a paragraph that names no package; removed packages are no damage.</summary>
    private static bool Add(ScanFile file, Ecosystem ecosystem, OsRelease? release, Dictionary<string, string> fields, List<Package> packages)
    {
        // Removed ones stay listed with the rest of their settings: `deinstall ok config-files`.
        if (fields.Count == 0 || (fields.TryGetValue("Status", out var status) && !status.EndsWith(" installed", StringComparison.Ordinal)))
        {
            return true;
        }

        // `openssl`, or `glibc (2.36-9+deb12u3)` where the version is another.
        var source = fields.GetValueOrDefault("Source");
        var open = source?.IndexOf(" (", StringComparison.Ordinal) ?? -1;
        var sourceVersion = open > 0 && source![^1] == ')' ? source[(open + 2)..^1] : null;
        source = open > 0 ? source![..open] : source;
        if (DistributionPackage.Create(file, ecosystem, release, fields.GetValueOrDefault("Package"), fields.GetValueOrDefault("Version"), source, sourceVersion, fields.GetValueOrDefault("Architecture"), null) is not { } package)
        {
            return false;
        }

        packages.Add(package);
        return true;
    }

    private static string? Root(ScanPath path)
    {
        var at = path.Value.IndexOf(Parts, StringComparison.Ordinal);
        return at == 0 || (at > 0 && path.Value[at - 1] == '/') ? path.Value[..at] : DistributionPackage.Root(path, Status);
    }
}
