using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pellicle.Guard.Tests.Support;

/// <summary>The server's side of decision 0002.</summary>
internal sealed class FakeServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private volatile string _policy = """{"schemaVersion":1,"id":"p","mode":"monitor","revision":"1"}""";
    private volatile string _etag = "\"1\"";

    internal FakeServer()
    {
        _listener.Start();
        new Thread(Accept) { IsBackground = true }.Start();
    }

    internal Uri Address => new($"http://{_listener.LocalEndpoint}");

    internal BlockingCollection<string> Batches { get; } = [];

    internal BlockingCollection<string> PolicyRequests { get; } = [];

    internal Func<string, string>? Sign { get; set; }

    /// <summary>Status that batches get.</summary>
    internal int BatchStatus { get; set; } = 202;

    internal int NotModified;

    /// <summary>Empty, or what it does to everybody who asks: <c>kill</c>, <c>stop</c>, <c>slow</c>, <c>garbage</c>, <c>error</c>.</summary>
    internal string Fault
    {
        get => _fault;
        set
        {
            _fault = value;
            if (value.Length == 0)
                _stopped.Set();
            else
                _stopped.Reset();
        }
    }

    private volatile string _fault = "";
    private readonly ManualResetEventSlim _stopped = new(true);

    internal void SetPolicy(string json, string etag) => (_policy, _etag) = (json, $"\"{etag}\"");

    internal string TakeBatch(Func<string, bool> wanted)
    {
        while (Batches.TryTake(out var batch, TimeSpan.FromSeconds(30)))
        {
            if (wanted(batch))
                return batch;
        }
        throw new TimeoutException("no such batch came");
    }

    public void Dispose()
    {
        _stopped.Set();
        _listener.Stop();
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                var client = _listener.AcceptTcpClient();
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
                var text = Encoding.UTF8.GetString(request);
                switch (Fault)
                {
                    case "kill":
                        return;
                    case "stop":
                        _stopped.Wait(60000);
                        return;
                    case "garbage":
                        stream.Write([.. Enumerable.Range(0, 500).Select(i => (byte)(i * 131 >> 3)), .. "\r\n\r\n"u8]);
                        continue;
                    case "error":
                        stream.Write("HTTP/1.1 500 X\r\nContent-Length: 3\r\n\r\nno!"u8);
                        continue;
                    case "slow":
                        foreach (var b in "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"u8.ToArray())
                        {
                            stream.Write([b]);
                            _stopped.Wait(100);
                        }
                        continue;
                }
                if (text.StartsWith("GET /api/v1/ingest/policy?", StringComparison.Ordinal))
                    Policy(stream, text);
                else
                {
                    Batches.Add(text);
                    stream.Write(Encoding.ASCII.GetBytes($"HTTP/1.1 {BatchStatus} X\r\nContent-Length: 0\r\n\r\n"));
                }
            }
        }
        catch (IOException)
        {
            // The guard went away.
        }
    }

    private void Policy(NetworkStream stream, string request)
    {
        PolicyRequests.Add(request);
        if (Wire.Header(request, "if-none-match") == _etag)
        {
            Interlocked.Increment(ref NotModified);
            stream.Write("HTTP/1.1 304 Not Modified\r\n\r\n"u8);
            return;
        }
        var signature = Sign is null ? "" : $"Pellicle-Signature: {Sign(_policy)}\r\n";
        stream.Write(Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\nETag: {_etag}\r\n{signature}Content-Length: {Encoding.UTF8.GetByteCount(_policy)}\r\n\r\n{_policy}"));
    }
}
