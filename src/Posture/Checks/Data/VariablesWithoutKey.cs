using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Data;

/// <summary>D-2: variables are encrypted, but under a key that the account does not control.</summary>
internal sealed class VariablesWithoutKey : IPostureCheck
{
    public string Id => "D-2";

    public string Title => "variables are not under a customer key";

    public string? Lacks(FunctionSubject function) => null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function is { Variables.Count: > 0, KmsKeyArn: null })
        {
            yield return Report.Of(
                this,
                function,
                Severity.Medium,
                "variables",
                $"{function.Variables.Count} variables are encrypted under AWS's own key: whoever may read the configuration reads them, no key policy stands before it.",
                $"aws lambda update-function-configuration --function-name {function.Name} --kms-key-arn KEY_ARN",
                Report.Lambda + "configuration-envvars-encryption.html");
        }
    }
}
