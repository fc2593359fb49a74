namespace Pellicle.Guard.Telemetry;

/// <summary>Incidents that wait to be sent. Bounded; wakes the sender.</summary>
internal sealed class IncidentQueue(Health health)
{
    internal const int MaxWaiting = 1024;

    private readonly Queue<Incident> _waiting = new();
    private readonly Lock _lock = new();

    /// <summary>Set when something waits; the sender resets it.</summary>
    internal Action? Wake { get; set; }

    internal bool Pending => Count > 0;

    internal int Count
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    internal void Add(Incident incident)
    {
        lock (_lock)
        {
            if (_waiting.Count >= MaxWaiting)
            {
                _waiting.Dequeue();
                health.AddIncidentDropped();
            }
            _waiting.Enqueue(incident);
        }
        Wake?.Invoke();
    }

    internal IReadOnlyList<Incident> Take(int most)
    {
        lock (_lock)
        {
            var taken = new List<Incident>(Math.Min(most, _waiting.Count));
            while (taken.Count < most && _waiting.TryDequeue(out var incident))
                taken.Add(incident);
            return taken;
        }
    }
}
