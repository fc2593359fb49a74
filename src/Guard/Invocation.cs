using Pellicle.Guard.Sinks;
using Pellicle.Inspection;

namespace Pellicle.Guard;

/// <summary>An event that was handed to the runtime, or is about to be.</summary>
/// <param name="requestId">The platform's id.</param>
/// <param name="number">Count in this environment, from 1.</param>
/// <param name="inspected">An inspection is under way and will call <see cref="Inspected"/>.</param>
internal sealed class Invocation(string requestId, ulong number, bool inspected)
{
    /// <summary>How long a question of the interposer waits for the inspection; below the 250 ms after which it goes on alone.</summary>
    private const int InspectionWaitMs = 150;

    /// <summary>Weaker signs are common in ordinary traffic, and must not keep it from being learned.</summary>
    private const double SuspiciousFrom = 0.5;

    /// <summary>Bytes of an event whose texts are many times as much memory as a small function has to spare.</summary>
    internal const int LargeBytes = 1 << 20;

    private readonly HashSet<string> _reported = new(StringComparer.Ordinal);
    private readonly byte[] _carry = new byte[256];
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim? _ready = inspected ? new(false) : null;
    private InspectionVerdict? _verdict;
    private IReadOnlyList<EventText>? _texts;
    private StatementIndex? _index;
    private int _carried, _statements;
    private bool _released;

    internal string RequestId => requestId;

    internal ulong Number => number;

    /// <summary>Its inspection has not ended.</summary>
    internal bool Pending => _ready is { IsSet: false };

    internal string Source => _verdict?.Source ?? "unknown";

    /// <summary>Texts an outsider chose; waits for the inspection when it still runs.</summary>
    internal IReadOnlyList<EventText> Texts
    {
        get
        {
            AwaitInspection();
            return _texts ??= Ordered(_verdict?.Texts ?? []);
        }
    }

    /// <summary>Statements that are compared with each text before it pays to have an index of them, and texts, and bytes of the event, from which it does.</summary>
    private const int FewStatements = 3, ManyTexts = 64, ManyBytes = 16 * 1024;

    /// <summary>For a statement that is asked about: an index of its texts, once there were several and the event is large.</summary>
    /// <param name="texts">What <see cref="Texts"/> gave.</param>
    internal StatementIndex? ForStatements(IReadOnlyList<EventText> texts)
    {
        if (Interlocked.Increment(ref _statements) <= FewStatements || (texts.Count < ManyTexts && EventBytes < ManyBytes))
            return null;
        lock (_lock)
            return ReferenceEquals(texts, _texts) ? _index ??= new StatementIndex(texts) : null;
    }

    /// <summary>Those that have a sign of what a browser would run.</summary>
    internal IReadOnlyList<EventText> Scripts
    {
        get
        {
            AwaitInspection();
            var fields = (_verdict?.Signals ?? []).Where(static s => s.Detector == "xss").Select(static s => s.Field).ToList();
            return fields.Count == 0 ? [] : [.. Texts.Where(t => fields.Contains(t.Field))];
        }
    }

    internal void AwaitInspection() => _ready?.Wait(InspectionWaitMs);

    /// <summary>The same text stands in the raw query and in the parameter: the parameter's name tells people more. Those of an event too large to be had at once stay as they are.</summary>
    private static IReadOnlyList<EventText> Ordered(IReadOnlyList<EventText> texts) =>
        texts.Count < InspectionOptions.Default.MaxKept && texts.Any(IsRaw) ? [.. texts.Where(t => !IsRaw(t)), .. texts.Where(IsRaw)] : texts;

    private static bool IsRaw(EventText text)
    {
        var (field, _) = text;
        return field.StartsWith("rawQueryString") || ((field.StartsWith("raw") || field.StartsWith("path") || field.StartsWith("requestContext"))
            && text.Field is "rawPath" or "raw_path" or "path" or "requestContext.http.path" or "requestContext.path");
    }

    /// <summary>Carries a sign of an attack: nothing it shows is learned.</summary>
    internal bool Suspicious { get; set; }

    /// <summary>Its event has a sign of what a browser would run, however weak.</summary>
    internal bool HasScripts { get; private set; }

    /// <summary>Its texts are not compared any more; what they took goes to the next event.</summary>
    internal void Release()
    {
        lock (_lock)
        {
            _released = true;
            _index = null;
            _verdict?.Release();
        }
    }

    /// <summary>Its texts, megabytes, were made and are nobody's any more.</summary>
    internal bool LeftTexts { get; private set; }

    /// <summary>It was answered: what it left behind may still act, but most often nothing does.</summary>
    internal void Rest()
    {
        if (EventBytes < LargeBytes)
            return;
        lock (_lock)
        {
            LeftTexts = _texts is not null;
            _texts = null;
            _index = null;
            _verdict?.Rest();
        }
    }

    internal void Inspected(InspectionVerdict? verdict)
    {
        lock (_lock)
        {
            _verdict = verdict;
            _texts = null;
            _index = null;
            if (_released)
                verdict?.Release();
        }
        HasScripts = verdict is not null && verdict.Signals.Any(static s => s.Detector == "xss");
        Suspicious |= verdict is { Signals.Count: > 0 } && verdict.Signals[0].Confidence >= SuspiciousFrom;
        _ready?.Set();
    }

    /// <summary>Bytes of its event.</summary>
    internal int EventBytes { get; set; }

    internal bool Done { get; set; }

    /// <summary>Who got the event; null when that is not told.</summary>
    internal RuntimeApi.Connection? Taker { get; init; }

    /// <summary>Timestamp of the guard's clock.</summary>
    internal long StartedAt { get; init; }

    /// <summary>Kind of event, and who sent it; for what long invocations are compared with.</summary>
    internal (string Kind, string Caller) From { get; set; } = ("", "");

    /// <summary>One report of a kind for each invocation.</summary>
    internal bool FirstOf(string key)
    {
        lock (_lock)
            return _reported.Count < 256 && _reported.Add(key);
    }

    /// <summary>Joins the end of the last streamed piece with the start of this one, so that a secret across the cut is seen.</summary>
    internal RuntimeApi.LeakKind LeaksAcross(ReadOnlySpan<byte> piece, RuntimeApi.LeakScanner scanner)
    {
        var keep = Math.Min(scanner.Longest - 1, 128);
        lock (_lock)
        {
            var next = piece[..Math.Min(piece.Length, keep)];
            next.CopyTo(_carry.AsSpan(_carried));
            var leaks = _carried > 0 ? scanner.Find(_carry.AsSpan(0, _carried + next.Length)) : RuntimeApi.LeakKind.None;
            if (piece.Length >= keep)
            {
                piece[^keep..].CopyTo(_carry);
                _carried = keep;
            }
            else
            {
                var total = _carried + next.Length;
                var drop = Math.Max(0, total - keep);
                _carry.AsSpan(drop, total - drop).CopyTo(_carry);
                _carried = total - drop;
            }
            return leaks;
        }
    }
}
