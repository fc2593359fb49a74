using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-19: policies that would allow everything or a whole service, held back by the boundary or a denial: told, because only that line stands between.</summary>
internal sealed class NarrowedRole : IPostureCheck
{
    public string Id => "I-19";

    public string Title => "only a boundary or a denial holds the role back";

    public string? Lacks(FunctionSubject function) => RoleChecks.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (RoleChecks.Of(function) is not { } permissions)
        {
            yield break;
        }

        var held = permissions.Effective().SelectMany(s => (RoleChecks.IsAllActions(s) ? s.AnyResource ? ["*"] : [] : AllowsService.Whole(s)).Where(p => !permissions.LeavesWhole(p))).Distinct(StringComparer.Ordinal).ToList();
        if (held.Count > 0)
        {
            yield return RoleChecks.Finding(
                this,
                function,
                Severity.Info,
                "boundary",
                $"The policies allow {RoleChecks.Some(held)}; {(function.Role!.HasBoundary ? "the permission boundary or " : "")}a denial takes part of it away. The findings of this role count what is left.",
                RoleChecks.Replace(function),
                Report.Iam + "access_policies_boundaries.html");
        }
    }
}
