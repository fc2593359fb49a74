using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Settings;

/// <summary>L-6: logs are plain text, without levels.</summary>
internal sealed class TextLogs : IPostureCheck
{
    public string Id => "L-6";

    public string Title => "logging is not configured";

    public string? Lacks(FunctionSubject function) => function.Logging is null ? "lambda:GetFunctionConfiguration" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function.Logging!.Value.Text("LogFormat") is not "JSON")
        {
            yield return Report.Of(this, function, Severity.Low, "logging", "LogFormat is Text: levels cannot be set, and searches go over raw lines.", $"aws lambda update-function-configuration --function-name {function.Name} --logging-config LogFormat=JSON,ApplicationLogLevel=INFO,SystemLogLevel=INFO", Report.Lambda + "monitoring-cloudwatchlogs-advanced.html");
        }
    }
}
