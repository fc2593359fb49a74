using System.Collections;

namespace Pellicle.Inspection;

/// <summary>
/// An event's bytes in a buffer of their own, followed by zero bytes and by room to decode into. The buffer is the inspection's until somebody has asked for the texts or
/// <see cref="Release"/> gives it to the next event.
/// </summary>
internal sealed class EventCopy
{
    /// <summary>Zero bytes behind the event: no search runs past them, and vectors may be read over its end, <see cref="Detectors.Clean.Behind"/> bytes at the most.</summary>
    public const int Padding = 80;

    /// <summary>Larger buffers are not kept.</summary>
    private const int MaxKept = 512 * 1024;

    /// <summary>Bytes to begin with for the texts of a turn after the first: those of the event are many, then, and each is short.</summary>
    private const int LaterRoom = 1 << 20;

    private static byte[]? s_spare;

    private readonly Lock _releasing = new();
    private byte[]? _bytes;

    public EventCopy(ReadOnlySpan<byte> json)
    {
        // Escapes, forms and base64 become shorter; what is nested in itself more than twice goes to the reader.
        var size = (json.Length * 3) + (Padding * 16);
        var spare = Interlocked.Exchange(ref s_spare, null);
        _bytes = spare?.Length >= size ? spare : GC.AllocateUninitializedArray<byte>(size);
        Length = json.Length;
        json.CopyTo(_bytes);
        _bytes.AsSpan(Length, Padding).Clear();
    }

    public int Length { get; }

    /// <summary>Only before anybody else knows of the copy.</summary>
    public byte[] Bytes => _bytes!;

    /// <summary>A larger buffer in place of this one, with what stood in the old one up to a place; only before anybody else knows of the copy.</summary>
    /// <param name="used">Bytes that are kept.</param>
    /// <param name="length">Of the new buffer.</param>
    public byte[] Grow(int used, int length)
    {
        var larger = GC.AllocateUninitializedArray<byte>(length);
        Bytes.AsSpan(0, used).CopyTo(larger);
        return _bytes = larger;
    }

    /// <summary>Reads the texts of one turn out of the event, and gives the buffer away when there are no more behind them; none when that was done before.</summary>
    /// <param name="options">How many at once.</param>
    /// <param name="turn">From 0.</param>
    /// <param name="more">Whether there is another turn.</param>
    public IReadOnlyList<EventText> Texts(InspectionOptions options, int turn, out bool more)
    {
        lock (_releasing)
        {
            more = false;
            if (_bytes is null)
            {
                return [];
            }

            var texts = new EventTexts(Math.Min(Length, turn == 0 ? options.MaxTextLength * 8 : LaterRoom) + 64);
            var reader = new EventReader(options, new Silent(texts), texts, turn * options.MaxKept);
            reader.Read(_bytes.AsSpan(0, Length));
            reader.Shape.Release();
            more = reader.More;
            if (turn == 0 && !more)
            {
                Release();
            }

            return texts;
        }
    }

    /// <summary>The event was inspected: what was decoded on the way is not needed any more, only the event itself.</summary>
    public void Inspected()
    {
        lock (_releasing)
        {
            if (_bytes is { Length: > MaxKept })
            {
                UnusedMemory.GiveBack(_bytes, Length);
            }
        }
    }

    /// <summary>The texts are not asked for any more.</summary>
    public void Release()
    {
        lock (_releasing)
        {
            if (_bytes is { Length: <= MaxKept })
            {
                s_spare = _bytes;
            }
            else if (_bytes is not null)
            {
                UnusedMemory.GiveBack(_bytes);
            }

            _bytes = null;
        }
    }

    /// <summary>Detects nothing, and keeps what sinks are compared with.</summary>
    private sealed class Silent(EventTexts texts) : IEventSink
    {
        public string? Text(int step, ReadOnlySpan<byte> text) => null;

        public bool IsTelling(ReadOnlySpan<byte> name) => EventTexts.IsUsable(name);

        public void Name(int step, ReadOnlySpan<byte> name) => texts.AddName(step, name);
    }
}

/// <summary>
/// Texts of an event that come into being when somebody asks for them: most events never meet a sink. What is counted and has an index are those of the first turn;
/// who goes through them gets all.
/// </summary>
internal sealed class LazyTexts(EventCopy copy, InspectionOptions options) : IReadOnlyList<EventText>
{
    private readonly Lock _reading = new();
    private IReadOnlyList<EventText>? _texts;
    private bool _more;

    public int Count => Read().Count;

    public EventText this[int index] => Read()[index];

    public IEnumerator<EventText> GetEnumerator()
    {
        var first = Read();
        return _more ? Turns(first).GetEnumerator() : first.GetEnumerator();
    }

    private IEnumerable<EventText> Turns(IReadOnlyList<EventText> texts)
    {
        var more = true;
        for (var turn = 1; texts.Count > 0; turn++)
        {
            foreach (var text in texts)
            {
                yield return text;
            }

            texts = more ? copy.Texts(options, turn, out more) : [];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Release() => copy.Release();

    /// <summary>Keeps only what the texts are made from.</summary>
    public void Rest()
    {
        lock (_reading)
        {
            (_texts as EventTexts)?.Rest();
            _texts = _more ? null : _texts;
        }
    }

    private IReadOnlyList<EventText> Read()
    {
        lock (_reading)
        {
            return _texts ??= copy.Texts(options, 0, out _more);
        }
    }
}
