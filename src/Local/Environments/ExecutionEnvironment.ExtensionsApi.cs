using System.Text.Json;
using System.Text.Json.Nodes;
using Pellicle.Local.Environments.Http;
using Pellicle.Local.Environments.Telemetry;

namespace Pellicle.Local.Environments;

/// <content>The Extensions API and the subscription to telemetry.</content>
internal sealed partial class ExecutionEnvironment
{
    private const string IdentifierHeader = "Lambda-Extension-Identifier";
    private const int MaxSmallBody = 64 * 1024;

    private async Task<bool> RegisterAsync(ApiConnection http, CancellationToken cancellationToken)
    {
        var name = http.Header("Lambda-Extension-Name");
        var body = await http.ReadBodyAsync(MaxSmallBody, cancellationToken);
        if (string.IsNullOrEmpty(name))
        {
            return await RefuseAsync(http, 403, "Extension.InvalidExtensionName", "Empty extension name", cancellationToken);
        }
        if (ParseEvents(body) is not { } events)
        {
            return await RefuseAsync(http, 403, "InvalidRequestFormat", "InvalidRequestFormat", cancellationToken);
        }
        if (events.Find(e => e is not ("INVOKE" or "SHUTDOWN")) is { } unknown)
        {
            return await RefuseAsync(http, 403, "Extension.InvalidEventType", $"{unknown}: InvalidEventType", cancellationToken);
        }
        (string Type, string Message)? refusal;
        Extension? extension;
        lock (gate)
        {
            extension = generation.Extensions.Find(e => e.Name == name);
            refusal = Refusal(extension, name, events);
            if (refusal is null)
            {
                if (extension is null)
                {
                    extension = new Extension(name, false, 0);
                    generation.Extensions.Add(extension);
                }
                extension.State = ExtensionState.Registered;
                extension.Events = events;
                Changed();
            }
        }
        if (refusal is { } no)
        {
            return await RefuseAsync(http, 403, no.Type, no.Message, cancellationToken);
        }
        var answer = new JsonObject { ["functionName"] = function.Name, ["functionVersion"] = function.Version, ["handler"] = function.Handler };
        if (http.Header("Lambda-Extension-Accept-Feature")?.Split(',').Any(feature => feature.Trim() == "accountId") == true)
        {
            answer["accountId"] = function.AccountId;
        }
        return await http.RespondAsync(200, JsonType, JsonSerializer.SerializeToUtf8Bytes(answer), [new(IdentifierHeader, extension!.Id.ToString())], cancellationToken);
    }

    private (string Type, string Message)? Refusal(Extension? existing, string name, List<string> events)
    {
        if (generation.RegistrationClosed)
        {
            return ("Extension.RegistrationClosed", "Extension registration closed already");
        }
        if (existing is { State: not ExtensionState.Started })
        {
            return ("Extension.InvalidExtensionState", $"Extension {name} is already registered");
        }
        if (existing is null && events.Contains("SHUTDOWN"))
        {
            return ("Extension.InvalidEventType", "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension");
        }
        return generation.Registered.Count() >= Generation.MaxExtensions
            ? ("Extension.TooManyExtensions", $"Extension limit ({Generation.MaxExtensions}) reached")
            : null;
    }

    private static List<string>? ParseEvents(byte[]? body)
    {
        try
        {
            if (body is null || JsonNode.Parse(body) is not JsonObject request || request.ContainsKey("configurationKeys"))
            {
                return null;
            }
            return request["events"] switch
            {
                null => [],
                JsonArray list => [.. list.Select(e => e!.GetValue<string>()).Distinct()],
                _ => null,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            return null;
        }
    }

    /// <summary>The extension named by the request's identifier, or the refusal's type and text.</summary>
    private Extension? Identify(ApiConnection http, out (string Type, string Message) refusal)
    {
        refusal = default;
        if (http.Header(IdentifierHeader) is not { Length: > 0 } text)
        {
            refusal = ("Extension.MissingExtensionIdentifier", $"Missing {IdentifierHeader} header");
            return null;
        }
        if (!Guid.TryParse(text, out var id))
        {
            refusal = ("Extension.InvalidExtensionIdentifier", $"Invalid {IdentifierHeader}");
            return null;
        }
        var extension = generation.Extensions.Find(e => e.Id == id && e.State != ExtensionState.Started);
        if (extension is null)
        {
            refusal = ("Extension.UnknownExtensionIdentifier", $"Unknown extension {id}");
        }
        return extension;
    }

    private async Task<bool> ExtensionNextAsync(ApiConnection http, CancellationToken cancellationToken)
    {
        (string Type, string Message) refusal;
        TaskCompletionSource<byte[]?>? waiting = null;
        lock (gate)
        {
            if (Identify(http, out refusal) is { } extension)
            {
                if (extension.State is ExtensionState.InitError or ExtensionState.ExitError or ExtensionState.Exited)
                {
                    refusal = ("Extension.InvalidExtensionState", $"State transition from {extension.State} to Ready failed for extension {extension.Name}. Error: State transition is not allowed");
                }
                else
                {
                    extension.Next?.TrySetResult(null);
                    waiting = new TaskCompletionSource<byte[]?>(TaskCreationOptions.RunContinuationsAsynchronously);
                    if (extension.Pending is { } pending)
                    {
                        extension.Pending = null;
                        extension.State = ExtensionState.Running;
                        waiting.TrySetResult(pending);
                    }
                    else
                    {
                        extension.Next = waiting;
                        extension.State = ExtensionState.Ready;
                    }
                    Changed();
                }
            }
        }
        if (waiting is null)
        {
            return await RefuseAsync(http, 403, refusal.Type, refusal.Message, cancellationToken);
        }
        return await waiting.Task.WaitAsync(cancellationToken) is { } data
            && await http.RespondAsync(200, JsonType, data, [new("Lambda-Extension-Event-Identifier", Guid.NewGuid().ToString())], cancellationToken);
    }

    private async Task<bool> ExtensionErrorAsync(ApiConnection http, bool init, CancellationToken cancellationToken)
    {
        var body = await http.ReadBodyAsync(MaxSmallBody, cancellationToken);
        var type = http.Header("Lambda-Extension-Function-Error-Type");
        (string Type, string Message) refusal;
        var accepted = false;
        lock (gate)
        {
            if (Identify(http, out refusal) is { } extension)
            {
                if (string.IsNullOrEmpty(type))
                {
                    refusal = ("Extension.MissingHeader", "Missing Lambda-Extension-Function-Error-Type header");
                }
                else if (init ? extension.State is not (ExtensionState.Registered or ExtensionState.InitError) : extension.State is ExtensionState.Exited)
                {
                    refusal = ("Extension.InvalidExtensionState", $"State transition from {extension.State} to {(init ? "InitError" : "ExitError")} failed for extension {extension.Name}. Error: State transition is not allowed");
                }
                else
                {
                    extension.State = init ? ExtensionState.InitError : ExtensionState.ExitError;
                    accepted = true;
                    if (!generation.ShuttingDown)
                    {
                        var detail = body is { Length: > 0 } ? ": " + System.Text.Encoding.UTF8.GetString(body) : "";
                        generation.Fault ??= new Fault(init ? "Extension.InitError" : "Extension.ExitError", $"extension `{extension.Name}` reported {type}{detail}", Reported: true);
                    }
                }
            }
        }
        if (!accepted)
        {
            return await RefuseAsync(http, 403, refusal.Type, refusal.Message, cancellationToken);
        }
        var more = await http.RespondAsync(202, JsonType, Ok, null, cancellationToken);
        lock (gate)
        {
            Changed();
        }
        return more;
    }

    private async Task<bool> SubscribeAsync(ApiConnection http, CancellationToken cancellationToken)
    {
        var body = await http.ReadBodyAsync(MaxSmallBody, cancellationToken);
        var errors = new List<string>();
        var subscription = TelemetrySubscription.Parse(body, errors);
        (string Type, string Message) refusal;
        var status = 403;
        lock (gate)
        {
            if (Identify(http, out refusal) is { } extension)
            {
                if (generation.InitDone)
                {
                    refusal = ("Telemetry.SubscriptionClosed", "Telemetry API subscription is closed already");
                }
                else if (subscription is null)
                {
                    (status, refusal) = (400, ("ValidationError", string.Join("; ", errors)));
                }
                else if (extension.Subscribed)
                {
                    (status, refusal) = (400, ("ValidationError", "the extension has a subscription already"));
                }
                else
                {
                    extension.Subscribed = true;
                    telemetry.Subscribe(extension.Name, subscription);
                    status = 200;
                }
            }
        }
        return status == 200
            ? await http.RespondAsync(200, JsonType, "\"OK\""u8.ToArray(), null, cancellationToken)
            : await RefuseAsync(http, status, refusal.Type, refusal.Message, cancellationToken);
    }
}
