using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Text;
using Pellicle.Guard.Config;
using Pellicle.Guard.Native;
using Pellicle.Guard.RuntimeApi;

namespace Pellicle.Guard.Server;

/// <summary>An answer of the server.</summary>
internal readonly record struct ServerAnswer(int Status, string? ETag, string? Signature, byte[] Body);

/// <summary>One keep-alive connection to the Pellicle server, used by one thread. http over a raw socket, https through SslStream.</summary>
internal sealed class HttpClientLite(Uri server, string token) : IDisposable
{
    private const int MaxBodyBytes = 16 * 1024 * 1024;

    /// <summary>What takes so much longer than it may was not waited for.</summary>
    private const int FrozenMs = 250;

    private Stream? _stream;
    private volatile FdStream? _socket;
    private volatile bool _aborted;
    private byte[] _buffer = new byte[8192];

    /// <summary>Sends one request and reads the answer. Throws <see cref="IOException"/> and its kin when the server cannot be reached in time.</summary>
    internal ServerAnswer Send(string method, string pathAndQuery, string? etag, byte[]? body, int timeoutMs)
    {
        _aborted = false;
        var (reused, began) = (_stream is not null, Environment.TickCount64);
        try
        {
            return Exchange(method, pathAndQuery, etag, body, timeoutMs);
        }
        catch (IOException) when (!_aborted && Environment.TickCount64 - began is var took && (took < timeoutMs ? reused : took > timeoutMs + FrozenMs))
        {
            // An idle connection was closed under us, or the environment was frozen in the middle of it: once more on a new one. Batches are idempotent.
            Dispose();
            return Exchange(method, pathAndQuery, etag, body, timeoutMs);
        }
    }

    /// <summary>From another thread: a request under way ends with an error at once, unless it is still connecting.</summary>
    internal void Abort()
    {
        _aborted = true;
        _socket?.Abort();
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _stream = null;
    }

    private ServerAnswer Exchange(string method, string pathAndQuery, string? etag, byte[]? body, int timeoutMs)
    {
        try
        {
            _stream ??= Connect(timeoutMs);
            _socket!.Within(timeoutMs);
            var head = new StringBuilder()
                .Append(method).Append(' ').Append(server.AbsolutePath.TrimEnd('/')).Append(pathAndQuery).Append(" HTTP/1.1\r\nHost: ").Append(server.Authority)
                .Append("\r\nUser-Agent: pellicle-guard\r\n");
            if (token.Length > 0)
                head.Append("Authorization: Bearer ").Append(token).Append("\r\n");
            if (etag is not null)
                head.Append("If-None-Match: ").Append(etag).Append("\r\n");
            if (body is not null)
                head.Append(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n");
            byte[] request = [.. Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), .. body ?? []];
            _stream.Write(request);
            _stream.Flush();
            return Read();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private Stream Connect(int timeoutMs)
    {
        var address = Settings.ParseAddress($"{server.Host}:{server.Port}");
        var fd = Fd.ConnectTcp(address, timeoutMs);
        if (fd < 0)
            throw new IOException($"cannot connect to {address}: errno {-fd}");
        _socket = new FdStream(fd);
        _socket.Within(timeoutMs);
        if (server.Scheme == "http")
            return _socket;
        var tls = new SslStream(_socket, leaveInnerStreamOpen: false);
        tls.AuthenticateAsClient(server.Host);
        return tls;
    }

    private ServerAnswer Read()
    {
        var count = 0;
        int headLength;
        while ((headLength = HttpHead.Length(_buffer.AsSpan(0, count))) < 0)
        {
            if (count > 64 * 1024)
                throw new IOException("the server's answer has too large a head");
            count += Fill(count);
        }
        var head = _buffer.AsSpan(0, headLength).ToArray();
        if (!head.AsSpan().StartsWith("HTTP/1."u8))
            throw new IOException("the server's answer is no HTTP");
        if (!HttpHead.TryBody(head, response: true, out var body))
            throw new IOException("the server's answer has no valid length");
        var status = HttpHead.Status(head);
        if (status is 204 or 304)
            body = default;
        var content = new List<byte>();
        var at = headLength;
        while (true)
        {
            var part = _buffer.AsSpan(at, count - at);
            var used = body.Consume(part, content);
            if (!body.IsChunked)
                content.AddRange(part[..used]);
            if (body.Done)
                break;
            if (body.Bad || content.Count > MaxBodyBytes)
                throw new IOException("the server's answer is malformed or too large");
            var got = _stream!.Read(_buffer);
            if (got == 0 && body.IsUntilClose)
                break;
            if (got == 0)
                throw new IOException("the server closed the connection");
            (at, count) = (0, got);
        }
        if (HttpHead.ClosesAfter(head) || body.IsUntilClose)
            Dispose();
        return new ServerAnswer(status, HttpHead.GetString(head, "etag"u8), HttpHead.GetString(head, "pellicle-signature"u8), [.. content]);
    }

    private int Fill(int count)
    {
        if (count == _buffer.Length)
            Array.Resize(ref _buffer, count * 2);
        var got = _stream!.Read(_buffer, count, _buffer.Length - count);
        return got > 0 ? got : throw new IOException("the server closed the connection");
    }
}
