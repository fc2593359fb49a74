using System.Diagnostics;

namespace Pellicle.Guard.Tests.Support;

/// <summary>Time less what this machine was too busy for: a thread that asks to be woken every few milliseconds tells how late it was.</summary>
internal sealed class FairClock : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Thread _sleeper;
    private long _late;
    private volatile bool _stop;

    internal FairClock()
    {
        _sleeper = new Thread(Sleep) { IsBackground = true };
        _sleeper.Start();
    }

    /// <summary>Since the start.</summary>
    internal TimeSpan Elapsed => _clock.Elapsed - TimeSpan.FromTicks(Interlocked.Read(ref _late));

    public void Dispose()
    {
        _stop = true;
        _sleeper.Join();
    }

    private void Sleep()
    {
        while (!_stop)
        {
            var began = Stopwatch.GetTimestamp();
            Thread.Sleep(Step);
            // A millisecond is how late a timer is on an idle machine.
            var late = Stopwatch.GetElapsedTime(began) - Step - TimeSpan.FromMilliseconds(1);
            if (late > TimeSpan.Zero)
                Interlocked.Add(ref _late, late.Ticks);
        }
    }
}
