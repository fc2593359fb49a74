using System.ComponentModel;
using System.Diagnostics;

namespace Pellicle.Cli.Layers;

/// <summary>Runs an ecosystem's own tool.</summary>
internal sealed class BuildTool(Action<string> say)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>Runs a tool and returns what it printed; throws for people where it is absent, fails or does not end.</summary>
    public async Task<string> RunAsync(string tool, string[] arguments, string directory, CancellationToken cancellationToken)
    {
        say($"running {tool} {string.Join(' ', arguments)}");
        using var process = new Process { StartInfo = new ProcessStartInfo(tool, arguments) { WorkingDirectory = directory, RedirectStandardError = true, RedirectStandardOutput = true } };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            throw new CliException($"`{tool}` is not installed", "install it, or build the content yourself and give --content");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Longest);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new CliException($"{tool} did not end within {Longest.TotalMinutes:0} minutes");
        }

        if (process.ExitCode != 0)
        {
            var lines = (await error + await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            throw new CliException($"{tool} failed: {string.Join(" | ", lines.Take(5))}", "build the content yourself and give --content");
        }

        return await output;
    }
}
