using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Settings;

/// <summary>S-3: a stream feeds the function, and batches that fail are lost or block the shard. Queues keep their own dead letters.</summary>
internal sealed class MappingWithoutDestination : IPostureCheck
{
    public string Id => "S-3";

    public string Title => "a stream's failed batches are lost";

    public string? Lacks(FunctionSubject function) => function.EventSourceMappings is null ? "lambda:ListEventSourceMappings" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        from mapping in function.EventSourceMappings!
        let source = mapping.Text("EventSourceArn") ?? ""
        where source.Split(':') is { Length: > 2 } parts && parts[2] is "kinesis" or "dynamodb" or "kafka" && string.IsNullOrEmpty(mapping.Get("DestinationConfig")?.Get("OnFailure")?.Text("Destination"))
        let id = mapping.Text("UUID") ?? source
        select Report.Of(
            this,
            function,
            Severity.Medium,
            $"mapping:{id}",
            $"The mapping from `{source}` has no failure destination: one bad record stops its shard until it expires, then it is gone.",
            $"aws lambda update-event-source-mapping --uuid {id} --bisect-batch-on-function-error --destination-config '{{\"OnFailure\":{{\"Destination\":\"QUEUE_ARN\"}}}}'",
            Report.Lambda + "services-kinesis-errors.html");
}
