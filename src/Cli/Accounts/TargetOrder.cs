using System.Security.Cryptography;

namespace Pellicle.Cli.Accounts;

/// <summary>What decides the packages of a target and which of them load: same order, same answer.</summary>
internal sealed record TargetOrder
{
    public required string Kind { get; init; }

    public required string Name { get; init; }

    public string? Arn { get; init; }

    public string? Runtime { get; init; }

    public string? Handler { get; init; }

    public string? Architecture { get; init; }

    /// <summary>Hexadecimal digest of the code; null where it could not be had.</summary>
    public string? Code { get; init; }

    public IReadOnlyList<OrderedLayer> Layers { get; init; } = [];

    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Equal for targets whose packages are judged alike; name and ARN do not count.</summary>
    public string Key()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(string? text) => hash.AppendData(System.Text.Encoding.UTF8.GetBytes((text ?? "\u0001") + "\n"));
        Add(Kind);
        // A layer's own name is in the origin of what it holds.
        Add(Kind == "layer" ? Name : "");
        Add(Runtime);
        Add(Handler);
        Add(Architecture);
        Add(Code);
        foreach (var layer in Layers)
        {
            Add(layer.Arn);
            Add(layer.Sha256);
        }

        foreach (var (name, value) in Variables.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            Add(name);
            Add(value);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>A layer version whose content is stored.</summary>
internal sealed record OrderedLayer(string Name, string Arn, string Sha256);
