using Pellicle.Guard.Telemetry;

namespace Pellicle.Guard.Server;

/// <summary>Sends batches from its own thread. What cannot be sent waits in a bounded spool; nothing of the function ever waits for it beyond the flush budget.</summary>
internal sealed class Reporter
{
    /// <summary>Spent after a response has reached its caller, before the runtime gets its next event.</summary>
    internal const int FlushBudgetMs = 200;

    /// <summary>The same where an incident waits to be told.</summary>
    internal const int IncidentFlushBudgetMs = 500;
    internal const int MaxSpooled = 256;
    internal const int MaxIncidentsPerBatch = 200;

    private const int RequestTimeoutMs = 3000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private readonly Guardian _guardian;
    private readonly TimeProvider _time;
    private readonly HttpClientLite _client;
    private readonly AutoResetEvent _kick = new(false);
    private readonly Queue<byte[]> _spool = new();
    private readonly Lock _sending = new();
    private readonly Lock _rounds = new();
    private readonly ManualResetEventSlim _roundDone = new(false);
    private long _round;
    private long _wanted;
    private long _failedAt;
    private int _failures;
    private long _sentAt;
    private bool _incidentsUnderWay;
    private bool _overdue;
    private volatile bool _stop;
    private volatile bool _restored;

    internal Reporter(Guardian guardian, TimeProvider time)
    {
        (_guardian, _time) = (guardian, time);
        _client = new HttpClientLite(guardian.Settings.Server!, guardian.Settings.Token);
        guardian.Incidents.Wake = () => _kick.Set();
        _sentAt = time.GetTimestamp();
    }

    /// <summary>A server that is away is asked less and less often.</summary>
    private bool Pausing => _failedAt != 0 && _time.GetElapsedTime(_failedAt) < (_failures >= 6 ? LongestPause : FirstPause * (1 << (_failures - 1)));

    internal void Start() => new Thread(Run, 256 * 1024) { IsBackground = true, Name = "reporter" }.Start();

    /// <summary>The runtime asks for its next event: send what is new, for at most the flush budget; not at all while the server is away, or still owes the answer that this waited for last time.</summary>
    internal void FlushBeforeNext()
    {
        _guardian.DrainRing();
        if (Pausing || Volatile.Read(ref _overdue) || !(_guardian.Behaviours.Pending || _guardian.Incidents.Pending || Volatile.Read(ref _incidentsUnderWay)))
            return;
        lock (_rounds)
        {
            _wanted = _round + 2; // a round may be under way already; the one after it surely sees what is pending now
            _roundDone.Reset();
        }
        _kick.Set();
        var done = _roundDone.Wait(_guardian.Incidents.Pending || Volatile.Read(ref _incidentsUnderWay) ? IncidentFlushBudgetMs : FlushBudgetMs);
        lock (_rounds)
            Volatile.Write(ref _overdue, !done && !_roundDone.IsSet);
    }

    /// <summary>Last words within a budget: a request that the server is slow to answer is given up for them, and they for the deadline.</summary>
    internal void Shutdown(int budgetMs)
    {
        var until = Environment.TickCount64 + budgetMs;
        _stop = true;
        _kick.Set();
        _guardian.DrainRing();
        if (!_sending.TryEnter(budgetMs / 4))
        {
            _client.Abort();
            if (!_sending.TryEnter((int)Math.Max(0, until - Environment.TickCount64)))
            {
                Log.Error("the server does not answer: what was not reported yet is lost");
                return;
            }
        }
        try
        {
            Collect(evenIfEmpty: true);
            Deliver(until);
            if (_spool.Count > 0)
                Log.Error($"the server does not answer: {_spool.Count} batches that were not reported yet are lost");
            _client.Dispose();
        }
        finally
        {
            _sending.Exit();
        }
    }

    private void Run()
    {
        while (!_stop)
        {
            _kick.WaitOne(Interval);
            if (_stop)
                return;
            Round();
        }
    }

    private void Round()
    {
        bool again;
        do
        {
            lock (_sending)
            {
                Collect(evenIfEmpty: _time.GetElapsedTime(_sentAt) >= Interval);
                if (!_stop)
                    Deliver(lastWords: null);
            }
            lock (_rounds)
            {
                _round++;
                _overdue = false;
                again = _round < _wanted && !Pausing && (_guardian.Behaviours.Pending || _guardian.Incidents.Pending);
                if (!again)
                {
                    _wanted = _round;
                    _roundDone.Set();
                }
            }
        }
        while (again && !_stop);
    }

    private void Collect(bool evenIfEmpty)
    {
        do
        {
            var incidents = _guardian.Incidents.Take(MaxIncidentsPerBatch);
            var (behaviours, loaded) = _guardian.Behaviours.Take();
            if (incidents.Count == 0 && behaviours.Count == 0 && loaded.Count == 0 && !evenIfEmpty)
                return;
            evenIfEmpty = false;
            if (incidents.Count > 0)
                Volatile.Write(ref _incidentsUnderWay, true);
            if (_spool.Count >= MaxSpooled)
            {
                _spool.Dequeue();
                _guardian.Health.AddSpoolDropped();
            }
            _spool.Enqueue(BatchWriter.Write(_guardian, Guid.NewGuid(), incidents, behaviours, loaded, _guardian.Health.TakeInvocations()));
        }
        while (_guardian.Incidents.Pending);
    }

    /// <summary>The environment came back from a snapshot: the connection of before leads nowhere.</summary>
    internal void Restored() => _restored = true;

    /// <param name="lastWords">The tick by which all is said; null for no such end.</param>
    private void Deliver(long? lastWords)
    {
        if (_restored)
        {
            _restored = false;
            (_failedAt, _failures) = (0, 0);
            _client.Dispose();
        }
        while (_spool.TryPeek(out var batch))
        {
            var timeoutMs = lastWords is { } until ? until - Environment.TickCount64 : RequestTimeoutMs;
            if (lastWords is null ? _stop || Pausing : timeoutMs <= 0)
                return;
            try
            {
                var answer = _client.Send("POST", "/api/v1/ingest/batches", null, batch, (int)timeoutMs);
                if (answer.Status is >= 500 or 429 or 401 or 403)
                {
                    Failed($"status {answer.Status}", null);
                    return;
                }
                if (answer.Status is < 200 or >= 300)
                {
                    // The server understood and refused: the same bytes will not be welcome later.
                    _guardian.Health.Fault($"batch refused: status {answer.Status}", null);
                    _guardian.Health.AddSpoolDropped();
                }
                _spool.Dequeue();
                (_failedAt, _failures) = (0, 0);
                _sentAt = _time.GetTimestamp();
            }
            catch (Exception error)
            {
                Failed("no answer", error);
                return;
            }
        }

        Volatile.Write(ref _incidentsUnderWay, false);
    }

    private void Failed(string what, Exception? error)
    {
        if (_failedAt == 0)
            _guardian.Health.Fault($"batch not delivered, kept: {what}", error);
        _failedAt = _time.GetTimestamp();
        _failures++;
    }
}
