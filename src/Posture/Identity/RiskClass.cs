namespace Pellicle.Posture.Identity;

/// <summary>What an attacker gains by an action that the function does not need: checks I-5 to I-12.</summary>
internal enum RiskClass
{
    /// <summary>I-5: sees how the account is built.</summary>
    InformationDisclosure,

    /// <summary>I-6: reads data or credentials.</summary>
    DataLeakage,

    /// <summary>I-7: changes data.</summary>
    DataTampering,

    /// <summary>I-8: reaches other resources and identities.</summary>
    LateralMovement,

    /// <summary>I-9: stops or destroys.</summary>
    DenialOfService,

    /// <summary>I-10: opens resources to the outside.</summary>
    Exfiltration,

    /// <summary>I-11: stays in the account.</summary>
    PersistentAccess,

    /// <summary>I-12: gains more permissions.</summary>
    PrivilegeElevation,
}

/// <summary>Sorts actions into classes by what they do: named ones first, then by the tags and level of the table.</summary>
internal static class Risks
{
    private static readonly string[] Lateral =
    [
        "sts:AssumeRole", "lambda:InvokeFunction", "lambda:InvokeAsync", "ssm:SendCommand", "ssm:StartSession", "ssm:StartAutomationExecution", "ecs:ExecuteCommand", "ecs:RunTask", "ecs:StartTask",
        "states:StartExecution", "states:StartSyncExecution", "codebuild:StartBuild", "codebuild:StartBuildBatch", "batch:SubmitJob", "glue:StartJobRun", "ec2:GetPasswordData", "eks:AccessKubernetesApi",
    ];

    private static readonly string[] Persistence =
    [
        "iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:CreateRole", "iam:UpdateAssumeRolePolicy", "iam:CreateSAMLProvider", "iam:CreateOpenIDConnectProvider", "iam:CreateServiceSpecificCredential",
        "lambda:CreateFunction", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "lambda:CreateEventSourceMapping", "lambda:PublishLayerVersion", "events:PutRule", "events:PutTargets", "scheduler:CreateSchedule",
        "ec2:RunInstances", "ec2:CreateKeyPair", "ec2:ImportKeyPair", "ec2:ModifyInstanceAttribute", "ecs:RegisterTaskDefinition", "ecs:CreateService", "ssm:CreateAssociation", "cognito-idp:AdminCreateUser", "organizations:CreateAccount",
    ];

    private static readonly string[] Exfiltration =
    [
        "s3:PutReplicationConfiguration", "rds:StartExportTask", "rds:CopyDBSnapshot", "ec2:CreateSnapshot", "ec2:CopySnapshot", "ec2:CreateImage", "ec2:CopyImage", "ec2:CreateInstanceExportTask", "dynamodb:ExportTableToPointInTime",
        "logs:PutSubscriptionFilter", "logs:CreateExportTask", "ses:SendEmail", "ses:SendRawEmail", "kinesis:RegisterStreamConsumer", "rds:CreateDBSnapshot",
    ];

    // Reads of data and secrets that the table tags no further.
    private static readonly string[] Reading =
    [
        "secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue", "kms:Decrypt", "kms:ReEncryptFrom", "logs:FilterLogEvents", "logs:GetQueryResults", "redshift-data:GetStatementResult", "dynamodb:PartiQLSelect",
        "rds-data:ExecuteStatement", "rds-data:BatchExecuteStatement", "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:GetParameterHistory", "codebuild:BatchGetBuilds",
    ];

    private static readonly string[] Stopping = ["Delete", "Terminate", "Stop", "Purge", "Disable", "Deregister", "Reboot", "Remove", "Reset", "Cancel", "Detach", "Disassociate", "Schedule", "PutFunctionConcurrency", "BatchDelete"];

    private static readonly HashSet<string> DataWriters = new(StringComparer.OrdinalIgnoreCase) { "s3", "dynamodb", "sqs", "sns", "kinesis", "firehose", "rds-data", "redshift-data", "secretsmanager", "ssm", "es", "athena", "cognito-idp", "glue", "logs" };

    private static readonly Dictionary<string, RiskClass> Named = Lateral.Select(a => (a, RiskClass.LateralMovement))
        .Concat(Persistence.Select(a => (a, RiskClass.PersistentAccess))).Concat(Exfiltration.Select(a => (a, RiskClass.Exfiltration))).Concat(Reading.Select(a => (a, RiskClass.DataLeakage)))
        .ToDictionary(p => p.a, p => p.Item2, StringComparer.OrdinalIgnoreCase);

    /// <summary>The worst class of an action, or null for one without risk of its own.</summary>
    public static RiskClass? Of(ActionFact action)
    {
        if (action.Name.Equals("iam:PassRole", StringComparison.OrdinalIgnoreCase))
        {
            return RiskClass.PrivilegeElevation;
        }

        if (Named.TryGetValue(action.Name, out var named))
        {
            return named;
        }

        var verb = action.Name[(action.Name.IndexOf(':', StringComparison.Ordinal) + 1)..];
        var service = action.Name[..^(verb.Length + 1)];
        return action switch
        {
            _ when action.Tags.Contains('p', StringComparison.Ordinal) => RiskClass.PrivilegeElevation,
            _ when action.Tags.Contains('e', StringComparison.Ordinal) => RiskClass.DataLeakage,
            _ when Stopping.Any(s => verb.StartsWith(s, StringComparison.Ordinal)) => RiskClass.DenialOfService,
            _ when action.Tags.Contains('x', StringComparison.Ordinal) || action.Level == 'P' => service == "iam" ? RiskClass.PrivilegeElevation : RiskClass.Exfiltration,
            _ when action.Tags.Contains('d', StringComparison.Ordinal) => RiskClass.DataLeakage,
            _ when action.Level == 'W' && DataWriters.Contains(service) => RiskClass.DataTampering,
            _ when action.Level is 'L' or 'R' => RiskClass.InformationDisclosure,
            _ => null,
        };
    }
}
