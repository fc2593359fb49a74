using System.Collections.Concurrent;
using System.Net;
using Pellicle.Guard.Native;
using static Pellicle.Guard.Native.Libc;

namespace Pellicle.Guard.RuntimeApi;

/// <summary>Listens where the runtime thinks the Runtime API is. One thread a connection: a runtime has one or a few.</summary>
internal sealed unsafe class Proxy : IDisposable
{
    /// <summary>Beyond this a connection is refused at once; a multi-concurrency runtime has at most a few dozen workers.</summary>
    internal const int MaxConnections = 512;

    private const int StackBytes = 256 * 1024;
    private readonly int _listener;

    /// <summary>Says when somebody connects, and when a client that waits goes away; nothing on the way of a message asks it.</summary>
    private readonly int _watch = epoll_create1(EpollCloExec);

    private readonly IGate _gate;
    private volatile IPEndPoint _upstream;
    private readonly ConcurrentDictionary<int, Connection> _open = new();
    private readonly Action<Connection>? _opened;
    private readonly Lock _ending = new();
    private int _next;
    private volatile bool _closed;

    /// <param name="at">Address to listen on; port 0 picks one.</param>
    /// <param name="upstream">The platform.</param>
    /// <param name="gate">Who decides.</param>
    /// <param name="opened">Told of every new connection, on the accepting thread.</param>
    internal Proxy(IPEndPoint at, IPEndPoint upstream, IGate gate, Action<Connection>? opened = null)
    {
        _listener = Fd.ListenTcp(at, out var bound);
        (Address, _upstream, _gate, _opened) = (bound, upstream, gate, opened);
        if (_watch < 0 || fcntl(_listener, FSetFl, ONonBlock) < 0 || !Watch(_listener, 0, EpollIn))
            throw Fd.Error("watch the listener");
        new Thread(Accept, StackBytes) { IsBackground = true, Name = "accept" }.Start();
    }

    internal IPEndPoint Address { get; }

    /// <summary>Where new connections lead: the platform, or another vendor's proxy before it.</summary>
    internal IPEndPoint Upstream { get => _upstream; set => _upstream = value; }

    internal IEnumerable<Connection> Open => _open.Values;

    public void Dispose()
    {
        // INVARIANT: the accepting thread closes only once this was left, or the shutdown could meet another's socket of the same number.
        lock (_ending)
        {
            if (_closed)
                return;
            _closed = true;
            _ = shutdown(_listener, ShutdownBoth);
        }
        foreach (var connection in _open.Values)
            connection.Cut();
    }

    private void Accept()
    {
        EpollEvent seen = default;
        while (true)
        {
            var ready = epoll_wait(_watch, &seen, 1, -1);
            if (_closed)
                break;
            if (ready > 0 && seen.Data != 0)
            {
                if (_open.TryGetValue(seen.Data, out var left))
                    left.ClientLeft();
                continue;
            }
            var fd = accept4(_listener, null, null, SockCloExec);
            if (_closed)
                break;
            if (fd < 0)
            {
                if (LastError is EIntr or EAgain or 103)
                    continue;
                _gate.Fault("accept", Fd.Error("accept"));
                var pause = default(PollFd);
                _ = Fd.Poll(&pause, 0, 10); // out of descriptors: let some close
                continue;
            }
            if (_open.Count >= MaxConnections)
            {
                _gate.Fault("too many connections", null);
                _ = close(fd);
                continue;
            }
            Start(fd);
        }
        lock (_ending)
        {
            _ = close(_listener);
            _ = close(_watch);
        }
    }

    private bool Watch(int fd, int id, uint events)
    {
        var what = new EpollEvent { Events = events, Data = id };
        return epoll_ctl(_watch, EpollCtlAdd, fd, &what) == 0;
    }

    private void Start(int fd)
    {
        Fd.NoDelay(fd);
        var connection = new Connection(fd, _upstream, _gate);
        var id = Interlocked.Increment(ref _next);
        _open[id] = connection;
        if (!Watch(fd, id, EpollRdHup | EpollEdge))
            _gate.Fault("watch a client", Fd.Error("epoll_ctl"));
        new Thread(() =>
        {
            connection.Run();
            _open.TryRemove(id, out _);
        }, StackBytes) { IsBackground = true, Name = "hop" }.Start();
        _opened?.Invoke(connection);
    }
}
