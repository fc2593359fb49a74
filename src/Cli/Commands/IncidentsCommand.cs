using System.CommandLine;
using System.Text.Json;

namespace Pellicle.Cli.Commands;

internal static class IncidentsCommand
{
    public static Command Create() => new("incidents", "what was stopped or would have been") { List(), Show(), Follow() };

    private static Command List()
    {
        var function = new Option<string?>("--function") { Description = "only of this function" };
        var limit = new Option<int>("--limit") { Description = "at most this many, newest first", DefaultValueFactory = _ => 50 };
        var command = new Command("list", "lists incidents, newest first") { function, limit };
        var server = new ServerOptionsGroup(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var client = server.Connect(result);
            var name = result.GetValue(function);
            var answer = await client.GetAsync($"/api/v1/incidents?limit={result.GetValue(limit)}{(name is null ? "" : $"&function={Uri.EscapeDataString(name)}")}", cancellationToken);
            if (format.IsJson(result))
            {
                Output.PrintJson(answer);
                return (int)ExitCode.Done;
            }

            var list = answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("items", out var items) ? items : answer;
            Output.PrintTable(
                ["AT", "FUNCTION", "DECISION", "SEVERITY", "WHAT", "FIELD", "EVIDENCE"],
                list.EnumerateArray().Select(i => (IReadOnlyList<string>)[Text(i, "at"), Text(i, "function").Split(':')[^1], Text(i, "decision"), Text(i, "severity"), First(Text(i, "detector"), Text(i, "rule"), Text(i, "dimension")), Text(i, "field"), Short(Text(i, "evidence"))]));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Show()
    {
        var id = new Argument<string>("ID") { Description = "incident id" };
        var command = new Command("show", "prints one incident") { id };
        var server = new ServerOptionsGroup(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var client = server.Connect(result);
            Output.PrintJson(await client.GetAsync($"/api/v1/incidents/{Uri.EscapeDataString(result.GetValue(id)!)}", cancellationToken));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Follow()
    {
        var command = new Command("follow", "prints incidents as they come, one JSON object a line, until interrupted");
        var server = new ServerOptionsGroup(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var client = server.Connect(result);
            await foreach (var line in client.FollowAsync("/api/v1/incidents/follow", cancellationToken))
            {
                System.Console.Out.WriteLine(line);
            }

            return (int)ExitCode.Done;
        });
        return command;
    }

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string First(params string[] texts) => texts.FirstOrDefault(t => t.Length > 0) ?? "";

    private static string Short(string text) => text.Length > 60 ? text[..57] + "..." : text;
}
