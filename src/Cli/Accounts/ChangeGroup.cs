using Pellicle.Domain;

namespace Pellicle.Cli.Accounts;

/// <summary>A finding that came or went.</summary>
internal sealed record FindingChange(string Target, string Name, string Change, string Severity, string RuleId, string Title, string Fingerprint);

/// <summary>A finding that came or went, wherever it did.</summary>
internal sealed record SharedChange(string Change, Severity Severity, string RuleId, string Title, string Fingerprint)
{
    public const string Opened = "opened";
    public const string Reopened = "re-opened";
    public const string Fixed = "fixed";

    public static SharedChange Of(string change, Finding finding) => new(change, finding.Severity, finding.RuleId, finding.Title, finding.Fingerprint);
}

/// <summary>Changes that all of some targets share: a layer that ten thousand functions load is told once.</summary>
internal sealed record ChangeGroup(IReadOnlyList<SharedChange> Changes, IReadOnlyList<(string Target, string Name)> Targets)
{
    public int Count => Changes.Count * Targets.Count;

    public IEnumerable<FindingChange> All() =>
        from change in Changes
        from target in Targets
        select new FindingChange(target.Target, target.Name, change.Change, change.Severity.ToString().ToLowerInvariant(), change.RuleId, change.Title, change.Fingerprint);
}
