using Pellicle.Domain;

namespace Pellicle.Guard.Telemetry;

/// <summary>A line of a batch.</summary>
internal readonly record struct BehaviourDelta(Behaviour Behaviour, long Count, int Invocations, bool Init, bool Clean);

/// <summary>What was seen, how often, and in how many invocations; hands out the difference since the last batch.</summary>
internal sealed class Behaviours(Health health)
{
    /// <summary>Distinct items kept; more are counted as dropped. A function with more has no learnable profile in that dimension.</summary>
    internal const int MaxItems = 16384;

    /// <summary>Seen in this many invocations an item is known, and the interposer needs not ask any more.</summary>
    internal const int KnownAfter = 2;

    private sealed class Entry
    {
        internal ulong LastInvocation;
        internal int CleanInvocations;
        internal long PendingCount;
        internal int PendingInvocations;
        internal bool PendingInit;
        internal bool PendingClean = true;
    }

    private readonly Dictionary<Behaviour, Entry> _entries = [];
    private readonly HashSet<string> _loaded = new(StringComparer.Ordinal);
    private readonly List<string> _newlyLoaded = [];
    private readonly List<Behaviour> _dirty = [];
    private readonly Lock _lock = new();
    private bool _news;

    /// <summary>Something not yet known was seen. Mere counts of known items wait for the next batch.</summary>
    internal bool Pending
    {
        get
        {
            lock (_lock)
                return _news;
        }
    }

    /// <summary>Counts one observation. True when the item has now been seen in enough clean invocations to be known.</summary>
    internal bool Observe(Behaviour behaviour, ulong invocation, bool init, bool clean)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(behaviour, out var entry))
            {
                if (_entries.Count >= MaxItems)
                {
                    health.AddBehaviourDropped();
                    return false;
                }
                _entries[behaviour] = entry = new Entry { LastInvocation = ulong.MaxValue };
            }
            if (entry.PendingCount++ == 0)
                _dirty.Add(behaviour);
            entry.PendingInit |= init;
            entry.PendingClean &= clean;
            if (entry.LastInvocation != invocation)
            {
                entry.LastInvocation = invocation;
                _news |= entry.CleanInvocations < KnownAfter;
                if (!init)
                    entry.PendingInvocations++;
                if (!init && clean)
                    entry.CleanInvocations++;
            }
            return entry.CleanInvocations >= KnownAfter;
        }
    }

    /// <summary>The invocation turned out to carry an attack: what it showed is not learned.</summary>
    internal void Taint(ulong invocation)
    {
        lock (_lock)
        {
            foreach (var behaviour in _dirty)
            {
                var entry = _entries[behaviour];
                if (entry.LastInvocation == invocation && entry.PendingClean)
                {
                    entry.PendingClean = false;
                    entry.CleanInvocations = Math.Max(0, entry.CleanInvocations - 1);
                }
            }
        }
    }

    /// <summary>Files of the function's code and layers that were opened: which packages are in use.</summary>
    internal void Loaded(string path)
    {
        lock (_lock)
        {
            if (_loaded.Count < MaxItems && _loaded.Add(path))
            {
                _newlyLoaded.Add(path);
                _news = true;
            }
        }
    }

    internal bool IsKnown(Behaviour behaviour)
    {
        lock (_lock)
            return _entries.TryGetValue(behaviour, out var entry) && entry.CleanInvocations >= KnownAfter;
    }

    internal IReadOnlyList<Behaviour> Known()
    {
        lock (_lock)
            return [.. _entries.Where(e => e.Value.CleanInvocations >= KnownAfter).Select(e => e.Key)];
    }

    internal (IReadOnlyList<BehaviourDelta> Deltas, IReadOnlyList<string> Loaded) Take()
    {
        lock (_lock)
        {
            var deltas = new List<BehaviourDelta>(_dirty.Count);
            foreach (var behaviour in _dirty)
            {
                var entry = _entries[behaviour];
                deltas.Add(new BehaviourDelta(behaviour, entry.PendingCount, entry.PendingInvocations, entry.PendingInit, entry.PendingClean));
                (entry.PendingCount, entry.PendingInvocations, entry.PendingInit, entry.PendingClean) = (0, 0, false, true);
            }
            _dirty.Clear();
            _news = false;
            string[] loaded = [.. _newlyLoaded];
            _newlyLoaded.Clear();
            return (deltas, loaded);
        }
    }
}
