using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;

namespace Pellicle.Local.Environments.Telemetry;

/// <summary>Buffers records for one subscriber and delivers them in batches. Bounded: what a slow subscriber leaves is dropped and reported to it.</summary>
internal sealed class TelemetrySender : IAsyncDisposable
{
    private const int MaxWaitingBytes = 4 * 1024 * 1024;
    private const int Attempts = 3;

    // Always our own loopback, whatever the name says.
    private static readonly HttpClient Client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        ConnectCallback = static async (context, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, context.DnsEndPoint.Port), cancellationToken);
                return new NetworkStream(socket, true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    }) { Timeout = Timeout.InfiniteTimeSpan };

    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Lock gate = new();
    private readonly Queue<string> waiting = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly SemaphoreSlim changed = new(0);
    private readonly Task pumping;
    private int waitingBytes;
    private int droppedRecords;
    private int droppedBytes;
    private bool flush;
    private bool paused;
    private Socket? tcp;

    public TelemetrySender(TelemetrySubscription subscription, TimeProvider time, ILogger logger)
    {
        (Subscription, this.time, this.logger) = (subscription, time, logger);
        pumping = PumpAsync();
    }

    public TelemetrySubscription Subscription { get; }

    /// <summary>While the environment is frozen nothing can be delivered.</summary>
    public bool Paused
    {
        set
        {
            lock (gate)
            {
                paused = value;
            }
            changed.Release();
        }
    }

    public void Add(string record)
    {
        lock (gate)
        {
            if (waitingBytes + record.Length > MaxWaitingBytes)
            {
                droppedRecords++;
                droppedBytes += record.Length;
                return;
            }
            waiting.Enqueue(record);
            waitingBytes += record.Length;
        }
        changed.Release();
    }

    public void Flush()
    {
        lock (gate)
        {
            flush = true;
        }
        changed.Release();
    }

    public void Stop() => stopping.Cancel();

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await pumping;
        tcp?.Dispose();
        changed.Dispose();
        stopping.Dispose();
    }

    private async Task PumpAsync()
    {
        try
        {
            while (true)
            {
                var batch = await CollectAsync(stopping.Token);
                await DeliverAsync(batch, stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The environment is gone, or was reset.
        }
    }

    private async Task<List<string>> CollectAsync(CancellationToken cancellationToken)
    {
        CancellationTokenSource? timer = null;
        try
        {
            while (true)
            {
                lock (gate)
                {
                    var due = waiting.Count >= Subscription.MaxItems || waitingBytes >= Subscription.MaxBytes || flush || timer?.IsCancellationRequested == true;
                    if (!paused && waiting.Count > 0 && due)
                    {
                        return Take();
                    }
                    flush &= waiting.Count > 0;
                    if (waiting.Count > 0 && timer is null)
                    {
                        timer = new CancellationTokenSource(Subscription.Timeout, time);
                    }
                }
                var over = timer?.IsCancellationRequested == true;
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer is null || over ? CancellationToken.None : timer.Token);
                try
                {
                    await changed.WaitAsync(either.Token);
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    // The buffer's time is over.
                }
            }
        }
        finally
        {
            timer?.Dispose();
        }
    }

    private List<string> Take()
    {
        var batch = new List<string>();
        var bytes = 0;
        while (waiting.Count > 0 && batch.Count < Subscription.MaxItems && (batch.Count == 0 || bytes + waiting.Peek().Length <= Subscription.MaxBytes))
        {
            bytes += waiting.Peek().Length;
            batch.Add(waiting.Dequeue());
        }
        waitingBytes -= bytes;
        flush &= waiting.Count > 0;
        if (droppedRecords > 0)
        {
            batch.Add(new JsonObject
            {
                ["time"] = TelemetryHub.Format(time.GetUtcNow()),
                ["type"] = "platform.logsDropped",
                ["record"] = new JsonObject { ["droppedBytes"] = droppedBytes, ["droppedRecords"] = droppedRecords, ["reason"] = "the subscriber is slower than the records come" },
            }.ToJsonString());
            (droppedRecords, droppedBytes) = (0, 0);
        }
        return batch;
    }

    private async Task DeliverAsync(List<string> batch, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await (Subscription.Http is { } address ? PostAsync(address, batch, cancellationToken) : WriteAsync(batch, cancellationToken));
                return;
            }
            catch (Exception e) when (e is HttpRequestException or SocketException or IOException)
            {
                tcp?.Dispose();
                tcp = null;
                if (attempt == Attempts)
                {
                    logger.LogWarning("telemetry for {Destination} lost {Count} records: {Message}", Subscription.Http?.ToString() ?? $"tcp:{Subscription.TcpPort}", batch.Count, e.Message);
                    lock (gate)
                    {
                        droppedRecords += batch.Count;
                        droppedBytes += batch.Sum(record => record.Length);
                    }
                    return;
                }
                await Task.Delay(TimeSpan.FromMilliseconds(50 * attempt), time, cancellationToken);
            }
        }
    }

    private static async Task PostAsync(Uri address, List<string> batch, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes($"[{string.Join(',', batch)}]"));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await Client.PostAsync(address, content, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private async Task WriteAsync(List<string> batch, CancellationToken cancellationToken)
    {
        if (tcp is null)
        {
            tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await tcp.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Subscription.TcpPort!.Value), cancellationToken);
        }
        ReadOnlyMemory<byte> data = Encoding.UTF8.GetBytes(string.Join('\n', batch) + "\n");
        while (!data.IsEmpty)
        {
            data = data[await tcp.SendAsync(data, cancellationToken)..];
        }
    }
}
