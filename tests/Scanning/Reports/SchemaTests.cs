using System.Text.Json;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Scanning.Tests.Reports;

/// <summary>Every property the program writes is in the schema, and every one the schema demands is written.</summary>
public sealed class SchemaTests
{
    [Fact]
    public void The_hand_written_json_is_what_the_serialiser_writes() =>
        ScanJson.Write(ApprovedReportTests.Sample()).ShouldBe(JsonSerializer.Serialize(ApprovedReportTests.Sample(), ScanJson.Options) + "\n");

    [Fact]
    public void The_schema_and_the_report_name_the_same_properties()
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(SchemaPath()));
        using var report = JsonDocument.Parse(ScanJson.Write(ApprovedReportTests.Sample()));
        Compare(schema.RootElement, schema.RootElement, report.RootElement, "$");
    }

    private static void Compare(JsonElement root, JsonElement schema, JsonElement value, string path)
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            schema = root.GetProperty("$defs").GetProperty(reference.GetString()!["#/$defs/".Length..]);
        }

        if (schema.TryGetProperty("enum", out var allowed))
        {
            allowed.EnumerateArray().Select(a => a.GetString()).ShouldContain(value.GetString(), path);
        }

        if (schema.TryGetProperty("type", out var type))
        {
            var types = type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()).ToList() : [type.GetString()];
            // A whole number is a number.
            types.ShouldContain(type => type == TypeOf(value) || (type == "number" && TypeOf(value) == "integer"), path);
        }

        if (value.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties))
        {
            var known = properties.EnumerateObject().Select(p => p.Name).ToList();
            value.EnumerateObject().Select(p => p.Name).ShouldBeSubsetOf(known, path);
            schema.GetProperty("required").EnumerateArray().Select(r => r.GetString()!).ShouldBeSubsetOf(value.EnumerateObject().Select(p => p.Name), path);
            foreach (var property in value.EnumerateObject())
            {
                Compare(root, properties.GetProperty(property.Name), property.Value, $"{path}.{property.Name}");
            }
        }
        else if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
        {
            foreach (var item in value.EnumerateArray())
            {
                Compare(root, items, item, path + "[]");
            }
        }
    }

    private static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => value.TryGetInt64(out _) ? "integer" : "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => "null",
    };

    private static string SchemaPath([System.Runtime.CompilerServices.CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "..", "docs", "schema", "scan.schema.json"));
}
