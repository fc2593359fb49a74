using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pellicle.Posture.Code;

namespace Pellicle.Posture.Identity;

/// <summary>
/// The least-privilege policy of a role: what the code of its functions calls and what Lambda does in their name, on the resources and under the
/// conditions granted so far, and nothing else. Denials and the boundary stay as they are.
/// </summary>
public static class PolicyProposal
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>True when policies and code are known well enough for a proposal. Where there is none then, nothing that is granted is used.</summary>
    public static bool CanBeMade(RoleSubject? role, CodeCalls? calls) => Permissions.Of(role) is not null && calls is { Languages.Count: > 0 } && !calls.OpaqueServices.Contains("*");

    /// <summary>The policy as JSON; null when policies or code are not fully known, or nothing that is granted is used.</summary>
    public static string? For(RoleSubject? role, CodeCalls? calls)
    {
        if (!CanBeMade(role, calls) || Permissions.Of(role) is not { } permissions || calls is null)
        {
            return null;
        }

        var kept = calls.Actions.Keys.SelectMany(a => Parts(permissions, a, calls.Resources.GetValueOrDefault(a))).Concat(Unfollowed(permissions, calls)).ToList();
        var statements = kept.GroupBy(k => k.Scope, k => k.Action).OrderBy(g => g.Key.Key, StringComparer.Ordinal).Select(g => (JsonNode)Statement(g.Key, g)).ToList();
        return statements.Count == 0 ? null : new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray([.. statements]) }.ToJsonString(Compact);
    }

    /// <summary>An action with the scopes it has now, narrowed to the resources it is needed on where those are known; a scope that another one holds without a condition is left out.</summary>
    private static IEnumerable<(string Action, Scope Scope)> Parts(Permissions permissions, string action, IReadOnlySet<string>? needed)
    {
        var parts = permissions.Parts(action).ToList();
        var free = parts.Where(p => IsPlain(p.Rule)).SelectMany(p => p.Resources).Distinct(StringComparer.Ordinal).ToList();
        free.RemoveAll(r => free.Any(other => other != r && Glob.Covers(other, r)));
        if (free.Count > 0 && needed?.Count > 0 && needed.All(n => free.Any(f => Glob.Covers(f, n))))
        {
            // All it is needed on is known and granted: no more.
            yield return (action, new Scope([.. needed.Order(StringComparer.Ordinal)], [], null));
            yield break;
        }

        if (free.Count > 0)
        {
            yield return (action, new Scope([.. free.Order(StringComparer.Ordinal)], [], null));
        }

        foreach (var (rule, resources) in parts.Where(p => !IsPlain(p.Rule)))
        {
            if (!resources.All(r => free.Any(f => Glob.Covers(f, r))))
            {
                // The policy keeps its own words: variables are not put in.
                yield return rule.Except.Count > 0
                    ? (action, new Scope([], rule.Statement.NotResources, rule.Statement.ConditionText))
                    : (action, new Scope(rule.Statement.Resources.Any(HasVariable) ? [.. rule.Statement.Resources.Where(r => ResourcePattern.Fits(r, action)).Order(StringComparer.Ordinal)] : resources, [], rule.Statement.ConditionText));
            }
        }
    }

    private static bool IsPlain(Rule rule) => rule.Statement.ConditionText is null && rule.Except.Count == 0 && !rule.Statement.Resources.Any(HasVariable);

    private static bool HasVariable(string resource) => resource.Contains("${", StringComparison.Ordinal);

    /// <summary>Services whose calls cannot be followed keep their grants as they are.</summary>
    private static IEnumerable<(string Action, Scope Scope)> Unfollowed(Permissions permissions, CodeCalls calls)
    {
        foreach (var statement in permissions.Effective())
        {
            var scope = new Scope(statement.NotResources.Count > 0 ? [] : [.. statement.Resources.DefaultIfEmpty("*").Order(StringComparer.Ordinal)], statement.NotResources, statement.ConditionText);
            foreach (var pattern in statement.Actions)
            {
                var service = pattern.Split(':')[0];
                if (Glob.IsAll(pattern))
                {
                    foreach (var opaque in calls.OpaqueServices.Order(StringComparer.Ordinal))
                    {
                        yield return ($"{opaque}:*", scope);
                    }
                }
                else if (!Actions.KnowsService(service) || calls.OpaqueServices.Contains(service))
                {
                    yield return (pattern, scope);
                }
            }
        }
    }

    private static JsonObject Statement(Scope scope, IEnumerable<string> actions)
    {
        var statement = new JsonObject
        {
            ["Effect"] = "Allow",
            ["Action"] = Array(actions.Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal)),
        };
        statement[scope.Except.Count > 0 ? "NotResource" : "Resource"] = Array(scope.Except.Count > 0 ? scope.Except : scope.Resources);
        if (scope.Condition is not null)
        {
            statement["Condition"] = JsonNode.Parse(scope.Condition);
        }

        return statement;
    }

    private static JsonArray Array(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode?)JsonValue.Create(t))]);

    /// <summary>Where an action is granted. Equal when all three are.</summary>
    private sealed class Scope(IReadOnlyList<string> resources, IReadOnlyList<string> except, string? condition) : IEquatable<Scope>
    {
        public IReadOnlyList<string> Resources { get; } = resources;

        public IReadOnlyList<string> Except { get; } = except;

        public string? Condition { get; } = condition;

        public string Key { get; } = $"{string.Join('\n', resources)}\n\n{string.Join('\n', except)}\n\n{condition}";

        public bool Equals(Scope? other) => other?.Key == Key;

        public override bool Equals(object? obj) => Equals(obj as Scope);

        public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);
    }
}
