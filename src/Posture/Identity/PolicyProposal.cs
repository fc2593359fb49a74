using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pellicle.Posture.Code;

namespace Pellicle.Posture.Identity;

/// <summary>The least-privilege policy of a role: what the code of its functions calls, on the resources granted so far, and nothing else.</summary>
public static class PolicyProposal
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The policy as JSON; null when policies or code are not fully known.</summary>
    public static string? For(RoleSubject? role, CodeCalls? calls)
    {
        if (Permissions.Of(role) is not { } permissions || calls is null || calls.Languages.Count == 0 || calls.OpaqueServices.Contains("*"))
        {
            return null;
        }

        var kept = new List<(string Action, string Resources)>();
        foreach (var action in calls.Actions.Keys)
        {
            if (permissions.Of(action) is { Granted: true } grant)
            {
                kept.Add((action, string.Join('\n', grant.Resources)));
            }
        }

        // Services we cannot follow keep their grants as they are.
        foreach (var statement in permissions.Effective())
        {
            foreach (var pattern in statement.Actions.Where(a => a.Split(':')[0] is var service && !Glob.IsAll(a) && (!Actions.KnowsService(service) || calls.OpaqueServices.Contains(service))))
            {
                kept.Add((pattern, string.Join('\n', statement.Resources.DefaultIfEmpty("*"))));
            }
        }

        var statements = kept.GroupBy(k => k.Resources, k => k.Action, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (JsonNode)new JsonObject
        {
            ["Effect"] = "Allow",
            ["Action"] = Array(g.Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal)),
            ["Resource"] = Array(g.Key.Split('\n')),
        });
        return new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray([.. statements]) }.ToJsonString(Compact);
    }

    private static JsonArray Array(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode?)JsonValue.Create(t))]);
}
