using System.Text.Json;

namespace Pellicle.Posture.Code;

/// <summary>Permissions that a function's role needs although no line of its code asks for them.</summary>
public static class PlatformNeeds
{
    internal static readonly string[] Logs = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];

    internal static readonly string[] Network =
    [
        "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses", "ec2:DescribeSecurityGroups", "ec2:DescribeVpcs", "ec2:GetSecurityGroupsForVpc",
    ];

    internal static readonly string[] Tracing = ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries"];

    /// <summary>What AWS's own managed policies for functions grant on everything: logs, network interfaces, traces. It reaches no data, so no check counts it as too much.</summary>
    internal static readonly HashSet<string> Ordinary = new([.. Logs, .. Network, .. Tracing], StringComparer.OrdinalIgnoreCase);

    /// <summary>What Lambda itself does under the role: logs, network, traces, polling, destinations; and services an AWS layer calls.</summary>
    public static CodeCalls Of(FunctionSubject function)
    {
        ArgumentNullException.ThrowIfNull(function);
        var actions = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var opaque = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var resources = new Dictionary<string, IReadOnlySet<string>>(StringComparer.OrdinalIgnoreCase);
        Add("logging", Logs);
        var group = $"arn:{Part(function.Arn, 1)}:logs:{Part(function.Arn, 3)}:{Part(function.Arn, 4)}:log-group:{function.LogGroupName}";
        On(Logs, group, $"{group}:*");
        if (function.InVpc)
        {
            Add("VPC", Network);
        }

        if (function.TracingMode == "Active")
        {
            Add("tracing", Tracing);
        }

        if (function.KmsKeyArn is not null)
        {
            Add("key of the variables", "kms:Decrypt");
        }

        foreach (var mapping in function.EventSourceMappings ?? [])
        {
            var source = mapping.Text("EventSourceArn") ?? "";
            Add("event source mapping", Polling(source));
            if (Part(source, 2) == "sqs")
            {
                On([.. Polling(source).Where(a => a.StartsWith("sqs:", StringComparison.Ordinal))], source);
            }

            AddTarget(mapping.Get("DestinationConfig")?.Get("OnFailure")?.Text("Destination"));
        }

        foreach (var config in function.EventInvokeConfigs ?? [])
        {
            AddTarget(config.Get("DestinationConfig")?.Get("OnFailure")?.Text("Destination"));
            AddTarget(config.Get("DestinationConfig")?.Get("OnSuccess")?.Text("Destination"));
        }

        AddTarget(function.DeadLetterTarget);
        foreach (var layer in function.Layers)
        {
            opaque.UnionWith(layer.Name switch
            {
                var n when n.Contains("Parameters-and-Secrets", StringComparison.Ordinal) => ["ssm", "secretsmanager", "kms"],
                var n when n.Contains("AppConfig", StringComparison.Ordinal) => ["appconfig"],
                var n when n.Contains("LambdaInsights", StringComparison.Ordinal) => ["logs"],
                var n when n.Contains("otel", StringComparison.OrdinalIgnoreCase) => ["xray", "cloudwatch", "logs"],
                _ => (string[])[],
            });
        }

        return new CodeCalls(actions, opaque, new HashSet<string>()) { Resources = resources };

        void AddTarget(string? arn)
        {
            if (arn?.Split(':') is { Length: > 2 } parts)
            {
                string[] needed = parts[2] switch { "sqs" => ["sqs:SendMessage"], "sns" => ["sns:Publish"], "lambda" => ["lambda:InvokeFunction"], "events" => ["events:PutEvents"], "s3" => ["s3:PutObject", "s3:ListBucket"], _ => [] };
                Add("destination", needed);
                if (parts[2] is "sqs" or "sns" or "events")
                {
                    On(needed, arn!);
                }
            }
        }

        void On(string[] needed, params string[] arns)
        {
            foreach (var action in needed)
            {
                resources[action] = resources.TryGetValue(action, out var known) ? known.Concat(arns).ToHashSet(StringComparer.Ordinal) : arns.ToHashSet(StringComparer.Ordinal);
            }
        }

        void Add(string place, params string[] more)
        {
            foreach (var action in more)
            {
                actions.TryAdd(action, place);
            }
        }
    }

    private static string Part(string arn, int index) => arn.Split(':') is { } parts && parts.Length > index ? parts[index] : "";

    private static string[] Polling(string source) => source.Split(':') is { Length: > 2 } parts ? parts[2] switch
    {
        "sqs" => ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility", "kms:Decrypt"],
        "kinesis" => ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:ListStreams", "kinesis:SubscribeToShard", "kms:Decrypt"],
        "dynamodb" => ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
        "kafka" => [.. Network, "kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers", "secretsmanager:GetSecretValue"],
        _ => [.. Network, "secretsmanager:GetSecretValue"],
    } : [];
}
