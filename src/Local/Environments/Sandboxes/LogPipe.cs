using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Pellicle.Local.Environments.Sandboxes;

/// <summary>
/// Reading end of a named pipe that processes of an environment write to. A named pipe (not a socket) so that <c>/dev/stdout</c> can be reopened;
/// our own non-blocking read so that everything written before an answer is there when the answer is handled.
/// </summary>
internal sealed class LogPipe : IDisposable
{
    private const int ReadWriteNonBlockingCloseOnExec = 2 | 0x800 | 0x80000;
    private static readonly ConcurrentDictionary<int, LogPipe> Open = new();
    private static readonly Lazy<int> Epoll = new(StartPump);

    private readonly Action<ReadOnlySpan<byte>> received;
    private readonly Lock gate = new();
    private readonly byte[] buffer = new byte[64 * 1024];
    private readonly int descriptor;
    private bool disposed;

    public LogPipe(string path, Action<ReadOnlySpan<byte>> received)
    {
        this.received = received;
        if (Native.mkfifo(path, 0x1B6 /* 0666 */) != 0 || (descriptor = Native.open(path, ReadWriteNonBlockingCloseOnExec)) < 0)
        {
            throw new IOException($"cannot create the log pipe `{path}`: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        File.SetUnixFileMode(path, (UnixFileMode)0x1B6);
        Open[descriptor] = this;
        var entry = Native.Event(descriptor);
        if (Native.epoll_ctl(Epoll.Value, 1, descriptor, entry) != 0)
        {
            throw new IOException($"cannot watch the log pipe: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    /// <summary>Hands over everything that lies in the pipe now.</summary>
    public void Drain()
    {
        lock (gate)
        {
            while (!disposed)
            {
                var size = Native.read(descriptor, buffer, buffer.Length);
                if (size <= 0)
                {
                    return;
                }
                received(buffer.AsSpan(0, (int)size));
                if (size < buffer.Length)
                {
                    return;
                }
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (disposed)
            {
                return;
            }
            disposed = true;
            Open.TryRemove(descriptor, out _);
            _ = Native.epoll_ctl(Epoll.Value, 2, descriptor, Native.Event(descriptor));
            _ = Native.close(descriptor);
        }
    }

    private static int StartPump()
    {
        var epoll = Native.epoll_create1(0x80000);
        if (epoll < 0)
        {
            throw new IOException($"cannot watch log pipes: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        new Thread(() =>
        {
            const int capacity = 32;
            var events = new byte[capacity * Native.EventSize];
            while (true)
            {
                var count = Native.epoll_wait(epoll, events, capacity, -1);
                for (var i = 0; i < count; i++)
                {
                    if (Open.TryGetValue(BinaryPrimitives.ReadInt32LittleEndian(events.AsSpan((i * Native.EventSize) + Native.EventData)), out var pipe))
                    {
                        pipe.Drain();
                    }
                }
            }
        }) { IsBackground = true, Name = "log pipes" }.Start();
        return epoll;
    }

#pragma warning disable IDE1006 // names of libc
    private static class Native
    {
        // struct epoll_event is packed on x86-64 only.
        public static readonly int EventData = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
        public static readonly int EventSize = EventData + 8;

        public static byte[] Event(int descriptor)
        {
            var entry = new byte[EventSize];
            entry[0] = 1; // EPOLLIN
            BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(EventData), descriptor);
            return entry;
        }

        [DllImport("libc", SetLastError = true)]
        public static extern int mkfifo([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint mode);

        [DllImport("libc", SetLastError = true)]
        public static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

        [DllImport("libc", SetLastError = true)]
        public static extern nint read(int descriptor, byte[] buffer, nint size);

        [DllImport("libc", SetLastError = true)]
        public static extern int close(int descriptor);

        [DllImport("libc", SetLastError = true)]
        public static extern int epoll_create1(int flags);

        [DllImport("libc", SetLastError = true)]
        public static extern int epoll_ctl(int epoll, int operation, int descriptor, byte[] entry);

        [DllImport("libc", SetLastError = true)]
        public static extern int epoll_wait(int epoll, [Out] byte[] events, int capacity, int timeout);
    }
#pragma warning restore IDE1006
}
