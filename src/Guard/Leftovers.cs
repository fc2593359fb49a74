using System.Globalization;
using Pellicle.Guard.Native;

namespace Pellicle.Guard;

/// <summary>A process that was started after init.</summary>
/// <param name="pid">Process id.</param>
/// <param name="startedBy">The invocation that was under way; null when that cannot be told.</param>
internal sealed class Leftover(int pid, Invocation? startedBy)
{
    internal int Pid => pid;

    internal Invocation? StartedBy => startedBy;

    /// <summary>Its file.</summary>
    internal string Program { get; set; } = "";

    /// <summary>Processor time it has used.</summary>
    internal double Seconds { get; set; }

    /// <summary>The first of its program that stayed.</summary>
    internal bool FirstOfProgram { get; set; }

    /// <summary>It belongs to nobody any more, and has used more processor time while nothing was under way than a helper that waits.</summary>
    internal bool Works { get; set; }

    /// <summary>It was told of as one that must not stay.</summary>
    internal bool Unwelcome { get; set; }

    /// <summary>When it began, as the kernel tells it: a later process of the same number is another.</summary>
    internal string? Begun { get; set; }

    /// <summary>Processor time used between invocations.</summary>
    internal double Idle { get; set; }

    /// <summary>Processor time when the runtime asked for its next event.</summary>
    internal double? AtRest { get; set; }
}

/// <summary>
/// Processes that introduced themselves after init and still live when nothing is under way. Some functions keep helpers; a helper waits until it is asked for
/// something, and that is what is looked at.
/// </summary>
internal sealed class Leftovers
{
    /// <summary>Processor time in seconds that a process without a parent may use between invocations, all of them together.</summary>
    internal const double IdleAllowance = 1;

    private const int MaxWatched = 256;
    private const int MaxPrograms = 64;

    /// <summary>Clock ticks of <c>/proc</c> in a second; fixed on Linux.</summary>
    private const double TicksPerSecond = 100;

    private readonly List<Leftover> _watched = [];
    private readonly HashSet<string> _programs = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>A process said its first word, or asked to become another program.</summary>
    internal void Started(int pid, Invocation? during)
    {
        lock (_lock)
        {
            if (_watched.Count < MaxWatched && !_watched.Exists(w => w.Pid == pid))
                _watched.Add(new Leftover(pid, during));
        }
    }

    /// <summary>Nothing is under way: those that live, without runtime and wrapper. Nothing is read as long as no process was started.</summary>
    internal IReadOnlyList<Leftover> Check(int runtime, int wrapper)
    {
        lock (_lock)
        {
            if (_watched.Count == 0)
                return [];
            _watched.RemoveAll(w => w.Pid == runtime || w.Pid == wrapper || !Lives(w) || !Named(w));
            foreach (var leftover in _watched)
            {
                leftover.AtRest = leftover.Seconds;
                leftover.FirstOfProgram = _programs.Count < MaxPrograms && _programs.Add(leftover.Program);
                leftover.Works = leftover.Idle >= IdleAllowance && !PeerFinder.IsDescendant(leftover.Pid, runtime);
            }
            return [.. _watched];
        }
    }

    /// <summary>An event came: what was used since the last <see cref="Check"/> was used for nobody. Where the platform freezes the environment meanwhile that is little, and adds up.</summary>
    internal void Resume()
    {
        lock (_lock)
        {
            foreach (var leftover in _watched)
            {
                if (leftover.AtRest is { } before && Lives(leftover))
                    leftover.Idle += leftover.Seconds - before;
                leftover.AtRest = null;
            }
        }
    }

    private static bool Named(Leftover leftover)
    {
        try
        {
            leftover.Program = File.ResolveLinkTarget($"/proc/{leftover.Pid.ToString(CultureInfo.InvariantCulture)}/exe", returnFinalTarget: false)?.FullName ?? "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false; // it ended
        }
        return leftover.Program.Length > 0;
    }

    private static bool Lives(Leftover leftover)
    {
        if (PeerFinder.Stat(leftover.Pid) is not { Length: > 19 } fields || fields[0] is "Z" or "X" || (leftover.Begun is { } begun && begun != fields[19]))
            return false;
        leftover.Begun = fields[19];
        leftover.Seconds = (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
        return true;
    }
}
