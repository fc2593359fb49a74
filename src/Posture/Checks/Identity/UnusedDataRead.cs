using Pellicle.Domain;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-6: grants of the class DataLeakage that the code never uses.</summary>
internal sealed class UnusedDataRead : IPostureCheck
{
    public string Id => "I-6";

    public string Title => "the role may read data that the code never reads";

    public string? Lacks(FunctionSubject function) => UnusedGrants.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        UnusedGrants.Judge(this, RiskClass.DataLeakage, Severity.High, "An attacker in the function reads them.", function);
}
