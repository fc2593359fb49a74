using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-11: grants of the class PersistentAccess that the code never uses.</summary>
internal sealed class UnusedPersistence : IPostureCheck
{
    public string Id => "I-11";

    public string Title => "the role may create ways to stay, which the code never does";

    public string? Lacks(FunctionSubject function) => UnusedGrants.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        UnusedGrants.Judge(this, RiskClass.PersistentAccess, Severity.High, "An attacker in the function stays after the function is repaired.", function);
}
