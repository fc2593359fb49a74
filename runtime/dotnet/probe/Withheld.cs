using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pellicle.Probe;

/// <summary>
/// Takes the code out of an assembly that was just loaded from bytes or a file. The runtime has only its description so far, in memory of the process's own, and reads it when a type is first
/// asked for: a method without a body is an exception then, in whoever wanted it.
/// </summary>
internal static unsafe class Withheld
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    /// <summary>False when it cannot be done; nothing is known of the assembly then.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)] // its types are loaded only when it runs
    internal static bool Empty(Assembly assembly)
    {
        try
        {
            return assembly.TryGetRawMetadata(out var start, out var length) && Clear(start, length) && !HasCode(assembly);
        }
        catch (Exception error) when (error is BadImageFormatException or NotSupportedException or DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Rows of MethodDef begin with the place of the body (4 bytes), how it is implemented (2) and its flags (2): ECMA-335, II.22.26.</summary>
    private static bool Clear(byte* start, int length)
    {
        const int Abstract = 0x0400, Imported = 0x2000;
        var reader = new MetadataReader(start, length);
        var (offset, row, rows) = (reader.GetTableMetadataOffset(TableIndex.MethodDef), reader.GetTableRowSize(TableIndex.MethodDef), reader.GetTableRowCount(TableIndex.MethodDef));
        var page = (nuint)Environment.SystemPageSize;
        var from = (nuint)(start + offset) & ~(page - 1);
        var size = (nuint)(start + offset + (row * rows)) - from;
        if (offset + ((long)row * rows) > length || (rows > 0 && Protect((void*)from, size, ReadAndWrite) != 0 && !Replace((byte*)from, (size + page - 1) & ~(page - 1))))
            return false;
        for (var method = start + offset; rows > 0; rows--, method += row)
        {
            *(uint*)method = 0;
            *(ushort*)(method + 4) = 0;
            *(ushort*)(method + 6) &= unchecked((ushort)~(Abstract | Imported));
        }
        return true;
    }

    /// <summary>A file is there as it lies on the disk, and nobody may write to it: a copy takes its place.</summary>
    private static bool Replace(byte* from, nuint size)
    {
        var copy = new ReadOnlySpan<byte>(from, (int)size).ToArray();
        if (Map(from, size, ReadAndWrite, 0x32 /* here, private, no file's */, -1, 0) != from)
            return false;
        copy.CopyTo(new Span<byte>(from, (int)size));
        return true;
    }

    private static bool HasCode(Assembly assembly)
    {
        IEnumerable<Type?> types;
        try
        {
            types = assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException error)
        {
            types = error.Types;
        }
        return types.Any(t => t is not null && (t.GetMethods(Declared).Any(m => m.GetMethodBody() is not null) || t.GetConstructors(Declared).Any(c => c.GetMethodBody() is not null)));
    }

    private const int ReadAndWrite = 3;

    [DllImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static extern byte* Map(byte* start, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libSystem.Native", EntryPoint = "SystemNative_MProtect", SetLastError = true)]
    private static extern int Protect(void* start, nuint length, int protection);
}
