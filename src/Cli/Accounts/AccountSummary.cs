using System.Globalization;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;
using Spectre.Console;

namespace Pellicle.Cli.Accounts;

/// <summary>A scan of many targets on one screen: what is worst, what is common, what changed, what is not known.</summary>
internal static class AccountSummary
{
    /// <summary>Rows of each part where there is more than one screen of it.</summary>
    private const int Most = 10;

    // So many targets are small enough to be told whole, rule by rule.
    private const int Few = 25;

    /// <summary>Targets whose errors are read for the notes: what lacks in more is told by the permissions that lack.</summary>
    private const int MostIncomplete = 200;

    public static void Print(AccountRun run, bool changesKnown)
    {
        var lines = run.Lines;
        var functions = lines.Where(l => l.Kind == "function").ToList();
        var layers = lines.Where(l => l.Kind == "layer").ToList();
        Output.Heading("Targets");
        Output.PrintTable(["", "TARGETS", "CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO", "CLEAN", "INCOMPLETE"], new[] { ("functions", functions), ("layer versions", layers) }.Where(g => g.Item2.Count > 0).Select(g => Counts(g.Item1, g.Item2)));
        PrintRules(run, lines.Count <= Few ? int.MaxValue : Most);
        PrintWorst(lines);
        if (changesKnown)
        {
            PrintChanges(run.Changes, Most);
        }

        Output.Out.WriteLine();
        foreach (var note in run.Notes.Concat(Incomplete(run)))
        {
            Output.Say($"note: {note}");
        }

        Output.Say($"{Number(lines.Count)} targets, {Number(run.Summary.Packages)} package copies; each finding with its place: --full; for programs: --format json");
    }

    private static void PrintRules(AccountRun run, int most)
    {
        var rules = Gather(run);
        if (rules.Count == 0)
        {
            return;
        }

        var width = Math.Min(Output.Out.Profile.Width, 140);
        Output.Heading(most < rules.Count ? $"Findings that load: the worst {most} of {Number(rules.Count)} rules" : "Findings that load, worst first");
        var shown = rules.Take(most).Select(r => (r.Severity, r.Rule, r.Targets, r.Example, Finding: r.Result.FindingOf(r.Rule, r.Example))).ToList();
        // What the three columns before it leave.
        var room = 18 + shown.Max(r => r.Rule.Length) + shown.Max(r => r.Targets == 1 ? Math.Min(24, NameOf(r.Example).Length) : 7);
        Output.PrintTable(
            ["SEVERITY", "RULE", "TARGETS", "WHAT"],
            shown.Select(r => (IReadOnlyList<string>)[Word(r.Severity), r.Rule, r.Targets == 1 ? Fit(NameOf(r.Example), 24) : Number(r.Targets), Fit(r.Finding?.Title ?? "", Math.Max(30, width - room))]));
        Output.Heading("Repairs, for one target each");
        foreach (var (names, text) in shown.Where(r => r.Finding?.Remediation.Length > 0).GroupBy(r => r.Finding!.Remediation, StringComparer.Ordinal).Select(g => (string.Join(", ", g.Select(r => r.Rule)), g.Key)))
        {
            Output.Say(Wrap($"{names}: {text}", width, 4));
        }
    }

    private static void PrintWorst(IReadOnlyList<TargetLine> lines)
    {
        var worst = lines.OrderByDescending(l => l.Counts.Critical).ThenByDescending(l => l.Counts.High).ThenByDescending(l => l.Counts.Medium).ThenBy(l => l.Name, StringComparer.Ordinal).Where(l => l.Counts.Critical + l.Counts.High + l.Counts.Medium > 0).Take(Most).ToList();
        if (worst.Count > 0)
        {
            Output.Heading("Worst targets");
            Output.PrintTable(["TARGET", "CRITICAL", "HIGH", "MEDIUM"], worst.Select(l => (IReadOnlyList<string>)[Fit(l.Kind == "layer" ? $"layer {NameOf(l.Key)}" : l.Name, 60), Number(l.Counts.Critical), Number(l.Counts.High), Number(l.Counts.Medium)]));
        }
    }

    /// <summary>What could not be judged for another reason than a permission, which the talk names already.</summary>
    private static IEnumerable<string> Incomplete(AccountRun run) =>
        from part in run.Parts
        from line in part.Result.Lines.Where(l => l.Counts.Errors > 0).Take(MostIncomplete)
        from error in part.Result.Find(line.Key)?.Errors ?? []
        where !error.Message.StartsWith("not judged for lack of", StringComparison.Ordinal)
        group line.Name by (error.Message, error.Path) into same
        let names = same.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList()
        orderby names[0]
        select $"{string.Join(", ", names.Take(3))}{(names.Count > 3 ? $" and {Number(names.Count - 3)} more" : "")}: {(same.Key.Path.Length > 0 ? $"{same.Key.Path}: " : "")}{same.Key.Message}";

    /// <summary>Breaks a line between words; what follows is indented.</summary>
    internal static string Wrap(string text, int width, int indent)
    {
        var lines = new List<string>();
        var line = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                lines.Add(line);
                line = new string(' ', indent) + word;
            }
            else
            {
                line = line.Length == 0 ? word : $"{line} {word}";
            }
        }

        return string.Join('\n', lines.Append(line));
    }

    /// <summary>Name of a function, with its version; name and version of a layer.</summary>
    private static string NameOf(string arn) => string.Join(':', arn.Split(':').Skip(6));

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

    /// <summary>Rules of all regions, worst first, each with a target that has it.</summary>
    private static List<(Severity Severity, string Rule, int Targets, string Example, AccountScanResult Result)> Gather(AccountRun run)
    {
        var rules = from part in run.Parts
                    from rule in part.Result.Rules
                    group (rule, part.Result) by rule.Rule into same
                    let severity = same.Max(s => s.rule.Severity)
                    let targets = same.Sum(s => s.rule.Targets)
                    let first = same.First()
                    select (severity, same.Key, targets, first.rule.Example, first.Result);
        return [.. rules.OrderByDescending(r => r.severity).ThenByDescending(r => r.targets).ThenBy(r => r.Key, RuleCensus.ByNumber)];
    }

    private static string Word(Severity severity) => severity.ToString().ToLowerInvariant();

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Fit(string text, int width) => text.Length <= width ? text : text[..(width - 1)] + "…";
}
