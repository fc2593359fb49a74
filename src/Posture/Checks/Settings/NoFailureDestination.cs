using Pellicle.Domain;
using Pellicle.Posture.Exposure;

namespace Pellicle.Posture.Checks.Settings;

/// <summary>S-1: called asynchronously, and failed events vanish. Only where the policy lets an asynchronous service call.</summary>
internal sealed class NoFailureDestination : IPostureCheck
{
    private static readonly string[] Asynchronous =
    [
        "s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com", "ses.amazonaws.com", "config.amazonaws.com", "iot.amazonaws.com", "cloudformation.amazonaws.com", "codecommit.amazonaws.com", "codepipeline.amazonaws.com", "scheduler.amazonaws.com",
    ];

    public string Id => "S-1";

    public string Title => "events that fail are lost";

    public string? Lacks(FunctionSubject function) => function.DeadLetterTarget is { Length: > 0 } ? null : function.ResourcePolicies is null ? "lambda:GetPolicy" : function.EventInvokeConfigs is null ? "lambda:ListFunctionEventInvokeConfigs" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function.DeadLetterTarget is { Length: > 0 })
        {
            yield break;
        }

        foreach (var (qualifier, services) in ResourcePolicy.Allowing(function).GroupBy(s => s.Qualifier, s => s.Statement, StringComparer.Ordinal)
            .Select(g => (g.Key, g.SelectMany(s => s.Principals).Where(p => Asynchronous.Contains(p.Value)).Select(p => p.Value).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList())))
        {
            if (services.Count > 0 && !function.EventInvokeConfigs!.Any(c => QualifierOf(c) == qualifier && c.Get("DestinationConfig")?.Get("OnFailure")?.Text("Destination") is { Length: > 0 }))
            {
                yield return Report.Of(
                    this,
                    function,
                    Severity.Low,
                    qualifier.Length == 0 ? "async" : $"async:{qualifier}",
                    $"{string.Join(", ", services)} call{(services.Count == 1 ? "s" : "")} asynchronously; after two retries an event is dropped without a trace.",
                    $"aws lambda put-function-event-invoke-config --function-name {function.Name}{FunctionUrl.Option(qualifier)} --destination-config '{{\"OnFailure\":{{\"Destination\":\"QUEUE_ARN\"}}}}'",
                    Report.Lambda + "invocation-async-retain-records.html");
            }
        }
    }

    internal static string QualifierOf(System.Text.Json.JsonElement config) => config.Text("FunctionArn")?.Split(':') is { Length: > 7 } parts && parts[7] != "$LATEST" ? parts[7] : "";
}
