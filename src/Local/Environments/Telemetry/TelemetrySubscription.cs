using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pellicle.Local.Environments.Telemetry;

/// <summary>A valid subscription. Exactly one of <see cref="Http"/> and <see cref="TcpPort"/> is set.</summary>
internal sealed record TelemetrySubscription(string SchemaVersion, IReadOnlyList<string> Types, int MaxItems, int MaxBytes, TimeSpan Timeout, Uri? Http, int? TcpPort)
{
    private static readonly string[] Schemas = ["2022-07-01", "2022-12-13", "2025-01-29"];
    private static readonly string[] KnownTypes = ["platform", "function", "extension"];

    /// <summary>From this version on, lines that are JSON objects are delivered as such.</summary>
    public bool JsonLines => SchemaVersion != Schemas[0];

    /// <summary>Reads a request, or says everything that is wrong with it.</summary>
    public static TelemetrySubscription? Parse(byte[]? body, List<string> errors)
    {
        JsonObject? request = null;
        try
        {
            request = body is null ? null : JsonNode.Parse(body) as JsonObject;
        }
        catch (JsonException)
        {
            // said below
        }
        if (request is null)
        {
            errors.Add("the body should be a JSON object");
            return null;
        }
        var schema = Text(request["schemaVersion"]);
        if (schema is null || !Schemas.Contains(schema))
        {
            errors.Add(schema is null ? "schemaVersion is required" : $"schemaVersion `{schema}` is unknown");
        }
        var types = request["types"] is JsonArray list ? list.Select(Text).OfType<string>().ToList() : [];
        if (types.Count == 0)
        {
            errors.Add("types should not be empty");
        }
        errors.AddRange(types.Except(KnownTypes).Select(type => $"type `{type}` is unknown"));
        var buffering = request["buffering"] as JsonObject;
        var items = Number(buffering, "maxItems", 1000, 10_000, 10_000, errors);
        var bytes = Number(buffering, "maxBytes", 262_144, 1_048_576, 262_144, errors);
        var timeout = Number(buffering, "timeoutMs", 25, 30_000, 1000, errors);
        var destination = request["destination"] as JsonObject;
        Uri? http = null;
        int? port = null;
        switch (Text(destination?["protocol"]))
        {
            case "HTTP":
                if (!Uri.TryCreate(Text(destination?["URI"]), UriKind.Absolute, out http) || http.Scheme != "http")
                {
                    errors.Add("URI should be an http address");
                }
                else if (http.Host is not ("sandbox.localdomain" or "sandbox" or "localhost" or "127.0.0.1"))
                {
                    errors.Add("URI host should be sandbox.localdomain");
                }
                else if (http.IsDefaultPort && !http.OriginalString.Contains(":80", StringComparison.Ordinal))
                {
                    errors.Add("URI port is not provided");
                }
                break;
            case "TCP":
                port = Number(destination, "port", 1, 65535, 0, errors);
                if (port == 0)
                {
                    errors.Add("port is required");
                }
                break;
            default:
                errors.Add("destination protocol should be HTTP or TCP");
                break;
        }
        return errors.Count > 0 ? null : new TelemetrySubscription(schema!, types, items, bytes, TimeSpan.FromMilliseconds(timeout), http, port);
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static int Number(JsonObject? from, string name, int least, int most, int preset, List<string> errors)
    {
        if (from?[name] is not { } node)
        {
            return preset;
        }
        if (node is JsonValue value && value.TryGetValue<int>(out var number) && number >= least && number <= most)
        {
            return number;
        }
        errors.Add($"{name} should be a number between {least} and {most}");
        return preset;
    }
}
