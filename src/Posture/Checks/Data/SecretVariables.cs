using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Data;

/// <summary>D-1: a secret in the environment. References to a store of secrets are fine. Values are never shown.</summary>
internal sealed class SecretVariables : IPostureCheck
{
    public string Id => "D-1";

    public string Title => "a secret lies in a variable";

    public string? Lacks(FunctionSubject function) => function.Variables is null ? "kms:Decrypt (variables)" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        foreach (var (name, value) in function.Variables!.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            var form = SensitiveText.Describe(value);
            if (SensitiveText.IsReportingToken(name, value))
            {
                yield return Report.Of(
                    this,
                    function,
                    Severity.Low,
                    $"variable:{name}",
                    $"`{name}` holds the token by which the guard reports: who may read the configuration could send reports in this account's name, and read its functions' policies. It opens nothing else.",
                    "narrow who may call lambda:GetFunctionConfiguration; a token that was seen is revoked at the server, and `pellicle protect` gives a new one",
                    Report.Lambda + "configuration-envvars-encryption.html");
            }
            else if (form is not null || (SensitiveText.IsSecretName(name) && !SensitiveText.IsReference(value)))
            {
                yield return Report.Of(
                    this,
                    function,
                    Severity.Critical,
                    $"variable:{name}",
                    form is not null
                        ? $"`{name}` holds {form}: everyone who may read the configuration reads it."
                        : $"By its name `{name}` holds a secret, and its value ({value.Length} characters) is no reference to one: everyone who may read the configuration reads it.",
                    $"aws secretsmanager create-secret --name {function.Name}/{name} --secret-string file://secret.txt   # read it by its ARN in the code, remove the variable, and replace the secret: it has been seen",
                    Report.Lambda + "configuration-envvars-encryption.html");
            }
        }
    }
}
