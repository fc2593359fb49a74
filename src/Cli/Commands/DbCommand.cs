using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pellicle.Domain;
using Pellicle.Posture;
using Pellicle.Scanning.Advisories;
using Pellicle.Scanning.Matching;

namespace Pellicle.Cli.Commands;

internal static class DbCommand
{
    // Advisories appear daily; a week without them is worth a word.
    private const int StaleDays = 7;

    /// <summary>The database used when <c>--db</c> is not given.</summary>
    public static string DefaultPath => Environment.GetEnvironmentVariable("PELLICLE_DB") is { Length: > 0 } set ? set : Path.Combine(Places.Home, "advisories.db");

    public static Option<string> PathOption() => new("--db") { Description = "advisory database file", DefaultValueFactory = _ => DefaultPath, HelpName = "FILE" };

    public static Command Create() => new("db", "the advisory database") { Update(), Import(), Status(), Query() };

    /// <summary>Compiles archives and folders of OSV records into a database file; returns what was taken.</summary>
    public static ImportSummary ImportInto(string path, IReadOnlyList<string> sources)
    {
        var builder = new AdvisoryDatabaseBuilder();
        foreach (var source in sources)
        {
            if (!File.Exists(source) && !Directory.Exists(source))
            {
                throw new CliException($"there is no file or directory `{source}`", "", ExitCode.Usage);
            }

            builder.Add(source);
        }

        var summary = builder.Summary;
        if (summary.Records == 0)
        {
            throw new CliException("no advisory was found in what was given", "expected are OSV records: JSON files, folders, or archives such as all.zip");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        builder.Write(path, TimeProvider.System);
        return summary;
    }

    public static AdvisoryDatabase Open(string path)
    {
        if (!File.Exists(path))
        {
            throw new CliException($"there is no advisory database at `{path}`", "make one with `pellicle db update` or `pellicle db import DIR`");
        }

        try
        {
            return AdvisoryDatabase.Open(path);
        }
        catch (InvalidDataException exception)
        {
            throw new CliException($"the advisory database `{path}` cannot be used: {exception.Message}", "make it again with `pellicle db update` or `pellicle db import DIR`");
        }
    }

    private static Command Update()
    {
        var db = PathOption();
        var address = new Option<Uri>("--from") { Description = "base address of the archives, ECOSYSTEM/all.zip below it", DefaultValueFactory = _ => UpdateOptions.DefaultAddress, HelpName = "URL" };
        var ecosystems = new Option<string[]>("--ecosystem") { Description = "only these (default: all)", AllowMultipleArgumentsPerToken = true };
        var exploited = new Option<Uri?>("--known-exploited") { Description = "address of CISA's known-exploited list (JSON)", HelpName = "URL" };
        var tables = new Option<Uri?>("--tables") { Description = $"base address of newer tables of facts for posture checks, NAME.tsv below it (default: {TableUpdate.Variable}, else they stay as they are)", DefaultValueFactory = _ => TableUpdate.DefaultAddress, HelpName = "URL" };
        var command = new Command("update", "fetches the advisories that changed; a failed download never replaces a good database") { db, address, ecosystems, exploited, tables };
        command.SetAction(async (result, cancellationToken) =>
        {
            var chosen = result.GetValue(ecosystems) is { Length: > 0 } names
                ? names.Select(n => Ecosystem.TryParse(n, out var e) ? e : throw new CliException($"unknown ecosystem `{n}`", $"known: {string.Join(", ", Ecosystem.All)}", ExitCode.Usage)).ToList()
                : [.. Ecosystem.All.Where(e => e != Ecosystem.Generic)];
            using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(30) };
            var outcome = await new AdvisoryUpdater(http, TimeProvider.System).UpdateAsync(
                new UpdateOptions { DatabasePath = result.GetValue(db)!, Address = result.GetValue(address)!, Ecosystems = chosen, KnownExploited = result.GetValue(exploited) },
                new Talk(),
                cancellationToken);
            System.Console.Out.WriteLine($"updated: {List(outcome.Updated)}; unchanged: {List(outcome.Unchanged)}");
            foreach (var error in outcome.Errors.Concat(outcome.Import.Errors))
            {
                Output.Note($"{error.Path}: {error.Message}");
            }

            var refused = result.GetValue(tables) is { } place ? await TableUpdate.RunAsync(http, place, TableUpdate.Folder, System.Console.Out, cancellationToken) : [];
            foreach (var error in refused)
            {
                Output.Note(error);
            }

            return (int)(outcome.IsComplete && refused.Count == 0 ? ExitCode.Done : ExitCode.Incomplete);
        });
        return command;
    }

    private static Command Import()
    {
        var sources = new Argument<string[]>("SOURCE") { Description = "folders, all.zip archives or JSON files of OSV records", Arity = ArgumentArity.OneOrMore };
        var db = PathOption();
        var command = new Command("import", "makes the database from files, without a network") { sources, db };
        command.SetAction(result =>
        {
            var summary = ImportInto(result.GetValue(db)!, result.GetValue(sources)!);
            System.Console.Out.WriteLine($"{summary.Records} advisories imported, {summary.Withdrawn} withdrawn ones left out, {summary.Skipped} without a package of a known ecosystem");
            foreach (var error in summary.Errors)
            {
                Output.Note($"{error.Path}: {error.Message}");
            }

            return (int)(summary.Errors.Count > 0 ? ExitCode.Incomplete : ExitCode.Done);
        });
        return command;
    }

    private static Command Status()
    {
        var db = PathOption();
        var command = new Command("status", "says what the database holds and how old it is") { db };
        var format = new FormatOption(command);
        command.SetAction(result =>
        {
            using var database = Open(result.GetValue(db)!);
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
                Output.Note(stale);
            }

            var days = (int)(TimeProvider.System.GetUtcNow() - status.Built).TotalDays;
            if (days > StaleDays)
            {
                Output.Note($"stale: {days} days old; what was published since is not matched, renew it with `pellicle db update`");
            }

            Output.PrintTable(["ECOSYSTEM", "PACKAGES", "ENTRIES"], status.Ecosystems.Select(e => (IReadOnlyList<string>)[e.Ecosystem, $"{e.Packages}", $"{e.Entries}"]));
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Query()
    {
        var purls = new Argument<string[]>("PURL") { Description = "package URLs with version", Arity = ArgumentArity.ZeroOrMore };
        var lines = new Option<bool>("--lines") { Description = "read package URLs from stdin, print one JSON object a line" };
        var db = PathOption();
        var command = new Command("query", "lists the advisories that affect a package version") { purls, lines, db };
        command.SetAction(result =>
        {
            using var database = Open(result.GetValue(db)!);
            var matcher = new Matcher(database);
            using var output = new StreamWriter(System.Console.OpenStandardOutput(), new UTF8Encoding(false));
            var failed = false;
            IEnumerable<string> inputs = result.GetValue(lines) ? Lines() : result.GetValue(purls)!;
            foreach (var text in inputs)
            {
                var answer = new JsonObject { ["purl"] = text };
                if (!Purl.TryParse(text, out var purl))
                {
                    failed = true;
                    answer["error"] = "not a package URL";
                    answer["advisories"] = new JsonArray();
                }
                else
                {
                    if (purl.Version is not null && !Matcher.IsComparable(purl) && Ecosystem.TryParse(purl.Type, out _))
                    {
                        failed = true;
                        answer["error"] = $"version `{purl.Version}` cannot be compared";
                    }

                    answer["advisories"] = new JsonArray([.. matcher.Query(purl).Select(m => (JsonNode)new JsonObject
                    {
                        ["id"] = m.Id,
                        ["aliases"] = new JsonArray([.. m.Aliases.Select(a => (JsonNode)a)]),
                        ["fixedVersions"] = new JsonArray([.. m.FixedVersions.Select(f => (JsonNode)f)]),
                    })]);
                }

                output.Write(answer.ToJsonString());
                output.Write('\n');
            }

            return (int)(failed ? ExitCode.Incomplete : ExitCode.Done);
        });
        return command;

        static IEnumerable<string> Lines()
        {
            while (System.Console.In.ReadLine() is { } line)
            {
                if (line.Length > 0)
                {
                    yield return line;
                }
            }
        }
    }

    private static string List(IReadOnlyList<string> names) => names.Count == 0 ? "none" : string.Join(", ", names);

    private sealed class Talk : IProgress<string>
    {
        public void Report(string value) => Output.Note(value);
    }
}
