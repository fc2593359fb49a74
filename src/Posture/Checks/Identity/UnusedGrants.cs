using Pellicle.Domain;
using Pellicle.Posture.Code;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>Grants of one risk class that no code of the role's functions calls.</summary>
internal static class UnusedGrants
{
    public static string? Lacks(FunctionSubject function) =>
        RoleChecks.Lacks(function) is { } lacks ? lacks
        : RoleChecks.Of(function) is null ? null
        : function.RoleCalls is not { } calls ? "lambda:GetFunction (code of every function that uses the role)"
        : calls.Languages.Count == 0 ? "code in a language that is read (Python, JavaScript, Java, .NET, Go)"
        : calls.OpaqueServices.Contains("*") ? "calls that can be followed (the code makes AWS clients by computed names)"
        : null;

    public static IEnumerable<Finding> Judge(IPostureCheck check, RiskClass risk, Severity severity, string gain, FunctionSubject function)
    {
        if (RoleChecks.Of(function) is not { } permissions || function.RoleCalls is not { } calls)
        {
            yield break;
        }

        var unused = RoleFacts.Of(function.Role!, calls).Unused(risk);
        if (unused.Count == 0)
        {
            yield break;
        }

        yield return RoleChecks.Finding(
            check,
            function,
            severity,
            "unused",
            $"{RoleChecks.Some(unused)}: granted by {RoleChecks.Some(unused.SelectMany(a => permissions.Of(a).Sources).Distinct(StringComparer.Ordinal), 3)}, called by no code of {RoleChecks.Some(function.RoleUsers ?? [function.Name], 3)}. {gain}",
            RoleChecks.Replace(function));
    }
}
