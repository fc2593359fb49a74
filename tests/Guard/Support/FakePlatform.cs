using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pellicle.Guard.Tests.Support;

/// <summary>A Runtime API of our own: raw bytes in, raw bytes out, all requests kept for questions afterwards.</summary>
internal sealed class FakePlatform : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly BlockingCollection<byte[]> _events = [];
    private readonly CancellationTokenSource _stop = new();

    internal FakePlatform()
    {
        _listener.Start();
        new Thread(Accept) { IsBackground = true }.Start();
    }

    internal IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>Whole requests, head and body as they came on the wire.</summary>
    internal BlockingCollection<byte[]> Requests { get; } = [];

    /// <summary>Answers other than the usual ones, by a part of the request line.</summary>
    internal ConcurrentDictionary<string, Func<NetworkStream, byte[], bool>> Special { get; } = new();

    internal int Connections => _connections;

    /// <summary>Events go out one byte at a time.</summary>
    internal bool Trickle { get; set; }

    /// <summary>Called when somebody closes while waiting for an event.</summary>
    internal Action? OnGone { get; set; }

    /// <summary>The usual answer to a question for an event.</summary>
    internal bool AnswerNext(NetworkStream stream)
    {
        byte[]? answer = null;
        while (answer is null)
        {
            if (_events.TryTake(out answer, 20, _stop.Token))
                break;
            // A client that went away must not be given an event.
            if (stream.Socket.Poll(0, SelectMode.SelectRead) && stream.Socket.Available == 0)
            {
                OnGone?.Invoke();
                return false;
            }
        }
        if (!Trickle)
            stream.Write(answer);
        else
            Array.ForEach(answer, b => stream.Write([b]));
        return true;
    }

    private int _connections;

    /// <summary>Puts an answer to <c>next</c> in the queue, exactly these bytes.</summary>
    internal void Raw(byte[] answer) => _events.Add(answer);

    /// <summary>An event as the platform's core sends it: with its length up to 2 KB, in one chunk beyond.</summary>
    internal byte[] Event(string id, byte[] body, string extraHeaders = "")
    {
        var chunked = body.Length > 2048;
        var head = $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: {id}\r\n{extraHeaders}{(chunked ? $"Transfer-Encoding: chunked\r\n\r\n{body.Length:x}\r\n" : $"Content-Length: {body.Length}\r\n\r\n")}";
        byte[] answer = [.. Encoding.ASCII.GetBytes(head), .. body, .. chunked ? "\r\n0\r\n\r\n"u8 : []];
        Raw(answer);
        return answer;
    }

    internal byte[] Event(string id, string body) => Event(id, Encoding.UTF8.GetBytes(body));

    /// <summary>Next request, or a failure after half a minute.</summary>
    internal string TakeRequest() =>
        Requests.TryTake(out var request, TimeSpan.FromSeconds(30)) ? Encoding.Latin1.GetString(request) : throw new TimeoutException("no request came");

    internal static byte[] Accepted { get; } = "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n"u8.ToArray();

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                var client = _listener.AcceptTcpClient();
                Interlocked.Increment(ref _connections);
                new Thread(() => Serve(client)) { IsBackground = true }.Start();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private void Serve(TcpClient client)
    {
        using var _ = client;
        try
        {
            var stream = client.GetStream();
            while (Wire.ReadMessage(stream, response: false) is { } request)
            {
                Requests.Add(request);
                var line = Encoding.Latin1.GetString(request, 0, Array.IndexOf(request, (byte)'\r'));
                var special = Special.FirstOrDefault(s => line.Contains(s.Key, StringComparison.Ordinal)).Value;
                if (special is not null)
                {
                    if (!special(stream, request))
                        return;
                }
                else if (line.Contains("/next", StringComparison.Ordinal))
                {
                    if (!AnswerNext(stream))
                        return;
                }
                else
                    stream.Write(Accepted);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The test is over or the peer went away.
        }
    }
}
