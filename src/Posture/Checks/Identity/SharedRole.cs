using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-14: several functions share a role, so each has what any of them needs.</summary>
internal sealed class SharedRole : IPostureCheck
{
    public string Id => "I-14";

    public string Title => "the role is shared by several functions";

    public string? Lacks(FunctionSubject function) => function.RoleArn is not null && function.RoleUsers is null ? "lambda:ListFunctions" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function is { RoleArn: { } arn, RoleUsers: { Count: > 1 } users })
        {
            var role = arn[(arn.LastIndexOf('/') + 1)..];
            yield return Report.Of(
                this,
                function,
                Severity.Medium,
                $"role:{role}",
                $"`{role}` is the role of {users.Count} functions ({RoleChecks.Some(users, 5)}): each may do what any of them needs.",
                $"aws iam create-role --role-name {function.Name}-role --assume-role-policy-document file://trust.json && aws lambda update-function-configuration --function-name {function.Name} --role arn:aws:iam::{function.Account}:role/{function.Name}-role",
                Report.Lambda + "lambda-intro-execution-role.html");
        }
    }
}
