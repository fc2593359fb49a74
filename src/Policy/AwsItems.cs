namespace Pellicle.Policy;

/// <summary>Items of the dimension <c>aws</c>: <c>service:Operation</c>, the service by its name in IAM, and <c>service:?</c> where the operation could not be seen.</summary>
public static class AwsItems
{
    /// <summary>In the place of an operation that could not be seen.</summary>
    public const string Unseen = "?";

    // Names in signatures and host names, and of packages of the clients for Java, that are not those of IAM: https://docs.aws.amazon.com/service-authorization/latest/reference/
    private static readonly Dictionary<string, string> Others = new(StringComparer.Ordinal)
    {
        ["monitoring"] = "cloudwatch", ["email"] = "ses", ["email-smtp"] = "ses", ["tagging"] = "tag", ["iotdata"] = "iot", ["ioteventsdata"] = "iotevents", ["awsssoportal"] = "sso", ["oidc"] = "sso-oauth",
        ["accessanalyzer"] = "access-analyzer", ["apigatewaymanagementapi"] = "execute-api", ["apigatewayv2"] = "apigateway", ["applicationautoscaling"] = "application-autoscaling", ["appconfigdata"] = "appconfig",
        ["bedrockagent"] = "bedrock", ["bedrockagentruntime"] = "bedrock", ["bedrockruntime"] = "bedrock", ["cloudwatchlogs"] = "logs", ["cloudwatchevents"] = "events", ["cognitoidentity"] = "cognito-identity",
        ["cognitoidentityprovider"] = "cognito-idp", ["cognitoidp"] = "cognito-idp", ["costexplorer"] = "ce", ["dynamodbv2"] = "dynamodb", ["ecrpublic"] = "ecr-public", ["efs"] = "elasticfilesystem",
        ["elasticsearch"] = "es", ["emr"] = "elasticmapreduce", ["emrcontainers"] = "emr-containers", ["emrserverless"] = "emr-serverless", ["eventbridge"] = "events", ["identitymanagement"] = "iam",
        ["elasticloadbalancingv2"] = "elasticloadbalancing", ["iotdataplane"] = "iot", ["kinesisfirehose"] = "firehose", ["lexruntimev2"] = "lex", ["location"] = "geo", ["opensearch"] = "es", ["rdsdata"] = "rds-data",
        ["redshiftdata"] = "redshift-data", ["resourcegroups"] = "resource-groups", ["resourcegroupstaggingapi"] = "tag", ["s3control"] = "s3", ["sagemakerruntime"] = "sagemaker", ["securitytoken"] = "sts",
        ["sesv2"] = "ses", ["sfn"] = "states", ["simpleemail"] = "ses", ["simplesystemsmanagement"] = "ssm", ["ssooidc"] = "sso-oauth", ["stepfunctions"] = "states",
        ["bedrock-runtime"] = "bedrock", ["bedrock-agent"] = "bedrock", ["bedrock-agent-runtime"] = "bedrock", ["sync-states"] = "states", ["pinpoint"] = "mobiletargeting", ["runtime-v2-lex"] = "lex",
    };

    /// <summary>The service's name in IAM.</summary>
    public static string Service(string name) => Others.GetValueOrDefault(name, name);

    /// <summary>
    /// A pattern as it is meant. Guards up to 0.1 knew only services and noted each as the item <c>service:*</c>; what was learned from that (<c>service:\*</c>) goes on to mean every operation.
    /// </summary>
    internal static string Meant(string pattern)
    {
        var (service, operation) = Split(pattern);
        return $"{Service(service)}{(operation == @":\*" ? ":*" : operation)}";
    }

    /// <summary>The name before the colon, and the rest with its colon.</summary>
    internal static (string Service, string Operation) Split(string item) => item.IndexOf(':', StringComparison.Ordinal) is var at and >= 0 ? (item[..at], item[at..]) : (item, "");
}
