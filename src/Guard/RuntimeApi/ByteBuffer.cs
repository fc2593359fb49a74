using Pellicle.Guard.Native;

namespace Pellicle.Guard.RuntimeApi;

/// <summary>Bytes received from one descriptor and not yet used. Grows for a large message and shrinks after it.</summary>
internal sealed class ByteBuffer
{
    internal const int InitialBytes = 16 * 1024;
    private const int KeepBytes = 256 * 1024;

    private byte[] _bytes = new byte[InitialBytes];
    private int _start;
    private int _end;

    internal ReadOnlySpan<byte> Unread => _bytes.AsSpan(_start, _end - _start);

    internal ReadOnlyMemory<byte> UnreadMemory => _bytes.AsMemory(_start, _end - _start);

    internal int Count => _end - _start;

    internal void Skip(int count) => _start += count;

    internal void Clear() => _start = _end = 0;

    /// <summary>Makes sure that <paramref name="total"/> unread bytes fit without moving again.</summary>
    internal void Reserve(int total)
    {
        if (_bytes.Length - _start >= total)
            return;
        var target = _bytes.Length >= total ? _bytes : GC.AllocateUninitializedArray<byte>(total);
        Buffer.BlockCopy(_bytes, _start, target, 0, Count);
        (_bytes, _end, _start) = (target, Count, 0);
    }

    /// <summary>Adds bytes that did not come from a descriptor.</summary>
    internal void Append(ReadOnlySpan<byte> bytes)
    {
        Reserve(Count + bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_end));
        _end += bytes.Length;
    }

    /// <summary>One receive. 0 at the end of the stream, negative errno on failure; without <paramref name="wait"/> that is EAGAIN when there is nothing yet.</summary>
    internal int Receive(int fd, bool wait = true)
    {
        if (_start == _end)
            _start = _end = 0;
        if (_end == _bytes.Length)
            Reserve(Count < _bytes.Length ? Count + 1 : _bytes.Length * 2);
        if (_end == _bytes.Length)
            Reserve(_bytes.Length * 2);
        var got = Fd.Receive(fd, _bytes.AsSpan(_end), wait ? 0 : Libc.MsgDontWait);
        if (got > 0)
            _end += got;
        return got;
    }

    /// <summary>Gives back the memory of a large message.</summary>
    internal void Trim()
    {
        if (_bytes.Length <= KeepBytes || Count > InitialBytes)
            return;
        var small = new byte[InitialBytes];
        Unread.CopyTo(small);
        Inspection.UnusedMemory.GiveBack(_bytes);
        (_end, _start, _bytes) = (Count, 0, small);
    }

    /// <summary>Gives back all memory; the buffer is empty afterwards.</summary>
    internal void Free()
    {
        Clear();
        Inspection.UnusedMemory.GiveBack(_bytes);
    }
}
