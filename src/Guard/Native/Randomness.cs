namespace Pellicle.Guard.Native;

/// <summary>Random bytes of the kernel. Not from OpenSSL, whose start costs more than the guard's; and fresh after a snapshot was restored.</summary>
internal static class Randomness
{
    internal static void Fill(Span<byte> into)
    {
        using var random = File.OpenRead("/dev/urandom");
        random.ReadExactly(into);
    }

    internal static ulong Number()
    {
        Span<byte> bytes = stackalloc byte[8];
        Fill(bytes);
        return BitConverter.ToUInt64(bytes);
    }
}
