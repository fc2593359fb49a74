using System.Text.Json;

namespace Pellicle.Posture.Identity;

/// <summary>One statement of a policy, identity or resource.</summary>
internal sealed record Statement
{
    public required string Source { get; init; }

    public required string Sid { get; init; }

    public required bool Allow { get; init; }

    public IReadOnlyList<string> Actions { get; init; } = [];

    public IReadOnlyList<string> NotActions { get; init; } = [];

    public IReadOnlyList<string> Resources { get; init; } = [];

    public IReadOnlyList<string> NotResources { get; init; } = [];

    /// <summary>Kind (<c>AWS</c>, <c>Service</c>, <c>Federated</c>, <c>*</c>) and value.</summary>
    public IReadOnlyList<(string Kind, string Value)> Principals { get; init; } = [];

    public bool NotPrincipal { get; init; }

    public IReadOnlyList<Condition> Conditions { get; init; } = [];

    public bool HasAction(string action) => NotActions.Count > 0 ? !NotActions.Any(p => Glob.Match(p, action)) : Actions.Any(p => Glob.Match(p, action));

    public bool HasResource(string resource) => NotResources.Count > 0 ? !NotResources.Any(p => Glob.Match(p, resource)) : Resources.Count == 0 || Resources.Any(p => Glob.Match(p, resource));

    /// <summary>True when no resource is left out.</summary>
    public bool AnyResource => NotResources.Count == 0 && (Resources.Count == 0 || Resources.Any(Glob.IsAll));

    /// <summary>Statements of a document; <paramref name="source"/> names the policy in evidence.</summary>
    public static IReadOnlyList<Statement> Parse(JsonElement document, string source)
    {
        if (document.Get("Statement") is not { } statements)
        {
            return [];
        }

        var items = statements.ValueKind == JsonValueKind.Array ? [.. statements.EnumerateArray()] : new[] { statements };
        return [.. items.Where(s => s.ValueKind == JsonValueKind.Object).Select((s, i) => new Statement
        {
            Source = source,
            Sid = s.Text("Sid") is { Length: > 0 } sid ? sid : $"#{i + 1}",
            Allow = s.Text("Effect") == "Allow",
            Actions = Texts(s, "Action"),
            NotActions = Texts(s, "NotAction"),
            Resources = Texts(s, "Resource"),
            NotResources = Texts(s, "NotResource"),
            Principals = PrincipalsOf(s.Get("Principal") ?? s.Get("NotPrincipal")),
            NotPrincipal = s.Get("NotPrincipal") is not null,
            Conditions = Condition.Parse(s.Get("Condition")),
        })];
    }

    private static IReadOnlyList<string> Texts(JsonElement statement, string name) => statement.Get(name)?.Texts() ?? [];

    private static IReadOnlyList<(string Kind, string Value)> PrincipalsOf(JsonElement? principal) => principal switch
    {
        null => [],
        { ValueKind: JsonValueKind.Object } map => [.. map.EnumerateObject().SelectMany(p => p.Value.Texts().Select(v => (p.Name, v)))],
        { } value => [.. value.Texts().Select(v => ("*", v))],
    };
}

/// <summary>One comparison of a condition block.</summary>
internal sealed record Condition(string Operator, string Key, IReadOnlyList<string> Values)
{
    public static IReadOnlyList<Condition> Parse(JsonElement? block) => block is not { ValueKind: JsonValueKind.Object } map
        ? []
        : [.. map.EnumerateObject().Where(o => o.Value.ValueKind == JsonValueKind.Object).SelectMany(o => o.Value.EnumerateObject().Select(k => new Condition(o.Name, k.Name.ToLowerInvariant(), k.Value.Texts())))];

    /// <summary>True when it names what must be the case (not what must not), and a caller without the key does not pass.</summary>
    public bool IsPositive => !Operator.Contains("Not", StringComparison.Ordinal) && !Operator.EndsWith("IfExists", StringComparison.Ordinal)
        && !Operator.StartsWith("ForAllValues:", StringComparison.Ordinal) && !Operator.StartsWith("Null", StringComparison.Ordinal);
}

/// <summary>IAM wildcards: <c>*</c> and <c>?</c>, letters of any case.</summary>
internal static class Glob
{
    public static bool IsAll(string pattern) => pattern.Length > 0 && pattern.All(c => c == '*') || pattern == "*:*" || pattern == "arn:*" || pattern == "arn:aws:*";

    public static bool Match(string pattern, string text)
    {
        // Linear with one step back: a pattern of an attacker cannot make it slow.
        int p = 0, t = 0, star = -1, mark = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && (pattern[p] == '?' || char.ToLowerInvariant(pattern[p]) == char.ToLowerInvariant(text[t])) && pattern[p] != '*')
            {
                p++;
                t++;
            }
            else if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                mark = t;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++mark;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }
}
