using System.Diagnostics;

namespace Pellicle.Cli.Tests.Support;

/// <summary>The command as a process of its own.</summary>
internal static class Command
{
    /// <summary>Runs it with a home of its own and expects an exit code.</summary>
    public static async Task<(string Out, string Error)> RunAsync(string home, int exit, params string[] arguments)
    {
        var start = Start(home, arguments);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(exit, $"{string.Join(' ', arguments)}\n{text}\n{await error}");
        return (text, await error);
    }

    /// <summary>How it is started.</summary>
    public static ProcessStartInfo Start(string home, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", "--runtimeconfig", Path.Combine(AppContext.BaseDirectory, "pellicle-cli.runtimeconfig.json"), Path.Combine(AppContext.BaseDirectory, "pellicle-cli.dll"), .. arguments]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["PELLICLE_HOME"] = home;
        start.Environment["AWS_ACCESS_KEY_ID"] = "a";
        start.Environment["AWS_SECRET_ACCESS_KEY"] = "b";
        return start;
    }
}
