using Pellicle.Guard.Native;
using static Pellicle.Guard.Native.Libc;

namespace Pellicle.Guard.Channel;

/// <summary>A sealed memfd mapped here and handed to the processes of the function.</summary>
internal sealed unsafe class SharedRegion
{
    internal const int Bytes = 1024 * 1024;

    /// <param name="name">Shown in <c>/proc/pid/maps</c>.</param>
    /// <param name="readOnlyForOthers">Others can map it for reading only, whatever descriptor they hold.</param>
    internal SharedRegion(string name, bool readOnlyForOthers)
    {
        fixed (byte* p = Fd.CString(name))
            Descriptor = memfd_create(p, MfdCloExec | MfdAllowSealing);
        if (Descriptor < 0 || ftruncate(Descriptor, Bytes) != 0)
            throw Fd.Error($"memfd {name}");
        Base = mmap(null, Bytes, ProtRead | ProtWrite, MapShared, Descriptor, 0);
        if (Base == (byte*)-1)
            throw Fd.Error($"map {name}");
        // Our own writable mapping exists already and stays; FUTURE_WRITE (Linux 5.1) only forbids new ones.
        Sealed = fcntl(Descriptor, FAddSeals, FSealShrink | FSealGrow | FSealSeal | (readOnlyForOthers ? FSealFutureWrite : 0)) == 0;
        if (!Sealed)
            _ = fcntl(Descriptor, FAddSeals, FSealShrink | FSealGrow | FSealSeal);
        Shared = readOnlyForOthers ? ReadOnlyDescriptor() : Descriptor;
    }

    internal byte* Base { get; }

    internal int Descriptor { get; }

    /// <summary>The descriptor that is passed on.</summary>
    internal int Shared { get; }

    /// <summary>False when the kernel knows no such seal; then only the read-only descriptor protects the region.</summary>
    internal bool Sealed { get; }

    private int ReadOnlyDescriptor()
    {
        fixed (byte* path = Fd.CString($"/proc/self/fd/{Descriptor}"))
        {
            var fd = open(path, OReadOnly | OCloExec, 0);
            return fd >= 0 ? fd : Descriptor;
        }
    }
}
