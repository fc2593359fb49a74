using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace Pellicle.Inspection;

/// <summary>What is done with an event.</summary>
public enum InspectionDecision
{
    /// <summary>Hand it to the function.</summary>
    Allow,

    /// <summary>An attack with high confidence: in <c>protect</c> the function does not see it.</summary>
    Block,
}

/// <summary>One sign of an attack in one field.</summary>
/// <param name="Detector">Stable id, for example <c>command-injection</c>.</param>
/// <param name="Field">Path of the field, for example <c>queryStringParameters.host</c>.</param>
/// <param name="Confidence">0.0 to 1.0.</param>
/// <param name="Evidence">The part of the text that shows it, at most 200 characters.</param>
public sealed record InspectionSignal(string Detector, string Field, double Confidence, string Evidence);

/// <summary>Path of a field, for example <c>queryStringParameters.host</c>; a string when somebody asks, for most are never looked at.</summary>
public readonly struct EventField : IEquatable<EventField>
{
    // A string, or the place that names the step.
    private readonly object? _path;
    private readonly int _step;

    internal EventField(string path) => _path = path;

    internal EventField(IPlace place, int step) => (_path, _step) = (place, step);

    /// <summary>The path.</summary>
    /// <param name="field">Of the field.</param>
    public static implicit operator string(EventField field) => field.ToString();

    /// <summary>By the path.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">Other.</param>
    public static bool operator ==(EventField left, EventField right) => left.Equals(right);

    /// <summary>By the path.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">Other.</param>
    public static bool operator !=(EventField left, EventField right) => !left.Equals(right);

    /// <summary>Whether the path begins so; for most fields told without making a string of it.</summary>
    /// <param name="prefix">The characters.</param>
    public bool StartsWith(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (_path is EventTexts texts)
        {
            var top = texts.Top(_step);
            for (var i = 0; i < Math.Min(top.Length, prefix.Length) && char.IsAscii(prefix[i]); i++)
            {
                if (top[i] != prefix[i])
                {
                    return false;
                }
            }
        }

        return ToString().StartsWith(prefix, StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public bool Equals(EventField other) => ToString() == other.ToString();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is EventField other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => _path switch { null => "", string path => path, var place => ((IPlace)place).Field(_step) };
}

/// <summary>One text of the event that somebody outside can choose, decoded (percent, base64 body, nested JSON).</summary>
public readonly record struct EventText
{
    private readonly EventField _field;

    /// <summary>A text of a field.</summary>
    /// <param name="field">Path of the field.</param>
    /// <param name="text">Decoded text.</param>
    public EventText(string field, string text)
        : this(new EventField(field), text)
    {
    }

    internal EventText(EventField field, string text) => (_field, Text) = (field, text);

    /// <summary>Path of the field; made anew each time.</summary>
    public string Field => _field;

    /// <summary>Decoded text.</summary>
    public string Text { get; }

    /// <summary>It is a name in an archive, and leads out of the place that is unpacked to.</summary>
    public bool Archived { get; init; }

    /// <summary>Both.</summary>
    /// <param name="field">Path of the field.</param>
    /// <param name="text">Decoded text.</param>
    public void Deconstruct(out EventField field, out string text) => (field, text) = (_field, Text);
}

/// <summary>What inspection says of one event.</summary>
public sealed record InspectionVerdict
{
    /// <summary>Decision.</summary>
    public required InspectionDecision Decision { get; init; }

    /// <summary>Event source, for example <c>apigw-v2</c>, <c>s3</c>, <c>sqs</c>, <c>unknown</c>.</summary>
    public required string Source { get; init; }

    /// <summary>0 to 100.</summary>
    public required int Score { get; init; }

    /// <summary>False when a limit (size, depth, count) kept part of the event from being read.</summary>
    public required bool Full { get; init; }

    /// <summary>Signals, strongest first.</summary>
    public required IReadOnlyList<InspectionSignal> Signals { get; init; }

    /// <summary>Attacker-controlled texts of the event, for the comparison with sinks; bounded.</summary>
    public required IReadOnlyList<EventText> Texts { get; init; }

    /// <summary>
    /// Gives the memory behind <see cref="Texts"/> back to the inspection of later events; a list that nobody has read by then is empty. Without it the collector does so.
    /// </summary>
    public void Release() => (Texts as LazyTexts)?.Release();

    /// <summary>Gives back what <see cref="Texts"/> took when they were read, and keeps what they are made from.</summary>
    public void Rest()
    {
        (Texts as LazyTexts)?.Rest();
        (Texts as EventTexts)?.Rest();
    }

    /// <summary>Shape of the event (sorted key paths without values, hashed), for learning.</summary>
    public required string Shape { get; init; }
}

/// <summary>Looks at events. Stateless and thread safe; the cost grows with the event's size and is bounded by <see cref="InspectionOptions"/>.</summary>
public static class Inspector
{
    private const int MaxEvidence = 200;
    private const int MaxSignals = 32;

    // A browser runs it, not the function: seen in an event it is reported, and blocked only where a policy says so.
    private const double ScriptCeiling = 0.89;

    /// <summary>A text of these alone could mean nothing to a shell, a database, a browser or a path: most names, numbers and ids are such.</summary>
    private static readonly SearchValues<byte> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=,@"u8);

    /// <summary>Longer texts are documents: what is found in them is reported, not blocked, by the detectors of parameters.</summary>
    private const int MaxParameter = 3000;

    private static readonly string[] OfParameters = ["command-injection", "sql-injection", "ssrf", "path-traversal", "code-injection", "nosql-injection", "scanner", "server-side-include", "prototype-pollution"];

    private static readonly SearchValues<byte> PlainName = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_ .:/@"u8);

    private static readonly Detectors.IDetector[] All = [.. Detectors.AllDetectors.Create()];
    private static readonly Detectors.LiteralTable Literals = new(All.SelectMany(d => d.Sets));
    internal static readonly Detectors.Screen Screened = new(All, Detectors.SqlInjection.StatementWords, Detectors.CommandInjection.Programs);

    /// <summary>Bytes of a text that has room on the stack.</summary>
    private const int ShortText = 512;

    /// <summary>Of a text with more, all its separators are looked at.</summary>
    private const int MostCommands = 4096;

    private static readonly int CommandDetector = Array.FindIndex(All, d => d is Detectors.CommandInjection);

    private static readonly int QueryDetector = Array.FindIndex(All, d => d is Detectors.SqlInjection);

    /// <summary>Shorter texts are read for all literals sooner than searched for each set of words that make queries.</summary>
    private const int MinAsked = 2048;

    private static readonly (int Detector, Detectors.Literals Set, SearchValues<string> Search, int Length)[] Short =
    [
        .. All.SelectMany((detector, i) => detector.Sets.SelectMany(set => set.Values.Where(value => !Detectors.Screen.MayStand(value)).Select(value => (i, set, SearchValues.Create([value], StringComparison.OrdinalIgnoreCase), value.Length)))),
    ];

    // Operators of document databases; in a parameter they change the query.
    private static readonly string[] Operators = ["$where", "$ne", "$gt", "$gte", "$lt", "$lte", "$nin", "$in", "$regex", "$exists", "$or", "$and", "$expr", "$function", "$accumulator"];

    /// <summary>Ids of all detectors, sorted.</summary>
    public static IReadOnlyList<string> DetectorIds { get; } = [.. All.Select(d => d.Id).Append("prototype-pollution").Order(StringComparer.Ordinal)];

    /// <summary>True for sources whose caller waits for an HTTP answer (a blocked event is then answered with status 403).</summary>
    public static bool IsHttp(string source) => EventSources.IsHttp(source);

    /// <summary>
    /// For programs that are compiled ahead of time and link <c>Native/masks.targets</c>: uses the processor's wide vectors where it has them. Called before the first event;
    /// elsewhere <see cref="DllNotFoundException"/>.
    /// </summary>
    /// <param name="mostBits">Of a vector: 512, or 256 to measure what processors without AVX-512 do.</param>
    public static unsafe void UseWideVectors(int mostBits = 512)
    {
        fixed (Detectors.Clean.Functions* wide = &Detectors.Clean.Wide)
        {
            _ = Detectors.Clean.OfProcessor(mostBits, wide);
        }
    }

    /// <summary>Inspects one event as it comes from the Runtime API. The bytes are not kept.</summary>
    public static InspectionVerdict Inspect(ReadOnlyMemory<byte> json, InspectionOptions? options = null)
    {
        options ??= InspectionOptions.Default;
        if (json.Length <= EventWalk.MaxBytes)
        {
            var copy = new EventCopy(json.Span);
            var walk = new EventWalk(options, copy);
            var judge = new Judge(options, Screened, padded: true);
            t_judge = judge;
            var walked = walk.Read(judge);
            t_judge = null;
            copy.Inspected();
            t_asked?.Forget();
            if (walked)
            {
                return Verdict(options, judge.Signals, walk.Source, walk.Full, walk.Shape, new LazyTexts(copy, options));
            }

            walk.Shape.Release();
            return Read(json.Span, options, Screened, copy);
        }

        return Read(json.Span, options, Screened);
    }

    /// <summary>The way of every event that cannot be walked through; says the same of those that can. Without a screen the detectors look at every text, as tests compare.</summary>
    internal static InspectionVerdict Read(ReadOnlySpan<byte> json, InspectionOptions options, Detectors.Screen? screen, EventCopy? copy = null)
    {
        var texts = new EventTexts(Math.Min(json.Length, options.MaxTextLength * 8) + 64);
        var judge = new Judge(options, screen);
        var reader = new EventReader(options, new Sink(judge, texts), texts);
        reader.Read(json);
        if (reader.More && copy is not null)
        {
            return Verdict(options, judge.Signals, reader.Source, reader.Full, reader.Shape, new LazyTexts(copy, options));
        }

        copy?.Release();
        return Verdict(options, judge.Signals, reader.Source, reader.Full, reader.Shape, texts);
    }

    private static InspectionVerdict Verdict(InspectionOptions options, List<InspectionSignal> signals, string source, bool full, EventShape shape, IReadOnlyList<EventText> texts)
    {
        if (source == EventSources.Logs)
        {
            // Lines of logs tell of attacks on others by nature. What a function does with one is judged where it does it.
            for (var i = 0; i < signals.Count; i++)
            {
                signals[i] = Array.IndexOf(OfParameters, signals[i].Detector) >= 0 ? signals[i] with { Confidence = Math.Min(signals[i].Confidence, ScriptCeiling) } : signals[i];
            }
        }

        signals.Sort(static (a, b) => b.Confidence.CompareTo(a.Confidence) is var order && order != 0 ? order : string.CompareOrdinal(a.Field, b.Field) is var field && field != 0 ? field : string.CompareOrdinal(a.Detector, b.Detector));
        if (signals.Count > MaxSignals)
        {
            signals.RemoveRange(MaxSignals, signals.Count - MaxSignals);
        }

        var top = signals.Count == 0 ? 0 : signals[0].Confidence;
        var hash = shape.ToString();
        shape.Release();
        return new InspectionVerdict
        {
            Decision = top >= options.BlockAt ? InspectionDecision.Block : InspectionDecision.Allow,
            Source = source,
            Score = (int)Math.Round(top * 100),
            Full = full,
            Signals = signals,
            Texts = texts,
            Shape = hash,
        };
    }

    /// <summary>No detector finds anything that would be kept in a text of the event that is walked through, once its percent signs are decoded; false as well when it is a document, whose texts are others'.</summary>
    /// <param name="text">Not clean to <see cref="Detectors.Clean"/> as it stands; a block and a little more may be read behind it.</param>
    internal static bool SaysNothing(ReadOnlySpan<byte> text)
    {
        if (t_judge is not { } judge || EventReader.LooksLikeDocument(text))
        {
            return false;
        }

        if (!text.Contains((byte)'%'))
        {
            return judge.SaysNothing(text, looked: true);
        }

        const int Behind = EventCopy.Padding;
        byte[]? rented = null;
        var plain = text.Length <= ShortText ? stackalloc byte[ShortText + Behind] : rented = ArrayPool<byte>.Shared.Rent(text.Length + Behind);
        text.CopyTo(plain);
        var length = Decoding.Percent(plain[..text.Length]);
        plain.Slice(length, Behind).Clear();
        var says = !judge.SaysNothing(plain[..length], looked: false);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return !says;
    }

    /// <summary>Of the event that is walked through.</summary>
    [ThreadStatic]
    private static Judge? t_judge;

    /// <summary>The last text that was asked about and said something: the walk mostly meets it next.</summary>
    private sealed class Asked
    {
        private const int Longest = 16 * 1024;

        private byte[] _text = [];
        private int _length;

        public List<InspectionSignal> Signals { get; private set; } = [];

        public void Keep(ReadOnlySpan<byte> text, List<InspectionSignal> signals)
        {
            Forget();
            if (text.Length <= Longest)
            {
                _text = _text.Length < text.Length ? new byte[Math.Max(text.Length, 1024)] : _text;
                text.CopyTo(_text);
                (_length, Signals) = (text.Length, signals);
            }
        }

        public bool Is(ReadOnlySpan<byte> text) => _length > 0 && text.SequenceEqual(_text.AsSpan(0, _length));

        public void Forget()
        {
            _text.AsSpan(0, _length).Clear();
            (_length, Signals) = (0, []);
        }
    }

    [ThreadStatic]
    private static Asked? t_asked;

    private sealed class Nowhere : IPlace
    {
        public static readonly Nowhere Place = new();

        public string Field(int step) => "";
    }

    /// <summary>What functions are packed with to be read or handed out; neither code nor settings.</summary>
    private static readonly string[] Documents = [".txt", ".csv", ".tsv", ".md", ".pdf", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico", ".html", ".htm", ".css", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".mp3", ".mp4", ".wav", ".ttf", ".otf", ".woff", ".woff2"];

    /// <summary>Data, where a folder is there for it.</summary>
    private static readonly string[] Data = [".json", ".ndjson", ".geojson", ".yaml", ".yml", ".xml", ".db", ".sqlite", ".sqlite3", ".parquet", ".dat", ".tmpl"];

    private static readonly string[] DataFolders = ["/var/task/data/", "/var/task/assets/", "/var/task/static/", "/var/task/public/", "/var/task/resources/", "/var/task/locales/", "/var/task/fixtures/", "/var/task/templates/"];

    /// <summary>Whether a path is that of a document or picture in the function's own package, told by its ending, or of data in a folder for it.</summary>
    /// <param name="path">Absolute.</param>
    public static bool IsOwnDocument(ReadOnlySpan<char> path)
    {
        var dot = path.LastIndexOf('.');
        return dot > 0 && path.StartsWith("/var/task/", StringComparison.Ordinal) && !path.Contains("..", StringComparison.Ordinal) && !path.ContainsAny("%\\\0")
            && path[dot..].ToString().ToLowerInvariant() is var ending && (Array.IndexOf(Documents, ending) >= 0 || (Array.IndexOf(Data, ending) >= 0 && IsData(path)));
    }

    private static bool IsData(ReadOnlySpan<char> path)
    {
        foreach (var folder in DataFolders)
        {
            if (path.StartsWith(folder, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    internal static bool IsTelling(ReadOnlySpan<byte> name) => name.IndexOfAnyExcept(PlainName) >= 0 || ReachesPrototype(name);

    /// <summary>Members by which an object that is merged into another reaches the prototype of all; the second only below <c>constructor</c>.</summary>
    internal static bool ReachesPrototype(ReadOnlySpan<byte> name) => name.IndexOf("__proto__"u8) >= 0 || name.EndsWith("prototype"u8);

    private sealed class Sink(Judge judge, EventTexts texts) : IEventSink
    {
        public string? Text(int step, ReadOnlySpan<byte> text) => judge.Text(texts, step, text);

        public bool IsTelling(ReadOnlySpan<byte> name) => Inspector.IsTelling(name) || EventTexts.IsUsable(name);

        public void Name(int step, ReadOnlySpan<byte> name)
        {
            texts.AddName(step, name);
            if (Inspector.IsTelling(name))
            {
                judge.Name(texts, step, Encoding.UTF8.GetString(name));
            }
        }
    }

    /// <summary>Shows every text and every telling name to the detectors.</summary>
    /// <param name="options">Limits and suppressions.</param>
    /// <param name="screen">Sorts texts out first; none: the detectors look at every text.</param>
    /// <param name="padded">Behind every text so many bytes may be read as the screen wants.</param>
    internal sealed class Judge(InspectionOptions options, Detectors.Screen? screen, bool padded = false)
    {
        private int _names;

        // Apart, for it is known last whether those of parameters count less.
        private Kept _ofParameters;
        private Kept _others;

        /// <summary>What is found in a text that is asked about.</summary>
        private List<InspectionSignal>? _asked;
        private bool _asks;

        /// <summary>The strongest signals, as many as are reported; of those that are as strong the first.</summary>
        private struct Kept
        {
            public List<InspectionSignal>? Signals;

            /// <summary>One that is no stronger has no place any more.</summary>
            public double Least;

            private int _weakest;

            public void Add(InspectionSignal signal)
            {
                Signals ??= [];
                if (Signals.Count < MaxSignals)
                {
                    Signals.Add(signal);
                }
                else
                {
                    Signals.RemoveAt(_weakest);
                    Signals.Add(signal);
                }

                for (var i = Signals.Count == MaxSignals ? _weakest = 0 : MaxSignals; i < MaxSignals; i++)
                {
                    _weakest = Signals[i].Confidence <= Signals[_weakest].Confidence ? i : _weakest;
                }

                Least = Signals.Count == MaxSignals ? Signals[_weakest].Confidence : 0;
            }
        }

        /// <summary>A copy of those that are kept.</summary>
        public List<InspectionSignal> Signals => [.. _ofParameters.Signals ?? [], .. _others.Signals ?? []];

        [SkipLocalsInit]
        public string? Text(IPlace place, int step, ReadOnlySpan<byte> text)
        {
            if (screen is not null && t_asked is { } asked && asked.Is(text))
            {
                foreach (var signal in asked.Signals)
                {
                    if (signal.Confidence > KeptOf(signal.Detector).Least)
                    {
                        Add(signal with { Field = place.Field(step) });
                    }
                }

                return padded ? null : Encoding.UTF8.GetString(text);
            }

            if (padded && screen is not null && Detectors.Clean.Tells)
            {
                if (!screen.Quick.IsClean(text) && !IsPlain(text))
                {
                    FindConcerned(place, step, text, screen);
                }

                return null;
            }

            if (IsClean(screen, text))
            {
                return null;
            }

            var whole = Encoding.UTF8.GetString(text);
            Find(place, step, whole);
            return whole;
        }

        /// <summary>Nothing that would be kept is found in a text; if something is, that is remembered for when the walk meets the text.</summary>
        /// <param name="text">A block and a little more may be read behind it.</param>
        /// <param name="looked">It is known that it is not clean.</param>
        internal bool SaysNothing(ReadOnlySpan<byte> text, bool looked)
        {
            if (screen is null || !Detectors.Clean.Tells)
            {
                return false;
            }

            if ((!looked && screen.Quick.IsClean(text)) || IsPlain(text))
            {
                return true;
            }

            _asks = true;
            try
            {
                FindConcerned(Nowhere.Place, 0, text, screen);
            }
            finally
            {
                _asks = false;
            }

            if (_asked is not { } found)
            {
                return true;
            }

            _asked = null;
            (t_asked ??= new Asked()).Keep(text, found);
            return false;
        }

        [SkipLocalsInit]
        private void FindConcerned(IPlace place, int step, ReadOnlySpan<byte> text, Detectors.Screen screen)
        {
            Span<int> commands = stackalloc int[MostCommands];
            screen.Quick.Concerns(text, commands, out var concern);
            if (concern.Detectors != 0)
            {
                Find(place, step, text, concern, commands);
            }
        }

        /// <summary>Bytes of a text that takes its room from the pool.</summary>
        private const int MostPooled = 256 * 1024;

        /// <summary>Shows a text to those that it concerns.</summary>
        private void Find(IPlace place, int step, ReadOnlySpan<byte> text, in Detectors.Clean.Concern concern, Span<int> commands)
        {
            char[]? rented = null;
            // The pool would keep what an event of megabytes needed once.
            var whole = text.Length <= ShortText ? stackalloc char[ShortText] : text.Length > MostPooled ? GC.AllocateUninitializedArray<char>(text.Length) : rented = ArrayPool<char>.Shared.Rent(text.Length);
            Find(place, step, text, whole[..Encoding.UTF8.GetChars(text, whole)], concern, commands);
            if (rented is not null)
            {
                ArrayPool<char>.Shared.Return(rented);
            }
        }

        private unsafe void Find(IPlace place, int step, ReadOnlySpan<byte> text, ReadOnlySpan<char> whole, in Detectors.Clean.Concern concern, Span<int> commands)
        {
            Span<int> places = stackalloc int[Detectors.LiteralTable.MaxSets];
            Span<int> lengths = stackalloc int[Detectors.LiteralTable.MaxSets];
            var knows = concern.NumberOfCommands >= 0 && concern.NumberOfCommands <= commands.Length;
            commands = knows ? commands[..(int)concern.NumberOfCommands] : default;
            for (var (i, from, characters) = (0, 0, 0); whole.Length != text.Length && i < commands.Length; i++)
            {
                characters += Encoding.UTF8.GetCharCount(text[from..commands[i]]);
                (from, commands[i]) = (commands[i], characters);
            }

            var statements = (concern.Detectors & Detectors.Clean.Concern.Statements) != 0;
            if (statements && whole.Length < MinAsked && (concern.Detectors >> QueryDetector & 1) != 0)
            {
                Find(place, step, new Detectors.Subject(whole, Literals, places, lengths) { Commands = commands, KnowsCommands = knows, Least = _ofParameters.Least }, concern.Detectors);
                return;
            }

            for (var sets = (uint)concern.Sets; sets != 0; sets &= sets - 1)
            {
                var set = BitOperations.TrailingZeroCount(sets);
                places[set] = whole.Length == text.Length ? (int)concern.Places[set] : Encoding.UTF8.GetCharCount(text[..(int)concern.Places[set]]);
                lengths[set] = Literals.Sets[set].LengthAt(whole, places[set]);
            }

            // What is too short for the screen to look for as it stands.
            var found = (uint)concern.Sets;
            foreach (var (detector, set, search, length) in Short)
            {
                // INVARIANT: of commands there is `|sh` with a line break, and before it one may stand.
                if ((concern.Detectors >> detector & 1) != 0 && !(knows && detector == CommandDetector && !HasBar(whole, commands)) && whole.IndexOfAny(search) is >= 0 and var first && ((found & set.Bit) == 0 || first < places[BitOperations.TrailingZeroCount(set.Bit)]))
                {
                    found |= set.Bit;
                    (places[BitOperations.TrailingZeroCount(set.Bit)], lengths[BitOperations.TrailingZeroCount(set.Bit)]) = (first, length);
                }
            }

            Find(place, step, new Detectors.Subject(whole, found, places, lengths, commands, knows) { HasStatements = statements, Least = _ofParameters.Least }, concern.Detectors);
        }

        private static bool HasBar(ReadOnlySpan<char> text, ReadOnlySpan<int> commands)
        {
            foreach (var place in commands)
            {
                if (text[place] == '|' && place + 1 < text.Length && (text[place + 1] | 0x20) == 's')
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>No detector can find anything. Short texts mostly have blanks, and long ones that have none are encoded data.</summary>
        private static bool IsClean(Detectors.Screen? screen, ReadOnlySpan<byte> text) =>
            screen is null || text.Length > Detectors.TextMasks.Block ? IsPlain(text) || (screen?.IsClean(text) ?? false) : screen.IsClean(text) || IsPlain(text);

        public void Name(IPlace place, int step, string name)
        {
            if (_names++ < options.MaxTexts)
            {
                KeySignal(this, new EventText(place.Field(step), name));
            }
        }

        private ref Kept KeptOf(string detector) => ref Array.IndexOf(OfParameters, detector) >= 0 ? ref _ofParameters : ref _others;

        internal void Add(InspectionSignal signal)
        {
            // Far fewer than a hostile event with signs everywhere would fill the memory with. Nor may weak ones leave no room for a strong one behind them.
            ref var kept = ref KeptOf(signal.Detector);
            if (signal.Confidence > kept.Least && !IsSuppressed(options, signal))
            {
                kept.Add(signal);
            }
        }

        internal void Find(IPlace place, int step, string text)
        {
            Span<int> places = stackalloc int[Detectors.LiteralTable.MaxSets];
            Span<int> lengths = stackalloc int[Detectors.LiteralTable.MaxSets];
            Find(place, step, new Detectors.Subject(text, Literals, places, lengths), -1);
        }

        private void Find(IPlace place, int step, scoped in Detectors.Subject subject, long detectors)
        {
            var text = subject.Text;
            bool? document = null;
            for (var rest = detectors & ((1L << All.Length) - 1); rest != 0; rest &= rest - 1)
            {
                var detector = All[BitOperations.TrailingZeroCount(rest)];
                var match = detector.Find(subject);
                if (match.Confidence > 0)
                {
                    var confidence = match.Confidence;
                    if (confidence > ScriptCeiling && (detector.Id == "xss" || (Array.IndexOf(OfParameters, detector.Id) >= 0 && (document ??= IsDocument(text)))))
                    {
                        confidence = ScriptCeiling;
                    }

                    // Most texts of a list say what enough of them said before.
                    if (confidence <= KeptOf(detector.Id).Least)
                    {
                    }
                    else if (_asks)
                    {
                        (_asked ??= []).Add(new InspectionSignal(detector.Id, "", confidence, Cut(text, match)));
                    }
                    else
                    {
                        Add(new InspectionSignal(detector.Id, place.Field(step), confidence, Cut(text, match)));
                    }
                }
            }
        }

        /// <summary>Articles, tickets, source files, sentences: they quote commands and queries, and a function does not paste them into one.</summary>
        private static bool IsDocument(ReadOnlySpan<char> text) =>
            text.Length > MaxParameter || (text.Length > 200 && text.Count('\n') >= 3) || Detectors.Writing.IsAbout(text);

        internal static bool IsPlain(ReadOnlySpan<byte> text) =>
            text.IndexOfAnyExcept(Plain) < 0
            && (text.Length < 25 || text[0] is not ((byte)'r' or (byte)'A' or (byte)'g' or (byte)'Y' or (byte)'H' or (byte)'a'));
    }

    private static void KeySignal(Judge judge, EventText key)
    {
        if (key.Text.Contains("__proto__", StringComparison.Ordinal) || key.Text.Contains("constructor[prototype]", StringComparison.Ordinal) || key.Text.Contains("constructor.prototype", StringComparison.Ordinal)
            || (key.Text == "prototype" && key.Field.EndsWith("constructor.prototype", StringComparison.Ordinal)))
        {
            judge.Add(new InspectionSignal("prototype-pollution", key.Field, 0.92, Cut(key.Text, default)));
        }

        var dollar = key.Text.IndexOf('$', StringComparison.Ordinal);
        if (dollar < 0)
        {
            return;
        }

        var name = key.Text[dollar..].TrimEnd(']');
        if (Array.IndexOf(Operators, name) >= 0 && (dollar == 0 || key.Text[dollar - 1] == '['))
        {
            judge.Add(new InspectionSignal("nosql-injection", key.Field, name is "$where" or "$function" or "$ne" or "$regex" or "$gt" or "$nin" or "$exists" ? 0.9 : 0.8, name));
        }
    }

    private static bool IsSuppressed(InspectionOptions options, InspectionSignal signal)
    {
        foreach (var suppression in options.Suppress)
        {
            var at = suppression.IndexOf('@', StringComparison.Ordinal);
            var detector = at < 0 ? suppression : suppression[..at];
            var field = at < 0 ? "*" : suppression[(at + 1)..];
            if ((detector == signal.Detector || detector == "*") && (field.EndsWith('*') ? signal.Field.StartsWith(field[..^1], StringComparison.Ordinal) : field == signal.Field))
            {
                return true;
            }
        }

        return false;
    }

    private static string Cut(ReadOnlySpan<char> text, Detectors.Match match)
    {
        var start = Math.Max(0, Math.Min(match.Start - 20, text.Length));
        return text.Slice(start, Math.Min(MaxEvidence, text.Length - start)).ToString();
    }
}
