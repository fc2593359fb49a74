namespace Pellicle.Local.Invocation;

/// <summary>Everything an execution environment needs to run one function version; taken when the invocation arrives.</summary>
internal sealed record FunctionSnapshot
{
    /// <summary>ARN without qualifier.</summary>
    public required string Arn { get; init; }

    public required string Name { get; init; }

    /// <summary><c>$LATEST</c> or a number.</summary>
    public required string Version { get; init; }

    /// <summary>Changes whenever code or configuration change: environments of an older value are retired.</summary>
    public required string ConfigurationRevision { get; init; }

    /// <summary>Runtime identifier, for example <c>python3.11</c>.</summary>
    public required string Runtime { get; init; }

    public required string Handler { get; init; }

    /// <summary>Path of the deployment zip on disk; content never changes under the same name.</summary>
    public required string CodeZip { get; init; }

    /// <summary>Base64 SHA-256 of the zip.</summary>
    public required string CodeSha256 { get; init; }

    /// <summary>Layer zips in order (later overwrites earlier).</summary>
    public required IReadOnlyList<LayerContent> Layers { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Megabytes.</summary>
    public required int MemorySize { get; init; }

    /// <summary>Seconds.</summary>
    public required int Timeout { get; init; }

    /// <summary>Size of <c>/tmp</c> in megabytes.</summary>
    public required int EphemeralStorage { get; init; }

    public required string Region { get; init; }

    public required string AccountId { get; init; }

    /// <summary>Environments at the same time, or null for no limit of its own.</summary>
    public int? ReservedConcurrency { get; init; }
}

/// <summary>One layer version's zip on disk.</summary>
internal sealed record LayerContent(string Arn, string CodeSha256, string Zip);

/// <summary>One call of a function.</summary>
internal sealed record InvocationRequest
{
    public required string RequestId { get; init; }

    /// <summary>ARN as invoked, with qualifier if one was used.</summary>
    public required string InvokedArn { get; init; }

    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Decoded client context JSON, or null.</summary>
    public string? ClientContext { get; init; }

    public string? TraceId { get; init; }

    /// <summary>When set, response bytes go here as they come (InvokeWithResponseStream, streaming URLs) and the result's payload is empty.</summary>
    public Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>? OnChunk { get; init; }
}

/// <summary>What came of it.</summary>
internal sealed record InvocationResult
{
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Content type the runtime gave.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>Null, or <c>Unhandled</c>.</summary>
    public string? FunctionError { get; init; }

    public required string ExecutedVersion { get; init; }

    /// <summary>Last 4 KB of the log of this invocation.</summary>
    public required ReadOnlyMemory<byte> LogTail { get; init; }
}

/// <summary>Runs functions. The control plane calls it; it knows nothing of the control plane.</summary>
internal interface IInvoker
{
    /// <summary>Runs one invocation to its end. A function's own failure is a result; <see cref="ThrottledException"/> when concurrency is exhausted.</summary>
    Task<InvocationResult> InvokeAsync(FunctionSnapshot function, InvocationRequest request, CancellationToken cancellationToken);

    /// <summary>Shuts down idle environments of this function that run another revision than <paramref name="keepRevision"/> (null: all of them).</summary>
    Task RetireAsync(string functionArn, string version, string? keepRevision);
}

/// <summary>No environment may be started for the invocation now: HTTP 429.</summary>
internal sealed class ThrottledException(string reason) : Exception($"Rate Exceeded ({reason})")
{
    public string Reason { get; } = reason;
}
