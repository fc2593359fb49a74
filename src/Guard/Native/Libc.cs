using System.Runtime.InteropServices;

namespace Pellicle.Guard.Native;

#pragma warning disable IDE1006, SYSLIB1054 // names are those of the C library

/// <summary>The system calls the guard makes itself. Raw descriptors: no socket engine, no extra threads, no finalizers on the hot path.</summary>
internal static unsafe partial class Libc
{
    internal const int AfUnix = 1, AfInet = 2;
    internal const int SockStream = 1, SockSeqPacket = 5, SockNonBlock = 0x800, SockCloExec = 0x80000;
    internal const int SolSocket = 1, SoReuseAddr = 2, SoPeerCred = 17, SoRcvTimeo = 20, SoSndTimeo = 21, ScmRights = 1;
    internal const int SoError = 4;
    internal const int IpProtoTcp = 6, TcpNoDelay = 1;
    internal const int EpollCtlAdd = 1, EpollCloExec = 0x80000;
    internal const uint EpollIn = 1, EpollRdHup = 0x2000, EpollEdge = 1u << 31;
    internal const short PollIn = 1, PollOut = 4, PollErr = 8, PollHup = 16, PollRdHup = 0x2000;
    internal const int MsgNoSignal = 0x4000, MsgDontWait = 0x40, MsgPeek = 2, MsgCmsgCloExec = 0x40000000;
    internal const int EIntr = 4, EAgain = 11, EInProgress = 115, EConnRefused = 111, EAcces = 13, EPerm = 1, ENoEnt = 2, EOwnerDead = 130;
    internal const int ProtRead = 1, ProtWrite = 2, MapShared = 1;
    internal const int MadvDontNeed = 4;
    internal const int ShutdownBoth = 2;
    internal const int SigKill = 9;
    internal const uint MfdCloExec = 1, MfdAllowSealing = 2;
    internal const int FAddSeals = 1033, FSealSeal = 1, FSealShrink = 2, FSealGrow = 4, FSealFutureWrite = 16;
    internal const int FGetFl = 3, FSetFl = 4, ONonBlock = 0x800;
    internal const int OReadOnly = 0, OCloExec = 0x80000, OPath = 0x200000;
    internal const int AtFdCwd = -100, AtSymlinkNoFollow = 0x100;
    internal const uint StatXBasic = 0x7FF;

    /// <summary>The same on every processor, unlike <c>struct stat</c>.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct StatX
    {
        [FieldOffset(20)]
        internal uint Uid;

        [FieldOffset(28)]
        internal ushort Mode;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        internal int Fd;
        internal short Events;
        internal short Revents;
    }

    /// <summary>Packed, as the x86-64 kernel has it; elsewhere with its natural gap.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 16)]
    internal struct EpollEvent
    {
        private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

        [FieldOffset(0)]
        internal uint Events;

        [FieldOffset(0)]
        private fixed byte _bytes[16];

        internal int Data
        {
            get
            {
                fixed (byte* p = _bytes)
                    return *(int*)(p + DataOffset);
            }
            set
            {
                fixed (byte* p = _bytes)
                    *(int*)(p + DataOffset) = value;
            }
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct IoVec
    {
        internal byte* Base;
        internal nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct MsgHdr
    {
        internal void* Name;
        internal uint NameLength;
        internal IoVec* Vectors;
        internal nuint VectorCount;
        internal void* Control;
        internal nuint ControlLength;
        internal int Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PeerCredentials
    {
        internal int Pid;
        internal uint Uid;
        internal uint Gid;
    }

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int bind(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int listen(int fd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int accept4(int fd, byte* address, uint* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int connect(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockname(int fd, byte* address, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getpeername(int fd, byte* address, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setsockopt(int fd, int level, int name, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockopt(int fd, int level, int name, void* value, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recv(int fd, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint send(int fd, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint sendmsg(int fd, MsgHdr* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recvmsg(int fd, MsgHdr* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int poll(PollFd* fds, nuint count, int timeoutMs);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_ctl(int epoll, int operation, int fd, EpollEvent* what);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_wait(int epoll, EpollEvent* events, int count, int timeoutMs);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int shutdown(int fd, int how);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int memfd_create(byte* name, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ftruncate(int fd, nint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial byte* mmap(void* address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int madvise(void* address, nuint length, int advice);

    [LibraryImport("libc")]
    internal static partial int mallopt(int parameter, int value);

    internal const int MArenaMax = -8;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int prctl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    internal const int PrSetDumpable = 4;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int munmap(void* address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int open(byte* path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint readlink(byte* path, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int statx(int folder, byte* path, int flags, uint mask, StatX* found);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint process_vm_readv(int pid, IoVec* local, nuint localCount, IoVec* remote, nuint remoteCount, nuint flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int execve(byte* path, byte** argv, byte** environment);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int pidfd_open(int pid, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int pipe2(int* fds, int flags);

    /// <summary>Pointer into the environment block of this process.</summary>
    [LibraryImport("libc")]
    internal static partial byte* getenv(byte* name);

    internal static int LastError => Marshal.GetLastPInvokeError();
}
