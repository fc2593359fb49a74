using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-10: grants of the class Exfiltration that the code never uses.</summary>
internal sealed class UnusedExfiltration : IPostureCheck
{
    public string Id => "I-10";

    public string Title => "the role may open resources to the outside, which the code never does";

    public string? Lacks(FunctionSubject function) => UnusedGrants.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        UnusedGrants.Judge(this, RiskClass.Exfiltration, Severity.High, "An attacker in the function takes data out through AWS itself, unseen by the network.", function);
}
