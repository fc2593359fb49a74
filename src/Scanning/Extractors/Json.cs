using System.Text.Json;

namespace Pellicle.Scanning.Extractors;

/// <summary>Short forms for reading JSON that others wrote.</summary>
internal static class Json
{
    /// <summary>Comments and trailing commas occur in real files; 64 levels do not.</summary>
    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 64 };

    /// <summary>Null when the content is not JSON or its root is no object.</summary>
    public static JsonDocument? ParseObject(ReadOnlyMemory<byte> content)
    {
        try
        {
            var document = JsonDocument.Parse(content, Lenient);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static string? String(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGet(name, out var value) && value.ValueKind == JsonValueKind.String ? Text(value) : null;

    public static JsonElement Object(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGet(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : default;

    /// <summary>Properties whose names can be read: invalid UTF-8 and lone surrogates make <see cref="JsonProperty.Name"/> throw.</summary>
    public static IEnumerable<JsonProperty> Properties(this JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            yield break;
        }

        foreach (var property in element.EnumerateObject())
        {
            if (HasName(property))
            {
                yield return property;
            }
        }
    }

    /// <summary>As <see cref="JsonElement.TryGetProperty(string, out JsonElement)"/>; false where a name beside the wanted one is not valid Unicode.</summary>
    internal static bool TryGet(this JsonElement element, string name, out JsonElement value)
    {
        try
        {
            return element.TryGetProperty(name, out value);
        }
        catch (InvalidOperationException)
        {
            value = default;
            return false;
        }
    }

    private static bool HasName(JsonProperty property)
    {
        try
        {
            return property.Name.Length >= 0;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGet(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : default(IEnumerable<JsonElement>) ?? [];

    /// <summary>Null for text with lone surrogates, which <see cref="JsonElement.GetString"/> refuses with an exception.</summary>
    public static string? Text(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
