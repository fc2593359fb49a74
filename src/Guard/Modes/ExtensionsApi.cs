using System.Net;
using System.Text;
using System.Text.Json;
using Pellicle.Guard.Native;
using Pellicle.Guard.RuntimeApi;
using Pellicle.Guard.Telemetry;

namespace Pellicle.Guard.Modes;

/// <summary>The platform's Extensions API, as far as the guard needs it. No read time-out: the environment may be frozen inside <c>next</c>.</summary>
internal sealed class ExtensionsApi(IPEndPoint platform)
{
    private readonly ByteBuffer _buffer = new();
    private string _id = "";
    private int _fd = -1;

    /// <summary>A platform that says nothing sensible is asked again this often, ever more slowly: an extension that ends takes the function with it.</summary>
    private const int Patience = 12;

    /// <summary>Asks until an event can be read. Null when the platform is gone for good.</summary>
    internal (string? Type, long DeadlineMs) NextForSure()
    {
        var pause = default(Libc.PollFd);
        for (var attempt = 0; attempt < Patience; attempt++)
        {
            if (Next() is { Type: not null } read)
                return read;
            unsafe
            {
                _ = Fd.Poll(&pause, 0, 10 << Math.Min(attempt, 8));
            }
        }
        return default;
    }

    /// <summary>Asks again where the platform says nothing sensible; a refusal (403) is final.</summary>
    internal bool Register(string name)
    {
        var pause = default(Libc.PollFd);
        for (var attempt = 0; attempt < Patience; attempt++)
        {
            var body = """{"events":["SHUTDOWN"]}""";
            var (status, head, answer) = Send($"POST /2020-01-01/extension/register HTTP/1.1\r\nHost: {platform}\r\nLambda-Extension-Name: {name}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
            if (status == 200 && HttpHead.GetString(head, "lambda-extension-identifier"u8) is { Length: > 0 } id)
            {
                _id = id;
                return true;
            }
            Log.Error($"registration failed: status {status} {Encoding.UTF8.GetString(answer)}");
            if (status == 403)
                return false;
            unsafe
            {
                _ = Fd.Poll(&pause, 0, 10 << Math.Min(attempt, 8));
            }
        }
        return false;
    }

    /// <summary>The next event's type and deadline; a null type when the platform cannot be reached any more.</summary>
    internal (string? Type, long DeadlineMs) Next()
    {
        var (status, _, body) = Send($"GET /2020-01-01/extension/event/next HTTP/1.1\r\nHost: {platform}\r\nLambda-Extension-Identifier: {_id}\r\n\r\n");
        if (status == 0)
            return (null, 0);
        if (status != 200 || body.Length == 0)
        {
            Log.Error($"event/next: status {status} {Encoding.UTF8.GetString(body)}");
            return (null, 0);
        }
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            return (root.GetProperty("eventType").GetString() ?? "", root.TryGetProperty("deadlineMs", out var deadline) && deadline.TryGetInt64(out var ms) ? ms : 0);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            Log.Error($"event/next: {error.Message}");
            return (null, 0);
        }
    }

    /// <summary>One GET with an authorization, for the platform's credentials endpoint.</summary>
    internal (int Status, byte[] Body) Get(string path, string authorization)
    {
        var (status, _, body) = Send($"GET {path} HTTP/1.1\r\nHost: {platform}\r\nAuthorization: {authorization}\r\n\r\n");
        return (status, body);
    }

    private (int Status, byte[] Head, byte[] Body) Send(string request)
    {
        var reused = _fd >= 0;
        var answer = SendOnce(request);
        // A kept connection may have been closed since its last answer; an extension that gives up takes the function with it.
        return answer.Status == 0 && reused ? SendOnce(request) : answer;
    }

    private (int Status, byte[] Head, byte[] Body) SendOnce(string request)
    {
        var answer = Exchange(request);
        if (answer.Status == 0 && _fd >= 0)
        {
            _ = Libc.close(_fd);
            _fd = -1;
            _buffer.Clear();
        }
        return answer;
    }

    private (int Status, byte[] Head, byte[] Body) Exchange(string request)
    {
        if (_fd < 0)
            _fd = Fd.ConnectTcp(platform, 5000);
        if (_fd < 0 || !Fd.SendAll(_fd, Encoding.ASCII.GetBytes(request)))
            return Lost();
        int length;
        while ((length = HttpHead.Length(_buffer.Unread)) < 0)
        {
            if (_buffer.Count > HttpHead.MaxBytes || _buffer.Receive(_fd) <= 0)
                return Lost();
        }
        var head = _buffer.Unread[..length].ToArray();
        _buffer.Skip(length);
        if (!HttpHead.TryBody(head, response: true, out var body))
            return Lost();
        var content = new List<byte>();
        while (!body.Done)
        {
            if (body.Bad || (_buffer.Count == 0 && _buffer.Receive(_fd) <= 0))
                break;
            var part = _buffer.Unread;
            var used = body.Consume(part, content);
            if (!body.IsChunked)
                content.AddRange(part[..used]);
            _buffer.Skip(used);
        }
        if (!body.Done && !body.IsUntilClose)
            return Lost();
        if (HttpHead.ClosesAfter(head) || body.IsUntilClose)
            _ = Lost();
        return (HttpHead.Status(head), head, [.. content]);
    }

    /// <summary>The connection is of no more use; the next request makes a new one.</summary>
    private (int Status, byte[] Head, byte[] Body) Lost()
    {
        if (_fd >= 0)
            _ = Libc.close(_fd);
        _fd = -1;
        _buffer.Clear();
        return (0, [], []);
    }
}
