using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pellicle.Local.ControlPlane.Functions;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.ControlPlane.Invocations;

/// <summary>Invoke in its forms.</summary>
internal sealed class InvokeOperations(Plane plane, EventQueue events)
{
    /// <summary>6 MiB and 100 bytes, as Lambda enforces it.</summary>
    public const int MaxPayloadBytes = 6_291_556;

    private const int MaxEventBytes = 1_048_576;
    private const int MaxClientContextLength = 3583;

    private static readonly byte[] EmptyObject = "{}"u8.ToArray();

    public void Map(Routes routes)
    {
        routes.Post("2015-03-31/functions/{function}/invocations", "Invoke", InvokeAsync);
        routes.Post("2021-11-15/functions/{function}/response-streaming-invocations", "InvokeWithResponseStream", StreamAsync);
        routes.Post("2014-11-13/functions/{function}/invoke-async", "InvokeAsync", InvokeEventAsync);
    }

    public static string NewTrace(DateTimeOffset now) =>
        $"Root=1-{now.ToUnixTimeSeconds():x8}-{RandomNumberGenerator.GetHexString(24, lowercase: true)};"
        + $"Parent={RandomNumberGenerator.GetHexString(16, lowercase: true)};Sampled=0";

    private async ValueTask<Reply> InvokeAsync(Call call, CancellationToken cancellationToken)
    {
        var reference = FunctionReference.Of(call);
        var type = Header(call, "X-Amz-Invocation-Type", "RequestResponse", ["RequestResponse", "Event", "DryRun"]);
        var tail = Header(call, "X-Amz-Log-Type", "None", ["None", "Tail"]) == "Tail";
        if (type == "Event")
            return await AcceptAsync(call, reference, cancellationToken);

        var request = await ReadAsync(call, reference, MaxPayloadBytes, cancellationToken);
        var snapshot = Target.Resolve(plane, reference);
        if (type == "DryRun")
            return Reply.NoContent;

        var result = await plane.Invoker.InvokeAsync(snapshot, request, cancellationToken);
        var response = call.Http.Response;
        response.StatusCode = 200;
        response.ContentType = "application/json";
        response.Headers["X-Amz-Executed-Version"] = result.ExecutedVersion;
        response.Headers["X-Amzn-Trace-Id"] = request.TraceId;
        if (result.FunctionError is { } error)
            response.Headers["X-Amz-Function-Error"] = error;
        if (tail)
            response.Headers["X-Amz-Log-Result"] = Convert.ToBase64String(result.LogTail.Span);
        response.ContentLength = result.Payload.Length;
        await response.Body.WriteAsync(result.Payload, cancellationToken);
        return Reply.Written;
    }

    private async ValueTask<Reply> InvokeEventAsync(Call call, CancellationToken cancellationToken)
    {
        await AcceptAsync(call, FunctionReference.Of(call), cancellationToken);
        return new Reply(202, Json.Of(("Status", 202)));
    }

    private async ValueTask<Reply> AcceptAsync(Call call, FunctionReference reference, CancellationToken cancellationToken)
    {
        var request = await ReadAsync(call, reference, MaxEventBytes, cancellationToken);
        // Unknown functions and qualifiers are refused now; throttling is the queue's concern.
        try
        {
            Target.Resolve(plane, reference);
        }
        catch (ApiException e) when (e.Status == 429)
        {
        }

        events.Accept(reference, request);
        return new Reply(202);
    }

    private async ValueTask<Reply> StreamAsync(Call call, CancellationToken cancellationToken)
    {
        var reference = FunctionReference.Of(call);
        var type = Header(call, "X-Amz-Invocation-Type", "RequestResponse", ["RequestResponse", "DryRun"]);
        var tail = Header(call, "X-Amz-Log-Type", "None", ["None", "Tail"]) == "Tail";
        var request = await ReadAsync(call, reference, MaxPayloadBytes, cancellationToken);
        var snapshot = Target.Resolve(plane, reference);
        if (type == "DryRun")
            return Reply.NoContent;

        var response = call.Http.Response;
        response.StatusCode = 200;
        response.ContentType = EventStream.ContentType;
        response.Headers["X-Amz-Executed-Version"] = snapshot.Version;
        request = request with
        {
            OnChunk = async (chunk, token) =>
            {
                await response.Body.WriteAsync(EventStream.Frame("PayloadChunk", "application/octet-stream", chunk.Span), token);
                await response.Body.FlushAsync(token);
            },
        };
        var result = await plane.Invoker.InvokeAsync(snapshot, request, cancellationToken);
        if (result is { FunctionError: null, Payload.Length: > 0 })
            await request.OnChunk(result.Payload, cancellationToken);
        var complete = Json.Of(
            ("ErrorCode", result.FunctionError), ("ErrorDetails", result.FunctionError is null ? null : Encoding.UTF8.GetString(result.Payload.Span)),
            ("LogResult", tail ? Convert.ToBase64String(result.LogTail.Span) : null));
        await response.Body.WriteAsync(
            EventStream.Frame("InvokeComplete", "application/json", JsonSerializer.SerializeToUtf8Bytes<JsonNode>(complete)), cancellationToken);
        return Reply.Written;
    }

    private async ValueTask<InvocationRequest> ReadAsync(Call call, FunctionReference reference, int limit, CancellationToken cancellationToken)
    {
        // The message names the documented limit; what is enforced has a little room for the envelope.
        var payload = await call.ReadBodyAsync(limit,
            () => new ApiException("RequestTooLargeException", 413, $"Request must be smaller than {limit} bytes for the InvokeFunction operation"),
            cancellationToken);
        if (payload.IsEmpty)
            payload = EmptyObject;
        CheckJson(payload);
        var trace = call.Http.Request.Headers["X-Amzn-Trace-Id"].ToString();
        return new InvocationRequest
        {
            RequestId = call.RequestId,
            InvokedArn = reference.QualifiedArn,
            Payload = payload,
            ClientContext = ClientContext(call),
            TraceId = trace.Length > 0 ? trace : NewTrace(plane.Now),
        };
    }

    private static void CheckJson(ReadOnlyMemory<byte> payload)
    {
        try
        {
            var reader = new Utf8JsonReader(payload.Span, new JsonReaderOptions { MaxDepth = 1000 });
            while (reader.Read())
            {
            }
        }
        catch (JsonException e)
        {
            throw new ApiException("InvalidRequestContentException", 400, $"Could not parse request body into json: Could not parse payload into json: {e.Message}");
        }
    }

    private static string? ClientContext(Call call)
    {
        var header = call.Http.Request.Headers["X-Amz-Client-Context"].ToString();
        if (header.Length == 0)
            return null;
        try
        {
            if (header.Length > MaxClientContextLength)
                throw new FormatException();
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Convert.FromBase64String(header));
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object ? text : throw new FormatException();
        }
        catch (Exception e) when (e is FormatException or JsonException or ArgumentException)
        {
            throw new ApiException("InvalidRequestContentException", 400, "Client context must be a valid Base64-encoded JSON object.");
        }
    }

    private static string Header(Call call, string name, string absent, string[] allowed)
    {
        var value = call.Http.Request.Headers[name].ToString();
        if (value.Length == 0)
            return absent;
        return allowed.Contains(value, StringComparer.Ordinal)
            ? value
            : throw ApiException.Validation(
                [$"Value '{value}' at '{(name.EndsWith("Invocation-Type", StringComparison.Ordinal) ? "invocationType" : "logType")}' failed to satisfy constraint: Member must satisfy enum value set: [{string.Join(", ", allowed)}]"]);
    }
}
