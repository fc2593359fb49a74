using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Pellicle.Local.Environments.Content;
using Pellicle.Local.Environments.Http;
using Pellicle.Local.Environments.Sandboxes;
using Pellicle.Local.Environments.Telemetry;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.Environments;

/// <summary>One execution environment: a sandbox, its local APIs and the phases Init, Invoke and Shutdown. One invocation at a time.</summary>
internal sealed partial class ExecutionEnvironment : IAsyncDisposable
{
    /// <summary>Limit of the first Init; afterwards it is repeated within the first invocation.</summary>
    private static readonly TimeSpan InitLimit = TimeSpan.FromSeconds(10);

    private const int Terminate = 15;
    private const int Kill = 9;

    private readonly FunctionSnapshot function;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ApiServer server;
    private readonly InvocationLog log;
    private readonly TelemetryHub telemetry;
    private readonly Lock gate = new();

    private Sandbox? sandbox;
    private FunctionVariables? variables;
    private string? layers;
    private IReadOnlyList<string> entryPoints = [];
    private Generation generation = new();
    private Func<bool>? awaited;
    private TaskCompletionSource? reached;
    private Fault? unusable;
    private bool initialised;
    private bool initTried;
    private TimeSpan? initDuration;
    private int processes;
    private bool disposed;
    private bool sandboxLost;
    private Task running = Task.CompletedTask;

    private ExecutionEnvironment(FunctionSnapshot function, LocalLambdaOptions options)
    {
        this.function = function;
        time = options.TimeProvider;
        logger = options.LoggerFactory.CreateLogger("Pellicle.Local.Function." + function.Name);
        telemetry = new TelemetryHub(time, logger);
        log = new InvocationLog(logger, (isFunction, line) => telemetry.Line(isFunction ? "function" : "extension", line));
        server = new ApiServer(HandleAsync, logger);
    }

    /// <summary>Cannot serve further invocations.</summary>
    public bool Broken => unusable is not null;

    /// <summary>Makes the sandbox and runs Init. What is wrong with the function becomes the answer of its first invocation.</summary>
    public static async Task<ExecutionEnvironment> StartAsync(FunctionSnapshot function, LocalLambdaOptions options, ContentStore content)
    {
        var environment = new ExecutionEnvironment(function, options);
        try
        {
            await environment.PrepareAsync(options, content);
        }
        catch (Exception e) when (e is EntryPointException or ContentException or SandboxException)
        {
            environment.unusable = new Fault(e is EntryPointException ? "Runtime.InvalidEntrypoint" : "Sandbox.Failure", e.Message);
            environment.logger.LogError("function {Function} cannot start: {Message}", function.Name, e.Message);
        }
        catch
        {
            await environment.DisposeAsync();
            throw;
        }
        return environment;
    }

    /// <summary>Starts one invocation. <c>Result</c> is the answer; <c>Ended</c> completes when the environment can take another.</summary>
    public (Task<InvocationResult> Result, Task Ended) Invoke(InvocationRequest request)
    {
        var invocation = new RunningInvocation(request);
        running = RunAsync(invocation);
        return (invocation.Result.Task, running);
    }

    /// <summary>Stops all processes until the next invocation.</summary>
    public void Freeze()
    {
        telemetry.Pause();
        try
        {
            sandbox?.Freeze();
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            logger.LogDebug("cannot freeze: {Message}", e.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }
        disposed = true;
        lock (gate)
        {
            if (!running.IsCompleted)
            {
                generation.Fault ??= new Fault("Sandbox.Failure", "the local Lambda is shutting down", Reported: true);
                Changed();
            }
        }
        await running;
        if (sandbox is not null)
        {
            await ShutDownAsync("spindown");
            await sandbox.DisposeAsync();
        }
        await telemetry.DisposeAsync();
        await server.DisposeAsync();
    }

    private async Task PrepareAsync(LocalLambdaOptions options, ContentStore content)
    {
        var runtime = HostRuntime.Find(function.Runtime);
        var code = await content.UnpackAsync(function.CodeZip, function.CodeSha256, "/var/task");
        layers = await content.MergeAsync(function.Layers);
        var bootstrap = runtime.Folder is null ? null : Path.Combine(Path.GetFullPath(options.RuntimesDirectory), runtime.Folder);
        if (bootstrap is not null && !File.Exists(Path.Combine(bootstrap, "bootstrap")))
        {
            throw new EntryPointException($"the bootstrap of {function.Runtime} is missing: `{bootstrap}/bootstrap` (build the runtimes first)");
        }
        entryPoints = runtime.Folder is null
            ? new[] { code, layers }.Where(folder => IsFile(Path.Combine(folder, "bootstrap"))).Select(folder => folder == code ? "/var/task/bootstrap" : "/opt/bootstrap").ToList()
            : ["/var/runtime/bootstrap"];
        variables = new FunctionVariables(function, runtime, server.Port, time.GetUtcNow());
        logger.LogDebug("environment of {Function} on port {Port}: {Runtime}", function.Name, server.Port, runtime.Description);
        var plan = FileSystem.Plan(runtime, code, layers, bootstrap, options.Hosts, function.EphemeralStorage, Environment.IsPrivilegedProcess);
        // /tmp is memory, so the limit has to leave room for it.
        sandbox = await Sandbox.StartAsync(plan, (function.MemorySize + (long)function.EphemeralStorage) << 20, log.Write, ProcessExited, logger);
    }

    private static bool IsFile(string path) => File.Exists(path) || new FileInfo(path).LinkTarget is not null;

    private async Task RunAsync(RunningInvocation invocation)
    {
        try
        {
            if (sandbox is not null)
            {
                log.Clear();
                await sandbox.WakeAsync();
            }
            if (unusable is { } fault)
            {
                FinishUnstarted(invocation, fault);
                return;
            }
            await InvokeAsync(invocation);
        }
        catch (Exception e)
        {
            logger.LogError(e, "invocation {RequestId} failed inside the local Lambda", invocation.Request.RequestId);
            invocation.Result.TrySetException(e);
            unusable ??= new Fault("Sandbox.Failure", e.Message);
        }
    }

    private async Task InvokeAsync(RunningInvocation invocation)
    {
        var limit = TimeSpan.FromSeconds(function.Timeout);
        telemetry.Resume();
        if (initialised && DeadWhileIdle())
        {
            await ResetAsync("failure");
        }
        var started = time.GetTimestamp();
        if (!initialised)
        {
            var suppressed = initTried;
            var fault = await InitAsync(suppressed ? "invoke" : "init", suppressed ? limit : InitLimit);
            if (fault is { Reported: false } && !suppressed)
            {
                // Suppressed init: once more, now on the function's own time.
                await ResetAsync(fault.ShutdownReason);
                started = time.GetTimestamp();
                suppressed = true;
                fault = await InitAsync("invoke", limit);
            }
            if (fault is not null)
            {
                if (fault.Type == "Sandbox.Timedout")
                {
                    fault = Fault.Timeout(limit);
                }
                FinishUnstarted(invocation, fault);
                await ResetAsync(fault.ShutdownReason);
                return;
            }
            if (!suppressed)
            {
                started = time.GetTimestamp();
            }
        }
        await DeliverAsync(invocation, started, limit);
    }

    private bool DeadWhileIdle()
    {
        lock (gate)
        {
            return generation.Fault is not null || generation.Runtime != RuntimeState.Ready;
        }
    }

    private async Task DeliverAsync(RunningInvocation invocation, long started, TimeSpan limit)
    {
        var request = invocation.Request;
        var rest = limit - time.GetElapsedTime(started);
        invocation.Started = started;
        invocation.Deadline = time.GetUtcNow() + rest;
        log.Platform($"START RequestId: {request.RequestId} Version: {function.Version}");
        telemetry.Platform("start", () => new JsonObject { ["requestId"] = request.RequestId, ["version"] = function.Version }.With("tracing", Tracing(request, "X-Amzn-Trace-Id")));
        using var timer = new CancellationTokenSource(rest > TimeSpan.Zero ? rest : TimeSpan.FromMilliseconds(1), time);
        lock (gate)
        {
            generation.Current = invocation;
            foreach (var extension in generation.Extensions.Where(extension => extension.Wants("INVOKE")))
            {
                Give(extension, InvokeEvent(invocation));
            }
            var waiting = generation.RuntimeNext!;
            generation.RuntimeNext = null;
            generation.Runtime = RuntimeState.Running;
            waiting.TrySetResult(invocation);
        }
        var inTime = await ReachAsync(() => generation.InvokeDone || generation.Fault is not null, timer.Token);
        Fault? fault;
        lock (gate)
        {
            fault = generation.Fault ?? (inTime ? null : Fault.Timeout(limit));
            generation.Fault = fault;
            generation.Current = fault is null ? null : generation.Current;
        }
        DrainLogs();
        var duration = time.GetElapsedTime(started);
        var status = fault is null ? invocation.ErrorType is null ? "success" : "error" : fault.Type == "Sandbox.Timedout" ? "timeout" : fault.Type.StartsWith("Runtime.", StringComparison.Ordinal) ? "error" : "failure";
        var errorType = fault?.Type ?? invocation.ErrorType;
        TellRuntimeDone(invocation, status, errorType, duration);
        if (fault is not null && !invocation.Answered)
        {
            invocation.Answered = true;
            Answer(invocation, fault.Payload(request.RequestId), "application/json", "Unhandled", Report(request, duration, status, errorType));
        }
        foreach (var line in Report(request, duration, status, errorType).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            log.Platform(line);
        }
        TellReport(request, status, errorType, duration);
        initDuration = null;
        if (fault is not null)
        {
            await ResetAsync(fault.ShutdownReason);
        }
    }

    private void DrainLogs()
    {
        sandbox!.FunctionLog.Drain();
        sandbox.ExtensionLog.Drain();
        log.EndPartialLines();
    }

    private void FinishUnstarted(RunningInvocation invocation, Fault fault)
    {
        if (sandbox is not null)
        {
            DrainLogs();
        }
        var request = invocation.Request;
        log.Platform($"START RequestId: {request.RequestId} Version: {function.Version}");
        Answer(invocation, fault.Payload(request.RequestId), "application/json", "Unhandled", Report(request, TimeSpan.Zero, "error", fault.Type));
    }

    private void Answer(RunningInvocation invocation, ReadOnlyMemory<byte> payload, string contentType, string? error, string report) =>
        invocation.Result.TrySetResult(new InvocationResult
        {
            Payload = payload,
            ContentType = contentType,
            FunctionError = error,
            ExecutedVersion = function.Version,
            LogTail = log.Tail(report),
        });

    private string Report(InvocationRequest request, TimeSpan duration, string status, string? errorType)
    {
        var text = new StringBuilder(256).Append("END RequestId: ").Append(request.RequestId).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"REPORT RequestId: {request.RequestId}\tDuration: {duration.TotalMilliseconds:0.00} ms\tBilled Duration: {Math.Ceiling(duration.TotalMilliseconds):0} ms\tMemory Size: {function.MemorySize} MB");
        if (sandbox?.PeakMegabytes is { } peak)
        {
            text.Append(CultureInfo.InvariantCulture, $"\tMax Memory Used: {Math.Min(peak, function.MemorySize)} MB");
        }
        if (initDuration is { } init)
        {
            text.Append(CultureInfo.InvariantCulture, $"\tInit Duration: {init.TotalMilliseconds:0.00} ms");
        }
        text.Append(status switch { "success" => "", "timeout" => "\tStatus: timeout", _ => $"\tStatus: error\tError Type: {errorType}" });
        return text.Append('\n').ToString();
    }

    private static JsonObject? Tracing(InvocationRequest request, string type) =>
        request.TraceId is { } trace ? new JsonObject { ["type"] = type, ["value"] = trace } : null;

    private static byte[] InvokeEvent(RunningInvocation invocation) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["eventType"] = "INVOKE",
        ["deadlineMs"] = invocation.Deadline.ToUnixTimeMilliseconds(),
        ["requestId"] = invocation.Request.RequestId,
        ["invokedFunctionArn"] = invocation.Request.InvokedArn,
    }.With("tracing", Tracing(invocation.Request, "X-Amzn-Trace-Id")));

    private static void Give(Extension extension, byte[] data)
    {
        if (extension.Next is { } next)
        {
            extension.Next = null;
            extension.State = ExtensionState.Running;
            next.TrySetResult(data);
        }
        else
        {
            extension.Pending = data;
        }
    }

    /// <summary>Waits until <paramref name="condition"/>, evaluated under the lock after each change, holds; false when the token comes first.</summary>
    private async Task<bool> ReachAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        Task task;
        lock (gate)
        {
            if (condition())
            {
                return true;
            }
            awaited = condition;
            reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            task = reached.Task;
        }
        await using (cancellationToken.UnsafeRegister(static (source, _) => ((TaskCompletionSource)source!).TrySetCanceled(), reached))
        {
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        lock (gate)
        {
            awaited = null;
            return condition();
        }
    }

    /// <summary>To be called under the lock after each change of state.</summary>
    private void Changed()
    {
        if (awaited?.Invoke() == true)
        {
            awaited = null;
            reached!.TrySetResult();
        }
    }
}
