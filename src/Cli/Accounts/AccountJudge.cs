using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Pellicle.Aws;
using Pellicle.Domain;
using Pellicle.Posture;
using Pellicle.Posture.Code;
using Pellicle.Scanning.Advisories;
using Pellicle.Scanning.Hijack;
using Pellicle.Scanning.Matching;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning;

namespace Pellicle.Cli.Accounts;

/// <summary>
/// Judges what is stored. A result whose inputs did not change is taken as it is; targets with the same code, layers and runtime share one look at their
/// packages; the rest is made target by target, so that memory does not grow with the account.
/// </summary>
internal sealed class AccountJudge(AccountStore store, InventoryStore contents, AdvisoryDatabase? advisories, bool matchAdvisories, Func<string, CodeCalls?> calls, IReadOnlyDictionary<string, CodeCalls> seen, IReadOnlySet<string> trusted, TimeProvider time) : IDisposable
{
    /// <summary>Builds are deterministic: this changes when the code that reads or judges does.</summary>
    public static readonly string Build = $"{typeof(Scanner).Module.ModuleVersionId:N}{typeof(AllChecks).Module.ModuleVersionId:N}";

    private readonly ConcurrentDictionary<string, string> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _matches = new(StringComparer.Ordinal);
    private readonly Matcher? _matcher = advisories is null ? null : new Matcher(advisories);
    private readonly PostureContext _context = PostureContext.Of(time) with { TrustedAccounts = trusted };
    private readonly Lock _gate = new();
    private readonly List<FindingChange> _changes = [];
    private int _done;

    public Action<string, int, int>? Progress { get; init; }

    /// <summary>What the whole report should say.</summary>
    public IReadOnlyList<string> Notes { get; private set; } = [];

    public DatabaseInfo? Database { get; } = Scanner.Scan(new ScanRequest { Targets = [], Database = advisories }).AdvisoryDatabase;

    /// <summary>A target to judge, or to keep.</summary>
    private sealed record Work(string Key, TargetOrder Order, string Inputs, string Vulnerable, Func<(IReadOnlyList<Finding> Findings, IReadOnlyList<FileError> Errors, IReadOnlyList<NotJudged> Lacks)> More);

    public (IReadOnlyList<TargetLine> Lines, IReadOnlyList<FindingChange> Changes, int Judged) Run(
        Inventory inventory, IReadOnlyDictionary<string, IReadOnlyList<string>> users, IReadOnlyList<FunctionRow> rows, IReadOnlyDictionary<string, string> missing, ScanScope scope, bool whole, CancellationToken cancellationToken)
    {
        var account = new AccountView(inventory, users, rows, calls, seen, missing, store);
        var day = $"{Build} {_context.Today:O} {string.Join(',', trusted.Order(StringComparer.Ordinal))} {account.SharedDigest}";
        var works = new List<Work>();
        foreach (var row in rows)
        {
            var order = account.OrderOf(row);
            works.Add(new Work(row.Arn, order, Hash(day, row.Digest, order.Key(), order.Name, account.DigestOf(row)), Vulnerable(order), () => account.Posture(row, _context)));
            works.AddRange(row.Versions.Select(v => account.OrderOf(row, v)).Select(o => new Work(o.Arn!, o, Hash(Build, o.Key(), o.Name), Vulnerable(o), () => ([], account.Errors(o), []))));
        }

        foreach (var layer in inventory.Layers.Values.Where(_ => !scope.NoLayers).OrderBy(l => l.Arn, StringComparer.Ordinal))
        {
            var order = account.OrderOf(layer);
            works.Add(new Work(layer.Arn, order, Hash(day, order.Key(), account.DigestOf(layer)), Vulnerable(order), () => account.Posture(layer, _context)));
        }

        var known = store.Results();
        var there = works.Select(w => w.Key).ToHashSet(StringComparer.Ordinal);
        var listed = inventory.Listed.ToHashSet(StringComparer.Ordinal);
        var gone = !whole ? [] : known.Values.Where(k => !there.Contains(k.Arn) && IsGone(k, inventory, listed, scope)).ToList();
        return Judge(works, known, gone, Make, cancellationToken);

        (ScanTarget, IReadOnlyList<NotJudged>) Make(Work work, ScanTarget packages)
        {
            var (findings, errors, lacks) = work.More();
            return (packages with
            {
                Name = work.Order.Name, Arn = work.Order.Arn,
                Findings = findings.Count == 0 ? packages.Findings : [.. packages.Findings.Concat(findings).DistinctBy(f => f.Fingerprint).OrderBy(f => f, FindingOrder.WorstFirst)],
                Errors = errors.Count == 0 ? packages.Errors : [.. packages.Errors.Concat(errors).Distinct()],
                Status = packages.Status == ScanStatus.Failed ? ScanStatus.Failed : errors.Count > 0 ? ScanStatus.Partial : packages.Status,
            }, lacks);
        }
    }

    /// <summary>Matches stored results with the advisories of now. Only those are touched whose packages got another answer; nothing but vulnerabilities changes in them.</summary>
    public (IReadOnlyList<TargetLine> Lines, IReadOnlyList<FindingChange> Changes, int Judged) Match(CancellationToken cancellationToken)
    {
        var known = store.Results();
        var works = new ConcurrentBag<Work>();
        Parallel.ForEach(known, new ParallelOptions { CancellationToken = cancellationToken }, k =>
        {
            if (store.Order(k.Key) is { } order)
            {
                works.Add(new Work(k.Key, order, k.Value.Inputs, Vulnerable(order), () => ([], [], [])));
            }
        });
        return Judge([.. works.OrderBy(w => w.Order.Kind, StringComparer.Ordinal).ThenBy(w => w.Order.Name, StringComparer.Ordinal).ThenBy(w => w.Key, StringComparer.Ordinal)], known, [], Make, cancellationToken);

        (ScanTarget, IReadOnlyList<NotJudged>) Make(Work work, ScanTarget packages)
        {
            var stored = store.Target(work.Key)!;
            static bool FromAdvisory(Finding f) => f.Kind is FindingKind.Vulnerability or FindingKind.Malware;
            return (packages.Status == ScanStatus.Failed ? stored : stored with { Findings = [.. stored.Findings.Where(f => !FromAdvisory(f)).Concat(packages.Findings.Where(FromAdvisory)).DistinctBy(f => f.Fingerprint).OrderBy(f => f, FindingOrder.WorstFirst)] }, known[work.Key].Lacks);
        }
    }

    /// <summary>Order and posture findings of one function.</summary>
    public (TargetOrder Order, IReadOnlyList<Finding> Findings) Posture(Inventory inventory, IReadOnlyDictionary<string, IReadOnlyList<string>> users, IReadOnlyList<FunctionRow> rows, FunctionRow row, IReadOnlyDictionary<string, string> missing)
    {
        var account = new AccountView(inventory, users, rows, calls, seen, missing, store);
        return (account.OrderOf(row), account.Posture(row, _context).Findings);
    }

    public FunctionSubject Subject(Inventory inventory, IReadOnlyDictionary<string, IReadOnlyList<string>> users, IReadOnlyList<FunctionRow> rows, FunctionRow row) =>
        new AccountView(inventory, users, rows, calls, seen, new Dictionary<string, string>(), store).SubjectOf(row);

    public void Dispose() => _changes.Clear();

    private (IReadOnlyList<TargetLine>, IReadOnlyList<FindingChange>, int) Judge(List<Work> works, Dictionary<string, StoredResult> known, List<StoredResult> gone, Func<Work, ScanTarget, (ScanTarget, IReadOnlyList<NotJudged>)> make, CancellationToken cancellationToken)
    {
        var first = store.Meta("scan") is null;
        var scan = long.Parse(store.Meta("scan") ?? "0", System.Globalization.CultureInfo.InvariantCulture) + 1;
        var counts = new ConcurrentDictionary<string, ResultCounts>(StringComparer.Ordinal);
        var unfollowed = new ConcurrentDictionary<string, IReadOnlyList<NotJudged>>(StringComparer.Ordinal);
        var open = new List<Work>();
        foreach (var work in works)
        {
            if (known.TryGetValue(work.Key, out var before) && before.Inputs == work.Inputs && before.Vulnerable == work.Vulnerable)
            {
                counts[work.Key] = before.Counts;
                unfollowed[work.Key] = before.Lacks;
            }
            else
            {
                open.Add(work);
            }
        }

        store.Begin();
        try
        {
            // Neighbours by content: what was read for one is at hand for the next.
            var groups = open.GroupBy(w => w.Order.Key(), StringComparer.Ordinal).OrderBy(g => g.First().Order.Code, StringComparer.Ordinal).ToList();
            Parallel.ForEach(Partitioner.Create(groups, EnumerablePartitionerOptions.NoBuffering), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken }, group =>
            {
                var packages = Packages(group.First().Order, cancellationToken);
                foreach (var work in group)
                {
                    var (target, lacks) = make(work, packages);
                    if (!first)
                    {
                        Compare(work.Key, target, known.ContainsKey(work.Key) ? store.Target(work.Key) : null);
                    }

                    store.SaveResult(work.Key, target, work.Order, work.Inputs, work.Vulnerable, lacks, scan);
                    unfollowed[work.Key] = lacks;
                    counts[work.Key] = AccountStore.Count(target);
                    Progress?.Invoke("targets judged", Interlocked.Increment(ref _done), open.Count);
                }
            });
            foreach (var result in gone)
            {
                foreach (var finding in store.Target(result.Arn)?.Findings ?? [])
                {
                    Change("fixed", result.Arn, result.Name, finding);
                }

                store.RemoveResult(result.Arn);
                store.RemoveFunction(result.Name);
            }

            _changes.Sort((a, b) => string.CompareOrdinal($"{a.Name}\n{a.RuleId}\n{a.Fingerprint}", $"{b.Name}\n{b.RuleId}\n{b.Fingerprint}"));
            var now = time.GetUtcNow();
            foreach (var change in _changes)
            {
                store.AddChange(scan, now, change);
            }

            store.SetMeta("scan", scan.ToString(System.Globalization.CultureInfo.InvariantCulture));
            store.SetMeta("at", now.ToString("O", System.Globalization.CultureInfo.InvariantCulture));
        }
        finally
        {
            store.Commit();
        }

        Notes = [.. PostureTables.Stale(_context.Today), .. NotFollowed(works.Select(w => (w.Order.Name, unfollowed[w.Key])))];
        return ([.. works.Select(w => new TargetLine(w.Key, w.Order.Kind, w.Order.Name, counts[w.Key]))], [.. _changes], open.Count);
    }

    private static IEnumerable<string> NotFollowed(IEnumerable<(string Name, IReadOnlyList<NotJudged> Lacks)> targets) =>
        from target in targets
        from lack in target.Lacks
        group (lack.Check, target.Name) by lack.Lacks into reason
        orderby reason.Key
        let names = reason.Select(r => r.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList()
        select $"{string.Join(", ", reason.Select(r => r.Check).Distinct(StringComparer.Ordinal))} not judged for {string.Join(", ", names.Take(5))}{(names.Count > 5 ? $" and {names.Count - 5} more" : "")}: it would take {reason.Key}";

    /// <summary>Packages and what was found in them, without the name of a target.</summary>
    private ScanTarget Packages(TargetOrder order, CancellationToken cancellationToken)
    {
        if (order.Code is null)
        {
            return new ScanTarget
            {
                Kind = order.Kind, Name = order.Name, Arn = order.Arn, Runtime = order.Runtime, Status = ScanStatus.Partial,
                Findings = order.Kind == "function" ? [.. HijackChecks.RunOnConfiguration(new RuntimeInfo(order.Runtime, order.Handler, order.Variables)).OrderBy(f => f, FindingOrder.WorstFirst)] : [],
            };
        }

        var request = new TargetRequest
        {
            Kind = order.Kind, Name = order.Name, Arn = order.Arn, Runtime = order.Runtime, Handler = order.Handler, Environment = order.Variables, Architecture = order.Architecture, Source = Stored(order.Code),
            Layers = [.. order.Layers.Select(l => new LayerRequest(l.Name, Stored(l.Sha256), l.Arn))],
        };
        return Scanner.Scan(new ScanRequest { Targets = [request], Database = advisories, MatchAdvisories = matchAdvisories, Store = contents, ProtectionLayers = ProtectionLayers.Known }, cancellationToken).Targets[0];
    }

    // The store holds it: the path is only shown where that fails.
    private static ContentSource Stored(string hex) => ContentSource.File($"{hex}.zip", hex);

    private void Compare(string key, ScanTarget now, ScanTarget? before)
    {
        var old = before?.Findings.ToDictionary(f => f.Fingerprint, StringComparer.Ordinal) ?? [];
        foreach (var finding in now.Findings.Where(f => !old.ContainsKey(f.Fingerprint)))
        {
            Change(store.WasFixed(key, finding.Fingerprint) ? "re-opened" : "opened", key, now.Name, finding);
        }

        // A scan that could not read everything proves nothing gone.
        var left = now.Findings.Select(f => f.Fingerprint).ToHashSet(StringComparer.Ordinal);
        foreach (var finding in now.Status == ScanStatus.Succeeded ? old.Values.Where(f => !left.Contains(f.Fingerprint)) : [])
        {
            Change("fixed", key, now.Name, finding);
        }
    }

    private void Change(string change, string key, string name, Finding finding)
    {
        lock (_gate)
        {
            _changes.Add(new FindingChange(key, name, change, finding.Severity.ToString().ToLowerInvariant(), finding.RuleId, finding.Title, finding.Fingerprint));
        }
    }

    private static bool IsGone(StoredResult result, Inventory inventory, HashSet<string> listed, ScanScope scope) => result.Kind switch
    {
        "function" => inventory.Complete && !listed.Contains(result.Name.Split(':')[0]),
        // Where the layers could not all be listed, one that is missing may be there.
        _ => !scope.NoLayers && scope.CoversAll && !inventory.Gaps.Any(g => g.Permission is "lambda:ListLayers" or "lambda:ListLayerVersions"),
    };

    private string Vulnerable(TargetOrder order) => advisories is null ? "none" : Hash([.. order.Layers.Select(l => l.Sha256).Prepend(order.Code ?? "").Select(Answer)]);

    /// <summary>What the advisories say of a content, as a hash.</summary>
    private string Answer(string sha256) => sha256.Length == 0 ? "" : _answers.GetOrAdd(sha256, s => store.Packages(s, Build) is { } purls ? Hash([.. purls.Select(Match).Where(m => m.Length > 0)]) : "unread");

    private string Match(string text) => _matches.GetOrAdd(text, t =>
        Purl.TryParse(t, out var purl) && _matcher!.Query(purl) is { Count: > 0 } found
            ? $"{t} {string.Join(' ', found.Select(m => $"{m.Id}:{m.Severity}:{m.Cvss?.Score}:{m.KnownExploited}:{m.Epss.Score}:{string.Join('+', m.FixedVersions)}:{m.Aliases.Count}"))}"
            : "");

    private static string Hash(params string?[] parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes((part ?? "\u0001") + "\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
