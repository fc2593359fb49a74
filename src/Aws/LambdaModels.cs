using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pellicle.Aws;

/// <summary>A layer version as a function names it.</summary>
public sealed record LayerReference
{
    /// <summary>ARN of the layer version.</summary>
    public required string Arn { get; init; }

    /// <summary>Bytes of the zip.</summary>
    public long CodeSize { get; init; }

    /// <summary>Name part of the ARN.</summary>
    [JsonIgnore]
    public string Name => Part(6);

    /// <summary>Version part of the ARN.</summary>
    [JsonIgnore]
    public int Version => int.TryParse(Part(7), System.Globalization.CultureInfo.InvariantCulture, out var version) ? version : 0;

    /// <summary>Account that published it.</summary>
    [JsonIgnore]
    public string Account => Part(4);

    private string Part(int index) => Arn.Split(':') is { } parts && parts.Length > index ? parts[index] : "";
}

/// <summary>Environment variables of a function.</summary>
public sealed record EnvironmentVariables
{
    /// <summary>Name to value.</summary>
    public Dictionary<string, string> Variables { get; init; } = [];

    /// <summary>Set instead of variables when the caller may not use their key.</summary>
    public JsonElement? Error { get; init; }
}

/// <summary>Configuration of one function version, as Lambda answers it; members we do not use are kept in <see cref="Other"/>.</summary>
public sealed record FunctionConfiguration
{
    /// <summary>Name.</summary>
    public string FunctionName { get; init; } = "";

    /// <summary>ARN, with a qualifier when a version was asked for.</summary>
    public string FunctionArn { get; init; } = "";

    /// <summary>Runtime identifier; null for images.</summary>
    public string? Runtime { get; init; }

    /// <summary>Execution role.</summary>
    public string? Role { get; init; }

    /// <summary>Handler; null for images.</summary>
    public string? Handler { get; init; }

    /// <summary>Bytes of the zip.</summary>
    public long CodeSize { get; init; }

    /// <summary>Base64 SHA-256 of the zip.</summary>
    public string CodeSha256 { get; init; } = "";

    /// <summary>Seconds.</summary>
    public int Timeout { get; init; }

    /// <summary>Megabytes.</summary>
    public int MemorySize { get; init; }

    /// <summary><c>$LATEST</c> or a number.</summary>
    public string Version { get; init; } = "$LATEST";

    /// <summary><c>Zip</c> or <c>Image</c>.</summary>
    public string PackageType { get; init; } = "Zip";

    /// <summary>Architectures; default x86_64.</summary>
    public IReadOnlyList<string> Architectures { get; init; } = ["x86_64"];

    /// <summary>Layers in order.</summary>
    public IReadOnlyList<LayerReference> Layers { get; init; } = [];

    /// <summary>Environment, or null when none is set.</summary>
    public EnvironmentVariables? Environment { get; init; }

    /// <summary>Changes with every change, twice for an asynchronous one.</summary>
    public string RevisionId { get; init; } = "";

    /// <summary><c>Pending</c>, <c>Active</c>, <c>Inactive</c>, <c>Failed</c>.</summary>
    public string? State { get; init; }

    /// <summary><c>InProgress</c>, <c>Successful</c>, <c>Failed</c>.</summary>
    public string? LastUpdateStatus { get; init; }

    /// <summary>Why the last update failed.</summary>
    public string? LastUpdateStatusReason { get; init; }

    /// <summary>When it was changed.</summary>
    public string? LastModified { get; init; }

    /// <summary>Everything else Lambda said.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; init; }

    /// <summary>Variables, never null.</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, string> Variables => Environment?.Variables ?? [];

    /// <summary>ARN without a version qualifier.</summary>
    [JsonIgnore]
    public string UnqualifiedArn => string.Join(':', FunctionArn.Split(':').Take(7));
}

/// <summary>Where a zip can be fetched.</summary>
public sealed record CodeLocation
{
    /// <summary><c>S3</c> or <c>ECR</c>.</summary>
    public string? RepositoryType { get; init; }

    /// <summary>Address, valid for 10 minutes; null for images.</summary>
    public string? Location { get; init; }

    /// <summary>Image digest address, for images.</summary>
    public string? ResolvedImageUri { get; init; }

    /// <summary>Customer key the stored zip is encrypted with, or null.</summary>
    public string? SourceKMSKeyArn { get; init; }
}

/// <summary>Answer of GetFunction.</summary>
public sealed record FunctionDetail
{
    /// <summary>Configuration.</summary>
    public FunctionConfiguration Configuration { get; init; } = new();

    /// <summary>Code.</summary>
    public CodeLocation? Code { get; init; }

    /// <summary>Tags.</summary>
    public Dictionary<string, string>? Tags { get; init; }

    /// <summary>Set instead of tags when the caller lacks <c>lambda:ListTags</c>.</summary>
    public JsonElement? TagsError { get; init; }

    /// <summary>Reserved concurrency, or null when there is none.</summary>
    public ReservedConcurrency? Concurrency { get; init; }
}

/// <summary>Reserved concurrency of a function.</summary>
public sealed record ReservedConcurrency
{
    /// <summary>Environments that may run at once; null when nothing is reserved, 0 when the function is switched off.</summary>
    public int? ReservedConcurrentExecutions { get; init; }
}

/// <summary>Content of a layer version.</summary>
public sealed record LayerContentLocation
{
    /// <summary>Address, valid for 10 minutes.</summary>
    public string? Location { get; init; }

    /// <summary>Base64 SHA-256 of the zip.</summary>
    public string CodeSha256 { get; init; } = "";

    /// <summary>Bytes of the zip.</summary>
    public long CodeSize { get; init; }
}

/// <summary>One layer version.</summary>
public sealed record LayerVersionDetail
{
    /// <summary>ARN of the layer.</summary>
    public string LayerArn { get; init; } = "";

    /// <summary>ARN of the version.</summary>
    public string LayerVersionArn { get; init; } = "";

    /// <summary>Number.</summary>
    public long Version { get; init; }

    /// <summary>Description.</summary>
    public string? Description { get; init; }

    /// <summary>When it was published.</summary>
    public string? CreatedDate { get; init; }

    /// <summary>Runtimes it says it is for.</summary>
    public IReadOnlyList<string>? CompatibleRuntimes { get; init; }

    /// <summary>Architectures it says it is for.</summary>
    public IReadOnlyList<string>? CompatibleArchitectures { get; init; }

    /// <summary>Licence text.</summary>
    public string? LicenseInfo { get; init; }

    /// <summary>Content; absent in lists.</summary>
    public LayerContentLocation? Content { get; init; }
}

/// <summary>One layer in a list.</summary>
public sealed record LayerSummary
{
    /// <summary>Name.</summary>
    public string LayerName { get; init; } = "";

    /// <summary>ARN without version.</summary>
    public string LayerArn { get; init; } = "";

    /// <summary>Newest version that can be read.</summary>
    public LayerVersionDetail? LatestMatchingVersion { get; init; }
}

/// <summary>An alias.</summary>
public sealed record AliasConfiguration
{
    /// <summary>ARN.</summary>
    public string AliasArn { get; init; } = "";

    /// <summary>Name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Version it names.</summary>
    public string FunctionVersion { get; init; } = "";

    /// <summary>Revision of the alias.</summary>
    public string RevisionId { get; init; } = "";

    /// <summary>Description.</summary>
    public string? Description { get; init; }

    /// <summary>Weights of a second version, or null.</summary>
    public JsonElement? RoutingConfig { get; init; }

    /// <summary>Further versions that get a share of the calls, with that share.</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, double> Weights =>
        RoutingConfig is { ValueKind: JsonValueKind.Object } routing && routing.TryGetProperty("AdditionalVersionWeights", out var map) && map.ValueKind == JsonValueKind.Object
            ? map.EnumerateObject().ToDictionary(w => w.Name, w => w.Value.GetDouble(), StringComparer.Ordinal)
            : new Dictionary<string, double>();
}

/// <summary>A function URL.</summary>
public sealed record FunctionUrlConfiguration
{
    /// <summary>Address.</summary>
    public string FunctionUrl { get; init; } = "";

    /// <summary><c>NONE</c> or <c>AWS_IAM</c>.</summary>
    public string AuthType { get; init; } = "";

    /// <summary><c>BUFFERED</c> or <c>RESPONSE_STREAM</c>.</summary>
    public string? InvokeMode { get; init; }

    /// <summary>CORS settings.</summary>
    public JsonElement? Cors { get; init; }
}

/// <summary>What Invoke answered.</summary>
/// <param name="Payload">Bytes of the answer.</param>
/// <param name="FunctionError">Null, or <c>Unhandled</c>.</param>
/// <param name="LogTail">Last 4 KB of log, when asked for.</param>
/// <param name="ExecutedVersion">Version that ran.</param>
public sealed record InvokeAnswer(ReadOnlyMemory<byte> Payload, string? FunctionError, string? LogTail, string? ExecutedVersion);
