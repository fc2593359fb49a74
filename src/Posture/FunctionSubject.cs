using System.Text.Json;

namespace Pellicle.Posture;

/// <summary>What is known of one function from the control plane. Null or absent means that it could not be read: a check that needs it does not judge, and says so.</summary>
public sealed record FunctionSubject
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>ARN without qualifier.</summary>
    public required string Arn { get; init; }

    /// <summary>Runtime identifier; null for images.</summary>
    public string? Runtime { get; init; }

    /// <summary>Environment variables.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Resource policies by qualifier (empty text: the function itself); null where they could not be read.</summary>
    public IReadOnlyDictionary<string, JsonElement>? ResourcePolicies { get; init; }

    /// <summary>Function URLs by qualifier; null where they could not be read.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Urls { get; init; }
}
