using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pellicle.Aws;

/// <summary>Something an inventory could not read: a normal event, said in words.</summary>
/// <param name="Permission">IAM action, for example <c>lambda:GetPolicy</c>.</param>
/// <param name="Cost">What cannot be told without it.</param>
/// <param name="Reason">AWS's answer.</param>
/// <param name="Denied">True when the permission is missing; false when the call failed otherwise.</param>
/// <param name="Subjects">Names it concerns, the first few.</param>
/// <param name="Count">How many it concerns.</param>
public sealed record InventoryGap(string Permission, string Cost, string Reason, bool Denied, IReadOnlyList<string> Subjects, int Count);

/// <summary>A role with everything that decides what it may do. Null where it could not be read.</summary>
public sealed record RoleInventory
{
    /// <summary>ARN as the function names it.</summary>
    public required string Arn { get; init; }

    /// <summary>False when IAM knows no such role; null when IAM could not be asked.</summary>
    public bool? Exists { get; init; }

    /// <summary>Who may assume it.</summary>
    public JsonElement? TrustPolicy { get; init; }

    /// <summary>Inline and attached policies; null unless all of them could be read.</summary>
    public IReadOnlyList<NamedPolicy>? Policies { get; init; }

    /// <summary>ARN of the permission boundary, or null.</summary>
    public string? BoundaryArn { get; init; }

    /// <summary>Document of the boundary; null when there is none or it could not be read.</summary>
    public JsonElement? Boundary { get; init; }
}

/// <summary>A function with everything that could be read of it; null means not read, an empty list means there is none.</summary>
public sealed record FunctionInventory
{
    /// <summary>Configuration of <c>$LATEST</c>.</summary>
    public required FunctionConfiguration Configuration { get; init; }

    /// <summary>True when GetFunction answered; without it there is no code.</summary>
    public bool DetailRead { get; init; }

    /// <summary>Tags.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Key of the stored zip.</summary>
    public string? SourceKmsKeyArn { get; init; }

    /// <summary>Reserved concurrency.</summary>
    public ReservedConcurrency? Concurrency { get; init; }

    /// <summary>Resource policies by qualifier; the empty qualifier is the function itself.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Policies { get; init; }

    /// <summary>Function URLs by qualifier.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Urls { get; init; }

    /// <summary>Aliases.</summary>
    public IReadOnlyList<AliasConfiguration>? Aliases { get; init; }

    /// <summary>Published versions, newest first.</summary>
    public IReadOnlyList<VersionSummary>? Versions { get; init; }

    /// <summary>Asynchronous settings by qualifier.</summary>
    public IReadOnlyList<JsonElement>? EventInvokeConfigs { get; init; }

    /// <summary>Event source mappings.</summary>
    public IReadOnlyList<JsonElement>? EventSourceMappings { get; init; }

    /// <summary>True when the code-signing configuration could be read.</summary>
    public bool CodeSigningRead { get; init; }

    /// <summary>Code-signing configuration, or null when there is none.</summary>
    public JsonElement? CodeSigning { get; init; }

    /// <summary>Runtime management.</summary>
    public JsonElement? RuntimeManagement { get; init; }

    /// <summary>Address of the code, good for ten minutes; null where it was not read. Not kept.</summary>
    [JsonIgnore]
    public string? CodeLocation { get; init; }

    /// <summary>True when nothing was denied or failed; half of it must not be taken for all of it by a later run.</summary>
    [JsonIgnore]
    public bool IsWhole => DetailRead && CodeSigningRead && Tags is not null && Policies is not null && Urls is not null && Aliases is not null && Versions is not null && EventInvokeConfigs is not null && RuntimeManagement is not null;
}

/// <summary>A layer version in use or owned.</summary>
public sealed record LayerInventory
{
    /// <summary>ARN of the version.</summary>
    public required string Arn { get; init; }

    /// <summary>True when it belongs to the scanned account.</summary>
    public bool Own { get; init; }

    /// <summary>False when it is deleted or cannot be read; null when it was not tried.</summary>
    public bool? Readable { get; init; }

    /// <summary>Newest version of the layer, where the list could be read.</summary>
    public long? Newest { get; init; }

    /// <summary>True when the policy was asked for (own layers only).</summary>
    public bool PolicyRead { get; init; }

    /// <summary>Policy, or null when there is none.</summary>
    public JsonElement? Policy { get; init; }

    /// <summary>Base64 SHA-256 of the zip, where it could be read.</summary>
    public string? CodeSha256 { get; init; }

    /// <summary>Bytes of the zip.</summary>
    public long CodeSize { get; init; }

    /// <summary>Address of the content, good for ten minutes; null where it was not read. Not kept.</summary>
    [JsonIgnore]
    public string? CodeLocation { get; init; }

    /// <summary>When it was published, as Lambda writes it.</summary>
    public string? Created { get; init; }

    /// <summary>Description.</summary>
    public string? Description { get; init; }

    /// <summary>Runtimes it says it is for.</summary>
    public IReadOnlyList<string> Runtimes { get; init; } = [];

    /// <summary>Architectures it says it is for.</summary>
    public IReadOnlyList<string> Architectures { get; init; } = [];
}

/// <summary>One account in one region.</summary>
public sealed record Inventory
{
    /// <summary>Account number; empty when STS could not be asked and no function names it.</summary>
    public required string Account { get; init; }

    /// <summary>Region.</summary>
    public required string Region { get; init; }

    /// <summary>Functions by name.</summary>
    public required IReadOnlyList<FunctionInventory> Functions { get; init; }

    /// <summary>Names of all functions of the region, those outside the scope too.</summary>
    public IReadOnlyList<string> Listed { get; init; } = [];

    /// <summary>Layer versions in use or owned, by ARN.</summary>
    public required IReadOnlyDictionary<string, LayerInventory> Layers { get; init; }

    /// <summary>Execution roles by ARN.</summary>
    public required IReadOnlyDictionary<string, RoleInventory> Roles { get; init; }

    /// <summary>True when all functions of the region were listed: only then can be told who else uses a role.</summary>
    public bool Complete { get; init; }

    /// <summary>What lies around the functions; null when it was not asked for.</summary>
    public Surroundings? Surroundings { get; init; }

    /// <summary>What could not be read.</summary>
    public required IReadOnlyList<InventoryGap> Gaps { get; init; }
}
