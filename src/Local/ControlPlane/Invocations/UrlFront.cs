using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Features;
using Pellicle.Local.ControlPlane.Functions;
using Pellicle.Local.ControlPlane.Http;
using Pellicle.Local.ControlPlane.State;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.ControlPlane.Invocations;

/// <summary>
/// Serves function URLs at <c>/urls/ID/…</c> and, for clients that resolve it, at host <c>ID.lambda-url.REGION.…</c>,
/// in payload format 2.0.
/// </summary>
internal sealed class UrlFront(Plane plane)
{
    private const string Prefix = "/urls/";

    /// <summary>True when the request is for a function URL and has been answered.</summary>
    public async Task<bool> TryServeAsync(HttpContext http)
    {
        var target = http.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var (path, query) = question < 0 ? (target, "") : (target[..question], target[(question + 1)..]);
        string id;
        if (path.StartsWith(Prefix, StringComparison.Ordinal))
        {
            var end = path.IndexOf('/', Prefix.Length);
            id = end < 0 ? path[Prefix.Length..] : path[Prefix.Length..end];
            path = end < 0 ? "/" : path[end..];
        }
        else if (http.Request.Host.Host.Split('.') is [var label, "lambda-url", ..])
        {
            id = label;
        }
        else
        {
            return false;
        }

        http.Response.Headers["x-amzn-RequestId"] = http.TraceIdentifier = Guid.NewGuid().ToString();
        try
        {
            await ServeAsync(http, id, path, query);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone.
        }
        catch (Exception e) when (!http.Response.HasStarted && e is ThrottledException or ApiException)
        {
            await RefuseAsync(http, e is ApiException { Status: var status } ? status : 429, e is ApiException { Status: not 429 } ? e.Message : "Rate Exceeded.");
        }

        return true;
    }

    private async Task ServeAsync(HttpContext http, string id, string path, string query)
    {
        if (Find(id) is not var (region, function, url))
        {
            await RefuseAsync(http, 404, null);
            return;
        }

        var cors = Cors.Of(url.Cors, http.Request);
        cors?.Apply(http.Response);
        if (cors is not null && HttpMethods.IsOptions(http.Request.Method) && http.Request.Headers.ContainsKey("Access-Control-Request-Method"))
        {
            http.Response.StatusCode = 200;
            return;
        }

        if (!IsAllowed(http.Request, function, url))
        {
            http.Response.Headers["x-amzn-ErrorType"] = "AccessDeniedException";
            await RefuseAsync(http, 403,
                "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html");
            return;
        }

        var qualifier = url.Qualifier == FunctionVersion.Latest ? null : url.Qualifier;
        var reference = new FunctionReference(region, function.Name, qualifier);
        var snapshot = Target.Resolve(plane, reference);
        var body = await new Call(http, "InvokeFunctionUrl").ReadBodyAsync(InvokeOperations.MaxPayloadBytes,
            () => new ApiException("RequestEntityTooLargeException", 413, "Request Entity Too Large"), http.RequestAborted);
        var trace = http.Request.Headers["X-Amzn-Trace-Id"].ToString() is { Length: > 0 } given ? given : InvokeOperations.NewTrace(plane.Now);
        var request = new InvocationRequest
        {
            RequestId = http.TraceIdentifier,
            InvokedArn = reference.QualifiedArn,
            Payload = JsonSerializer.SerializeToUtf8Bytes<JsonNode>(Event(http, id, region, path, query, body, trace)),
            TraceId = trace,
        };
        if (url.InvokeMode == "RESPONSE_STREAM")
            await StreamAsync(http, snapshot, request);
        else
            await AnswerAsync(http, await plane.Invoker.InvokeAsync(snapshot, request, http.RequestAborted));
    }

    private (string Region, FunctionDocument Function, UrlDocument Url)? Find(string id)
    {
        foreach (var (region, function) in plane.Functions.All())
        {
            if (function.Urls.Values.FirstOrDefault(u => u.Id == id) is { } url)
                return (region, function, url);
        }

        return null;
    }

    // AWS_IAM: a signed request of the account itself (signatures are not verified here). NONE: the resource policy must let
    // everyone call both actions.
    private static bool IsAllowed(HttpRequest request, FunctionDocument function, UrlDocument url)
    {
        if (url.AuthType == "AWS_IAM")
        {
            return request.Headers.Authorization.ToString().StartsWith("AWS4-HMAC-SHA256 ", StringComparison.Ordinal)
                || request.Query.ContainsKey("X-Amz-Signature");
        }

        var statements = function.Policies.GetValueOrDefault(url.Qualifier)?.Statements ?? [];
        return Allows("lambda:InvokeFunctionUrl", "StringEquals", "lambda:FunctionUrlAuthType", "NONE")
            && Allows("lambda:InvokeFunction", "Bool", "lambda:InvokedViaFunctionUrl", "true");

        bool Allows(string action, string comparison, string key, string value) => statements.Any(s =>
            s["Principal"] is JsonValue principal && (string?)principal == "*"
            && (string?)s["Action"] is { } granted && (granted == action || granted is "*" or "lambda:*")
            && (s["Condition"] as JsonObject ?? []).All(c => c.Key == comparison
                && c.Value is JsonObject { Count: 1 } single && (string?)single[key] == value));
    }

    private JsonObject Event(HttpContext http, string id, string region, string path, string query, ReadOnlyMemory<byte> body, string trace)
    {
        var request = http.Request;
        var headers = new JsonObject();
        foreach (var (name, values) in request.Headers.Where(h => !h.Key.StartsWith(':')).OrderBy(h => h.Key, StringComparer.OrdinalIgnoreCase))
        {
            if (!name.Equals("cookie", StringComparison.OrdinalIgnoreCase))
                headers[name.ToLowerInvariant()] = string.Join(",", values.ToArray());
        }

        var source = http.Connection.RemoteIpAddress?.MapToIPv4().ToString() ?? "127.0.0.1";
        headers["x-forwarded-for"] = source;
        headers["x-forwarded-proto"] = request.Scheme;
        headers["x-forwarded-port"] = http.Connection.LocalPort.ToString(CultureInfo.InvariantCulture);
        headers["x-amzn-trace-id"] = trace;

        JsonObject? parameters = null;
        foreach (var (name, values) in request.Query)
            (parameters ??= [])[name] = string.Join(",", values.ToArray());
        var cookies = request.Headers.Cookie.SelectMany(c => (c ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).ToList();
        var now = plane.Now;
        var domain = $"{id}.lambda-url.{region}.on.aws";
        var textual = IsTextual(request);
        return Json.Of(
            ("version", "2.0"), ("routeKey", "$default"), ("rawPath", path), ("rawQueryString", query),
            ("cookies", cookies.Count == 0 ? null : Json.Array(cookies)), ("headers", headers), ("queryStringParameters", parameters),
            ("requestContext", Json.Of(
                ("accountId", "anonymous"), ("apiId", id), ("domainName", domain), ("domainPrefix", id),
                ("http", Json.Of(("method", request.Method), ("path", path), ("protocol", request.Protocol), ("sourceIp", source),
                    ("userAgent", request.Headers.UserAgent.ToString()))),
                ("requestId", http.TraceIdentifier), ("routeKey", "$default"), ("stage", "$default"),
                ("time", now.UtcDateTime.ToString("dd/MMM/yyyy:HH:mm:ss '+0000'", CultureInfo.InvariantCulture)),
                ("timeEpoch", now.ToUnixTimeMilliseconds()))),
            ("body", body.IsEmpty ? null : textual ? Encoding.UTF8.GetString(body.Span) : Convert.ToBase64String(body.Span)),
            ("isBase64Encoded", !body.IsEmpty && !textual));
    }

    private static bool IsTextual(HttpRequest request)
    {
        var type = (request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();
        return request.Headers.ContentEncoding.Count == 0
            && (type.StartsWith("text/", StringComparison.Ordinal) || type is "application/json" or "application/javascript" or "application/xml"
                || type.EndsWith("+json", StringComparison.Ordinal) || type.EndsWith("+xml", StringComparison.Ordinal));
    }

    private static async Task AnswerAsync(HttpContext http, InvocationResult result)
    {
        if (result.FunctionError is not null)
        {
            await FailAsync(http);
            return;
        }

        JsonNode? answer;
        try
        {
            answer = JsonNode.Parse(result.Payload.Span);
        }
        catch (JsonException)
        {
            await FailAsync(http);
            return;
        }

        ReadOnlyMemory<byte> body;
        if (answer is JsonObject shaped && shaped.ContainsKey("statusCode"))
        {
            try
            {
                body = Body(shaped);
                Begin(http.Response, shaped, "application/json");
            }
            catch (FormatException)
            {
                http.Response.Headers.Clear();
                await FailAsync(http);
                return;
            }
        }
        else
        {
            http.Response.StatusCode = 200;
            http.Response.ContentType = "application/json";
            body = answer is null ? ReadOnlyMemory<byte>.Empty : result.Payload;
        }

        if (http.Response.StatusCode is not (204 or 304))
        {
            http.Response.ContentLength = body.Length;
            if (!HttpMethods.IsHead(http.Request.Method))
                await http.Response.Body.WriteAsync(body, http.RequestAborted);
        }
    }

    private async Task StreamAsync(HttpContext http, FunctionSnapshot snapshot, InvocationRequest request)
    {
        var prelude = new StreamPrelude();
        var result = await plane.Invoker.InvokeAsync(snapshot, request with
        {
            OnChunk = async (chunk, token) =>
            {
                if (prelude.Accept(chunk, out var head, out var rest))
                {
                    if (!http.Response.HasStarted)
                        Begin(http.Response, head, "application/octet-stream");
                    await http.Response.Body.WriteAsync(rest, token);
                    await http.Response.Body.FlushAsync(token);
                }
            },
        }, http.RequestAborted);

        if (result.FunctionError is not null)
        {
            if (!http.Response.HasStarted)
                await FailAsync(http);
            else
                http.Abort();
            return;
        }

        if (!result.Payload.IsEmpty && !http.Response.HasStarted)
        {
            // The runtime answered as a whole: the stream carries the answer as it is.
            http.Response.ContentType = "application/octet-stream";
            await http.Response.Body.WriteAsync(result.Payload, http.RequestAborted);
        }
        else if (!http.Response.HasStarted)
        {
            Begin(http.Response, null, "application/octet-stream");
            await http.Response.Body.WriteAsync(prelude.Held, http.RequestAborted);
        }
    }

    private static void Begin(HttpResponse response, JsonObject? head, string contentType)
    {
        response.StatusCode = Status(head?["statusCode"]);
        response.ContentType = contentType;
        foreach (var (name, value) in head?["headers"] as JsonObject ?? [])
        {
            if (value is not null && !IsFraming(name))
                response.Headers[Clean(name)] = Clean(value.ToString());
        }

        foreach (var cookie in head?["cookies"] as JsonArray ?? [])
            response.Headers.Append("Set-Cookie", Clean(cookie?.ToString() ?? ""));
    }

    private static int Status(JsonNode? node)
    {
        if (node is null)
            return 200;
        return int.TryParse(node.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status is >= 100 and <= 599
            ? status
            : throw new FormatException("statusCode");
    }

    private static byte[] Body(JsonObject answer)
    {
        var body = answer["body"] switch
        {
            null => "",
            JsonValue value => value.ToString(),
            var structure => structure.ToJsonString(),
        };
        var encoded = answer["isBase64Encoded"] is JsonValue flag && flag.TryGetValue<bool>(out var on) && on;
        return encoded ? Convert.FromBase64String(body) : Encoding.UTF8.GetBytes(body);
    }

    // Framing is the server's own; the function's idea of it would break the connection.
    private static bool IsFraming(string name) =>
        name.Equals("content-length", StringComparison.OrdinalIgnoreCase) || name.Equals("transfer-encoding", StringComparison.OrdinalIgnoreCase)
        || name.Equals("connection", StringComparison.OrdinalIgnoreCase);

    // A line break in a header would be the function's caller writing our response.
    private static string Clean(string text) => text.Any(char.IsControl) ? throw new FormatException("header") : text;

    private static Task FailAsync(HttpContext http) => RefuseAsync(http, 502, "Internal Server Error", "Message");

    private static async Task RefuseAsync(HttpContext http, int status, string? message, string member = "Message")
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        var body = JsonSerializer.SerializeToUtf8Bytes<JsonNode>(new JsonObject { [member] = message });
        http.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.Body.WriteAsync(body);
    }

    private sealed record Cors(string Origin, JsonObject Settings)
    {
        public static Cors? Of(JsonObject? settings, HttpRequest request)
        {
            var origin = request.Headers.Origin.ToString();
            if (settings is null || origin.Length == 0)
                return null;
            var allowed = List(settings, "AllowOrigins");
            return allowed.Contains("*") || allowed.Contains(origin, StringComparer.OrdinalIgnoreCase)
                ? new Cors(allowed.Contains("*") && (bool?)settings["AllowCredentials"] != true ? "*" : origin, settings)
                : null;
        }

        public void Apply(HttpResponse response)
        {
            response.Headers.AccessControlAllowOrigin = Origin;
            response.Headers.Vary = "Origin";
            if ((bool?)Settings["AllowCredentials"] == true)
                response.Headers.AccessControlAllowCredentials = "true";
            Set("Access-Control-Allow-Headers", "AllowHeaders");
            Set("Access-Control-Allow-Methods", "AllowMethods");
            Set("Access-Control-Expose-Headers", "ExposeHeaders");
            if ((int?)Settings["MaxAge"] is { } age)
                response.Headers.AccessControlMaxAge = age.ToString(CultureInfo.InvariantCulture);

            void Set(string header, string member)
            {
                if (List(Settings, member) is { Count: > 0 } values)
                    response.Headers[header] = string.Join(",", values);
            }
        }

        private static List<string> List(JsonObject settings, string member) =>
            (settings[member] as JsonArray)?.Select(v => v!.ToString()).ToList() ?? [];
    }
}
