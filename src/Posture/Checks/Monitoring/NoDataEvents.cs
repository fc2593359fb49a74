using System.Text.Json;
using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Monitoring;

/// <summary>L-5: no running trail records who invoked the function.</summary>
internal sealed class NoDataEvents : IPostureCheck
{
    private const string Type = "AWS::Lambda::Function";

    public string Id => "L-5";

    public string Title => "CloudTrail does not record invocations";

    public string? Lacks(FunctionSubject function) => function.Region.Trails is null ? function.Region.Lacking("cloudtrail:DescribeTrails, cloudtrail:GetTrailStatus, cloudtrail:GetEventSelectors") : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (!function.Region.Trails!.Any(t => t.IsLogging && (t.Selectors.Any(s => Records(s, function)) || t.AdvancedSelectors.Any(s => RecordsAdvanced(s, function)))))
        {
            yield return Report.Of(
                this,
                function,
                Severity.Low,
                "cloudtrail",
                $"{(function.Region.Trails!.Count == 0 ? "There is no trail" : $"None of {function.Region.Trails.Count} trails records data events of this function")}: after an incident nobody can tell who called it.",
                $"aws cloudtrail put-event-selectors --trail-name TRAIL --advanced-event-selectors '[{{\"Name\":\"functions\",\"FieldSelectors\":[{{\"Field\":\"eventCategory\",\"Equals\":[\"Data\"]}},{{\"Field\":\"resources.type\",\"Equals\":[\"{Type}\"]}}]}}]'   # with the selectors that the trail has already",
                Report.Lambda + "logging-using-cloudtrail.html");
        }
    }

    private static bool Records(JsonElement selector, FunctionSubject function) =>
        selector.Get("DataResources") is { ValueKind: JsonValueKind.Array } resources
        && resources.EnumerateArray().Any(r => r.Text("Type") == Type && (r.Get("Values")?.Texts() ?? []).Any(v => v == function.Arn || v is "arn:aws:lambda" or "arn:aws-cn:lambda" or "arn:aws-us-gov:lambda"));

    /// <summary>All fields of a selector must agree; one without the ARN records every function.</summary>
    private static bool RecordsAdvanced(JsonElement selector, FunctionSubject function)
    {
        var fields = selector.Get("FieldSelectors") is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().ToList() : [];
        return fields.Exists(f => f.Text("Field") == "eventCategory" && Any(f, "Equals", v => v == "Data"))
            && fields.Exists(f => f.Text("Field") == "resources.type" && Any(f, "Equals", v => v == Type))
            && fields.Where(f => f.Text("Field") == "resources.ARN").All(f =>
                (f.Get("Equals") is null || Any(f, "Equals", v => v == function.Arn))
                && (f.Get("StartsWith") is null || Any(f, "StartsWith", v => function.Arn.StartsWith(v, StringComparison.Ordinal)))
                && (f.Get("EndsWith") is null || Any(f, "EndsWith", v => function.Arn.EndsWith(v, StringComparison.Ordinal)))
                && !Any(f, "NotEquals", v => v == function.Arn)
                && !Any(f, "NotStartsWith", v => function.Arn.StartsWith(v, StringComparison.Ordinal))
                && !Any(f, "NotEndsWith", v => function.Arn.EndsWith(v, StringComparison.Ordinal)));
    }

    private static bool Any(JsonElement field, string name, Func<string, bool> matches) => (field.Get(name)?.Texts() ?? []).Any(matches);
}
