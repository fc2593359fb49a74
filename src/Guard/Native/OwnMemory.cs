using System.Globalization;

namespace Pellicle.Guard.Native;

/// <summary>Gives pages of the program's own file back that only its start needed; those still in use come back from the page cache one by one.</summary>
internal static unsafe class OwnMemory
{
    /// <summary>Answers how many bytes were mapped in the ranges that were let go.</summary>
    internal static long ReleaseCode()
    {
        var own = File.ResolveLinkTarget("/proc/self/exe", returnFinalTarget: false)?.FullName ?? throw new IOException("/proc/self/exe cannot be read");
        var released = 0L;
        (nuint Start, nuint Length) range = default;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            var first = line.AsSpan(0, Math.Max(0, line.IndexOf(' ', StringComparison.Ordinal)));
            if (!first.EndsWith(":"))
                range = line.EndsWith(own, StringComparison.Ordinal) && !line.Contains(" rw", StringComparison.Ordinal) ? Bounds(first) : default;
            // INVARIANT: only ranges in which no page differs from the file. Some were written to while the program was relocated and are read-only since.
            else if (range.Length > 0 && line.StartsWith("Anonymous:", StringComparison.Ordinal) && line.EndsWith(" 0 kB", StringComparison.Ordinal)
                && Libc.madvise((void*)range.Start, range.Length, Libc.MadvDontNeed) == 0)
                released += (long)range.Length;
        }
        return released;
    }

    private static (nuint Start, nuint Length) Bounds(ReadOnlySpan<char> range)
    {
        var dash = range.IndexOf('-');
        var start = nuint.Parse(range[..dash], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (start, nuint.Parse(range[(dash + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) - start);
    }
}
