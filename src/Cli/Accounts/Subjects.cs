using System.Text.Json;
using Pellicle.Aws;
using Pellicle.Posture;
using Pellicle.Posture.Code;

namespace Pellicle.Cli.Accounts;

/// <summary>Turns an inventory into what the posture checks judge.</summary>
internal static class Subjects
{
    public static FunctionSubject Of(FunctionInventory function, Inventory inventory, RegionSubject region, IReadOnlyDictionary<string, RoleSubject> roles, IReadOnlyList<string>? roleUsers)
    {
        var configuration = function.Configuration;
        var other = configuration.Other ?? [];
        return new FunctionSubject
        {
            Name = configuration.FunctionName,
            Arn = configuration.UnqualifiedArn,
            Runtime = configuration.Runtime,
            IsImage = configuration.PackageType == "Image",
            Description = Text(other, "Description") ?? "",
            Variables = configuration.Environment?.Error is { ValueKind: JsonValueKind.Object } ? null : configuration.Variables,
            KmsKeyArn = Text(other, "KMSKeyArn"),
            DetailRead = function.DetailRead,
            SourceKmsKeyArn = function.SourceKmsKeyArn,
            Timeout = configuration.Timeout,
            EphemeralStorage = other.TryGetValue("EphemeralStorage", out var storage) && storage.ValueKind == JsonValueKind.Object && storage.TryGetProperty("Size", out var size) ? size.GetInt32() : 512,
            TracingMode = Member(other, "TracingConfig", "Mode"),
            Logging = other.TryGetValue("LoggingConfig", out var logging) && logging.ValueKind == JsonValueKind.Object ? logging : null,
            InVpc = Member(other, "VpcConfig", "VpcId") is { Length: > 0 },
            SubnetIds = List(other, "VpcConfig", "SubnetIds"),
            Subnets = All(List(other, "VpcConfig", "SubnetIds"), inventory.Surroundings?.Subnets, (id, s) => new SubnetSubject(id, s.Zone, s.Tags)),
            SecurityGroups = All(List(other, "VpcConfig", "SecurityGroupIds"), inventory.Surroundings?.SecurityGroups, (id, g) => new SecurityGroupSubject(id, [.. g.Egress.Select(e => new EgressSubject(e.Protocol, e.FromPort, e.ToPort, e.Targets))], g.Tags)),
            LogGroup = inventory.Surroundings?.LogGroups is { } groups ? groups.TryGetValue(SurroundingsReader.LogGroupOf(configuration), out var group) ? new LogGroupSubject(true, group.RetentionDays, group.KmsKeyArn) : new LogGroupSubject(false, null, null) : null,
            Region = region,
            DeadLetterTarget = Member(other, "DeadLetterConfig", "TargetArn"),
            Tags = function.Tags,
            ResourcePolicies = function.Policies,
            Urls = function.Urls,
            Concurrency = function.Concurrency is { } concurrency ? new ConcurrencySubject(concurrency.ReservedConcurrentExecutions) : null,
            Aliases = function.Aliases?.Select(Alias).ToList(),
            Versions = function.Versions?.Select(v => v.Version).ToList(),
            EventSourceMappings = function.EventSourceMappings,
            EventInvokeConfigs = function.EventInvokeConfigs,
            CodeSigningRead = function.CodeSigningRead,
            CodeSigning = function.CodeSigning,
            RuntimeManagement = function.RuntimeManagement,
            Layers = [.. configuration.Layers.Select(l => inventory.Layers.TryGetValue(l.Arn, out var layer) ? Of(layer) : new LayerSubject { Arn = l.Arn })],
            RoleArn = configuration.Role,
            Role = configuration.Role is { } role ? roles.GetValueOrDefault(role) : null,
            RoleUsers = inventory.Complete ? roleUsers : null,
        };
    }

    /// <summary>What all functions of the region share.</summary>
    public static RegionSubject RegionOf(Surroundings? around) => around is null ? new RegionSubject() : new RegionSubject
    {
        Trails = around.Trails?.Select(t => new TrailSubject(t.Arn, t.IsLogging, t.Selectors, t.AdvancedSelectors)).ToList(),
        Recorders = around.Recorders?.Select(r => new RecorderSubject(r.Name, r.IsRecording, r.Group)).ToList(),
        Routes = around.Routes?.Select(r => new RouteSubject(r.Source, r.Path, r.FunctionArn, r.Authorization, r.NeedsApiKey, r.Repair)).ToList(),
        Queues = around.Queues,
        NotServed = around.NotServed.ToHashSet(StringComparer.Ordinal),
    };

    public static LayerSubject Of(LayerInventory layer) => new()
    {
        Arn = layer.Arn,
        Own = layer.Own,
        Readable = layer.Readable,
        Newest = layer.Newest,
        PolicyRead = layer.PolicyRead,
        Policy = layer.Policy,
    };

    public static RoleSubject Of(RoleInventory role) => new()
    {
        Arn = role.Arn,
        Exists = role.Exists,
        TrustPolicy = role.TrustPolicy,
        Policies = role.Policies?.Select(p => new PolicySubject(p.Name, p.Kind == "inline", p.Document)).ToList(),
        HasBoundary = role.BoundaryArn is not null,
        Boundary = role.Boundary,
    };

    /// <summary>Null when one of them is not known: half a network judges wrongly.</summary>
    private static List<TSubject>? All<TInventory, TSubject>(IReadOnlyList<string> ids, IReadOnlyDictionary<string, TInventory>? known, Func<string, TInventory, TSubject> make) =>
        known is null || ids.Any(i => !known.ContainsKey(i)) ? null : [.. ids.Select(i => make(i, known[i]))];

    private static IReadOnlyList<string> List(Dictionary<string, JsonElement> members, string name, string part) =>
        members.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Object && value.TryGetProperty(part, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)] : [];

    private static AliasSubject Alias(AliasConfiguration alias)
    {
        var weights = new Dictionary<string, double>(StringComparer.Ordinal);
        if (alias.RoutingConfig is { ValueKind: JsonValueKind.Object } routing && routing.TryGetProperty("AdditionalVersionWeights", out var map) && map.ValueKind == JsonValueKind.Object)
        {
            foreach (var weight in map.EnumerateObject())
            {
                weights[weight.Name] = weight.Value.GetDouble();
            }
        }

        return new AliasSubject(alias.Name, alias.FunctionVersion, alias.Description ?? "", weights);
    }

    private static string? Text(Dictionary<string, JsonElement> members, string name) =>
        members.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    private static string? Member(Dictionary<string, JsonElement> members, string name, string part) =>
        members.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Object && value.TryGetProperty(part, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
