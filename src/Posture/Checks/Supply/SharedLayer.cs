using Pellicle.Domain;
using Pellicle.Posture.Exposure;
using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Checks.Supply;

/// <summary>R-4: an own layer version can be used, and read, by everyone or by accounts that are not trusted.</summary>
internal sealed class SharedLayer : IPostureCheck
{
    public string Id => "R-4";

    public string Title => Heading;

    private const string Heading = "an own layer is shared with the outside";

    public string? Lacks(FunctionSubject function) => function.Layers.Any(l => l is { Own: true, PolicyRead: false }) ? "lambda:GetLayerVersionPolicy" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context) => function.Layers.Where(l => l.Own).SelectMany(l => Judge(l, $"layer:{l.Name}", context));

    internal static IEnumerable<Finding> Judge(LayerSubject layer, string origin, PostureContext context)
    {
        foreach (var statement in layer.Policy is { } policy ? Statement.Parse(policy, "layer policy").Where(s => s.Allow) : [])
        {
            var everyone = ResourcePolicy.IsPublic(statement);
            var strangers = statement.Principals.Select(p => ResourcePolicy.AccountOf(p.Value)).OfType<string>().Concat(Strangers.IsEveryone(statement) ? Strangers.Accounts(statement) : []).Where(a => a != layer.Account && !context.TrustedAccounts.Contains(a)).Distinct(StringComparer.Ordinal).ToList();
            if (everyone || strangers.Count > 0)
            {
                yield return Report.Of(
                    "R-4",
                    Heading,
                    layer.Arn,
                    origin,
                    Severity.High,
                    $"policy/{statement.Sid}",
                    $"Statement `{statement.Sid}` lets {(everyone ? "every AWS account" : string.Join(", ", strangers))} download and use `{layer.Name}` version {layer.Version}, with everything in it.",
                    $"aws lambda remove-layer-version-permission --layer-name {layer.Name} --version-number {layer.Version} --statement-id {statement.Sid}",
                    Report.Lambda + "permissions-layer-cross-account.html");
            }
        }
    }
}
