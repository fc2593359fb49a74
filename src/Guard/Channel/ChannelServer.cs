using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using Pellicle.Domain;
using Pellicle.Guard.Native;
using static Pellicle.Guard.Native.Libc;

namespace Pellicle.Guard.Channel;

/// <summary>What the channel needs of the guard.</summary>
internal interface IJudge
{
    ProtectionMode Mode { get; }

    /// <summary>Never throws; a fault counts and allows.</summary>
    Verdict Judge(Query query);

    /// <summary>The answer may take longer than who asks would wait without a word.</summary>
    bool TakesLong(Query query);

    void Note(Query query);

    /// <summary>A process of the function introduced itself.</summary>
    void Met(ClientRole role, int pid);

    /// <summary>Token of the credentials endpoint, for the first wrapper before the first event; else empty.</summary>
    string WrapperToken();

    /// <summary>What an interposer would do with it without asking.</summary>
    PrefixAction ActionFor(Behaviour behaviour);

    /// <summary>May this process have its system calls answered? Only the runtime that starts.</summary>
    bool MaySupervise(int pid);

    /// <summary>The runtime's, 0 while it is not known.</summary>
    int RuntimePid { get; }

    /// <summary>Number of the newest one, 0 before the first.</summary>
    ulong InvocationNumber { get; }

    /// <summary>The platform's Runtime API.</summary>
    IPEndPoint? Upstream { get; }

    void Fault(string where, Exception? error);
}

/// <summary>The socket of decision 0001: one thread, one packet at a time, so verdicts are given in order.</summary>
internal sealed unsafe class ChannelServer : IDisposable
{
    /// <summary>Processes beyond this are turned away; their interposer then lets pass and counts.</summary>
    internal const int MaxClients = 1024;

    /// <summary>One for the runtime, one for its trial before.</summary>
    private const int MaxListeners = 2;

    private readonly int _listener;
    private readonly int[] _wake = new int[2];
    private readonly IJudge _judge;
    private readonly uint _proxyPort;
    private readonly int _state;
    private readonly int _ring;
    private readonly List<(int Fd, int Pid)> _clients = [];
    private readonly List<(int Fd, bool Trial)> _listeners = [];
    private readonly SystemCalls _calls;
    private readonly byte[] _packet = GC.AllocateUninitializedArray<byte>(Messages.MaxBytes + 1, pinned: true);
    private readonly Thread _thread;

    internal ChannelServer(string name, int stateDescriptor, int ringDescriptor, int proxyPort, IJudge judge)
    {
        (_state, _ring, _proxyPort, _judge) = (stateDescriptor, ringDescriptor, (uint)proxyPort, judge);
        _calls = new SystemCalls(judge, proxyPort);
        _listener = Fd.SeqPacket(name, listening: true);
        fixed (int* p = _wake)
        {
            if (pipe2(p, SockCloExec) != 0)
                throw Fd.Error("pipe");
        }
        _thread = new Thread(Serve, 256 * 1024) { IsBackground = true, Name = "channel" };
        _thread.Start();
    }

    public void Dispose()
    {
        _ = close(_wake[1]);
        _thread.Join();
    }

    private void Serve()
    {
        var fds = new PollFd[MaxClients + MaxListeners + 2];
        while (true)
        {
            fds[0] = new PollFd { Fd = _wake[0], Events = PollIn };
            fds[1] = new PollFd { Fd = _listener, Events = PollIn };
            for (var i = 0; i < _clients.Count; i++)
                fds[i + 2] = new PollFd { Fd = _clients[i].Fd, Events = PollIn };
            var asked = _clients.Count + 2;
            for (var i = 0; i < _listeners.Count; i++)
                fds[asked + i] = new PollFd { Fd = _listeners[i].Fd, Events = PollIn };
            fixed (PollFd* p = fds)
            {
                if (Fd.Poll(p, asked + _listeners.Count, -1) < 0)
                {
                    _judge.Fault("channel poll", Fd.Error("poll"));
                    break;
                }
            }
            if (fds[0].Revents != 0)
                break;
            for (var i = _listeners.Count - 1; i >= 0; i--)
            {
                var happened = fds[asked + i].Revents;
                if (happened == 0 || ((happened & PollIn) != 0 && _calls.Answer(_listeners[i].Fd, _listeners[i].Trial)))
                    continue;
                _ = close(_listeners[i].Fd); // everybody behind the filter has ended
                _listeners.RemoveAt(i);
            }
            for (var i = _clients.Count - 1; i >= 0; i--)
            {
                if (fds[i + 2].Revents == 0 || HandleOne(_clients[i]))
                    continue;
                _ = close(_clients[i].Fd);
                _clients[i] = _clients[^1];
                _clients.RemoveAt(_clients.Count - 1);
            }
            if (fds[1].Revents != 0)
                Accept();
        }
        foreach (var fd in _listeners.Select(l => l.Fd).Concat(_clients.Select(c => c.Fd)))
            _ = close(fd);
        _ = close(_listener);
        _ = close(_wake[0]);
    }

    private void Accept()
    {
        var fd = accept4(_listener, null, null, SockCloExec | SockNonBlock);
        if (fd < 0)
            return;
        if (_clients.Count >= MaxClients)
        {
            _judge.Fault("too many channel clients", null);
            _ = close(fd);
            return;
        }
        PeerCredentials peer;
        uint size = 12;
        var pid = getsockopt(fd, SolSocket, SoPeerCred, &peer, &size) == 0 ? peer.Pid : 0;
        _clients.Add((fd, pid));
    }

    /// <summary>False when the client is gone or spoke nonsense.</summary>
    private bool HandleOne((int Fd, int Pid) client)
    {
        var got = Receive(client.Fd, out var descriptor);
        if (got < 0)
            return LastError is EAgain or EIntr;
        try
        {
            return got > 0 && Handle(client, _packet.AsSpan(0, (int)got), ref descriptor);
        }
        catch (Exception error)
        {
            _judge.Fault("channel message", error);
            return false;
        }
        finally
        {
            if (descriptor >= 0)
                _ = close(descriptor);
        }
    }

    /// <summary>One packet; of descriptors that came with it the kernel keeps what has no room.</summary>
    private nint Receive(int fd, out int descriptor)
    {
        var control = stackalloc byte[24];
        fixed (byte* p = _packet)
        {
            var vector = new IoVec { Base = p, Length = (nuint)_packet.Length };
            var message = new MsgHdr { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = 20 };
            var got = recvmsg(fd, &message, MsgCmsgCloExec);
            descriptor = got >= 0 && message.ControlLength >= 20 && *(nuint*)control == 20 && *(int*)(control + 8) == SolSocket && *(int*)(control + 12) == ScmRights ? *(int*)(control + 16) : -1;
            return got;
        }
    }

    // The descriptor that came with the packet becomes -1 when it is kept.
    private bool Handle((int Fd, int Pid) client, ReadOnlySpan<byte> packet, ref int descriptor)
    {
        if (!Messages.TryHeader(packet, out var type, out var sequence, out var body))
        {
            _judge.Fault("malformed channel packet", null);
            return false;
        }
        switch (type)
        {
            case MessageType.Hello when body.Length >= 8:
                var role = (ClientRole)BinaryPrimitives.ReadUInt32LittleEndian(body[4..]);
                _judge.Met(role, client.Pid);
                return SendWithDescriptors(client.Fd, Messages.Welcome(sequence, _proxyPort, (uint)_judge.Mode, role == ClientRole.Wrapper ? _judge.WrapperToken() : ""));
            case MessageType.Query when Messages.TryQuery(body, client.Pid, out var query):
                var told = false;
                // At most once; a client that is gone is met at the answer.
                void Slow() => told = told || Send(client.Fd, Messages.Packet(MessageType.Wait, sequence, []));
                if (_judge.TakesLong(query))
                    Slow();
                return Send(client.Fd, Messages.Verdict(sequence, _judge.Judge(query with { Slow = Slow })));
            case MessageType.Note when Messages.TryQuery(body, client.Pid, out var note):
                _judge.Note(note);
                return true;
            case MessageType.Listener when body.Length >= 8:
                var taken = descriptor >= 0 && _listeners.Count < MaxListeners && _judge.MaySupervise(client.Pid);
                if (taken)
                {
                    _listeners.Add((descriptor, BinaryPrimitives.ReadUInt32LittleEndian(body[4..]) != 0));
                    descriptor = -1;
                }
                return Send(client.Fd, Messages.Verdict(sequence, new Verdict(!taken, VerdictCache.No, EPerm)));
            case MessageType.Hello or MessageType.Query or MessageType.Note or MessageType.Listener or MessageType.Welcome or MessageType.Verdict or MessageType.Wait:
            default:
                _judge.Fault("malformed channel packet", null);
                return false;
        }
    }

    private static bool Send(int fd, ReadOnlySpan<byte> packet)
    {
        fixed (byte* p = packet)
            return send(fd, p, (nuint)packet.Length, MsgNoSignal | MsgDontWait) == packet.Length;
    }

    private bool SendWithDescriptors(int fd, byte[] packet)
    {
        // cmsghdr: size_t length, int level, int type, then the descriptors.
        var control = stackalloc byte[24];
        *(nuint*)control = 24;
        *(int*)(control + 8) = SolSocket;
        *(int*)(control + 12) = ScmRights;
        *(int*)(control + 16) = _state;
        *(int*)(control + 20) = _ring;
        fixed (byte* p = packet)
        {
            var vector = new IoVec { Base = p, Length = (nuint)packet.Length };
            var message = new MsgHdr { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = 24 };
            return sendmsg(fd, &message, MsgNoSignal | MsgDontWait) == packet.Length;
        }
    }
}
