using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using static Pellicle.Guard.Native.Libc;

namespace Pellicle.Guard.Native;

/// <summary>Blocking helpers over raw descriptors. Every call retries on EINTR; failures come back as negative numbers or <see cref="IOException"/>.</summary>
internal static unsafe class Fd
{
    internal static IOException Error(string what) => new($"{what}: errno {LastError.ToString(CultureInfo.InvariantCulture)}");

    internal static int ListenTcp(IPEndPoint at, out IPEndPoint bound)
    {
        var fd = socket(AfInet, SockStream | SockCloExec, 0);
        if (fd < 0)
            throw Error("socket");
        var one = 1;
        _ = setsockopt(fd, SolSocket, SoReuseAddr, &one, 4);
        var address = stackalloc byte[16];
        WriteAddress(address, at);
        var length = 16u;
        if (bind(fd, address, 16) != 0 || listen(fd, 128) != 0 || getsockname(fd, address, &length) != 0)
        {
            var error = Error($"cannot listen on {at}");
            _ = close(fd);
            throw error;
        }
        bound = ReadAddress(address);
        return fd;
    }

    /// <summary>Kills a process and waits until it has ended: what comes next must not find it alive. False when it could not be signalled; kernels before 5.3 tell no end, and nothing is waited for.</summary>
    internal static bool End(int pid, int timeoutMs)
    {
        var process = pidfd_open(pid, 0);
        var signalled = kill(pid, SigKill) == 0;
        if (process < 0)
            return signalled;
        var ended = new PollFd { Fd = process, Events = PollIn };
        if (signalled)
            _ = Poll(&ended, 1, timeoutMs);
        _ = close(process);
        return signalled;
    }

    /// <summary>Connects within <paramref name="timeoutMs"/>; a negative answer is the errno.</summary>
    internal static int ConnectTcp(IPEndPoint to, int timeoutMs)
    {
        var fd = socket(AfInet, SockStream | SockCloExec | SockNonBlock, 0);
        if (fd < 0)
            return -LastError;
        var address = stackalloc byte[16];
        WriteAddress(address, to);
        if (connect(fd, address, 16) != 0)
        {
            var error = LastError;
            if (error == EInProgress)
            {
                var ready = new PollFd { Fd = fd, Events = PollOut };
                uint size = 4;
                error = Poll(&ready, 1, timeoutMs) <= 0 || getsockopt(fd, SolSocket, SoError, &error, &size) != 0 ? 110 : error;
            }
            if (error != 0)
            {
                _ = close(fd);
                return -error;
            }
        }
        _ = fcntl(fd, FSetFl, 0);
        NoDelay(fd);
        return fd;
    }

    internal static void NoDelay(int fd)
    {
        var one = 1;
        _ = setsockopt(fd, IpProtoTcp, TcpNoDelay, &one, 4);
    }

    /// <summary>Abstract SOCK_SEQPACKET address: a leading NUL, no terminator.</summary>
    internal static int SeqPacket(string name, bool listening)
    {
        var fd = socket(AfUnix, SockSeqPacket | SockCloExec, 0);
        if (fd < 0)
            throw Error("socket");
        var address = stackalloc byte[110];
        var length = UnixAddress(address, name);
        if (listening ? bind(fd, address, length) == 0 && listen(fd, 128) == 0 : connect(fd, address, length) == 0)
            return fd;
        var error = Error($"{(listening ? "listen on" : "connect to")} @{name}");
        _ = close(fd);
        throw error;
    }

    internal static int Poll(PollFd* fds, int count, int timeoutMs)
    {
        while (true)
        {
            var ready = poll(fds, (nuint)count, timeoutMs);
            if (ready >= 0 || LastError != EIntr)
                return ready;
        }
    }

    internal static int Receive(int fd, Span<byte> into, int flags = 0)
    {
        fixed (byte* p = into)
        {
            while (true)
            {
                var got = recv(fd, p, (nuint)into.Length, flags);
                if (got >= 0)
                    return (int)got;
                if (LastError != EIntr)
                    return -LastError;
            }
        }
    }

    /// <summary>False when the peer is gone.</summary>
    internal static bool SendAll(int fd, ReadOnlySpan<byte> data)
    {
        fixed (byte* p = data)
        {
            var done = 0;
            while (done < data.Length)
            {
                var sent = send(fd, p + done, (nuint)(data.Length - done), MsgNoSignal);
                if (sent < 0)
                {
                    if (LastError == EIntr)
                        continue;
                    return false;
                }
                done += (int)sent;
            }
        }
        return true;
    }

    internal static void SetTimeouts(int fd, int milliseconds)
    {
        var value = stackalloc long[2] { milliseconds / 1000, milliseconds % 1000 * 1000L };
        _ = setsockopt(fd, SolSocket, SoRcvTimeo, value, 16);
        _ = setsockopt(fd, SolSocket, SoSndTimeo, value, 16);
    }

    internal static IPEndPoint PeerOf(int fd)
    {
        var address = stackalloc byte[16];
        var length = 16u;
        return getpeername(fd, address, &length) == 0 ? ReadAddress(address) : new IPEndPoint(IPAddress.None, 0);
    }

    /// <summary>A file to read from its beginning, unbuffered. A pipe in its place is not waited for. Throws <see cref="IOException"/> when it cannot be opened or read.</summary>
    internal static FileStream OpenFile(string path)
    {
        int fd;
        fixed (byte* name = CString(path))
            fd = open(name, OReadOnly | OCloExec | ONonBlock, 0);
        return fd < 0 ? throw Error($"open {path}") : new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(fd, ownsHandle: true), FileAccess.Read, bufferSize: 0);
    }

    internal static byte[] CString(string text) => Encoding.UTF8.GetBytes(text + '\0');

    private static uint UnixAddress(byte* address, string name)
    {
        *(ushort*)address = AfUnix;
        address[2] = 0;
        var length = Encoding.UTF8.GetBytes(name, new Span<byte>(address + 3, 107));
        return (uint)(3 + length);
    }

    private static void WriteAddress(byte* address, IPEndPoint point)
    {
        var bytes = new Span<byte>(address, 16);
        bytes.Clear();
        *(ushort*)address = AfInet;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)point.Port);
        point.Address.MapToIPv4().TryWriteBytes(bytes[4..], out _);
    }

    private static IPEndPoint ReadAddress(byte* address)
    {
        var bytes = new ReadOnlySpan<byte>(address, 16);
        return new IPEndPoint(new IPAddress(bytes.Slice(4, 4)), BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]));
    }
}
