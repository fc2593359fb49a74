using System.IO.Enumeration;
using System.Text.Json;

namespace Pellicle.Aws;

/// <summary>The resource policy of a REST API: whether it lets everyone call a method that asks for no authorization of its own.</summary>
internal sealed class ApiPolicy
{
    // A route for any method is open where one of them is.
    private static readonly string[] Methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

    private readonly List<(bool Allow, bool Everyone, IReadOnlyList<string> Resources)> _statements = [];
    private readonly bool _readable;

    private ApiPolicy(string text)
    {
        try
        {
            // API Gateway answers the document with its quotes escaped a second time.
            using var document = JsonDocument.Parse(text.StartsWith("{\\\"", StringComparison.Ordinal) ? text.Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\/", "/", StringComparison.Ordinal) : text);
            foreach (var statement in Items(document.RootElement, "Statement"))
            {
                var conditioned = statement.TryGetProperty("Condition", out var condition) && condition.ValueKind == JsonValueKind.Object && condition.EnumerateObject().Any();
                _statements.Add((Text(statement, "Effect") == "Allow", IsEveryone(statement) && !conditioned, [.. Items(statement, "Resource").Select(r => r.GetString() ?? "")]));
            }

            _readable = true;
        }
        catch (JsonException)
        {
            _readable = false;
        }
    }

    /// <summary>Null where the API has none.</summary>
    public static ApiPolicy? Parse(string? text) => string.IsNullOrEmpty(text) ? null : new ApiPolicy(text);

    /// <summary>True where an allowance without conditions covers the method and no denial touches it. A policy that cannot be read admits nobody: it is not judged.</summary>
    public bool AdmitsEveryone(string method, string path) =>
        _readable
        && _statements.Any(s => s.Allow && s.Everyone && s.Resources.Any(r => Covers(r, method, path)))
        && !_statements.Any(s => !s.Allow && s.Resources.Any(r => Covers(r, method, path)));

    private static bool Covers(string resource, string method, string path)
    {
        // execute-api:/STAGE/METHOD/PATH, or the same behind an ARN with the API's id.
        var rest = resource.StartsWith("execute-api:/", StringComparison.Ordinal) ? resource["execute-api:/".Length..] : resource.StartsWith("arn:", StringComparison.Ordinal) && resource.IndexOf('/', StringComparison.Ordinal) is var slash and > 0 ? resource[(slash + 1)..] : "*";
        var pattern = rest.Split('/', 2) is [_, { Length: > 0 } called] ? called : "*";
        return (method == "ANY" ? Methods : [method]).Any(m => FileSystemName.MatchesSimpleExpression(pattern, $"{m}{path}", ignoreCase: false));
    }

    private static bool IsEveryone(JsonElement statement) => statement.TryGetProperty("Principal", out var principal) && principal.ValueKind switch
    {
        JsonValueKind.String => principal.GetString() == "*",
        JsonValueKind.Object => Items(principal, "AWS").Any(p => p.ValueKind == JsonValueKind.String && p.GetString() == "*"),
        _ => false,
    };

    private static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value] : [];

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
