using System.CommandLine;
using Pellicle.Local;

namespace Pellicle.Cli.Commands;

internal static class LocalCommand
{
    public static Command Create()
    {
        var urls = new Option<string>("--urls") { Description = "address to listen on; port 0 picks a free one", DefaultValueFactory = _ => "http://127.0.0.1:4566" };
        var data = new Option<string>("--data") { Description = "directory that keeps functions and layers", DefaultValueFactory = _ => Path.Combine(Places.Home, "local") };
        var command = new Command("local", "runs a local Lambda that the aws command and SDKs talk to (--endpoint-url)") { urls, data };
        command.SetAction(async (result, cancellationToken) =>
        {
            await using var local = await StartAsync(result.GetValue(urls)!, result.GetValue(data)!, cancellationToken);
            System.Console.Out.WriteLine($"listening on {local.Address.ToString().TrimEnd('/')}");
            await Wait.ForCancellationAsync(cancellationToken);
            return (int)ExitCode.Done;
        });
        return command;
    }

    public static Task<LocalLambda> StartAsync(string urls, string data, CancellationToken cancellationToken) =>
        LocalLambda.StartAsync(new LocalLambdaOptions { Urls = urls, DataDirectory = data, RuntimesDirectory = Path.Combine(Places.Artifacts, "runtimes") }, cancellationToken);
}

/// <summary>Servers run until they are told to stop.</summary>
internal static class Wait
{
    public static async Task ForCancellationAsync(CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(stopped.SetResult);
        await stopped.Task;
    }
}
