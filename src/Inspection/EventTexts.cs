using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text;

namespace Pellicle.Inspection;

/// <summary>One step of a field's path: a member name in the arena, or an index.</summary>
/// <param name="Parent">Step before this one; negative for none.</param>
/// <param name="Start">Where the name begins in the arena; negative when the step is an index.</param>
/// <param name="Length">The name's length, or the index.</param>
internal readonly record struct PathStep(int Parent, int Start, int Length);

/// <summary>
/// The texts of an event, kept as UTF-8 in one piece. Field names and strings come into being when somebody asks for them:
/// most events never meet a sink, and then nobody does.
/// </summary>
internal sealed class EventTexts(int capacity) : IReadOnlyList<EventText>, IPlace
{
    private const int UsualDepth = 64;
    private const int UsualName = 128;

    /// <summary>Bytes of a text whose string is kept beside it.</summary>
    private const int MaxString = 4096;

    [ThreadStatic]
    private static StringBuilder? t_field;

    private readonly List<PathStep> _steps = [];
    private readonly List<Slice> _slices = [];
    private readonly List<(int Step, string Name)> _names = [];
    private readonly List<(int Step, int Start, int Length)> _binaries = [];
    private byte[] _arena = GC.AllocateUninitializedArray<byte>(Math.Max(capacity, 64));
    private int _used;
    private List<EventText>? _items;

    private readonly record struct Slice(int Step, int Start, int Length, string? Text);

    /// <summary>With what is decoded.</summary>
    public int Count => _slices.Count + _names.Count + _binaries.Count == 0 ? 0 : Items.Count;

    /// <summary>Everything together; asked from several threads at once the list may be built twice, equal both times.</summary>
    private List<EventText> Items => Volatile.Read(ref _items) ?? Build();

    /// <summary>Forgets the strings; who asks again gets new ones.</summary>
    internal void Rest() => Volatile.Write(ref _items, null);

    public EventText this[int index] => Items[index];

    public IEnumerator<EventText> GetEnumerator() => Items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => Items.GetEnumerator();

    /// <summary>Room to write to at the arena's end; <see cref="Take"/> keeps what was written.</summary>
    internal Span<byte> Room(int length)
    {
        if (_arena.Length - _used < length)
        {
            Array.Resize(ref _arena, Math.Max(_arena.Length * 2, _used + length));
        }

        return _arena.AsSpan(_used, length);
    }

    internal int Take(int length)
    {
        var start = _used;
        _used += length;
        return start;
    }

    /// <summary>Bytes of the arena; the memory stays valid when the arena grows.</summary>
    internal ReadOnlyMemory<byte> Bytes(int start, int length) => _arena.AsMemory(start, length);

    /// <summary>The same, to decode in place before anybody reads it.</summary>
    internal Span<byte> Written(int start, int length) => _arena.AsSpan(start, length);

    internal ReadOnlySpan<byte> Span(int start, int length) => _arena.AsSpan(start, length);

    internal int Step(int parent, ReadOnlySpan<byte> name)
    {
        name.CopyTo(Room(name.Length));
        _steps.Add(new PathStep(parent, Take(name.Length), name.Length));
        return _steps.Count - 1;
    }

    internal int Step(int parent, int index)
    {
        _steps.Add(new PathStep(parent, -1, index));
        return _steps.Count - 1;
    }

    /// <summary>Texts as they stand in the event.</summary>
    internal int Slices => _slices.Count;

    /// <param name="step">Whose text it is.</param>
    /// <param name="start">In the arena.</param>
    /// <param name="length">In the arena.</param>
    /// <param name="text">The same as a string, where there is one; a long one is made again when it is asked for.</param>
    internal void Add(int step, int start, int length, string? text) => _slices.Add(new Slice(step, start, length, length <= MaxString ? text : null));

    /// <summary>A body that is no text: what a program finds in it is looked for when a sink asks.</summary>
    internal void AddBinary(int step, int start, int length) => _binaries.Add((step, start, length));

    /// <summary>Names of members without a blank, a slash or another sign mean nothing to a sink.</summary>
    internal static bool IsUsable(ReadOnlySpan<byte> name) => name.IndexOfAnyExcept(SimpleName) >= 0;

    /// <summary>The name of a member, which a program may use as it does a text (as a path, an address, a command).</summary>
    internal void AddName(int step, ReadOnlySpan<byte> name)
    {
        if (_names.Count < MaxNames && IsUsable(name))
        {
            _names.Add((step, Encoding.UTF8.GetString(name)));
        }
    }

    /// <summary>What is forgotten when a text turns out not to be the document it looked like.</summary>
    internal (int Slices, int Names, int Used) Mark() => (_slices.Count, _names.Count, _used);

    internal void Rewind((int Slices, int Names, int Used) mark)
    {
        _slices.RemoveRange(mark.Slices, _slices.Count - mark.Slices);
        _binaries.RemoveAll(b => b.Start >= mark.Used);
        // Names that were read before stay, and what they are called by with them.
        _used = _names.Count == mark.Names ? mark.Used : _used;
    }

    /// <summary>Where texts and names end now, for <see cref="Forget"/>.</summary>
    internal (int Slices, int Names, int Steps, int Used) Here() => (_slices.Count, _names.Count, _steps.Count, _used);

    /// <summary>Gives back what a text took of which nothing was kept.</summary>
    internal void Forget((int Slices, int Names, int Steps, int Used) here)
    {
        if (_slices.Count == here.Slices && _names.Count == here.Names && (_binaries.Count == 0 || _binaries[^1].Start < here.Used))
        {
            _steps.RemoveRange(here.Steps, _steps.Count - here.Steps);
            _used = here.Used;
        }
    }

    /// <summary>The first name of a path; none when that is an index.</summary>
    internal ReadOnlySpan<byte> Top(int step)
    {
        while (step >= 0 && _steps[step].Parent >= 0)
        {
            step = _steps[step].Parent;
        }

        return step < 0 || _steps[step].Start < 0 ? default : _arena.AsSpan(_steps[step].Start, _steps[step].Length);
    }

    /// <summary><c>Records[0].s3.object.key</c></summary>
    public string Field(int step)
    {
        var depth = 0;
        for (var at = step; at >= 0; at = _steps[at].Parent)
        {
            depth++;
        }

        Span<int> chain = depth <= UsualDepth ? stackalloc int[depth] : new int[depth];
        for (var at = step; at >= 0; at = _steps[at].Parent)
        {
            chain[--depth] = at;
        }

        Span<char> room = stackalloc char[UsualName];
        var field = (t_field ??= new StringBuilder()).Clear();
        for (var i = 0; i < chain.Length; i++)
        {
            if (i == UsualDepth && chain.Length > UsualDepth * 2)
            {
                // Nobody reads more of it, and each text of a hostile event would have it all.
                field.Append(".…");
                i = chain.Length - (UsualDepth / 4);
            }

            var (_, start, length) = _steps[chain[i]];
            if (start < 0)
            {
                field.Append(CultureInfo.InvariantCulture, $"[{length}]");
                continue;
            }

            if (field.Length > 0)
            {
                field.Append('.');
            }

            var name = length <= UsualName ? room : new char[length];
            field.Append(name[..Encoding.UTF8.GetChars(_arena.AsSpan(start, length), name)]);
        }

        return field.ToString();
    }

    private List<EventText> Build()
    {
        var list = new List<EventText>(_slices.Count + _names.Count);
        foreach (var slice in _slices)
        {
            list.Add(new EventText(new EventField(this, slice.Step), slice.Text ?? Encoding.UTF8.GetString(_arena, slice.Start, slice.Length)));
        }

        foreach (var (step, name) in _names)
        {
            list.Add(new EventText(new EventField(this, step), name));
        }

        AddLists(list);

        // A cookie's value is what a program takes of it.
        for (var i = 0; i < _slices.Count; i++)
        {
            if (IsCookie(_slices[i].Step))
            {
                AddCookies(list[i], list);
            }
        }

        foreach (var slice in _slices)
        {
            if (_arena.AsSpan(slice.Start, slice.Length).StartsWith("--"u8))
            {
                EncodedText.AddParts(new EventField(this, slice.Step), _arena, slice.Start, slice.Length, list);
            }
        }

        foreach (var (step, start, length) in _binaries)
        {
            EncodedText.AddContent(new EventField(this, step), _arena, start, length, list, bare: true);
        }

        // Programs decode what comes in base64 before it reaches a sink, some of it twice.
        for (int i = 0, whole = list.Count, turn = 0; turn < MaxTurns; whole = list.Count, turn++)
        {
            for (; i < whole; i++)
            {
                if (list[i].Archived)
                {
                    continue;
                }

                EncodedText.AddDecoded(list[i], list);
                var (field, text) = list[i];
                if (Unescaped(text) is { } plain)
                {
                    list.Add(new EventText(field, plain));
                }

                if (EncodedText.Unescaped(text) is { } other)
                {
                    list.Add(new EventText(field, other));
                }
            }
        }

        Volatile.Write(ref _items, list);
        return list;
    }

    private static readonly SearchValues<byte> SimpleName = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:@"u8);

    /// <summary>How often a text is decoded.</summary>
    private const int MaxTurns = 2;

    /// <summary>As many as texts of one turn.</summary>
    private const int MaxNames = 1 << 16;
    private const int MaxElements = 4096;

    /// <summary>Characters; no argument of a program is longer.</summary>
    private const int MaxJoined = 128 << 10;

    /// <summary>Characters of XML or HTML in which entities are read.</summary>
    private const int MaxEscaped = 1 << 20;

    /// <summary>Lists of words are joined by programs that make a command of them: <c>["rm", "-rf", "/x"]</c>.</summary>
    private void AddLists(List<EventText> list)
    {
        for (int from = 0, end; from < _slices.Count; from = end)
        {
            end = from + 1;
            var step = _slices[from].Step;
            if (step < 0 || _steps[step].Start >= 0)
            {
                continue;
            }

            var length = _slices[from].Length;
            while (end < _slices.Count && _slices[end].Step >= 0 && _steps[_slices[end].Step] is { Start: < 0 } next && next.Parent == _steps[step].Parent)
            {
                length += _slices[end++].Length + 1;
            }

            if (end - from is > 1 and <= MaxElements && length <= MaxJoined)
            {
                var elements = Enumerable.Range(from, end - from).Select(i => list[i].Text).ToArray();
                var field = new EventField(this, _steps[step].Parent);
                list.Add(new EventText(field, string.Join(' ', elements)));
                if (Array.IndexOf(elements, "..") >= 0)
                {
                    list.Add(new EventText(field, string.Join('/', elements)));
                }
            }
        }
    }

    /// <summary>What a program makes of a text that is escaped once more, in percent or as XML.</summary>
    private static string? Unescaped(string text)
    {
        var plain = Entities(text);
        return text.Length <= MaxEscaped && IsEscaped(plain ?? text) && Uri.UnescapeDataString(plain ?? text) is var decoded && decoded != text ? decoded : plain;
    }

    private static bool IsEscaped(string text) =>
        text.IndexOf('%') is >= 0 and var at && at + 2 < text.Length && char.IsAsciiHexDigit(text[at + 1]) && char.IsAsciiHexDigit(text[at + 2]);

    /// <summary>What a parser of XML or HTML makes of <c>&amp;amp;</c> and the like; null where there is none.</summary>
    private static string? Entities(string text) =>
        text.Length <= MaxEscaped && text.IndexOf('&') is >= 0 and var at && text.IndexOf(';', at) > 0 && System.Net.WebUtility.HtmlDecode(text) is var plain && plain != text ? plain : null;

    private const int MaxCookies = 1024;

    /// <summary><c>headers.cookie</c> in any spelling, an element of <c>multiValueHeaders.Cookie</c> or of <c>cookies</c>.</summary>
    private bool IsCookie(int step)
    {
        while (step >= 0 && _steps[step].Start < 0)
        {
            step = _steps[step].Parent;
        }

        if (step < 0)
        {
            return false;
        }

        var name = _arena.AsSpan(_steps[step].Start, _steps[step].Length);
        name = name[(name.LastIndexOf((byte)'.') + 1)..];
        var index = name.IndexOf((byte)'[');
        name = index < 0 ? name : name[..index];
        return Ascii.EqualsIgnoreCase(name, "cookie"u8) || name.SequenceEqual("cookies"u8);
    }

    private static void AddCookies(EventText pairs, List<EventText> found)
    {
        foreach (var pair in pairs.Text.Split(';', MaxCookies))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var value = pair.AsSpan(equals + 1).Trim().Trim('"');
            if (equals >= 0 && !value.IsEmpty)
            {
                found.Add(new EventText($"{pairs.Field}.{pair[..equals].Trim()}", value.Contains('%') ? Uri.UnescapeDataString(value) : value.ToString()));
            }
        }
    }
}
