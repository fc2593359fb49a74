using System.Diagnostics;

namespace Pellicle.Guard.Tests;

/// <summary>A short run of <c>bench/soak</c>, which takes half an hour when asked to.</summary>
public class SoakTests
{
    [BinaryFact]
    public void At_full_speed_memory_descriptors_and_threads_do_not_grow()
    {
        var root = Path.GetFullPath(Path.Combine(BinaryFactAttribute.Artifacts, ".."));
        using var soak = Process.Start(new ProcessStartInfo("python3", [Path.Combine(root, "bench/soak/run.py"), "20", BinaryFactAttribute.Path]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = soak.StandardError.ReadToEndAsync();
        var output = soak.StandardOutput.ReadToEnd();
        soak.WaitForExit();
        soak.ExitCode.ShouldBe(0, output + errors.Result);
        output.ShouldContain("1 passed, 0 failed");
    }
}
