using Pellicle.Domain;
using Pellicle.Posture.Exposure;

namespace Pellicle.Posture.Checks.Access;

/// <summary>E-3: an AWS service may call, on behalf of any account (confused deputy).</summary>
internal sealed class UnscopedService : IPostureCheck
{
    public string Id => "E-3";

    public string Title => "a service may call this function for any account";

    public string? Lacks(FunctionSubject function) => function.ResourcePolicies is null ? "lambda:GetPolicy" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        foreach (var (qualifier, statement) in ResourcePolicy.Allowing(function))
        {
            foreach (var (_, service) in statement.Principals.Where(p => p.Kind == "Service" && !ResourcePolicy.IsScoped(statement)))
            {
                var named = ResourcePolicy.NamesSource(statement);
                yield return Report.Of(
                    this,
                    function,
                    Severity.High,
                    $"policy{(qualifier.Length == 0 ? "" : $":{qualifier}")}/{statement.Sid}",
                    named
                        ? $"Statement `{statement.Sid}` lets `{service}` call for a resource whose ARN names no account; whoever takes over its name (a deleted bucket) can call the function."
                        : $"Statement `{statement.Sid}` lets `{service}` call without a source ARN or account: anyone can make that service call the function from an account of theirs.",
                    $"aws lambda remove-permission --function-name {function.Name} --statement-id {statement.Sid}{FunctionUrl.Option(qualifier)} && aws lambda add-permission --function-name {function.Name}{FunctionUrl.Option(qualifier)} --statement-id {statement.Sid} --action lambda:InvokeFunction --principal {service} --source-account {function.Account}{(named ? " --source-arn SOURCE_ARN" : " [--source-arn SOURCE_ARN]")}",
                    Report.SecurityHub + "1",
                    Report.Iam + "confused-deputy.html");
            }
        }
    }
}
