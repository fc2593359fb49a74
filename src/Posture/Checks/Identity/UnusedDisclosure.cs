using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-5: grants of the class InformationDisclosure that the code never uses.</summary>
internal sealed class UnusedDisclosure : IPostureCheck
{
    public string Id => "I-5";

    public string Title => "the role may look around more than the code does";

    public string? Lacks(FunctionSubject function) => UnusedGrants.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        UnusedGrants.Judge(this, RiskClass.InformationDisclosure, Severity.Medium, "An attacker in the function learns how the account is built.", function);
}
