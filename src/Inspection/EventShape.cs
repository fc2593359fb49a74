using System.Globalization;

namespace Pellicle.Inspection;

/// <summary>Hash of the set of member paths (not deeper than four, no values, at most 512): equal for events of one kind, whatever their order.</summary>
internal sealed class EventShape
{
    public const int MaxDepth = 4;
    public const ulong Seed = 14695981039346656037UL;

    private const int MaxPaths = 512;
    /// <summary>Elements of a list behind these have no part in the shape.</summary>
    public const int MaxElements = 8;

    private const ulong Prime = 1099511628211UL;

    /// <summary>A table for the thread's next event: the largest object that an inspection needs.</summary>
    [ThreadStatic]
    private static ulong[]? t_spare;

    // Open addressing; zero is an empty slot.
    private readonly ulong[] _seen = t_spare ?? new ulong[MaxPaths * 2];
    private int _count;
    private ulong _sum;

    public EventShape() => t_spare = null;

    /// <summary>The shape is not used any more.</summary>
    public void Release()
    {
        Array.Clear(_seen);
        t_spare = _seen;
    }

    public override string ToString() => (_sum ^ (ulong)_count).ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Maps whose keys are data (headers, query parameters): their keys differ from call to call and count as one.</summary>
    public static bool IsOpen(ReadOnlySpan<byte> name) => name.EndsWith("eaders"u8) || name.EndsWith("Parameters"u8) || name.EndsWith("ttributes"u8) || name.EndsWith("ookies"u8);

    public void Add(ulong path, int depth, bool open, ReadOnlySpan<byte> name)
    {
        if (depth >= MaxDepth || _count >= MaxPaths)
        {
            return;
        }

        var hash = Join(path, open ? "*"u8 : name);
        hash = hash == 0 ? 1 : hash;
        var slot = (int)(hash >> 32) & (_seen.Length - 1);
        while (_seen[slot] != 0)
        {
            if (_seen[slot] == hash)
            {
                return;
            }

            slot = (slot + 1) & (_seen.Length - 1);
        }

        _seen[slot] = hash;
        _count++;
        _sum += Mix(hash);
    }

    /// <summary>What a container inside another starts with.</summary>
    public void Below(ulong path, int depth, int index, bool open, ReadOnlySpan<byte> name, out ulong shape, out int shapeDepth)
    {
        // Behind an element the reader has already counted on: the first element has index one here.
        if (depth >= MaxDepth || index > MaxElements)
        {
            shape = path;
            shapeDepth = MaxDepth;
            return;
        }

        shape = index >= 0 ? Join(path, "[]"u8) : Join(path, open ? "*"u8 : name);
        shapeDepth = index >= 0 ? depth : depth + 1;
    }

    private static ulong Join(ulong hash, ReadOnlySpan<byte> name)
    {
        hash = (hash ^ '.') * Prime;
        foreach (var b in name)
        {
            hash = (hash ^ b) * Prime;
        }

        return hash;
    }

    // FNV's low bits are weak; sums of them would be, too.
    private static ulong Mix(ulong hash)
    {
        hash ^= hash >> 33;
        hash *= 0xff51afd7ed558ccdUL;
        return hash ^ (hash >> 33);
    }
}
