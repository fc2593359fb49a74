using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning.Reports;

namespace Pellicle.Scanning.Tests.Reports;

public sealed class SuppressionsTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("pellicle-vex-").FullName;

    private static Finding Finding => ApprovedReportTests.Sample().Targets[0].Findings[0];

    [Theory]
    [InlineData("ignore:\n- id: cve-2026-1\n  reason: not reachable", true)]
    [InlineData("ignore:\n- id: GHSA-x\n  purl: pkg:npm/left\n  path: node_modules/**\n  reason: r", true)]
    [InlineData("ignore:\n- purl: pkg:npm/left@1.0.1\n  reason: r", false)]
    [InlineData("ignore:\n- path: node_modules/*\n  reason: r", false)]
    [InlineData("ignore:\n- path: '**/left/*.json'\n  reason: r\n  expires: 2999-01-01", true)]
    [InlineData("ignore:\n- id: GHSA-x\n  reason: r\n  expires: 2020-01-01", false)]
    [InlineData("ignore: []", false)]
    public void An_ignore_rule_takes_out_what_it_names_until_it_expires(string yaml, bool found)
    {
        var suppressions = new Suppressions(TimeProvider.System);
        suppressions.AddIgnoreFile(Save(yaml));
        suppressions.Errors.ShouldBeEmpty();
        (suppressions.Find(Finding) is not null).ShouldBe(found);
        suppressions.Expired.Count.ShouldBe(yaml.Contains("2020", StringComparison.Ordinal) ? 1 : 0);
    }

    [Theory]
    [InlineData("ignore:\n- id: GHSA-x")]
    [InlineData("ignore:\n- reason: everything")]
    [InlineData("ignore:\n- id: GHSA-x\n  reason: r\n  expires: tomorrow")]
    [InlineData("ignore:\n- id: GHSA-x\n  resaon: r\n  reason: r")]
    [InlineData("ignore: yes")]
    [InlineData("{ no yaml")]
    public void A_bad_rule_is_an_error_and_hides_nothing(string yaml)
    {
        var suppressions = new Suppressions(TimeProvider.System);
        suppressions.AddIgnoreFile(Save(yaml));
        suppressions.Errors.ShouldNotBeEmpty();
        suppressions.Find(Finding).ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{"vulnerability":{"name":"CVE-2026-1"},"products":[{"@id":"pkg:npm/left@1.0.0"}],"status":"not_affected","justification":"vulnerable_code_not_present"}]}""", true)]
    [InlineData("""{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{"vulnerability":{"name":"CVE-2026-1"},"products":[{"@id":"pkg:oci/app","subcomponents":[{"@id":"pkg:npm/left"}]}],"status":"fixed"}]}""", true)]
    [InlineData("""{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{"vulnerability":{"name":"CVE-2026-1"},"products":[{"@id":"pkg:npm/left@1.0.0"}],"status":"affected"}]}""", false)]
    [InlineData("""{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{"vulnerability":{"name":"CVE-2026-1"},"products":[{"@id":"urn:other"}],"status":"not_affected"}]}""", false)]
    [InlineData("""{"bomFormat":"CycloneDX","components":[{"bom-ref":"c1","purl":"pkg:npm/left@1.0.0"}],"vulnerabilities":[{"id":"CVE-2026-1","analysis":{"state":"not_affected","detail":"d"},"affects":[{"ref":"c1"}]}]}""", true)]
    [InlineData("""{"bomFormat":"CycloneDX","vulnerabilities":[{"id":"CVE-2026-1","analysis":{"state":"in_triage"},"affects":[{"ref":"pkg:npm/left@1.0.0"}]}]}""", false)]
    public void A_vex_statement_takes_out_what_is_not_affected(string json, bool found)
    {
        var suppressions = new Suppressions(TimeProvider.System);
        suppressions.AddVex(Save(json));
        suppressions.Errors.ShouldBeEmpty();
        (suppressions.Find(Finding) is not null).ShouldBe(found);
    }

    [Fact]
    public void A_baseline_hides_known_findings_only()
    {
        var suppressions = new Suppressions(TimeProvider.System);
        suppressions.AddBaseline(Save(ScanJson.Write(ApprovedReportTests.Sample())));
        suppressions.Find(Finding).ShouldNotBeNull();
        suppressions.Find(Finding with { Fingerprint = "other" }).ShouldBeNull();
    }

    [Fact]
    public void The_gate_counts_severity_effect_and_fix()
    {
        var report = ApprovedReportTests.Sample();
        new Gate(Severity.Medium).Stops(report).Count.ShouldBe(2);
        new Gate(Severity.Medium, OnlyEffective: true).Stops(report).Count.ShouldBe(1);
        new Gate(Severity.High, OnlyFixable: true).ExitCode(report).ShouldBe(1);
        new Gate(null).ExitCode(report).ShouldBe(3);
        new Gate(Severity.Critical).ExitCode(report with { Targets = [report.Targets[1]] }).ShouldBe(0);
    }

    [Theory]
    [InlineData("MIT", true)]
    [InlineData("GPL-3.0-only", false)]
    [InlineData("MIT OR GPL-3.0-only", true)]
    [InlineData("MIT AND GPL-3.0-only", false)]
    [InlineData("(MIT OR GPL-3.0-only) AND Apache-2.0", true)]
    [InlineData("GPL-2.0-only WITH Classpath-exception-2.0", false)]
    public void A_licence_policy_reads_expressions(string expression, bool allowed) =>
        new LicensePolicy { Deny = ["GPL-*"] }.IsAllowed(expression).ShouldBe(allowed);

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private string Save(string text)
    {
        var path = Path.Combine(directory, "file");
        File.WriteAllText(path, text);
        return path;
    }
}
