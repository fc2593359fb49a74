using Pellicle.Domain;
using Pellicle.Scanning.View;

namespace Pellicle.Scanning.Hijack;

/// <summary>R-9: native files that no package accounts for, that are packed, or that the function's processor cannot run.</summary>
internal static class NativeBinaries
{
    /// <summary>The check's id.</summary>
    public const string Id = "R-9";

    private const int MaxNamed = 5;

    // Packages ship a file for each processor, and say so in its path.
    private static readonly string[] Variants = ["arm64", "aarch64", "x86_64", "x86-64", "amd64", "x64", "prebuilds"];

    public static IEnumerable<Finding> Judge(EffectiveView view)
    {
        foreach (var contents in view.Targets)
        {
            var files = contents.Facts.NativeFiles;
            foreach (var file in files.Where(f => f.IsPacked))
            {
                yield return Make(contents.Origin, file.Path, $"{file.Path} is packed", "the program unpacks itself when it starts: what it holds cannot be looked at", "ship the program unpacked, or replace it");
            }

            foreach (var file in files.Where(f => IsForeign(f, view.Runtime.Architecture, files)))
            {
                yield return Make(contents.Origin, file.Path, $"{file.Path} is built for {file.Machine}", $"the function runs on {view.Runtime.Architecture}, where this file cannot be loaded", $"build it for {view.Runtime.Architecture}");
            }

            var unknown = files.Where(f => f is { IsAccounted: false, IsPacked: false } && !IsOwnProgram(f.Path, contents.Origin)).Select(f => f.Path).ToList();
            if (unknown.Count > 0)
            {
                yield return Make(
                    contents.Origin,
                    unknown[0],
                    $"{unknown.Count} native file{(unknown.Count == 1 ? "" : "s")} without a package",
                    $"{string.Join(", ", unknown.Take(MaxNamed))}{(unknown.Count > MaxNamed ? $" and {unknown.Count - MaxNamed} more" : "")}: nothing says what these are and of which version, so no advisory can be matched",
                    "take them from a package, or keep a record of source and version beside them");
            }
        }
    }

    private static bool IsForeign(NativeFile file, string? architecture, IReadOnlyList<NativeFile> all) =>
        architecture is "x86_64" or "arm64" && file.Machine.Length > 0 && file.Machine != architecture
        && !Variants.Any(v => file.Path.Contains(v, StringComparison.OrdinalIgnoreCase))
        && !all.Any(other => other.Machine == architecture && Path.GetFileName(other.Path) == Path.GetFileName(file.Path));

    // What a custom runtime starts is the function's own code.
    private static bool IsOwnProgram(string path, string origin) => (origin == "function" && path is "bootstrap" or "main" or "bin/bootstrap") || path.StartsWith("extensions/", StringComparison.Ordinal);

    private static Finding Make(string origin, string path, string title, string why, string repair) => new()
    {
        Fingerprint = Finding.MakeFingerprint(FindingKind.Posture, Id, null, origin, $"{path}#{title}"),
        Kind = FindingKind.Posture,
        RuleId = Id,
        Severity = Severity.Medium,
        Origin = origin,
        Path = path,
        Title = title,
        Description = why,
        Remediation = repair,
    };
}
