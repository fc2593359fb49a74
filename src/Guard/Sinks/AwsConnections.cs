using Pellicle.Guard.Native;

namespace Pellicle.Guard.Sinks;

/// <summary>
/// Which processes told what they ask of which service. One whose probe tells may connect to a service that the policy knows, for the call itself is asked about before it is sent; a connection
/// over which no call was told until the invocations that may have made it were answered carried one that nobody saw.
/// </summary>
internal sealed class AwsConnections
{
    private const int MaxProcesses = 1024, MaxOpened = 256, MaxAncestors = 16;

    private readonly HashSet<(int Pid, string Service)> _told = [];
    private readonly List<Opening> _opened = [];
    private readonly Lock _lock = new();

    /// <summary>A connection to a service over which nothing was told yet.</summary>
    internal readonly record struct Opening(int Pid, string Service, ulong Number, bool Init, IReadOnlyList<Invocation> Candidates);

    internal void Told(int pid, string service)
    {
        lock (_lock)
        {
            if (_told.Count >= MaxProcesses)
                _told.Clear();
            _told.Add((pid, service));
            _opened.RemoveAll(o => o.Pid == pid && o.Service == service);
        }
    }

    /// <summary>True when the process has told a call to the service, or, for one that was forked with the probe, whom it descends from: it asks no more than once.</summary>
    internal bool HasTold(int pid, string service, bool orAncestor)
    {
        for (var steps = 0; pid > 1 && steps < (orAncestor ? MaxAncestors : 1); steps++)
        {
            lock (_lock)
            {
                if (_told.Contains((pid, service)))
                    return true;
            }
            pid = orAncestor ? PeerFinder.Parent(pid) : 0;
        }
        return false;
    }

    /// <summary>False when there are too many to keep.</summary>
    internal bool Opened(Opening opening)
    {
        lock (_lock)
        {
            if (_opened.Exists(o => o.Pid == opening.Pid && o.Service == opening.Service))
                return true;
            if (_opened.Count >= MaxOpened)
                return false;
            _opened.Add(opening);
            return true;
        }
    }

    /// <summary>Those whose invocations are all over; what was opened while the function started is among them after the first.</summary>
    internal IReadOnlyList<Opening> TakeUntold(Func<Invocation, bool> isOver)
    {
        lock (_lock)
        {
            if (_opened.Count == 0)
                return [];
            var over = _opened.FindAll(o => o.Candidates.All(isOver));
            _opened.RemoveAll(over.Contains);
            return over;
        }
    }
}
