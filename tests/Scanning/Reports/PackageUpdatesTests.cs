using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning.Reports;

namespace Pellicle.Scanning.Tests.Reports;

public sealed class PackageUpdatesTests
{
    private static readonly ScanTarget Sample = ApprovedReportTests.Sample().Targets[0];

    private static readonly Finding Finding = Sample.Findings.First(finding => finding.Kind == FindingKind.Vulnerability);

    private static Finding Of(string purl, string path, Severity severity, params string[] fixedVersions) => Finding with { Purl = purl, Path = path, Severity = severity, FixedVersions = fixedVersions };

    [Fact]
    public void Findings_of_one_copy_are_one_update_to_the_greatest_of_the_versions_needed()
    {
        Finding[] findings =
        [
            Of("pkg:npm/axios@1.4.0", "a", Severity.Medium, "1.9.0", "2.0.0"),
            Of("pkg:npm/axios@1.4.0", "a", Severity.High, "1.15.2"),
            Of("pkg:npm/axios@1.4.0", "b", Severity.Low, "1.6.0"),
            Of("pkg:npm/%40s/x@1.0.0", "c", Severity.Critical, "1.0.1"),
            Of("pkg:npm/never@1.0.0", "d", Severity.Critical, "1.0.1") with { Effective = false },
            Of("pkg:npm/nofix@1.0.0", "e", Severity.Critical),
        ];
        PackageUpdates.Of(Sample with { Findings = findings }).Select(update => update.Text).ShouldBe(
        [
            "update @s/x 1.0.0 to 1.0.1: repairs 1 finding, the worst critical",
            "update axios 1.4.0 to 1.15.2: repairs 2 findings, the worst high",
            "update axios 1.4.0 to 1.6.0: repairs 1 finding, the worst low",
        ]);
    }

    [Fact]
    public void The_table_says_what_to_do_where_updates_are_fewer_than_findings()
    {
        var report = ApprovedReportTests.Sample();
        Finding[] findings = [Of("pkg:npm/axios@1.4.0", "node_modules/axios/package.json", Severity.Medium, "1.9.0"), Of("pkg:npm/axios@1.4.0", "node_modules/axios/package.json", Severity.High, "1.15.2")];
        var text = ReportWriter.Write(report with { Targets = [Sample with { Findings = findings }] }, ReportFormat.Table, new ReportOptions(false, DateTimeOffset.UnixEpoch));
        text.ShouldContain("  what to do\n    update axios 1.4.0 to 1.15.2: repairs 2 findings, the worst high (function: node_modules/axios)\n");
    }
}
