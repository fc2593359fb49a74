using System.Text.RegularExpressions;
using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-21: an AWS key in a variable: it bypasses the role and never expires.</summary>
internal sealed partial class AwsKeyInVariables : IPostureCheck
{
    public string Id => "I-21";

    public string Title => "an AWS key lies in a variable";

    public string? Lacks(FunctionSubject function) => function.Variables is null ? "kms:Decrypt (variables)" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        from variable in function.Variables!.OrderBy(v => v.Key, StringComparer.Ordinal)
        let key = KeyId().Match(variable.Value)
        where key.Success
        select Report.Of(
            this,
            function,
            Severity.Critical,
            $"variable:{variable.Key}",
            $"`{variable.Key}` holds the access key {key.Value[..8]}…: it works from anywhere, whatever the role may do.",
            $"aws iam update-access-key --access-key-id KEY_ID --status Inactive   # then give the function's role what it needs and remove `{variable.Key}`",
            Report.Lambda + "lambda-intro-execution-role.html");

    [GeneratedRegex(@"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b", RegexOptions.NonBacktracking)]
    private static partial Regex KeyId();
}
