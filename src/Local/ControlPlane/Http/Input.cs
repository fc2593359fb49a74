using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Pellicle.Local.ControlPlane.Http;

/// <summary>
/// Reads a request's members. A wrong JSON type is refused at once; broken constraints are collected, so that
/// <see cref="Check"/> names all of them in one answer.
/// </summary>
internal sealed class Input
{
    private readonly JsonElement _members;
    private readonly string _prefix;
    private readonly List<string> _errors;

    public Input(JsonElement members)
        : this(members, "", [])
    {
    }

    private Input(JsonElement members, string prefix, List<string> errors)
    {
        if (members.ValueKind != JsonValueKind.Object)
            throw new ApiException("SerializationException", 400, "Start of structure or map found where not expected.");
        (_members, _prefix, _errors) = (members, prefix, errors);
    }

    public bool Has(string name) => Find(name) is not null;

    public string? Text(string name, bool required = false, int min = 0, int max = int.MaxValue, Regex? pattern = null, string[]? oneOf = null)
    {
        var value = Typed(name, JsonValueKind.String, "string")?.GetString();
        if (value is null)
        {
            if (required)
                Fail(name, null, "Member must not be null");
            return null;
        }

        if (value.Length < min)
            Fail(name, value, Invariant($"Member must have length greater than or equal to {min}"));
        if (value.Length > max)
            Fail(name, value, Invariant($"Member must have length less than or equal to {max}"));
        if (pattern is not null && !pattern.IsMatch(value))
            Fail(name, value, $"Member must satisfy regular expression pattern: {Shown(pattern)}");
        if (oneOf is not null && !oneOf.Contains(value, StringComparer.Ordinal))
            Fail(name, value, $"Member must satisfy enum value set: [{string.Join(", ", oneOf)}]");
        return value;
    }

    public int? Integer(string name, int min, int max)
    {
        if (Typed(name, JsonValueKind.Number, "number") is not { } element)
            return null;
        if (!element.TryGetInt64(out var value))
            throw new ApiException("SerializationException", 400, $"`{name}` must be an integer.");
        if (value < min)
            Fail(name, value.ToString(CultureInfo.InvariantCulture), Invariant($"Member must have value greater than or equal to {min}"));
        if (value > max)
            Fail(name, value.ToString(CultureInfo.InvariantCulture), Invariant($"Member must have value less than or equal to {max}"));
        return (int)Math.Clamp(value, min, max);
    }

    public bool Flag(string name) => Find(name) switch
    {
        null => false,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw WrongType(name, "boolean"),
    };

    public byte[]? Bytes(string name)
    {
        if (Typed(name, JsonValueKind.String, "blob") is not { } element)
            return null;
        return element.TryGetBytesFromBase64(out var value)
            ? value
            : throw new ApiException("SerializationException", 400, $"`{name}` is not valid base64.");
    }

    public IReadOnlyList<string>? Texts(string name, int max = int.MaxValue, Regex? pattern = null, string[]? oneOf = null)
    {
        if (Typed(name, JsonValueKind.Array, "list") is not { } element)
            return null;
        var values = element.EnumerateArray()
            .Select(e => e.ValueKind == JsonValueKind.String ? e.GetString()! : throw WrongType(name, "list of strings")).ToList();
        if (values.Count > max)
            Fail(name, Show(values), Invariant($"Member must have length less than or equal to {max}"));
        if (pattern is not null && values.Any(v => !pattern.IsMatch(v)))
            Fail(name, Show(values), $"Member must satisfy constraint: [Member must satisfy regular expression pattern: {Shown(pattern)}]");
        if (oneOf is not null && values.Any(v => !oneOf.Contains(v, StringComparer.Ordinal)))
            Fail(name, Show(values), $"Member must satisfy constraint: [Member must satisfy enum value set: [{string.Join(", ", oneOf)}]]");
        return values;
    }

    public SortedDictionary<string, string>? Map(string name, Regex? keys = null)
    {
        if (Typed(name, JsonValueKind.Object, "map") is not { } element)
            return null;
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject())
            map[member.Name] = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : throw WrongType(name, "map of strings");
        if (keys is not null && map.Keys.FirstOrDefault(k => !keys.IsMatch(k)) is not null)
        {
            Fail(name, $"{{{string.Join(", ", map.Select(p => $"{p.Key}={p.Value}"))}}}",
                $"Map keys must satisfy constraint: [Member must satisfy regular expression pattern: {Shown(keys)}]");
        }

        return map;
    }

    /// <summary>A nested structure; its errors count as this one's.</summary>
    public Input? Part(string name, bool required = false)
    {
        if (Typed(name, JsonValueKind.Object, "structure") is { } element)
            return new Input(element, $"{_prefix}{Camel(name)}.", _errors);
        if (required)
            Fail(name, null, "Member must not be null");
        return null;
    }

    /// <summary>A structure that is stored and shown as it came.</summary>
    public JsonObject? Object(string name) => Typed(name, JsonValueKind.Object, "structure") is { } element ? JsonObject.Create(element.Clone()) : null;

    public JsonArray? List(string name) => Typed(name, JsonValueKind.Array, "list") is { } element ? JsonArray.Create(element.Clone()) : null;

    public JsonObject Everything() => JsonObject.Create(_members.Clone())!;

    public double? Number(string name, double min, double max)
    {
        if (Typed(name, JsonValueKind.Number, "number")?.GetDouble() is not { } value)
            return null;
        if (value < min || value > max)
            Fail(name, value.ToString(CultureInfo.InvariantCulture), Invariant($"Member must have value between {min} and {max}"));
        return value;
    }

    public IEnumerable<string> Names => _members.EnumerateObject().Select(p => p.Name);

    public void Fail(string name, string? value, string constraint) =>
        _errors.Add($"Value {(value is null ? "null" : $"'{value}'")} at '{_prefix}{Camel(name)}' failed to satisfy constraint: {constraint}");

    /// <summary>Throws when any constraint was broken.</summary>
    public void Check()
    {
        if (_errors.Count > 0)
            throw ApiException.Validation(_errors);
    }

    private JsonElement? Find(string name) =>
        _members.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private JsonElement? Typed(string name, JsonValueKind kind, string what)
    {
        var value = Find(name);
        return value is null || value.Value.ValueKind == kind ? value : throw WrongType(name, what);
    }

    private static ApiException WrongType(string name, string what) => new("SerializationException", 400, $"`{name}` is not a {what}.");

    private static string Show(IEnumerable<string> values) => $"[{string.Join(", ", values)}]";

    // The service shows patterns without the anchors that the code needs.
    private static string Shown(Regex pattern) => pattern.ToString().TrimStart('^').Replace(@"\z", "", StringComparison.Ordinal);

    private static string Camel(string name) => char.ToLowerInvariant(name[0]) + name[1..];

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
