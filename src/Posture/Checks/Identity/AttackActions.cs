using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Identity;

/// <summary>I-4: actions that blind the defenders or destroy what they need; functions have no use for them.</summary>
internal sealed class AttackActions : IPostureCheck
{
    private static readonly string[] Watched =
    [
        "cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors", "cloudtrail:DeleteEventDataStore",
        "guardduty:DeleteDetector", "guardduty:UpdateDetector", "guardduty:DisassociateFromMasterAccount", "guardduty:DisassociateFromAdministratorAccount", "guardduty:CreateFilter", "guardduty:StopMonitoringMembers",
        "config:StopConfigurationRecorder", "config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "config:DeleteConfigRule",
        "kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:DeleteImportedKeyMaterial", "securityhub:DisableSecurityHub", "macie2:DisableMacie", "inspector2:Disable", "access-analyzer:DeleteAnalyzer",
        "logs:DeleteLogGroup", "logs:DeleteLogStream", "ec2:DeleteFlowLogs", "ec2:DisableEbsEncryptionByDefault", "iam:DeleteAccountPasswordPolicy", "iam:DeactivateMFADevice", "organizations:LeaveOrganization",
        "wafv2:DeleteWebACL", "backup:DeleteBackupVault", "backup:DeleteRecoveryPoint", "s3:PutBucketLogging", "cloudwatch:DeleteAlarms", "cloudwatch:DisableAlarmActions",
    ];

    public string Id => "I-4";

    public string Title => "the role may switch off logging or detection";

    public string? Lacks(FunctionSubject function) => RoleChecks.Lacks(function);

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (RoleChecks.Of(function) is { } permissions && Watched.Where(a => permissions.Of(a).Granted).ToList() is { Count: > 0 } granted)
        {
            yield return RoleChecks.Finding(
                this,
                function,
                Severity.High,
                "attack-actions",
                $"{RoleChecks.Some(granted)} granted by {RoleChecks.Some(granted.SelectMany(a => permissions.Of(a).Sources).Distinct(), 4)}: what an attacker calls first to stay unseen.",
                RoleChecks.Replace(function));
        }
    }

    internal static IEnumerable<string> All => Watched;
}
