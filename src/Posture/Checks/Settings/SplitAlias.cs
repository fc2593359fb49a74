using System.Globalization;
using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Settings;

/// <summary>S-6: an alias sends part of the traffic to a second version: a deployment in progress, or code slipped in.</summary>
internal sealed class SplitAlias : IPostureCheck
{
    public string Id => "S-6";

    public string Title => "an alias sends part of the traffic to another version";

    public string? Lacks(FunctionSubject function) => function.Aliases is null ? "lambda:ListAliases" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        from alias in function.Aliases!
        from weight in alias.Weights.OrderBy(w => w.Key, StringComparer.Ordinal)
        where weight.Value > 0
        select Report.Of(
            this,
            function,
            Severity.Medium,
            $"alias:{alias.Name}",
            $"`{alias.Name}` sends {(weight.Value * 100).ToString("0.##", CultureInfo.InvariantCulture)} % of its calls to version {weight.Key} beside {alias.Version}. If no deployment is under way, look at that version.",
            $"aws lambda update-alias --function-name {function.Name} --name {alias.Name} --routing-config 'AdditionalVersionWeights={{}}'",
            Report.Lambda + "configuring-alias-routing.html");
}
