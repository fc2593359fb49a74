using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-12: grants of the class PrivilegeElevation that the code never uses.</summary>
internal sealed class UnusedElevation : IPostureCheck
{
    public string Id => "I-12";

    public string Title => "the role may gain permissions, which the code never does";

    public string? Lacks(FunctionSubject function) => UnusedGrants.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        UnusedGrants.Judge(this, RiskClass.PrivilegeElevation, Severity.High, "An attacker in the function becomes more than the function.", function);
}
