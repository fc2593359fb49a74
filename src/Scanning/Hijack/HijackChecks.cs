using Pellicle.Domain;
using Pellicle.Scanning.View;

namespace Pellicle.Scanning.Hijack;

/// <summary>One way in which a layer or a variable takes over the runtime (POSTURE_CHECKS section 8). Pure: the view in, findings out.</summary>
internal interface IHijackCheck
{
    /// <summary><c>H-1</c> to <c>H-10</c>.</summary>
    string Id { get; }

    /// <summary>Findings, in no order.</summary>
    IEnumerable<Finding> Check(EffectiveView view);
}

/// <summary>All takeover checks.</summary>
public static class HijackChecks
{
    /// <summary>Runs every check; sorted by rule, origin and path.</summary>
    public static IReadOnlyList<Finding> Run(EffectiveView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        return [.. Create().SelectMany(check => check.Check(view))
            .DistinctBy(finding => finding.Fingerprint)
            .OrderBy(finding => finding.RuleId.Length).ThenBy(finding => finding.RuleId, StringComparer.Ordinal).ThenBy(finding => finding.Origin, StringComparer.Ordinal).ThenBy(finding => finding.Path, StringComparer.Ordinal)];
    }

    /// <summary>Runs the checks that need the configuration alone (H-1, H-2, H-8, H-9), for a function whose files could not be read.</summary>
    public static IReadOnlyList<Finding> RunOnConfiguration(RuntimeInfo runtime)
    {
        var nothing = new TargetContents { Origin = Hijacks.Configuration, Sha256 = "", Entries = [], Packages = [], Errors = [], Secrets = [], Facts = new ContentFacts() };
        return Run(EffectiveView.Build(nothing, [], runtime));
    }

    internal static IReadOnlyList<IHijackCheck> Create() =>
        [new Wrapper(), new CodeLoadingVariables(), new PythonStartupFiles(), new ExternalExtensions(), new OverwrittenPaths(), new ReplacedLibraries(), new DifferentVersions(), new VendorHandlers(), new TrustVariables(), new ArchiveTricks()];
}

/// <summary>Makes takeover findings.</summary>
internal static class Hijacks
{
    /// <summary>Origin of findings about the function's configuration.</summary>
    public const string Configuration = "function";

    public static Finding Found(this IHijackCheck check, Severity severity, string origin, string path, string title, string why, string repair, bool effective = true, string? purl = null) => new()
    {
        Fingerprint = Finding.MakeFingerprint(FindingKind.Hijack, check.Id, purl, origin, path),
        Kind = FindingKind.Hijack,
        RuleId = check.Id,
        Severity = severity,
        Origin = origin,
        Path = path,
        Title = title,
        Description = why,
        Remediation = repair,
        Effective = effective,
        Purl = purl,
    };

    /// <summary>Full paths below /opt and /var/task named in a variable's value.</summary>
    public static IEnumerable<string> Paths(string value)
    {
        foreach (var word in value.Split([' ', ',', ':', ';', '=', '"', '\''], StringSplitOptions.RemoveEmptyEntries))
        {
            var at = word.IndexOf("/opt/", StringComparison.Ordinal) is var opt and >= 0 ? opt : word.IndexOf("/var/task/", StringComparison.Ordinal);
            if (at >= 0)
            {
                yield return word[at..];
            }
        }
    }

    /// <summary>Publisher of the layer with this origin, when its account is known.</summary>
    public static string? Publisher(EffectiveView view, string origin) =>
        view.Layers.FirstOrDefault(layer => layer.Contents.Origin == origin)?.Arn is { } arn && arn.Split(':') is [_, _, _, _, var account, ..] ? Publishers.Find(account) : null;

    /// <summary>False when no file of the function could be read: then nothing is said about what is there and what is not.</summary>
    public static bool HasFiles(EffectiveView view) => view.Function.Entries.Count > 0 || view.Layers.Count > 0;

    public static bool IsExecutable(ViewFile file) => file.Entry.Mode == 0 || (file.Entry.Mode & 0x49) != 0;
}

/// <summary>Accounts that publish layers for others. Facts from the vendors' own documentation.</summary>
internal static class Publishers
{
    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal)
    {
        ["464622532012"] = "Datadog", ["451483290750"] = "New Relic", ["017000801446"] = "AWS Powertools", ["901920570463"] = "AWS Distro for OpenTelemetry", ["580247275435"] = "AWS Lambda Insights",
        ["177933569100"] = "AWS Parameters and Secrets", ["114300393969"] = "Lumigo", ["725887861453"] = "Dynatrace", ["943013980633"] = "Sentry", ["336392948345"] = "AWS SDK for pandas", ["770693421928"] = "Klayers", ["184161586896"] = "OpenTelemetry",
    };

    public static string? Find(string account) => Known.GetValueOrDefault(account);
}
