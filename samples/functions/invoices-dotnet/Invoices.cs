using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sample;

/// <summary>Serves invoices. Vulnerable on purpose: <see cref="Path.Combine(string, string)"/> lets an absolute name win.</summary>
public sealed class Invoices
{
    private static readonly string Root = Path.Combine(Path.GetDirectoryName(typeof(Invoices).Assembly.Location)!, "data");

    public JsonObject Handle(JsonElement request)
    {
        var name = request.TryGetProperty("queryStringParameters", out var query) && query.ValueKind == JsonValueKind.Object && query.TryGetProperty("name", out var value)
            ? value.GetString() ?? ""
            : "2026-001.txt";
        try
        {
            return new JsonObject { ["statusCode"] = 200, ["body"] = File.ReadAllText(Path.Combine(Root, name)) };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new JsonObject { ["statusCode"] = 404, ["body"] = $"no invoice {name}" };
        }
    }
}
