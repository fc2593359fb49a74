using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Settings;

/// <summary>L-3: tracing is off.</summary>
internal sealed class NoTracing : IPostureCheck
{
    public string Id => "L-3";

    public string Title => "tracing is off";

    public string? Lacks(FunctionSubject function) => function is { TracingMode: null, IsEdge: false } ? "lambda:GetFunctionConfiguration" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function.TracingMode != "Active" && !function.IsEdge)
        {
            yield return Report.Of(this, function, Severity.Low, "tracing", $"TracingConfig.Mode is {function.TracingMode}: calls cannot be followed from service to service.", $"aws lambda update-function-configuration --function-name {function.Name} --tracing-config Mode=Active", Report.SecurityHub + "7", Report.Lambda + "services-xray.html");
        }
    }
}
