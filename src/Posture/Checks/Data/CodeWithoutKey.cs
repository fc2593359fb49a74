using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Data;

/// <summary>D-9: the stored zip is not under a customer key.</summary>
internal sealed class CodeWithoutKey : IPostureCheck
{
    public string Id => "D-9";

    public string Title => "code is not under a customer key";

    public string? Lacks(FunctionSubject function) => function.DetailRead || function.IsImage ? null : "lambda:GetFunction";

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (!function.IsImage && function.SourceKmsKeyArn is null)
        {
            yield return Report.Of(
                this,
                function,
                Severity.Low,
                "code",
                "The stored zip is encrypted under AWS's own key.",
                $"aws lambda update-function-code --function-name {function.Name} --zip-file fileb://function.zip --source-kms-key-arn KEY_ARN",
                Report.Lambda + "encrypt-zip-package.html");
        }
    }
}
