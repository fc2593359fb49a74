using System.Globalization;
using Pellicle.Guard.Native;

namespace Pellicle.Guard;

/// <summary>
/// Processes that introduced themselves after init and still live when nothing is under way. Some functions keep helpers, so each
/// program is told of once, and stopped only where the policy says so.
/// </summary>
internal sealed class Leftovers
{
    private const int MaxWatched = 256;
    private const int MaxPrograms = 64;

    /// <summary>Clock ticks of <c>/proc</c> in a second; fixed on Linux.</summary>
    private const double TicksPerSecond = 100;

    private readonly List<int> _watched = [];
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    internal void Started(int pid)
    {
        lock (_lock)
        {
            if (_watched.Count < MaxWatched && !_watched.Contains(pid))
                _watched.Add(pid);
        }
    }

    /// <summary>Those that were not told of before, or all. Nothing is read as long as no process was started.</summary>
    internal IReadOnlyList<(int Pid, string Program, double Seconds)> Check(int runtime, int wrapper, bool all)
    {
        lock (_lock)
        {
            if (_watched.Count == 0)
                return [];
            var found = new List<(int, string, double)>();
            foreach (var pid in _watched)
            {
                if (pid == runtime || pid == wrapper || !Lives(pid, out var seconds))
                    continue;
                var program = File.ResolveLinkTarget($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/exe", returnFinalTarget: false)?.FullName ?? "";
                if (program.Length > 0 && (all || (_told.Count < MaxPrograms && _told.Add(program))))
                    found.Add((pid, program, seconds));
            }
            _watched.Clear();
            return found;
        }
    }

    private static bool Lives(int pid, out double seconds)
    {
        seconds = 0;
        if (PeerFinder.Stat(pid) is not { Length: > 13 } fields || fields[0] is "Z" or "X")
            return false;
        seconds = (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
        return true;
    }
}
