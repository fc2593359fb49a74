using Pellicle.Guard.Config;
using Pellicle.Guard.Telemetry;
using Pellicle.Policy;

namespace Pellicle.Guard.Server;

/// <summary>Asks the server for a newer policy, in the background. A bad one is refused and counted, the last good one stays.</summary>
internal sealed class PolicyPoller
{
    /// <summary>How long an event may wait for a fresh policy after the environment was frozen; and only while the server answers.</summary>
    internal const int FreshBudgetMs = 100;

    private const int RequestTimeoutMs = 2000;
    private const long Outdated = 0;
    private readonly Settings _settings;
    private readonly PolicyHolder _holder;
    private readonly Health _health;
    private readonly TimeProvider _time;
    private readonly Func<string> _function;
    private readonly AutoResetEvent _kick = new(false);
    private readonly object _gate = new();
    private readonly HttpClientLite _client;
    private string? _etag;
    private long _knownAt;
    private volatile bool _reachable;
    private volatile bool _stop;
    private volatile bool _restored;
    private bool _settled;

    /// <summary>Told of a policy that somebody between server and guard must have changed or played back.</summary>
    internal Action<string>? Forged { get; set; }

    internal PolicyPoller(Settings settings, PolicyHolder holder, Health health, TimeProvider time, Func<string> function)
    {
        (_settings, _holder, _health, _time, _function) = (settings, holder, health, time, function);
        _client = new HttpClientLite(settings.Server!, settings.Token);
    }

    /// <summary>Asks from now on, beside everything else, and waits for the first answer: a name that cannot be looked up or a server that is away holds up a start no longer than this.</summary>
    /// <returns>False when the server gave no usable policy in time; it may still come.</returns>
    internal bool Start(int budgetMs)
    {
        new Thread(Run, 256 * 1024) { IsBackground = true, Name = "policy" }.Start();
        var until = Environment.TickCount64 + budgetMs;
        lock (_gate)
        {
            while (!_settled && until - Environment.TickCount64 is > 0 and var left)
                Monitor.Wait(_gate, (int)left);
        }
        return _holder.Origin == "server";
    }

    internal void Stop()
    {
        _stop = true;
        _kick.Set();
    }

    /// <summary>One question now, on the caller's thread. False when the server gave no usable answer in time.</summary>
    internal bool Ask(int timeoutMs)
    {
        var started = _time.GetTimestamp();
        try
        {
            return AskOnce(timeoutMs);
        }
        finally
        {
            // What is known is as old as the question: an answer that lay in the socket during a freeze is not of now, one of before a snapshot is of another time.
            lock (_gate)
            {
                if (!_restored)
                    Interlocked.Exchange(ref _knownAt, started);
                _settled = true;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>After a gap longer than the poll interval (a freeze), waits for one question, at most <see cref="FreshBudgetMs"/>.</summary>
    internal void Freshen()
    {
        if (IsFresh())
            return;
        _kick.Set();
        var until = Environment.TickCount64 + FreshBudgetMs;
        lock (_gate)
        {
            while (!IsFresh() && until - Environment.TickCount64 is > 0 and var left)
                Monitor.Wait(_gate, (int)left);
            if (!IsFresh())
                Log.Debug($"the server did not say in {FreshBudgetMs} ms whether there is a newer policy: this event is judged by the one at hand");
        }
    }

    /// <summary>The environment came back from a snapshot, perhaps months later: the next event waits for a look at the policy.</summary>
    internal void Restored()
    {
        _restored = true;
        _reachable = true;
        Interlocked.Exchange(ref _knownAt, Outdated);
        _kick.Set();
    }

    /// <summary>Asked lately enough; or nobody to ask.</summary>
    private bool IsFresh() =>
        !_reachable || (Interlocked.Read(ref _knownAt) is var at and not Outdated && _time.GetElapsedTime(at) < TimeSpan.FromSeconds(_holder.Document.PollSeconds + 0.5));

    private bool AskOnce(int timeoutMs)
    {
        try
        {
            if (_restored)
            {
                // The connection of the snapshot leads nowhere, and waiting for that to show costs a time-out.
                _restored = false;
                _client.Dispose();
            }
            var query = $"/api/v1/ingest/policy?function={Uri.EscapeDataString(_function())}&codeSha256={Uri.EscapeDataString(_settings.CodeSha256)}&environment={_settings.EnvironmentId}";
            var answer = _client.Send("GET", query, _etag, null, timeoutMs);
            _reachable = true;
            switch (answer.Status)
            {
                case 304:
                    _holder.Confirmed();
                    return true;
                case 200:
                    return Accept(answer);
                default:
                    _health.Fault($"policy request: status {answer.Status}", null);
                    return false;
            }
        }
        catch (Exception error)
        {
            if (_reachable)
                _health.Fault("policy request", error);
            else
                Log.Debug($"policy request: {error.Message}");
            _reachable = false;
            return false;
        }
    }

    private bool Refuse(string why)
    {
        _health.Fault($"policy refused: {why}", null);
        Forged?.Invoke($"the server's policy: {why}");
        return false;
    }

    private bool Accept(ServerAnswer answer)
    {
        if (_settings.Key.Length > 0 && !PolicySignature.Verify(_settings.Key, answer.Body, answer.Signature))
            return Refuse("its signature does not fit the key");
        var parsed = PolicyJson.Parse(answer.Body);
        if (parsed.Document is null)
        {
            _health.Fault($"policy refused: {string.Join("; ", parsed.Errors.Take(3))}", null);
            return false;
        }
        if (_settings.Key.Length > 0 && !PolicyFiles.IsFor(parsed.Document, _function()))
            return Refuse($"it is for `{parsed.Document.Function}`");
        if (_settings.Key.Length > 0 && PolicyHolder.IsOlder(parsed.Document, _holder.Document))
            return Refuse($"revision {parsed.Document.Revision} is before the one in force, {_holder.Document.Revision}");
        _etag = answer.ETag;
        _holder.Confirmed();
        _holder.Set(parsed.Document, "server");
        Log.Info($"policy {parsed.Document.Revision} in mode {parsed.Document.Mode}");
        PolicyFiles.Cache(_settings.CachedPolicyPath, answer.Body, answer.Signature, _health);
        return true;
    }

    private void Run()
    {
        Ask(RequestTimeoutMs);
        while (!_stop)
        {
            _kick.WaitOne(TimeSpan.FromSeconds(_reachable ? _holder.Document.PollSeconds : Math.Max(2, _holder.Document.PollSeconds)));
            if (_stop)
                break;
            Ask(RequestTimeoutMs);
        }
        _client.Dispose();
    }
}
