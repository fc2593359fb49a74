namespace Pellicle.Guard.Telemetry;

/// <summary>Counters of what went wrong or was stopped; every swallowed fault adds to one of them.</summary>
internal sealed class Health
{
    private long _faults;
    private long _blocked;
    private long _wouldBlock;
    private long _spoolDropped;
    private long _incidentsDropped;
    private long _behavioursDropped;
    private long _invocations;
    private long _clean;

    internal static long LostLogLines { get; set; }

    internal long Faults => Interlocked.Read(ref _faults);

    internal long Blocked => Interlocked.Read(ref _blocked);

    internal long WouldBlock => Interlocked.Read(ref _wouldBlock);

    /// <summary>Reports that waited for the server too long: incidents, and batches without any.</summary>
    internal long SpoolDropped => Interlocked.Read(ref _spoolDropped) + Interlocked.Read(ref _incidentsDropped);

    internal long BehavioursDropped => Interlocked.Read(ref _behavioursDropped);

    internal void Fault(string where, Exception? error)
    {
        // The first of a kind is worth a line; a flood of them is a number.
        if (Interlocked.Increment(ref _faults) <= 20)
            Log.Error($"{where} failed, let through: {(error is null ? "see counter" : $"{error.GetType().Name}: {error.Message}")}");
    }

    internal void AddBlocked() => Interlocked.Increment(ref _blocked);

    internal void AddWouldBlock() => Interlocked.Increment(ref _wouldBlock);

    internal void AddSpoolDropped(int reports) => Interlocked.Add(ref _spoolDropped, reports);

    internal void AddIncidentDropped() => Interlocked.Increment(ref _incidentsDropped);

    internal void AddBehaviourDropped() => Interlocked.Increment(ref _behavioursDropped);

    internal void AddInvocation(bool clean)
    {
        Interlocked.Increment(ref _invocations);
        if (clean)
            Interlocked.Increment(ref _clean);
    }

    /// <summary>Invocations since the last call, for a batch.</summary>
    internal (long All, long Clean) TakeInvocations() => (Interlocked.Exchange(ref _invocations, 0), Interlocked.Exchange(ref _clean, 0));

    internal bool AnyInvocation => Interlocked.Read(ref _invocations) != 0;
}
