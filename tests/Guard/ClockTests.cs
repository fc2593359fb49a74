using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Guard.Tests.Support;

namespace Pellicle.Guard.Tests;

/// <summary>The published guard with a wall clock that is years off and is set while it runs (<c>clock.c</c>): what it decides, reports and asks for does not depend on it.</summary>
public sealed class ClockTests : IDisposable
{
    private const string Attack = """{"version":"2.0","rawPath":"/","queryStringParameters":{"host":"127.0.0.1; cat /etc/passwd"},"requestContext":{"http":{"method":"GET","path":"/"}}}""";

    // In the tree, which the rig's own /tmp does not hide.
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, $"clock-{Guid.NewGuid():n}")).FullName;

    private string Clock => Path.Combine(_folder, "clock");

    private string Ahead => Path.Combine(_folder, "ahead");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [RootBinaryTheory]
    [InlineData(-7300)]
    [InlineData(9125)]
    public void A_wall_clock_years_off_and_set_while_it_runs_changes_no_decision(int days)
    {
        Compile();
        Set(days);
        using var rig = new Rig(ProtectionMode.Protect, $"exec {Clock} {Ahead} {BinaryFactAttribute.Path} extension;");
        Judges(rig);
        ReportedYears(rig).ShouldAllBe(year => year == TimeProvider.System.GetUtcNow().AddDays(days).Year);

        // Set right, then off the other way: each time the server is still asked, its policy is taken, attacks are stopped and reported.
        foreach (var (step, next) in new[] { (2, 0), (3, -days), (4, days) })
        {
            Set(next);
            Follow(rig, $"{step}0", ProtectionMode.Off);
            Follow(rig, $"{step}1", ProtectionMode.Protect);
            Judges(rig);
            ReportedYears(rig).ShouldContain(TimeProvider.System.GetUtcNow().AddDays(next).Year);
        }

        // The platform's deadline is two seconds away by the right clock; by this one it is past, or years to come.
        rig.Shutdown().ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }

    private void Compile()
    {
        using var compiler = Process.Start(new ProcessStartInfo("gcc", ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-o", Clock, Path.Combine(BinaryFactAttribute.Artifacts, "../tests/Guard/clock.c")]) { RedirectStandardError = true })!;
        var said = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        compiler.ExitCode.ShouldBe(0, said);
        File.WriteAllBytes(Ahead, new byte[8]);
    }

    // Written in place: the program that answers for the clock has the file mapped.
    private void Set(int days)
    {
        using var file = File.OpenWrite(Ahead);
        file.Write(BitConverter.GetBytes((long)TimeSpan.FromDays(days).TotalSeconds));
    }

    private static void Judges(Rig rig)
    {
        rig.Invoke(3);
        var attack = rig.NextId();
        rig.Platform.Event(attack, Attack);
        rig.Invoke(2, after: attack);
    }

    private static void Follow(Rig rig, string revision, ProtectionMode mode)
    {
        rig.Server.SetPolicy($$"""{"schemaVersion":1,"id":"p","mode":"{{mode.Name()}}","revision":"{{revision}}"}""", revision);
        SpinWait.SpinUntil(() =>
        {
            rig.Invoke(1);
            return rig.CurrentMode() == mode;
        }, TimeSpan.FromSeconds(60)).ShouldBeTrue(rig.Log);
    }

    /// <summary>Years in which the incidents of the next report with one that was blocked happened.</summary>
    private static List<int> ReportedYears(Rig rig)
    {
        var batch = rig.Server.TakeBatch(b => b.Contains("\"decision\":\"blocked\"", StringComparison.Ordinal));
        using var json = JsonDocument.Parse(Wire.Body(Encoding.UTF8.GetBytes(batch)));
        var incidents = json.RootElement.GetProperty("incidents").EnumerateArray().Select(i => i.GetProperty("at").GetDateTimeOffset().Year).ToList();
        incidents.ShouldNotBeEmpty();
        return incidents;
    }
}
