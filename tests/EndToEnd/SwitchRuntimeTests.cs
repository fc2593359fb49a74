namespace Pellicle.EndToEnd.Tests;

/// <summary>The whole attack on a warm environment, as it was published: a child stops the runtime, answers its request, and serves every later one itself.</summary>
public sealed class SwitchRuntimeTests(InsertionRun run) : IClassFixture<InsertionRun>
{
    [CircleTheory]
    [InlineData("python", "none")]
    [InlineData("python", "monitor")]
    [InlineData("python", "protect")]
    [InlineData("node", "none")]
    [InlineData("node", "monitor")]
    [InlineData("node", "protect")]
    [InlineData("java", "none")]
    [InlineData("java", "monitor")]
    [InlineData("java", "protect")]
    [InlineData("dotnet", "none")]
    [InlineData("dotnet", "monitor")]
    [InlineData("dotnet", "protect")]
    public async Task Whoever_takes_the_place_of_the_runtime_is_seen_and_stopped(string language, string mode)
    {
        await MatrixRun.BuildVictimsAsync();
        var name = $"switched-{language}-{mode}";
        await run.Stage.CreateAsync(name, Victim.All.First(v => v.Language == language), MatrixRun.Victims);
        if (mode != "none")
        {
            await run.ProtectAsync(name, InsertionRun.Protect with { Mode = mode == "monitor" ? Domain.ProtectionMode.Monitor : Domain.ProtectionMode.Protect });
        }

        var ordinary = await run.CallAsync(name, "Anna");
        var (request, answer) = await run.Stage.InvokeAsync(name, Events.Make(Events.Default, "switch-runtime", "none"));
        var later = await run.CallAsync(name, "Anna");
        if (mode == "protect")
        {
            answer.ShouldNotContain("intruder");
            later.ShouldBe(ordinary);
        }
        else
        {
            answer.ShouldBe("\"answered by the intruder\"");
            later.ShouldBe("\"served by the intruder\"");
        }

        if (mode != "none")
        {
            await run.Stage.ShouldReportAsync(name, request, mode == "protect" ? "blocked" : "would-block", "tamper", "kill");
        }
    }
}
