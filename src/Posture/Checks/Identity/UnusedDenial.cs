using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-9: grants of the class DenialOfService that the code never uses.</summary>
internal sealed class UnusedDenial : IPostureCheck
{
    public string Id => "I-9";

    public string Title => "the role may stop or destroy what the code never touches";

    public string? Lacks(FunctionSubject function) => UnusedGrants.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        UnusedGrants.Judge(this, RiskClass.DenialOfService, Severity.Medium, "An attacker in the function destroys them.", function);
}
