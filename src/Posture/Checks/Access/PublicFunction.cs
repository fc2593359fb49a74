using Pellicle.Domain;
using Pellicle.Posture.Exposure;

namespace Pellicle.Posture.Checks.Access;

/// <summary>E-1: the resource policy lets everyone in, and no condition narrows it.</summary>
internal sealed class PublicFunction : IPostureCheck
{
    public string Id => "E-1";

    public string Title => "everyone may call this function";

    public string? Lacks(FunctionSubject function) => function.ResourcePolicies is null ? "lambda:GetPolicy" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) => Public(this, function, q => q.Length == 0);

    internal static IEnumerable<Finding> Public(IPostureCheck check, FunctionSubject function, Func<string, bool> qualifiers)
    {
        foreach (var (qualifier, statement) in ResourcePolicy.Allowing(function).Where(s => qualifiers(s.Qualifier)))
        {
            var openness = ResourcePolicy.OpennessOf(function, qualifier, statement);
            if (openness == Openness.Closed)
            {
                continue;
            }

            yield return Report.Of(
                check,
                function,
                openness == Openness.Open ? Severity.Critical : Severity.Medium,
                $"policy{(qualifier.Length == 0 ? "" : $":{qualifier}")}/{statement.Sid}",
                $"Statement `{statement.Sid}` of the resource policy{(qualifier.Length == 0 ? "" : $" of `{qualifier}`")} allows {Actions(statement)} to {(statement.NotPrincipal ? "everyone but a few" : "every principal")}, and no condition narrows it{(statement.Conditions.Count > 0 ? $" (not {string.Join(", ", statement.Conditions.Select(c => $"{c.Operator} {c.Key}"))})" : "")}{(openness == Openness.Open ? "" : "; today there is no function URL of this kind, making one opens it")}.",
                $"aws lambda remove-permission --function-name {function.Name} --statement-id {statement.Sid}{FunctionUrl.Option(qualifier)}",
                Report.SecurityHub + "1",
                Report.Lambda + "access-control-resource-based.html");
        }
    }

    internal static string Actions(Pellicle.Posture.Identity.Statement statement) =>
        statement.NotActions.Count > 0 ? $"everything but {string.Join(", ", statement.NotActions)}" : string.Join(", ", statement.Actions);
}
