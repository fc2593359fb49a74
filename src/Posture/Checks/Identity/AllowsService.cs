using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-2: every action of a service.</summary>
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

        foreach (var statement in permissions.Effective())
        {
            var services = Whole(statement).Where(permissions.LeavesWhole).ToList();
            if (services.Count > 0)
            {
                yield return RoleChecks.Finding(
                    this,
                    function,
                    statement.AnyResource ? Severity.High : Severity.Medium,
                    RoleChecks.PlaceOf(statement),
                    $"Statement `{statement.Sid}` of `{statement.Source}` allows {RoleChecks.Some(services)} on {RoleChecks.Some(statement.Resources.DefaultIfEmpty("*"), 3)}.",
                    RoleChecks.Replace(function));
            }
        }
    }

    internal static IEnumerable<string> Whole(Statement statement) => statement.Actions.Where(a => a.EndsWith(":*", StringComparison.Ordinal) && !Glob.IsAll(a));
}
