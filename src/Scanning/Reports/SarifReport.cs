using System.Globalization;
using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Scanning.Reports;

/// <summary>SARIF 2.1.0: one run a target, so that code-scanning pages keep functions apart.</summary>
internal static class SarifReport
{
    public static string Write(ScanReport report) => JsonText.Write(json => json.Item(() =>
    {
        json.WriteString("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
        json.WriteString("version", "2.1.0");
        json.Array("runs", report.Targets, target => json.Item(() => WriteRun(json, report, target)));
    }));

    private static void WriteRun(Utf8JsonWriter json, ScanReport report, ScanTarget target)
    {
        var all = target.Findings.Concat(target.Suppressed.Select(s => s.Finding)).ToList();
        var rules = all.GroupBy(f => f.RuleId, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => g.First()).ToList();
        var index = rules.Select((rule, i) => (rule.RuleId, i)).ToDictionary(r => r.RuleId, r => r.i, StringComparer.Ordinal);
        json.Object("tool", () => json.Object("driver", () =>
        {
            json.WriteString("name", report.Tool.Name);
            json.WriteString("version", report.Tool.Version);
            json.Array("rules", rules, rule => json.Item(() => WriteRule(json, rule)));
        }));
        json.Object("automationDetails", () => json.WriteString("id", $"pellicle/{target.Kind}/{target.Name}/"));
        json.Array("invocations", [target], t => json.Item(() =>
        {
            json.WriteBoolean("executionSuccessful", t.Status == ScanStatus.Succeeded);
            json.Array("toolExecutionNotifications", t.Errors, error => json.Item(() =>
            {
                json.WriteString("level", "error");
                json.Object("message", () => json.WriteString("text", error.Hint.Length > 0 ? $"{error.Message} ({error.Hint})" : error.Message));
                if (error.Path.Length > 0)
                {
                    json.Array("locations", [error.Path], path => WriteLocation(json, error.Origin, path));
                }
            }));
        }));
        json.WriteString("columnKind", "utf16CodeUnits");
        var results = target.Findings.Select(f => (Finding: f, Suppressed: (SuppressedFinding?)null)).Concat(target.Suppressed.Select(s => (s.Finding, Suppressed: (SuppressedFinding?)s)));
        json.Array("results", results, r => json.Item(() => WriteResult(json, r.Finding, index[r.Finding.RuleId], r.Suppressed)));
    }

    private static void WriteRule(Utf8JsonWriter json, Finding rule)
    {
        json.WriteString("id", rule.RuleId);
        json.WriteString("name", Words.Of(rule.Kind));
        json.Object("shortDescription", () => json.WriteString("text", rule.Title));
        if (rule.References.FirstOrDefault(r => Uri.TryCreate(r, UriKind.Absolute, out _)) is { } help)
        {
            json.WriteString("helpUri", help);
        }

        json.Object("properties", () =>
        {
            json.Array("tags", ["security", Words.Of(rule.Kind)], json.WriteStringValue);
            json.WriteString("security-severity", Score(rule).ToString("0.0", CultureInfo.InvariantCulture));
        });
    }

    private static void WriteResult(Utf8JsonWriter json, Finding finding, int rule, SuppressedFinding? suppressed)
    {
        json.WriteString("ruleId", finding.RuleId);
        json.WriteNumber("ruleIndex", rule);
        json.WriteString("level", finding.Severity switch
        {
            Severity.Critical or Severity.High => "error",
            Severity.Medium => "warning",
            Severity.Low or Severity.Info => "note",
        });
        json.Object("message", () => json.WriteString("text", string.Join(". ", ((string[])[finding.Title + Words.Marks(finding), finding.Description, finding.Remediation]).Where(p => p.Length > 0))));
        json.Array("locations", [finding], f => WriteLocation(json, f.Origin, f.Path));
        json.Object("partialFingerprints", () => json.WriteString("pellicle/v1", finding.Fingerprint));
        if (suppressed is not null)
        {
            json.Array("suppressions", [suppressed], s => json.Item(() =>
            {
                json.WriteString("kind", "external");
                json.WriteString("justification", s.Reason);
            }));
        }

        json.Object("properties", () =>
        {
            json.WriteString("severity", Words.Of(finding.Severity));
            json.WriteBoolean("effective", finding.Effective);
            if (finding.Purl is { } purl)
            {
                json.WriteString("purl", purl);
            }

            json.Array("fixedVersions", finding.FixedVersions, json.WriteStringValue);
        });
    }

    private static void WriteLocation(Utf8JsonWriter json, string origin, string path) => json.Item(() =>
    {
        if (path.Length > 0)
        {
            // A reference that begins with a slash joins with no base (SARIF 2.1.0, 3.4.3): paths below /opt are relative to the root.
            json.Object("physicalLocation", () => json.Object("artifactLocation", () => json.WriteString("uri", JsonText.Uri(path.TrimStart('/')))));
        }

        json.Array("logicalLocations", [origin], name => json.Item(() =>
        {
            json.WriteString("name", name);
            json.WriteString("kind", "module");
        }));
    });

    /// <summary>Code-scanning pages sort by this number; without CVSS it is the middle of the severity's band.</summary>
    private static double Score(Finding finding) => finding.Cvss?.Score is { } score and > 0 ? score : finding.Severity switch
    {
        Severity.Critical => 9.5,
        Severity.High => 8.0,
        Severity.Medium => 5.5,
        Severity.Low => 2.0,
        Severity.Info => 0.0,
    };
}
