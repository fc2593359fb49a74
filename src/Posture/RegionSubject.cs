using System.Text.Json;

namespace Pellicle.Posture;

/// <summary>A subnet that a function is attached to.</summary>
/// <param name="Id">Id.</param>
/// <param name="Zone">Availability zone.</param>
/// <param name="Tags">Tags.</param>
public sealed record SubnetSubject(string Id, string Zone, IReadOnlyDictionary<string, string> Tags);

/// <summary>A security group of a function.</summary>
/// <param name="Id">Id.</param>
/// <param name="Egress">What it lets out.</param>
/// <param name="Tags">Tags.</param>
public sealed record SecurityGroupSubject(string Id, IReadOnlyList<EgressSubject> Egress, IReadOnlyDictionary<string, string> Tags);

/// <summary>A rule for outgoing traffic.</summary>
/// <param name="Protocol"><c>-1</c> for all.</param>
/// <param name="FromPort">First port; null for all.</param>
/// <param name="ToPort">Last port; null for all.</param>
/// <param name="Targets">Address ranges.</param>
public sealed record EgressSubject(string Protocol, int? FromPort, int? ToPort, IReadOnlyList<string> Targets);

/// <summary>The log group a function writes to.</summary>
/// <param name="Exists">False when there is none.</param>
/// <param name="RetentionDays">Days; null for never.</param>
/// <param name="KmsKeyArn">Customer key.</param>
public sealed record LogGroupSubject(bool Exists, int? RetentionDays, string? KmsKeyArn);

/// <summary>A trail of CloudTrail.</summary>
/// <param name="Arn">ARN.</param>
/// <param name="IsLogging">False when it is stopped.</param>
/// <param name="Selectors">Event selectors.</param>
/// <param name="AdvancedSelectors">Advanced event selectors.</param>
public sealed record TrailSubject(string Arn, bool IsLogging, IReadOnlyList<JsonElement> Selectors, IReadOnlyList<JsonElement> AdvancedSelectors);

/// <summary>A recorder of AWS Config.</summary>
/// <param name="Name">Name.</param>
/// <param name="IsRecording">False when it is stopped.</param>
/// <param name="Group">Recording group as AWS Config says it.</param>
public sealed record RecorderSubject(string Name, bool IsRecording, JsonElement? Group);

/// <summary>A route that ends at a function.</summary>
/// <param name="Source">API or load balancer in words.</param>
/// <param name="Path">Method and path, or listener.</param>
/// <param name="FunctionArn">Function, with qualifier where one is named.</param>
/// <param name="Authorization">How the caller is checked; empty for not at all.</param>
/// <param name="NeedsApiKey">True when a key of a usage plan is asked for.</param>
/// <param name="Repair">Command that asks for a signature.</param>
public sealed record RouteSubject(string Source, string Path, string FunctionArn, string Authorization, bool NeedsApiKey, string Repair);

/// <summary>What functions of a region share. Null means not read.</summary>
public sealed record RegionSubject
{
    /// <summary>Trails that reach the region.</summary>
    public IReadOnlyList<TrailSubject>? Trails { get; init; }

    /// <summary>Recorders of AWS Config.</summary>
    public IReadOnlyList<RecorderSubject>? Recorders { get; init; }

    /// <summary>Routes of APIs and load balancers that end at functions.</summary>
    public IReadOnlyList<RouteSubject>? Routes { get; init; }

    /// <summary>Visibility timeout in seconds of queues, by ARN.</summary>
    public IReadOnlyDictionary<string, int> Queues { get; init; } = new Dictionary<string, int>();

    /// <summary>Services that the endpoint does not have, by prefix of their actions: what is missing is no missing permission.</summary>
    public IReadOnlySet<string> NotServed { get; init; } = new HashSet<string>();

    /// <summary>How a lack begins that is the endpoint's, not a permission's.</summary>
    public const string EndpointThatServes = "an endpoint that serves";

    /// <summary>What is lacking, for <see cref="NotJudged"/>: the permission, or words where no permission would help.</summary>
    public string Lacking(string permission)
    {
        ArgumentNullException.ThrowIfNull(permission);
        return NotServed.Contains(permission.Split(':')[0]) ? $"{EndpointThatServes} {permission.Split(':')[0]}" : permission;
    }
}
