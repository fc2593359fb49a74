using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.State;

namespace Pellicle.Local.ControlPlane.Functions;

/// <summary>Resource policies as lists of statements.</summary>
internal static partial class Statements
{
    private const int MaxPolicyBytes = 20 * 1024;

    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [GeneratedRegex(@"^(\d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root)\z")]
    public static partial Regex LayerPrincipal();

    public static string Text(JsonNode node) => node.ToJsonString(Compact);

    public static string Policy(PolicyDocument policy) => Text(Json.Of(
        ("Version", "2012-10-17"), ("Id", "default"), ("Statement", Json.Array(policy.Statements.Select(s => s.DeepClone())))));

    public static PolicyDocument Add(PolicyDocument? policy, JsonObject statement, string getter, string? revision)
    {
        CheckRevision(policy, getter, revision);
        var id = (string)statement["Sid"]!;
        if (policy?.Statements.Any(s => (string?)s["Sid"] == id) == true)
        {
            throw ApiException.Conflict(
                $"The statement id ({id}) provided already exists. Please provide a new statement id, or remove the existing statement.");
        }

        var changed = new PolicyDocument(Plane.NewRevision(), [.. policy?.Statements ?? [], statement]);
        return Policy(changed).Length <= MaxPolicyBytes
            ? changed
            : throw new ApiException("PolicyLengthExceededException", 400, $"The final policy size ({Policy(changed).Length}) is bigger than the limit ({MaxPolicyBytes}).");
    }

    /// <summary>Null when nothing is left.</summary>
    public static PolicyDocument? Remove(PolicyDocument? policy, string id, string getter, string? revision)
    {
        if (policy?.Statements.Any(s => (string?)s["Sid"] == id) != true)
        {
            throw ApiException.NotFound(policy is null && getter == "GetLayerPolicy"
                ? "No policy is associated with the given resource."
                : $"Statement {id} is not found in resource policy.");
        }

        CheckRevision(policy, getter, revision);
        var rest = policy.Statements.Where(s => (string?)s["Sid"] != id).ToList();
        return rest.Count == 0 ? null : new PolicyDocument(Plane.NewRevision(), rest);
    }

    private static void CheckRevision(PolicyDocument? policy, string getter, string? revision)
    {
        if (!string.IsNullOrEmpty(revision) && revision != policy?.RevisionId)
            throw ApiException.Precondition(getter);
    }
}
