using System.CommandLine;
using System.IO.Enumeration;
using System.Text.Json;

namespace Pellicle.Cli.Commands;

internal static class ModeCommand
{
    private static readonly string[] Modes = ["off", "monitor", "protect"];

    public static Command Create()
    {
        var words = new Argument<string[]>("FUNCTION… MODE") { Description = "names, ARNs or patterns with *, then off, monitor or protect", Arity = ArgumentArity.OneOrMore };
        words.Validators.Add(r =>
        {
            if (r.Tokens.Count > 0 && !Modes.Contains(r.Tokens[^1].Value))
            {
                r.AddError($"`{r.Tokens[^1].Value}` is no mode; the last word is off, monitor or protect");
            }
        });
        var all = new Option<bool>("--all") { Description = "every function the server knows" };
        var tag = new Option<string?>("--tag") { Description = "functions with this tag", HelpName = "KEY[=VALUE]" };
        var command = new Command("mode", "switches protection of running functions: no deployment, no cold start") { words, all, tag };
        var aws = new AwsOptions(command);
        var server = new ServerOptionsGroup(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var (names, mode) = Split(result.GetValue(words)!);
            using var client = server.Connect(result);
            var chosen = await ResolveAsync(client, names, result.GetValue(all), cancellationToken);
            if (result.GetValue(tag) is { } wanted)
            {
                chosen = await FunctionSelection.WithTagAsync(aws.Connect(result), chosen.Count > 0 ? chosen : await ResolveAsync(client, [], true, cancellationToken), wanted, cancellationToken);
            }

            if (chosen.Count == 0)
            {
                throw new CliException("no function was named", "give names or patterns, --tag KEY=VALUE, or --all", ExitCode.Usage);
            }

            foreach (var name in chosen)
            {
                await client.PutAsync($"/api/v1/functions/{Uri.EscapeDataString(name)}/mode", JsonSerializer.Serialize(new { mode }), cancellationToken);
                Messages.Note($"{name}: {mode}");
            }

            return (int)ExitCode.Done;
        });
        return command;
    }

    private static (string[] Names, string Mode) Split(string[] words) =>
        Modes.Contains(words[^1]) ? (words[..^1], words[^1]) : throw new CliException($"`{words[^1]}` is no mode", "the last word is off, monitor or protect", ExitCode.Usage);

    /// <summary>Names without a star go to the server as they are; it says whether it knows them.</summary>
    private static async Task<IReadOnlyList<string>> ResolveAsync(ServerClient client, string[] names, bool all, CancellationToken cancellationToken)
    {
        if (!all && names.All(n => !n.Contains('*', StringComparison.Ordinal)))
        {
            return names;
        }

        var known = (await client.GetAsync("/api/v1/functions", cancellationToken)).GetProperty("items").EnumerateArray().Select(f => (Name: f.GetProperty("name").GetString()!, Arn: f.GetProperty("arn").GetString()!));
        var chosen = known.Where(f => all || names.Any(n => n == f.Arn || FileSystemName.MatchesSimpleExpression(n, f.Name, ignoreCase: false))).Select(f => f.Arn).Order(StringComparer.Ordinal).ToList();
        return chosen.Count > 0 ? chosen : throw new CliException("no function matches", "a function appears when it is protected: list them with `pellicle status`");
    }
}
