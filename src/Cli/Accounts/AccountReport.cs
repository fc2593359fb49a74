using Pellicle.Aws;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Accounts;

/// <summary>One line of a scan's report: counts without text.</summary>
internal sealed record TargetLine(string Key, string Kind, string Name, ResultCounts Counts);

/// <summary>What a scan of one region found and what it lacked. The targets lie in the store and are read one by one.</summary>
internal sealed class AccountScanResult(AccountStore store, Inventory inventory, IReadOnlyList<TargetLine> lines, IReadOnlyList<FindingChange> changes, DatabaseInfo? database, IReadOnlyList<string> notes, int downloads, long downloadedBytes, int judged)
{
    public Inventory Inventory { get; } = inventory;

    public IReadOnlyList<TargetLine> Lines { get; } = lines;

    /// <summary>What came and went since the scan before; empty on the first.</summary>
    public IReadOnlyList<FindingChange> Changes { get; } = changes;

    public DatabaseInfo? Database { get; } = database;

    /// <summary>What the whole report should say: stale tables, services the endpoint does not have, code that cannot be followed.</summary>
    public IReadOnlyList<string> Notes { get; } = notes;

    /// <summary>Zips that had to be fetched.</summary>
    public int Downloads { get; } = downloads;

    public long DownloadedBytes { get; } = downloadedBytes;

    /// <summary>Targets judged anew; the others are as they were.</summary>
    public int Judged { get; } = judged;

    public ScanSummary Summary => SummaryOf(Lines);

    public static ScanSummary SummaryOf(IReadOnlyList<TargetLine> lines) => new(
        lines.Sum(l => l.Counts.Packages),
        new FindingCounts(lines.Sum(l => l.Counts.Critical), lines.Sum(l => l.Counts.High), lines.Sum(l => l.Counts.Medium), lines.Sum(l => l.Counts.Low), lines.Sum(l => l.Counts.Info)),
        lines.Sum(l => l.Counts.Errors));

    public IEnumerable<ScanTarget> Targets => Lines.Select(l => store.Target(l.Key)).OfType<ScanTarget>();

    /// <summary>Each target as text in the form of the scan report.</summary>
    public IEnumerable<byte[]> Texts => Lines.Select(l => store.TargetText(l.Key)).OfType<byte[]>();

    /// <summary>All of it in memory: for forms that need it.</summary>
    public ScanReport Report => new() { Tool = Scanner.Tool, AdvisoryDatabase = Database, Targets = [.. Targets], Summary = Summary, Notes = Notes.Count > 0 ? Notes : null };
}
