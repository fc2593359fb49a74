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

    /// <summary>Reads the texts out of the event and gives the buffer away; none when that was done before.</summary>
    public IReadOnlyList<EventText> Texts(InspectionOptions options)
    {
        lock (_releasing)
        {
            if (_bytes is null)
            {
                return [];
            }

            var texts = new EventTexts(Math.Min(Length, options.MaxTextLength * 8) + 64);
            var reader = new EventReader(options, new Silent(), texts);
            reader.Read(_bytes.AsSpan(0, Length));
            reader.Shape.Release();
            Release();
            return texts;
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

            _bytes = null;
        }
    }

    private sealed class Silent : IEventSink
    {
        public string? Text(int step, ReadOnlySpan<byte> text) => null;

        public bool IsTelling(ReadOnlySpan<byte> name) => false;

        public void Name(int step, ReadOnlySpan<byte> name)
        {
        }
    }
}

/// <summary>Texts of an event that come into being when somebody asks for them: most events never meet a sink.</summary>
internal sealed class LazyTexts(EventCopy copy, InspectionOptions options) : IReadOnlyList<EventText>
{
    private readonly Lock _reading = new();
    private IReadOnlyList<EventText>? _texts;

    public int Count => Read().Count;

    public EventText this[int index] => Read()[index];

    public IEnumerator<EventText> GetEnumerator() => Read().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Release() => copy.Release();

    private IReadOnlyList<EventText> Read()
    {
        lock (_reading)
        {
            return _texts ??= copy.Texts(options);
        }
    }
}
