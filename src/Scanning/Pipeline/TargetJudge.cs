using Pellicle.Domain;
using Pellicle.Scanning.Hijack;
using Pellicle.Scanning.Matching;
using Pellicle.Scanning.Reports;
using Pellicle.Scanning.View;

namespace Pellicle.Scanning.Pipeline;

/// <summary>Packages and findings of one target, sorted.</summary>
internal sealed record JudgedTarget(IReadOnlyList<ScannedPackage> Packages, IReadOnlyList<Finding> Findings, IReadOnlyList<SuppressedFinding> Suppressed);

/// <summary>Turns what a view holds into packages and findings.</summary>
internal sealed class TargetJudge(ScanRequest request, TargetRequest target, EffectiveView view, List<FileError> errors)
{
    /// <summary>Packages and what advisories say of them.</summary>
    public JudgedTarget Run(CancellationToken cancellationToken)
    {
        if (request is { MatchAdvisories: true, Database: null })
        {
            errors.Add(new FileError("", "", "no advisory database: vulnerabilities were not looked for", Advisories.DatabaseFormat.FormatHint));
        }

        var (packages, others) = Gather(cancellationToken);
        var advised = AdvisoryJudge.Judge(packages, Answers());
        errors.AddRange(advised.Errors);
        var ordered = AdvisoryJudge.Sorted(advised.Findings.Concat(others.Where(advised.Keeps)));
        var suppressed = new List<SuppressedFinding>();
        if (request.Suppressions is { } suppressions)
        {
            suppressed = [.. ordered.Select(f => (Finding: f, Why: suppressions.Find(f))).Where(s => s.Why is not null).Select(s => new SuppressedFinding(s.Finding, s.Why!.Reason, s.Why.Source))];
            var gone = suppressed.Select(s => s.Finding.Fingerprint).ToHashSet(StringComparer.Ordinal);
            ordered.RemoveAll(f => gone.Contains(f.Fingerprint));
        }

        return new JudgedTarget(packages.ConvertAll(p => p.Package), ordered, suppressed);
    }

    /// <summary>Packages as advisories are applied to them, sorted, and the findings that no advisory has a part in.</summary>
    public (List<JudgedPackage> Packages, List<Finding> Findings) Gather(CancellationToken cancellationToken)
    {
        var packages = new List<JudgedPackage>();
        var findings = new List<Finding>(target.MoreFindings);
        foreach (var contents in view.Targets)
        {
            var loads = new LoadedFiles(target.LoadedFiles, contents.Origin == view.Function.Origin ? "/var/task/" : "/opt/");
            foreach (var package in contents.Packages)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var judgement = view.Judge(package, contents.Origin);
                packages.Add(new JudgedPackage(
                    ToScanned(package, contents.Origin, judgement, loads.Of(package)),
                    judgement.Reason,
                    judgement.Winner is { Version: { } version } winner ? new PackageVersion(winner.Ecosystem.Name, winner.Name, version) : null));
                if (request.Licenses?.Judge(package, contents.Origin, judgement.Effective) is { } license)
                {
                    findings.Add(license);
                }
            }

            findings.AddRange(contents.Secrets);
        }

        findings.AddRange(NativeBinaries.Judge(view).Select(KnowProtection));
        findings.AddRange(HijackChecks.Run(view).Select(KnowProtection));
        return ([.. packages.OrderBy(p => p.Package.Purl, StringComparer.Ordinal).ThenBy(p => p.Package.Origin, StringComparer.Ordinal).ThenBy(p => p.Package.Path, StringComparer.Ordinal)], findings);
    }

    private Func<PackageVersion, AdvisoryAnswer> Answers()
    {
        if (request is not { MatchAdvisories: true, Database: { } database })
        {
            return _ => AdvisoryAnswer.None;
        }

        var matcher = new Matcher(database);
        var answers = new Dictionary<PackageVersion, AdvisoryAnswer>();
        return package =>
        {
            if (!answers.TryGetValue(package, out var answer))
            {
                answers.Add(package, answer = AdvisoryJudge.Ask(matcher, package));
            }

            return answer;
        };
    }

    private Finding KnowProtection(Finding finding) =>
        view.Targets.FirstOrDefault(c => c.Origin == finding.Origin) is { } layer && request.ProtectionLayers.Contains(layer.Sha256)
            ? finding with
            {
                Severity = Severity.Info,
                Description = $"{finding.Description} The layer is the protection layer that was built here: its content is the same, byte for byte.".TrimStart(),
                Remediation = "nothing to do; `pellicle unprotect` takes the layer out",
            }
            : finding;

    private static ScannedPackage ToScanned(Package package, string origin, Judgement judgement, bool? loaded) => new()
    {
        Purl = package.Purl.ToString(),
        Ecosystem = package.Ecosystem.Name,
        Name = package.Name,
        Version = package.Version,
        Origin = origin,
        Path = package.Path,
        Evidence = package.Evidence,
        Method = package.Identity?.Method ?? (package.Evidence == PackageEvidence.Binary ? IdentityMethod.Binary : IdentityMethod.Manifest),
        Confidence = package.Identity?.Confidence ?? 1,
        Effective = judgement.Effective,
        ShadowedBy = judgement.ShadowedBy,
        Loaded = loaded,
        License = package.License,
    };
}
