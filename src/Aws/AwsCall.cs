namespace Pellicle.Aws;

/// <summary>One call, before signing.</summary>
public sealed record AwsCall
{
    /// <summary>Name, for messages.</summary>
    public required string Operation { get; init; }

    /// <summary>Signing name, for example <c>lambda</c>.</summary>
    public required string Service { get; init; }

    /// <summary>Signing region of services that have one for a whole partition (IAM); null for the settings' region.</summary>
    public string? Region { get; init; }

    /// <summary>HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>Base address.</summary>
    public required Uri Address { get; init; }

    /// <summary>Path with <c>{Name}</c> place holders.</summary>
    public required string Path { get; init; }

    /// <summary>Values of the place holders, braces included in the key.</summary>
    public IReadOnlyDictionary<string, string> PathValues { get; init; } = new Dictionary<string, string>();

    /// <summary>Query parameters; repeated keys are allowed by the service that takes them one by one.</summary>
    public IReadOnlyDictionary<string, string> Query { get; init; } = new Dictionary<string, string>();

    /// <summary>Path values whose slashes stay slashes (the key of an S3 object), braces included in the key.</summary>
    public IReadOnlySet<string> GreedyPaths { get; init; } = new HashSet<string>();

    /// <summary>Extra headers.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Body, or null.</summary>
    public byte[]? Body { get; init; }

    /// <summary>Content type of the body.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>True when sending it twice does no harm: then a broken connection is tried again.</summary>
    public bool Idempotent { get; init; } = true;

    /// <summary>False for calls whose throttling is an answer in itself (Invoke).</summary>
    public bool Retry { get; init; } = true;
}
