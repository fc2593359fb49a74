using System.Globalization;
using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Supply;

/// <summary>R-1: the runtime gets no security updates any more, or soon not; worst when the function can no longer be changed. A stale table says so.</summary>
internal sealed class OldRuntime : IPostureCheck
{
    public string Id => "R-1";

    public string Title => "the runtime is at its end";

    public string? Lacks(FunctionSubject function) => null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function.Runtime is not { } runtime)
        {
            yield break;
        }

        if (Runtimes.Find(runtime) is not { } dates)
        {
            if (context.Today.DayNumber - Runtimes.TableDate.DayNumber > PostureTables.MaxAgeDays)
            {
                yield return Report.Of(this, function, Severity.Info, "runtime", $"`{runtime}` is not in the table of {Text(Runtimes.TableDate)}, which is more than {PostureTables.MaxAgeDays} days old: whether it is at its end is not known.", "pellicle db update --tables URL", Report.Lambda + "lambda-runtimes.html");
            }

            yield break;
        }

        var days = dates.Deprecated.DayNumber - context.Today.DayNumber;
        var blocked = dates.Blocked <= context.Today;
        if (days > context.RuntimeNoticeDays)
        {
            yield break;
        }

        yield return Report.Of(
            this,
            function,
            blocked ? Severity.Critical : days < 0 ? Severity.High : Severity.Low,
            "runtime",
            blocked ? $"`{runtime}` has had no security updates since {Text(dates.Deprecated)}, and since {Text(dates.Blocked!.Value)} Lambda refuses changes of the function until its runtime is changed."
                : days < 0 ? $"`{runtime}` has had no security updates since {Text(dates.Deprecated)}{(dates.Blocked is { } block ? $"; from {Text(block)} the function cannot be changed any more" : "")}."
                : $"`{runtime}` gets its last security updates on {Text(dates.Deprecated)}, in {days} days.",
            $"aws lambda update-function-configuration --function-name {function.Name} --runtime {Runtimes.NewestLike(runtime) ?? "NEWER"}   # after testing the code with it",
            Report.SecurityHub + "2",
            Report.Lambda + "lambda-runtimes.html");
    }

    private static string Text(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
