using System.CommandLine;
using Pellicle.Scanning.Archives;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Commands;

/// <summary><c>layers diff</c>: what changed between two layer versions: files, packages, findings.</summary>
internal static class LayersDiff
{
    public static Command Create()
    {
        var from = new Argument<string>("FROM") { Description = "layer version ARN" };
        var to = new Argument<string>("TO") { Description = "layer version ARN" };
        var db = DbCommand.PathOption();
        var noAdvisories = new Option<bool>("--no-advisories") { Description = "compare files and packages only" };
        var command = new Command("diff", "compares two layer versions: files, packages, findings") { from, to, db, noAdvisories };
        var aws = new AwsOptions(command);
        var format = new FormatOption(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var database = result.GetValue(noAdvisories) ? null : result.GetValue(db)!;
            using var scan = new AccountScan(aws.Connect(result), database, null);
            var requests = new[] { await scan.RequestAsync($"layer:{result.GetValue(from)}", cancellationToken), await scan.RequestAsync($"layer:{result.GetValue(to)}", cancellationToken) };
            using var advisories = database is null ? null : DbCommand.Open(database);
            var report = Scanner.Scan(new ScanRequest { Targets = requests, Database = advisories, MatchAdvisories = database is not null }, cancellationToken);
            var changes = Files(requests[0], requests[1])
                .Concat(Compare("package", Packages(report.Targets[0]), Packages(report.Targets[1])))
                .Concat(Compare("finding", Findings(report.Targets[0]), Findings(report.Targets[1])))
                .ToList();
            if (format.IsJson(result))
            {
                Output.PrintJson(changes.Select(c => new { kind = c.Kind, change = c.Change, name = c.Name, before = c.Before, after = c.After }).ToList());
            }
            else
            {
                Output.PrintTable(["KIND", "CHANGE", "NAME", "BEFORE", "AFTER"], changes.Select(c => (IReadOnlyList<string>)[c.Kind, c.Change, c.Name, c.Before ?? "-", c.After ?? "-"]));
            }

            foreach (var error in report.Targets.SelectMany(t => t.Errors))
            {
                Messages.Note($"{error.Path}: {error.Message}");
            }

            return (int)(report.Summary.Errors > 0 ? ExitCode.Incomplete : ExitCode.Done);
        });
        return command;
    }

    private static IEnumerable<LayerChange> Files(TargetRequest from, TargetRequest to)
    {
        using var before = ScanSource.Open(from.Source.Path!);
        using var after = ScanSource.Open(to.Source.Path!);
        return Compare("file", Checksums(before), Checksums(after)).ToList();
    }

    private static Dictionary<string, string> Checksums(IScanSource source) =>
        source.Entries.Where(e => e.Kind != EntryKind.Directory).ToDictionary(e => e.Path, e => $"{e.Size} bytes, crc {e.Crc32:x8}{(e.Kind == EntryKind.SymbolicLink ? ", link" : "")}", StringComparer.Ordinal);

    // A package may lie in a layer more than once; its versions are compared as a set.
    private static Dictionary<string, string> Packages(ScanTarget target) =>
        target.Packages.GroupBy(p => $"{p.Ecosystem}/{p.Name}", p => p.Version ?? "?", StringComparer.Ordinal).ToDictionary(g => g.Key, g => string.Join(", ", g.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)), StringComparer.Ordinal);

    private static Dictionary<string, string> Findings(ScanTarget target) =>
        target.Findings.GroupBy(f => $"{f.RuleId} {f.Purl?.Split('@')[0] ?? f.Path}", StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Max(f => f.Severity).ToString().ToLowerInvariant(), StringComparer.Ordinal);

    internal static IEnumerable<LayerChange> Compare(string kind, Dictionary<string, string> before, Dictionary<string, string> after)
    {
        foreach (var name in before.Keys.Union(after.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var (old, now) = (before.GetValueOrDefault(name), after.GetValueOrDefault(name));
            if (old != now)
            {
                yield return new LayerChange(kind, old is null ? "added" : now is null ? "removed" : "changed", name, old, now);
            }
        }
    }
}

/// <summary>One difference.</summary>
internal sealed record LayerChange(string Kind, string Change, string Name, string? Before, string? After);
