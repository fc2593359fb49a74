using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Data;

/// <summary>D-11: a large /tmp, which keeps its content from one invocation to the next.</summary>
internal sealed class LargeTemporary : IPostureCheck
{
    private const int Default = 512;

    public string Id => "D-11";

    public string Title => "a large /tmp may keep data between invocations";

    public string? Lacks(FunctionSubject function) => null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function.EphemeralStorage > Default)
        {
            yield return Report.Of(
                this,
                function,
                Severity.Low,
                "ephemeral-storage",
                $"/tmp has {function.EphemeralStorage} MB. What one invocation leaves there, the next one in the same environment finds.",
                $"aws lambda update-function-configuration --function-name {function.Name} --ephemeral-storage Size={Default}   # or remove files at the end of each invocation",
                Report.Lambda + "configuration-ephemeral-storage.html");
        }
    }
}
