using System.Text.Json;
using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Monitoring;

/// <summary>L-7: AWS Config does not record how functions change.</summary>
internal sealed class NotRecorded : IPostureCheck
{
    private const string Type = "AWS::Lambda::Function";

    public string Id => "L-7";

    public string Title => "AWS Config does not record functions";

    public string? Lacks(FunctionSubject function) => function.Region.Recorders is null ? function.Region.Lacking("config:DescribeConfigurationRecorders, config:DescribeConfigurationRecorderStatus") : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        var recorders = function.Region.Recorders!;
        if (!recorders.Any(r => r.IsRecording && Records(r.Group)))
        {
            yield return Report.Of(
                this,
                function,
                Severity.Low,
                "config",
                recorders.Count == 0 ? "AWS Config has no recorder in this region: nobody can tell how the function looked before a change."
                    : !recorders.Any(r => r.IsRecording) ? $"The recorder `{recorders[0].Name}` is stopped."
                    : $"The recorder `{recorders[0].Name}` leaves out {Type}.",
                recorders.Count > 0 && !recorders.Any(r => r.IsRecording)
                    ? $"aws configservice start-configuration-recorder --configuration-recorder-name {recorders[0].Name}"
                    : $"aws configservice put-configuration-recorder --configuration-recorder name={(recorders.Count > 0 ? recorders[0].Name : "default")},roleARN=ROLE_ARN --recording-group allSupported=true",
                "https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html");
        }
    }

    private static bool Records(JsonElement? group) => group is { ValueKind: JsonValueKind.Object } what && what.Get("recordingStrategy")?.Text("useOnly") switch
    {
        "EXCLUSION_BY_RESOURCE_TYPES" => !(what.Get("exclusionByResourceTypes")?.Get("resourceTypes")?.Texts() ?? []).Contains(Type),
        _ => what.Get("allSupported")?.ValueKind == JsonValueKind.True || (what.Get("resourceTypes")?.Texts() ?? []).Contains(Type),
    };
}
