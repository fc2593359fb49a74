using System.Diagnostics;

namespace Pellicle.Fuzz;

/// <summary>Runs one parser on damaged inputs and holds it to three promises: no undeclared exception, no hang, no memory out of proportion.</summary>
internal static class Target
{
    // Any of these inputs takes well under a millisecond; the limits leave room for a busy machine and still catch a square.
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(10);

    private const long MaxBytes = 256 << 20;

    /// <summary>Seconds for one parser: half a second in a test run, <c>PELLICLE_FUZZ_SECONDS</c> for a long one.</summary>
    private static TimeSpan Budget => TimeSpan.FromSeconds(
        double.TryParse(Environment.GetEnvironmentVariable("PELLICLE_FUZZ_SECONDS"), System.Globalization.CultureInfo.InvariantCulture, out var seconds) ? seconds : 0.5);

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("PELLICLE_FUZZ_SEED"), System.Globalization.CultureInfo.InvariantCulture, out var seed) ? seed : 20261122;

    public static void Run(string name, IReadOnlyList<byte[]> seeds, Action<byte[]> parse, params Type[] declared)
    {
        foreach (var seed in seeds)
        {
            Once(name, seed, parse, declared);
        }

        var mutator = new Mutator(Seed);
        var clock = Stopwatch.StartNew();
        var runs = 0;
        do
        {
            Once(name, mutator.Next(seeds), parse, declared);
            runs++;
        }
        while (clock.Elapsed < Budget);
        runs.ShouldBeGreaterThan(5, $"{name} is too slow to be tested");
    }

    private static void Once(string name, byte[] input, Action<byte[]> parse, Type[] declared)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.StartNew();
        try
        {
            parse(input);
        }
        catch (Exception exception) when (declared.Any(type => type.IsInstanceOfType(exception)))
        {
        }
        catch (Exception exception)
        {
            Assert.Fail($"{name} threw {exception.GetType().Name}: {exception.Message}\n{exception.StackTrace}\ninput (base64): {Shown(input)}");
        }

        clock.Elapsed.ShouldBeLessThan(MaxTime, $"{name} hangs on {Shown(input)}");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(MaxBytes + (400L * input.Length), $"{name} allocates on {Shown(input)}");
    }

    private static string Shown(byte[] input) => Convert.ToBase64String(input.AsSpan(0, Math.Min(input.Length, 6000)));
}
