using System.Runtime.InteropServices;

namespace Pellicle.Inspection;

/// <summary>Gives the memory behind what is not read any more back to the system without waiting for the collector, which finds a large array late.</summary>
public static unsafe class UnusedMemory
{
    private const int DontNeed = 4;

    /// <summary>Afterwards the array may hold zeros in place of what stood there; nobody may read or write it meanwhile.</summary>
    /// <param name="array">Of which a part is not needed.</param>
    /// <param name="from">Index of the first byte of that part, which goes on to the array's end.</param>
    public static void GiveBack(byte[] array, int from = 0)
    {
        ArgumentNullException.ThrowIfNull(array);
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var page = (nuint)Environment.SystemPageSize;
        fixed (byte* bytes = array)
        {
            // INVARIANT: only whole pages, so that neither the array's own head nor what lies behind it is touched.
            var start = ((nuint)bytes + (nuint)from + page - 1) & ~(page - 1);
            var end = ((nuint)bytes + (nuint)array.Length) & ~(page - 1);
            if (start < end)
            {
                _ = madvise((void*)start, end - start, DontNeed);
            }
        }
    }

    [DllImport("libc")]
    private static extern int madvise(void* address, nuint length, int advice);
}
