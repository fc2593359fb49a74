using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Supply;

/// <summary>R-2: nothing checks who made the code, or a failed check only warns. Not for images, which cannot be signed so.</summary>
internal sealed class NoCodeSigning : IPostureCheck
{
    public string Id => "R-2";

    public string Title => "code signing is not enforced";

    public string? Lacks(FunctionSubject function) => function.CodeSigningRead || function.IsImage ? null : "lambda:GetFunctionCodeSigningConfig";

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function.IsImage)
        {
            yield break;
        }

        if (function.CodeSigning is not { } signing)
        {
            yield return Report.Of(this, function, Severity.Medium, "code-signing", "Lambda accepts code and layers from anyone who may deploy.", $"aws lambda put-function-code-signing-config --function-name {function.Name} --code-signing-config-arn CONFIG_ARN", Report.Lambda + "configuration-codesigning.html");
        }
        else if ((signing.Get("CodeSigningConfig") ?? signing).Get("CodeSigningPolicies")?.Text("UntrustedArtifactOnDeployment") is not "Enforce")
        {
            var arn = (signing.Get("CodeSigningConfig") ?? signing).Text("CodeSigningConfigArn") ?? "CONFIG_ARN";
            yield return Report.Of(this, function, Severity.Low, "code-signing", "The code-signing policy is Warn: unsigned code is deployed, with a line in CloudTrail.", $"aws lambda update-code-signing-config --code-signing-config-arn {arn} --code-signing-policies UntrustedArtifactOnDeployment=Enforce", Report.Lambda + "configuration-codesigning.html");
        }
    }
}
