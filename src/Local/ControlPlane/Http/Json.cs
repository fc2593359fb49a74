using System.Globalization;
using System.Text.Json.Nodes;

namespace Pellicle.Local.ControlPlane.Http;

/// <summary>Builds answers: members that are null are left out, as the service does.</summary>
internal static class Json
{
    public static JsonObject Of(params ReadOnlySpan<(string Name, JsonNode? Value)> members)
    {
        var result = new JsonObject();
        foreach (var (name, value) in members)
        {
            if (value is not null)
                result[name] = value.Parent is null ? value : value.DeepClone();
        }

        return result;
    }

    public static JsonArray Array(IEnumerable<JsonNode> items)
    {
        var result = new JsonArray();
        foreach (var item in items)
            result.Add(item.Parent is null ? item : item.DeepClone());
        return result;
    }

    public static JsonArray Array(IEnumerable<string> items) => Array(items.Select(i => (JsonNode)JsonValue.Create(i)));

    public static JsonObject Map(IEnumerable<KeyValuePair<string, string>> items)
    {
        var result = new JsonObject();
        foreach (var (key, value) in items)
            result[key] = value;
        return result;
    }

    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'+0000'", CultureInfo.InvariantCulture);

    /// <summary>Seconds since 1970, as event source mappings and event invoke settings give times.</summary>
    public static JsonNode Epoch(DateTimeOffset time) => JsonValue.Create(time.ToUnixTimeMilliseconds() / 1000m)!;
}
