using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Compression;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Text;
using System.Text.Json;

namespace Pellicle.Inspection;

/// <summary>
/// The quick way through an event, with what <see cref="EventReader"/> would find and without keeping any of it: texts that are clean leave no trace, and
/// a field gets its name only when something was found in it. It gives up, and leaves the event to the reader, at anything that platforms do not send: what is no JSON, comments, compressed parts that are broken or too large.
/// </summary>
internal sealed class EventWalk(InspectionOptions options, EventCopy copy) : IPlace
{
    /// <summary>Longer events are not inspected by the guard.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    private const int MaxDepth = 64;

    /// <summary>Open containers of all documents in each other; few events have a tenth.</summary>
    private const int MaxOpen = 128;

    /// <summary>Members of an object, and objects in each other, whose names are remembered.</summary>
    private const int MaxRemembered = 16;

    [ThreadStatic]
    private static Frame[]? t_frames;

    [ThreadStatic]
    private static Remembered[]? t_remembered;

    [ThreadStatic]
    private static Detectors.Clean.Pattern[]? t_patterns;

    [ThreadStatic]
    private static long t_walks;

    private byte[] _bytes = copy.Bytes;
    private Frame[] _frames = [];
    private Remembered[] _remembered = [];
    private Detectors.Clean.Pattern[] _patterns = [];
    private long _number;
    private int _depth = -1;
    private int _top = copy.Length + EventCopy.Padding;
    private int _kept;
    private int _characters;
    private int _containers;
    private bool _encodedBody;

    // Bytes that came out of compressed parts.
    private int _unfolded;

    // Short texts that nothing is wrapped in need no closer look.
    private bool _brief;
    private SourceGroup _group;
    private Inspector.Judge _judge = null!;

    // The form field that is looked at; none when negative.
    private int _formStart = -1;
    private int _formLength;

    public string Source { get; private set; } = "unknown";

    public bool Full { get; private set; } = true;

    public EventShape Shape { get; } = new();

    /// <summary>One open object or array; those of documents in texts stand on those of the event.</summary>
    private struct Frame
    {
        public int NameStart;

        /// <summary>Of the name, or the index of the current element.</summary>
        public int NameLength;

        /// <summary>Of the next element, or -1 in an object.</summary>
        public int Index;
        public KnownField? Known;
        public ulong Shape;
        public int ShapeDepth;
        public bool Open;

        /// <summary>The current value is neither wrapped nor a form.</summary>
        public bool Ordinary;

        /// <summary>Members so far.</summary>
        public int Members;

        /// <summary>The names of an element are known to <see cref="PassLikeAnother"/>.</summary>
        public bool Learned;
    }

    /// <summary>
    /// A member of an object before: its name up to the value, in the buffer's own words. An object's siblings mostly have the same members in the same order, and what was found out of
    /// a name in one place holds for it again.
    /// </summary>
    private struct Remembered
    {
        /// <summary>The walk that met it; zero for none.</summary>
        public long Walk;
        public Vector128<byte> First;
        public Vector128<byte> Second;
        public uint Others;
        public int Length;
        public int NameLength;
        public int Nesting;
        public int ShapeDepth;
        public ulong Shape;
        public KnownField? Known;
        public bool Open;
        public bool Ordinary;
        public bool Skips;
    }

    /// <summary>False when the reader must do it.</summary>
    public bool Read(Inspector.Judge judge)
    {
        _judge = judge;
        _frames = t_frames ?? new Frame[MaxOpen];
        _remembered = t_remembered ?? new Remembered[MaxRemembered * MaxRemembered];
        (t_frames, t_remembered) = (null, null);
        _number = ++t_walks;
        try
        {
            return ((Recognise() && Walk(0, copy.Length, 0) is var end and >= 0 && Blank(end) == copy.Length) || _stopped) && (Full || !_overcounted);
        }
        catch (JsonException)
        {
            return false; // told by the reader, which meets it again
        }
        finally
        {
            (t_frames, t_remembered, t_patterns) = (_frames, _remembered, _patterns.Length > 0 ? _patterns : t_patterns);
        }
    }

    private bool _stopped;

    // What the platform wrote was counted with the texts.
    private bool _overcounted;

    // A text without escapes.
    private int _longStart;
    private int _longEnd;
    private bool _longPercents;

    // A text whose escapes were taken out before it was its turn; none when negative.
    private int _plainStart = -1;
    private int _plainEnd;
    private int _plainFrom;
    private int _plainLength;

    /// <summary><c>Records[0].s3.object.key</c>: where the walk stands.</summary>
    public string Field(int step)
    {
        var field = new StringBuilder();
        for (var i = 0; i <= _depth; i++)
        {
            if (_frames[i].Index >= 0)
            {
                field.Append('[').Append(_frames[i].NameLength).Append(']');
            }
            else if (_frames[i].NameStart >= 0)
            {
                field.Append(field.Length == 0 ? "" : ".").Append(Plain(Name(_frames[i])));
            }
        }

        return _formStart < 0 ? field.ToString() : field.Append(field.Length == 0 ? "" : ".").Append(Encoding.UTF8.GetString(_bytes, _formStart, _formLength)).ToString();
    }

    private static string Plain(ReadOnlySpan<byte> name)
    {
        if (!name.Contains((byte)'\\'))
        {
            return Encoding.UTF8.GetString(name);
        }

        var plain = new byte[name.Length];
        return Encoding.UTF8.GetString(plain, 0, Decoding.Unescape(name, plain));
    }

    private ReadOnlySpan<byte> Name(in Frame frame) => frame.Index >= 0 || frame.NameStart < 0 ? default : _bytes.AsSpan(frame.NameStart, frame.NameLength);

    private bool Recognise()
    {
        var at = Blank(0);
        var seen = default(Recognition);
        if (_bytes[at] == '{')
        {
            at = Blank(at + 1);
            while (_bytes[at] == '"')
            {
                var close = Close(at + 1);
                if (close < 0)
                {
                    return false;
                }

                var name = _bytes.AsSpan(at + 1, close - at - 1);
                at = Blank(close + 1);
                if (_bytes[at] != ':')
                {
                    return false;
                }

                at = Blank(at + 1);
                if ((name.SequenceEqual("Records"u8) ? FirstRecord(at) : null) is { } batch || (batch = EventSources.Add(ref seen, name, _bytes.AsSpan(at, copy.Length - at))) is not null)
                {
                    Source = batch;
                    _brief = options.MaxTextLength >= 16;
                    _group = EventSources.GroupOf(batch, isBatch: true);
                    return true;
                }

                at = Skip(at, copy.Length, keeps: true);
                if (at < 0)
                {
                    return false;
                }

                at = Blank(at);
                at = _bytes[at] == ',' ? Blank(at + 1) : at;
            }

            Source = EventSources.Judge(seen);
        }

        _encodedBody = seen.EncodedBody;
        _brief = !_encodedBody && options.MaxTextLength >= 16;
        _group = EventSources.GroupOf(Source, EventSources.IsBatch(Source));
        return true;
    }

    /// <summary>Source of a batch by its first record: as <see cref="EventSources"/> tells it, but what the walk will read is gone by before. Null when it says nothing, or is no JSON.</summary>
    private string? FirstRecord(int at)
    {
        if (_bytes[at] != '[' || _bytes[at = Blank(at + 1)] != '{')
        {
            return null;
        }

        for (at = Blank(at + 1); _bytes[at] == '"'; at = Blank(at + 1))
        {
            var close = Close(at + 1);
            if (close < 0)
            {
                return null;
            }

            var name = _bytes.AsSpan(at + 1, close - at - 1);
            at = Blank(close + 1);
            if (_bytes[at] != ':')
            {
                return null;
            }

            at = Blank(at + 1);
            if (EventSources.OfRecord(name, _bytes.AsSpan(at, copy.Length - at), out var length) is { } source)
            {
                return source;
            }

            // None where the walk will come by.
            at = length > 0 ? at + length : Skip(at, copy.Length);
            if (at < 0 || _bytes[at = Blank(at)] != ',')
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>One document; the place behind it, or -1 when it cannot be walked through. INVARIANT: a zero byte stands at <paramref name="end"/>, and ends every loop.</summary>
    private int Walk(int at, int end, int nesting)
    {
        var bottom = _depth;
        at = Blank(at);
        while (true)
        {
            // A value begins here.
            var first = _bytes[at];
            if (first is (byte)'{' or (byte)'[')
            {
                if (++_containers > options.MaxTexts * 4)
                {
                    Full = false;
                    _depth = bottom;
                    _stopped |= nesting == 0;
                    return nesting == 0 ? -1 : end;
                }

                if (_depth - bottom >= MaxDepth || _depth + 1 == _frames.Length)
                {
                    return -1;
                }

                if (first == '[' && _depth > bottom && NumberList(at) is var behind and > 0)
                {
                    ref var holder = ref _frames[_depth];
                    if (holder.Index >= 0)
                    {
                        holder.NameLength = holder.Index++;
                    }

                    at = behind;
                    goto Ended;
                }

                Push(first == '[', bottom, nesting);
                var opened = at;
                at = Blank(at + 1);
                if (_bytes[at] != (first == '{' ? '}' : ']'))
                {
                    if (first == '[')
                    {
                        if (MayPass(_frames[_depth]) && Pass(opened, end, bottom, nesting, ref _frames[_depth]) is var passed && passed > opened)
                        {
                            at = passed;
                            goto Ended;
                        }

                        continue;
                    }

                    at = Member(at, nesting);
                    if (at < 0)
                    {
                        return -1;
                    }

                    if (!_skips)
                    {
                        continue;
                    }

                    at = Skip(at, end);
                }
            }
            else
            {
                if (_depth > bottom && _frames[_depth].Index >= 0)
                {
                    _frames[_depth].NameLength = _frames[_depth].Index++;
                }

                at = first == '"' ? Text(at + 1, end, bottom, nesting) : Scalar(at);
                if (at < 0)
                {
                    var stopped = at == Stopped && nesting > 0;
                    _depth = stopped ? bottom : _depth;
                    return stopped ? end : -1;
                }
            }

            Ended:
            while (true)
            {
                if (at < 0)
                {
                    return -1;
                }

                at = Blank(at);
                if (_depth == bottom)
                {
                    return at;
                }

                ref var frame = ref _frames[_depth];
                var next = _bytes[at];
                if (next == ',')
                {
                    if (frame.Index >= 0)
                    {
                        if (MayPass(frame) && Pass(at, end, bottom, nesting, ref frame) is var behind && behind > at)
                        {
                            at = behind;
                            continue;
                        }

                        if (MayBeLikeAnother(at, frame) && PassLikeAnother(at, end, bottom, nesting, ref frame) is var alike && alike > at)
                        {
                            at = alike;
                            continue;
                        }

                        at = Blank(at + 1);
                        at = Numbers(at, ref frame);
                        break;
                    }

                    at = Member(Blank(at + 1), nesting);
                    if (at < 0)
                    {
                        return -1;
                    }

                    if (!_skips)
                    {
                        break;
                    }

                    at = Skip(at, end);
                }
                else if (next == (frame.Index >= 0 ? ']' : '}'))
                {
                    _depth--;
                    at++;
                }
                else
                {
                    return -1;
                }
            }
        }
    }

    /// <summary>Elements of this list have no place in the shape, nor a meaning known beforehand.</summary>
    private bool MayPass(in Frame frame) => frame.Known is not { Element.Encoding: not FieldEncoding.None } && (frame.Index >= EventShape.MaxElements || frame.ShapeDepth >= EventShape.MaxDepth) && MayPass();

    private unsafe bool MayPass(bool document = false) => Detectors.Clean.Wide.Elements != null && MayCount && _vain <= copy.Length + _unfolded && (document ? --_documentPause : --_pause) < 0;

    /// <summary>No text that is passed by in blocks is too long, and all texts together are not either: they need not be measured.</summary>
    private bool MayCount => options.MaxTextLength >= LeastTextLength && copy.Length + _unfolded <= options.MaxTextLength * 4;

    /// <summary>Texts that are passed by in blocks are shorter: 64 KiB and a block.</summary>
    private const int LeastTextLength = 128 * 1024;

    /// <summary>Longer documents in texts are walked through; lists in them are gone by.</summary>
    private const int MaxDocument = 4096;

    /// <summary>Texts that begin like a document and are none, before the reader has to count them.</summary>
    private const int MaxMistaken = 1024;

    private int _mistaken;

    // Bytes that were looked at in vain, and elements or documents until the next try; so many after a vain one.
    private int _vain;
    private int _pause;
    private int _patience;

    // The same of documents: those of records that are encoded are often clean where no record is.
    private int _documentPause;
    private int _documentPatience;

    /// <summary>Goes by elements that hold nothing for the judge. At the comma or bracket behind the last of them; where it was when there are none.</summary>
    private int Pass(int at, int end, int bottom, int nesting, ref Frame frame)
    {
        var (behind, elements) = Pass(at + 1, end, bottom, nesting, most: int.MaxValue, frame.Known);
        if (elements == 0)
        {
            return at;
        }

        frame.Index += elements;
        frame.NameLength = frame.Index - 1;
        return behind;
    }

    /// <summary>Of the first elements of a list, which have a part in the shape: worth while where more of them may come, for one list at a time.</summary>
    private unsafe bool MayBeLikeAnother(int at, in Frame frame) =>
        frame.Index < EventShape.MaxElements && frame.Known is not { Element.Encoding: not FieldEncoding.None } && Detectors.Clean.Wide.Elements != null && MayCount && _vain <= copy.Length && copy.Length - at >= LeastAlike && _bytes[Blank(at + 1)] == '{'
        && (_alike >= _depth || _alike < 0 || !_frames[_alike].Learned || _frames[_alike].Index is < 0 or >= EventShape.MaxElements);

    /// <summary>Bytes that are left of the event.</summary>
    private const int LeastAlike = 4096;

    /// <summary>Frame of the list that an element was learned of; none when negative.</summary>
    private int _alike = -1;

    /// <summary>
    /// Goes by objects that add nothing to the shape, for their names are those of the list's second element, which is walked through. INVARIANT: nothing else is learned in between, and no list's object but of that element, of the same list in it.
    /// </summary>
    private int PassLikeAnother(int at, int end, int bottom, int nesting, ref Frame frame)
    {
        var learns = frame.Index == 1;
        if (!learns && !frame.Learned)
        {
            return at;
        }

        var (behind, elements) = Pass(at + 1, end, bottom, nesting, learns ? 1 : EventShape.MaxElements - frame.Index, frame.Known, learns ? Detectors.Clean.Learning.One : Detectors.Clean.Learning.None);
        if (learns)
        {
            frame.Learned = elements == 1;
            _alike = _depth;
            return at;
        }

        frame.Index += elements;
        frame.NameLength = frame.Index - 1;
        return elements == 0 ? at : behind;
    }

    /// <summary>The same for a document in a text, which has no place in the shape either: it stands for the only element of a list. Alone in the buffer.</summary>
    private bool PassDocument(int from, int length, int nesting)
    {
        if (length > MaxDocument || !MayPass(document: true))
        {
            return false;
        }

        _bytes[from + length] = (byte)']';
        var (kept, containers) = (_kept, _containers);
        var (behind, elements) = Pass(from, from + length + 1, _depth, nesting, most: 1, known: null);
        _bytes[from + length] = 0;
        if (elements == 1 && behind == from + length)
        {
            return true;
        }

        (_kept, _containers) = (kept, containers);
        return false;
    }

    /// <param name="at">Where an element begins.</param>
    /// <param name="end">Behind the last byte.</param>
    /// <param name="bottom">Frame below those of the document.</param>
    /// <param name="nesting">Of the document.</param>
    /// <param name="most">Elements; one for a document, of which more count as none.</param>
    /// <param name="known">Not null for records, whose texts may be encoded.</param>
    /// <param name="learning">Of elements that have a part in the shape, other than <see cref="Detectors.Clean.Learning.Each"/>. Nothing is counted of what is learned alone.</param>
    private unsafe (int Behind, int Elements) Pass(int at, int end, int bottom, int nesting, int most, KnownField? known, Detectors.Clean.Learning learning = Detectors.Clean.Learning.Each)
    {
        var shaped = learning != Detectors.Clean.Learning.Each;
        var document = most == 1 && !shaped;
        if (_patterns.Length == 0)
        {
            _patterns = t_patterns ?? new Detectors.Clean.Pattern[Detectors.Clean.MostPatterns];
            t_patterns = null;
            foreach (ref var pattern in _patterns.AsSpan())
            {
                (pattern.Trust, pattern.Length) = (Detectors.Clean.Pattern.Trusted, 0);
            }
        }

        fixed (byte* bytes = _bytes)
        fixed (Detectors.Clean.Pattern* patterns = _patterns)
        {
            var list = new Detectors.Clean.List
            {
                At = bytes + at,
                End = bytes + end,
                Room = bytes + _top,
                RoomBytes = _bytes.Length - _top,
                MostTexts = options.MaxTexts - _kept,
                MostContainers = (options.MaxTexts * 4) - _containers,
                MostDepth = Math.Min(MaxDepth - (_depth - bottom), _frames.Length - 1 - _depth),
                MostNesting = Math.Min(options.MaxNesting - nesting, Detectors.Clean.Levels - (document ? 2 : 1)),
                Wrapped = known is null ? 0 : Source == "s3" ? 2 : 1,
                Ask = &SaysNothing,
                Patterns = patterns + (shaped ? Detectors.Clean.MostPatterns - Detectors.Clean.LevelPatterns : document ? Detectors.Clean.LevelPatterns : 0), // a document is unlike the list that it is in
                Inner = patterns + (document ? 2 * Detectors.Clean.LevelPatterns : Detectors.Clean.LevelPatterns),
                Learning = learning,
                MostElements = most,
                Encoded = EncodedOf(known),
            };
            Inspector.Screened.Quick.Read(&list);
            if (document && list.Elements > 1)
            {
                list.Elements = 0;
            }

            // Where one text alone is in the way, the element behind the next is worth a try at once.
            _vain += (int)(list.Looked - (list.Elements == 0 ? bytes + at : list.At));
            if (!shaped)
            {
                ref var patience = ref document ? ref _documentPatience : ref _patience;
                ref var pause = ref document ? ref _documentPause : ref _pause;
                patience = list.Elements == 0 && list.Refused == 0 ? Math.Min((patience * 2) + 1, 63) : 0;
                pause = list.Elements > 0 && list.Refused != 0 && !document ? 1 : patience;
            }

            if (list.Elements == 0 || learning == Detectors.Clean.Learning.One)
            {
                return (at, (int)list.Elements);
            }

            _kept += (int)list.Texts;
            _containers += (int)list.Containers;
            _overcounted |= known is not null;
            return ((int)(list.At - bytes), (int)list.Elements);
        }
    }

    /// <summary>Of a list's elements.</summary>
    private Detectors.Clean.Encoded EncodedOf(KnownField? known)
    {
        if (known?.Element is not { } element)
        {
            return Detectors.Clean.Encoded.None;
        }

        bool IsEncoded(KnownField? field) => field?.Encoding == FieldEncoding.Base64 && (field.EncodedIn & _group) != 0;
        return IsEncoded(element.Member("data"u8)) ? Detectors.Clean.Encoded.Data
            : IsEncoded(element.Member("kinesis"u8)?.Member("data"u8)) ? Detectors.Clean.Encoded.DataOfKinesis
            : IsEncoded(element.Member("key"u8)) && IsEncoded(element.Member("value"u8)) ? Detectors.Clean.Encoded.KeyAndValue
            : Detectors.Clean.Encoded.None;
    }

    /// <summary>Of a text that is no form: as <see cref="Look"/> and the judge would do with it, but no matter where it stands.</summary>
    [UnmanagedCallersOnly]
    private static unsafe int SaysNothing(byte* text, nint length)
    {
        try
        {
            return Inspector.SaysNothing(new ReadOnlySpan<byte>(text, (int)length)) ? 1 : 0;
        }
#pragma warning disable CA1031 // none may pass through native code; the walk meets it again
        catch (Exception)
#pragma warning restore CA1031
        {
            return 0;
        }
    }

    private const int Stopped = -2;

    /// <summary>The member that was read is the platform's own.</summary>
    private bool _skips;

    private void Push(bool array, int bottom, int nesting)
    {
        Frame next = default;
        if (_depth == bottom)
        {
            next.Known = nesting == 0 ? EventSources.Fields : null;
            next.ShapeDepth = nesting == 0 ? 0 : EventShape.MaxDepth;
            next.Shape = EventShape.Seed;
        }
        else
        {
            ref var frame = ref _frames[_depth];
            if (frame.Index >= 0)
            {
                frame.NameLength = frame.Index++;
            }

            var name = Name(frame);
            next.Known = frame.Known is null ? null : frame.Index >= 0 ? frame.Known.Element : frame.Known.Member(name);
            if (frame.ShapeDepth >= EventShape.MaxDepth)
            {
                (next.Shape, next.ShapeDepth) = (frame.Shape, EventShape.MaxDepth);
            }
            else
            {
                Shape.Below(frame.Shape, frame.ShapeDepth, frame.Index, frame.Open, name, out next.Shape, out next.ShapeDepth);
                next.Open = frame.Index < 0 && EventShape.IsOpen(name);
            }
        }

        next.Index = array ? 0 : -1;
        next.NameStart = -1;
        next.Ordinary = array && next.Known is null;
        _frames[++_depth] = next;
    }

    /// <summary>A name and its colon; the place of the value.</summary>
    private int Member(int at, int nesting)
    {
        if (_bytes[at] != '"')
        {
            return -1;
        }

        ref var frame = ref _frames[_depth];
        var known = _depth < MaxRemembered && frame.Members < MaxRemembered;
        ref var before = ref _remembered[known ? (_depth * MaxRemembered) + frame.Members++ : 0];
        if (known && IsAgain(at, in before, in frame, nesting))
        {
            (frame.NameStart, frame.NameLength, frame.Ordinary, _skips) = (at + 1, before.NameLength, before.Ordinary, before.Skips);
            return at + before.Length;
        }

        var close = CloseName(at + 1, out var telling);
        if (close < 0)
        {
            return -1;
        }

        (frame.NameStart, frame.NameLength) = (at + 1, close - at - 1);
        var name = _bytes.AsSpan(frame.NameStart, frame.NameLength);
        if (frame.ShapeDepth < EventShape.MaxDepth)
        {
            Shape.Add(frame.Shape, frame.ShapeDepth, frame.Open, name);
        }

        _skips = nesting == 0 && frame.Known?.Member(name) is { } field && (field.Platform & _group) != 0;
        telling |= name.Length >= 9 && Inspector.ReachesPrototype(name);
        if (!_skips && telling)
        {
            _judge.Name(this, 0, Plain(name));
        }

        frame.Ordinary = frame.Known is null && !name.EndsWith("ody"u8) && !name.EndsWith("rawQueryString"u8);
        var value = Blank(close + 1);
        if (_bytes[value] != ':')
        {
            return -1;
        }

        value = Blank(value + 1);
        if (known && !telling && value - at <= 32)
        {
            before = new Remembered
            {
                Walk = _number,
                First = Load(at),
                Second = Load(at + 16),
                Others = value - at == 32 ? 0 : uint.MaxValue << (value - at),
                Length = value - at,
                NameLength = frame.NameLength,
                Nesting = nesting,
                ShapeDepth = frame.ShapeDepth,
                Shape = frame.Shape,
                Known = frame.Known,
                Open = frame.Open,
                Ordinary = frame.Ordinary,
                Skips = _skips,
            };
        }

        return value;
    }

    /// <summary>The same name, in the same kind of place.</summary>
    private bool IsAgain(int at, in Remembered before, in Frame frame, int nesting)
    {
        if (before.Walk != _number || before.Shape != frame.Shape || before.ShapeDepth != frame.ShapeDepth || before.Known != frame.Known || before.Open != frame.Open || before.Nesting != nesting)
        {
            return false;
        }

        var same = Vector128.Equals(Load(at), before.First).ExtractMostSignificantBits() | before.Others;
        return before.Length <= 16
            ? (ushort)same == ushort.MaxValue
            : (same | (Vector128.Equals(Load(at + 16), before.Second).ExtractMostSignificantBits() << 16)) == uint.MaxValue;
    }

    private int Text(int start, int end, int bottom, int nesting)
    {
        var v = Load(start);
        var stops = Stops(v);
        if (stops != 0)
        {
            // Nearly all names, numbers and ids.
            var size = BitOperations.TrailingZeroCount(stops);
            if (_bytes[start + size] == '"' && size > 0 && _kept < options.MaxTexts && _depth > bottom && _frames[_depth].Ordinary && _brief && _characters < options.MaxTextLength && IsPlain(v, size))
            {
                _kept++;
                _characters += size;
                return start + size + 1;
            }
        }

        var close = start == _longStart ? _longEnd : start == _plainStart ? _plainEnd : Seek(start);
        int from, length;
        var mark = _top;
        if (start == _plainStart)
        {
            (from, length) = (_plainFrom, _plainLength);
        }
        else if (_bytes[close] == '"')
        {
            (from, length) = (start, close - start);
        }
        else
        {
            close = Unescape(start, close, end, out length);
            from = mark;
            if (close < 0)
            {
                return -1;
            }
        }

        // The reader cuts such texts before it takes their escapes out.
        if (close - start > options.MaxTextLength * 2)
        {
            return -1;
        }

        if (close == start)
        {
            return close + 1;
        }

        if (!Room())
        {
            return Enough(nesting);
        }

        var encoding = FieldEncoding.None;
        var form = false;
        if (_depth > bottom && !(_frames[_depth].Ordinary && _brief))
        {
            ref var frame = ref _frames[_depth];
            var name = Name(frame);
            form = name.EndsWith("body"u8) || name.SequenceEqual("rawQueryString"u8);
            if (nesting == 0 && frame.Known is { } knows && (frame.Index >= 0 ? knows.Element : knows.Member(name)) is { } known && (known.EncodedIn & _group) != 0)
            {
                encoding = known.Encoding;
            }
            else if (_encodedBody && nesting == 0 && _depth == 0 && name.SequenceEqual("body"u8))
            {
                encoding = FieldEncoding.Base64;
            }
        }

        var walked = encoding switch
        {
            FieldEncoding.None => Look(from, length, nesting, form),
            FieldEncoding.ObjectKey => Copied(ref from, length) && Spaced(from, length) && Look(from, length, nesting, form: false),
            FieldEncoding.Base64 or FieldEncoding.GzipBase64 => Decoded(from, length, nesting, form),
            _ => false,
        };
        _top = mark;
        return walked ? close + 1 : -1;
    }

    /// <summary>As the judge's, of the first sixteen bytes at most.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPlain(Vector128<byte> v, int length)
    {
        var others = Vector128.Equals(Shuffle(Vector128.Create(PlainText), v & Vector128.Create((byte)0x0f)) & High(v), Vector128<byte>.Zero).ExtractMostSignificantBits();
        return (others & ((1u << length) - 1)) == 0;
    }

    private int Enough(int nesting)
    {
        _stopped |= nesting == 0;
        return Stopped;
    }

    private bool Room()
    {
        if (_kept < options.MaxTexts)
        {
            return true;
        }

        Full = false;
        return false;
    }

    /// <summary>A text in the buffer: a document, a form, or plain. False when the reader must do it.</summary>
    private bool Look(int from, int length, int nesting, bool form)
    {
        if (length == 0 || !Room())
        {
            return true;
        }

        if (length > options.MaxTextLength)
        {
            Full = false;
            length = options.MaxTextLength;
        }

        if (_characters + length > options.MaxTextLength * 8)
        {
            Full = false;
            return true;
        }

        if (EventReader.LooksLikeDocument(_bytes.AsSpan(from, length)))
        {
            if (nesting >= options.MaxNesting || !(IsLast(from, length) || Copied(ref from, length)))
            {
                return false;
            }

            if (PassDocument(from, length, nesting + 1))
            {
                return true;
            }

            var kept = _kept;
            var end = Walk(from, from + length, nesting + 1);
            var behind = end < 0 ? end : Blank(end);
            if (behind == from + length)
            {
                return true;
            }

            // Lines of JSON: what the first says counts, and all of them are a text. Of remarks the reader knows more.
            if (behind < 0 || behind > from + length || _bytes[behind] == '/' || _mistaken++ >= MaxMistaken)
            {
                return false;
            }

            _kept = kept;
        }

        if (form && EventReader.IsForm(_bytes.AsSpan(from, length)))
        {
            return PassForm(from, length) || (Copied(ref from, length) && Form(from, length, nesting));
        }

        if (from == _longStart ? _longPercents : _bytes.AsSpan(from, length).Contains((byte)'%'))
        {
            if (!Copied(ref from, length))
            {
                return false;
            }

            length = Decoding.Percent(_bytes.AsSpan(from, length));
        }

        Keep(from, length);
        return true;
    }

    private void Keep(int from, int length)
    {
        if (length > 0)
        {
            _characters += length;
            _kept++;
            _judge.Text(this, 0, _bytes.AsSpan(from, length));
        }
    }

    /// <summary>Goes by a form without percent signs whose fields hold nothing for the judge.</summary>
    private unsafe bool PassForm(int from, int length)
    {
        if (length < Detectors.Clean.Least || !MayCount || Detectors.Clean.Wide.Spaced == null || (from == _longStart && _longPercents) || !Fits(length))
        {
            return false;
        }

        fixed (byte* bytes = _bytes)
        {
            if (Detectors.Clean.Wide.Spaced(bytes + from, length, bytes + _top) != 0)
            {
                return false;
            }
        }

        _bytes.AsSpan(_top + length, EventCopy.Padding).Clear();
        var texts = Inspector.Screened.Quick.Fields(_bytes.AsSpan(_top, length));
        if (texts < 0 || texts > options.MaxTexts - _kept)
        {
            return false;
        }

        _kept += (int)texts;
        return true;
    }

    private bool Form(int start, int length, int nesting)
    {
        var end = start + length;
        var mark = _top;
        for (; start < end && Room(); _top = mark)
        {
            var rest = _bytes.AsSpan(start, end - start);
            var size = rest.IndexOf((byte)'&');
            size = size < 0 ? rest.Length : size;
            var pair = rest[..size];
            Decoding.Plus(pair);
            var equals = pair.IndexOf((byte)'=');
            var nameLength = Decoding.Percent(pair[..(equals < 0 ? size : equals)]);
            var valueLength = Decoding.Percent(pair[(equals + 1)..]);
            if (nameLength > 0)
            {
                (_formStart, _formLength) = (start, nameLength);
                var name = pair[..nameLength];
                if (equals >= 0 && Inspector.IsTelling(name))
                {
                    _judge.Name(this, 0, Encoding.UTF8.GetString(name));
                }

                if (equals < 0)
                {
                    Keep(start, nameLength);
                }
                else if (valueLength > 0)
                {
                    // The names of a document within a form would stand behind the form's: the reader knows how.
                    if (EventReader.LooksLikeDocument(_bytes.AsSpan(start + equals + 1, valueLength)) || !Look(start + equals + 1, valueLength, nesting + 1, form: false))
                    {
                        return false;
                    }
                }

                _formStart = -1;
            }

            start += size + 1;
        }

        return true;
    }

    private bool Decoded(int from, int length, int nesting, bool form)
    {
        var most = Base64.GetMaxDecodedFromUtf8Length(length);
        if (!Fits(most))
        {
            return false;
        }

        var room = _bytes.AsSpan(_top, most);
        var quickly = DecodedBlocks(from, length);
        if (Base64.DecodeFromUtf8(_bytes.AsSpan(from + quickly, length - quickly), room[(quickly / 4 * 3)..], out _, out var written) != OperationStatus.Done || quickly + written == 0)
        {
            return Look(from, length, nesting, form);
        }

        written += quickly / 4 * 3;
        var packed = written > 2 && room[0] == 0x1f && room[1] == 0x8b;
        var start = Taken(written);
        if (packed)
        {
            return Unfolded(start, written, out var unfolded) && Look(_top - unfolded - EventCopy.Padding, unfolded, nesting + 1, form);
        }

        return BinaryParts.ShortestRun(_bytes.AsSpan(start, written)) is var shortest and > 0 ? Parts(start, written, shortest, from, length, nesting + 1) : Look(start, written, nesting + 1, form);
    }

    /// <summary>Unpacks to the top of the buffer. Its end says how long the content is; what is longer or broken is the reader's.</summary>
    private bool Unfolded(int start, int packed, out int length)
    {
        length = 0;
        var told = packed < LeastPacked ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(start + packed - sizeof(uint)));
        if (told == 0 || told >= options.MaxUnfolded - _unfolded || told / MostUnfolded > packed)
        {
            return false;
        }

        // What stands behind it in the text may be one more byte of content.
        var most = (int)told + 1;
        if (!Fits(most))
        {
            _bytes = copy.Grow(_top, _top + (most * 2) + (EventCopy.Padding * 16));
        }

        try
        {
            using var content = new GZipStream(new MemoryStream(_bytes, start, packed, writable: false), CompressionMode.Decompress);
            length = content.ReadAtLeast(_bytes.AsSpan(_top, most), most, throwOnEndOfStream: false);
        }
        catch (InvalidDataException)
        {
            return false; // told by the reader, which meets it again
        }

        _unfolded += length;
        Taken(length);
        return length == (int)told;
    }

    /// <summary>Bytes of what is around compressed content.</summary>
    private const int LeastPacked = 18;

    /// <summary>Bytes of content that one byte can stand for, and a few more.</summary>
    private const int MostUnfolded = 1040;

    /// <summary>Decodes to the top of the buffer, as far as there is nothing but digits of base64; how many of them.</summary>
    private unsafe int DecodedBlocks(int from, int length)
    {
        if (Detectors.Clean.Wide.Base64 == null)
        {
            return 0;
        }

        // INVARIANT: a block's last bytes go behind what was decoded, where the zero bytes will stand.
        fixed (byte* bytes = _bytes)
        {
            return (int)Detectors.Clean.Wide.Base64(bytes + from, length, bytes + _top);
        }
    }

    /// <summary>What may be used as text of a body that is none; and its base64 form, which serialised objects are judged by.</summary>
    private bool Parts(int start, int length, int shortest, int encodedStart, int encodedLength, int nesting)
    {
        if (BinaryParts.BeginsLikeObjects(_bytes.AsSpan(start, length)) && !Look(encodedStart, encodedLength, nesting, form: false))
        {
            return false;
        }

        for (var at = 0; BinaryParts.TryNext(_bytes.AsSpan(start, length), shortest, ref at, out var run); at += run)
        {
            if (!Look(start + at, run, nesting, form: false))
            {
                return false;
            }
        }

        return true;
    }

    private bool Spaced(int from, int length)
    {
        Decoding.Plus(_bytes.AsSpan(from, length));
        return true;
    }

    /// <summary>Stands alone in the buffer, followed by zero bytes.</summary>
    private bool IsLast(int from, int length) => from > copy.Length && from + length + EventCopy.Padding == _top;

    private bool Fits(int length) => _bytes.Length - _top >= length + EventCopy.Padding;

    /// <summary>Keeps what was written behind the top, with the zero bytes that end every search.</summary>
    private int Taken(int length)
    {
        var start = _top;
        _bytes.AsSpan(start + length, EventCopy.Padding).Clear();
        _top += length + EventCopy.Padding;
        return start;
    }

    /// <summary>To where it may be changed and is followed by zero bytes. The event itself stays as it came.</summary>
    private bool Copied(ref int from, int length)
    {
        if (!Fits(length))
        {
            return false;
        }

        _bytes.AsSpan(from, length).CopyTo(_bytes.AsSpan(_top));
        from = Taken(length);
        return true;
    }

    /// <summary>Takes escapes out, to the top of the buffer; the place of the closing quote.</summary>
    private unsafe int Unescape(int start, int stop, int end, out int length)
    {
        length = 0;
        if (!Fits(end - start))
        {
            return -1;
        }

        if (Detectors.Clean.Wide.Unescape != null)
        {
            return UnescapeWide(start, end, out length);
        }

        _bytes.AsSpan(start, stop - start).CopyTo(_bytes.AsSpan(_top));
        var to = _top + stop - start;
        var at = stop;
        while (_bytes[at] == '\\')
        {
            var used = Escape(at, ref to);
            if (used == 0)
            {
                return -1;
            }

            at += used;
            while (true)
            {
                var v = Load(at);
                v.StoreUnsafe(ref MemoryMarshal.GetArrayDataReference(_bytes), (nuint)to);
                var stops = Stops(v);
                if (stops != 0)
                {
                    var count = BitOperations.TrailingZeroCount(stops);
                    (at, to) = (at + count, to + count);
                    break;
                }

                (at, to) = (at + 16, to + 16);
            }
        }

        if (_bytes[at] != '"')
        {
            return -1;
        }

        length = to - _top;
        Taken(length);
        return at;
    }

    /// <summary>
    /// A long text with escapes is mostly a document, and most of its event: they are taken out where it would otherwise be gone by, and it is not read twice. Its closing quote; 0 where it has none, or is not long.
    /// </summary>
    private int Unescaped(int start, int stop)
    {
        if (_plainStart >= 0 || _bytes[stop] != '\\' || copy.Length - start < LeastPlain || !Fits(copy.Length - start))
        {
            return 0;
        }

        var from = _top;
        var close = Unescape(start, stop, copy.Length, out var length);
        if (close < 0 || length < LeastPlain)
        {
            _top = from;
            return Math.Max(close, 0);
        }

        (_plainStart, _plainEnd, _plainFrom, _plainLength) = (start, close, from, length);
        return close;
    }

    /// <summary>Bytes of a text that is worth keeping.</summary>
    private const int LeastPlain = 1024;

    private unsafe int UnescapeWide(int start, int end, out int length)
    {
        fixed (byte* bytes = _bytes)
        {
            byte* to;
            var quote = Detectors.Clean.Wide.Unescape(bytes + start, bytes + end, bytes + _top, &to);
            length = quote == null ? 0 : (int)(to - bytes) - _top;
            if (quote == null)
            {
                return -1;
            }

            Taken(length);
            return (int)(quote - bytes);
        }
    }

    /// <summary>One escape; how many bytes of the document it took, none when it is no escape.</summary>
    private int Escape(int at, ref int to)
    {
        var escape = _bytes[at + 1];
        switch (escape)
        {
            case (byte)'"' or (byte)'\\' or (byte)'/':
                _bytes[to++] = escape;
                return 2;
            case (byte)'n':
                _bytes[to++] = (byte)'\n';
                return 2;
            case (byte)'t':
                _bytes[to++] = (byte)'\t';
                return 2;
            case (byte)'r':
                _bytes[to++] = (byte)'\r';
                return 2;
            case (byte)'b':
                _bytes[to++] = (byte)'\b';
                return 2;
            case (byte)'f':
                _bytes[to++] = (byte)'\f';
                return 2;
            case (byte)'u' when Unit(at + 2) is var unit and >= 0:
                var low = char.IsHighSurrogate((char)unit) && _bytes[at + 6] == '\\' && _bytes[at + 7] == 'u' ? Unit(at + 8) : -1;
                var pair = low >= 0 && char.IsLowSurrogate((char)low);
                var rune = pair ? new Rune((char)unit, (char)low) : char.IsSurrogate((char)unit) ? Rune.ReplacementChar : new Rune((char)unit);
                to += rune.EncodeToUtf8(_bytes.AsSpan(to));
                return pair ? 12 : 6;
            default:
                return 0;
        }
    }

    private int Unit(int at)
    {
        var value = 0;
        for (var i = at; i < at + 4; i++)
        {
            var digit = Decoding.Hex(_bytes[i]);
            if (digit < 0)
            {
                return -1;
            }

            value = (value << 4) | digit;
        }

        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Blank(int at) => _bytes[at] > ' ' ? at : Blanks(at);

    private int Blanks(int at)
    {
        while (_bytes[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            at++;
        }

        return at;
    }

    /// <summary>Numbers of a list go by without a look at each; where something else stands.</summary>
    private int Numbers(int at, ref Frame frame)
    {
        var last = at;
        if (_bytes[at] is not ((byte)'-' or (>= (byte)'0' and <= (byte)'9')))
        {
            return at;
        }

        while (true)
        {
            var v = Load(at);
            var others = ~Vector128.Equals(Shuffle(Vector128.Create(Numeric), v & Vector128.Create((byte)0x0f)) & High(v), Vector128<byte>.Zero).ExtractMostSignificantBits() & 0xffff;
            others = ~others & 0xffff;
            var commas = Vector128.Equals(v, Vector128.Create((byte)',')).ExtractMostSignificantBits();
            var count = others == 0 ? 16 : BitOperations.TrailingZeroCount(others);
            commas &= (1u << count) - 1;
            if (commas != 0)
            {
                last = at + 32 - BitOperations.LeadingZeroCount(commas);
                frame.Index += BitOperations.PopCount(commas);
            }

            at += count;
            if (count < 16)
            {
                break;
            }
        }

        // Back to behind the last comma: what stands there is a number, or something else.
        return Blank(last);
    }

    /// <summary>Behind a list of nothing but numbers, of which the first and the last are looked at; 0 when it is none.</summary>
    private int NumberList(int at)
    {
        at = Blank(at + 1);
        if (_bytes[at] is not ((byte)'-' or (>= (byte)'0' and <= (byte)'9')))
        {
            return 0;
        }

        var last = at;
        at = Number(at);
        if (at < 0 || _bytes[Blank(at)] is not ((byte)',' or (byte)']'))
        {
            return 0;
        }

        while (true)
        {
            var v = Load(at);
            var others = Vector128.Equals(Shuffle(Vector128.Create(Numeric), v & Vector128.Create((byte)0x0f)) & High(v), Vector128<byte>.Zero).ExtractMostSignificantBits();
            var count = others == 0 ? 16 : BitOperations.TrailingZeroCount(others);
            var commas = Vector128.Equals(v, Vector128.Create((byte)',')).ExtractMostSignificantBits() & ((1u << count) - 1);
            last = commas == 0 ? last : at + 32 - BitOperations.LeadingZeroCount(commas);
            at += count;
            if (count < 16)
            {
                return _bytes[at] == ']' && Number(Blank(last)) is var end and > 0 && Blank(end) == at ? at + 1 : 0;
            }
        }
    }

    private int Scalar(int at)
    {
        if (_bytes[at] is (byte)'-' or (>= (byte)'0' and <= (byte)'9'))
        {
            return Number(at);
        }

        var rest = _bytes.AsSpan(at);
        return rest.StartsWith("true"u8) || rest.StartsWith("null"u8) ? at + 4 : rest.StartsWith("false"u8) ? at + 5 : -1;
    }

    private int Number(int at)
    {
        at += _bytes[at] == '-' ? 1 : 0;
        var first = at;
        at = Digits(at);
        if (at == first || (_bytes[first] == '0' && at > first + 1))
        {
            return -1;
        }

        if (_bytes[at] == '.')
        {
            first = ++at;
            at = Digits(at);
            if (at == first)
            {
                return -1;
            }
        }

        if (_bytes[at] is (byte)'e' or (byte)'E')
        {
            at += _bytes[at + 1] is (byte)'+' or (byte)'-' ? 2 : 1;
            first = at;
            at = Digits(at);
            if (at == first)
            {
                return -1;
            }
        }

        return at;
    }

    private int Digits(int at)
    {
        while (char.IsAsciiDigit((char)_bytes[at]))
        {
            at++;
        }

        return at;
    }

    /// <summary>Behind a value that nobody looks at, without a check of its form; -1 when it does not end.</summary>
    private unsafe int Skip(int at, int end, bool keeps = false)
    {
        switch (_bytes[at])
        {
            case (byte)'"':
                var close = End(at + 1, out var percents);
                if (_bytes[close] != '"')
                {
                    if (keeps && Unescaped(at + 1, close) is var quote and > 0)
                    {
                        return quote + 1;
                    }

                    return Detectors.Clean.Wide.Skip != null ? SkipWide(at, end) : SkipText(at + 1, end);
                }

                // The longest text is most of many an event: it is gone through once.
                if (close - at > _longEnd - _longStart)
                {
                    (_longStart, _longEnd, _longPercents) = (at + 1, close, percents);
                }

                return close + 1;
            case (byte)'{' or (byte)'[':
                return Detectors.Clean.Wide.Skip != null ? SkipWide(at, end) : SkipContainer(at, end);
            default:
                return Scalar(at);
        }
    }

    private int SkipText(int at, int end)
    {
        var escapes = 0UL;
        for (; at < end; at += 64)
        {
            ulong quotes = 0, slashes = 0;
            for (var i = 0; i < 4; i++)
            {
                var v = Load(at + (i * 16));
                quotes |= (ulong)Vector128.Equals(v, Vector128.Create((byte)'"')).ExtractMostSignificantBits() << (i * 16);
                slashes |= (ulong)Vector128.Equals(v, Vector128.Create((byte)'\\')).ExtractMostSignificantBits() << (i * 16);
            }

            quotes &= ~Escaped(slashes, ref escapes);
            if (quotes != 0)
            {
                var close = at + BitOperations.TrailingZeroCount(quotes);
                return close < end ? close + 1 : -1;
            }
        }

        return -1;
    }

    private unsafe int SkipWide(int at, int end)
    {
        fixed (byte* bytes = _bytes)
        {
            var behind = Detectors.Clean.Wide.Skip(bytes + at, bytes + end);
            return behind == null ? -1 : (int)(behind - bytes);
        }
    }

    private int SkipContainer(int at, int end)
    {
        var depth = 0;
        var escapes = 0UL;
        var inside = 0UL;
        for (; at < end; at += 64)
        {
            ulong quotes = 0, slashes = 0, opens = 0, closes = 0;
            for (var i = 0; i < 4; i++)
            {
                var v = Load(at + (i * 16));
                var folded = v | Vector128.Create((byte)0x20);
                quotes |= (ulong)Vector128.Equals(v, Vector128.Create((byte)'"')).ExtractMostSignificantBits() << (i * 16);
                slashes |= (ulong)Vector128.Equals(v, Vector128.Create((byte)'\\')).ExtractMostSignificantBits() << (i * 16);
                opens |= (ulong)Vector128.Equals(folded, Vector128.Create((byte)'{')).ExtractMostSignificantBits() << (i * 16);
                closes |= (ulong)Vector128.Equals(folded, Vector128.Create((byte)'}')).ExtractMostSignificantBits() << (i * 16);
            }

            quotes &= ~Escaped(slashes, ref escapes);
            var strings = Between(quotes) ^ inside;
            inside = (ulong)((long)strings >> 63);
            opens &= ~strings;
            closes &= ~strings;
            if (depth > BitOperations.PopCount(closes))
            {
                depth += BitOperations.PopCount(opens) - BitOperations.PopCount(closes);
                continue;
            }

            for (var both = opens | closes; both != 0; both &= both - 1)
            {
                depth += (opens & both & (0 - both)) != 0 ? 1 : -1;
                if (depth == 0)
                {
                    return at + BitOperations.TrailingZeroCount(both) + 1;
                }
            }
        }

        return -1;
    }

    /// <summary>Places behind an odd number of backslashes in a row; <paramref name="carry"/> tells whether the next block's first place is one.</summary>
    private static ulong Escaped(ulong slashes, ref ulong carry)
    {
        const ulong Even = 0x5555555555555555;
        if (slashes == 0)
        {
            var first = carry;
            carry = 0;
            return first;
        }

        slashes &= ~carry;
        var follows = (slashes << 1) | carry;
        var odd = slashes & ~Even & ~follows;
        var even = odd + slashes;
        carry = even < odd ? 1UL : 0;
        return (Even ^ (even << 1)) & follows;
    }

    /// <summary>Every place with an odd number of bits at or before it.</summary>
    private static ulong Between(ulong bits)
    {
        bits ^= bits << 1;
        bits ^= bits << 2;
        bits ^= bits << 4;
        bits ^= bits << 8;
        bits ^= bits << 16;
        return bits ^ (bits << 32);
    }

    /// <summary>The quote that ends a string; -1 for none.</summary>
    private int Close(int at)
    {
        while (true)
        {
            at = Seek(at);
            if (_bytes[at] == '"')
            {
                return at;
            }

            var to = _top;
            var used = _bytes[at] == '\\' && Fits(16) ? Escape(at, ref to) : 0;
            if (used == 0)
            {
                return -1;
            }

            at += used;
        }
    }

    private int CloseName(int at, out bool telling)
    {
        var start = at;
        telling = false;
        while (true)
        {
            var v = Load(at);
            var stops = Stops(v);
            var plain = ~Vector128.Equals(Shuffle(Vector128.Create(PlainName), v & Vector128.Create((byte)0x0f)) & High(v), Vector128<byte>.Zero).ExtractMostSignificantBits() & 0xffff;
            var count = stops == 0 ? 16 : BitOperations.TrailingZeroCount(stops);
            telling |= (~plain & ((1u << count) - 1)) != 0;
            at += count;
            if (stops == 0)
            {
                continue;
            }

            if (_bytes[at] == '"')
            {
                return at;
            }

            telling = true;
            return Close(start);
        }
    }

    /// <summary>The first quote, backslash or control character; whether a percent sign may stand before it.</summary>
    private unsafe int End(int at, out bool percents)
    {
        if (Detectors.Clean.Wide.TextEnd == null)
        {
            var end = Seek(at);
            percents = _bytes.AsSpan(at, end - at).Contains((byte)'%');
            return end;
        }

        // INVARIANT: a zero byte ends the buffer's document, and Padding bytes follow it.
        fixed (byte* text = &_bytes[at])
        {
            var end = Detectors.Clean.Wide.TextEnd(text);
            percents = end >> 63 != 0;
            return at + (int)(end & int.MaxValue);
        }
    }

    /// <summary>The first quote, backslash or control character.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Seek(int at)
    {
        while (true)
        {
            var stops = Stops(Load(at));
            if (stops != 0)
            {
                return at + BitOperations.TrailingZeroCount(stops);
            }

            at += 16;
        }
    }

    // INVARIANT: loads begin at or before the zero byte that ends a document, and Padding bytes follow it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector128<byte> Load(int at) => Vector128.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(_bytes), (nuint)at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Stops(Vector128<byte> v) =>
        (Vector128.Equals(v, Vector128.Create((byte)'"')) | Vector128.Equals(v, Vector128.Create((byte)'\\')) | Vector128.LessThan(v, Vector128.Create((byte)' '))).ExtractMostSignificantBits();

    // Letters, digits and - _ . : / @ and blank.
    private static ReadOnlySpan<byte> PlainName => [0xbc, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0x50, 0x50, 0x54, 0x54, 0x74];

    // Letters, digits and - _ = , @
    private static ReadOnlySpan<byte> PlainText => [0xb8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf0, 0x50, 0x54, 0x5c, 0x50, 0x70];

    // Digits, signs, point, exponent, comma and blanks.
    private static ReadOnlySpan<byte> Numeric => [0x0c, 0x08, 0x08, 0x08, 0x08, 0x58, 0x08, 0x08, 0x08, 0x09, 0x01, 0x04, 0x04, 0x05, 0x04, 0x00];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> High(Vector128<byte> v) =>
        Shuffle(Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0), Vector128.ShiftRightLogical(v.AsUInt16(), 4).AsByte() & Vector128.Create((byte)0x0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Shuffle(Vector128<byte> table, Vector128<byte> index) =>
        Ssse3.IsSupported ? Ssse3.Shuffle(table, index) : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.VectorTableLookup(table, index) : Vector128.Shuffle(table, index);
}
