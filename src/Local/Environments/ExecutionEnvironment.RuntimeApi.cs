using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pellicle.Local.Environments.Http;

namespace Pellicle.Local.Environments;

/// <content>The Runtime API.</content>
internal sealed partial class ExecutionEnvironment
{
    /// <summary>6 MiB and 100 bytes: buffered answers.</summary>
    public const long MaxResponseBytes = 6_291_556;

    /// <summary>Streamed answers.</summary>
    public const long MaxStreamedBytes = 200L * 1024 * 1024;

    private const string JsonType = "application/json";
    private const string CauseType = "application/vnd.aws.lambda.error.cause+json";
    private static readonly byte[] Ok = """{"status":"OK"}"""u8.ToArray();

    private async Task<bool> HandleAsync(ApiConnection http, CancellationToken cancellationToken)
    {
        var segments = http.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return (http.Method, segments) switch
        {
            ("GET", ["2018-06-01", "runtime", "invocation", "next"]) => await RuntimeNextAsync(http, cancellationToken),
            ("POST", ["2018-06-01", "runtime", "invocation", var id, "response"]) => await ResponseAsync(http, id, cancellationToken),
            ("POST", ["2018-06-01", "runtime", "invocation", var id, "error"]) => await InvocationErrorAsync(http, id, cancellationToken),
            ("POST", ["2018-06-01", "runtime", "init", "error"]) => await InitErrorAsync(http, cancellationToken),
            ("GET", ["2018-06-01", "ping"]) => await http.RespondAsync(200, "text/plain; charset=utf-8", "pong"u8.ToArray(), null, cancellationToken),
            ("POST", ["2020-01-01", "extension", "register"]) => await RegisterAsync(http, cancellationToken),
            ("GET", ["2020-01-01", "extension", "event", "next"]) => await ExtensionNextAsync(http, cancellationToken),
            ("POST", ["2020-01-01", "extension", "init", "error"]) => await ExtensionErrorAsync(http, true, cancellationToken),
            ("POST", ["2020-01-01", "extension", "exit", "error"]) => await ExtensionErrorAsync(http, false, cancellationToken),
            ("PUT", ["2022-07-01", "telemetry"]) => await SubscribeAsync(http, cancellationToken),
            ("PUT", ["2020-08-15", "logs"]) => await http.RespondAsync(202, JsonType, Fault.Error("Logs.NotSupported", "Logs API is not supported; use the Telemetry API"), null, cancellationToken),
            _ => await http.RespondAsync(404, "text/plain; charset=utf-8", "404 page not found\n"u8.ToArray(), null, cancellationToken),
        };
    }

    private static ValueTask<bool> RefuseAsync(ApiConnection http, int status, string type, string message, CancellationToken cancellationToken) =>
        http.RespondAsync(status, JsonType, JsonSerializer.SerializeToUtf8Bytes(new { errorMessage = message, errorType = type }), null, cancellationToken);

    private static ValueTask<bool> RefuseTransitionAsync(ApiConnection http, string from, string to, CancellationToken cancellationToken) =>
        RefuseAsync(http, 403, "InvalidStateTransition", $"State transition from {from} to {to} failed for runtime. Error: State transition is not allowed", cancellationToken);

    private async Task<bool> RuntimeNextAsync(ApiConnection http, CancellationToken cancellationToken)
    {
        TaskCompletionSource<RunningInvocation?>? waiting = null;
        RunningInvocation? invocation = null;
        RuntimeState state;
        lock (gate)
        {
            state = generation.Runtime;
            switch (state)
            {
                case RuntimeState.Running:
                    invocation = generation.Current; // asked again: the same event
                    break;
                case RuntimeState.Started or RuntimeState.Ready or RuntimeState.ResponseSent:
                    generation.RuntimeNext?.TrySetResult(null); // a client that lost its connection asks again
                    generation.RuntimeNext = waiting = new TaskCompletionSource<RunningInvocation?>(TaskCreationOptions.RunContinuationsAsynchronously);
                    generation.Runtime = RuntimeState.Ready;
                    generation.RegistrationClosed = true;
                    Changed();
                    break;
            }
        }
        if (waiting is not null)
        {
            invocation = await waiting.Task.WaitAsync(cancellationToken);
            if (invocation is null)
            {
                return false;
            }
        }
        if (invocation is null)
        {
            return await RefuseTransitionAsync(http, state.ToString(), "Ready", cancellationToken);
        }
        var request = invocation.Request;
        List<KeyValuePair<string, string>> fields =
        [
            new("Lambda-Runtime-Aws-Request-Id", request.RequestId),
            new("Lambda-Runtime-Deadline-Ms", invocation.Deadline.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)),
            new("Lambda-Runtime-Invoked-Function-Arn", request.InvokedArn),
        ];
        if (request.TraceId is { Length: > 0 } trace)
        {
            fields.Add(new("Lambda-Runtime-Trace-Id", trace));
        }
        if (request.ClientContext is { Length: > 0 } context)
        {
            fields.Add(new("Lambda-Runtime-Client-Context", context));
        }
        return await http.RespondAsync(200, JsonType, request.Payload, fields, cancellationToken);
    }

    /// <summary>Moves to the answering state, or gives the refusal.</summary>
    private RunningInvocation? BeginAnswer(string id, RuntimeState next, out RuntimeState from)
    {
        lock (gate)
        {
            from = generation.Runtime;
            if (from != RuntimeState.Running || generation.Current is not { } current || current.Request.RequestId != id)
            {
                return null;
            }
            generation.Runtime = next;
            current.FirstByte = time.GetTimestamp();
            return current;
        }
    }

    private async Task<bool> RefuseAnswerAsync(ApiConnection http, string id, RuntimeState from, RuntimeState to, CancellationToken cancellationToken)
    {
        string? current;
        lock (gate)
        {
            current = generation.Current?.Request.RequestId;
        }
        // Before the first `next` the call itself is out of order; later an id that is not open is the mistake.
        return from is RuntimeState.Started or RuntimeState.InitError || (current == id && from is RuntimeState.InvocationResponse or RuntimeState.InvocationErrorResponse)
            ? await RefuseTransitionAsync(http, from.ToString(), to.ToString(), cancellationToken)
            : await RefuseAsync(http, 400, "InvalidRequestID", "Invalid request ID", cancellationToken);
    }

    private async Task<bool> ResponseAsync(ApiConnection http, string id, CancellationToken cancellationToken)
    {
        var mode = http.Header("Lambda-Runtime-Function-Response-Mode");
        if (BeginAnswer(id, RuntimeState.InvocationResponse, out var from) is not { } invocation)
        {
            return await RefuseAnswerAsync(http, id, from, RuntimeState.InvocationResponse, cancellationToken);
        }
        if (!string.IsNullOrEmpty(mode) && !mode.Equals("streaming", StringComparison.OrdinalIgnoreCase))
        {
            CompleteWithError(invocation, "Runtime.InvalidResponseModeHeader", Fault.Error("Runtime.InvalidResponseModeHeader", $"RequestId: {id} Error: Invalid response mode header: {mode}"));
            return await RefuseAsync(http, 400, "InvalidFunctionResponseMode", "Invalid function response mode", cancellationToken);
        }
        try
        {
            return string.IsNullOrEmpty(mode) ? await BufferedAsync(http, invocation, cancellationToken) : await StreamedAsync(http, invocation, cancellationToken);
        }
        catch (Exception e) when (e is BrokenRequestException or System.Net.Sockets.SocketException)
        {
            CompleteWithError(invocation, "Runtime.TruncatedResponse", Fault.Error("Runtime.TruncatedResponse", $"RequestId: {id} Error: Response body ended early"));
            throw;
        }
    }

    private async Task<bool> BufferedAsync(ApiConnection http, RunningInvocation invocation, CancellationToken cancellationToken)
    {
        var contentType = http.Header("Content-Type") ?? JsonType;
        var body = await http.ReadBodyAsync(MaxResponseBytes, cancellationToken);
        if (body is null)
        {
            CompleteTooLarge(invocation, MaxResponseBytes);
            return await RefuseAsync(http, 413, "RequestEntityTooLarge", $"Exceeded maximum allowed payload size ({MaxResponseBytes} bytes).", cancellationToken);
        }
        invocation.ProducedBytes = body.Length;
        if (invocation.Request.OnChunk is { } pass && body.Length > 0)
        {
            await PassAsync(pass, body, cancellationToken);
            body = [];
        }
        Complete(invocation, body, contentType, null);
        return await http.RespondAsync(202, JsonType, Ok, null, cancellationToken);
    }

    private async Task<bool> StreamedAsync(ApiConnection http, RunningInvocation invocation, CancellationToken cancellationToken)
    {
        var contentType = http.Header("Content-Type") ?? "application/octet-stream";
        var pass = invocation.Request.OnChunk;
        var limit = pass is null ? MaxResponseBytes : MaxStreamedBytes;
        var buffered = new MemoryStream();
        while (await http.ReadBodyPieceAsync(cancellationToken) is { IsEmpty: false } piece)
        {
            if ((invocation.ProducedBytes += piece.Length) > limit)
            {
                CompleteTooLarge(invocation, limit);
                return await RefuseAsync(http, 413, "RequestEntityTooLarge", $"Exceeded maximum allowed payload size ({limit} bytes).", cancellationToken);
            }
            if (pass is null)
            {
                buffered.Write(piece.Span);
            }
            else
            {
                await PassAsync(pass, piece, cancellationToken);
            }
        }
        if (http.Trailers.TryGetValue("Lambda-Runtime-Function-Error-Type", out var type) && type.Length > 0)
        {
            CompleteWithError(invocation, type, TrailerBody(http.Trailers.GetValueOrDefault("Lambda-Runtime-Function-Error-Body"), type));
        }
        else
        {
            Complete(invocation, buffered.ToArray(), contentType, null);
        }
        return await http.RespondAsync(202, JsonType, Ok, null, cancellationToken);
    }

    private async ValueTask PassAsync(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> pass, ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        try
        {
            await pass(piece, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // The caller went away; the function runs to its end all the same.
            logger.LogDebug("the caller does not take the response any more: {Message}", e.Message);
        }
    }

    private static byte[] TrailerBody(string? base64, string type)
    {
        var bytes = new byte[base64?.Length ?? 0];
        return base64 is not null && Convert.TryFromBase64String(base64, bytes, out var size) && size > 0 ? bytes[..size] : Fault.Error(type, "the runtime gave no error body");
    }

    private async Task<bool> InvocationErrorAsync(ApiConnection http, string id, CancellationToken cancellationToken)
    {
        if (BeginAnswer(id, RuntimeState.InvocationErrorResponse, out var from) is not { } invocation)
        {
            return await RefuseAnswerAsync(http, id, from, RuntimeState.InvocationErrorResponse, cancellationToken);
        }
        var type = Fault.Clean(http.Header("Lambda-Runtime-Function-Error-Type"));
        var (body, tooLarge) = await ErrorBodyAsync(http, cancellationToken);
        if (tooLarge)
        {
            CompleteTooLarge(invocation, MaxResponseBytes);
            return await RefuseAsync(http, 413, "RequestEntityTooLarge", $"Exceeded maximum allowed payload size ({MaxResponseBytes} bytes).", cancellationToken);
        }
        CompleteWithError(invocation, type, body);
        return await http.RespondAsync(202, JsonType, Ok, null, cancellationToken);
    }

    private async Task<bool> InitErrorAsync(ApiConnection http, CancellationToken cancellationToken)
    {
        var type = Fault.Clean(http.Header("Lambda-Runtime-Function-Error-Type"));
        var (body, _) = await ErrorBodyAsync(http, cancellationToken);
        RuntimeState from;
        lock (gate)
        {
            from = generation.Runtime;
            if (from == RuntimeState.Started)
            {
                generation.Runtime = RuntimeState.InitError;
                generation.RegistrationClosed = true;
                generation.Fault ??= new Fault(type, "initialisation failed", body.Length > 0 ? body : null, Reported: true);
            }
        }
        if (from != RuntimeState.Started)
        {
            return await RefuseTransitionAsync(http, from.ToString(), "InitError", cancellationToken);
        }
        var more = await http.RespondAsync(202, JsonType, Ok, null, cancellationToken);
        lock (gate)
        {
            Changed(); // after the answer, because what follows kills the runtime
        }
        return more;
    }

    private async Task<(byte[] Body, bool TooLarge)> ErrorBodyAsync(ApiConnection http, CancellationToken cancellationToken)
    {
        var body = await http.ReadBodyAsync(MaxResponseBytes, cancellationToken);
        if (body is null)
        {
            return ([], true);
        }
        if (http.Header("Content-Type")?.StartsWith(CauseType, StringComparison.OrdinalIgnoreCase) != true)
        {
            return (body, false);
        }
        try
        {
            if (JsonNode.Parse(body) is JsonObject error)
            {
                error.Remove("errorCause");
                return (JsonSerializer.SerializeToUtf8Bytes(error), false);
            }
        }
        catch (JsonException)
        {
            // Told to the caller by the text below.
        }
        return ("Invalid error body"u8.ToArray(), false);
    }

    private void CompleteTooLarge(RunningInvocation invocation, long limit) => CompleteWithError(invocation, "Function.ResponseSizeTooLarge",
        Fault.Error("Function.ResponseSizeTooLarge", $"Response payload size exceeded maximum allowed payload size ({limit} bytes)."));

    private void CompleteWithError(RunningInvocation invocation, string type, byte[] body)
    {
        invocation.ErrorType = type;
        invocation.ProducedBytes = body.Length;
        Complete(invocation, body, JsonType, "Unhandled");
    }

    /// <summary>The answer is whole: the caller gets it now, whatever extensions still do.</summary>
    private void Complete(RunningInvocation invocation, ReadOnlyMemory<byte> body, string contentType, string? error)
    {
        DrainLogs(); // the function wrote them before its answer
        lock (gate)
        {
            invocation.LastByte = time.GetTimestamp();
            if (ReferenceEquals(generation.Current, invocation))
            {
                generation.Runtime = RuntimeState.ResponseSent;
            }
            if (invocation.Answered)
            {
                return; // timed out meanwhile
            }
            invocation.Answered = true;
        }
        Answer(invocation, body, contentType, error, Report(invocation.Request, time.GetElapsedTime(invocation.Started), error is null ? "success" : "error", invocation.ErrorType));
    }
}
