using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Network;

/// <summary>N-2: attached to subnets of a single zone: when it fails, so does the function.</summary>
internal sealed class FewZones : IPostureCheck
{
    public string Id => "N-2";

    public string Title => "the function's subnets lie in one zone";

    // One subnet is one zone, whatever it is called.
    public string? Lacks(FunctionSubject function) => function.InVpc && function.Subnets is null && function.SubnetIds.Count != 1 ? function.Region.Lacking("ec2:DescribeSubnets") : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        var zones = function.Subnets?.Select(s => s.Zone).Distinct(StringComparer.Ordinal).ToList() ?? [];
        if (function.InVpc && (function.SubnetIds.Count == 1 || zones.Count == 1))
        {
            yield return Report.Of(
                this,
                function,
                Severity.Medium,
                "vpc/subnets",
                $"{string.Join(", ", function.SubnetIds)} {(function.SubnetIds.Count == 1 ? "is the only subnet" : $"all lie in {zones[0]}")}: when that zone is disturbed, the function cannot run.",
                $"aws lambda update-function-configuration --function-name {function.Name} --vpc-config SubnetIds={string.Join(',', function.SubnetIds)},SUBNET_OF_ANOTHER_ZONE,SecurityGroupIds={string.Join(',', function.SecurityGroups?.Select(g => g.Id) ?? ["GROUP"])}",
                Report.SecurityHub + "5",
                Report.Lambda + "configuration-vpc.html");
        }
    }
}
