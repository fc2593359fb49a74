using System.CommandLine;
using System.Text.Json;

namespace Pellicle.Cli.Commands;

internal static class ModeCommand
{
    public static Command Create()
    {
        var function = new Argument<string>("FUNCTION") { Description = "name or ARN" };
        var mode = new Argument<string>("MODE") { Description = "off, monitor or protect" };
        mode.AcceptOnlyFromAmong("off", "monitor", "protect");
        var command = new Command("mode", "switches protection of a running function: no deployment, no cold start") { function, mode };
        var server = new ServerOptionsGroup(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var client = server.Connect(result);
            var name = result.GetValue(function)!;
            await client.PutAsync($"/api/v1/functions/{Uri.EscapeDataString(name)}/mode", JsonSerializer.Serialize(new { mode = result.GetValue(mode) }), cancellationToken);
            Output.Note($"{name}: {result.GetValue(mode)}");
            return (int)ExitCode.Done;
        });
        return command;
    }
}
