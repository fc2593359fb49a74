using System.Collections.Concurrent;
using Pellicle.Domain;
using Pellicle.Scanning.Matching;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Accounts;

/// <summary>
/// What other advisories mean for what is stored, told from the package versions whose answer changed: few in any account. Views that hold one are counted anew by
/// the difference; no view is read but those in which a changed package shadows another or is shadowed (H-7), or cannot be compared any more.
/// </summary>
internal sealed class AdvisoryShift(AccountStore store, Matcher? matcher, StoredTargets before)
{
    private readonly ConcurrentDictionary<PackageVersion, AdvisoryAnswer> _now = new();
    private readonly Dictionary<PackageVersion, (AdvisoryAnswer Before, AdvisoryAnswer Now)> _changed = [];
    private readonly Dictionary<PackageVersion, (string Hash, byte[] Text)> _texts = [];
    private readonly Dictionary<string, IReadOnlyList<ContentPackage>> _contents = new(StringComparer.Ordinal);
    private readonly Dictionary<ViewPart, PartChange> _parts = [];
    private readonly ConcurrentDictionary<string, IReadOnlyList<(ContentPackage Package, IReadOnlyList<AdvisoryMatch> Matches)>> _hits = new(StringComparer.Ordinal);

    /// <summary>Asks for every package version of the contents that <paramref name="views"/> hold. Without a matcher there are no answers.</summary>
    public void Load(IEnumerable<ViewShape> views, CancellationToken cancellationToken)
    {
        foreach (var sha256 in views.SelectMany(v => v.Parts).Select(p => p.Sha256).Distinct(StringComparer.Ordinal))
        {
            _contents.TryAdd(sha256, store.Packages(sha256) ?? []);
        }

        var stored = store.AnswerHashes();
        var answers = new ConcurrentBag<(PackageVersion Package, AdvisoryAnswer Answer, string Hash, byte[] Text)>();
        Parallel.ForEach(_contents.Values.SelectMany(p => p).Select(p => p.Key()).ToHashSet(), new ParallelOptions { CancellationToken = cancellationToken }, package =>
        {
            var answer = Now(package);
            var (hash, text) = AccountStore.Write(answer);
            if (hash != stored.GetValueOrDefault(package, ""))
            {
                answers.Add((package, answer, hash, text));
            }
        });
        foreach (var (package, answer, hash, text) in answers)
        {
            _changed.Add(package, (before.Answer(package), answer));
            _texts.Add(package, (hash, text));
        }
    }

    /// <summary>Package versions whose answer is another.</summary>
    public int Changed => _changed.Count;

    /// <summary>The answer of now.</summary>
    public AdvisoryAnswer Now(PackageVersion package) => _now.GetOrAdd(package, p => matcher is null ? AdvisoryAnswer.None : AdvisoryJudge.Ask(matcher, p));

    /// <summary>Whether an answer changed that this view holds.</summary>
    public bool Touches(ViewShape shape) => _changed.Count > 0 && (shape.Parts.Any(p => Part(p).Touched) || shape.Entangled.Any(_changed.ContainsKey));

    /// <summary>Whether the view itself must be read to tell what changed in it.</summary>
    public bool NeedsView(ViewShape shape) => shape.Parts.Any(p => Part(p).Uncomparable) || shape.Entangled.Any(_changed.ContainsKey);

    /// <summary>State of a touched view under the advisories of now, and what came and went in it.</summary>
    public (ViewState State, IReadOnlyList<SharedChange> Opened, IReadOnlyList<SharedChange> Fixed) Apply(string id, ViewShape shape, ViewState state)
    {
        if (NeedsView(shape))
        {
            var view = store.View(id)!;
            var (old, now) = (AdvisoryJudge.Complete(view, before.Answer), AdvisoryJudge.Complete(view, Now));
            var (opened, closed) = Compare(old.Findings, now.Findings);
            return (ViewState.Of(now), opened, closed);
        }

        var counts = state.Counts;
        foreach (var part in shape.Parts.Select(Part))
        {
            counts = part.Gone.Aggregate(part.Come.Aggregate(counts, (c, severity) => c.Plus(severity, 1)), (c, severity) => c.Plus(severity, -1));
        }

        return (state with { Counts = counts }, [], []);
    }

    /// <summary>What came and went in one content at its place; the same in every view that need not be read.</summary>
    public (IReadOnlyList<SharedChange> Opened, IReadOnlyList<SharedChange> Fixed) ChangesOf(ViewPart part) => Part(part) is var p ? (p.Opened, p.Fixed) : default;

    /// <summary>Parts in which something came or went.</summary>
    public bool Changes(ViewPart part) => Part(part) is { } p && (p.Opened.Count > 0 || p.Fixed.Count > 0);

    /// <summary>Rules of the advisories that touch a view, of copies that load.</summary>
    public IEnumerable<RuleHit> RulesOf(ViewShape shape)
    {
        var idle = shape.Idle.Count == 0 ? null : shape.Idle.ToHashSet();
        return from part in shape.Parts
               from hit in Hits(part.Sha256)
               where idle is null || !idle.Contains(new Idle(part.Origin, hit.Package.Path, hit.Package.Purl))
               from match in hit.Matches
               select new RuleHit(match.Id, match.Severity);
    }

    /// <summary>Keeps the answers of now.</summary>
    public void Save()
    {
        foreach (var (package, (hash, text)) in _texts)
        {
            store.SaveAnswer(package, hash, text);
        }
    }

    /// <summary>What two lists of findings differ in.</summary>
    public static (IReadOnlyList<SharedChange> Opened, IReadOnlyList<SharedChange> Fixed) Compare(IReadOnlyList<Finding> before, IReadOnlyList<Finding> now)
    {
        var old = before.Select(f => f.Fingerprint).ToHashSet(StringComparer.Ordinal);
        var left = now.Select(f => f.Fingerprint).ToHashSet(StringComparer.Ordinal);
        return ([.. now.Where(f => !old.Contains(f.Fingerprint)).Select(f => SharedChange.Of(SharedChange.Opened, f))], [.. before.Where(f => !left.Contains(f.Fingerprint)).Select(f => SharedChange.Of(SharedChange.Fixed, f))]);
    }

    private IReadOnlyList<(ContentPackage Package, IReadOnlyList<AdvisoryMatch> Matches)> Hits(string sha256) => _hits.GetOrAdd(sha256, s =>
        [.. _contents.GetValueOrDefault(s, []).Select(p => (p, Now(p.Key()).Matches)).Where(h => h.Matches.Count > 0)]);

    private PartChange Part(ViewPart part)
    {
        lock (_parts)
        {
            if (!_parts.TryGetValue(part, out var change))
            {
                _parts.Add(part, change = MakePart(part));
            }

            return change;
        }
    }

    private PartChange MakePart(ViewPart part)
    {
        var change = new PartChange();
        var (old, now) = (new Dictionary<string, SharedChange>(StringComparer.Ordinal), new Dictionary<string, SharedChange>(StringComparer.Ordinal));
        foreach (var package in _contents.GetValueOrDefault(part.Sha256, []))
        {
            if (_changed.TryGetValue(package.Key(), out var answers))
            {
                change.Touched = true;
                change.Uncomparable |= answers.Before.IsUncomparable || answers.Now.IsUncomparable;
                Add(old, answers.Before, package, SharedChange.Fixed);
                Add(now, answers.Now, package, SharedChange.Opened);
            }
        }

        change.Come.AddRange(now.Values.Select(c => c.Severity));
        change.Gone.AddRange(old.Values.Select(c => c.Severity));
        change.Opened.AddRange(now.Where(c => !old.ContainsKey(c.Key)).Select(c => c.Value));
        change.Fixed.AddRange(old.Where(c => !now.ContainsKey(c.Key)).Select(c => c.Value));
        return change;

        void Add(Dictionary<string, SharedChange> into, AdvisoryAnswer answer, ContentPackage package, string word)
        {
            foreach (var match in answer.Matches)
            {
                var (fingerprint, title) = AdvisoryJudge.Identify(match, package.Purl, package.Key(), part.Origin, package.Path);
                into.TryAdd(fingerprint, new SharedChange(word, match.Severity, match.Id, title, fingerprint));
            }
        }
    }

    private sealed class PartChange
    {
        public bool Touched { get; set; }

        public bool Uncomparable { get; set; }

        public List<Severity> Come { get; } = [];

        public List<Severity> Gone { get; } = [];

        public List<SharedChange> Opened { get; } = [];

        public List<SharedChange> Fixed { get; } = [];
    }
}
