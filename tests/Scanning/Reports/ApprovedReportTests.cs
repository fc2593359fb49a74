using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning.Reports;

namespace Pellicle.Scanning.Tests.Reports;

/// <summary>Each form against a committed file in <c>Approved/</c>. After a wanted change run with <c>PELLICLE_APPROVE=1</c> and review the difference.</summary>
public sealed class ApprovedReportTests
{
    [Theory]
    [InlineData("table", "txt")]
    [InlineData("json", "json")]
    [InlineData("sarif", "json")]
    [InlineData("cyclonedx", "json")]
    [InlineData("spdx", "json")]
    [InlineData("junit", "xml")]
    [InlineData("markdown", "md")]
    [InlineData("html", "html")]
    public void A_report_is_as_approved(string name, string extension)
    {
        ReportWriter.TryParse(name, out var format).ShouldBeTrue();
        var text = ReportWriter.Write(Sample(), format, new ReportOptions(false, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)));
        var file = Path.Combine(Folder(), "Approved", $"{name}.{extension}");
        if (Environment.GetEnvironmentVariable("PELLICLE_APPROVE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }

        text.ShouldBe(File.ReadAllText(file));
    }

    [Fact]
    public void No_place_in_SARIF_begins_with_a_slash()
    {
        var sample = Sample();
        var report = sample with { Targets = [sample.Targets[0] with { Findings = [sample.Targets[0].Findings[0] with { Path = "/opt/wrapper" }] }] };
        ReportWriter.Write(report, ReportFormat.Sarif, new ReportOptions(false, DateTimeOffset.UnixEpoch)).ShouldContain("\"uri\": \"opt/wrapper\"");
    }

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    [InlineData(200)]
    public void On_a_terminal_a_finding_is_one_line_that_fits(int columns)
    {
        var lines = ReportWriter.Write(Sample(), ReportFormat.Table, new ReportOptions(false, DateTimeOffset.UnixEpoch, columns)).Split('\n');
        var findings = lines.Where(line => line.StartsWith("    critical", StringComparison.Ordinal) || line.StartsWith("    medium", StringComparison.Ordinal)).ToArray();
        findings.Length.ShouldBe(2);
        findings.ShouldAllBe(line => line.Length <= columns);
        findings[0].ShouldContain("→ 2.0.0");
        findings[0].ShouldContain("left  ");
        findings[1].ShouldContain("does not load");
    }

    [Fact]
    public void Hostile_names_cannot_drive_a_terminal_or_open_a_tag()
    {
        foreach (var name in ReportWriter.Names)
        {
            ReportWriter.TryParse(name, out var format);
            var text = ReportWriter.Write(Sample(), format, new ReportOptions(false, DateTimeOffset.UnixEpoch));
            text.ShouldNotContain("\u001b", customMessage: name);
            if (format is ReportFormat.Html or ReportFormat.Markdown or ReportFormat.JUnit)
            {
                text.ShouldNotContain("<script>", customMessage: name);
            }
        }
    }

    internal static ScanReport Sample()
    {
        var vulnerable = new Finding
        {
            Fingerprint = "00112233445566778899aabbccddeeff", Kind = FindingKind.Vulnerability, RuleId = "GHSA-x", Aliases = ["CVE-2026-1"], Severity = Severity.Critical,
            Cvss = new Cvss("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8), Purl = "pkg:npm/left@1.0.0", FixedVersions = ["2.0.0"], KnownExploited = true,
            Origin = "function", Path = "node_modules/left/package.json", Title = "left 1.0.0: Bad <script>alert(1)</script> thing", Description = "version 1.0.0 is affected (< 2.0.0)",
            Remediation = "update left to 2.0.0 or later", References = ["https://example.org/advisory?a=1&b=2"],
        };
        var secret = new Finding
        {
            Fingerprint = "ffeeddccbbaa99887766554433221100", Kind = FindingKind.Secret, RuleId = "secret/aws-key", Severity = Severity.Medium, Effective = false,
            Origin = "layer:base", Path = "evil\u001b[31m|name`.py", Title = "AWS access key AKIA…", Remediation = "revoke it",
        };
        var hidden = vulnerable with { Fingerprint = "0123456789abcdef0123456789abcdef", RuleId = "CVE-2026-2", Aliases = [], Severity = Severity.Low };
        ScanTarget[] targets =
        [
            new()
            {
                Kind = "function", Name = "orders", Arn = "arn:aws:lambda:eu-central-1:123456789012:function:orders", Runtime = "nodejs22.x", Sha256 = new string('a', 64), Status = ScanStatus.Partial,
                Layers = [new ScannedLayer("base", null, 1, new string('b', 64))],
                Errors = [new FileError("layer:base", "broken.jar", "is no sound archive", "fetch it again")],
                Packages =
                [
                    new() { Purl = "pkg:npm/left@1.0.0", Ecosystem = "npm", Name = "left", Version = "1.0.0", Origin = "function", Path = "node_modules/left/package.json", Evidence = PackageEvidence.Installed, License = "MIT" },
                    new() { Purl = "pkg:npm/left@2.0.0", Ecosystem = "npm", Name = "left", Version = "2.0.0", Origin = "layer:base", Path = "nodejs/node_modules/left/package.json", Evidence = PackageEvidence.Installed, Effective = false, ShadowedBy = "function node_modules/left/package.json", License = "see LICENSE" },
                ],
                Findings = [vulnerable, secret],
                Suppressed = [new SuppressedFinding(hidden, "not reachable", ".pellicle-ignore.yaml")],
            },
            new() { Kind = "zip", Name = "clean.zip", Sha256 = new string('c', 64), Status = ScanStatus.Succeeded },
        ];
        return new ScanReport { Tool = new ToolInfo("pellicle", "0.1.0"), AdvisoryDatabase = new DatabaseInfo("0011223344556677", "2026-01-01T00:00:00Z", 42), Targets = targets, Summary = ScanSummary.Of(targets) };
    }

    private static string Folder([System.Runtime.CompilerServices.CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
