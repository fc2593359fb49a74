namespace Pellicle.Posture.Code;

/// <summary>Permissions that a call needs besides its own: the key its data is encrypted under, and the role it hands to a service.</summary>
internal static class ImpliedCalls
{
    // They encrypt what they store; under a customer key the caller needs the key as well.
    private static readonly HashSet<string> Encrypting = new(StringComparer.OrdinalIgnoreCase) { "s3", "dynamodb", "sqs", "sns", "secretsmanager", "ssm", "kinesis", "firehose", "rds-data", "athena", "glue", "es", "ecr", "states", "events", "redshift-data" };

    private static readonly string[] Keys = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"];

    // Services that run something for the caller, under a role that he passes.
    private static readonly HashSet<string> Running = new(StringComparer.OrdinalIgnoreCase)
    {
        "lambda", "ecs", "ec2", "batch", "glue", "states", "scheduler", "events", "sagemaker", "codebuild", "codepipeline", "cloudformation", "ssm", "firehose", "rds", "redshift", "textract", "rekognition", "comprehend", "translate", "autoscaling", "eks", "bedrock", "config", "cloudtrail",
    };

    private static readonly string[] Starting = ["Create", "Run", "Register", "Put", "Update", "Start", "Send", "Submit", "Associate", "Request"];

    // They start what has its role already.
    private static readonly HashSet<string> Without = new(StringComparer.OrdinalIgnoreCase) { "states:StartExecution", "states:StartSyncExecution", "events:PutEvents", "firehose:PutRecord", "firehose:PutRecordBatch", "codebuild:StartBuild", "batch:SubmitJob", "ssm:PutParameter", "states:SendTaskSuccess", "states:SendTaskFailure", "states:SendTaskHeartbeat" };

    /// <summary>Adds them to the calls found.</summary>
    public static void Add(IDictionary<string, string> actions)
    {
        if (actions.Keys.FirstOrDefault(a => Encrypting.Contains(ServiceOf(a))) is { } encrypting)
        {
            foreach (var key in Keys)
            {
                actions.TryAdd(key, $"encryption of what {encrypting} reads or writes");
            }
        }

        if (actions.Keys.FirstOrDefault(Passes) is { } passing)
        {
            actions.TryAdd("iam:PassRole", $"the role that {passing} hands over");
        }
    }

    private static bool Passes(string action) =>
        Running.Contains(ServiceOf(action)) && !Without.Contains(action) && action[(action.IndexOf(':', StringComparison.Ordinal) + 1)..] is var verb && Starting.Any(s => verb.StartsWith(s, StringComparison.OrdinalIgnoreCase));

    private static string ServiceOf(string action) => action[..Math.Max(0, action.IndexOf(':', StringComparison.Ordinal))];
}
