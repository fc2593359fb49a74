using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pellicle.Domain;
using Pellicle.Scanning.Reports;

namespace Pellicle.Scanning.Pipeline;

/// <summary>Reads and writes <see cref="ScanReport"/> as JSON, without reflection.</summary>
public static class ScanJson
{
    private static JsonSerializerOptions? indented;

    /// <summary>Serialiser options of the contract: camel case, lower-case enums. For servers that embed reports in their answers.</summary>
    public static JsonSerializerOptions Options =>
        indented ??= new(ScanJsonContext.Default.Options) { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the report, indented, with a final new line. By hand, not by the serialiser: its start takes longer than a small scan. A test holds the two together.</summary>
    public static string Write(ScanReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return JsonText.Write(json => WriteReport(json, report));
    }

    /// <summary>Reads a report; throws <see cref="JsonException"/> when it is not one.</summary>
    public static ScanReport Read(string json) =>
        Complete(JsonSerializer.Deserialize(json, ScanJsonContext.Default.ScanReport) ?? throw new JsonException("the report is `null`"));

    /// <summary>The generated reader leaves lists that are absent at null: those of the contract must be there, later additions may be missing.</summary>
    private static ScanReport Complete(ScanReport report) => report with
    {
        Targets = [.. report.Targets.Select((target, index) => target with
        {
            Layers = target.Layers ?? throw Missing(index, "layers"),
            Errors = target.Errors ?? throw Missing(index, "errors"),
            Packages = target.Packages ?? throw Missing(index, "packages"),
            Findings = [.. (target.Findings ?? throw Missing(index, "findings")).Select(f => f with { Aliases = f.Aliases ?? [], FixedVersions = f.FixedVersions ?? [], References = f.References ?? [], Description = f.Description ?? "", Remediation = f.Remediation ?? "" })],
            Suppressed = target.Suppressed ?? [],
            Overwritten = target.Overwritten ?? [],
        })],
    };

    private static JsonException Missing(int target, string list) => new($"targets[{target}].{list} is missing");

    private static void WriteReport(Utf8JsonWriter json, ScanReport report)
    {
        json.WriteStartObject();
        json.WriteNumber("schemaVersion", report.SchemaVersion);
        json.WriteStartObject("tool");
        json.WriteString("name", report.Tool.Name);
        json.WriteString("version", report.Tool.Version);
        json.WriteEndObject();
        if (report.AdvisoryDatabase is { } database)
        {
            json.WriteStartObject("advisoryDatabase");
            json.WriteString("revision", database.Revision);
            json.WriteString("updated", database.Updated);
            json.WriteNumber("advisories", database.Advisories);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("advisoryDatabase");
        }

        json.Array("targets", report.Targets, target => WriteTarget(json, target));
        var (packages, findings, errors) = report.Summary;
        json.WriteStartObject("summary");
        json.WriteNumber("packages", packages);
        json.WriteStartObject("findings");
        json.WriteNumber("critical", findings.Critical);
        json.WriteNumber("high", findings.High);
        json.WriteNumber("medium", findings.Medium);
        json.WriteNumber("low", findings.Low);
        json.WriteNumber("info", findings.Info);
        json.WriteEndObject();
        json.WriteNumber("errors", errors);
        json.WriteEndObject();
        if (report.Notes is { } notes)
        {
            json.Array("notes", notes, json.WriteStringValue);
        }

        json.WriteEndObject();
    }

    private static void WriteTarget(Utf8JsonWriter json, ScanTarget target)
    {
        json.WriteStartObject();
        json.WriteString("kind", target.Kind);
        json.WriteString("name", target.Name);
        json.WriteString("arn", target.Arn);
        json.WriteString("runtime", target.Runtime);
        json.WriteString("sha256", target.Sha256);
        json.WriteString("status", target.Status switch { ScanStatus.Succeeded => "succeeded", ScanStatus.Partial => "partial", ScanStatus.Failed => "failed" });
        json.Array("layers", target.Layers, layer =>
        {
            json.WriteStartObject();
            json.WriteString("name", layer.Name);
            json.WriteString("arn", layer.Arn);
            json.WriteNumber("order", layer.Order);
            json.WriteString("sha256", layer.Sha256);
            json.WriteEndObject();
        });
        json.Array("errors", target.Errors, error =>
        {
            json.WriteStartObject();
            json.WriteString("origin", error.Origin);
            json.WriteString("path", error.Path);
            json.WriteString("message", error.Message);
            json.WriteString("hint", error.Hint);
            json.WriteEndObject();
        });
        json.Array("packages", target.Packages, package => WritePackage(json, package));
        json.Array("findings", target.Findings, finding => WriteFinding(json, finding));
        json.Array("suppressed", target.Suppressed, suppressed =>
        {
            json.WriteStartObject();
            json.WritePropertyName("finding");
            WriteFinding(json, suppressed.Finding);
            json.WriteString("reason", suppressed.Reason);
            json.WriteString("source", suppressed.Source);
            json.WriteEndObject();
        });
        json.Array("overwritten", target.Overwritten, file =>
        {
            json.WriteStartObject();
            json.WriteString("path", file.Path);
            json.WriteString("winner", file.Winner);
            json.WriteString("loser", file.Loser);
            json.WriteEndObject();
        });
        json.WriteEndObject();
    }

    private static void WritePackage(Utf8JsonWriter json, ScannedPackage package)
    {
        json.WriteStartObject();
        json.WriteString("purl", package.Purl);
        json.WriteString("ecosystem", package.Ecosystem);
        json.WriteString("name", package.Name);
        json.WriteString("version", package.Version);
        json.WriteString("origin", package.Origin);
        json.WriteString("path", package.Path);
        json.WriteString("evidence", Word(package.Evidence));
        json.WriteString("method", Word(package.Method));
        json.WriteNumber("confidence", package.Confidence);
        json.WriteBoolean("effective", package.Effective);
        json.WriteString("shadowedBy", package.ShadowedBy);
        WriteFlag(json, "loaded", package.Loaded);
        json.WriteString("license", package.License);
        json.WriteEndObject();
    }

    private static void WriteFinding(Utf8JsonWriter json, Finding finding)
    {
        json.WriteStartObject();
        json.WriteString("fingerprint", finding.Fingerprint);
        json.WriteString("kind", Word(finding.Kind));
        json.WriteString("ruleId", finding.RuleId);
        json.WriteString("check", finding.Check);
        json.Array("aliases", finding.Aliases, json.WriteStringValue);
        json.WriteString("severity", Word(finding.Severity));
        if (finding.Cvss is { } cvss)
        {
            json.WriteStartObject("cvss");
            json.WriteString("vector", cvss.Vector);
            json.WriteNumber("score", cvss.Score);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("cvss");
        }

        json.WriteString("purl", finding.Purl);
        json.Array("fixedVersions", finding.FixedVersions, json.WriteStringValue);
        json.WriteBoolean("effective", finding.Effective);
        WriteFlag(json, "loaded", finding.Loaded);
        json.WriteBoolean("knownExploited", finding.KnownExploited);
        json.WriteString("origin", finding.Origin);
        json.WriteString("path", finding.Path);
        json.WriteString("title", finding.Title);
        json.WriteString("description", finding.Description);
        json.WriteString("remediation", finding.Remediation);
        json.Array("references", finding.References, json.WriteStringValue);
        json.WriteEndObject();
    }

    private static void WriteFlag(Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } known)
        {
            json.WriteBoolean(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static string Word(PackageEvidence evidence) => evidence switch
    {
        PackageEvidence.Installed => "installed",
        PackageEvidence.Declared => "declared",
        PackageEvidence.Bundled => "bundled",
        PackageEvidence.Binary => "binary",
    };

    /// <summary>Word of the contract, which is CycloneDX's name of the technique.</summary>
    public static string Word(IdentityMethod method) => method switch
    {
        IdentityMethod.Manifest => "manifest-analysis",
        IdentityMethod.FileName => "filename",
        IdentityMethod.SourceCode => "source-code-analysis",
        IdentityMethod.Binary => "binary-analysis",
    };

    private static string Word(FindingKind kind) => kind switch
    {
        FindingKind.Vulnerability => "vulnerability",
        FindingKind.Secret => "secret",
        FindingKind.Posture => "posture",
        FindingKind.Hijack => "hijack",
        FindingKind.Malware => "malware",
        FindingKind.License => "license",
    };

    private static string Word(Severity severity) => severity switch
    {
        Severity.Info => "info",
        Severity.Low => "low",
        Severity.Medium => "medium",
        Severity.High => "high",
        Severity.Critical => "critical",
    };
}

internal sealed class IdentityMethodConverter : JsonConverter<IdentityMethod>
{
    public override IdentityMethod Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var word = reader.GetString();
        return Enum.GetValues<IdentityMethod>().Cast<IdentityMethod?>().FirstOrDefault(method => ScanJson.Word(method!.Value) == word) ?? throw new JsonException($"no method `{word}`");
    }

    public override void Write(Utf8JsonWriter writer, IdentityMethod value, JsonSerializerOptions options) => writer.WriteStringValue(ScanJson.Word(value));
}

internal sealed class CamelCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false) where T : struct, Enum;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    Converters = [typeof(CamelCaseEnum<Severity>), typeof(CamelCaseEnum<FindingKind>), typeof(CamelCaseEnum<PackageEvidence>), typeof(IdentityMethodConverter), typeof(CamelCaseEnum<ScanStatus>)])]
[JsonSerializable(typeof(ScanReport))]
internal sealed partial class ScanJsonContext : JsonSerializerContext;
