namespace Pellicle.Guard;

/// <summary>Events in the hands of the runtime, by request id; the latest that ended stays, because its children may still run.</summary>
internal sealed class Invocations
{
    /// <summary>Ids that were answered; a late second answer to one of them is no attack.</summary>
    private const int Remembered = 256;

    /// <summary>As many that ended are still known by their numbers: what they started may act after them.</summary>
    private const int Lately = 64;

    private const int MaxAncestors = 64;

    private readonly Dictionary<string, Invocation> _open = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);
    private readonly Queue<string> _endedOrder = new();
    private readonly Queue<Invocation> _lately = new();
    private readonly Lock _lock = new();
    private Invocation? _last;
    private bool _several;

    internal int InFlight
    {
        get
        {
            lock (_lock)
                return _open.Count;
        }
    }

    /// <summary>True once any event was handed out: init is over.</summary>
    internal bool Any => _last is not null;

    /// <param name="invocation">New.</param>
    /// <param name="concurrent">Most invocations the environment may hold; with one, an older open one was abandoned (time-out).</param>
    /// <returns>Those that were given up for it.</returns>
    internal IReadOnlyList<Invocation> Begin(Invocation invocation, int concurrent)
    {
        var givenUp = new List<Invocation>();
        lock (_lock)
        {
            _several = concurrent > 1;
            if (!_several)
            {
                foreach (var (id, abandoned) in _open)
                {
                    Remember(id);
                    abandoned.Release();
                    givenUp.Add(abandoned);
                }
                _open.Clear();
            }
            if (_last is { } last && !_open.ContainsKey(last.RequestId))
                last.Release();
            _open[invocation.RequestId] = invocation;
            _last = invocation;
        }
        return givenUp;
    }

    /// <summary>The latest that began.</summary>
    internal Invocation? Last => _last;

    /// <summary>Bytes of the largest event whose texts are still compared.</summary>
    internal int Largest
    {
        get
        {
            lock (_lock)
                return Math.Max(_last?.EventBytes ?? 0, _open.Count > 1 ? _open.Values.Max(i => i.EventBytes) : 0);
        }
    }

    internal Invocation? Find(string requestId)
    {
        lock (_lock)
            return _open.GetValueOrDefault(requestId);
    }

    /// <summary>The one that is under way; null when there is none, or several.</summary>
    internal Invocation? Only
    {
        get
        {
            lock (_lock)
                return _open.Count == 1 ? _open.Values.First() : null;
        }
    }

    internal bool WasHandedOut(string requestId)
    {
        lock (_lock)
            return _open.ContainsKey(requestId) || _ended.Contains(requestId);
    }

    internal Invocation? End(string requestId)
    {
        lock (_lock)
        {
            if (!_open.Remove(requestId, out var invocation))
                return null;
            invocation.Done = true;
            if (invocation != _last)
                invocation.Release();
            else
                invocation.Rest();
            if (_several)
                _lately.Enqueue(invocation);
            if (_lately.Count > Lately)
                _lately.Dequeue();
            Remember(requestId);
            return invocation;
        }
    }

    /// <summary>
    /// Those an action may belong to. With one it is that one's. Of several under way those that the acting process, or the one it descends from, was given; where one process
    /// was given several (threads), which of them acts cannot be told.
    /// </summary>
    /// <param name="number">That the action was noted with: the one that began last, which is first, or with <paramref name="own"/> the one it belongs to.</param>
    /// <param name="pid">Who acts; 0 when unknown.</param>
    /// <param name="own">The acting thread, or process, was told which invocation it works for.</param>
    internal IReadOnlyList<Invocation> Candidates(ulong number, int pid, bool own = false)
    {
        List<Invocation> open;
        lock (_lock)
        {
            if (_last is null)
                return [];
            if (own && (_open.Values.FirstOrDefault(i => i.Number == number) ?? _lately.FirstOrDefault(i => i.Number == number)) is { } its)
                return [its];
            if (_open.Count <= 1)
                return [_open.Count == 1 ? _open.Values.First() : _last];
            open = [.. _open.Values.OrderBy(i => i.Number == number ? 0 : 1)];
        }
        // A worker's children are its own; a parent of all workers is nobody's.
        for (var steps = 0; pid > 1 && steps < MaxAncestors; steps++)
        {
            if (open.Where(i => i.Taker?.Pid == pid).ToList() is { Count: > 0 } theirs)
                return theirs;
            pid = Native.PeerFinder.Parent(pid);
        }
        return open;
    }

    private void Remember(string id)
    {
        if (!_ended.Add(id))
            return;
        _endedOrder.Enqueue(id);
        if (_endedOrder.Count > Remembered)
            _ended.Remove(_endedOrder.Dequeue());
    }
}
