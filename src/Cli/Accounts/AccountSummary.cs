using System.Globalization;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;
using Spectre.Console;

namespace Pellicle.Cli.Accounts;

/// <summary>A scan of many targets on one screen: what is worst, what is common, what changed, what is not known.</summary>
internal static class AccountSummary
{
    private const int Most = 10;

    public static void Print(AccountRun run, bool changesKnown)
    {
        var lines = run.Lines;
        var summary = run.Summary;
        var functions = lines.Where(l => l.Kind == "function").ToList();
        var layers = lines.Where(l => l.Kind == "layer").ToList();
        Output.Heading("Findings");
        Output.PrintTable(["", "TARGETS", "CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO", "CLEAN", "INCOMPLETE"], new[] { ("functions", functions), ("layer versions", layers) }.Where(g => g.Item2.Count > 0).Select(g => Counts(g.Item1, g.Item2)));
        var (rules, worst) = Gather(run);
        if (rules.Count > 0)
        {
            Output.Heading("Most common, worst first");
            Output.PrintTable(["SEVERITY", "FINDING", "TARGETS", "WHAT"], rules.Select(r => (IReadOnlyList<string>)[Word(r.Severity), r.Rule, Number(r.Targets), Fit(r.Title, 52)]));
            Output.Heading("Worst targets");
            Output.PrintTable(["TARGET", "CRITICAL", "HIGH", "MEDIUM"], worst.Select(l => (IReadOnlyList<string>)[Fit(l.Kind == "layer" ? $"layer {l.Name}:{l.Key.Split(':')[^1]}" : l.Name, 60), Number(l.Counts.Critical), Number(l.Counts.High), Number(l.Counts.Medium)]));
        }

        if (changesKnown)
        {
            PrintChanges(run.Changes, Most);
        }

        Output.Out.WriteLine();
        foreach (var note in run.Notes)
        {
            Output.Say($"note: {note}");
        }

        Output.Say($"{Number(lines.Count)} targets, {Number(summary.Packages)} package copies; all of it: --format json --output FILE, or --full");
    }

    public static void PrintChanges(IReadOnlyList<ChangeGroup> groups, int most)
    {
        Output.Heading("Since the scan before");
        if (groups.Count == 0)
        {
            Output.Say("nothing came and nothing went");
            return;
        }

        var counts = from g in groups from c in g.Changes group g.Targets.Count by c.Change into change orderby change.Key select $"{Number(change.Sum())} {change.Key}";
        Output.Say(string.Join(", ", counts));
        // A finding that many functions share through a layer is one row.
        var rows = from g in groups
                   from c in g.Changes
                   group g.Targets by (c.Change, c.Severity, c.RuleId, c.Title) into finding
                   let names = finding.SelectMany(t => t).Select(t => t.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList()
                   orderby finding.Key.Change == SharedChange.Fixed, finding.Key.Severity descending, names.Count descending, finding.Key.RuleId, finding.Key.Title
                   select (finding.Key, names);
        Output.PrintTable(
            ["CHANGE", "SEVERITY", "TARGETS", "FINDING"],
            rows.Take(most).Select(r => (IReadOnlyList<string>)[r.Key.Change, Word(r.Key.Severity), r.names.Count == 1 ? Fit(r.names[0], 26) : $"{Fit(r.names[0], 16)} +{Number(r.names.Count - 1)}", Fit($"{r.Key.RuleId} {r.Key.Title}", 46)]));
    }

    private static IReadOnlyList<string> Counts(string name, List<TargetLine> lines) =>
    [
        name, Number(lines.Count), Number(lines.Sum(l => l.Counts.Critical)), Number(lines.Sum(l => l.Counts.High)), Number(lines.Sum(l => l.Counts.Medium)), Number(lines.Sum(l => l.Counts.Low)), Number(lines.Sum(l => l.Counts.Info)),
        Number(lines.Count(l => l.Counts is { Status: ScanStatus.Succeeded, Critical: 0, High: 0, Medium: 0, Low: 0, Info: 0 })), Number(lines.Count(l => l.Counts.Status != ScanStatus.Succeeded)),
    ];

    /// <summary>The worst rules and targets, from counts; only for titles are targets read.</summary>
    private static (List<(Severity Severity, string Rule, int Targets, string Title)> Rules, List<TargetLine> Worst) Gather(AccountRun run)
    {
        var rules = from part in run.Parts
                    from rule in part.Result.Rules
                    group (rule, part.Result) by rule.Rule into same
                    let severity = same.Max(s => s.rule.Severity)
                    let targets = same.Sum(s => s.rule.Targets)
                    orderby severity descending, targets descending, same.Key
                    select (severity, same.Key, targets, same.First());
        return (
            [.. rules.Take(Most).Select(r => (r.severity, r.Key, r.targets, r.Item4.Result.TitleOf(r.Item4.rule)))],
            [.. run.Lines.OrderByDescending(l => l.Counts.Critical).ThenByDescending(l => l.Counts.High).ThenByDescending(l => l.Counts.Medium).ThenBy(l => l.Name, StringComparer.Ordinal).Where(l => l.Counts.Critical + l.Counts.High + l.Counts.Medium > 0).Take(Most)]);
    }

    private static string Word(Severity severity) => severity.ToString().ToLowerInvariant();

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Fit(string text, int width) => text.Length <= width ? text : text[..(width - 1)] + "…";
}
