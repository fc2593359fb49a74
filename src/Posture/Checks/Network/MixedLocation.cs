using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Network;

/// <summary>N-4: function, subnets and security groups carry tags that place them in different parts of the network.</summary>
internal sealed class MixedLocation : IPostureCheck
{
    private static readonly string[] Keys = ["NetworkLocation", "network-location", "Environment", "Env", "Stage"];

    public string Id => "N-4";

    public string Title => "function and network belong to different places";

    public string? Lacks(FunctionSubject function) =>
        !function.InVpc ? null
        : function.Subnets is null ? function.Region.Lacking("ec2:DescribeSubnets")
        : function.SecurityGroups is null ? function.Region.Lacking("ec2:DescribeSecurityGroups")
        : function.Tags is null ? "lambda:ListTags"
        : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (!function.InVpc)
        {
            yield break;
        }

        var parts = function.Subnets!.Select(s => (s.Id, s.Tags)).Concat(function.SecurityGroups!.Select(g => (g.Id, g.Tags))).Append((Id: function.Name, Tags: function.Tags!)).ToList();
        foreach (var key in Keys)
        {
            var values = parts.Select(p => (p.Id, Value: p.Tags.FirstOrDefault(t => t.Key.Equals(key, StringComparison.OrdinalIgnoreCase)).Value)).Where(p => !string.IsNullOrEmpty(p.Value)).ToList();
            if (values.Select(v => v.Value).Distinct(StringComparer.OrdinalIgnoreCase).Count() > 1)
            {
                yield return Report.Of(
                    this,
                    function,
                    Severity.Medium,
                    $"vpc/tag:{key}",
                    $"The tag `{key}` differs: {string.Join(", ", values.Select(v => $"{v.Id} is {v.Value}"))}. A function in the network of another environment reaches what it should not.",
                    $"aws lambda update-function-configuration --function-name {function.Name} --vpc-config SubnetIds=SUBNETS_OF_THE_SAME_{key.ToUpperInvariant().Replace('-', '_')},SecurityGroupIds=GROUPS_OF_THE_SAME",
                    Report.Lambda + "configuration-vpc.html");
                yield break;
            }
        }
    }
}
