using System.Collections.Concurrent;
using System.Text;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.Tests.ControlPlane;

/// <summary>Answers as the test says, and remembers what it was asked.</summary>
internal sealed class FakeInvoker : IInvoker
{
    public ConcurrentQueue<(FunctionSnapshot Function, InvocationRequest Request)> Calls { get; } = new();

    public ConcurrentQueue<(string Arn, string Version, string? Keep)> Retired { get; } = new();

    /// <summary>Echoes the payload unless replaced.</summary>
    public Func<FunctionSnapshot, InvocationRequest, CancellationToken, Task<InvocationResult>> Answer { get; set; } =
        (function, request, _) => Task.FromResult(Result(function, request.Payload));

    public static InvocationResult Result(FunctionSnapshot function, ReadOnlyMemory<byte> payload, string? error = null, string log = "") => new()
    {
        Payload = payload,
        FunctionError = error,
        ExecutedVersion = function.Version,
        LogTail = Encoding.UTF8.GetBytes(log),
    };

    public static InvocationResult Result(FunctionSnapshot function, string payload, string? error = null, string log = "") =>
        Result(function, Encoding.UTF8.GetBytes(payload), error, log);

    public async Task<InvocationResult> InvokeAsync(FunctionSnapshot function, InvocationRequest request, CancellationToken cancellationToken)
    {
        Calls.Enqueue((function, request));
        return await Answer(function, request, cancellationToken);
    }

    public Task RetireAsync(string functionArn, string version, string? keepRevision)
    {
        Retired.Enqueue((functionArn, version, keepRevision));
        return Task.CompletedTask;
    }
}
