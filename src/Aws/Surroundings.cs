using System.Text.Json;

namespace Pellicle.Aws;

/// <summary>A subnet.</summary>
/// <param name="Zone">Availability zone.</param>
/// <param name="Tags">Tags.</param>
public sealed record SubnetInventory(string Zone, IReadOnlyDictionary<string, string> Tags);

/// <summary>What a security group lets out.</summary>
/// <param name="Protocol"><c>-1</c> for all, else <c>tcp</c>, <c>udp</c>, ...</param>
/// <param name="FromPort">First port, or null for all.</param>
/// <param name="ToPort">Last port, or null for all.</param>
/// <param name="Targets">Address ranges.</param>
public sealed record EgressInventory(string Protocol, int? FromPort, int? ToPort, IReadOnlyList<string> Targets);

/// <summary>A security group.</summary>
/// <param name="Egress">Rules for outgoing traffic.</param>
/// <param name="Tags">Tags.</param>
public sealed record SecurityGroupInventory(IReadOnlyList<EgressInventory> Egress, IReadOnlyDictionary<string, string> Tags);

/// <summary>A log group.</summary>
/// <param name="RetentionDays">Days after which events are deleted; null for never.</param>
/// <param name="KmsKeyArn">Customer key, or null.</param>
public sealed record LogGroupInventory(int? RetentionDays, string? KmsKeyArn);

/// <summary>A trail of CloudTrail.</summary>
/// <param name="Arn">ARN.</param>
/// <param name="IsLogging">False when it is stopped.</param>
/// <param name="Selectors">Event selectors of the old form.</param>
/// <param name="AdvancedSelectors">Event selectors of the new form.</param>
public sealed record TrailInventory(string Arn, bool IsLogging, IReadOnlyList<JsonElement> Selectors, IReadOnlyList<JsonElement> AdvancedSelectors);

/// <summary>A recorder of AWS Config.</summary>
/// <param name="Name">Name.</param>
/// <param name="IsRecording">False when it is stopped.</param>
/// <param name="Group">What it records, as AWS Config says it.</param>
public sealed record RecorderInventory(string Name, bool IsRecording, JsonElement? Group);

/// <summary>A way from the network to a function.</summary>
/// <param name="Source">API or load balancer in words, for example <c>REST API a1b2c3</c>.</param>
/// <param name="Path">Method and path, or listener.</param>
/// <param name="FunctionArn">ARN of the function, with qualifier where one is named.</param>
/// <param name="Authorization">How the caller is checked; empty for not at all.</param>
/// <param name="NeedsApiKey">True when a key of a usage plan is asked for.</param>
/// <param name="Repair">Command that asks for a signature.</param>
public sealed record RouteInventory(string Source, string Path, string FunctionArn, string Authorization, bool NeedsApiKey, string Repair);

/// <summary>What lies around the functions of an account in one region. Null means not read; <see cref="NotServed"/> and the gaps say why.</summary>
public sealed record Surroundings
{
    /// <summary>Subnets of functions, by id.</summary>
    public IReadOnlyDictionary<string, SubnetInventory>? Subnets { get; init; }

    /// <summary>Security groups of functions, by id.</summary>
    public IReadOnlyDictionary<string, SecurityGroupInventory>? SecurityGroups { get; init; }

    /// <summary>Log groups of functions, by name.</summary>
    public IReadOnlyDictionary<string, LogGroupInventory>? LogGroups { get; init; }

    /// <summary>Trails that reach this region.</summary>
    public IReadOnlyList<TrailInventory>? Trails { get; init; }

    /// <summary>Recorders of AWS Config.</summary>
    public IReadOnlyList<RecorderInventory>? Recorders { get; init; }

    /// <summary>Routes of the APIs and load balancers that may call functions.</summary>
    public IReadOnlyList<RouteInventory>? Routes { get; init; }

    /// <summary>Visibility timeout in seconds of the queues that feed functions, by ARN; a queue that could not be read is absent.</summary>
    public IReadOnlyDictionary<string, int> Queues { get; init; } = new Dictionary<string, int>();

    /// <summary>Services that the given endpoint does not have (a local Lambda): no gap, but nothing is judged from them.</summary>
    public IReadOnlyList<string> NotServed { get; init; } = [];

    /// <summary>What could not be read.</summary>
    public IReadOnlyList<InventoryGap> Gaps { get; init; } = [];
}
