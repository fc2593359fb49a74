namespace Pellicle.Guard.RuntimeApi;

/// <summary>Follows a body through the stream and says where the message ends: by length, by chunks with trailers, or by the close of the stream. Changes nothing.</summary>
internal struct BodyTracker
{
    private enum Step : byte { Data, Size, SizeExtension, ChunkEnd, TrailerStart, TrailerLine, TrailerEnd, Done, Bad }

    private long _remaining;
    private Step _step;
    private bool _chunked;
    private bool _untilClose;
    private bool _anyDigit;

    internal static BodyTracker OfLength(long length) => new() { _remaining = length, _step = length == 0 ? Step.Done : Step.Data };

    internal static BodyTracker Chunked() => new() { _chunked = true, _step = Step.Size };

    internal static BodyTracker UntilClose() => new() { _untilClose = true, _step = Step.Data };

    /// <summary>default(BodyTracker) has no body.</summary>
    internal readonly bool Done => _step == Step.Done || (!_chunked && !_untilClose && _remaining == 0);

    internal readonly bool Bad => _step == Step.Bad;

    internal readonly bool IsUntilClose => _untilClose;

    internal readonly bool IsChunked => _chunked;

    /// <summary>Bytes still to come of a body with a known length.</summary>
    internal readonly long Remaining => _chunked || _untilClose ? -1 : _remaining;

    /// <summary>Bytes still to come of the chunk under way, as far as they are known.</summary>
    internal readonly long ChunkRemaining => _chunked && _step == Step.Data ? _remaining : 0;

    /// <summary>How many of <paramref name="data"/> belong to this message. With <paramref name="content"/>, chunk payloads are copied there.</summary>
    internal int Consume(ReadOnlySpan<byte> data, List<byte>? content = null)
    {
        if (!_chunked)
        {
            if (_untilClose)
                return data.Length;
            var used = (int)Math.Min(_remaining, data.Length);
            _remaining -= used;
            return used;
        }
        var i = 0;
        while (i < data.Length && _step is not (Step.Done or Step.Bad))
        {
            if (_step == Step.Data)
            {
                var take = (int)Math.Min(_remaining, data.Length - i);
                content?.AddRange(data.Slice(i, take));
                i += take;
                if ((_remaining -= take) == 0)
                    _step = Step.ChunkEnd;
                continue;
            }
            Framing(data[i++]);
        }
        return i;
    }

    /// <summary>
    /// What a chunked body holds that has come in whole. Lambda's own core sends every event of more than 2 KB as one chunk: that is taken as it lies there. Several are put together in
    /// <paramref name="pieces"/>, whose bytes the answer then is.
    /// </summary>
    internal static ReadOnlyMemory<byte> Payload(ReadOnlyMemory<byte> body, ByteBuffer pieces)
    {
        var tracker = Chunked();
        ReadOnlyMemory<byte> first = default;
        pieces.Clear();
        for (var at = 0; at < body.Length && tracker._step is not (Step.Done or Step.Bad);)
        {
            if (tracker._step != Step.Data)
            {
                tracker.Framing(body.Span[at++]);
                continue;
            }
            var piece = body.Slice(at, (int)Math.Min(tracker._remaining, body.Length - at));
            at += piece.Length;
            (tracker._step, tracker._remaining) = (Step.ChunkEnd, 0);
            if (first.IsEmpty)
            {
                first = piece;
                continue;
            }
            if (pieces.Count == 0)
            {
                pieces.Reserve(body.Length);
                pieces.Append(first.Span);
            }
            pieces.Append(piece.Span);
        }
        return pieces.Count == 0 ? first : pieces.UnreadMemory;
    }

    private void Framing(byte c)
    {
        switch (_step)
        {
            case Step.Size:
                if (char.IsAsciiHexDigit((char)c) && _remaining < 1L << 48)
                {
                    _remaining = _remaining * 16 + HexValue(c);
                    _anyDigit = true;
                }
                else if (c == '\n')
                    EndOfSize();
                else if (c is (byte)';' or (byte)' ' or (byte)'\t' or (byte)'\r')
                    _step = Step.SizeExtension;
                else
                    _step = Step.Bad;
                break;
            case Step.SizeExtension:
                if (c == '\n')
                    EndOfSize();
                break;
            case Step.ChunkEnd:
                if (c == '\n')
                    (_step, _remaining, _anyDigit) = (Step.Size, 0, false);
                else if (c != '\r')
                    _step = Step.Bad;
                break;
            case Step.TrailerStart:
                _step = c switch { (byte)'\r' => Step.TrailerEnd, (byte)'\n' => Step.Done, _ => Step.TrailerLine };
                break;
            case Step.TrailerLine:
                if (c == '\n')
                    _step = Step.TrailerStart;
                break;
            case Step.TrailerEnd:
                _step = c == '\n' ? Step.Done : Step.Bad;
                break;
            case Step.Data or Step.Done or Step.Bad:
                break;
        }
    }

    private static int HexValue(byte c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;

    private void EndOfSize() => _step = !_anyDigit ? Step.Bad : _remaining == 0 ? Step.TrailerStart : Step.Data;
}
