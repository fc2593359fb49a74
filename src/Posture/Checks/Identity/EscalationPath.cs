using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-13: actions that together lead to more permissions. PassRole and AssumeRole count where a wildcard leaves the choice of role.</summary>
internal sealed class EscalationPath : IPostureCheck
{
    private static readonly IReadOnlyList<(string Id, string[] Actions)> Paths = [.. Actions.Lines("escalation-paths").Select(l => (l[0], l[1].Split(' ')))];

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

    internal static IReadOnlyList<(string Id, string[] Actions)> Open(Permissions permissions) => [.. Paths.Where(p => p.Actions.All(a => Reaches(permissions.Of(a), a)))];

    private static bool Reaches(Grant grant, string action) => grant.Granted && (action is not ("iam:PassRole" or "sts:AssumeRole") || grant.Resources.Any(r => r.EndsWith('*')));
}
