using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-18: NotAction or NotResource in an allowing statement, expanded to what it grants.</summary>
internal sealed class InvertedStatement : IPostureCheck
{
    public string Id => "I-18";

    public string Title => "a policy grants everything except a list";

    public string? Lacks(FunctionSubject function) => RoleChecks.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (RoleChecks.Of(function) is not { } permissions)
        {
            yield break;
        }

        foreach (var statement in permissions.Effective().Where(s => s.NotActions.Count > 0 || s.NotResources.Count > 0))
        {
            var granted = (statement.NotActions.Count > 0 ? Actions.All.Where(a => statement.HasAction(a.Name)) : statement.Actions.SelectMany(Actions.Matching)).Where(a => permissions.Of(a.Name).Granted).ToList();
            var dangerous = granted.Where(a => Risks.Of(a) is RiskClass.PrivilegeElevation or RiskClass.PersistentAccess).Select(a => a.Name).Concat(AttackActions.All.Where(a => statement.HasAction(a) && permissions.Of(a).Granted)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
            yield return RoleChecks.Finding(
                this,
                function,
                dangerous.Count > 0 ? Severity.High : Severity.Medium,
                RoleChecks.PlaceOf(statement),
                $"Statement `{statement.Sid}` of `{statement.Source}` allows everything except {RoleChecks.Some(statement.NotActions.Concat(statement.NotResources), 5)}: {granted.Count} actions of the {Actions.ServiceCount} services known here{(dangerous.Count > 0 ? $", among them {RoleChecks.Some(dangerous, 5)}" : "")}; and each action that AWS adds.",
                RoleChecks.Replace(function),
                Report.Iam + "reference_policies_elements_notaction.html");
        }
    }
}
