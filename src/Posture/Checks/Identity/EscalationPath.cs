using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-13: actions that together lead to more permissions. PassRole and AssumeRole count where a wildcard leaves the choice of role.</summary>
internal sealed class EscalationPath : IPostureCheck
{
    private static readonly IReadOnlyList<(string Id, string[] Actions)> Paths = [.. PostureTables.Lines("escalation-paths").Select(l => (l[0], l[1].Split(' ')))];

    public string Id => "I-13";

    public string Title => "the role can raise its own permissions";

    public string? Lacks(FunctionSubject function) => RoleChecks.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (RoleChecks.Of(function) is not { } permissions || Open(permissions) is not { Count: > 0 } open)
        {
            yield break;
        }

        yield return RoleChecks.Finding(
            this,
            function,
            Severity.High,
            "escalation",
            $"The role holds {open.Count} known escalation path{(open.Count == 1 ? "" : "s")}: {RoleChecks.Some(open.Select(p => $"{p.Id} ({string.Join(" + ", p.Actions)})"), 5)}.",
            RoleChecks.Replace(function),
            $"https://pathfinding.cloud/paths/{open[0].Id}");
    }

    internal static IReadOnlyList<(string Id, string[] Actions)> Open(Permissions permissions) => [.. Paths.Where(p => p.Actions.All(a => Reaches(permissions, a, p.Actions)))];

    private static bool Reaches(Permissions permissions, string action, string[] path) => action switch
    {
        "iam:PassRole" => permissions.Parts(action).Any(p => HasChoice(p.Resources) && PassesTo(p.Rule.Statement, path)),
        "sts:AssumeRole" => HasChoice(permissions.Of(action).Resources),
        _ => permissions.Of(action).Granted,
    };

    private static bool HasChoice(IReadOnlyList<string> roles) => roles.Any(r => r.EndsWith('*'));

    /// <summary>False when a condition keeps the role from being passed to any service of the path.</summary>
    private static bool PassesTo(Statement statement, string[] path) =>
        !statement.Conditions.Any(c => c.Key == "iam:passedtoservice" && !c.Negated && !c.AsksForKey && !path.Select(a => a.Split(':')[0]).Any(s => c.Values.Any(v => v.Contains('*', StringComparison.Ordinal) || IsPrincipalOf(v, s))));

    // "ecs-tasks.amazonaws.com" serves ecs, "bedrock-agentcore.amazonaws.com" bedrock-agentcore.
    private static bool IsPrincipalOf(string principal, string service) => principal.Split('.').Any(label => label == service || label.StartsWith(service + "-", StringComparison.Ordinal));
}
