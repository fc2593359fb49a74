using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Data;

/// <summary>D-3: sensitive variables are not encrypted by the client, so they are readable wherever the configuration is shown.</summary>
internal sealed class PlainSensitiveVariables : IPostureCheck
{
    public string Id => "D-3";

    public string Title => "sensitive variables are not encrypted on the client's side";

    public string? Lacks(FunctionSubject function) => function.Variables is null ? "kms:Decrypt (variables)" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        var plain = function.Variables!.Where(v => SensitiveText.IsSecretName(v.Key) && !SensitiveText.IsReference(v.Value) && !SensitiveText.IsReportingToken(v.Key, v.Value)).Select(v => v.Key).Order(StringComparer.Ordinal).ToList();
        if (plain.Count > 0)
        {
            yield return Report.Of(
                this,
                function,
                Severity.Medium,
                "variables",
                $"{string.Join(", ", plain)}: the values are not KMS ciphertext.",
                $"aws kms encrypt --key-id KEY_ARN --plaintext fileb://secret.txt --encryption-context LambdaFunctionName={function.Name}   # store the ciphertext, decrypt it in the code",
                Report.Lambda + "configuration-envvars-encryption.html");
        }
    }
}
