using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Settings;

/// <summary>L-8: not tagged. Tags that AWS sets by itself do not count.</summary>
internal sealed class NoTags : IPostureCheck
{
    public string Id => "L-8";

    public string Title => "not tagged";

    public string? Lacks(FunctionSubject function) => function.Tags is null ? "lambda:ListTags" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (!function.Tags!.Keys.Any(k => !k.StartsWith("aws:", StringComparison.Ordinal)))
        {
            yield return Report.Of(this, function, Severity.Low, "tags", "No tag says whose function this is; in an incident somebody must be asked.", $"aws lambda tag-resource --resource {function.Arn} --tags owner=TEAM", Report.SecurityHub + "6");
        }
    }
}
