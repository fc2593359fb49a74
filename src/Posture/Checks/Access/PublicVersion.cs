using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Access;

/// <summary>E-2: as E-1, for the policies of published versions and aliases, which the console does not show.</summary>
internal sealed class PublicVersion : IPostureCheck
{
    public string Id => "E-2";

    public string Title => "everyone may call a version or alias of this function";

    public string? Lacks(FunctionSubject function) => function.ResourcePolicies is null ? "lambda:GetPolicy" : function.Aliases is null && function.Versions is null ? "lambda:ListAliases" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) => PublicFunction.Public(this, function, q => q.Length > 0);
}
