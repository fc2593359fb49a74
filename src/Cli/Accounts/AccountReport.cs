using Pellicle.Aws;
using Pellicle.Domain;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Accounts;

/// <summary>One line of a scan's report: counts without text.</summary>
internal sealed record TargetLine(string Key, string Kind, string Name, ResultCounts Counts);

/// <summary>Where the time of a scan went. Calls and downloads run beside each other.</summary>
/// <param name="Calls">Until the last API call was answered.</param>
/// <param name="Downloads">From the first download's start to the last one's end.</param>
/// <param name="Fetched">Until everything was there.</param>
/// <param name="All">Until everything was judged.</param>
internal sealed record ScanTimes(TimeSpan Calls, TimeSpan Downloads, TimeSpan Fetched, TimeSpan All);

/// <summary>What a scan of one region found and what it lacked. The targets lie in the store and are read one by one.</summary>
internal sealed class AccountScanResult(AccountStore store, Inventory inventory, JudgedAccount judged, DatabaseInfo? database, int downloads, long downloadedBytes)
{
    /// <summary>Targets put together at once; they are given out in order.</summary>
    private const int AtOnce = 64;

    private readonly StoredTargets _targets = new(store);

    public Inventory Inventory { get; } = inventory;

    public IReadOnlyList<TargetLine> Lines { get; } = judged.Lines;

    /// <summary>What came and went since the scan before; empty on the first.</summary>
    public IReadOnlyList<ChangeGroup> Changes { get; } = judged.Changes;

    public DatabaseInfo? Database { get; } = database;

    /// <summary>What the whole report should say: stale tables, services the endpoint does not have, code that cannot be followed.</summary>
    public IReadOnlyList<string> Notes { get; } = judged.Notes;

    /// <summary>Zips that had to be fetched.</summary>
    public int Downloads { get; } = downloads;

    public long DownloadedBytes { get; } = downloadedBytes;

    /// <summary>Where the time went; zero for a match.</summary>
    public ScanTimes Times { get; init; } = new(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);

    /// <summary>Targets judged anew, or whose advisories changed; the others are as they were.</summary>
    public int Judged { get; } = judged.Judged;

    /// <summary>Rules and how many targets they found something in, worst first.</summary>
    public IReadOnlyList<RuleCount> Rules { get; } = judged.Rules;

    public ScanSummary Summary => SummaryOf(Lines);

    public static ScanSummary SummaryOf(IReadOnlyList<TargetLine> lines) => new(
        lines.Sum(l => l.Counts.Packages),
        new FindingCounts(lines.Sum(l => l.Counts.Critical), lines.Sum(l => l.Counts.High), lines.Sum(l => l.Counts.Medium), lines.Sum(l => l.Counts.Low), lines.Sum(l => l.Counts.Info)),
        lines.Sum(l => l.Counts.Errors));

    public IEnumerable<ScanTarget> Targets => InOrder(_targets.Find);

    /// <summary>Each target as text in the form of the scan report.</summary>
    public IEnumerable<byte[]> Texts => InOrder(_targets.Text);

    public ScanTarget? Find(string key) => _targets.Find(key);

    /// <summary>The first finding that a rule made in a target.</summary>
    public Finding? FindingOf(string rule, string target) => Find(target)?.Findings.FirstOrDefault(f => f.RuleId == rule);

    /// <summary>All of it in memory: for forms that need it.</summary>
    public ScanReport Report => new() { Tool = Scanner.Tool, AdvisoryDatabase = Database, Targets = [.. Targets], Summary = Summary, Notes = Notes.Count > 0 ? Notes : null };

    private IEnumerable<T> InOrder<T>(Func<string, T?> make)
        where T : class => Lines.Chunk(AtOnce).SelectMany(chunk => chunk.AsParallel().AsOrdered().Select(l => make(l.Key)).ToList()).OfType<T>();
}
