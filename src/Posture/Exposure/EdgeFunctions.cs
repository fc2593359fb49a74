using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Exposure;

/// <summary>Tells functions that CloudFront copies to its edge by the statement that AWS writes into their policies.</summary>
internal static class EdgeFunctions
{
    private const string Replicator = "replicator.lambda.amazonaws.com";

    public static bool IsEdge(FunctionSubject function) => Qualifiers(function).Any();

    /// <summary>Versions that are associated with a distribution.</summary>
    public static IEnumerable<string> Qualifiers(FunctionSubject function) =>
        (function.ResourcePolicies ?? new Dictionary<string, System.Text.Json.JsonElement>()).OrderBy(p => p.Key, StringComparer.Ordinal)
            .Where(p => Statement.Parse(p.Value, "resource policy").Any(s => s.Allow && s.Principals.Any(q => q.Value == Replicator))).Select(p => p.Key);
}
