using Pellicle.Domain;

namespace Pellicle.Cli.Accounts;

/// <summary>How many targets a rule found something in that loads, and one of them.</summary>
internal sealed record RuleCount(string Rule, Severity Severity, int Targets, string Example);

/// <summary>Counts rules over the targets of an account, without their texts.</summary>
internal sealed class RuleCensus
{
    private readonly Dictionary<string, RuleCount> _rules = new(StringComparer.Ordinal);

    /// <summary>Adds targets that load the same.</summary>
    public void Add(IReadOnlyList<StoredResult> targets, IEnumerable<RuleHit> view)
    {
        var shared = new Dictionary<string, Severity>(StringComparer.Ordinal);
        Merge(shared, view);
        foreach (var (rule, severity) in shared)
        {
            Count(rule, severity, targets.Count, targets[0].Arn);
        }

        foreach (var target in targets)
        {
            foreach (var hit in target.Rules)
            {
                Count(hit.Rule, hit.Severity, shared.ContainsKey(hit.Rule) ? 0 : 1, target.Arn);
            }
        }
    }

    /// <summary>I-2 before I-10.</summary>
    public static IComparer<string> ByNumber { get; } = Comparer<string>.Create((a, b) =>
        a.Split('-') is [var x, var m] && b.Split('-') is [var y, var n] && x == y && int.TryParse(m, System.Globalization.CultureInfo.InvariantCulture, out var first) && int.TryParse(n, System.Globalization.CultureInfo.InvariantCulture, out var second) ? first.CompareTo(second) : string.CompareOrdinal(a, b));

    /// <summary>All of them, worst first.</summary>
    public IReadOnlyList<RuleCount> Worst() => [.. _rules.Values.OrderByDescending(r => r.Severity).ThenByDescending(r => r.Targets).ThenBy(r => r.Rule, ByNumber)];

    private static void Merge(Dictionary<string, Severity> into, IEnumerable<RuleHit> hits)
    {
        foreach (var (rule, severity) in hits)
        {
            into[rule] = into.TryGetValue(rule, out var known) && known > severity ? known : severity;
        }
    }

    private void Count(string rule, Severity severity, int targets, string example) =>
        _rules[rule] = _rules.TryGetValue(rule, out var known)
            ? known with { Severity = known.Severity > severity ? known.Severity : severity, Targets = known.Targets + targets }
            : new RuleCount(rule, severity, targets, example);
}
