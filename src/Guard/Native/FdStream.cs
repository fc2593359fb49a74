using System.Diagnostics;

namespace Pellicle.Guard.Native;

/// <summary>A blocking stream over a connected descriptor. What is read and written has one time together: a time-out of each piece alone would never end with a peer that sends byte by byte.</summary>
internal sealed class FdStream(int fd) : Stream
{
    private readonly Lock _gate = new();
    private int _fd = fd;
    private long _deadline = Stopwatch.GetTimestamp();

    /// <summary>From now on there are this many milliseconds.</summary>
    internal void Within(int milliseconds) => _deadline = Stopwatch.GetTimestamp() + (milliseconds * Stopwatch.Frequency / 1000);

    /// <summary>From another thread: whoever waits here for the peer gets an error at once.</summary>
    internal void Abort()
    {
        lock (_gate)
        {
            if (_fd >= 0)
                _ = Libc.shutdown(_fd, Libc.ShutdownBoth);
        }
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        Allow();
        var got = Fd.Receive(_fd, buffer);
        return got >= 0 ? got : throw new IOException($"receive: errno {-got}");
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Allow();
        if (!Fd.SendAll(_fd, buffer))
            throw Fd.Error("send");
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Nothing is buffered here.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Allow()
    {
        var left = (_deadline - Stopwatch.GetTimestamp()) * 1000 / Stopwatch.Frequency;
        if (left <= 0)
            throw new IOException("the peer takes too long");
        Fd.SetTimeouts(_fd, (int)left);
    }

    protected override void Dispose(bool disposing)
    {
        // INVARIANT: closed under the lock, or `Abort` could meet another's socket of the same number.
        lock (_gate)
        {
            if (_fd >= 0)
                _ = Libc.close(_fd);
            _fd = -1;
        }
        base.Dispose(disposing);
    }
}
