using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Access;

/// <summary>E-8: an API or load balancer passes requests on without asking who sends them. Answers to CORS questions do not count.</summary>
internal sealed class RouteWithoutAuthorizer : IPostureCheck
{
    public string Id => "E-8";

    public string Title => "a route reaches the function without an authorizer";

    public string? Lacks(FunctionSubject function) =>
        function.ResourcePolicies is null ? "lambda:GetPolicy"
        : function.Region.Routes is null && Exposure.ResourcePolicy.Allowing(function).Any(s => s.Statement.Principals.Any(p => p.Value is "apigateway.amazonaws.com" or "elasticloadbalancing.amazonaws.com"))
            ? function.Region.Lacking("apigateway:GET, elasticloadbalancing:DescribeTargetGroups")
        : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        from route in function.Region.Routes ?? []
        where IsOf(route, function) && route.Authorization.Length == 0 && !route.Path.StartsWith("OPTIONS ", StringComparison.Ordinal)
        select Report.Of(
            this,
            function,
            route.NeedsApiKey ? Severity.Medium : Severity.High,
            $"route:{route.Source}/{route.Path}",
            $"`{route.Path}` of {route.Source} calls the function and asks for {(route.NeedsApiKey ? "an API key alone, which counts callers and proves nobody" : "no authorization: anyone on the internet gets through")}.",
            route.Repair,
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html");

    private static bool IsOf(RouteSubject route, FunctionSubject function) =>
        route.FunctionArn == function.Arn || route.FunctionArn.StartsWith(function.Arn + ":", StringComparison.Ordinal);
}
