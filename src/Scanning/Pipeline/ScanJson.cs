using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pellicle.Domain;

namespace Pellicle.Scanning.Pipeline;

/// <summary>Reads and writes <see cref="ScanReport"/> as JSON, without reflection.</summary>
public static class ScanJson
{
    private static readonly JsonSerializerOptions Indented = new(ScanJsonContext.Default.Options) { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Serialiser options of the contract: camel case, lower-case enums. For servers that embed reports in their answers.</summary>
    public static JsonSerializerOptions Options => Indented;

    /// <summary>Writes the report, indented, with a final new line.</summary>
    public static string Write(ScanReport report) => JsonSerializer.Serialize(report, Indented.GetTypeInfo(typeof(ScanReport))) + "\n";

    /// <summary>Reads a report; throws <see cref="JsonException"/> when it is not one.</summary>
    public static ScanReport Read(string json) =>
        JsonSerializer.Deserialize(json, ScanJsonContext.Default.ScanReport) ?? throw new JsonException("the report is `null`");
}

internal sealed class CamelCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false) where T : struct, Enum;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    Converters = [typeof(CamelCaseEnum<Severity>), typeof(CamelCaseEnum<FindingKind>), typeof(CamelCaseEnum<PackageEvidence>), typeof(CamelCaseEnum<ScanStatus>)])]
[JsonSerializable(typeof(ScanReport))]
internal sealed partial class ScanJsonContext : JsonSerializerContext;
