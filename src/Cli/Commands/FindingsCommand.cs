using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pellicle.Cli.Commands;

/// <summary>Findings that a server keeps: open, accepted, fixed, and what happened to them.</summary>
internal static class FindingsCommand
{
    public static Command Create() => new("findings", "findings a server keeps: what is open, what was accepted, what changed") { List(), Accept(), Reopen(), Changes() };

    private static Command List()
    {
        var status = new Option<string>("--status") { Description = "open, accepted, resolved or all", DefaultValueFactory = _ => "open" };
        status.AcceptOnlyFromAmong("open", "accepted", "resolved", "all");
        var severity = new Option<string?>("--severity") { Description = "the least severe to show: critical, high, medium, low, info" };
        severity.AcceptOnlyFromAmong("critical", "high", "medium", "low", "info");
        var target = new Option<string?>("--target") { Description = "only of this function or layer version, by name or ARN", HelpName = "NAME|ARN" };
        var limit = new Option<int>("--limit") { Description = "at most this many, worst first", DefaultValueFactory = _ => 100 };
        var command = new Command("list", "lists findings, worst first") { status, severity, target, limit };
        var server = new ServerOptionsGroup(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var client = server.Connect(result);
            var query = string.Create(CultureInfo.InvariantCulture, $"/api/v1/findings?status={result.GetValue(status)}&limit={result.GetValue(limit)}")
                + Query("severity", result.GetValue(severity)) + Query("target", result.GetValue(target));
            var answer = await client.GetAsync(query, cancellationToken);
            if (format.IsJson(result))
            {
                Output.PrintJson(answer);
                return (int)ExitCode.Done;
            }

            Output.PrintTable(
                ["ID", "SEVERITY", "TARGET", "FINDING", "SINCE", "ACCEPTED"],
                answer.GetProperty("items").EnumerateArray().Select(i => (IReadOnlyList<string>)
                [
                    Text(i.GetProperty("finding"), "fingerprint")[..12], Text(i.GetProperty("finding"), "severity"), Fit(Text(i, "targetName"), 24),
                    Fit($"{Text(i.GetProperty("finding"), "ruleId")} {Text(i.GetProperty("finding"), "title")}", 40), Day(Text(i, "firstSeen")), AcceptedOf(i),
                ]));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Accept()
    {
        var (target, id) = (Target(), Id());
        var reason = new Option<string>("--reason") { Description = "why; it is kept with your name", Required = true, HelpName = "TEXT" };
        var until = new Option<string?>("--until") { Description = "last day; after it the finding is open again (default: until taken back)", HelpName = "YYYY-MM-DD" };
        var command = new Command("accept", "takes a finding upon yourself: it is no longer shown as open") { target, id, reason, until };
        var server = new ServerOptionsGroup(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            DateTimeOffset? end = null;
            if (result.GetValue(until) is { } text)
            {
                end = DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
                    ? new DateTimeOffset(day.AddDays(1).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero)
                    : throw new CliException($"`{text}` is no day", "write it as YYYY-MM-DD", ExitCode.Usage);
            }

            using var client = server.Connect(result);
            var (arn, fingerprint) = await FindAsync(client, result.GetValue(target)!, result.GetValue(id)!, cancellationToken);
            await client.PutAsync("/api/v1/findings/acceptance", new JsonObject { ["target"] = arn, ["fingerprint"] = fingerprint, ["reason"] = result.GetValue(reason), ["until"] = end?.ToString("O", CultureInfo.InvariantCulture) }.ToJsonString(), cancellationToken);
            Messages.Note($"accepted{(end is { } e ? $" until {e.AddDays(-1):yyyy-MM-dd}" : "")}; back with `pellicle findings reopen {result.GetValue(target)} {fingerprint[..12]}`");
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Reopen()
    {
        var (target, id) = (Target(), Id());
        var command = new Command("reopen", "takes an acceptance back") { target, id };
        var server = new ServerOptionsGroup(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var client = server.Connect(result);
            var (arn, fingerprint) = await FindAsync(client, result.GetValue(target)!, result.GetValue(id)!, cancellationToken);
            await client.DeleteAsync($"/api/v1/findings/acceptance?target={Uri.EscapeDataString(arn)}&fingerprint={Uri.EscapeDataString(fingerprint)}", cancellationToken);
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Changes()
    {
        var since = new Option<string?>("--since") { Description = "from this day on", HelpName = "YYYY-MM-DD" };
        var target = new Option<string?>("--target") { Description = "only of this function or layer version, by name or ARN", HelpName = "NAME|ARN" };
        var limit = new Option<int>("--limit") { Description = "at most this many, newest first", DefaultValueFactory = _ => 100 };
        var command = new Command("changes", "findings opened, fixed, re-opened and accepted, newest first") { since, target, limit };
        var server = new ServerOptionsGroup(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var client = server.Connect(result);
            var answer = await client.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/api/v1/findings/events?limit={result.GetValue(limit)}") + Query("since", result.GetValue(since) is { } day ? $"{day}T00:00:00Z" : null) + Query("target", result.GetValue(target)), cancellationToken);
            if (format.IsJson(result))
            {
                Output.PrintJson(answer);
                return (int)ExitCode.Done;
            }

            Output.PrintTable(
                ["AT", "CHANGE", "SEVERITY", "TARGET", "FINDING", "BY", "WHY"],
                answer.GetProperty("items").EnumerateArray().Select(i => (IReadOnlyList<string>)[Text(i, "at")[..16].Replace('T', ' '), Text(i, "change"), Text(i, "severity"), Fit(Text(i, "targetName"), 20), Fit($"{Text(i, "ruleId")} {Text(i, "title")}", 32), Fit(Text(i, "actor"), 14), Fit(Text(i, "note"), 30)]));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Argument<string> Target() => new("TARGET") { Description = "function or layer version, by name or ARN" };

    private static Argument<string> Id() => new("ID") { Description = "the finding's id, as `findings list` prints it, or its rule (GHSA-…, E-1) where the target has it once" };

    /// <summary>The one finding of a target whose fingerprint starts so, or whose rule is so called.</summary>
    private static async Task<(string Target, string Fingerprint)> FindAsync(ServerClient client, string target, string id, CancellationToken cancellationToken)
    {
        var items = (await client.GetAsync($"/api/v1/findings?status=all&limit=10000&target={Uri.EscapeDataString(target)}", cancellationToken)).GetProperty("items").EnumerateArray().ToList();
        var found = items.Where(i => Text(i.GetProperty("finding"), "fingerprint").StartsWith(id, StringComparison.Ordinal) || Text(i.GetProperty("finding"), "ruleId") == id).Select(i => (Text(i, "target"), Text(i.GetProperty("finding"), "fingerprint"))).Distinct().ToList();
        return found switch
        {
            [var one] => one,
            [] => throw new CliException(items.Count == 0 ? $"nothing is known of `{target}`" : $"`{target}` has no finding `{id}`", "see `pellicle findings list --status all`", ExitCode.Usage),
            _ => throw new CliException($"`{id}` names {found.Count} findings of `{target}`", $"give more of the id, or the target's ARN: {string.Join(", ", found.Take(4).Select(f => f.Item2[..12]))}", ExitCode.Usage),
        };
    }

    private static string AcceptedOf(JsonElement item) =>
        item.TryGetProperty("accepted", out var accepted) && accepted.ValueKind == JsonValueKind.Object ? $"{Text(accepted, "by")}{(DateTimeOffset.TryParse(Text(accepted, "until"), CultureInfo.InvariantCulture, out var end) ? $" until {LastDay(end)}" : "")}: {Fit(Text(accepted, "reason"), 30)}" : "-";

    /// <summary>The day before the moment at which an acceptance ends, as it was given.</summary>
    private static string LastDay(DateTimeOffset end) => end.UtcDateTime.AddTicks(-1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Query(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";

    private static string Day(string time) => time.Length >= 10 ? time[..10] : time;

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string Fit(string text, int width) => text.Length <= width ? text : text[..(width - 1)] + "…";
}
