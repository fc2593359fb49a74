using System.CommandLine;
using Pellicle.Domain;
using Pellicle.Posture;
using Pellicle.Scanning.Advisories;

namespace Pellicle.Cli.Commands;

/// <summary>All of <c>db</c>; here what needs the network or says how old things are.</summary>
internal static class DbCommands
{
    // Advisories appear daily; a week without them is worth a word.
    private const int StaleDays = 7;

    public static Command Create() => new("db", "the advisory database") { Update(), DbCommand.Import(), Status(), DbCommand.Query() };

    private static Command Update()
    {
        var db = DbCommand.PathOption();
        var address = new Option<Uri>("--from") { Description = "base address of the archives, ECOSYSTEM/all.zip below it", DefaultValueFactory = _ => UpdateOptions.DefaultAddress, HelpName = "URL" };
        var ecosystems = new Option<string[]>("--ecosystem") { Description = "only these (default: those of programming languages)", AllowMultipleArgumentsPerToken = true };
        var exploited = new Option<Uri?>("--known-exploited") { Description = "address of CISA's known-exploited list (JSON)", HelpName = "URL" };
        var tables = new Option<Uri?>("--tables") { Description = $"base address of newer tables of facts for posture checks, NAME.tsv below it (default: {TableUpdate.Variable}, else they stay as they are)", DefaultValueFactory = _ => TableUpdate.DefaultAddress, HelpName = "URL" };
        var command = new Command("update", "fetches the advisories that changed; a failed download never replaces a good database") { db, address, ecosystems, exploited, tables };
        command.SetAction(async (result, cancellationToken) =>
        {
            var chosen = result.GetValue(ecosystems) is { Length: > 0 } names
                ? names.Select(n => Ecosystem.TryParse(n, out var e) ? e.Base : throw new CliException($"unknown ecosystem `{n}`", $"known: {string.Join(", ", Ecosystem.All)}", ExitCode.Usage)).ToList()
                : Ecosystem.Languages;
            using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(30) };
            var outcome = await new AdvisoryUpdater(http, TimeProvider.System).UpdateAsync(
                new UpdateOptions { DatabasePath = result.GetValue(db)!, Address = result.GetValue(address)!, Ecosystems = chosen, KnownExploited = result.GetValue(exploited) },
                new Talk(),
                cancellationToken);
            System.Console.Out.WriteLine($"updated: {List(outcome.Updated)}; unchanged: {List(outcome.Unchanged)}");
            foreach (var error in outcome.Errors.Concat(outcome.Import.Errors))
            {
                Messages.Note($"{error.Path}: {error.Message}");
            }

            var refused = result.GetValue(tables) is { } place ? await TableUpdate.RunAsync(http, place, Places.Tables, System.Console.Out, cancellationToken) : [];
            foreach (var error in refused)
            {
                Messages.Note(error);
            }

            return (int)(outcome.IsComplete && refused.Count == 0 ? ExitCode.Done : ExitCode.Incomplete);
        });
        return command;
    }

    private static Command Status()
    {
        var db = DbCommand.PathOption();
        var command = new Command("status", "says what the database holds and how old it is") { db };
        var format = new FormatOption(command);
        command.SetAction(result =>
        {
            using var database = DbCommand.Open(result.GetValue(db)!);
            var status = database.Status();
            if (format.IsJson(result))
            {
                Output.PrintJson(status);
                return (int)ExitCode.Done;
            }

            System.Console.Out.WriteLine($"revision {status.Revision}, built {status.Built:yyyy-MM-dd HH:mm} UTC, {status.Advisories} advisories, {status.Bytes / 1048576.0:f1} MB");
            Output.PrintTable(["TABLE", "OF", "FROM"], PostureTables.InUse().Select(t => (IReadOnlyList<string>)[t.Name, $"{t.Date:yyyy-MM-dd}", t.BuiltIn ? "built in" : "update"]));
            foreach (var stale in PostureTables.Stale(DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime)))
            {
                Messages.Note(stale);
            }

            var days = (int)(TimeProvider.System.GetUtcNow() - status.Built).TotalDays;
            if (days > StaleDays)
            {
                Messages.Note($"stale: {days} days old; what was published since is not matched, renew it with `pellicle db update`");
            }

            Output.PrintTable(["ECOSYSTEM", "PACKAGES", "ENTRIES"], status.Ecosystems.Select(e => (IReadOnlyList<string>)[e.Ecosystem, $"{e.Packages}", $"{e.Entries}"]));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static string List(IReadOnlyList<string> names) => names.Count == 0 ? "none" : string.Join(", ", names);

    private sealed class Talk : IProgress<string>
    {
        public void Report(string value) => Messages.Note(value);
    }
}
