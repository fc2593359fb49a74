using System.Text.Json.Nodes;

namespace Pellicle.Local.ControlPlane.State;

/// <summary>A zip kept by its content, which <c>Sha256</c> names in base64.</summary>
internal sealed record CodePackage(string Sha256, long Size, long UnzippedSize);

internal sealed record AttachedLayer(string Arn, CodePackage Code);

/// <summary>What a function version is made of: code and configuration. Two equal settings are the same version.</summary>
internal sealed record FunctionSettings
{
    public required string Role { get; init; }
    public required string Runtime { get; init; }
    public required string Handler { get; init; }
    public required CodePackage Code { get; init; }
    public string Description { get; init; } = "";
    public int Timeout { get; init; } = 3;
    public int MemorySize { get; init; } = 128;
    public int EphemeralStorage { get; init; } = 512;
    public string Architecture { get; init; } = "x86_64";
    public IReadOnlyList<AttachedLayer> Layers { get; init; } = [];

    /// <summary>Null when none was ever given; then answers leave <c>Environment</c> out.</summary>
    public SortedDictionary<string, string>? Environment { get; init; }

    public string TracingMode { get; init; } = "PassThrough";
    public string? KmsKeyArn { get; init; }
    public string SnapStart { get; init; } = "None";

    /// <summary>Stored and shown, without effect here.</summary>
    public JsonObject? VpcConfig { get; init; }

    /// <inheritdoc cref="VpcConfig"/>
    public JsonObject? DeadLetterConfig { get; init; }

    /// <inheritdoc cref="VpcConfig"/>
    public JsonArray? FileSystemConfigs { get; init; }

    public JsonObject? LoggingConfig { get; init; }
}

/// <summary><c>$LATEST</c> or one published version.</summary>
internal sealed record FunctionVersion
{
    public const string Latest = "$LATEST";

    public required string Version { get; init; }
    public required FunctionSettings Settings { get; init; }
    public required DateTimeOffset LastModified { get; init; }
    public required string RevisionId { get; init; }

    /// <summary>Changes with code and configuration only: environments of an older value are retired.</summary>
    public required string ConfigurationRevision { get; init; }

    public bool Pending { get; init; }
    public bool UpdateInProgress { get; init; }

    /// <summary>What still serves invocations while an update is in progress.</summary>
    public FunctionVersion? Serving { get; init; }
}

internal sealed record AliasDocument
{
    public required string Name { get; init; }
    public required string FunctionVersion { get; init; }
    public string Description { get; init; } = "";
    public SortedDictionary<string, double>? Weights { get; init; }
    public required string RevisionId { get; init; }
}

internal sealed record UrlDocument
{
    /// <summary>First label of the host name on the platform; path segment here.</summary>
    public required string Id { get; init; }
    public required string Qualifier { get; init; }
    public required string AuthType { get; init; }
    public required string InvokeMode { get; init; }
    public JsonObject? Cors { get; init; }
    public required DateTimeOffset Created { get; init; }
    public required DateTimeOffset Modified { get; init; }
}

internal sealed record PolicyDocument(string RevisionId, IReadOnlyList<JsonObject> Statements);

internal sealed record EventInvokeDocument
{
    public int? MaximumRetryAttempts { get; init; }
    public int? MaximumEventAgeInSeconds { get; init; }
    public JsonObject? DestinationConfig { get; init; }
    public required DateTimeOffset LastModified { get; init; }
}

internal sealed record RuntimeManagementDocument(string UpdateRuntimeOn, string? RuntimeVersionArn);

/// <summary>A function and all that belongs to it. Maps by qualifier use <c>$LATEST</c> for the unqualified function.</summary>
internal sealed record FunctionDocument
{
    public required string Name { get; init; }
    public required FunctionVersion Latest { get; init; }
    public IReadOnlyList<FunctionVersion> Versions { get; init; } = [];

    /// <summary>Version numbers are never used twice.</summary>
    public int NextVersion { get; init; } = 1;

    public IReadOnlyList<AliasDocument> Aliases { get; init; } = [];
    public SortedDictionary<string, PolicyDocument> Policies { get; init; } = [];
    public SortedDictionary<string, UrlDocument> Urls { get; init; } = [];
    public SortedDictionary<string, EventInvokeDocument> EventInvoke { get; init; } = [];
    public SortedDictionary<string, RuntimeManagementDocument> RuntimeManagement { get; init; } = [];
    public SortedDictionary<string, string> Tags { get; init; } = [];
    public int? ReservedConcurrency { get; init; }
    public string RecursiveLoop { get; init; } = "Terminate";
}

internal sealed record LayerVersionDocument
{
    public required int Version { get; init; }
    public required CodePackage Code { get; init; }
    public string? Description { get; init; }
    public required DateTimeOffset Created { get; init; }
    public IReadOnlyList<string>? CompatibleRuntimes { get; init; }
    public IReadOnlyList<string>? CompatibleArchitectures { get; init; }
    public string? LicenseInfo { get; init; }
    public PolicyDocument? Policy { get; init; }
}

/// <summary>A layer with its living versions; stays when all are deleted, so that numbers are never used twice.</summary>
internal sealed record LayerDocument
{
    public required string Name { get; init; }
    public int NextVersion { get; init; } = 1;
    public IReadOnlyList<LayerVersionDocument> Versions { get; init; } = [];
}

internal sealed record EventSourceMappingDocument
{
    public required string Id { get; init; }
    public required string FunctionName { get; init; }
    public string? Qualifier { get; init; }
    public required JsonObject Settings { get; init; }
    public required string State { get; init; }
    public required DateTimeOffset LastModified { get; init; }
}

/// <summary>An accepted asynchronous invocation that has not ended.</summary>
internal sealed record PendingEvent
{
    public required string Id { get; init; }
    public required string FunctionName { get; init; }
    public string? Qualifier { get; init; }
    public required byte[] Payload { get; init; }
    public string? ClientContext { get; init; }
    public string? TraceId { get; init; }
    public required DateTimeOffset Accepted { get; init; }

    /// <summary>Runs that ended in a function error.</summary>
    public int Failures { get; init; }

    /// <summary>Runs refused for want of concurrency.</summary>
    public int Throttles { get; init; }

    public required DateTimeOffset NotBefore { get; init; }
}

internal sealed record RoleDocument
{
    public required string Name { get; init; }
    public required string Id { get; init; }
    public required string Path { get; init; }
    public required string TrustPolicy { get; init; }
    public string? Description { get; init; }
    public required DateTimeOffset Created { get; init; }
    public SortedDictionary<string, string> InlinePolicies { get; init; } = [];
    public IReadOnlyList<string> AttachedPolicies { get; init; } = [];
}

internal sealed record ManagedPolicyDocument
{
    public required string Arn { get; init; }
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required string Path { get; init; }
    public required string Document { get; init; }
    public string? Description { get; init; }
    public required DateTimeOffset Created { get; init; }
}
