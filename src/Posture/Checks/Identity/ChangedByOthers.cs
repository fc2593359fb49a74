using System.Runtime.CompilerServices;
using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-20: the role of a function may change this function, so an attack on one takes over the other. Judged over execution roles; people and pipelines are not known here.</summary>
internal sealed class ChangedByOthers : IPostureCheck
{
    private static readonly string[] Changing = ["lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"];

    // Every function is held against every role: which of them may change anything is worked out once.
    private static readonly ConditionalWeakTable<IReadOnlyList<RoleSubject>, Changers> Known = [];

    public string Id => "I-20";

    public string Title => "a function's role may change this function";

    public string? Lacks(FunctionSubject function) => null;

    public string? Lacks(FunctionSubject function, PostureContext context) =>
        context.Roles is not { } roles || Known.GetValue(roles, Changers.Of).AreIncomplete ? "iam:GetRole, iam:ListRolePolicies, iam:GetRolePolicy, iam:ListAttachedRolePolicies, iam:GetPolicy, iam:GetPolicyVersion" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        foreach (var (role, permissions) in context.Roles is { } roles ? Known.GetValue(roles, Changers.Of).Roles : [])
        {
            var granted = Changing.Where(a => permissions.Allows(a, function.Arn)).ToList();
            if (granted.Count > 0)
            {
                yield return Report.Of(
                    this,
                    function,
                    Severity.High,
                    $"changed-by:{role.Name}",
                    $"`{role.Name}`{(role.Arn == function.RoleArn ? ", the function's own role," : ", the role of another function,")} has {string.Join(" and ", granted)} on it: whoever takes over one function puts {(granted.Contains("lambda:UpdateFunctionCode") ? "code" : "a layer or a variable")} into this one.",
                    $"aws iam list-role-policies --role-name {role.Name}   # remove {string.Join(", ", granted)}, or hold it to the functions it must change",
                    Report.Lambda + "access-control-identity-based.html");
            }
        }
    }

    private sealed record Changers(bool AreIncomplete, IReadOnlyList<(RoleSubject Role, Permissions Permissions)> Roles)
    {
        public static Changers Of(IReadOnlyList<RoleSubject> roles)
        {
            var known = roles.Where(r => r.Exists != false).Select(r => (Role: r, Permissions: Permissions.Of(r))).ToList();
            return new Changers(known.Exists(k => k.Permissions is null), [.. known.Where(k => k.Permissions is not null && Changing.Any(a => k.Permissions.Of(a).Granted)).Select(k => (k.Role, k.Permissions!))]);
        }
    }
}
