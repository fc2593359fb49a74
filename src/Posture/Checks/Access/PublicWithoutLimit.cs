using Pellicle.Domain;
using Pellicle.Posture.Exposure;

namespace Pellicle.Posture.Checks.Access;

/// <summary>E-9: public, and nothing bounds how much of the account's concurrency strangers may use.</summary>
internal sealed class PublicWithoutLimit : IPostureCheck
{
    public string Id => "E-9";

    public string Title => "public, and without reserved concurrency";

    public string? Lacks(FunctionSubject function) =>
        function.Concurrency is null ? "lambda:GetFunctionConcurrency"
        : function.Concurrency.Reserved is not null || IsPublic(function) ? null
        : function.ResourcePolicies is null ? "lambda:GetPolicy"
        : function.Urls is null ? "lambda:ListFunctionUrlConfigs"
        : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function.Concurrency!.Reserved is null && IsPublic(function))
        {
            yield return Report.Of(
                this,
                function,
                Severity.Critical,
                "concurrency",
                "Anyone can call the function as often as they like: that costs money, and takes the concurrency of every other function of the account.",
                $"aws lambda put-function-concurrency --function-name {function.Name} --reserved-concurrent-executions 10",
                Report.Lambda + "configuration-concurrency.html");
        }
    }

    private static bool IsPublic(FunctionSubject function) =>
        FunctionUrl.IsPublic(function) || ResourcePolicy.Allowing(function).Any(s => ResourcePolicy.OpennessOf(function, s.Qualifier, s.Statement) == Openness.Open);
}
