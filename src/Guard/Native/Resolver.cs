using System.Net;
using System.Runtime.InteropServices;

namespace Pellicle.Guard.Native;

#pragma warning disable IDE1006, SYSLIB1054

/// <summary>Name look-up by the C library: no thread pool, no managed resolver.</summary>
internal static unsafe partial class Resolver
{
    [StructLayout(LayoutKind.Sequential)]
    private struct AddressInfo
    {
        internal int Flags, Family, SocketType, Protocol;
        internal uint AddressLength;
        internal byte* Address;
        internal byte* CanonicalName;
        internal AddressInfo* Next;
    }

    [LibraryImport("libc")]
    private static partial int getaddrinfo(byte* node, byte* service, AddressInfo* hints, AddressInfo** result);

    [LibraryImport("libc")]
    private static partial void freeaddrinfo(AddressInfo* result);

    /// <summary>First IPv4 address of a name.</summary>
    internal static IPAddress Resolve(string host)
    {
        var hints = new AddressInfo { Family = Libc.AfInet, SocketType = Libc.SockStream };
        AddressInfo* found = null;
        fixed (byte* node = Fd.CString(host))
        {
            var code = getaddrinfo(node, null, &hints, &found);
            if (code != 0 || found == null)
                throw new IOException($"cannot resolve `{host}` (code {code})");
        }
        var address = new IPAddress(new ReadOnlySpan<byte>(found->Address + 4, 4));
        freeaddrinfo(found);
        return address;
    }
}
