using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-15: the role does not exist, or Lambda may not assume it.</summary>
internal sealed class BrokenRole : IPostureCheck
{
    public string Id => "I-15";

    public string Title => "the execution role is missing or cannot be assumed";

    public string? Lacks(FunctionSubject function) => function.RoleArn is not null && function.Role?.Exists is null ? "iam:GetRole" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        var why = function.RoleArn is null ? "The function has no execution role."
            : function.Role!.Exists == false ? $"`{function.RoleArn}` does not exist: whoever may create a role of this name gives the function its permissions."
            : function.Role.TrustPolicy is { } trust && !TrustsLambda(trust) ? $"The trust policy of `{function.Role.Name}` does not let lambda.amazonaws.com assume it."
            : null;
        if (why is not null)
        {
            yield return Report.Of(
                this,
                function,
                Severity.High,
                "role",
                why,
                $"aws lambda update-function-configuration --function-name {function.Name} --role arn:aws:iam::{function.Account}:role/NEW_ROLE",
                Report.Lambda + "lambda-intro-execution-role.html");
        }
    }

    private static bool TrustsLambda(System.Text.Json.JsonElement trust) =>
        Statement.Parse(trust, "trust").Any(s => s.Allow && s.HasAction("sts:AssumeRole") && s.Principals.Any(p => p.Value is "lambda.amazonaws.com" or "*" or "edgelambda.amazonaws.com"));
}
