using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Scanning.Reports;

/// <summary>Which findings stop a release. Posture, secret, hijack, malware and licence findings count as fixable: the owner can act on them.</summary>
/// <param name="FailOn">Lowest severity that counts; null lets everything pass.</param>
/// <param name="OnlyEffective">Only what would load.</param>
/// <param name="OnlyFixable">Only vulnerabilities with a fixed version.</param>
public sealed record Gate(Severity? FailOn, bool OnlyEffective = false, bool OnlyFixable = false)
{
    /// <summary>Findings that stop the release, in the report's order.</summary>
    public IReadOnlyList<Finding> Stops(ScanReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return FailOn is not { } lowest ? [] : [.. report.Targets.SelectMany(t => t.Findings).Where(f =>
            f.Severity >= lowest && (!OnlyEffective || f.Effective) && (!OnlyFixable || f.Kind != FindingKind.Vulnerability || f.FixedVersions.Count > 0))];
    }

    /// <summary>Exit code of <c>scan</c>: 1 for findings that stop, else 3 where a target is not complete, else 0.</summary>
    public int ExitCode(ScanReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return Stops(report).Count > 0 ? 1 : report.Targets.Any(t => t.Status != ScanStatus.Succeeded) ? 3 : 0;
    }
}
