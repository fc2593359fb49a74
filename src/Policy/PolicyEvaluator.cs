using System.Runtime.CompilerServices;
using Pellicle.Domain;

namespace Pellicle.Policy;

/// <summary>The circumstances of a behaviour.</summary>
public readonly record struct EvaluationContext
{
    /// <summary>It happened in the init phase.</summary>
    public bool Init { get; init; }

    /// <summary>It was done by a child of the runtime process.</summary>
    public bool Child { get; init; }

    /// <summary>The path could not be resolved: the item is what was asked for, not what would be opened.</summary>
    public bool Unresolved { get; init; }

    /// <summary>Id of the execution environment; decides who is a canary.</summary>
    public string? Environment { get; init; }
}

/// <summary>Why a decision is as it is.</summary>
/// <param name="Rule">Rule id: of the document, <c>builtin:ID</c>, <c>profile:DIMENSION</c>, <c>mode</c> or <c>error</c>.</param>
/// <param name="Text">For people: lower case, no final period.</param>
public readonly record struct DecisionReason(string Rule, string Text);

/// <summary>What to do with a behaviour.</summary>
public sealed record Decision
{
    /// <summary>What to do now.</summary>
    public required Effect Effect { get; init; }

    /// <summary>It goes on only because of the mode, the stage or the canary share; an incident <c>would-block</c>.</summary>
    public bool WouldDeny { get; init; }

    /// <summary>An allow rule, the profile or the platform's own list knows it.</summary>
    public bool Known { get; init; }

    /// <summary>The answer is the same for this item in every context of this environment, until the document changes: it may be cached.</summary>
    public bool Stable { get; init; }

    /// <summary>Sorted by rule; at least one.</summary>
    public required IReadOnlyList<DecisionReason> Reasons { get; init; }

    /// <summary>Word for an incident: <c>blocked</c>, <c>would-block</c>, <c>reported</c>; null when there is none to report.</summary>
    public string? IncidentDecision => Effect switch
    {
        Effect.Deny => "blocked",
        Effect.Report => WouldDeny ? "would-block" : "reported",
        Effect.Allow => null,
    };
}

/// <summary>A document prepared for many evaluations. Immutable; safe for all threads.</summary>
public sealed class CompiledPolicy
{
    private readonly Dictionary<Dimension, List<(string Id, Effect Effect, ItemPattern[] Items)>> _rules = [];
    private readonly Dictionary<Dimension, List<(BuiltinRule Rule, Effect Effect)>> _builtin = [];
    private readonly Dictionary<Dimension, (ProfileStage Stage, HashSet<string> Exact, ItemPattern[] Patterns)> _profile = [];

    /// <summary>Prepares a document.</summary>
    public CompiledPolicy(PolicyDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        Document = document;
        foreach (var rule in document.Rules)
        {
            Of(_rules, rule.Dimension).Add((rule.Id, rule.Effect, [.. rule.Items.Select(i => Compile(rule.Dimension, i))]));
        }

        foreach (var rule in BuiltinRules.All)
        {
            var effect = document.Builtin.TryGetValue(rule.Id, out var other) ? other : rule.Effect;
            if (effect == Effect.Allow)
            {
                continue;
            }

            foreach (var dimension in rule.Dimensions)
            {
                Of(_builtin, dimension).Add((rule, effect));
            }
        }

        foreach (var (dimension, profile) in document.Profile)
        {
            var patterns = profile.Items.Select(i => Compile(dimension, i)).ToList();
            _profile[dimension] = (profile.Stage,
                patterns.Where(p => p.Exact is not null).Select(p => p.Exact!).ToHashSet(StringComparer.Ordinal),
                [.. patterns.Where(p => p.Exact is null)]);
        }
    }

    /// <summary>What was prepared.</summary>
    public PolicyDocument Document { get; }

    /// <summary>Items of the profile that have no wildcard: they can be put in the interposer's table when <see cref="Evaluate"/> allows them and is stable.</summary>
    public IReadOnlyCollection<string> ExactItems(Dimension dimension) => _profile.TryGetValue(dimension, out var profile) ? profile.Exact : [];

    /// <summary>True when a profile or a rule of people's own allows some operation of this service of AWS, by its name or by a pattern that covers it.</summary>
    public bool KnowsService(string service)
    {
        bool Speaks(string pattern) => AwsItems.Split(pattern).Service is var name && (name == service || (name.Contains('*', StringComparison.Ordinal) && ItemPattern.Matches(name, service)));
        return (_profile.TryGetValue(Dimension.Aws, out var profile) && (profile.Exact.Any(Speaks) || Array.Exists(profile.Patterns, p => Speaks(p.Text))))
            || (_rules.TryGetValue(Dimension.Aws, out var rules) && rules.Exists(r => r.Effect == Effect.Allow && Array.Exists(r.Items, p => Speaks(p.Text))));
    }

    /// <summary>Judges one behaviour. Pure; the order of rules and items has no influence; deny beats report beats allow.</summary>
    public Decision Evaluate(Behaviour behaviour, EvaluationContext context = default)
    {
        if (Document.Mode == ProtectionMode.Off)
        {
            return new Decision { Effect = Effect.Allow, Stable = true, Reasons = [new("mode", "protection is off")] };
        }

        if (!Enum.IsDefined(behaviour.Dimension) || string.IsNullOrEmpty(behaviour.Item))
        {
            return CannotJudge("the behaviour has no item or an unknown dimension", []);
        }

        var reasons = new List<DecisionReason>();
        var (allowed, effect) = EvaluateRules(behaviour, reasons);
        var profile = _profile.TryGetValue(behaviour.Dimension, out var found) ? found : default;
        var inProfile = profile.Exact is not null && (profile.Exact.Contains(behaviour.Item) || Array.Exists(profile.Patterns, p => p.IsMatch(behaviour.Item)));
        var stable = true;
        var ruled = effect is not null;
        EvaluateBuiltin(behaviour, context, lifted: allowed || inProfile, reasons, ref effect, ref stable);

        var known = allowed || inProfile || PlatformPaths.Covers(behaviour);
        var shadowed = false;
        // A rule of people's own has the last word; a built-in one that only reports does not make the unknown known.
        if (profile.Exact is not null && !known && !ruled && effect is not Effect.Deny)
        {
            var (unknown, shadow) = EvaluateUnknown(behaviour, profile.Stage, context, reasons);
            (effect, shadowed) = unknown is { } stricter && stricter > (effect ?? Effect.Allow) ? (stricter, shadow) : (effect ?? unknown, shadowed);
        }

        // Failing open, a path that does not resolve is judged as asked for: most are look-ups of files that do not exist.
        if (context.Unresolved && FailsClosed && effect is (null or Effect.Allow))
        {
            return CannotJudge("the path could not be resolved", reasons);
        }

        if (reasons.Count == 0)
        {
            var name = behaviour.Dimension.Name();
            reasons.Add(inProfile ? new($"profile:{name}", "the profile knows it")
                : known ? new($"profile:{name}", "every function may do this")
                : new($"profile:{name}", $"no rule and no profile for `{name}`"));
        }

        reasons.Sort(static (a, b) => string.CompareOrdinal(a.Rule, b.Rule) is var order and not 0 ? order : string.CompareOrdinal(a.Text, b.Text));
        var wanted = effect ?? Effect.Allow;
        var stopped = wanted == Effect.Deny && Document.Mode == ProtectionMode.Protect && !shadowed;
        return new Decision
        {
            Effect = wanted == Effect.Deny && !stopped ? Effect.Report : wanted,
            WouldDeny = wanted == Effect.Deny && !stopped,
            Known = known,
            Stable = stable && !context.Unresolved,
            Reasons = reasons,
        };
    }

    private bool FailsClosed => Document is { FailClosed: true, Mode: ProtectionMode.Protect };

    private (bool Allowed, Effect? Strictest) EvaluateRules(Behaviour behaviour, List<DecisionReason> reasons)
    {
        var allowed = false;
        Effect? strictest = null;
        if (_rules.TryGetValue(behaviour.Dimension, out var rules))
        {
            foreach (var (id, effect, items) in rules)
            {
                if (!Array.Exists(items, p => p.IsMatch(behaviour.Item)))
                {
                    continue;
                }

                reasons.Add(new(id, effect switch { Effect.Allow => "a rule allows it", Effect.Report => "a rule reports it", Effect.Deny => "a rule denies it" }));
                allowed |= effect == Effect.Allow;
                strictest = strictest is { } other && other > effect ? other : effect;
            }
        }

        return (allowed, strictest);
    }

    private void EvaluateBuiltin(Behaviour behaviour, EvaluationContext context, bool lifted, List<DecisionReason> reasons, ref Effect? strictest, ref bool stable)
    {
        if (!_builtin.TryGetValue(behaviour.Dimension, out var rules))
        {
            return;
        }

        foreach (var (rule, effect) in rules)
        {
            if ((rule.Liftable && lifted) || !rule.Patterns.Any(p => p.IsMatch(behaviour.Item)))
            {
                continue;
            }

            stable &= rule.Scope == RuleScope.Always;
            var applies = rule.Scope switch { RuleScope.Always => true, RuleScope.AfterInit => !context.Init, RuleScope.InChild => context.Child };
            if (applies)
            {
                reasons.Add(new($"builtin:{rule.Id}", rule.Title));
                strictest = strictest is { } other && other > effect ? other : effect;
            }
        }
    }

    private (Effect? Effect, bool Shadowed) EvaluateUnknown(Behaviour behaviour, ProfileStage stage, EvaluationContext context, List<DecisionReason> reasons)
    {
        var rule = $"profile:{behaviour.Dimension.Name()}";
        switch (stage)
        {
            case ProfileStage.Learn:
                reasons.Add(new(rule, "never seen before, and still learning"));
                return (null, false);
            case ProfileStage.Shadow:
                reasons.Add(new(rule, "never seen before; the profile is in shadow"));
                return (Effect.Deny, true);
            case ProfileStage.Canary:
                var canary = PolicyEvaluator.IsCanary(context.Environment, Document.CanaryShare);
                reasons.Add(new(rule, canary ? "never seen before; this environment is a canary" : "never seen before; this environment is no canary"));
                return (Effect.Deny, !canary);
            case ProfileStage.Protect:
                reasons.Add(new(rule, "never seen before"));
                return (Effect.Deny, false);
            default:
                throw new InvalidOperationException($"unknown stage {stage}");
        }
    }

    private Decision CannotJudge(string why, List<DecisionReason> reasons)
    {
        reasons.Add(new("error", why));
        return new Decision { Effect = FailsClosed ? Effect.Deny : Effect.Report, WouldDeny = false, Reasons = reasons };
    }

    private static ItemPattern Compile(Dimension dimension, string item) => new(dimension == Dimension.Aws ? AwsItems.Meant(item) : item);

    private static List<T> Of<T>(Dictionary<Dimension, List<T>> map, Dimension dimension)
    {
        if (!map.TryGetValue(dimension, out var list))
        {
            map[dimension] = list = [];
        }

        return list;
    }
}

/// <summary>Judges behaviour.</summary>
public static class PolicyEvaluator
{
    private static readonly ConditionalWeakTable<PolicyDocument, CompiledPolicy> Compiled = [];

    /// <summary>As <see cref="CompiledPolicy.Evaluate"/>; the compiled form is kept as long as the document lives.</summary>
    public static Decision Evaluate(Behaviour behaviour, PolicyDocument document, EvaluationContext context = default) =>
        Compiled.GetValue(document, static d => new CompiledPolicy(d)).Evaluate(behaviour, context);

    /// <summary>Whether an environment belongs to the share in which stage canary stops. The same environment always gets the same answer.</summary>
    public static bool IsCanary(string? environment, double share)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in environment ?? "")
        {
            hash = (hash ^ c) * 1099511628211UL;
        }

        // FNV's upper bits are weak for short texts; one multiply-shift mixes them.
        hash ^= hash >> 33;
        hash *= 0xff51afd7ed558ccdUL;
        hash ^= hash >> 33;
        return (hash >> 11) * (1.0 / (1UL << 53)) < share;
    }
}
