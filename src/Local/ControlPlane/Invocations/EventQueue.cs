using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Pellicle.Local.ControlPlane.Functions;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.State;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.ControlPlane.Invocations;

/// <summary>
/// Asynchronous invocations. An event is on disk before it is accepted and leaves the disk when it has ended, so a stopped
/// process loses none; one that was running then runs again (at least once, as on the platform).
/// </summary>
internal sealed partial class EventQueue(Plane plane)
{
    private const int DefaultRetries = 2;
    private static readonly TimeSpan DefaultAge = TimeSpan.FromHours(6);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, Task> _running = new();

    public void Accept(FunctionReference reference, InvocationRequest request)
    {
        var pending = new PendingEvent
        {
            Id = request.RequestId,
            FunctionName = reference.Name,
            Qualifier = reference.Qualifier,
            Payload = request.Payload.ToArray(),
            ClientContext = request.ClientContext,
            TraceId = request.TraceId,
            Accepted = plane.Now,
            NotBefore = plane.Now,
        };
        plane.Events.Put(reference.Region, pending.Id, pending);
        Schedule(reference.Region, pending);
    }

    /// <summary>Takes up what a stopped process left.</summary>
    public void Resume()
    {
        foreach (var (region, pending) in plane.Events.All())
            Schedule(region, pending);
    }

    /// <summary>Stops running events; they stay on disk.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_running.Values);
        _stopping.Dispose();
    }

    private void Schedule(string region, PendingEvent pending) => plane.Later(pending.NotBefore - plane.Now, async () =>
    {
        if (_stopping.IsCancellationRequested)
            return;
        var run = RunAsync(region, pending);
        _running[pending.Id] = run;
        try
        {
            await run;
        }
        finally
        {
            _running.TryRemove(new KeyValuePair<string, Task>(pending.Id, run));
        }
    });

    private async Task RunAsync(string region, PendingEvent pending)
    {
        var reference = new FunctionReference(region, pending.FunctionName, pending.Qualifier);
        var settings = plane.Functions.Find(region, pending.FunctionName)?.EventInvoke
            .GetValueOrDefault(pending.Qualifier ?? FunctionVersion.Latest);
        try
        {
            if (plane.Now - pending.Accepted >= (settings?.MaximumEventAgeInSeconds is { } age ? TimeSpan.FromSeconds(age) : DefaultAge))
            {
                End(reference, pending, settings, "EventAgeExceeded", null);
                return;
            }

            var result = await plane.Invoker.InvokeAsync(Target.Resolve(plane, reference), new InvocationRequest
            {
                RequestId = pending.Id,
                InvokedArn = reference.QualifiedArn,
                Payload = pending.Payload,
                ClientContext = pending.ClientContext,
                TraceId = pending.TraceId,
            }, _stopping.Token);
            if (result.FunctionError is null)
                End(reference, pending, settings, "Success", result);
            else if (pending.Failures >= (settings?.MaximumRetryAttempts ?? DefaultRetries))
                End(reference, pending, settings, "RetriesExhausted", result);
            else
                Again(region, pending with { Failures = pending.Failures + 1 }, TimeSpan.FromMinutes(pending.Failures + 1));
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Still on disk; the next process runs it.
        }
        catch (ApiException e) when (e.Status == 404)
        {
            LogDropped(pending.Id, reference.QualifiedArn, "the function is gone");
            plane.Events.Delete(region, pending.Id);
        }
        catch (Exception e)
        {
            // Throttled, still pending, or our own fault: the platform retries these up to the event's age.
            LogDelayed(pending.Id, reference.QualifiedArn, e.Message);
            var seconds = Math.Min(LongestBackoff.TotalSeconds, Math.Pow(2, pending.Throttles));
            Again(region, pending with { Throttles = pending.Throttles + 1 }, TimeSpan.FromSeconds(seconds));
        }
    }

    private void Again(string region, PendingEvent pending, TimeSpan delay)
    {
        var next = pending with { NotBefore = plane.Now + delay };
        plane.Events.Put(region, next.Id, next);
        Schedule(region, next);
    }

    private void End(FunctionReference reference, PendingEvent pending, EventInvokeDocument? settings, string condition, InvocationResult? result)
    {
        if (condition != "Success")
            LogDropped(pending.Id, reference.QualifiedArn, condition);
        // The destination's event is durable before this one goes.
        var side = condition == "Success" ? "OnSuccess" : "OnFailure";
        if (settings?.DestinationConfig?[side]?["Destination"]?.GetValue<string>() is { Length: > 0 } destination)
            Send(reference, pending, destination, condition, result);
        plane.Events.Delete(reference.Region, pending.Id);
    }

    private void Send(FunctionReference reference, PendingEvent pending, string destination, string condition, InvocationResult? result)
    {
        if (destination.Split(':') is not [_, _, "lambda", var region, _, "function", var name, .. var qualifier])
        {
            LogNoDestination(pending.Id, destination);
            return;
        }

        var record = Json.Of(("version", "1.0"), ("timestamp", plane.Now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'")),
            ("requestContext", Json.Of(("requestId", pending.Id), ("functionArn", Names.FunctionArn(reference.Region, reference.Name, pending.Qualifier ?? FunctionVersion.Latest)),
                ("condition", condition), ("approximateInvokeCount", pending.Failures + 1))),
            ("requestPayload", JsonNode.Parse(pending.Payload)),
            ("responseContext", result is null ? null : Json.Of(("statusCode", 200), ("executedVersion", result.ExecutedVersion), ("functionError", result.FunctionError))),
            ("responsePayload", result is null ? null : Payload(result)));
        Accept(new FunctionReference(region, name, qualifier is [var q, ..] ? q : null), new InvocationRequest
        {
            RequestId = Guid.NewGuid().ToString(),
            InvokedArn = destination,
            Payload = JsonSerializer.SerializeToUtf8Bytes<JsonNode>(record),
            TraceId = InvokeOperations.NewTrace(plane.Now),
        });
    }

    private static JsonNode? Payload(InvocationResult result)
    {
        try
        {
            return JsonNode.Parse(result.Payload.Span);
        }
        catch (JsonException)
        {
            return Encoding.UTF8.GetString(result.Payload.Span);
        }
    }

    [LoggerMessage(3, LogLevel.Warning, "event {Id} for {Function} ends: {Reason}")]
    private partial void LogDropped(string id, string function, string reason);

    [LoggerMessage(4, LogLevel.Information, "event {Id} for {Function} waits: {Reason}")]
    private partial void LogDelayed(string id, string function, string reason);

    [LoggerMessage(5, LogLevel.Warning, "event {Id}: the local Lambda cannot send to destination {Destination}")]
    private partial void LogNoDestination(string id, string destination);

    private readonly ILogger _logger = plane.Logger;
}
