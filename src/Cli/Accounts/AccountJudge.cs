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
/// packages (a view); advisories are applied to package versions and not to targets. Made target by target, so that memory does not grow with the account.
/// </summary>
internal sealed class AccountJudge(AccountStore store, InventoryStore contents, AdvisoryDatabase? advisories, Func<string, CodeCalls?> calls, IReadOnlyDictionary<string, CodeCalls> seen, IReadOnlySet<string> trusted, TimeProvider time)
{
    /// <summary>Builds are deterministic: this changes when the code that reads or judges does.</summary>
    public static readonly string Build = $"{typeof(Scanner).Module.ModuleVersionId:N}{typeof(AllChecks).Module.ModuleVersionId:N}";

    private const string NoAdvisories = "none";

    private readonly PostureContext _context = PostureContext.Of(time) with { TrustedAccounts = trusted };
    private readonly StoredTargets _before = new(store);
    private readonly Lock _gate = new();
    private readonly List<ChangeGroup> _changes = [];
    private int _done;

    public Action<string, int, int>? Progress { get; init; }

    public DatabaseInfo? Database { get; } = Scanner.Scan(new ScanRequest { Targets = [], Database = advisories }).AdvisoryDatabase;

    /// <summary>A target to judge, or to keep.</summary>
    private sealed record Work(string Key, TargetOrder Order, string View, string Inputs, Func<(IReadOnlyList<Finding> Findings, IReadOnlyList<FileError> Errors, IReadOnlyList<NotJudged> Lacks)> More);

    /// <summary>Judges what an inventory holds.</summary>
    public JudgedAccount Run(
        Inventory inventory, IReadOnlyDictionary<string, IReadOnlyList<string>> users, IReadOnlyList<FunctionRow> rows, IReadOnlyDictionary<string, string> missing, ScanScope scope, bool whole, CancellationToken cancellationToken)
    {
        var account = new AccountView(inventory, users, rows, calls, seen, missing, store);
        var day = $"{Build} {_context.Today:O} {string.Join(',', trusted.Order(StringComparer.Ordinal))} {account.SharedDigest}";
        var works = new List<Work>();
        foreach (var row in rows)
        {
            var order = account.OrderOf(row);
            works.Add(new Work(row.Arn, order, ViewOf(order), Hash(day, row.Digest, order.Key(), order.Name, account.DigestOf(row)), () => account.Posture(row, _context)));
            works.AddRange(row.Versions.Select(v => account.OrderOf(row, v)).Select(o => new Work(o.Arn!, o, ViewOf(o), Hash(Build, o.Key(), o.Name), () => ([], account.Errors(o), []))));
        }

        foreach (var layer in inventory.Layers.Values.Where(_ => !scope.NoLayers).OrderBy(l => l.Arn, StringComparer.Ordinal))
        {
            var order = account.OrderOf(layer);
            works.Add(new Work(layer.Arn, order, ViewOf(order), Hash(day, order.Key(), account.DigestOf(layer)), () => account.Posture(layer, _context)));
        }

        var known = store.Results();
        var there = works.Select(w => w.Key).ToHashSet(StringComparer.Ordinal);
        var listed = inventory.Listed.ToHashSet(StringComparer.Ordinal);
        var gone = !whole ? [] : known.Values.Where(k => !there.Contains(k.Arn) && IsGone(k, inventory, listed, scope)).ToList();
        return Judge(works, known, gone, cancellationToken);
    }

    /// <summary>Applies the advisories of now to what is stored. The result is that of a scan that finds nothing else changed.</summary>
    public JudgedAccount Match(CancellationToken cancellationToken) => Judge(null, store.Results(), [], cancellationToken);

    /// <summary>Order and posture findings of one function.</summary>
    public (TargetOrder Order, IReadOnlyList<Finding> Findings) Posture(Inventory inventory, IReadOnlyDictionary<string, IReadOnlyList<string>> users, IReadOnlyList<FunctionRow> rows, FunctionRow row, IReadOnlyDictionary<string, string> missing)
    {
        var account = new AccountView(inventory, users, rows, calls, seen, missing, store);
        return (account.OrderOf(row), account.Posture(row, _context).Findings);
    }

    public FunctionSubject Subject(Inventory inventory, IReadOnlyDictionary<string, IReadOnlyList<string>> users, IReadOnlyList<FunctionRow> rows, FunctionRow row) =>
        new AccountView(inventory, users, rows, calls, seen, new Dictionary<string, string>(), store).SubjectOf(row);

    /// <param name="works">Targets of the scan; null for all that are stored, as they are.</param>
    /// <param name="known">What is stored.</param>
    /// <param name="gone">Targets that no longer exist.</param>
    /// <param name="cancellationToken">Stops.</param>
    private JudgedAccount Judge(List<Work>? works, Dictionary<string, StoredResult> known, List<StoredResult> gone, CancellationToken cancellationToken)
    {
        var first = store.Meta("scan") is null;
        var scan = long.Parse(store.Meta("scan") ?? "0", System.Globalization.CultureInfo.InvariantCulture) + 1;
        var now = time.GetUtcNow();
        store.Begin();
        try
        {
            var views = store.Views();
            var shift = new AdvisoryShift(store, advisories is null ? null : new Matcher(advisories), _before);
            var made = MakeViews(works ?? [], views, shift, cancellationToken);
            shift.Load(views.Values.Select(v => v.Shape).Concat(made.Values.Select(m => m.Shape)), cancellationToken);
            // Between a scan with and one without advisories, what they say came or went is no change of the account.
            var comparable = advisories is not null && store.Meta("advisories") is not NoAdvisories;
            var open = (works ?? []).Where(w => !known.TryGetValue(w.Key, out var before) || before.Inputs != w.Inputs || before.View != w.View).ToList();
            var kept = Kept(known, open, gone);
            var touched = Shift(shift, views, kept, comparable && !first);
            var states = touched.States;
            foreach (var (id, (_, state)) in made)
            {
                states[id] = state;
            }

            var results = JudgeTargets(open, known, shift, first, comparable, cancellationToken);
            foreach (var result in gone)
            {
                Change([.. (_before.Find(result.Arn)?.Findings ?? []).Select(f => SharedChange.Of(SharedChange.Fixed, f))], [(result.Arn, result.Name)]);
                store.RemoveResult(result.Arn);
                store.RemoveFunction(result.Name);
            }

            Save(shift, states, views, scan, now);
            return Account(works, known, results, views, made, states, shift, touched.Targets + open.Count);
        }
        finally
        {
            store.Commit();
        }
    }

    /// <summary>Targets that are not judged anew, by their view.</summary>
    private static ILookup<string, StoredResult> Kept(Dictionary<string, StoredResult> known, List<Work> open, List<StoredResult> gone)
    {
        var others = open.Select(w => w.Key).Concat(gone.Select(g => g.Arn)).ToHashSet(StringComparer.Ordinal);
        return known.Values.Where(k => !others.Contains(k.Arn)).ToLookup(k => k.View, StringComparer.Ordinal);
    }

    /// <summary>Reads the views that no earlier scan read, and keeps them.</summary>
    private ConcurrentDictionary<string, (ViewShape Shape, ViewState State)> MakeViews(IReadOnlyList<Work> works, Dictionary<string, (ViewShape Shape, ViewState State)> views, AdvisoryShift shift, CancellationToken cancellationToken)
    {
        var made = new ConcurrentDictionary<string, (ViewShape, ViewState)>(StringComparer.Ordinal);
        // Neighbours by content: what was read for one is at hand for the next.
        var missing = works.Where(w => !views.ContainsKey(w.View)).DistinctBy(w => w.View).OrderBy(w => w.Order.Code, StringComparer.Ordinal).ToList();
        Parallel.ForEach(Partitioner.Create(missing, EnumerablePartitionerOptions.NoBuffering), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken }, work =>
        {
            var view = Packages(work.Order, cancellationToken);
            var shape = ViewShape.Of(view);
            store.SaveView(work.View, shape, view);
            made[work.View] = (shape, ViewState.Of(AdvisoryJudge.Complete(view, shift.Now)));
            Progress?.Invoke("packages judged", made.Count, missing.Count);
        });
        return made;
    }

    /// <summary>Applies changed answers to the views of targets that are as they were.</summary>
    private (Dictionary<string, ViewState> States, int Targets) Shift(AdvisoryShift shift, Dictionary<string, (ViewShape Shape, ViewState State)> views, ILookup<string, StoredResult> kept, bool tell)
    {
        var states = new Dictionary<string, ViewState>(StringComparer.Ordinal);
        var byPart = new Dictionary<ViewPart, List<StoredResult>>();
        var targets = 0;
        foreach (var (id, (shape, state)) in views.Where(v => shift.Touches(v.Value.Shape)))
        {
            var (next, opened, closed) = shift.Apply(id, shape, state);
            states[id] = next;
            targets += kept[id].Count();
            if (tell && shift.NeedsView(shape))
            {
                Tell(opened, closed, [.. kept[id]]);
            }
            else if (tell)
            {
                foreach (var part in shape.Parts.Where(shift.Changes))
                {
                    (byPart.TryGetValue(part, out var sharing) ? sharing : byPart[part] = []).AddRange(kept[id]);
                }
            }
        }

        foreach (var (part, sharing) in byPart)
        {
            var (opened, closed) = shift.ChangesOf(part);
            Tell(opened, closed, sharing);
        }

        return (states, targets);
    }

    /// <summary>Changes that targets share. The packages are the same as before, so what no advisory names any more is gone, whatever else could not be read.</summary>
    private void Tell(IReadOnlyList<SharedChange> opened, IReadOnlyList<SharedChange> closed, IReadOnlyList<StoredResult> targets)
    {
        Change(opened, [.. targets.Select(t => (t.Arn, t.Name))]);
        Change(closed, [.. targets.Select(t => (t.Arn, t.Name))]);
    }

    /// <summary>Judges configuration and role of targets that changed.</summary>
    private ConcurrentDictionary<string, StoredResult> JudgeTargets(List<Work> open, Dictionary<string, StoredResult> known, AdvisoryShift shift, bool first, bool comparable, CancellationToken cancellationToken)
    {
        var results = new ConcurrentDictionary<string, StoredResult>(StringComparer.Ordinal);
        Parallel.ForEach(Partitioner.Create(open, EnumerablePartitionerOptions.NoBuffering), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken }, work =>
        {
            var (findings, errors, lacks) = work.More();
            var own = new OwnPart(findings, errors);
            if (!first)
            {
                var target = StoredTargets.Join(AdvisoryJudge.Complete(store.View(work.View)!, shift.Now), work.Key, work.Order.Name, own);
                Compare(work.Key, target, known.ContainsKey(work.Key) ? _before.Find(work.Key) : null, comparable);
            }

            var result = new StoredResult(work.Order.Kind, work.Order.Name, work.Key, work.View, work.Inputs, lacks, own.Rules, own.Counts);
            store.SaveResult(result, own);
            results[work.Key] = result;
            Progress?.Invoke("targets judged", Interlocked.Increment(ref _done), open.Count);
        });
        return results;
    }

    private void Save(AdvisoryShift shift, Dictionary<string, ViewState> states, Dictionary<string, (ViewShape Shape, ViewState State)> views, long scan, DateTimeOffset now)
    {
        shift.Save();
        foreach (var (id, state) in states.Where(s => !views.TryGetValue(s.Key, out var before) || !Same(before.State, s.Value)))
        {
            store.SaveViewState(id, state);
        }

        foreach (var group in _changes)
        {
            store.AddChanges(scan, now, group);
        }

        store.PruneViews();
        store.SetMeta("advisories", advisories?.Revision ?? NoAdvisories);
        store.SetMeta("scan", scan.ToString(System.Globalization.CultureInfo.InvariantCulture));
        store.SetMeta("at", now.ToString("O", System.Globalization.CultureInfo.InvariantCulture));

        static bool Same(ViewState a, ViewState b) => a.Counts == b.Counts && a.Rules.SequenceEqual(b.Rules);
    }

    private JudgedAccount Account(
        List<Work>? works, Dictionary<string, StoredResult> known, IReadOnlyDictionary<string, StoredResult> judged, Dictionary<string, (ViewShape Shape, ViewState State)> views, IReadOnlyDictionary<string, (ViewShape Shape, ViewState State)> made,
        Dictionary<string, ViewState> states, AdvisoryShift shift, int touched)
    {
        List<StoredResult> results = works is null
            ? [.. known.Values.OrderBy(r => r.Kind, StringComparer.Ordinal).ThenBy(r => r.Name, StringComparer.Ordinal).ThenBy(r => r.Arn, StringComparer.Ordinal)]
            : [.. works.Select(w => judged.TryGetValue(w.Key, out var anew) ? anew : known[w.Key])];
        var rules = new RuleCensus();
        foreach (var group in results.GroupBy(r => r.View, StringComparer.Ordinal))
        {
            var hits = (states.TryGetValue(group.Key, out var state) ? state : views[group.Key].State).Rules.Concat(shift.RulesOf((made.TryGetValue(group.Key, out var view) ? view : views[group.Key]).Shape));
            rules.Add([.. group], hits);
        }

        return new JudgedAccount(
            [.. results.Select(r => new TargetLine(r.Arn, r.Kind, r.Name, (states.TryGetValue(r.View, out var state) ? state : views[r.View].State).Counts.With(r.Own)))],
            _changes, touched, rules.Worst(), [.. PostureTables.Stale(_context.Today), .. NotFollowed(results.Select(r => (r.Name, r.Lacks)))]);
    }

    private static IEnumerable<string> NotFollowed(IEnumerable<(string Name, IReadOnlyList<NotJudged> Lacks)> targets) =>
        from target in targets
        from lack in target.Lacks
        group (lack.Check, target.Name) by lack.Lacks into reason
        orderby reason.Key
        let names = reason.Select(r => r.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList()
        select $"{string.Join(", ", reason.Select(r => r.Check).Distinct(StringComparer.Ordinal))} not judged for {string.Join(", ", names.Take(5))}{(names.Count > 5 ? $" and {names.Count - 5} more" : "")}: it would take {reason.Key}";

    /// <summary>Packages and what was found in them, without the name of a target and without advisories.</summary>
    private BareTarget Packages(TargetOrder order, CancellationToken cancellationToken)
    {
        if (order.Code is null)
        {
            var findings = order.Kind == "function" ? HijackChecks.RunOnConfiguration(new RuntimeInfo(order.Runtime, order.Handler, order.Variables)) : [];
            return new BareTarget(new ScanTarget { Kind = order.Kind, Name = order.Name, Arn = order.Arn, Runtime = order.Runtime, Status = ScanStatus.Partial, Findings = [.. findings.OrderBy(f => f, FindingOrder.WorstFirst)] }, []);
        }

        var request = new TargetRequest
        {
            Kind = order.Kind, Name = order.Name, Arn = order.Arn, Runtime = order.Runtime, Handler = order.Handler, Environment = order.Variables, Architecture = order.Architecture, Source = Stored(order.Code),
            Layers = [.. order.Layers.Select(l => new LayerRequest(l.Name, Stored(l.Sha256), l.Arn))],
        };
        return Scanner.ScanBare(new ScanRequest { Targets = [], Store = contents, ProtectionLayers = ProtectionLayers.Known }, request, cancellationToken);
    }

    // The store holds it: the path is only shown where that fails.
    private static ContentSource Stored(string hex) => ContentSource.File($"{hex}.zip", hex);

    private void Compare(string key, ScanTarget now, ScanTarget? before, bool advised)
    {
        bool Counts(Finding f) => advised || f.Kind is not (FindingKind.Vulnerability or FindingKind.Malware);
        var (opened, closed) = AdvisoryShift.Compare([.. (before?.Findings ?? []).Where(Counts)], [.. now.Findings.Where(Counts)]);
        Change(opened, [(key, now.Name)]);
        // A scan that could not read everything proves nothing gone.
        Change(now.Status == ScanStatus.Succeeded ? closed : [], [(key, now.Name)]);
    }

    private void Change(IReadOnlyList<SharedChange> changes, IReadOnlyList<(string Target, string Name)> targets)
    {
        if (changes.Count == 0 || targets.Count == 0)
        {
            return;
        }

        // One that was fixed before in some of the targets is told apart there.
        var plain = new List<SharedChange>();
        lock (_gate)
        {
            _hasFixed ??= store.HasFixed;
            foreach (var change in changes)
            {
                var again = _hasFixed == true && change.Change == SharedChange.Opened ? store.FixedIn(change.Fingerprint) : [];
                if (again.Count == 0 || !targets.Any(t => again.Contains(t.Target)))
                {
                    plain.Add(change);
                    continue;
                }

                _changes.Add(new ChangeGroup([change with { Change = SharedChange.Reopened }], [.. targets.Where(t => again.Contains(t.Target))]));
                if (targets.Where(t => !again.Contains(t.Target)).ToList() is { Count: > 0 } others)
                {
                    _changes.Add(new ChangeGroup([change], others));
                }
            }

            if (plain.Count > 0)
            {
                _changes.Add(new ChangeGroup(plain, targets));
            }
        }
    }

    private bool? _hasFixed;

    private static bool IsGone(StoredResult result, Inventory inventory, HashSet<string> listed, ScanScope scope) => result.Kind switch
    {
        "function" => inventory.Complete && !listed.Contains(result.Name.Split(':')[0]),
        // Where the layers could not all be listed, one that is missing may be there.
        _ => !scope.NoLayers && scope.CoversAll && !inventory.Gaps.Any(g => g.Permission is "lambda:ListLayers" or "lambda:ListLayerVersions"),
    };

    private static string ViewOf(TargetOrder order) => Hash([Build, order.Key(), .. ProtectionLayers.Known.Order(StringComparer.Ordinal)]);

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

/// <summary>What a judgement of an account gives.</summary>
/// <param name="Lines">Targets with their counts.</param>
/// <param name="Changes">What came and went since the scan before.</param>
/// <param name="Judged">Targets that were judged anew, or whose advisories changed.</param>
/// <param name="Rules">The most common rules, worst first.</param>
/// <param name="Notes">What the whole report should say.</param>
internal sealed record JudgedAccount(IReadOnlyList<TargetLine> Lines, IReadOnlyList<ChangeGroup> Changes, int Judged, IReadOnlyList<RuleCount> Rules, IReadOnlyList<string> Notes);
