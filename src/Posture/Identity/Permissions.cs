using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Pellicle.Posture.Identity;

/// <summary>What a role may do with one action.</summary>
/// <param name="Granted">Allowed on some resource.</param>
/// <param name="Everywhere">Allowed on every resource of the service, without a condition that matters, and nothing denied.</param>
/// <param name="Resources">Resource patterns that are left of the allowing statements.</param>
/// <param name="Sources">Policies that allow it.</param>
internal sealed record Grant(bool Granted, bool Everywhere, IReadOnlyList<string> Resources, IReadOnlyList<string> Sources)
{
    public static Grant None { get; } = new(false, false, [], []);
}

/// <summary>
/// A role's policies with its boundary: what it may do in the end. An explicit denial wins; the boundary bounds; a condition counts only where it
/// keeps something away from the role. The policies of the organisation are not known here.
/// </summary>
internal sealed class Permissions
{
    private static readonly ConditionalWeakTable<RoleSubject, Permissions> Known = [];

    private readonly ConcurrentDictionary<string, Grant> _grants = new(StringComparer.OrdinalIgnoreCase);
    private readonly IReadOnlyList<Rule> _allowing;
    private readonly IReadOnlyList<Rule> _denying;
    private readonly IReadOnlyList<Rule>? _boundary;
    private IReadOnlyList<ActionFact>? _granted;

    private Permissions(RoleSubject role, IReadOnlyList<PolicySubject> policies)
    {
        var conditions = new RoleConditions(role.Arn);
        var rules = Rules(policies.SelectMany(p => Statement.Parse(p.Document, p.Name)));
        var boundary = role.Boundary is { } document ? Rules(Statement.Parse(document, "boundary")) : null;
        _allowing = [.. rules.Where(r => r.Allow)];
        _denying = [.. rules.Concat(boundary ?? []).Where(r => !r.Allow)];
        _boundary = boundary is null ? null : [.. boundary.Where(r => r.Allow)];

        List<Rule> Rules(IEnumerable<Statement> statements) => [.. statements.Select(s => Rule.Of(s, conditions)).OfType<Rule>()];
    }

    /// <summary>Null when the policies were not all read, or the boundary is unknown: half a policy judges wrongly.</summary>
    public static Permissions? Of(RoleSubject? role) =>
        role?.Policies is not { } policies || (role.HasBoundary && role.Boundary is null) ? null : Known.GetValue(role, r => new Permissions(r, policies));

    /// <summary>Statements that allow, as far as their conditions can be met.</summary>
    public IEnumerable<Statement> Effective() => _allowing.Select(r => r.Statement);

    /// <summary>Statements that allow whatever the call looks like.</summary>
    public IEnumerable<Statement> Unconditional() => _allowing.Where(r => r.Meets == Meets.Always).Select(r => r.Statement);

    /// <summary>What is granted of one action.</summary>
    public Grant Of(string action) => _grants.GetOrAdd(action, Compute);

    /// <summary>True when the action is granted on this resource (an ARN, or a pattern of which a part is enough).</summary>
    public bool Allows(string action, string resource) =>
        _allowing.Any(r => r.HasAction(action) && r.Touches(resource))
        && (_boundary is null || _boundary.Any(r => r.HasAction(action) && r.Touches(resource)))
        && !_denying.Any(r => r.Meets == Meets.Always && r.HasAction(action) && r.Covers(resource));

    /// <summary>Actions of the table that the role has in the end; worked out once for a role that many functions share.</summary>
    public IReadOnlyList<ActionFact> Granted => _granted ??=
        [.. Effective().SelectMany(s => s.NotActions.Count > 0 ? Actions.All.Where(a => s.HasAction(a.Name)) : s.Actions.SelectMany(Actions.Matching)).Distinct().Where(a => Of(a.Name).Granted)];

    /// <summary>True when boundary and denials leave this pattern of actions whole on every resource: <c>*</c>, <c>s3:*</c>.</summary>
    public bool LeavesWhole(string pattern) =>
        (_boundary is null || _boundary.Any(r => r.Meets == Meets.Always && r.Resources.Any(ResourcePattern.IsAll) && HasAll(r.Statement, pattern)))
        && !_denying.Any(r => r.Meets == Meets.Always && (r.Except.Count > 0 || r.Resources.Any(ResourcePattern.IsAll)) && Takes(r.Statement, pattern));

    /// <summary>Patterns of whole services that the boundary allows, for roles whose policies allow everything.</summary>
    public IEnumerable<string> Bounding => _boundary?.SelectMany(r => r.Statement.Actions).Where(a => a.EndsWith(":*", StringComparison.Ordinal)).Distinct(StringComparer.OrdinalIgnoreCase) ?? [];

    /// <summary>Rules that allow an action, with the resources that boundary and denials leave of each.</summary>
    public IEnumerable<(Rule Rule, IReadOnlyList<string> Resources)> Parts(string action)
    {
        var denying = _denying.Where(r => r.Meets == Meets.Always && r.HasAction(action)).ToList();
        var bounding = _boundary?.Where(r => r.HasAction(action)).ToList();
        foreach (var rule in _allowing.Where(r => r.HasAction(action)))
        {
            IEnumerable<string> rest = rule.Resources.Count > 0 ? rule.Resources : rule.Except.Any(ResourcePattern.IsAll) ? [] : ["*"];
            rest = denying.Aggregate(rest, (patterns, denial) => patterns.SelectMany(denial.Leaves));
            rest = bounding is null ? rest : rest.SelectMany(p => bounding.SelectMany(b => b.Common(p)));
            if (rest.Where(p => ResourcePattern.Fits(p, action)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList() is { Count: > 0 } left)
            {
                yield return (rule, left);
            }
        }
    }

    /// <summary>Conditions of the statements that allow an action, for those who must look closer.</summary>
    public IEnumerable<Statement> Allowing(string action) => _allowing.Where(r => r.HasAction(action)).Select(r => r.Statement);

    /// <summary>Denials that depend on the call, for evidence.</summary>
    public IEnumerable<Statement> ConditionalDenials => _denying.Where(r => r.Meets == Meets.Sometimes).Select(r => r.Statement);

    private static bool HasAll(Statement statement, string pattern) =>
        statement.NotActions.Count > 0 ? HasNone(statement, pattern) : statement.Actions.Any(a => Glob.Covers(a, pattern, ignoreCase: true));

    // Nothing of the pattern is among the exceptions.
    private static bool HasNone(Statement statement, string pattern) => !statement.NotActions.Any(n => Glob.Overlaps(n, pattern, ignoreCase: true));

    /// <summary>True when a denial takes the pattern; one that spares a list takes whatever is not wholly on it.</summary>
    private static bool Takes(Statement statement, string pattern) =>
        statement.NotActions.Count > 0 ? !statement.NotActions.Any(n => Glob.Covers(n, pattern, ignoreCase: true)) : HasAll(statement, pattern);

    private Grant Compute(string action)
    {
        var parts = Parts(action).ToList();
        if (parts.Count == 0)
        {
            return Grant.None;
        }

        var denying = _denying.Where(r => r.Meets == Meets.Always && r.HasAction(action)).ToList();
        var everywhere = parts.Any(p => p.Rule.Meets == Meets.Always && p.Rule.Except.Count == 0 && p.Resources.Any(r => ResourcePattern.IsWholeService(r) && !denying.Any(d => d.Touches(r))))
            && (_boundary is null || _boundary.Any(r => r.Meets == Meets.Always && r.HasAction(action) && r.Resources.Any(ResourcePattern.IsWholeService)));
        return new Grant(
            true,
            everywhere,
            [.. parts.SelectMany(p => p.Resources).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            [.. parts.Select(p => p.Rule.Statement.Source).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
    }
}
