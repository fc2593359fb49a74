using System.Globalization;
using Pellicle.Guard.Native;

namespace Pellicle.Guard;

/// <summary>Processor time that the runtime uses while it has nothing to do: what is mined between two invocations. Reads <c>/proc</c> once a second at most, before an event is asked for.</summary>
internal sealed class IdleWatch(TimeProvider time)
{
    internal static readonly TimeSpan Least = TimeSpan.FromSeconds(2);

    private const double TicksPerSecond = 100;

    private readonly Lock _lock = new();
    private DateTimeOffset _read;
    private long _waitsSince;
    private double _seconds;

    /// <summary>The runtime asks for an event.</summary>
    internal void Asked(int pid)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            _waitsSince = 0;
            if (pid == 0 || (now - _read).Duration() < TimeSpan.FromSeconds(1) || Used(pid) is not { } seconds)
                return;
            (_read, _seconds, _waitsSince) = (now, seconds, time.GetTimestamp());
        }
    }

    /// <summary>An event came. Seconds that were used while there was nothing to do, and how long that was; null when that is little.</summary>
    internal (double Used, double Waited)? Answered(int pid)
    {
        lock (_lock)
        {
            if (_waitsSince == 0)
                return null;
            var waited = time.GetElapsedTime(_waitsSince);
            _waitsSince = 0;
            if (waited < Least || Used(pid) is not { } seconds)
                return null;
            var used = seconds - _seconds;
            return used >= 1 && used >= waited.TotalSeconds / 2 ? (used, waited.TotalSeconds) : null;
        }
    }

    private static double? Used(int pid) => PeerFinder.Stat(pid) is { Length: > 13 } fields
        ? (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond : null;
}
