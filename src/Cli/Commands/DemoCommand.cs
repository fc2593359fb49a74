using System.CommandLine;
using Pellicle.Cli.Demo;

namespace Pellicle.Cli.Commands;

internal static class DemoCommand
{
    public static Command Create()
    {
        var exit = new Option<bool>("--exit") { Description = "end after the tour instead of leaving the console up" };
        var command = new Command("demo", "shows the whole circle on this machine: scan, protect, attack stopped, learn, repair") { exit };
        command.SetAction(async (result, cancellationToken) =>
        {
            await using var stage = await DemoStage.StartAsync(cancellationToken);
            await new Tour(stage).RunAsync(cancellationToken);
            if (!result.GetValue(exit))
            {
                Output.Say("");
                Output.Say($"The console is at {stage.Server.Address}");
                Output.Say($"sign in with the token {stage.Server.AdminToken}");
                Output.Say($"the local Lambda: aws lambda list-functions --endpoint-url {stage.Local.Address.ToString().TrimEnd('/')} --region us-east-1");
                Output.Say("Ctrl-C ends the demo and removes everything it made.");
                await Wait.ForCancellationAsync(cancellationToken);
            }

            return (int)ExitCode.Done;
        });
        return command;
    }
}
