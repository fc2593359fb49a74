using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-20: the role of a function may change this function, so an attack on one takes over the other. Judged over execution roles; people and pipelines are not known here.</summary>
internal sealed class ChangedByOthers : IPostureCheck
{
    private static readonly string[] Changing = ["lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"];

    public string Id => "I-20";

    public string Title => "a function's role may change this function";

    public string? Lacks(FunctionSubject function) => null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        foreach (var role in context.Roles ?? [])
        {
            if (Permissions.Of(role) is { } permissions && Changing.Where(a => permissions.Of(a).Granted && permissions.Of(a, function.Arn).Granted).ToList() is { Count: > 0 } granted)
            {
                yield return Report.Of(
                    this,
                    function,
                    Severity.High,
                    $"changed-by:{role.Name}",
                    $"`{role.Name}`{(role.Arn == function.RoleArn ? ", the function's own role," : ", the role of another function,")} has {string.Join(" and ", granted)} on it: whoever takes over one function puts code into this one.",
                    $"aws iam list-role-policies --role-name {role.Name}   # remove {string.Join(", ", granted)}, or hold it to the functions it must change",
                    Report.Lambda + "access-control-identity-based.html");
            }
        }
    }
}
