using Pellicle.Domain;
using Pellicle.Scanning.Hijack;
using Pellicle.Scanning.Matching;
using Pellicle.Scanning.Reports;
using Pellicle.Scanning.Versions;
using Pellicle.Scanning.View;

namespace Pellicle.Scanning.Pipeline;

/// <summary>Packages and findings of one target, sorted.</summary>
internal sealed record JudgedTarget(IReadOnlyList<ScannedPackage> Packages, IReadOnlyList<Finding> Findings, IReadOnlyList<SuppressedFinding> Suppressed);

/// <summary>Turns what a view holds into packages and findings.</summary>
internal sealed class TargetJudge(ScanRequest request, TargetRequest target, EffectiveView view, List<FileError> errors)
{
    /// <summary>Check H-7: a fixed copy is shadowed by a vulnerable one.</summary>
    public const string ShadowedFixRule = "H-7";

    private readonly Matcher? matcher = request is { MatchAdvisories: true, Database: { } database } ? new Matcher(database) : null;
    private readonly Dictionary<string, IReadOnlyList<AdvisoryMatch>> matches = new(StringComparer.Ordinal);
    private readonly HashSet<string> shadowedFixes = new(StringComparer.Ordinal);

    public JudgedTarget Run(CancellationToken cancellationToken)
    {
        if (request is { MatchAdvisories: true, Database: null })
        {
            errors.Add(new FileError("", "", "no advisory database: vulnerabilities were not looked for", Advisories.DatabaseFormat.FormatHint));
        }

        var packages = new List<ScannedPackage>();
        var findings = new List<Finding>(target.MoreFindings);
        foreach (var contents in view.Targets)
        {
            var loads = new LoadedFiles(target.LoadedFiles, contents.Origin == view.Function.Origin ? "/var/task/" : "/opt/");
            foreach (var package in contents.Packages)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var judgement = view.Judge(package, contents.Origin);
                var loaded = loads.Of(package);
                packages.Add(ToScanned(package, contents.Origin, judgement, loaded));
                AddVulnerabilities(package, contents.Origin, judgement, loaded, findings);
                if (request.Licenses?.Judge(package, contents.Origin, judgement.Effective) is { } license)
                {
                    findings.Add(license);
                }
            }

            findings.AddRange(contents.Secrets);
        }

        findings.AddRange(NativeBinaries.Judge(view));

        // Two versions of one package are a finding once: as a vulnerability where the copy that loads is the worse one.
        findings.AddRange(HijackChecks.Run(view).Where(f => f.RuleId != ShadowedFixRule || !shadowedFixes.Contains(Place(f))).Select(KnowProtection));

        var ordered = findings.DistinctBy(f => f.Fingerprint).OrderBy(f => f, FindingOrder.WorstFirst).ToList();
        var suppressed = new List<SuppressedFinding>();
        if (request.Suppressions is { } suppressions)
        {
            suppressed = [.. ordered.Select(f => (Finding: f, Why: suppressions.Find(f))).Where(s => s.Why is not null).Select(s => new SuppressedFinding(s.Finding, s.Why!.Reason, s.Why.Source))];
            var gone = suppressed.Select(s => s.Finding.Fingerprint).ToHashSet(StringComparer.Ordinal);
            ordered.RemoveAll(f => gone.Contains(f.Fingerprint));
        }

        return new JudgedTarget(
            [.. packages.OrderBy(p => p.Purl, StringComparer.Ordinal).ThenBy(p => p.Origin, StringComparer.Ordinal).ThenBy(p => p.Path, StringComparer.Ordinal)],
            ordered,
            suppressed);
    }

    private Finding KnowProtection(Finding finding) =>
        finding.Kind == FindingKind.Hijack && view.Targets.FirstOrDefault(c => c.Origin == finding.Origin) is { } layer && request.ProtectionLayers.Contains(layer.Sha256)
            ? finding with
            {
                Severity = Severity.Info,
                Description = $"{finding.Description} The layer is the protection layer that was built here: its content is the same, byte for byte.".TrimStart(),
                Remediation = "nothing to do; `pellicle unprotect` takes the layer out",
            }
            : finding;

    private void AddVulnerabilities(Package package, string origin, Judgement judgement, bool? loaded, List<Finding> findings)
    {
        if (matcher is null || package.Version is not { } version || package.Ecosystem == Ecosystem.Generic)
        {
            return;
        }

        var own = Match(package.Ecosystem, package.Name, version);
        if (own.Count == 0 && package.Evidence is PackageEvidence.Installed or PackageEvidence.Binary
            && !VersionOrder.For(package.Ecosystem).IsValid(version) && matcher.Knows(package.Ecosystem, package.Name))
        {
            errors.Add(new FileError(origin, package.Path, $"version `{version}` of `{package.Name}` cannot be compared with advisories", "look it up by hand"));
        }

        findings.AddRange(own.Select(match => ToFinding(match, package, origin, judgement, loaded)));
        if (judgement is { Effective: false, Winner: { Version: { } winning } winner, ShadowedBy: { } by })
        {
            var known = own.SelectMany(m => m.Aliases.Append(m.Id)).ToHashSet(StringComparer.Ordinal);
            var open = Match(winner.Ecosystem, winner.Name, winning).Where(m => !known.Contains(m.Id) && !known.Overlaps(m.Aliases)).ToList();
            if (open.Count > 0 && VersionOrder.For(package.Ecosystem).Compare(version, winning) == VersionComparison.Greater)
            {
                var finding = ShadowedFix(package, version, winning, origin, by, open);
                findings.Add(finding);
                shadowedFixes.Add(Place(finding));
            }
        }
    }

    private static string Place(Finding finding) => $"{finding.Origin}\n{finding.Path}\n{finding.Purl}";

    private IReadOnlyList<AdvisoryMatch> Match(Ecosystem ecosystem, string name, string version)
    {
        var key = $"{ecosystem.Name}\n{name}\n{version}";
        if (!matches.TryGetValue(key, out var found))
        {
            matches.Add(key, found = matcher!.Query(ecosystem, name, version));
        }

        return found;
    }

    private static Finding ToFinding(AdvisoryMatch match, Package package, string origin, Judgement judgement, bool? loaded)
    {
        var kind = match.IsMalware ? FindingKind.Malware : FindingKind.Vulnerability;
        var purl = package.Purl.ToString();
        var why = match.Evidence == "listed by version" ? $"version {package.Version} is listed as affected" : $"version {package.Version} is affected ({match.Evidence})";
        var more = string.Concat(
            match.KnownExploited ? "; known to be exploited" : "",
            match.Epss.Score > 0 ? FormattableString.Invariant($"; EPSS {match.Epss.Score:0.00} (percentile {match.Epss.Percentile:0.00})") : "",
            match.IsSeverityStated ? "" : "; no severity is stated, medium is assumed",
            judgement.Effective || judgement.Reason.Length == 0 ? "" : $"; this copy does not load: {judgement.Reason}");
        return new Finding
        {
            Fingerprint = Finding.MakeFingerprint(kind, match.Id, purl, origin, package.Path),
            Kind = kind,
            RuleId = match.Id,
            Aliases = match.Aliases,
            Severity = match.Severity,
            Cvss = match.Cvss,
            Purl = purl,
            FixedVersions = match.FixedVersions,
            Effective = judgement.Effective,
            Loaded = loaded,
            KnownExploited = match.KnownExploited,
            Origin = origin,
            Path = package.Path,
            Title = $"{package.Name} {package.Version}: {(match.Summary.Length > 0 ? match.Summary : match.Id)}",
            Description = why + more,
            Remediation = match.IsMalware ? $"remove {package.Name}; treat what it could reach as stolen"
                : match.FixedVersions.Count > 0 ? $"update {package.Name} to {match.FixedVersions[0]} or later{(origin == "function" ? "" : $" in {origin.Replace(":", " ", StringComparison.Ordinal)}")}"
                : $"no fixed version of {package.Name} is known; replace it, or keep the affected part from being reached",
            References = match.References,
        };
    }

    private static Finding ShadowedFix(Package package, string version, string winning, string origin, string by, List<AdvisoryMatch> open)
    {
        var worst = open.OrderByDescending(m => m.Severity).ThenByDescending(m => m.Cvss?.Score ?? 0).ThenBy(m => m.Id, StringComparer.Ordinal).First();
        var purl = package.Purl.ToString();
        return new Finding
        {
            Fingerprint = Finding.MakeFingerprint(FindingKind.Vulnerability, ShadowedFixRule, purl, origin, package.Path),
            Kind = FindingKind.Vulnerability,
            RuleId = ShadowedFixRule,
            Severity = worst.Severity,
            Cvss = worst.Cvss,
            Purl = purl,
            KnownExploited = open.Any(m => m.KnownExploited),
            Origin = origin,
            Path = package.Path,
            Title = $"{package.Name} {version} is fixed but never loads: {winning} shadows it",
            Description = $"{by} is found first and is affected by {string.Join(", ", open.Select(m => m.Id).Order(StringComparer.Ordinal))}, which {version} is not",
            Remediation = $"remove or update the copy at {by}",
        };
    }

    private static ScannedPackage ToScanned(Package package, string origin, Judgement judgement, bool? loaded) => new()
    {
        Purl = package.Purl.ToString(),
        Ecosystem = package.Ecosystem.Name,
        Name = package.Name,
        Version = package.Version,
        Origin = origin,
        Path = package.Path,
        Evidence = package.Evidence,
        Effective = judgement.Effective,
        ShadowedBy = judgement.ShadowedBy,
        Loaded = loaded,
        License = package.License,
    };
}
