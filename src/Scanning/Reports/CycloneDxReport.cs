using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Scanning.Reports;

/// <summary>CycloneDX 1.6: each target an application component, its packages libraries inside it, and the vulnerabilities with what was decided about them.</summary>
internal static class CycloneDxReport
{
    public static string Write(ScanReport report, DateTimeOffset created) => JsonText.Write(json => json.Item(() =>
    {
        json.WriteString("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
        json.WriteString("bomFormat", "CycloneDX");
        json.WriteString("specVersion", "1.6");
        json.WriteString("serialNumber", $"urn:uuid:{JsonText.StableGuid(ScanJson.Write(report))}");
        json.WriteNumber("version", 1);
        json.Object("metadata", () =>
        {
            json.WriteString("timestamp", JsonText.Time(created));
            json.Object("tools", () => json.Array("components", [report.Tool], tool => json.Item(() =>
            {
                json.WriteString("type", "application");
                json.WriteString("name", tool.Name);
                json.WriteString("version", tool.Version);
            })));
            if (report.Targets.Count == 1)
            {
                json.Object("component", () => WriteTarget(json, report.Targets[0], withPackages: false, 0));
            }
        });
        if (report.Targets.Count == 1)
        {
            WriteComponents(json, report.Targets[0], 0);
        }
        else
        {
            json.Array("components", report.Targets.Index(), t => json.Item(() => WriteTarget(json, t.Item, withPackages: true, t.Index)));
        }

        var vulnerabilities = report.Targets.Index().SelectMany(t => t.Item.Findings.Select(f => (Target: t.Index, Finding: f, Reason: (string?)null))
            .Concat(t.Item.Suppressed.Select(s => (Target: t.Index, s.Finding, Reason: (string?)s.Reason)))).Where(v => v.Finding.Kind is FindingKind.Vulnerability or FindingKind.Malware);
        json.Array("vulnerabilities", vulnerabilities, v => json.Item(() => WriteVulnerability(json, v.Target, v.Finding, v.Reason)));
    }));

    private static void WriteTarget(Utf8JsonWriter json, ScanTarget target, bool withPackages, int index)
    {
        json.WriteString("type", "application");
        json.WriteString("bom-ref", $"target-{index}");
        json.WriteString("name", target.Name);
        if (target.Sha256.Length > 0)
        {
            json.Array("hashes", [target.Sha256], hash => json.Item(() =>
            {
                json.WriteString("alg", "SHA-256");
                json.WriteString("content", hash);
            }));
        }

        json.Array("properties", Properties(target), p => json.Property(p.Name, p.Value));
        if (withPackages)
        {
            WriteComponents(json, target, index);
        }
    }

    private static IEnumerable<(string Name, string Value)> Properties(ScanTarget target)
    {
        yield return ("pellicle:kind", target.Kind);
        yield return ("pellicle:status", Words.Of(target.Status));
        if (target.Runtime is { } runtime)
        {
            yield return ("pellicle:runtime", runtime);
        }

        foreach (var layer in target.Layers)
        {
            yield return ("pellicle:layer", $"{layer.Order} {layer.Name} {layer.Sha256}");
        }
    }

    private static void WriteComponents(Utf8JsonWriter json, ScanTarget target, int index) => json.Array("components", target.Packages, package => json.Item(() =>
    {
        var isPurl = Purl.TryParse(package.Purl, out var purl);
        json.WriteString("type", "library");
        json.WriteString("bom-ref", Reference(index, package.Purl, package.Origin, package.Path));
        if (isPurl && purl.Namespace is { } group)
        {
            json.WriteString("group", group);
        }

        json.WriteString("name", isPurl ? purl.Name : package.Name);
        if (package.Version is { } version)
        {
            json.WriteString("version", version);
        }

        if (package.License is { Length: > 0 } license)
        {
            json.Array("licenses", [license], text => json.Item(() => json.Object("license", () => json.WriteString(SpdxReport.IsKnownId(text) ? "id" : "name", text))));
        }

        json.WriteString("purl", package.Purl);
        json.Object("evidence", () =>
        {
            WriteIdentity(json, package);
            json.Array("occurrences", [package], p => json.Item(() => json.WriteString("location", $"{p.Origin}/{p.Path}")));
        });
        json.Array("properties", PackageProperties(package), p => json.Property(p.Name, p.Value));
    }));

    private static void WriteIdentity(Utf8JsonWriter json, ScannedPackage package) => json.Array("identity", [package], p => json.Item(() =>
    {
        json.WriteString("field", "purl");
        json.WriteNumber("confidence", p.Confidence);
        json.WriteString("concludedValue", p.Purl);
        json.Array("methods", [p], m => json.Item(() =>
        {
            json.WriteString("technique", ScanJson.Word(m.Method));
            json.WriteNumber("confidence", m.Confidence);
            json.WriteString("value", m.Path);
        }));
    }));

    private static IEnumerable<(string Name, string Value)> PackageProperties(ScannedPackage package)
    {
        yield return ("pellicle:effective", package.Effective ? "true" : "false");
        yield return ("pellicle:evidence", package.Evidence.ToString().ToLowerInvariant());
        yield return ("pellicle:origin", package.Origin);
        if (package.ShadowedBy is { } by)
        {
            yield return ("pellicle:shadowedBy", by);
        }
    }

    private static void WriteVulnerability(Utf8JsonWriter json, int target, Finding finding, string? suppressed)
    {
        json.WriteString("bom-ref", $"finding-{target}-{finding.Fingerprint}");
        json.WriteString("id", finding.RuleId);
        if (finding.Aliases.Count > 0)
        {
            json.Array("references", finding.Aliases, alias => json.Item(() =>
            {
                json.WriteString("id", alias);
                json.Object("source", () => json.WriteString("name", alias.StartsWith("CVE-", StringComparison.Ordinal) ? "NVD" : "OSV"));
            }));
        }

        json.Array("ratings", [finding], f => json.Item(() =>
        {
            if (f.Cvss is { } cvss)
            {
                json.WriteNumber("score", cvss.Score);
            }

            json.WriteString("severity", Words.Of(f.Severity));
            if (f.Cvss is { Vector.Length: > 0 } vector)
            {
                json.WriteString("method", vector.Vector.StartsWith("CVSS:4.0", StringComparison.Ordinal) ? "CVSSv4"
                    : vector.Vector.StartsWith("CVSS:3.1", StringComparison.Ordinal) ? "CVSSv31"
                    : vector.Vector.StartsWith("CVSS:3.0", StringComparison.Ordinal) ? "CVSSv3" : "CVSSv2");
                json.WriteString("vector", vector.Vector);
            }
        }));
        json.WriteString("description", finding.Title);
        json.WriteString("detail", finding.Description);
        json.WriteString("recommendation", finding.Remediation);
        var links = finding.References.Where(r => Uri.TryCreate(r, UriKind.Absolute, out _)).ToList();
        if (links.Count > 0)
        {
            json.Array("advisories", links, url => json.Item(() => json.WriteString("url", url)));
        }

        if (suppressed is not null)
        {
            json.Object("analysis", () =>
            {
                json.WriteString("state", "not_affected");
                json.WriteString("detail", suppressed);
            });
        }

        json.Array("affects", [finding], f => json.Item(() => json.WriteString("ref", Reference(target, f.Purl ?? "", f.Origin, f.Path))));
    }

    /// <summary>One reference a copy: the same purl may lie in several places.</summary>
    private static string Reference(int target, string purl, string origin, string path) => $"package-{target}-{Finding.MakeFingerprint(FindingKind.Vulnerability, "", purl, origin, path)}";
}
