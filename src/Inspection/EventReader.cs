using System.Buffers;
using System.Buffers.Text;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Pellicle.Inspection;

/// <summary>Receives what an event says as it is read.</summary>
internal interface IEventSink
{
    /// <summary>A text that somebody outside can choose. Returns it as a string when one was needed.</summary>
    string? Text(int step, ReadOnlySpan<byte> text);

    /// <summary>The name of a member in a part that an outsider writes (operators such as <c>$ne</c>, <c>__proto__</c>), or of a form field.</summary>
    bool IsTelling(ReadOnlySpan<byte> name);

    /// <summary>A name for which <see cref="IsTelling"/> said yes.</summary>
    void Name(int step, ReadOnlySpan<byte> name);
}

/// <summary>Names a field.</summary>
internal interface IPlace
{
    /// <summary><c>Records[0].s3.object.key</c></summary>
    string Field(int step);
}

/// <summary>Takes an event apart in one pass over its bytes: its source, the texts somebody outside can choose (decoded), and its shape.</summary>
/// <param name="options">Limits.</param>
/// <param name="sink">Is shown every text, kept or not.</param>
/// <param name="texts">Where the texts are kept, <see cref="InspectionOptions.MaxKept"/> of them.</param>
/// <param name="skip">Texts that were kept in an earlier turn.</param>
internal sealed class EventReader(InspectionOptions options, IEventSink sink, EventTexts texts, int skip = 0)
{
    /// <summary>Some runtimes read documents of any depth; what costs no more than its bytes is read, too.</summary>
    private const int MaxDepth = 64 * 1024;

    /// <summary>Bytes of a compressed part, to begin with.</summary>
    private const int FirstUnfolded = 64 * 1024;

    /// <summary>Room to begin with; few events have a tenth.</summary>
    private const int UsualDepth = 64;

    /// <summary>Texts that look like documents and are none. Each costs an exception; more of them than the platform takes headers would stand before a body to no purpose but that.</summary>
    private const int MaxMistaken = 4096;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };
    private static readonly JsonReaderOptions Lenient = new() { MaxDepth = MaxDepth, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private int _characters;
    private int _seen;
    private int _unfolded;
    private int _mistaken;
    private int _containers;
    private bool _encodedBody;
    private SourceGroup _group;

    public string Source { get; private set; } = "unknown";

    public bool Full { get; private set; } = true;

    /// <summary>There are texts behind those that are kept.</summary>
    public bool More => _seen - skip > options.MaxKept;

    public EventShape Shape { get; } = new();

    /// <summary>One open object or array.</summary>
    private struct Frame
    {
        /// <summary>Path step of this container; -1 at the root.</summary>
        public int Step;

        /// <summary>Place of the current member's name in the document.</summary>
        public int NameStart;
        public int NameLength;

        /// <summary>Index of the current element, or -1 in an object.</summary>
        public int Index;
        public KnownField? Known;
        public ulong Shape;
        public int ShapeDepth;
        public bool Open;
    }

    public void Read(ReadOnlySpan<byte> json)
    {
        try
        {
            Source = EventSources.Recognise(json, Options, out _encodedBody);
            _group = EventSources.GroupOf(Source, EventSources.IsBatch(Source));
            ReadDocument(json, -1, 0, Options);
        }
        catch (JsonException)
        {
            // Not JSON, or too deep: the whole is one text of unknown origin too, and the verdict says that it was not read in full.
            Full = false;
            var length = Math.Min(json.Length, options.MaxTextLength);
            json[..length].CopyTo(texts.Room(length));
            Keep(-1, texts.Take(length), length);
        }
    }

    private void ReadDocument(ReadOnlySpan<byte> json, int step, int nesting, JsonReaderOptions readerOptions)
    {
        var reader = new Utf8JsonReader(json, readerOptions);
        var rented = ArrayPool<Frame>.Shared.Rent(UsualDepth + 1);
        var frames = rented;
        try
        {
            ReadTokens(ref reader, json, ref frames, step, nesting);
        }
        finally
        {
            ArrayPool<Frame>.Shared.Return(rented); // what they point to lives as long as the program
        }
    }

    private void ReadTokens(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ref Frame[] frames, int root, int nesting)
    {
        var depth = -1;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    if (!Member(ref reader, ref frames[depth], nesting))
                    {
                        reader.Skip();
                    }

                    break;
                case JsonTokenType.StartObject:
                case JsonTokenType.StartArray:
                    if (++_containers > options.MaxTexts * 4)
                    {
                        Full = false;
                        return;
                    }

                    Frame next = default;
                    if (depth < 0)
                    {
                        next.Step = root;
                        next.Known = nesting == 0 ? EventSources.Fields : null;
                        next.ShapeDepth = nesting == 0 ? 0 : EventShape.MaxDepth;
                        next.Shape = EventShape.Seed;
                    }
                    else
                    {
                        ref var frame = ref frames[depth];
                        Element(ref frame);
                        next.Step = StepOf(ref frame, json);
                        next.Known = KnownOf(frame, json);
                        Shape.Below(frame.Shape, frame.ShapeDepth, frame.Index, frame.Open, Name(frame, json), out next.Shape, out next.ShapeDepth);
                        next.Open = frame.Index < 0 && EventShape.IsOpen(Name(frame, json));
                    }

                    next.Index = reader.TokenType == JsonTokenType.StartArray ? 0 : -1;
                    next.NameStart = -1;
                    if (++depth == frames.Length)
                    {
                        Array.Resize(ref frames, depth * 2);
                    }

                    frames[depth] = next;
                    break;
                case JsonTokenType.EndObject:
                case JsonTokenType.EndArray:
                    depth--;
                    break;
                case JsonTokenType.String:
                    if (depth >= 0)
                    {
                        Element(ref frames[depth]);
                    }

                    if (reader.ValueSpan.Length > 0)
                    {
                        if (!Room())
                        {
                            return;
                        }

                        var here = texts.Here();
                        String(ref reader, json, frames, depth, root, nesting);
                        texts.Forget(here);
                    }

                    break;
                default:
                    if (depth >= 0)
                    {
                        Element(ref frames[depth]);
                    }

                    break;
            }
        }
    }

    /// <summary>Moves to the next element of an array; <see cref="Frame.NameLength"/> holds the current one.</summary>
    private static void Element(ref Frame frame)
    {
        if (frame.Index >= 0)
        {
            frame.NameLength = frame.Index++;
        }
    }

    /// <summary>False when what follows is the platform's own.</summary>
    private bool Member(ref Utf8JsonReader reader, ref Frame frame, int nesting)
    {
        var name = reader.ValueSpan;
        frame.NameStart = (int)reader.TokenStartIndex + 1;
        frame.NameLength = name.Length;
        if (frame.ShapeDepth < EventShape.MaxDepth)
        {
            Shape.Add(frame.Shape, frame.ShapeDepth, frame.Open, name);
        }

        if (nesting == 0 && frame.Known?.Member(name) is { } known && (known.Platform & _group) != 0)
        {
            return false;
        }

        if (sink.IsTelling(name))
        {
            var step = StepOf(frame.Step, reader.ValueIsEscaped, name);
            sink.Name(step, Unescaped(name, reader.ValueIsEscaped));
        }

        return true;
    }

    private ReadOnlySpan<byte> Unescaped(ReadOnlySpan<byte> text, bool escaped)
    {
        if (!escaped)
        {
            return text;
        }

        var room = texts.Room(text.Length);
        return room[..Decoding.Unescape(text, room)];
    }

    private static ReadOnlySpan<byte> Name(in Frame frame, ReadOnlySpan<byte> json) => frame.Index >= 0 || frame.NameStart < 0 ? default : json.Slice(frame.NameStart, frame.NameLength);

    private int StepOf(ref Frame frame, ReadOnlySpan<byte> json) =>
        frame.Index >= 0 ? texts.Step(frame.Step, frame.NameLength) : StepOf(frame.Step, Name(frame, json).Contains((byte)'\\'), Name(frame, json));

    private int StepOf(int parent, bool escaped, ReadOnlySpan<byte> name)
    {
        if (!escaped)
        {
            return texts.Step(parent, name);
        }

        var plain = new byte[name.Length];
        return texts.Step(parent, plain.AsSpan(0, Decoding.Unescape(name, plain)));
    }

    private static KnownField? KnownOf(in Frame frame, ReadOnlySpan<byte> json) =>
        frame.Known is null ? null : frame.Index >= 0 ? frame.Known.Element : frame.Known.Member(Name(frame, json));

    private void String(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Frame[] frames, int depth, int root, int nesting)
    {
        var value = reader.ValueSpan;
        if (value.Length > options.MaxTextLength * 2)
        {
            Full = false;
            value = value[..(options.MaxTextLength * 2)];
        }

        var step = depth < 0 ? root : StepOf(ref frames[depth], json);
        var room = texts.Room(value.Length);
        int length;
        if (reader.ValueIsEscaped)
        {
            length = Decoding.Unescape(value, room);
        }
        else
        {
            value.CopyTo(room);
            length = value.Length;
        }

        var start = texts.Take(length);
        var encoding = FieldEncoding.None;
        var form = false;
        if (depth >= 0)
        {
            var name = Name(frames[depth], json);
            form = name.EndsWith("body"u8) || name.SequenceEqual("rawQueryString"u8);
            if (nesting == 0 && KnownOf(frames[depth], json) is { } known && (known.EncodedIn & _group) != 0)
            {
                encoding = known.Encoding;
            }
            else if (_encodedBody && nesting == 0 && depth == 0 && name.SequenceEqual("body"u8))
            {
                encoding = FieldEncoding.Base64;
            }
        }

        switch (encoding)
        {
            case FieldEncoding.Base64:
            case FieldEncoding.GzipBase64:
                Base64(step, start, length, nesting, form);
                break;
            case FieldEncoding.ObjectKey:
                Decoding.Plus(texts.Written(start, length));
                Text(step, start, length, nesting, form: false);
                break;
            case FieldEncoding.None:
                Text(step, start, length, nesting, form);
                break;
        }
    }

    /// <summary>A text in the arena: a document, a form, or plain.</summary>
    private void Text(int step, int start, int length, int nesting, bool form)
    {
        if (length == 0 || !Room())
        {
            return;
        }

        if (length > options.MaxTextLength)
        {
            Full = false;
            length = options.MaxTextLength;
        }

        if (_characters + length > options.MaxTextLength * 8)
        {
            Full = false;
            return;
        }

        // A text that is itself a document is read as one: its fields are what the function will use.
        if (LooksLikeDocument(texts.Span(start, length)) && TryNested(step, start, length, nesting))
        {
            return;
        }

        if (form && IsForm(texts.Span(start, length)))
        {
            Form(step, start, length, nesting);
            return;
        }

        Keep(step, start, Decoding.Percent(texts.Written(start, length)));
    }

    private void Keep(int step, int start, int length)
    {
        if (length == 0)
        {
            return;
        }

        _characters += length;
        var text = sink.Text(step, texts.Span(start, length));
        if (_seen++ >= skip && texts.Slices < options.MaxKept)
        {
            texts.Add(step, start, length, text);
        }
    }

    internal static bool LooksLikeDocument(ReadOnlySpan<byte> text)
    {
        if (text.Length == 0 || text[0] is not ((byte)'{' or (byte)'[' or (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
        {
            return false;
        }

        var trimmed = text.Trim(" \t\r\n"u8);
        if (trimmed.Length < 2 || (trimmed[0], trimmed[^1]) is not (((byte)'{', (byte)'}') or ((byte)'[', (byte)']')))
        {
            return false;
        }

        var second = trimmed[1..].TrimStart(" \t\r\n"u8)[0];
        return trimmed[0] == '{' ? second is (byte)'"' or (byte)'}' : second is (byte)'"' or (byte)'{' or (byte)'[' or (byte)']' or (byte)'-' or (byte)'t' or (byte)'f' or (byte)'n' or (>= (byte)'0' and <= (byte)'9');
    }

    private bool TryNested(int step, int start, int length, int nesting)
    {
        if (nesting >= options.MaxNesting || _mistaken >= MaxMistaken)
        {
            Full = false;
            return false;
        }

        var mark = texts.Mark();
        var seen = _seen;
        try
        {
            ReadDocument(texts.Bytes(start, length).Span, step, nesting + 1, Lenient);
            return true;
        }
        catch (JsonException)
        {
            _mistaken++;
            _seen = seen;
            texts.Rewind(mark);
            return false;
        }
    }

    private void Form(int step, int start, int length, int nesting)
    {
        var end = start + length;
        while (start < end && Room())
        {
            var rest = texts.Written(start, end - start);
            var size = rest.IndexOf((byte)'&');
            size = size < 0 ? rest.Length : size;
            var pair = rest[..size];
            Decoding.Plus(pair);
            var equals = pair.IndexOf((byte)'=');
            var nameLength = Decoding.Percent(pair[..(equals < 0 ? size : equals)]);
            var valueStart = start + equals + 1;
            var valueLength = Decoding.Percent(pair[(equals + 1)..]);
            if (nameLength > 0)
            {
                var field = texts.Step(step, texts.Bytes(start, nameLength).Span);
                var name = texts.Span(start, nameLength);
                if (equals >= 0 && sink.IsTelling(name))
                {
                    sink.Name(field, name);
                }

                if (equals < 0)
                {
                    Keep(field, start, nameLength);
                }
                else if (valueLength > 0)
                {
                    Text(field, valueStart, valueLength, nesting + 1, form: false);
                }
            }

            start += size + 1;
        }
    }

    private void Base64(int step, int start, int length, int nesting, bool form)
    {
        var bytes = texts.Bytes(start, length);
        var room = texts.Room(System.Buffers.Text.Base64.GetMaxDecodedFromUtf8Length(length));
        if (System.Buffers.Text.Base64.DecodeFromUtf8(bytes.Span, room, out _, out var written) != OperationStatus.Done || written == 0)
        {
            Text(step, start, length, nesting, form);
            return;
        }

        if (written > 2 && room[0] == 0x1f && room[1] == 0x8b)
        {
            Gzip(step, room[..written].ToArray(), nesting, form);
            return;
        }

        var shortest = BinaryParts.ShortestRun(room[..written]);
        if (shortest == 0)
        {
            Text(step, texts.Take(written), written, nesting + 1, form);
            return;
        }

        // As text only its runs of printable characters can be used; serialised objects are judged by their base64 form.
        var from = texts.Take(written);
        texts.AddBinary(step, from, written);
        if (BinaryParts.BeginsLikeObjects(texts.Span(from, written)))
        {
            Text(step, start, length, nesting + 1, form: false);
        }

        for (var at = 0; BinaryParts.TryNext(texts.Span(from, written), shortest, ref at, out var run); at += run)
        {
            Text(step, from + at, run, nesting + 1, form: false);
        }
    }

    private void Gzip(int step, byte[] folded, int nesting, bool form)
    {
        var length = 0;
        try
        {
            using var unfolded = new GZipStream(new MemoryStream(folded), CompressionMode.Decompress);
            // The room grows with what comes out; what was read stays in it.
            for (var size = Math.Min(FirstUnfolded, options.MaxUnfolded - _unfolded); ; size = Math.Min(size * 2, options.MaxUnfolded - _unfolded))
            {
                var room = texts.Room(size);
                length += unfolded.ReadAtLeast(room[length..], size - length, throwOnEndOfStream: false);
                if (length < size)
                {
                    break;
                }

                if (size == options.MaxUnfolded - _unfolded)
                {
                    Full = false;
                    break;
                }
            }
        }
        catch (InvalidDataException)
        {
            Full = false;
        }

        _unfolded += length;
        var start = texts.Take(length);
        if (BinaryParts.ShortestRun(texts.Span(start, length)) > 0)
        {
            texts.AddBinary(step, start, length);
        }

        Text(step, start, length, nesting + 1, form);
    }

    private bool Room()
    {
        if (_seen < options.MaxTexts)
        {
            return true;
        }

        Full = false;
        return false;
    }

    /// <summary>A name and an equals sign; one or two of them at the end alone are those of base64.</summary>
    internal static bool IsForm(ReadOnlySpan<byte> text) =>
        text.IndexOfAny(FormStops) is var first and > 0 && text[first] == '=' && !(first >= text.Length - 2 && text.Length % 4 == 0 && text[^1] == '=');

    private static readonly SearchValues<byte> FormStops = SearchValues.Create("= <>{}\"'\n"u8);
}
