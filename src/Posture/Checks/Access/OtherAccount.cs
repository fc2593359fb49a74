using Pellicle.Domain;
using Pellicle.Posture.Exposure;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Access;

/// <summary>E-4: another account, not on the trust list, may call or change the function.</summary>
internal sealed class OtherAccount : IPostureCheck
{
    public string Id => "E-4";

    public string Title => "another account may call this function";

    public string? Lacks(FunctionSubject function) => function.ResourcePolicies is null ? "lambda:GetPolicy" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        foreach (var (qualifier, statement) in ResourcePolicy.Allowing(function))
        {
            foreach (var account in Accounts(statement).Distinct(StringComparer.Ordinal))
            {
                if (account != function.Account && !context.TrustedAccounts.Contains(account))
                {
                    yield return Report.Of(
                        this,
                        function,
                        Severity.Medium,
                        $"policy{(qualifier.Length == 0 ? "" : $":{qualifier}")}/{statement.Sid}/{account}",
                        $"Statement `{statement.Sid}` allows {PublicFunction.Actions(statement)} to account {account}, which is not among the trusted ones.",
                        $"aws lambda remove-permission --function-name {function.Name} --statement-id {statement.Sid}{FunctionUrl.Option(qualifier)}   # or trust the account: pellicle account add … --trust {account}",
                        Report.Lambda + "access-control-resource-based.html");
                }
            }
        }
    }

    // Named, or all that is left of everyone or of a service by the conditions.
    private static IEnumerable<string> Accounts(Statement statement) =>
        statement.Principals.Where(p => p.Kind == "AWS").Select(p => ResourcePolicy.AccountOf(p.Value)).OfType<string>()
            .Concat(Strangers.IsEveryone(statement) || statement.Principals.Any(p => p.Kind == "Service") ? Strangers.Accounts(statement) : []);
}
