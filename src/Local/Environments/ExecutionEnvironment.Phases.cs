using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pellicle.Local.Environments.Sandboxes;
using Pellicle.Local.Environments.Telemetry;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.Environments;

/// <content>Init, Shutdown, and what becomes of processes.</content>
internal sealed partial class ExecutionEnvironment
{
    private static readonly TimeSpan InternalShutdownBudget = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ExternalShutdownBudget = TimeSpan.FromMilliseconds(2000);

    /// <summary>Part of the budget in which the runtime may end before extensions are told.</summary>
    private const double RuntimeShare = 0.3;

    private async Task<Fault?> InitAsync(string phase, TimeSpan limit)
    {
        initTried = true;
        var started = time.GetTimestamp();
        log.Platform($"INIT_START Runtime Version: {function.Runtime}");
        telemetry.Begin();
        telemetry.Platform("initStart", () => new JsonObject
        {
            ["initializationType"] = "on-demand",
            ["phase"] = phase,
            ["runtimeVersion"] = function.Runtime,
            ["functionName"] = function.Name,
            ["functionVersion"] = function.Version,
            ["functionArn"] = function.Arn,
            ["instanceId"] = variables!.LogStream,
            ["instanceMaxMemory"] = (long)function.MemorySize << 20,
        });
        using var timer = new CancellationTokenSource(limit, time);
        var fault = await LaunchAsync(timer.Token);
        fault ??= timer.IsCancellationRequested && !initialised ? Fault.Timeout(limit) : null;
        DrainLogs();
        var duration = time.GetElapsedTime(started);
        var status = fault is null ? "success" : fault.Type == "Sandbox.Timedout" ? "timeout" : "error";
        JsonObject Outcome() => new JsonObject { ["initializationType"] = "on-demand", ["phase"] = phase, ["status"] = status }.With("errorType", fault?.Type);
        TellExtensions();
        telemetry.Platform("initRuntimeDone", Outcome);
        telemetry.Platform("initReport", () => Outcome().With("metrics", new JsonObject { ["durationMs"] = Math.Round(duration.TotalMilliseconds, 3) }));
        telemetry.Close();
        if (fault is null)
        {
            initDuration = phase == "init" ? duration : null;
        }
        else
        {
            log.Platform(string.Create(CultureInfo.InvariantCulture, $"INIT_REPORT Init Duration: {duration.TotalMilliseconds:0.00} ms\tPhase: {phase}\tStatus: {status}{(status == "error" ? "\tError Type: " + fault.Type : "")}"));
        }
        return fault;
    }

    private async Task<Fault?> LaunchAsync(CancellationToken cancellationToken)
    {
        foreach (var name in ExternalExtensions())
        {
            var extension = new Extension(name, true, ++processes);
            lock (gate)
            {
                generation.Extensions.Add(extension);
            }
            try
            {
                await sandbox!.SpawnAsync(extension.ProcessId, true, "/", "/opt/extensions/" + name, ["/opt/extensions/" + name], variables!.ForExtensions);
            }
            catch (SandboxException e)
            {
                return new Fault("Extension.LaunchError", $"extension `{name}` cannot be started: {e.Message}", Reported: true);
            }
        }
        if (!await ReachAsync(() => generation.AllExternalRegistered || generation.Fault is not null, cancellationToken) || CurrentFault() is not null)
        {
            return CurrentFault();
        }
        if (entryPoints.Count == 0)
        {
            return new Fault("Runtime.InvalidEntrypoint", "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]", Reported: true);
        }
        var program = entryPoints[0];
        lock (gate)
        {
            generation.RuntimeProcessId = ++processes;
            generation.RuntimeLaunched = true;
        }
        try
        {
            await sandbox!.SpawnAsync(generation.RuntimeProcessId, false, "/var/task", program, [program], variables!.ForRuntime);
        }
        catch (SandboxException e)
        {
            var found = function.Runtime.StartsWith("provided", StringComparison.Ordinal) ? "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]" : $"cannot start `{program}`";
            return new Fault("Runtime.InvalidEntrypoint", $"{found} ({e.Message})", Reported: true);
        }
        var complete = await ReachAsync(() => generation.AllReady || generation.Fault is not null, cancellationToken);
        lock (gate)
        {
            generation.InitDone = initialised = complete && generation.Fault is null;
            return generation.Fault;
        }
    }

    private Fault? CurrentFault()
    {
        lock (gate)
        {
            return generation.Fault;
        }
    }

    // Every entry that is not a folder is started, whatever its name or mode; a link counts even when it points to a folder.
    private List<string> ExternalExtensions()
    {
        var folder = new DirectoryInfo(Path.Combine(layers!, "extensions"));
        return folder.Exists && folder.LinkTarget is null
            ? folder.EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0 }).Where(entry => entry is not DirectoryInfo || entry.LinkTarget is not null)
                .Select(entry => entry.Name).Order(StringComparer.Ordinal).ToList()
            : [];
    }

    private void ProcessExited(int id, int code)
    {
        lock (gate)
        {
            if (id == -1)
            {
                sandboxLost = true;
                generation.Fault ??= unusable ??= new Fault("Sandbox.Failure", "the sandbox was lost", Reported: true);
            }
            else if (generation.RuntimeLaunched && id == generation.RuntimeProcessId)
            {
                generation.Runtime = RuntimeState.Exited;
                generation.RuntimeNext?.TrySetResult(null);
                generation.RuntimeNext = null;
                if (!generation.ShuttingDown)
                {
                    generation.Fault ??= Fault.RuntimeExit(code);
                }
            }
            else if (generation.Extensions.Find(extension => extension.External && extension.ProcessId == id) is { } extension)
            {
                if (!generation.ShuttingDown)
                {
                    generation.Fault ??= Fault.ExtensionCrash(extension.Name, code);
                }
                extension.State = ExtensionState.Exited;
                extension.Next?.TrySetResult(null);
                extension.Next = null;
            }
            Changed();
        }
    }

    private async Task ResetAsync(string reason)
    {
        await ShutDownAsync(reason);
        lock (gate)
        {
            generation = new Generation();
            initialised = false;
        }
    }

    private async Task ShutDownAsync(string reason)
    {
        List<Extension> registered;
        bool runtimeAlive;
        lock (gate)
        {
            if (sandboxLost)
            {
                return; // nothing is left to talk to
            }
            generation.ShuttingDown = true;
            registered = [.. generation.Registered];
            runtimeAlive = generation.RuntimeLaunched && generation.Runtime != RuntimeState.Exited;
        }
        try
        {
            sandbox!.Thaw();
            telemetry.Resume();
            var external = registered.Any(extension => extension.External && extension.State != ExtensionState.Exited);
            if (external || registered.Count > 0)
            {
                var budget = external ? ExternalShutdownBudget : InternalShutdownBudget;
                var deadline = time.GetUtcNow() + budget;
                if (runtimeAlive)
                {
                    sandbox.Signal(generation.RuntimeProcessId, Terminate);
                    using var runtimeTimer = new CancellationTokenSource(external ? budget * RuntimeShare : budget, time);
                    if (!await ReachAsync(() => generation.Runtime == RuntimeState.Exited, runtimeTimer.Token))
                    {
                        sandbox.Signal(generation.RuntimeProcessId, Kill);
                    }
                }
                if (external)
                {
                    telemetry.Flush();
                    await TellShutdownAsync(reason, deadline);
                }
            }
            await sandbox.ClearAsync();
            DrainLogs();
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            logger.LogDebug("shutdown of a sandbox that is gone: {Message}", e.Message);
        }
    }

    private async Task TellShutdownAsync(string reason, DateTimeOffset deadline)
    {
        var data = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["eventType"] = "SHUTDOWN", ["deadlineMs"] = deadline.ToUnixTimeMilliseconds(), ["shutdownReason"] = reason });
        List<Extension> told = [];
        lock (gate)
        {
            foreach (var extension in generation.Extensions.Where(extension => extension is { External: true } && extension.State != ExtensionState.Exited))
            {
                if (extension.Wants("SHUTDOWN"))
                {
                    Give(extension, data);
                    told.Add(extension);
                }
                else
                {
                    sandbox!.Signal(extension.ProcessId, Kill);
                }
            }
        }
        var rest = deadline - time.GetUtcNow();
        if (rest > TimeSpan.Zero)
        {
            using var timer = new CancellationTokenSource(rest, time);
            await ReachAsync(() => told.TrueForAll(extension => extension.State == ExtensionState.Exited), timer.Token);
        }
    }

    private void TellExtensions()
    {
        lock (gate)
        {
            foreach (var extension in generation.Registered)
            {
                var (name, state, events) = (extension.Name, extension.State.ToString(), extension.Events);
                telemetry.Platform("extension", () => new JsonObject { ["name"] = name, ["state"] = state, ["events"] = new JsonArray([.. events.Select(e => (JsonNode)e)]) });
            }
        }
    }

    private void TellRuntimeDone(RunningInvocation invocation, string status, string? errorType, TimeSpan duration) => telemetry.Platform("runtimeDone", () =>
    {
        var spans = new JsonArray();
        if (invocation.FirstByte != 0)
        {
            var start = time.GetUtcNow() - time.GetElapsedTime(invocation.Started);
            spans.Add(Span("responseLatency", start, time.GetElapsedTime(invocation.Started, invocation.FirstByte)));
            spans.Add(Span("responseDuration", start + time.GetElapsedTime(invocation.Started, invocation.FirstByte), time.GetElapsedTime(invocation.FirstByte, invocation.LastByte)));
            spans.Add(Span("runtimeOverhead", start + time.GetElapsedTime(invocation.Started, invocation.LastByte), time.GetElapsedTime(invocation.LastByte)));
        }
        return new JsonObject
        {
            ["requestId"] = invocation.Request.RequestId,
            ["status"] = status,
            ["metrics"] = new JsonObject { ["durationMs"] = Math.Round(duration.TotalMilliseconds, 3), ["producedBytes"] = invocation.ProducedBytes },
        }.With("errorType", errorType).With("spans", spans.Count > 0 ? spans : null).With("tracing", Tracing(invocation.Request, "X-Amzn-Trace-Id"));
    });

    private void TellReport(InvocationRequest request, string status, string? errorType, TimeSpan duration)
    {
        var init = initDuration;
        telemetry.Platform("report", () =>
        {
            var metrics = new JsonObject
            {
                ["durationMs"] = Math.Round(duration.TotalMilliseconds, 3),
                ["billedDurationMs"] = (long)Math.Ceiling(duration.TotalMilliseconds),
                ["memorySizeMB"] = function.MemorySize,
                ["maxMemoryUsedMB"] = sandbox?.PeakMegabytes is { } peak ? Math.Min(peak, function.MemorySize) : null,
            }.With("initDurationMs", init is { } value ? (JsonNode)Math.Round(value.TotalMilliseconds, 3) : null);
            return new JsonObject { ["requestId"] = request.RequestId, ["status"] = status, ["metrics"] = metrics }
                .With("errorType", errorType).With("tracing", Tracing(request, "X-Amzn-Trace-Id"));
        });
    }

    private static JsonObject Span(string name, DateTimeOffset start, TimeSpan duration) =>
        new() { ["name"] = name, ["start"] = TelemetryHub.Format(start), ["durationMs"] = Math.Round(duration.TotalMilliseconds, 3) };
}
