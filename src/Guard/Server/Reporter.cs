using Pellicle.Guard.Telemetry;

namespace Pellicle.Guard.Server;

/// <summary>
/// Sends batches from its own thread; nothing of the function ever waits for it beyond the flush budget. While the server is away, counts go on adding up where they are, and
/// incidents are written into batches of their own only where enough came together, into a spool that is bounded in bytes.
/// </summary>
internal sealed class Reporter
{
    /// <summary>Spent after a response has reached its caller, before the runtime gets its next event.</summary>
    internal const int FlushBudgetMs = 200;

    /// <summary>The same where an incident waits to be told.</summary>
    internal const int IncidentFlushBudgetMs = 500;

    /// <summary>Bytes of batches that wait; one is always kept. The guard has 15 MB for everything.</summary>
    internal const int MaxSpooledBytes = 512 * 1024;

    /// <summary>So many, and a batch stays below the 85 KB from which on .NET takes its memory for a large object, which only a full collection gives back.</summary>
    internal const int MaxIncidentsPerBatch = 50;

    private const int RequestTimeoutMs = 3000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private readonly Guardian _guardian;
    private readonly TimeProvider _time;
    private readonly HttpClientLite _client;
    private readonly AutoResetEvent _kick = new(false);
    private readonly List<(byte[] Batch, int Reports, bool Counts)> _spool = [];
    private readonly Lock _sending = new();
    private readonly Lock _rounds = new();
    private readonly ManualResetEventSlim _roundDone = new(false);
    private int _spooledBytes;
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
            CollectAndDeliver(evenIfEmpty: true, until);
            if (_spool.Count > 0)
                Log.Error($"the server does not answer: {_spool.Sum(s => s.Reports) + _guardian.Incidents.Count} reports that were not sent yet are lost");
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
                if (!_stop)
                    CollectAndDeliver(evenIfEmpty: _time.GetElapsedTime(_sentAt) >= Interval, lastWords: null);
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

    private void CollectAndDeliver(bool evenIfEmpty, long? lastWords)
    {
        Deliver(lastWords);
        while ((_spool.Count == 0 || _guardian.Incidents.Count >= MaxIncidentsPerBatch) && Collect(evenIfEmpty))
        {
            evenIfEmpty = false;
            Deliver(lastWords);
            if (!_guardian.Incidents.Pending)
                return;
        }
    }

    /// <summary>Writes a batch of what is new into the spool; of incidents alone where others wait already, so that no count is lost with a batch that has to go. False when nothing is new.</summary>
    private bool Collect(bool evenIfEmpty)
    {
        var incidents = _guardian.Incidents.Take(MaxIncidentsPerBatch);
        var counts = _spool.Count == 0;
        var (behaviours, loaded) = counts ? _guardian.Behaviours.Take() : ([], []);
        if (incidents.Count == 0 && behaviours.Count == 0 && loaded.Count == 0 && !evenIfEmpty)
            return false;
        if (incidents.Count > 0)
            Volatile.Write(ref _incidentsUnderWay, true);
        var batch = BatchWriter.Write(_guardian, Guid.NewGuid(), incidents, behaviours, loaded, counts ? _guardian.Health.TakeInvocations() : default);
        while (_spooledBytes + batch.Length > MaxSpooledBytes && _spool.FindIndex(s => !s.Counts) is >= 0 and var oldest)
            _guardian.Health.AddSpoolDropped(Unspool(oldest));
        _spool.Add((batch, Math.Max(1, incidents.Count), counts));
        _spooledBytes += batch.Length;
        return true;
    }

    /// <returns>Reports that the batch held.</returns>
    private int Unspool(int at)
    {
        var (batch, reports, _) = _spool[at];
        _spool.RemoveAt(at);
        _spooledBytes -= batch.Length;
        return reports;
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
        while (_spool.Count > 0)
        {
            var next = _spool[0];
            var timeoutMs = lastWords is { } until ? until - Environment.TickCount64 : RequestTimeoutMs;
            if (lastWords is null ? _stop || Pausing : timeoutMs <= 0)
                return;
            try
            {
                var answer = _client.Send("POST", "/api/v1/ingest/batches", null, next.Batch, (int)timeoutMs);
                if (answer.Status is >= 500 or 429 or 401 or 403)
                {
                    Failed($"status {answer.Status}", null);
                    return;
                }
                if (answer.Status is < 200 or >= 300)
                {
                    // The server understood and refused: the same bytes will not be welcome later.
                    _guardian.Health.Fault($"batch refused: status {answer.Status}", null);
                    _guardian.Health.AddSpoolDropped(next.Reports);
                }
                _ = Unspool(0);
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
