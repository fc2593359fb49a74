using System.Buffers.Binary;
using System.Text;
using Pellicle.Domain;

namespace Pellicle.Guard.Channel;

internal enum MessageType : ushort
{
    Hello = 1,
    Welcome = 2,
    Query = 3,
    Verdict = 4,
    Note = 5,
    Listener = 6,

    /// <summary>To who asked: the answer takes longer than 250 ms, and comes.</summary>
    Wait = 7,
}

internal enum ClientRole : uint
{
    Interposer = 1,
    Wrapper = 2,
    Probe = 3,
}

[Flags]
internal enum QueryFlags : byte
{
    None = 0,
    Init = 1,
    Child = 2,
    Unresolved = 4,
    FromProbe = 8,
    TellsCalls = 16,

    /// <summary>The invocation is the one that the acting thread, or who started this process, works for; without it, the one that began last.</summary>
    Own = 32,
}

internal enum VerdictCache : byte
{
    No = 0,
    Invocation = 1,
    Generation = 2,
}

/// <summary>A question from the interposer. <paramref name="Pid"/> is the asker's own word; <paramref name="PeerPid"/> is the kernel's.</summary>
internal readonly record struct Query(Dimension Dimension, QueryFlags Flags, uint Pid, int PeerPid, ulong Invocation, IReadOnlyList<string> Fields)
{
    internal string Item => Fields[0];

    /// <summary>How it came to be known, where that is not the interposer; empty else.</summary>
    internal string Way { get; init; } = "";

    /// <summary>Tells who asked that the answer takes longer; to be called before what reads many files.</summary>
    internal Action? Slow { get; init; }

    internal string Field(int index) => index < Fields.Count ? Fields[index] : "";
}

/// <summary>The answer to a query.</summary>
internal readonly record struct Verdict(bool Deny, VerdictCache Cache, ushort Errno)
{
    internal static readonly Verdict Allow = new(false, VerdictCache.No, 0);

    internal static Verdict AllowFor(VerdictCache cache) => new(false, cache, 0);
}

/// <summary>Reads and writes packets of decision 0001. A packet that breaks the format is refused as a whole.</summary>
internal static class Messages
{
    internal const int HeaderBytes = 16, MaxBytes = 160 * 1024, MaxFields = 16;
    internal const ushort Version = 1;

    internal static bool TryHeader(ReadOnlySpan<byte> packet, out MessageType type, out uint sequence, out ReadOnlySpan<byte> body)
    {
        type = 0;
        sequence = 0;
        body = default;
        if (packet.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(packet) != StateRegion.Magic
            || BinaryPrimitives.ReadUInt16LittleEndian(packet[4..]) != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(packet[8..]) != packet.Length - HeaderBytes)
            return false;
        type = (MessageType)BinaryPrimitives.ReadUInt16LittleEndian(packet[6..]);
        sequence = BinaryPrimitives.ReadUInt32LittleEndian(packet[12..]);
        body = packet[HeaderBytes..];
        return true;
    }

    internal static bool TryQuery(ReadOnlySpan<byte> body, int peerPid, out Query query)
    {
        query = default;
        if (body.Length < 16 || !Enum.IsDefined((Dimension)body[0]))
            return false;
        var count = BinaryPrimitives.ReadUInt16LittleEndian(body[2..]);
        if (count is 0 or > MaxFields)
            return false;
        var fields = new string[count];
        var rest = body[16..];
        for (var i = 0; i < count; i++)
        {
            if (rest.Length < 4)
                return false;
            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
            if (length > rest.Length - 4)
                return false;
            fields[i] = Encoding.UTF8.GetString(rest.Slice(4, (int)length));
            rest = rest[(4 + (int)length)..];
        }
        query = new Query((Dimension)body[0], (QueryFlags)body[1], BinaryPrimitives.ReadUInt32LittleEndian(body[4..]), peerPid,
            BinaryPrimitives.ReadUInt64LittleEndian(body[8..]), fields);
        return true;
    }

    internal static byte[] Packet(MessageType type, uint sequence, ReadOnlySpan<byte> body)
    {
        var packet = new byte[HeaderBytes + body.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(packet, StateRegion.Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(packet.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt16LittleEndian(packet.AsSpan(6), (ushort)type);
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(8), (uint)body.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(12), sequence);
        body.CopyTo(packet.AsSpan(HeaderBytes));
        return packet;
    }

    internal static byte[] Verdict(uint sequence, Verdict verdict)
    {
        Span<byte> body = stackalloc byte[8];
        body.Clear();
        body[0] = verdict.Deny ? (byte)1 : (byte)0;
        body[1] = (byte)verdict.Cache;
        BinaryPrimitives.WriteUInt16LittleEndian(body[2..], verdict.Errno);
        return Packet(MessageType.Verdict, sequence, body);
    }

    /// <summary>A wrapper's answer may end with the token of the credentials endpoint.</summary>
    internal static byte[] Welcome(uint sequence, uint port, uint mode, string token)
    {
        var body = new byte[8 + token.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(body, port);
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(4), mode);
        Encoding.ASCII.GetBytes(token, body.AsSpan(8));
        return Packet(MessageType.Welcome, sequence, body);
    }

    internal static byte[] TwoNumbers(MessageType type, uint sequence, uint first, uint second)
    {
        Span<byte> body = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(body, first);
        BinaryPrimitives.WriteUInt32LittleEndian(body[4..], second);
        return Packet(type, sequence, body);
    }
}
