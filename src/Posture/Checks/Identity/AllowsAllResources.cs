using Pellicle.Domain;
using Pellicle.Posture.Code;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-3: actions on every resource although the service can be held to some. Actions that know no resources do not count.</summary>
internal sealed class AllowsAllResources : IPostureCheck
{
    // AWS's own managed policies grant these on everything; they reach no data.
    private static readonly HashSet<string> Ordinary = [.. PlatformNeeds.Logs, .. PlatformNeeds.Network, .. PlatformNeeds.Tracing];

    public string Id => "I-3";

    public string Title => "the role may act on every resource of a service";

    public string? Lacks(FunctionSubject function) => RoleChecks.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (RoleChecks.Of(function) is not { } permissions)
        {
            yield break;
        }

        foreach (var statement in permissions.Effective().Where(s => s.AnyResource && s.Conditions.Count == 0 && s.NotActions.Count == 0 && !RoleChecks.IsAllActions(s)))
        {
            var whole = AllowsService.Whole(statement).ToList();
            var actions = statement.Actions.Except(whole)
                .Where(p => Actions.Matching(p).Any(a => !a.AllResourcesOnly && !Ordinary.Contains(a.Name) && permissions.Of(a.Name).Everywhere))
                .ToList();
            if (actions.Count > 0)
            {
                yield return RoleChecks.Finding(
                    this,
                    function,
                    Severity.Medium,
                    RoleChecks.PlaceOf(statement),
                    $"Statement `{statement.Sid}` of `{statement.Source}` allows {RoleChecks.Some(actions)} on every resource; these actions can be held to named ones.",
                    $"aws iam put-role-policy --role-name {function.Role!.Name} --policy-name {(statement.Source.Contains(':', StringComparison.Ordinal) ? "narrowed" : statement.Source)} --policy-document file://policy.json   # with \"Resource\": the ARNs the function uses");
            }
        }
    }
}
