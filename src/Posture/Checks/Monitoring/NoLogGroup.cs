using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Monitoring;

/// <summary>L-1: the log group that the function writes to does not exist.</summary>
internal sealed class NoLogGroup : IPostureCheck
{
    public string Id => "L-1";

    public string Title => "the function has no log group";

    public string? Lacks(FunctionSubject function) => function.LogGroup is null ? function.Region.Lacking("logs:DescribeLogGroups") : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        // Lambda@Edge writes to groups in the regions of the viewers.
        if (function.LogGroup!.Exists || function.IsEdge)
        {
            yield break;
        }

        yield return Report.Of(
            this,
            function,
            Severity.Medium,
            "logs",
            $"There is no log group `{function.LogGroupName}`: the function never wrote a line, or may not; what Lambda makes by itself keeps logs for ever.",
            $"aws logs create-log-group --log-group-name {function.LogGroupName} && aws logs put-retention-policy --log-group-name {function.LogGroupName} --retention-in-days 90",
            Report.Lambda + "monitoring-cloudwatchlogs.html");
    }
}
