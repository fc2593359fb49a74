using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-7: grants of the class DataTampering that the code never uses.</summary>
internal sealed class UnusedTampering : IPostureCheck
{
    public string Id => "I-7";

    public string Title => "the role may change data that the code never changes";

    public string? Lacks(FunctionSubject function) => UnusedGrants.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        UnusedGrants.Judge(this, RiskClass.DataTampering, Severity.Medium, "An attacker in the function changes them.", function);
}
