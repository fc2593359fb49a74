using Pellicle.Domain;
using Pellicle.Scanning.Matching;
using Pellicle.Scanning.Reports;
using Pellicle.Scanning.Versions;

namespace Pellicle.Scanning.Pipeline;

/// <summary>What is looked up among advisories.</summary>
/// <param name="Ecosystem">OSV ecosystem name.</param>
/// <param name="Name">OSV package name.</param>
/// <param name="Version">Version.</param>
/// <param name="IsGuess">True where the package does not say its group itself: advisories may know its artifact under another of the same owner.</param>
public readonly record struct PackageVersion(string Ecosystem, string Name, string Version, bool IsGuess = false);

/// <summary>What the advisories say of a package version.</summary>
/// <param name="Matches">Advisories that affect it, sorted by id.</param>
/// <param name="IsUncomparable">Its version cannot be put in order although records name the package.</param>
/// <param name="KnownAs">Name under which the advisories know it, where its own was a guess that they do not know.</param>
public sealed record AdvisoryAnswer(IReadOnlyList<AdvisoryMatch> Matches, bool IsUncomparable, string? KnownAs = null)
{
    /// <summary>No advisory.</summary>
    public static AdvisoryAnswer None { get; } = new([], false);
}

/// <summary>A package of a target with everything that decides its findings besides the advisories.</summary>
/// <param name="Package">The package as reported.</param>
/// <param name="Reason">Why it does not load; empty where it does.</param>
/// <param name="Winner">The copy that loads instead, where it is known with its version.</param>
public sealed record JudgedPackage(ScannedPackage Package, string Reason, PackageVersion? Winner)
{
    /// <summary>What is looked up for it; null where nothing can be.</summary>
    public PackageVersion? Key => Package.Version is { } version && Package.Ecosystem != Ecosystem.Generic.Name ? new PackageVersion(Package.Ecosystem, Package.Name, version, Package.IsGuess) : null;
}

/// <summary>A scanned target before advisories: they can be applied again without reading its content.</summary>
public sealed record BareTarget(ScanTarget Target, IReadOnlyList<JudgedPackage> Packages);

/// <summary>Findings that follow from advisories. The one place where they are made, for a scan and for stored inventories.</summary>
public static class AdvisoryJudge
{
    /// <summary>Check H-7: a fixed copy is shadowed by a vulnerable one.</summary>
    public const string ShadowedFixRule = "H-7";

    // Each step takes a version that some record calls repaired; lines of releases that are kept up beside each other are few.
    private const int MaxUpdateSteps = 20;

    /// <summary>Asks a database.</summary>
    public static AdvisoryAnswer Ask(Matcher matcher, PackageVersion package)
    {
        ArgumentNullException.ThrowIfNull(matcher);
        if (!Ecosystem.TryParse(package.Ecosystem, out var ecosystem))
        {
            return AdvisoryAnswer.None;
        }

        var knownAs = package.IsGuess ? matcher.KnownAs(ecosystem, package.Name) : null;
        var name = knownAs ?? package.Name;
        var matches = matcher.Query(ecosystem, name, package.Version);
        return matches.Count > 0 ? new AdvisoryAnswer(matches, false, knownAs)
            : !VersionOrder.For(ecosystem).IsValid(package.Version) && matcher.Knows(ecosystem, name) ? new AdvisoryAnswer([], true, knownAs)
            : AdvisoryAnswer.None;
    }

    /// <summary>The target with what the advisories say of it.</summary>
    public static ScanTarget Complete(BareTarget bare, Func<PackageVersion, AdvisoryAnswer> ask)
    {
        ArgumentNullException.ThrowIfNull(bare);
        var advised = Judge(bare.Packages, ask);
        if (advised is { Findings.Count: 0, Errors.Count: 0 })
        {
            return bare.Target;
        }

        var errors = Sorted(bare.Target.Errors.Concat(advised.Errors));
        return bare.Target with
        {
            Findings = Sorted(advised.Findings.Concat(bare.Target.Findings.Where(f => advised.Keeps(f)))),
            Errors = errors,
            Status = bare.Target.Status == ScanStatus.Succeeded && errors.Count > 0 ? ScanStatus.Partial : bare.Target.Status,
        };
    }

    /// <summary>Fingerprint and title of the finding that a match makes of a package at one place.</summary>
    public static (string Fingerprint, string Title) Identify(AdvisoryMatch match, string purl, PackageVersion package, string origin, string path)
    {
        ArgumentNullException.ThrowIfNull(match);
        return (Finding.MakeFingerprint(KindOf(match), match.Id, purl, origin, path), TitleOf(match, package));
    }

    internal static List<Finding> Sorted(IEnumerable<Finding> findings) => [.. findings.DistinctBy(f => f.Fingerprint).OrderBy(f => f, FindingOrder.WorstFirst)];

    internal static List<FileError> Sorted(IEnumerable<FileError> errors) =>
        [.. errors.Distinct().OrderBy(e => e.Origin, StringComparer.Ordinal).ThenBy(e => e.Path, StringComparer.Ordinal).ThenBy(e => e.Message, StringComparer.Ordinal)];

    internal static Advised Judge(IReadOnlyList<JudgedPackage> packages, Func<PackageVersion, AdvisoryAnswer> ask)
    {
        var advised = new Advised();
        foreach (var judged in packages)
        {
            if (judged.Key is { } key)
            {
                Add(judged, key, ask, advised);
            }
        }

        return advised;
    }

    private static void Add(JudgedPackage judged, PackageVersion key, Func<PackageVersion, AdvisoryAnswer> ask, Advised advised)
    {
        var package = judged.Package;
        var own = ask(key);
        if (own.IsUncomparable && package.Evidence is (PackageEvidence.Installed or PackageEvidence.Binary))
        {
            advised.Errors.Add(new FileError(package.Origin, package.Path, $"version `{key.Version}` of `{package.Name}` cannot be compared with advisories", "look it up by hand"));
        }

        var updateTo = UpdateOf(key, own.Matches, ask);
        advised.Findings.AddRange(own.Matches.Select(match => ToFinding(match, judged, key, own.KnownAs) with { UpdateTo = match.FixedVersions.Count > 0 ? updateTo : null }));
        if (package is { Effective: false, ShadowedBy: { } by } && judged.Winner is { } winner && Ecosystem.TryParse(key.Ecosystem, out var ecosystem))
        {
            var known = own.Matches.SelectMany(m => m.Aliases.Append(m.Id)).ToHashSet(StringComparer.Ordinal);
            var open = ask(winner).Matches.Where(m => !known.Contains(m.Id) && !known.Overlaps(m.Aliases)).ToList();
            if (open.Count > 0 && VersionOrder.For(ecosystem).Compare(key.Version, winner.Version) == VersionComparison.Greater)
            {
                var finding = ShadowedFix(package, key.Version, winner.Version, by, open);
                advised.Findings.Add(finding);
                advised.ShadowedFixes.Add(Advised.Place(finding));
            }
        }
    }

    /// <summary>
    /// The version to update to: the smallest one above all repairs that the records name for this version in which nothing else is open that a later version repairs. The greatest of the repairs alone may
    /// lie in another line of releases, in which another advisory is repaired later.
    /// </summary>
    private static string? UpdateOf(PackageVersion key, IReadOnlyList<AdvisoryMatch> matches, Func<PackageVersion, AdvisoryAnswer> ask)
    {
        if (!Ecosystem.TryParse(key.Ecosystem, out var ecosystem))
        {
            return null;
        }

        var order = VersionOrder.For(ecosystem);
        string? to = null;
        for (var i = 0; i < MaxUpdateSteps; i++)
        {
            var next = matches.Where(match => match.FixedVersions.Count > 0).Select(match => match.FixedVersions[0]).Aggregate(to, (a, b) => a is null || VersionOrder.CompareTotal(order, a, b) < 0 ? b : a);
            if (next is null || next == to)
            {
                break;
            }

            to = next;
            matches = ask(key with { Version = to }).Matches;
        }

        return to;
    }

    private static FindingKind KindOf(AdvisoryMatch match) => match.IsMalware ? FindingKind.Malware : FindingKind.Vulnerability;

    private static string TitleOf(AdvisoryMatch match, PackageVersion package) => $"{package.Name} {package.Version}: {(match.Summary.Length > 0 ? match.Summary : match.Id)}";

    private static Finding ToFinding(AdvisoryMatch match, JudgedPackage judged, PackageVersion key, string? knownAs)
    {
        var package = judged.Package;
        var name = knownAs ?? package.Name;
        var why = match.Evidence == "listed by version" ? $"version {key.Version} is listed as affected" : $"version {key.Version} is affected ({match.Evidence})";
        var more = string.Concat(
            knownAs is not null ? $"; the package does not say its group, and `{knownAs}` is the one of that owner with this name" : "",
            package.Confidence < 1 ? FormattableString.Invariant($"; that it is {name} was told by {ScanJson.Word(package.Method)}, confidence {package.Confidence:0.##}") : "",
            match.KnownExploited ? "; known to be exploited" : "",
            match.Epss.Score > 0 ? FormattableString.Invariant($"; EPSS {match.Epss.Score:0.00} (percentile {match.Epss.Percentile:0.00})") : "",
            match.IsSeverityStated ? "" : "; no severity is stated, medium is assumed",
            package.Effective || judged.Reason.Length == 0 ? "" : $"; this copy does not load: {judged.Reason}");
        var (fingerprint, title) = Identify(match, package.Purl, key, package.Origin, package.Path);
        return new Finding
        {
            Fingerprint = fingerprint,
            Kind = KindOf(match),
            RuleId = match.Id,
            Aliases = match.Aliases,
            Severity = match.Severity,
            Cvss = match.Cvss,
            Purl = package.Purl,
            FixedVersions = match.FixedVersions,
            Effective = package.Effective,
            Loaded = package.Loaded,
            KnownExploited = match.KnownExploited,
            Origin = package.Origin,
            Path = package.Path,
            Title = title,
            Description = why + more,
            Remediation = match.IsMalware ? $"remove {name}; treat what it could reach as stolen"
                : match.FixedVersions.Count > 0 ? $"update {name} to {match.FixedVersions[0]} or later{(package.Origin == "function" ? "" : $" in {package.Origin.Replace(":", " ", StringComparison.Ordinal)}")}"
                : $"no fixed version of {name} is known; replace it, or keep the affected part from being reached",
            References = match.References,
        };
    }

    private static Finding ShadowedFix(ScannedPackage package, string version, string winning, string by, List<AdvisoryMatch> open)
    {
        var worst = open.OrderByDescending(m => m.Severity).ThenByDescending(m => m.Cvss?.Score ?? 0).ThenBy(m => m.Id, StringComparer.Ordinal).First();
        return new Finding
        {
            Fingerprint = Finding.MakeFingerprint(FindingKind.Vulnerability, ShadowedFixRule, package.Purl, package.Origin, package.Path),
            Kind = FindingKind.Vulnerability,
            RuleId = ShadowedFixRule,
            Severity = worst.Severity,
            Cvss = worst.Cvss,
            Purl = package.Purl,
            KnownExploited = open.Any(m => m.KnownExploited),
            Origin = package.Origin,
            Path = package.Path,
            Title = $"{package.Name} {version} is fixed but never loads: {winning} shadows it",
            Description = $"{by} is found first and is affected by {string.Join(", ", open.Select(m => m.Id).Order(StringComparer.Ordinal))}, which {version} is not",
            Remediation = $"remove or update the copy at {by}",
        };
    }

    /// <summary>What advisories add to a target.</summary>
    internal sealed class Advised
    {
        public List<Finding> Findings { get; } = [];

        public List<FileError> Errors { get; } = [];

        public HashSet<string> ShadowedFixes { get; } = new(StringComparer.Ordinal);

        /// <summary>Two versions of one package are a finding once: as a vulnerability where the copy that loads is the worse one.</summary>
        public bool Keeps(Finding finding) => finding.RuleId != ShadowedFixRule || !ShadowedFixes.Contains(Place(finding));

        public static string Place(Finding finding) => $"{finding.Origin}\n{finding.Path}\n{finding.Purl}";
    }
}
