namespace Pellicle.Guard.Tests.Support;

/// <summary>A clock that stands until it is moved; wall and monotonic time apart, as after a wrong clock was set right.</summary>
internal sealed class ManualTime(DateTimeOffset now) : TimeProvider
{
    private long _ticks = 1;

    internal DateTimeOffset Wall { get; set; } = now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Wall;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    internal void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}
