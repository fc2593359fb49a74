using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-16: the role cannot write logs, so nobody sees what the function does.</summary>
internal sealed class NoLogs : IPostureCheck
{
    public string Id => "I-16";

    public string Title => "the role cannot write logs";

    public string? Lacks(FunctionSubject function) => RoleChecks.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (RoleChecks.Of(function) is { } permissions && new[] { "logs:CreateLogStream", "logs:PutLogEvents" }.Where(a => !Groups(function).Any(g => permissions.Allows(a, g))).ToList() is { Count: > 0 } missing)
        {
            yield return RoleChecks.Finding(
                this,
                function,
                Severity.Low,
                "logs",
                $"{string.Join(" and ", missing)} not granted on the log group `{function.LogGroupName}`: the function runs without leaving a log.",
                $"aws iam attach-role-policy --role-name {function.Role!.Name} --policy-arn arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
                Report.Lambda + "monitoring-cloudwatchlogs.html");
        }
    }

    // Policies name the group, the group with ":*", or its streams.
    private static IEnumerable<string> Groups(FunctionSubject function)
    {
        var group = $"{string.Join(':', function.Arn.Split(':').Take(2))}:logs:{string.Join(':', function.Arn.Split(':').Skip(3).Take(2))}:log-group:{function.LogGroupName}";
        return [group, $"{group}:*"];
    }
}
