using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Network;

/// <summary>N-3: a security group lets everything out to everywhere. One port to everywhere is ordinary; all of them are what an attacker wants.</summary>
internal sealed class OpenEgress : IPostureCheck
{
    public string Id => "N-3";

    public string Title => "a security group lets everything out";

    public string? Lacks(FunctionSubject function) => function.InVpc && function.SecurityGroups is null ? function.Region.Lacking("ec2:DescribeSecurityGroups") : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) =>
        from grp in function.InVpc ? function.SecurityGroups ?? [] : []
        let open = grp.Egress.FirstOrDefault(IsOpen)
        where open is not null
        let target = open.Targets.First(IsEverywhere)
        select Report.Of(
            this,
            function,
            Severity.Medium,
            $"vpc/{grp.Id}",
            $"`{grp.Id}` lets {(open.Protocol == "-1" ? "every protocol" : $"every port of {open.Protocol}")} out to {target}: code that takes over the function sends data anywhere.",
            $"aws ec2 revoke-security-group-egress --group-id {grp.Id} --ip-permissions '[{{\"IpProtocol\":\"{open.Protocol}\"{Ports(open)},{(target.Contains(':', StringComparison.Ordinal) ? $"\"Ipv6Ranges\":[{{\"CidrIpv6\":\"{target}\"}}]" : $"\"IpRanges\":[{{\"CidrIp\":\"{target}\"}}]")}}}]'   # after allowing what the function needs, for example tcp 443 to its endpoints",
            Report.Lambda + "configuration-vpc.html");

    private static bool IsOpen(EgressSubject rule) =>
        rule.Targets.Any(IsEverywhere) && (rule.Protocol == "-1" || (rule.Protocol is "tcp" or "6" or "udp" or "17" && rule.FromPort is null or <= 1 && rule.ToPort is null or >= 65535));

    private static bool IsEverywhere(string target) => target is "0.0.0.0/0" or "::/0";

    private static string Ports(EgressSubject rule) => rule is { FromPort: { } from, ToPort: { } to } ? FormattableString.Invariant($",\"FromPort\":{from},\"ToPort\":{to}") : "";
}
