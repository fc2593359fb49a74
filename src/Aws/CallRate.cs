namespace Pellicle.Aws;

/// <summary>
/// Token bucket of one kind of call, at most <paramref name="most"/> a second. Below that it is open until AWS throttles more than <see cref="Tolerated"/> of the calls of a second; then it lets through what got
/// through in that second, and widens again while there is no complaint. AWS counts separately: GetFunction, GetPolicy, and the rest of each service.
/// </summary>
/// <param name="time">Clock.</param>
/// <param name="most">Calls a second that are never exceeded; infinite where no quota is known.</param>
internal sealed class CallRate(TimeProvider time, double most = double.PositiveInfinity)
{
    /// <summary>Share of throttled calls of a window that is noise and not a limit.</summary>
    public const double Tolerated = 0.15;

    private const double Widening = 1.3;

    // One call a second gets through even where everything is throttled, or nothing could ever show that it ended.
    private const double Slowest = 1;

    private const int FewestCalls = 8;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly double _most = most;
    private double _rate = most;
    private double _tokens;
    private long _filled = time.GetTimestamp();
    private long _windowStart = time.GetTimestamp();
    private int _calls;
    private int _throttles;
    private long _all;

    /// <summary>Calls a second let through; infinite while nothing was throttled.</summary>
    public double Rate
    {
        get
        {
            lock (_gate)
            {
                return _rate;
            }
        }
    }

    /// <summary>Calls answered so far, throttled ones included.</summary>
    public long All
    {
        get
        {
            lock (_gate)
            {
                return _all;
            }
        }
    }

    public static string KindOf(AwsCall call) => call is { Service: "lambda", Operation: "GetFunction" or "GetPolicy" } ? call.Operation : call.Service;

    /// <summary>Takes a token; returns how long its holder has to wait.</summary>
    public TimeSpan Reserve()
    {
        lock (_gate)
        {
            if (double.IsPositiveInfinity(_rate))
            {
                return TimeSpan.Zero;
            }

            var now = time.GetTimestamp();
            _tokens = Math.Min(_rate, _tokens + (time.GetElapsedTime(_filled, now).TotalSeconds * _rate)) - 1;
            _filled = now;
            return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / _rate);
        }
    }

    /// <summary>Counts an answer; adapts once a window.</summary>
    public void Answered(bool throttled)
    {
        lock (_gate)
        {
            _calls++;
            _all++;
            _throttles += throttled ? 1 : 0;
            var now = time.GetTimestamp();
            var elapsed = time.GetElapsedTime(_windowStart, now);
            if (elapsed < Window || _calls < FewestCalls)
            {
                return;
            }

            if (_throttles > _calls * Tolerated)
            {
                _rate = Math.Max(Slowest, (_calls - _throttles) / elapsed.TotalSeconds);
                _tokens = Math.Min(_tokens, 0);
                _filled = now;
            }
            else
            {
                _rate = Math.Min(_most, _rate * Widening);
            }

            (_calls, _throttles, _windowStart) = (0, 0, now);
        }
    }
}
