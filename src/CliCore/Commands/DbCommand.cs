using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pellicle.Domain;
using Pellicle.Scanning.Advisories;
using Pellicle.Scanning.Matching;

namespace Pellicle.Cli.Commands;

/// <summary>What of <c>db</c> needs files only.</summary>
internal static class DbCommand
{
    /// <summary>The database used when <c>--db</c> is not given.</summary>
    public static string DefaultPath => Environment.GetEnvironmentVariable("PELLICLE_DB") is { Length: > 0 } set ? set : Path.Combine(Places.Home, "advisories.db");

    public static Option<string> PathOption() => new("--db") { Description = "advisory database file", DefaultValueFactory = _ => DefaultPath, HelpName = "FILE" };

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

    public static Command Import()
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
                Messages.Note($"{error.Path}: {error.Message}");
            }

            return (int)(summary.Errors.Count > 0 ? ExitCode.Incomplete : ExitCode.Done);
        });
        return command;
    }

    public static Command Query()
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
                    if (purl.Version is not null && !Matcher.IsComparable(purl) && Ecosystem.TryParse(purl, out _))
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
}
