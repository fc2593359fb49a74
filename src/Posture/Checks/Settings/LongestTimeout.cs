using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Settings;

/// <summary>S-4: the longest timeout Lambda knows.</summary>
internal sealed class LongestTimeout : IPostureCheck
{
    private const int Maximum = 900;

    public string Id => "S-4";

    public string Title => "the timeout is at the maximum";

    public string? Lacks(FunctionSubject function) => null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function.Timeout >= Maximum)
        {
            yield return Report.Of(this, function, Severity.Low, "timeout", $"The timeout is {function.Timeout} s: a call that hangs, or that an attacker keeps busy, runs and costs a quarter of an hour.", $"aws lambda update-function-configuration --function-name {function.Name} --timeout 60", Report.Lambda + "configuration-timeout.html");
        }
    }
}
