using System.Text.RegularExpressions;
using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Settings;

/// <summary>N-1: not in a VPC although it reaches for something inside one. Functions without such targets are better off outside.</summary>
internal sealed partial class NoVpc : IPostureCheck
{
    public string Id => "N-1";

    public string Title => "not in a VPC, although its targets are";

    public string? Lacks(FunctionSubject function) => function.InVpc || function.IsEdge || function.Variables is not null ? null : "kms:Decrypt (variables)";

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (!function.InVpc && !function.IsEdge && function.Variables!.Where(v => Inside().IsMatch(v.Value)).Select(v => v.Key).Order(StringComparer.Ordinal).ToList() is { Count: > 0 } names)
        {
            yield return Report.Of(
                this,
                function,
                Severity.Low,
                "vpc",
                $"{string.Join(", ", names)} name{(names.Count == 1 ? "s" : "")} a database, cache or private address; without a VPC it is either unreachable or open to the internet.",
                $"aws lambda update-function-configuration --function-name {function.Name} --vpc-config SubnetIds=SUBNET_A,SUBNET_B,SecurityGroupIds=GROUP",
                Report.SecurityHub + "3",
                Report.Lambda + "configuration-vpc.html");
        }
    }

    [GeneratedRegex(@"\.(?:rds|cache|docdb|neptune|redshift|memorydb|dax-clusters|mq|kafka)\.[a-z0-9-]*\.?amazonaws\.com|\.[a-z0-9-]+\.(?:rds|cache|docdb|neptune|redshift|memorydb|mq|kafka)\.(?:[a-z0-9-]+\.)?amazonaws\.com|\b(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}\b|\.internal(?:[:/]|$)", RegexOptions.NonBacktracking)]
    private static partial Regex Inside();
}
