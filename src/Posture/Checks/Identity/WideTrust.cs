using Pellicle.Domain;
using Pellicle.Posture.Exposure;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-17: others than Lambda may assume the role, or Lambda may for any function of any account.</summary>
internal sealed class WideTrust : IPostureCheck
{
    public string Id => "I-17";

    public string Title => "the trust policy admits more than this account's functions";

    public string? Lacks(FunctionSubject function) => function.RoleArn is not null && function.Role?.Exists != false && function.Role?.TrustPolicy is null ? "iam:GetRole" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function.Role?.TrustPolicy is not { } trust)
        {
            yield break;
        }

        foreach (var statement in Statement.Parse(trust, "trust").Where(s => s.Allow && Assuming.Any(s.HasAction)))
        {
            var others = statement.NotPrincipal ? ["everyone but a few"] : statement.Principals.Where(p => !IsLambda(p) && p.Value != function.RoleArn).Select(p => p.Value).ToList();
            var everyone = statement.NotPrincipal || others.Contains("*");
            if (others.Count > 0)
            {
                yield return RoleChecks.Finding(
                    this,
                    function,
                    everyone && Strangers.Pass(statement) ? Severity.Critical : Severity.High,
                    $"trust/{statement.Sid}",
                    $"Statement `{statement.Sid}` lets {RoleChecks.Some(others)} assume the role too{(statement.Conditions.Count > 0 ? ", under conditions" : "")}: what the function may do, they may do.",
                    $"aws iam update-assume-role-policy --role-name {function.Role.Name} --policy-document '{Trust(function)}'");
            }
            else if (!ResourcePolicy.IsScoped(statement))
            {
                yield return RoleChecks.Finding(
                    this,
                    function,
                    Severity.Low,
                    $"trust/{statement.Sid}",
                    $"Statement `{statement.Sid}` names neither aws:SourceArn nor aws:SourceAccount: any function that is given the role may run with it.",
                    $"aws iam update-assume-role-policy --role-name {function.Role.Name} --policy-document '{Trust(function)}'");
            }
        }
    }

    private static readonly string[] Assuming = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

    private static bool IsLambda((string Kind, string Value) principal) => principal is ("Service", "lambda.amazonaws.com" or "edgelambda.amazonaws.com");

    private static string Trust(FunctionSubject function) =>
        $$$$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"{{{{function.Account}}}}"},"ArnLike":{"aws:SourceArn":"{{{{function.Arn}}}}"}}}]}""";
}
