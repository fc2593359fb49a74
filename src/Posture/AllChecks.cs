using Pellicle.Domain;
using Pellicle.Posture.Checks.Access;
using Pellicle.Posture.Checks.Data;
using Pellicle.Posture.Checks.Identity;
using Pellicle.Posture.Checks.Monitoring;
using Pellicle.Posture.Checks.Network;
using Pellicle.Posture.Checks.Settings;
using Pellicle.Posture.Checks.Supply;

namespace Pellicle.Posture;

/// <summary>All checks, sorted by area and number. A test keeps the list complete.</summary>
public static class AllChecks
{
    private static readonly IReadOnlyList<IPostureCheck> Checks = Create();

    /// <summary>Makes the list.</summary>
    public static IReadOnlyList<IPostureCheck> Create() =>
    [
        new PublicFunction(), new PublicVersion(), new UnscopedService(), new OtherAccount(), new OtherAction(),
        new OpenUrl(), new AnyOrigin(), new RouteWithoutAuthorizer(), new PublicWithoutLimit(), new OpenUrlAnyOrigin(), new EdgeAssociation(),
        new AllowsEverything(), new AllowsService(), new AllowsAllResources(), new AttackActions(),
        new UnusedDisclosure(), new UnusedDataRead(), new UnusedTampering(), new UnusedLateral(), new UnusedDenial(), new UnusedExfiltration(), new UnusedPersistence(), new UnusedElevation(),
        new EscalationPath(), new SharedRole(), new BrokenRole(), new NoLogs(), new WideTrust(), new InvertedStatement(), new NarrowedRole(), new ChangedByOthers(), new AwsKeyInVariables(),
        new SecretVariables(), new VariablesWithoutKey(), new PlainSensitiveVariables(), new SecretInText(), new CodeWithoutKey(), new DatabasePassword(), new LargeTemporary(),
        new NoVpc(), new FewZones(), new OpenEgress(), new MixedLocation(),
        new NoLogGroup(), new LogGroupSettings(), new NoTracing(), new NoInsights(), new NoDataEvents(), new TextLogs(), new NotRecorded(), new NoTags(),
        new NoFailureDestination(), new NoReservedConcurrency(), new MappingWithoutDestination(), new LongestTimeout(), new ForeignDestination(), new SplitAlias(), new NoVersions(), new ShortQueueTimeout(),
        new OldRuntime(), new NoCodeSigning(), new ForeignLayer(), new SharedLayer(), new OldLayer(), new PinnedRuntime(),
    ];

    /// <summary>Runs every check on a function.</summary>
    public static PostureResult Judge(FunctionSubject function, PostureContext context)
    {
        ArgumentNullException.ThrowIfNull(function);
        var findings = new List<Finding>();
        var notJudged = new List<NotJudged>();
        foreach (var check in Checks)
        {
            if (check.Lacks(function, context) is { } lacks)
            {
                notJudged.Add(new NotJudged(check.Id, lacks));
            }
            else
            {
                findings.AddRange(check.Judge(function, context));
            }
        }

        return new PostureResult(findings, notJudged);
    }

    /// <summary>Judges a layer version as an asset of its own: who may use it.</summary>
    public static PostureResult Judge(LayerSubject layer, PostureContext context)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return !layer.Own ? new PostureResult([], [])
            : !layer.PolicyRead ? new PostureResult([], [new NotJudged("R-4", "lambda:GetLayerVersionPolicy")])
            : new PostureResult([.. SharedLayer.Judge(layer, $"layer:{layer.Name}", context)], []);
    }
}
