using System.Buffers.Binary;
using static Pellicle.Guard.Native.Libc;

namespace Pellicle.Guard.Native;

/// <summary>Asks the kernel for one TCP socket (sock_diag(7)). The table in /proc would be walked as a whole.</summary>
internal static unsafe class SocketDiagnosis
{
    private const int AfNetlink = 16, SockRaw = 3, NetlinkSockDiag = 4;
    private const ushort SockDiagByFamily = 20, FlagRequest = 1;
    private const int HeaderBytes = 16, RequestBytes = 56, AnswerBytes = 72, InodeAt = HeaderBytes + AnswerBytes - 4;
    private const int TimeoutMs = 100;

    /// <summary>Inode of the loopback socket with these ports; null when there is none, or the kernel does not answer such questions.</summary>
    internal static uint? Inode(int localPort, int remotePort)
    {
        var fd = socket(AfNetlink, SockRaw | SockCloExec, NetlinkSockDiag);
        if (fd < 0)
            return null;
        try
        {
            Fd.SetTimeouts(fd, TimeoutMs);
            var request = stackalloc byte[HeaderBytes + RequestBytes];
            Write(new Span<byte>(request, HeaderBytes + RequestBytes), localPort, remotePort);
            // Longer than any answer to such a question, so that a cut one is noticed.
            var answer = stackalloc byte[1024];
            if (send(fd, request, HeaderBytes + RequestBytes, 0) < 0 || recv(fd, answer, 1024, 0) is var got && got < HeaderBytes + AnswerBytes)
                return null;
            var read = new ReadOnlySpan<byte>(answer, (int)got);
            // An error message has another type.
            return BinaryPrimitives.ReadUInt16LittleEndian(read[4..]) == SockDiagByFamily && BinaryPrimitives.ReadUInt32LittleEndian(read[InodeAt..]) is var inode and not 0 ? inode : null;
        }
        finally
        {
            _ = close(fd);
        }
    }

    private static void Write(Span<byte> to, int localPort, int remotePort)
    {
        to.Clear();
        // nlmsghdr: length, type, flags, sequence, port id.
        BinaryPrimitives.WriteInt32LittleEndian(to, to.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(to[4..], SockDiagByFamily);
        BinaryPrimitives.WriteUInt16LittleEndian(to[6..], FlagRequest);
        // inet_diag_req_v2: family, protocol, what else to tell, padding, states; then the socket: ports, addresses of 16 bytes, interface, cookie (-1: any).
        var request = to[HeaderBytes..];
        request[0] = AfInet;
        request[1] = IpProtoTcp;
        BinaryPrimitives.WriteInt32LittleEndian(request[4..], -1);
        BinaryPrimitives.WriteUInt16BigEndian(request[8..], (ushort)localPort);
        BinaryPrimitives.WriteUInt16BigEndian(request[10..], (ushort)remotePort);
        ReadOnlySpan<byte> loopback = [127, 0, 0, 1];
        loopback.CopyTo(request[12..]);
        loopback.CopyTo(request[28..]);
        BinaryPrimitives.WriteInt64LittleEndian(request[48..], -1);
    }
}
