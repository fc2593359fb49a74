using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Monitoring;

/// <summary>L-4: neither Lambda Insights nor another monitoring layer. Images carry such things inside; Lambda@Edge has no layers.</summary>
internal sealed class NoInsights : IPostureCheck
{
    private static readonly string[] Monitors = ["LambdaInsights", "Datadog", "dd-trace", "NewRelic", "Dynatrace", "lumigo", "otel", "opentelemetry", "elastic-apm", "Sentry", "instana", "Splunk", "AppSignal", "honeycomb", "epsagon", "thundra", "AwsDistroForOpenTelemetry"];

    public string Id => "L-4";

    public string Title => "no monitoring layer";

    public string? Lacks(FunctionSubject function) => null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function.IsImage || function.IsEdge || function.Layers.Any(l => Monitors.Any(m => l.Name.Contains(m, StringComparison.OrdinalIgnoreCase))))
        {
            yield break;
        }

        yield return Report.Of(
            this,
            function,
            Severity.Low,
            "layers/insights",
            "Memory, CPU and network of the environments are not measured: a function that mines or sends data looks like any other.",
            $"aws lambda update-function-configuration --function-name {function.Name} --layers {string.Join(' ', function.Layers.Select(l => l.Arn).Append("INSIGHTS_LAYER_ARN"))}   # the ARN of your region: see the reference",
            "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Lambda-Insights.html");
    }
}
