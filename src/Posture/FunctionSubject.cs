using System.Text.Json;
using Pellicle.Posture.Code;

namespace Pellicle.Posture;

/// <summary>What is known of one function from the control plane. Null means that it could not be read: a check that needs it does not judge, and says so. Empty means that there is none.</summary>
public sealed record FunctionSubject
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>ARN without qualifier.</summary>
    public required string Arn { get; init; }

    /// <summary>Account that owns it.</summary>
    public string Account => Arn.Split(':') is { Length: > 4 } parts ? parts[4] : "";

    /// <summary>Runtime identifier; null for images.</summary>
    public string? Runtime { get; init; }

    /// <summary>True for a container image: signing, layers and runtime checks do not apply.</summary>
    public bool IsImage { get; init; }

    /// <summary>Description.</summary>
    public string Description { get; init; } = "";

    /// <summary>Environment variables; null when their key could not be used.</summary>
    public IReadOnlyDictionary<string, string>? Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Customer key of the variables.</summary>
    public string? KmsKeyArn { get; init; }

    /// <summary>True when GetFunction answered, so that <see cref="SourceKmsKeyArn"/> is known.</summary>
    public bool DetailRead { get; init; }

    /// <summary>Customer key of the stored code.</summary>
    public string? SourceKmsKeyArn { get; init; }

    /// <summary>Seconds.</summary>
    public int Timeout { get; init; } = 3;

    /// <summary>Megabytes of <c>/tmp</c>.</summary>
    public int EphemeralStorage { get; init; } = 512;

    /// <summary><c>Active</c> or <c>PassThrough</c>.</summary>
    public string? TracingMode { get; init; }

    /// <summary>Logging configuration.</summary>
    public JsonElement? Logging { get; init; }

    /// <summary>Log group that the function writes to.</summary>
    public string LogGroupName => Logging?.Text("LogGroup") is { Length: > 0 } group ? group : $"/aws/lambda/{Name}";

    /// <summary>True when attached to a VPC.</summary>
    public bool InVpc { get; init; }

    /// <summary>Ids of the subnets it is attached to.</summary>
    public IReadOnlyList<string> SubnetIds { get; init; } = [];

    /// <summary>The subnets; null unless all of them are known.</summary>
    public IReadOnlyList<SubnetSubject>? Subnets { get; init; }

    /// <summary>Security groups; null unless all of them are known.</summary>
    public IReadOnlyList<SecurityGroupSubject>? SecurityGroups { get; init; }

    /// <summary>The log group.</summary>
    public LogGroupSubject? LogGroup { get; init; }

    /// <summary>What the functions of the region share.</summary>
    public RegionSubject Region { get; init; } = new();

    /// <summary>True when CloudFront copies the function to its edge (Lambda@Edge): then it has no VPC, no layers, no tracing, no reserved concurrency.</summary>
    public bool IsEdge => Exposure.EdgeFunctions.IsEdge(this);

    /// <summary>Dead-letter target.</summary>
    public string? DeadLetterTarget { get; init; }

    /// <summary>Tags.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Resource policies by qualifier (empty text: the function itself).</summary>
    public IReadOnlyDictionary<string, JsonElement>? ResourcePolicies { get; init; }

    /// <summary>Function URLs by qualifier.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Urls { get; init; }

    /// <summary>Reserved concurrency.</summary>
    public ConcurrencySubject? Concurrency { get; init; }

    /// <summary>Aliases.</summary>
    public IReadOnlyList<AliasSubject>? Aliases { get; init; }

    /// <summary>Published version numbers.</summary>
    public IReadOnlyList<string>? Versions { get; init; }

    /// <summary>Event source mappings.</summary>
    public IReadOnlyList<JsonElement>? EventSourceMappings { get; init; }

    /// <summary>Asynchronous settings.</summary>
    public IReadOnlyList<JsonElement>? EventInvokeConfigs { get; init; }

    /// <summary>True when code signing could be read.</summary>
    public bool CodeSigningRead { get; init; }

    /// <summary>Code-signing configuration; null when there is none.</summary>
    public JsonElement? CodeSigning { get; init; }

    /// <summary>Runtime management.</summary>
    public JsonElement? RuntimeManagement { get; init; }

    /// <summary>Layers in order.</summary>
    public IReadOnlyList<LayerSubject> Layers { get; init; } = [];

    /// <summary>ARN of the execution role.</summary>
    public string? RoleArn { get; init; }

    /// <summary>The role; null when nothing of it is known.</summary>
    public RoleSubject? Role { get; init; }

    /// <summary>All functions of the region that use the role, this one too; null when not all functions are known.</summary>
    public IReadOnlyList<string>? RoleUsers { get; init; }

    /// <summary>AWS calls in the code of every function that uses the role; null when not all of that code could be read.</summary>
    public CodeCalls? RoleCalls { get; init; }
}

/// <summary>Reserved concurrency; null when nothing is reserved.</summary>
public sealed record ConcurrencySubject(int? Reserved);

/// <summary>An alias.</summary>
/// <param name="Name">Name.</param>
/// <param name="Version">Version it names.</param>
/// <param name="Description">Description.</param>
/// <param name="Weights">Share of traffic by other version.</param>
public sealed record AliasSubject(string Name, string Version, string Description, IReadOnlyDictionary<string, double> Weights);

/// <summary>A layer version.</summary>
public sealed record LayerSubject
{
    /// <summary>ARN of the version.</summary>
    public required string Arn { get; init; }

    /// <summary>True when it belongs to the scanned account.</summary>
    public bool Own { get; init; }

    /// <summary>False when it is deleted or hidden; null when it was not tried.</summary>
    public bool? Readable { get; init; }

    /// <summary>Newest version; null when unknown.</summary>
    public long? Newest { get; init; }

    /// <summary>True when the policy was asked for.</summary>
    public bool PolicyRead { get; init; }

    /// <summary>Policy; null when there is none.</summary>
    public JsonElement? Policy { get; init; }

    /// <summary>Account that published it.</summary>
    public string Account => Part(4);

    /// <summary>Name.</summary>
    public string Name => Part(6);

    /// <summary>Version number.</summary>
    public long Version => long.TryParse(Part(7), System.Globalization.CultureInfo.InvariantCulture, out var version) ? version : 0;

    private string Part(int index) => Arn.Split(':') is { } parts && parts.Length > index ? parts[index] : "";
}

/// <summary>An execution role.</summary>
public sealed record RoleSubject
{
    /// <summary>ARN.</summary>
    public required string Arn { get; init; }

    /// <summary>False when IAM knows no such role; null when IAM could not be asked.</summary>
    public bool? Exists { get; init; }

    /// <summary>Who may assume it.</summary>
    public JsonElement? TrustPolicy { get; init; }

    /// <summary>Inline and attached policies by name; null unless all were read.</summary>
    public IReadOnlyList<PolicySubject>? Policies { get; init; }

    /// <summary>True when the role has a boundary.</summary>
    public bool HasBoundary { get; init; }

    /// <summary>The boundary's document.</summary>
    public JsonElement? Boundary { get; init; }

    /// <summary>Name part of the ARN.</summary>
    public string Name => Arn[(Arn.LastIndexOf('/') + 1)..];
}

/// <summary>A policy of a role.</summary>
/// <param name="Name">Name, or ARN of a managed policy.</param>
/// <param name="Inline">True for an inline policy.</param>
/// <param name="Document">The document.</param>
public sealed record PolicySubject(string Name, bool Inline, JsonElement Document);
