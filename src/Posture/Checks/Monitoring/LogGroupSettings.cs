using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Monitoring;

/// <summary>L-2: logs are kept for ever, or under a key that the account does not control.</summary>
internal sealed class LogGroupSettings : IPostureCheck
{
    public string Id => "L-2";

    public string Title => "the log group has no retention or no key";

    public string? Lacks(FunctionSubject function) => function.LogGroup is null ? function.Region.Lacking("logs:DescribeLogGroups") : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function.LogGroup is not { Exists: true } group)
        {
            yield break;
        }

        if (group.RetentionDays is null)
        {
            yield return Report.Of(
                this,
                function,
                Severity.Low,
                "logs/retention",
                $"`{function.LogGroupName}` keeps logs for ever, with whatever personal data is in them.",
                $"aws logs put-retention-policy --log-group-name {function.LogGroupName} --retention-in-days 90",
                Report.Lambda + "monitoring-cloudwatchlogs.html");
        }

        if (group.KmsKeyArn is null)
        {
            yield return Report.Of(
                this,
                function,
                Severity.Low,
                "logs/key",
                $"`{function.LogGroupName}` is encrypted under AWS's own key: no key policy stands before the logs.",
                $"aws logs associate-kms-key --log-group-name {function.LogGroupName} --kms-key-id KEY_ARN",
                "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html");
        }
    }
}
