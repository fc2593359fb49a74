using System.Buffers.Binary;
using System.Text;
using Pellicle.Domain;
using Pellicle.Guard.Channel;
using Pellicle.Guard.Native;
using static Pellicle.Guard.Native.Libc;

namespace Pellicle.Guard.Tests.Support;

/// <summary>Speaks decision 0001 as the interposer does.</summary>
internal sealed unsafe class ChannelClient : IDisposable
{
    private readonly int _fd;
    private uint _sequence;

    internal ChannelClient(string name)
    {
        _fd = Fd.SeqPacket(name, listening: false);
        Fd.SetTimeouts(_fd, 60000);
    }

    internal int StateDescriptor { get; private set; } = -1;

    internal int RingDescriptor { get; private set; } = -1;

    internal (uint Port, uint Mode) Hello(ClientRole role)
    {
        Fd.SendAll(_fd, Messages.TwoNumbers(MessageType.Hello, ++_sequence, (uint)Environment.ProcessId, (uint)role)).ShouldBeTrue();
        var packet = stackalloc byte[64];
        var control = stackalloc byte[64];
        var vector = new IoVec { Base = packet, Length = 64 };
        var message = new MsgHdr { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = 64 };
        var got = recvmsg(_fd, &message, 0);
        Messages.TryHeader(new ReadOnlySpan<byte>(packet, (int)got), out var type, out var sequence, out var body).ShouldBeTrue();
        type.ShouldBe(MessageType.Welcome);
        sequence.ShouldBe(_sequence);
        message.ControlLength.ShouldBe((nuint)24);
        (StateDescriptor, RingDescriptor) = (*(int*)(control + 16), *(int*)(control + 20));
        return (BinaryPrimitives.ReadUInt32LittleEndian(body), BinaryPrimitives.ReadUInt32LittleEndian(body[4..]));
    }

    /// <summary>Before the last answer the guard said that it takes longer.</summary>
    internal bool Waited { get; private set; }

    internal (bool Deny, VerdictCache Cache, ushort Errno) Ask(Dimension dimension, QueryFlags flags, ulong invocation, params string[] fields)
    {
        Fd.SendAll(_fd, Query(MessageType.Query, dimension, flags, invocation, fields)).ShouldBeTrue();
        var packet = new byte[64];
        var got = Fd.Receive(_fd, packet);
        Messages.TryHeader(packet.AsSpan(0, got), out var type, out var sequence, out var body).ShouldBeTrue();
        Waited = type == MessageType.Wait;
        if (Waited)
        {
            sequence.ShouldBe(_sequence);
            body.Length.ShouldBe(0);
            Messages.TryHeader(packet.AsSpan(0, Fd.Receive(_fd, packet)), out type, out sequence, out body).ShouldBeTrue();
        }
        type.ShouldBe(MessageType.Verdict);
        sequence.ShouldBe(_sequence);
        return (body[0] == 1, (VerdictCache)body[1], BinaryPrimitives.ReadUInt16LittleEndian(body[2..]));
    }

    /// <summary>Sends a descriptor as a runtime does with its listener; whether it was taken.</summary>
    internal bool HandsOver()
    {
        var body = Messages.TwoNumbers(MessageType.Listener, ++_sequence, (uint)Environment.ProcessId, 0);
        var control = stackalloc byte[24];
        (*(nuint*)control, *(int*)(control + 8), *(int*)(control + 12), *(int*)(control + 16)) = (20, SolSocket, ScmRights, _fd);
        fixed (byte* p = body)
        {
            var vector = new IoVec { Base = p, Length = (nuint)body.Length };
            var message = new MsgHdr { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = 24 };
            sendmsg(_fd, &message, MsgNoSignal).ShouldBe(body.Length);
        }
        var packet = new byte[64];
        Messages.TryHeader(packet.AsSpan(0, Fd.Receive(_fd, packet)), out var type, out _, out var answer).ShouldBeTrue();
        type.ShouldBe(MessageType.Verdict);
        return answer[0] == 0;
    }

    /// <summary>Asks and never reads the answers; until the guard has enough of it.</summary>
    internal void Flood(int questions)
    {
        for (var i = 0; i < questions; i++)
        {
            if (!Fd.SendAll(_fd, Query(MessageType.Query, Dimension.Read, 0, 0, [$"/tmp/flood/{i}", "x"])))
                return;
        }
    }

    internal void Note(Dimension dimension, params string[] fields) => Fd.SendAll(_fd, Query(MessageType.Note, dimension, 0, 0, fields)).ShouldBeTrue();

    /// <summary>Sends any bytes; true when the guard closed the connection on it.</summary>
    internal bool ClosesOn(byte[] packet)
    {
        Fd.SendAll(_fd, packet).ShouldBeTrue();
        return Fd.Receive(_fd, new byte[64]) == 0;
    }

    public void Dispose()
    {
        _ = close(_fd);
        if (StateDescriptor >= 0)
            _ = close(StateDescriptor);
        if (RingDescriptor >= 0)
            _ = close(RingDescriptor);
    }

    private byte[] Query(MessageType type, Dimension dimension, QueryFlags flags, ulong invocation, string[] fields)
    {
        var body = new List<byte> { (byte)dimension, (byte)flags };
        body.AddRange(BitConverter.GetBytes((ushort)fields.Length));
        body.AddRange(BitConverter.GetBytes((uint)Environment.ProcessId));
        body.AddRange(BitConverter.GetBytes(invocation));
        foreach (var field in fields)
        {
            var bytes = Encoding.UTF8.GetBytes(field);
            body.AddRange(BitConverter.GetBytes(bytes.Length));
            body.AddRange(bytes);
        }
        return Messages.Packet(type, ++_sequence, body.ToArray());
    }
}
