using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Supply;

/// <summary>R-6: the runtime is pinned, so AWS's patches do not arrive.</summary>
internal sealed class PinnedRuntime : IPostureCheck
{
    public string Id => "R-6";

    public string Title => "the runtime version is pinned";

    public string? Lacks(FunctionSubject function) => function.RuntimeManagement is null && !function.IsImage ? "lambda:GetRuntimeManagementConfig" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function.RuntimeManagement?.Text("UpdateRuntimeOn") is "Manual")
        {
            yield return Report.Of(this, function, Severity.Medium, "runtime-management", $"UpdateRuntimeOn is Manual ({function.RuntimeManagement?.Text("RuntimeVersionArn")}): security patches of the runtime do not reach the function.", $"aws lambda put-runtime-management-config --function-name {function.Name} --update-runtime-on Auto", Report.Lambda + "runtimes-update.html");
        }
    }
}
