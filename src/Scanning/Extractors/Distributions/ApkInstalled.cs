using Pellicle.Domain;

namespace Pellicle.Scanning.Extractors.Distributions;

/// <summary><c>lib/apk/db/installed</c>: paragraphs of <c>P:name</c>, <c>V:version</c>, <c>A:architecture</c>, <c>L:licence</c>, <c>o:origin</c>.</summary>
internal sealed class ApkInstalled : IExtractor
{
    private const string Place = "lib/apk/db/installed", Merged = "usr/lib/apk/db/installed";

    public string Name => "apk/installed";

    public bool IsRequired(ScanPath path) => path.Is("installed") && DistributionPackage.Root(path, Merged, Place) is not null;

    public ExtractionResult Extract(ScanFile file)
    {
        var release = OsRelease.Find(file.Tree, DistributionPackage.Root(file.InnerPath, Merged, Place) ?? "");
        var ecosystem = OsRelease.EcosystemOf(release, Ecosystem.Alpine);
        var packages = new List<Package>();
        var damaged = 0;
        var fields = new Dictionary<char, string>();
        void Add()
        {
            if (fields.Count == 0)
            {
                return;
            }

            if (DistributionPackage.Create(file, ecosystem, release, fields.GetValueOrDefault('P'), fields.GetValueOrDefault('V'), fields.GetValueOrDefault('o'), null, fields.GetValueOrDefault('A'), fields.GetValueOrDefault('L')) is { } package)
            {
                packages.Add(package);
            }
            else
            {
                damaged++;
            }

            fields.Clear();
        }

        foreach (var line in file.Text.AsSpan().EnumerateLines())
        {
            if (line.IsWhiteSpace())
            {
                Add();
            }
            else if (line.Length > 2 && line[1] == ':')
            {
                fields.TryAdd(line[0], line[2..].Trim().ToString());
            }
        }

        Add();
        return new ExtractionResult(packages, damaged == 0 ? [] : [new FileError("", file.Path.Value, $"{damaged} paragraph{(damaged == 1 ? "" : "s")} without a usable name or version")]);
    }
}
