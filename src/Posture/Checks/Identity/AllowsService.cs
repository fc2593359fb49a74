using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-2: every action of a service; also where a boundary leaves whole services of a policy that allows everything.</summary>
internal sealed class AllowsService : IPostureCheck
{
    public string Id => "I-2";

    public string Title => "the role may do everything a service can";

    public string? Lacks(FunctionSubject function) => RoleChecks.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (RoleChecks.Of(function) is not { } permissions)
        {
            yield break;
        }

        var unconditional = permissions.Unconditional().ToHashSet();
        foreach (var statement in permissions.Effective())
        {
            var services = Whole(statement).Concat(RoleChecks.IsAllActions(statement) && !permissions.LeavesWhole("*") ? permissions.Bounding : []).Where(permissions.LeavesWhole).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
            if (services.Count > 0)
            {
                var everywhere = statement.NotResources.Count == 0 && (statement.AnyResource || statement.Resources.Any(r => ResourcePattern.IsWholeService(r) && services.Any(s => ResourcePattern.Fits(r, s))));
                yield return RoleChecks.Finding(
                    this,
                    function,
                    everywhere && unconditional.Contains(statement) ? Severity.High : Severity.Medium,
                    RoleChecks.PlaceOf(statement),
                    $"Statement `{statement.Sid}` of `{statement.Source}` allows {RoleChecks.Some(services)} on {RoleChecks.ResourcesOf(statement)}{(unconditional.Contains(statement) ? "" : ", under conditions")}.",
                    RoleChecks.Replace(function));
            }
        }
    }

    internal static IEnumerable<string> Whole(Statement statement) => statement.Actions.Where(a => !Glob.IsAll(a) && a.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && Glob.IsAll(a[(colon + 1)..]));
}
