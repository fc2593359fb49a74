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

    /// <summary>The condition block as written, or null.</summary>
    public string? ConditionText { get; init; }

    public bool HasAction(string action) => NotActions.Count > 0 ? !NotActions.Any(p => Glob.Match(p, action)) : Actions.Any(p => Glob.Match(p, action));

    /// <summary>True when no resource is left out.</summary>
    public bool AnyResource => NotResources.Count == 0 && (Resources.Count == 0 || Resources.Any(ResourcePattern.IsAll));

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
            ConditionText = s.Get("Condition") is { ValueKind: JsonValueKind.Object } block && block.EnumerateObject().Any() ? block.GetRawText() : null,
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
