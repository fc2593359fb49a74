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

    public static void PrintChanges(IReadOnlyList<FindingChange> changes, int most)
    {
        Output.Heading("Since the scan before");
        if (changes.Count == 0)
        {
            Output.Say("nothing came and nothing went");
            return;
        }

        Output.Say(string.Join(", ", changes.GroupBy(c => c.Change, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{Number(g.Count())} {g.Key}")));
        var shown = changes.OrderBy(c => c.Change == "fixed").ThenByDescending(c => Enum.Parse<Severity>(c.Severity, ignoreCase: true)).ThenBy(c => c.Name, StringComparer.Ordinal).ThenBy(c => c.RuleId, StringComparer.Ordinal).Take(most);
        Output.PrintTable(["CHANGE", "SEVERITY", "TARGET", "FINDING"], shown.Select(c => (IReadOnlyList<string>)[c.Change, c.Severity, Fit(c.Name, 30), Fit($"{c.RuleId} {c.Title}", 48)]));
    }

    private static IReadOnlyList<string> Counts(string name, List<TargetLine> lines) =>
    [
        name, Number(lines.Count), Number(lines.Sum(l => l.Counts.Critical)), Number(lines.Sum(l => l.Counts.High)), Number(lines.Sum(l => l.Counts.Medium)), Number(lines.Sum(l => l.Counts.Low)), Number(lines.Sum(l => l.Counts.Info)),
        Number(lines.Count(l => l.Counts is { Status: ScanStatus.Succeeded, Critical: 0, High: 0, Medium: 0, Low: 0, Info: 0 })), Number(lines.Count(l => l.Counts.Status != ScanStatus.Succeeded)),
    ];

    /// <summary>Rules by severity and number of targets, and the worst targets; reads the targets one by one.</summary>
    private static (List<(Severity Severity, string Rule, int Targets, string Title)> Rules, List<TargetLine> Worst) Gather(AccountRun run)
    {
        var rules = new Dictionary<string, (Severity Severity, int Targets, string Title)>(StringComparer.Ordinal);
        foreach (var target in run.Parts.SelectMany(p => p.Result.Targets))
        {
            foreach (var rule in target.Findings.Where(f => f.Effective).GroupBy(f => f.RuleId, StringComparer.Ordinal))
            {
                var known = rules.GetValueOrDefault(rule.Key);
                var first = rule.First();
                rules[rule.Key] = ((Severity)Math.Max((int)known.Severity, (int)rule.Max(f => f.Severity)), known.Targets + 1, known.Title ?? first.Title);
            }
        }

        return (
            [.. rules.Select(r => (r.Value.Severity, r.Key, r.Value.Targets, r.Value.Title)).OrderByDescending(r => r.Severity).ThenByDescending(r => r.Targets).ThenBy(r => r.Key, StringComparer.Ordinal).Take(Most)],
            [.. run.Lines.OrderByDescending(l => l.Counts.Critical).ThenByDescending(l => l.Counts.High).ThenByDescending(l => l.Counts.Medium).ThenBy(l => l.Name, StringComparer.Ordinal).Where(l => l.Counts.Critical + l.Counts.High + l.Counts.Medium > 0).Take(Most)]);
    }

    private static string Word(Severity severity) => severity.ToString().ToLowerInvariant();

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Fit(string text, int width) => text.Length <= width ? text : text[..(width - 1)] + "…";
}
