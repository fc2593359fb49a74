using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Pellicle.Scanning.Archives;

/// <summary>Bytes that can be read at any position, by several threads at once.</summary>
internal abstract class ByteSource : IDisposable
{
    public abstract long Length { get; }

    /// <summary>Reads until the buffer is full or the end is reached; returns how many bytes.</summary>
    public abstract int Read(long offset, Span<byte> buffer);

    public virtual void Dispose()
    {
    }
}

internal sealed class FileByteSource(SafeFileHandle handle) : ByteSource
{
    public override long Length { get; } = RandomAccess.GetLength(handle);

    public override int Read(long offset, Span<byte> buffer)
    {
        // Positions come from what is scanned: beyond the end the system refuses some of them with an exception.
        var total = 0;
        while (offset >= 0 && offset < Length && total < buffer.Length)
        {
            var read = RandomAccess.Read(handle, buffer[total..], offset + total);
            if (read == 0)
            {
                break;
            }

            total += read;
        }

        return total;
    }

    public override void Dispose() => handle.Dispose();
}

internal sealed class MemoryByteSource(ReadOnlyMemory<byte> bytes) : ByteSource
{
    public override long Length => bytes.Length;

    public override int Read(long offset, Span<byte> buffer)
    {
        if (offset < 0 || offset >= bytes.Length)
        {
            return 0;
        }

        var count = (int)Math.Min(buffer.Length, bytes.Length - offset);
        bytes.Span.Slice((int)offset, count).CopyTo(buffer);
        return count;
    }
}

/// <summary>A part of another source, which stays open and belongs to someone else.</summary>
internal sealed class PartByteSource(ByteSource whole, long start, long length) : ByteSource
{
    public override long Length => length;

    public override int Read(long offset, Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, length - offset);
        return offset < 0 || count <= 0 ? 0 : whole.Read(start + offset, buffer[..(int)count]);
    }
}

/// <summary>Bytes in a pooled array, given back at the end.</summary>
internal sealed class PooledByteSource(byte[] rented, int length) : ByteSource
{
    private readonly MemoryByteSource bytes = new(rented.AsMemory(0, length));
    private bool disposed;

    public override long Length => length;

    public override int Read(long offset, Span<byte> buffer) => bytes.Read(offset, buffer);

    public override void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}

/// <summary>A part of a source as a forward stream, for the inflater.</summary>
internal sealed class ByteSourceStream(ByteSource bytes, long start, long length) : Stream
{
    private long position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get => position; set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        var read = bytes.Read(start + position, buffer[..(int)Math.Min(buffer.Length, length - position)]);
        position += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
