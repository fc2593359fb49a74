using System.Text.Json;
using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Settings;

/// <summary>S-8: a queue shows a message again before the function had its tries at it, so messages are worked on twice or lost.</summary>
internal sealed class ShortQueueTimeout : IPostureCheck
{
    // AWS's own advice: six times the function's timeout, plus the time a batch is gathered.
    private const int Times = 6;

    public string Id => "S-8";

    public string Title => "the queue's visibility timeout does not fit the function's";

    public string? Lacks(FunctionSubject function) =>
        function.EventSourceMappings is null ? "lambda:ListEventSourceMappings" : Queues(function).Any(q => !function.Region.Queues.ContainsKey(q.Arn)) ? function.Region.Lacking("sqs:GetQueueAttributes") : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        from queue in Queues(function)
        let visible = function.Region.Queues[queue.Arn]
        let wanted = (Times * function.Timeout) + queue.Window
        where visible < wanted
        select Report.Of(
            this,
            function,
            Severity.Low,
            $"mapping:{queue.Id}",
            $"`{queue.Arn.Split(':')[^1]}` hides a message for {visible} s; the function may take {function.Timeout} s{(queue.Window > 0 ? $" after gathering for {queue.Window} s" : "")}, and needs {Times} times that to be throttled and tried again: messages come twice.",
            $"aws sqs set-queue-attributes --queue-url $(aws sqs get-queue-url --queue-name {queue.Arn.Split(':')[^1]} --query QueueUrl --output text) --attributes VisibilityTimeout={wanted}",
            Report.Lambda + "services-sqs-configure.html");

    private static IEnumerable<(string Id, string Arn, int Window)> Queues(FunctionSubject function) =>
        from mapping in function.EventSourceMappings ?? []
        let arn = mapping.Text("EventSourceArn") ?? ""
        where arn.Split(':') is { Length: > 2 } parts && parts[2] == "sqs" && mapping.Text("State") is not ("Disabled" or "Disabling")
        select (mapping.Text("UUID") ?? arn, arn, mapping.Get("MaximumBatchingWindowInSeconds") is { ValueKind: JsonValueKind.Number } window ? window.GetInt32() : 0);
}
