using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Settings;

/// <summary>S-2: no reserved concurrency; 0 means switched off.</summary>
internal sealed class NoReservedConcurrency : IPostureCheck
{
    public string Id => "S-2";

    public string Title => "concurrency is not bounded";

    public string? Lacks(FunctionSubject function) => function.Concurrency is null && !function.IsEdge ? "lambda:GetFunctionConcurrency" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function.IsEdge)
        {
            yield break;
        }

        switch (function.Concurrency!.Reserved)
        {
            case null:
                yield return Report.Of(this, function, Severity.Low, "concurrency", "Nothing bounds how many environments run at once: a flood of events takes the concurrency of the whole account.", $"aws lambda put-function-concurrency --function-name {function.Name} --reserved-concurrent-executions 10", Report.Lambda + "configuration-concurrency.html");
                break;
            case 0:
                yield return Report.Of(this, function, Severity.Info, "concurrency", "Reserved concurrency is 0: the function is switched off.", $"aws lambda delete-function-concurrency --function-name {function.Name}   # to switch it on, or delete the function", Report.Lambda + "configuration-concurrency.html");
                break;
            default:
                break;
        }
    }
}
