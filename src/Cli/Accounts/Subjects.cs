using System.Text.Json;
using Pellicle.Aws;
using Pellicle.Posture;
using Pellicle.Posture.Code;

namespace Pellicle.Cli.Accounts;

/// <summary>Turns an inventory into what the posture checks judge.</summary>
internal static class Subjects
{
    public static FunctionSubject Of(FunctionInventory function, Inventory inventory, IReadOnlyDictionary<string, RoleSubject> roles, IReadOnlyList<string>? roleUsers)
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
