using Pellicle.Domain;
using Pellicle.Scanning.Archives;

namespace Pellicle.Scanning.Extractors.Ruby;

/// <summary><c>Gemfile.lock</c>: the four-space lines of GEM sections.</summary>
internal sealed class GemfileLock : IExtractor
{
    public string Name => "gem/gemfile-lock";

    public bool IsRequired(ScanPath path) => path.FileName is "Gemfile.lock" or "gems.locked" or "Gemfile.next.lock" && !path.HasDirectory("gems");

    public ExtractionResult Extract(ScanFile file)
    {
        var packages = new List<Package>();
        var inGem = false;
        foreach (var line in file.Text.AsSpan().EnumerateLines())
        {
            if (line.Length > 0 && line[0] != ' ')
            {
                inGem = line.TrimEnd().SequenceEqual("GEM");
            }
            else if (inGem && line.Length > 6 && line.StartsWith("    ") && line[4] != ' ' && line.IndexOf('(') is var open and > 5 && line[open..].IndexOf(')') is var close and > 1)
            {
                if (file.Package(Ecosystem.RubyGems, line[4..(open - 1)].Trim().ToString(), GemName.WithoutPlatform(line.Slice(open + 1, close - 1).ToString()), PackageEvidence.Declared) is { } package)
                {
                    packages.Add(package);
                }
            }
        }

        return ExtractionResult.Of(packages);
    }
}

/// <summary>Installed gems: the names of <c>specifications/NAME-VERSION.gemspec</c> and of the directories <c>gems/NAME-VERSION</c>. Gemspecs are Ruby code; the names say the same and cannot lie about what is loaded.</summary>
internal sealed class InstalledGems : ITreeExtractor
{
    public string Name => "gem/installed";

    public ExtractionResult Extract(ScanTree tree, IReadOnlyList<Package> found)
    {
        var packages = new Dictionary<(string Root, string Full), Package>();
        foreach (var entry in tree.Source.Entries)
        {
            var path = entry.ScanPath;
            if (path.EndsWith(".gemspec") && new ScanPath(path.Directory).FileName is "specifications" or "default" && path.HasDirectory("specifications"))
            {
                var root = entry.Path[..entry.Path.IndexOf("specifications/", StringComparison.Ordinal)];
                Add(packages, tree, root, path.FileName[..^".gemspec".Length].ToString(), entry);
            }
        }

        foreach (var entry in tree.Source.Entries)
        {
            // …/ruby/3.2.0/gems/NAME-VERSION/…, where the specifications directory was stripped.
            var at = entry.Path.IndexOf("/gems/", StringComparison.Ordinal);
            while (at >= 0 && !IsVersionDirectory(entry.Path.AsSpan(0, at)))
            {
                at = entry.Path.IndexOf("/gems/", at + 1, StringComparison.Ordinal);
            }

            if (entry.Kind != EntryKind.File || at < 0)
            {
                continue;
            }

            var rest = entry.Path[(at + 6)..];
            if (rest.IndexOf('/', StringComparison.Ordinal) is var slash and > 0)
            {
                Add(packages, tree, entry.Path[..(at + 1)], rest[..slash], entry);
            }
        }

        return ExtractionResult.Of([.. packages.Values]);
    }

    private static bool IsVersionDirectory(ReadOnlySpan<char> directory)
    {
        var last = directory[(directory.LastIndexOf('/') + 1)..];
        return last.Length >= 3 && char.IsAsciiDigit(last[0]) && last.Contains('.');
    }

    // RubyGems names the directory and the file; nothing else does.
    private static readonly PackageIdentity ByName = new(IdentityMethod.FileName, 1);

    private static void Add(Dictionary<(string, string), Package> packages, ScanTree tree, string root, string full, ScanEntry entry)
    {
        if (!packages.ContainsKey((root, full)) && GemName.Split(full) is var (name, version) && Found.Package(Ecosystem.RubyGems, name, version, tree.Prefix + entry.Path, PackageEvidence.Installed) is { } package)
        {
            packages.Add((root, full), package with { Identity = ByName });
        }
    }
}

internal static class GemName
{
    private static readonly string[] Platforms = ["-x86_64", "-aarch64", "-arm64", "-x86", "-java", "-x64", "-universal", "-arm", "-mingw", "-mswin"];

    /// <summary>Splits <c>NAME-VERSION[-PLATFORM]</c> at the last dash before a digit that leaves a version.</summary>
    public static (string Name, string Version)? Split(string full)
    {
        var text = WithoutPlatform(full);
        var dash = text.LastIndexOf('-');
        return dash > 0 && dash + 1 < text.Length && char.IsAsciiDigit(text[dash + 1]) ? (text[..dash], text[(dash + 1)..]) : null;
    }

    public static string WithoutPlatform(string version)
    {
        foreach (var platform in Platforms)
        {
            var at = version.LastIndexOf(platform, StringComparison.Ordinal);
            if (at > 0)
            {
                return version[..at];
            }
        }

        return version;
    }
}
