using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Pellicle.Local.Environments.Http;

/// <summary>The loopback port of one execution environment.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource stopping = new();
    private readonly HashSet<ApiConnection> connections = [];
    private readonly Func<ApiConnection, CancellationToken, Task<bool>> handle;
    private readonly ILogger logger;
    private readonly Task accepting;

    /// <param name="handle">Answers one request; false closes the connection.</param>
    /// <param name="logger">Hears of broken requests.</param>
    public ApiServer(Func<ApiConnection, CancellationToken, Task<bool>> handle, ILogger logger)
    {
        (this.handle, this.logger) = (handle, logger);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(128);
        Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        accepting = AcceptAsync();
    }

    public int Port { get; }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Dispose();
        lock (connections)
        {
            foreach (var connection in connections)
            {
                connection.Dispose();
            }
        }
        await accepting;
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                var socket = await listener.AcceptAsync(stopping.Token);
                socket.NoDelay = true;
                _ = ServeAsync(new ApiConnection(socket));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException && stopping.IsCancellationRequested)
        {
            // Disposed: nothing left to accept.
        }
    }

    private async Task ServeAsync(ApiConnection connection)
    {
        var token = stopping.Token;
        lock (connections)
        {
            connections.Add(connection);
        }
        try
        {
            while (await connection.ReadRequestAsync(token) && await handle(connection, token))
            {
            }
        }
        catch (BrokenRequestException e)
        {
            logger.LogDebug("broken request on port {Port}: {Message}", Port, e.Message);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The process ended or the environment is shutting down.
        }
        catch (Exception e)
        {
            logger.LogError(e, "request {Method} {Path} failed", connection.Method, connection.Path);
        }
        finally
        {
            lock (connections)
            {
                connections.Remove(connection);
            }
            connection.Dispose();
        }
    }
}
