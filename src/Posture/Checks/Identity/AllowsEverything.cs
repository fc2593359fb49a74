using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-1: every action on everything, boundary and denials taken into account.</summary>
internal sealed class AllowsEverything : IPostureCheck
{
    public string Id => "I-1";

    public string Title => "the role may do everything";

    public string? Lacks(FunctionSubject function) => RoleChecks.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (RoleChecks.Of(function) is not { } permissions)
        {
            yield break;
        }

        foreach (var statement in Everything(permissions))
        {
            yield return RoleChecks.Finding(
                this,
                function,
                Severity.Critical,
                RoleChecks.PlaceOf(statement),
                $"Statement `{statement.Sid}` of `{statement.Source}` allows every action on every resource: whoever takes over the function owns the account.{RoleChecks.Unless(permissions)}",
                RoleChecks.Replace(function));
        }
    }

    /// <summary>Statements that leave nothing out, where neither boundary nor denial takes it all back.</summary>
    internal static IEnumerable<Statement> Everything(Permissions permissions) =>
        permissions.LeavesWhole("*") ? permissions.Unconditional().Where(s => s.AnyResource && RoleChecks.IsAllActions(s)) : [];
}
