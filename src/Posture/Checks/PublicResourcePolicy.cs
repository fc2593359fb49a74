using System.Text.Json;
using Pellicle.Domain;

namespace Pellicle.Posture.Checks;

/// <summary>E-1, E-2: a resource policy lets everyone in, and no condition narrows it.</summary>
internal sealed class PublicResourcePolicy : IPostureCheck
{
    public string Id => "E-1";

    public string Title => "the resource policy lets everyone in";

    public IEnumerable<Finding> Judge(FunctionSubject function)
    {
        foreach (var (qualifier, policy) in function.ResourcePolicies ?? new Dictionary<string, JsonElement>())
        {
            foreach (var statement in Statements(policy))
            {
                if (Text(statement, "Effect") != "Allow" || !IsEveryone(statement) || IsNarrowed(statement))
                {
                    continue;
                }

                var id = qualifier.Length == 0 ? "E-1" : "E-2";
                var sid = Text(statement, "Sid") ?? "?";
                yield return new Finding
                {
                    Fingerprint = Finding.MakeFingerprint(FindingKind.Posture, id, null, "function", $"{function.Arn}:{qualifier}#{sid}"),
                    Kind = FindingKind.Posture,
                    RuleId = id,
                    Severity = Severity.Critical,
                    Origin = "function",
                    Path = $"policy{(qualifier.Length == 0 ? "" : $":{qualifier}")}/{sid}",
                    Title = "everyone may call this function",
                    Description = $"Statement `{sid}` of the resource policy{(qualifier.Length == 0 ? "" : $" of `{qualifier}`")} allows {Actions(statement)} to every principal, and no condition narrows it.",
                    Remediation = $"aws lambda remove-permission --function-name {function.Name} --statement-id {sid}{(qualifier.Length == 0 ? "" : $" --qualifier {qualifier}")}",
                    References = ["https://docs.aws.amazon.com/securityhub/latest/userguide/lambda-controls.html#lambda-1"],
                };
            }
        }
    }

    private static IEnumerable<JsonElement> Statements(JsonElement policy) =>
        !policy.TryGetProperty("Statement", out var statements) ? [] : statements.ValueKind == JsonValueKind.Array ? statements.EnumerateArray() : [statements];

    private static bool IsEveryone(JsonElement statement) =>
        statement.TryGetProperty("Principal", out var principal) && (IsStar(principal) || (principal.ValueKind == JsonValueKind.Object && principal.TryGetProperty("AWS", out var aws) && IsStar(aws)));

    private static bool IsStar(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString() == "*" : value.ValueKind == JsonValueKind.Array && value.EnumerateArray().Any(v => v.GetString() == "*");

    /// <summary>A condition on who or what calls; one that any caller can meet does not count.</summary>
    private static bool IsNarrowed(JsonElement statement)
    {
        if (!statement.TryGetProperty("Condition", out var condition) || condition.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        foreach (var comparison in condition.EnumerateObject())
        {
            foreach (var key in comparison.Value.EnumerateObject())
            {
                var narrows = key.Name.ToLowerInvariant() is "aws:sourcearn" or "aws:sourceaccount" or "aws:principalorgid" or "aws:principalaccount" or "aws:principalarn" or "aws:sourcevpc" or "aws:sourcevpce" or "aws:sourceip" or "lambda:functionurlauthtype" or "lambda:eventsourcetoken";
                var open = key.Value.ValueKind == JsonValueKind.String && key.Value.GetString() is "*" or "0.0.0.0/0" or "NONE";
                if (narrows && !open)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static string Actions(JsonElement statement) =>
        !statement.TryGetProperty("Action", out var action) ? "everything" : action.ValueKind == JsonValueKind.Array ? string.Join(", ", action.EnumerateArray().Select(a => a.GetString())) : action.GetString() ?? "?";

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
