using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-8: grants of the class LateralMovement that the code never uses.</summary>
internal sealed class UnusedLateral : IPostureCheck
{
    public string Id => "I-8";

    public string Title => "the role reaches resources that the code never calls";

    public string? Lacks(FunctionSubject function) => UnusedGrants.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        UnusedGrants.Judge(this, RiskClass.LateralMovement, Severity.High, "An attacker in the function goes on from there.", function);
}
