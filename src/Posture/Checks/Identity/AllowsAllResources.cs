using Pellicle.Domain;
using Pellicle.Posture.Code;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-3: actions on every resource although the service can be held to some. Actions that know no resources do not count.</summary>
internal sealed class AllowsAllResources : IPostureCheck
{
    public string Id => "I-3";

    public string Title => "the role may act on every resource of a service";

    public string? Lacks(FunctionSubject function) => RoleChecks.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (RoleChecks.Of(function) is not { } permissions)
        {
            yield break;
        }

        foreach (var statement in permissions.Unconditional().Where(s => s.NotActions.Count == 0 && s.NotResources.Count == 0 && !RoleChecks.IsAllActions(s) && (s.AnyResource || s.Resources.Any(ResourcePattern.IsWholeService))))
        {
            var whole = AllowsService.Whole(statement).ToList();
            var actions = statement.Actions.Except(whole).Where(p => Actions.Matching(p).Any(a => Counts(a, statement, permissions))).ToList();
            if (actions.Count > 0)
            {
                yield return RoleChecks.Finding(
                    this,
                    function,
                    Severity.Medium,
                    RoleChecks.PlaceOf(statement),
                    $"Statement `{statement.Sid}` of `{statement.Source}` allows {RoleChecks.Some(actions)} on every resource ({RoleChecks.Some(statement.Resources.Where(r => ResourcePattern.IsWholeService(r)).DefaultIfEmpty("*"), 3)}); these actions can be held to named ones.",
                    RoleChecks.Replace(function));
            }
        }
    }

    private static bool Counts(ActionFact action, Statement statement, Permissions permissions) =>
        !action.AllResourcesOnly && !PlatformNeeds.Ordinary.Contains(action.Name) && permissions.Of(action.Name).Everywhere
        && (statement.AnyResource || statement.Resources.Any(r => ResourcePattern.IsWholeService(r) && ResourcePattern.Fits(r, action.Name)));
}
