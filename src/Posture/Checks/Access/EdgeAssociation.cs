using Pellicle.Domain;
using Pellicle.Posture.Exposure;

namespace Pellicle.Posture.Checks.Access;

/// <summary>E-12: CloudFront runs the function at its edge: to be looked at, because it sees and may change every request of a distribution.</summary>
internal sealed class EdgeAssociation : IPostureCheck
{
    public string Id => "E-12";

    public string Title => "CloudFront runs the function at its edge";

    public string? Lacks(FunctionSubject function) => function.ResourcePolicies is null ? "lambda:GetPolicy" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        from qualifier in EdgeFunctions.Qualifiers(function)
        select Report.Of(
            this,
            function,
            Severity.Info,
            $"edge{(qualifier.Length == 0 ? "" : $":{qualifier}")}",
            $"The policy{(qualifier.Length == 0 ? "" : $" of version {qualifier}")} lets Lambda@Edge copy the function to all edge locations: it sees every request of a distribution, and its logs lie in the regions of the viewers.",
            "aws cloudfront list-distributions --query \"DistributionList.Items[?DefaultCacheBehavior.LambdaFunctionAssociations.Quantity>\\`0\\`].[Id,DefaultCacheBehavior.LambdaFunctionAssociations.Items]\"   # check that the association is wanted",
            Report.Lambda + "lambda-edge.html");
}
