using System.IO.MemoryMappedFiles;

namespace Pellicle.Scanning.Advisories;

/// <summary>A whole file in memory, read on demand by the operating system. The file may be replaced (renamed over) meanwhile.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* start;
    private readonly int length;
    private bool disposed;

    public MappedFile(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        length = stream.Length is > 0 and <= int.MaxValue ? (int)stream.Length : throw new InvalidDataException($"`{path}` is empty or larger than 2 GiB");
        file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
    }

    public ReadOnlySpan<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return new ReadOnlySpan<byte>(start + view.PointerOffset, length);
        }
    }

    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            file.Dispose();
        }
    }
}
