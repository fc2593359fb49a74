using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.ControlPlane.Http;

/// <summary>Maps operations and turns what they answer or throw into Lambda's HTTP answers.</summary>
internal sealed partial class Routes(IEndpointRouteBuilder endpoints, ILogger logger)
{
    public void Get(string pattern, string operation, Func<Call, Reply> handler) => Map("GET", pattern, operation, Sync(handler));

    public void Delete(string pattern, string operation, Func<Call, Reply> handler) => Map("DELETE", pattern, operation, Sync(handler));

    public void Post(string pattern, string operation, Func<Call, CancellationToken, ValueTask<Reply>> handler) => Map("POST", pattern, operation, handler);

    public void Put(string pattern, string operation, Func<Call, CancellationToken, ValueTask<Reply>> handler) => Map("PUT", pattern, operation, handler);

    /// <summary>Answers what no operation answers.</summary>
    public void Fallback() => endpoints.MapFallback("{**path}", (RequestDelegate)(http =>
        RunAsync(new Call(http, "Unknown"), (_, _) => throw new ApiException("UnknownOperationException", 404,
            $"the local Lambda has no operation for {http.Request.Method} {http.Request.Path}"))));

    private static Func<Call, CancellationToken, ValueTask<Reply>> Sync(Func<Call, Reply> handler) => (call, _) => ValueTask.FromResult(handler(call));

    private void Map(string method, string pattern, string operation, Func<Call, CancellationToken, ValueTask<Reply>> handler) =>
        endpoints.MapMethods(pattern, [method], (RequestDelegate)(http => RunAsync(new Call(http, operation), handler)));

    private async Task RunAsync(Call call, Func<Call, CancellationToken, ValueTask<Reply>> handler)
    {
        var response = call.Http.Response;
        response.Headers["x-amzn-RequestId"] = call.RequestId;
        try
        {
            var reply = await handler(call, call.Http.RequestAborted);
            if (reply == Reply.Written)
                return;
            response.StatusCode = reply.Status;
            if (reply.Body is not null)
                await WriteAsync(response, reply.Body);
        }
        catch (OperationCanceledException) when (call.Http.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone; nobody reads an answer.
        }
        catch (Exception e) when (!response.HasStarted)
        {
            var error = e as ApiException ?? Translate(e);
            if (e is not (ApiException or ThrottledException or BadHttpRequestException))
                LogFault(call.Operation, e);
            await WriteErrorAsync(response, error);
        }
        catch (Exception e)
        {
            // The answer is half sent: only closing the connection tells the caller.
            LogFault(call.Operation, e);
            call.Http.Abort();
        }
    }

    public static Task WriteErrorAsync(HttpResponse response, ApiException error)
    {
        response.StatusCode = error.Status;
        response.Headers["x-amzn-ErrorType"] = error.Name;
        // Modelled exceptions of Lambda say Message; boto3 and the SDKs read both spellings.
        var spelling = error.Name is "ValidationException" or "AccessDeniedException" or "SerializationException" or "UnknownOperationException"
            ? "message"
            : "Message";
        var body = Json.Of(("Type", error.Status >= 500 ? "Service" : "User"), (spelling, error.Message), ("Reason", error.Reason));
        if (error.Name == "ResourceConflictException" || error.Name == "TooManyRequestsException" || error.Name == "PreconditionFailedException")
            body["message"] = error.Message;
        return WriteAsync(response, body);
    }

    private static ApiException Translate(Exception e) => e switch
    {
        ThrottledException throttled => ApiException.Throttled(throttled.Reason),
        BadHttpRequestException bad => new ApiException("InvalidRequestContentException", bad.StatusCode, bad.Message),
        _ => new ApiException("ServiceException", 500, $"the local Lambda failed: {e.GetType().Name}: {e.Message}"),
    };

    private static Task WriteAsync(HttpResponse response, JsonObject body)
    {
        var bytes = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes<JsonNode>(body);
        response.ContentType = "application/json";
        response.ContentLength = bytes.Length;
        return response.Body.WriteAsync(bytes).AsTask();
    }

    [LoggerMessage(2, LogLevel.Error, "{Operation} failed")]
    private partial void LogFault(string operation, Exception exception);
}
