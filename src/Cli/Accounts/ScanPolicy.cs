namespace Pellicle.Cli.Accounts;

/// <summary>The IAM policy that a scan needs: every action is called by the inventory, none more.</summary>
internal static class ScanPolicy
{
    /// <summary>Actions that know no resource.</summary>
    public static IReadOnlyList<string> Lists { get; } = ["lambda:ListCodeSigningConfigs", "lambda:ListEventSourceMappings", "lambda:ListFunctions", "lambda:ListLayers"];

    /// <summary>Reads of functions.</summary>
    public static IReadOnlyList<string> Functions { get; } =
    [
        "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig", "lambda:GetFunctionConcurrency", "lambda:GetFunctionConfiguration", "lambda:GetPolicy", "lambda:GetRuntimeManagementConfig",
        "lambda:ListAliases", "lambda:ListFunctionEventInvokeConfigs", "lambda:ListFunctionUrlConfigs", "lambda:ListTags", "lambda:ListVersionsByFunction",
    ];

    /// <summary>Reads of layers.</summary>
    public static IReadOnlyList<string> Layers { get; } = ["lambda:GetLayerVersion", "lambda:GetLayerVersionPolicy", "lambda:ListLayerVersions"];

    /// <summary>Reads of code-signing configurations.</summary>
    public static IReadOnlyList<string> Signing { get; } = ["lambda:GetCodeSigningConfig", "lambda:ListFunctionsByCodeSigningConfig"];

    /// <summary>Reads of roles and policies.</summary>
    public static IReadOnlyList<string> Roles { get; } = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"];

    /// <summary>Reads of managed policies.</summary>
    public static IReadOnlyList<string> Policies { get; } = ["iam:GetPolicy", "iam:GetPolicyVersion"];

    /// <summary>Reads of what lies around functions. Each is asked only where a function needs it; without one its checks are not judged.</summary>
    public static IReadOnlyList<string> Surroundings { get; } =
    [
        "cloudtrail:DescribeTrails", "cloudtrail:GetEventSelectors", "cloudtrail:GetTrailStatus", "config:DescribeConfigurationRecorderStatus", "config:DescribeConfigurationRecorders", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
        "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
        "logs:DescribeLogGroups", "sqs:GetQueueAttributes",
    ];

    /// <summary>Reads of API Gateway: its one action for reading.</summary>
    public static IReadOnlyList<string> Apis { get; } = ["apigateway:GET"];

    /// <summary>The document; serialised as it stands.</summary>
    public static object Document => new
    {
        Version = "2012-10-17",
        Statement = new[]
        {
            Allow("List", Lists, "*"),
            Allow("Functions", Functions, "arn:aws:lambda:*:*:function:*"),
            Allow("Layers", Layers, "arn:aws:lambda:*:*:layer:*"),
            Allow("CodeSigning", Signing, "arn:aws:lambda:*:*:code-signing-config:*"),
            Allow("Roles", Roles, "arn:aws:iam::*:role/*"),
            Allow("Surroundings", Surroundings, "*"),
            Allow("Apis", Apis, "arn:aws:apigateway:*::/restapis*", "arn:aws:apigateway:*::/apis*"),
            Allow("Policies", Policies, "arn:aws:iam::*:policy/*", "arn:aws:iam::aws:policy/*"),
        },
    };

    private static object Allow(string sid, IReadOnlyList<string> actions, params string[] resources) => new { Sid = sid, Effect = "Allow", Action = actions, Resource = resources };
}
