using System.CommandLine;
using System.Text.Json;

namespace Pellicle.Cli.Commands;

internal static class PolicyCommand
{
    public static Command Create() => new("policy", "policies and what was learned") { Show(), Export(), Import(), Approve(), Profile() };

    private static Command Show() => Print("show", "prints a function's policy");

    private static Command Export() => Print("export", "prints a function's policy, for keeping in version control");

    private static Command Print(string name, string description)
    {
        var function = Function();
        var command = new Command(name, description) { function };
        var server = new ServerOptionsGroup(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var client = server.Connect(result);
            Output.PrintJson(await client.GetAsync($"/api/v1/functions/{Uri.EscapeDataString(result.GetValue(function)!)}/policy", cancellationToken));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Import()
    {
        var function = Function();
        var file = new Argument<string>("FILE") { Description = "policy document; - reads stdin" };
        var command = new Command("import", "replaces a function's policy") { function, file };
        var server = new ServerOptionsGroup(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var path = result.GetValue(file)!;
            var text = path == "-" ? await System.Console.In.ReadToEndAsync(cancellationToken)
                : File.Exists(path) ? await File.ReadAllTextAsync(path, cancellationToken) : throw new CliException($"there is no file `{path}`", "", ExitCode.Usage);
            using var client = server.Connect(result);
            await client.PutAsync($"/api/v1/functions/{Uri.EscapeDataString(result.GetValue(function)!)}/policy", text, cancellationToken);
            Messages.Note("imported");
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Approve()
    {
        var function = Function();
        var dimensions = new Option<string[]>("--dimension") { Description = "only these (process, host, read, write, library, …); default: all that were learned", AllowMultipleArgumentsPerToken = true };
        var command = new Command("approve", "turns what was learned into policy: from now on what was never seen is stopped") { function, dimensions };
        var server = new ServerOptionsGroup(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var client = server.Connect(result);
            var chosen = result.GetValue(dimensions);
            var answer = await client.PostAsync($"/api/v1/functions/{Uri.EscapeDataString(result.GetValue(function)!)}/approve", JsonSerializer.Serialize(new { dimensions = chosen is { Length: > 0 } ? chosen : null }), cancellationToken);
            if (answer.ValueKind != JsonValueKind.Undefined)
            {
                Output.PrintJson(answer);
            }

            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Profile()
    {
        var function = Function();
        var command = new Command("profile", "prints what was learned, with the estimate of what is still unseen") { function };
        var server = new ServerOptionsGroup(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var client = server.Connect(result);
            Output.PrintJson(await client.GetAsync($"/api/v1/functions/{Uri.EscapeDataString(result.GetValue(function)!)}/profile", cancellationToken));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Argument<string> Function() => new("FUNCTION") { Description = "name or ARN" };
}
