using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Pellicle.Posture.Identity;

/// <summary>How a condition turns out for a function's role.</summary>
internal enum Meets
{
    /// <summary>Always: the statement applies as if the condition were not there.</summary>
    Always,

    /// <summary>Never: the statement does not apply.</summary>
    Never,

    /// <summary>Depends on the call.</summary>
    Sometimes,
}

/// <summary>What a role may do with one action.</summary>
/// <param name="Granted">Allowed on some resource.</param>
/// <param name="Everywhere">Allowed on every resource, without condition, and nothing denied.</param>
/// <param name="Resources">Resource patterns of the statements that allow it.</param>
/// <param name="Sources">Policies that allow it.</param>
internal sealed record Grant(bool Granted, bool Everywhere, IReadOnlyList<string> Resources, IReadOnlyList<string> Sources)
{
    public static Grant None { get; } = new(false, false, [], []);
}

/// <summary>A role's policies with its boundary: what it may do in the end. The policies of the organisation are not known here.</summary>
internal sealed class Permissions
{
    private readonly IReadOnlyList<Statement> _boundary;
    private readonly bool _hasBoundary;
    private static readonly ConditionalWeakTable<RoleSubject, Permissions> Known = [];

    private IReadOnlyList<ActionFact>? _granted;

    private readonly ConcurrentDictionary<string, Grant> _grants = new(StringComparer.OrdinalIgnoreCase);

    private Permissions(IReadOnlyList<Statement> statements, IReadOnlyList<Statement> boundary, bool hasBoundary) =>
        (Statements, _boundary, _hasBoundary) = (statements, boundary, hasBoundary);

    /// <summary>Statements of the policies, without the boundary.</summary>
    public IReadOnlyList<Statement> Statements { get; }

    /// <summary>Null when the policies were not all read, or the boundary is unknown: half a policy judges wrongly.</summary>
    public static Permissions? Of(RoleSubject? role)
    {
        if (role?.Policies is not { } policies || (role.HasBoundary && role.Boundary is null))
        {
            return null;
        }

        return Known.GetValue(role, r => new Permissions(
            [.. policies.SelectMany(p => Statement.Parse(p.Document, p.Name))],
            r.Boundary is { } boundary ? Statement.Parse(boundary, "boundary") : [],
            r.HasBoundary));
    }

    /// <summary>What is granted of one action. <paramref name="resource"/> narrows the question to one resource.</summary>
    public Grant Of(string action, string? resource = null) => resource is null ? _grants.GetOrAdd(action, a => Compute(a, null)) : Compute(action, resource);

    /// <summary>Statements that allow, as far as boundary and denials let them: unconditional or met.</summary>
    public IEnumerable<Statement> Effective() => Statements.Where(s => s.Allow && Met(s) != Meets.Never);

    /// <summary>Actions of the table that the role has in the end; worked out once for a role that many functions share.</summary>
    public IReadOnlyList<ActionFact> Granted => _granted ??=
        [.. Effective().SelectMany(s => s.NotActions.Count > 0 ? Actions.All.Where(a => s.HasAction(a.Name)) : s.Actions.SelectMany(Actions.Matching)).Distinct().Where(a => Of(a.Name).Granted)];

    /// <summary>True when the boundary and every denial leave this statement's pattern whole.</summary>
    public bool LeavesWhole(string pattern) =>
        (!_hasBoundary || _boundary.Any(s => s.Allow && s.AnyResource && Met(s) == Meets.Always && s.NotActions.Count == 0 && s.Actions.Any(a => Covers(a, pattern))))
        && !Statements.Concat(_boundary).Any(s => !s.Allow && s.AnyResource && Met(s) != Meets.Never && s.NotActions.Count == 0 && s.Actions.Any(a => Covers(a, pattern)))
        && !Statements.Concat(_boundary).Any(s => !s.Allow && s.AnyResource && Met(s) == Meets.Always && s.NotActions.Count > 0);

    private Grant Compute(string action, string? resource)
    {
        var allowing = Statements.Where(s => s.Allow && s.HasAction(action) && (resource is null || s.HasResource(resource)) && Met(s) != Meets.Never).ToList();
        var denying = Statements.Concat(_boundary).Where(s => !s.Allow && s.HasAction(action) && (resource is null || s.HasResource(resource)) && Met(s) != Meets.Never).ToList();
        if (allowing.Count == 0 || denying.Any(s => Met(s) == Meets.Always && (s.AnyResource || resource is not null)))
        {
            return Grant.None;
        }

        var bounded = _boundary.Where(s => s.Allow && s.HasAction(action) && (resource is null || s.HasResource(resource)) && Met(s) != Meets.Never).ToList();
        if (_hasBoundary && bounded.Count == 0)
        {
            return Grant.None;
        }

        var resources = allowing.SelectMany(s => s.NotResources.Count > 0 ? ["*"] : s.Resources).ToList();
        // A resource that a denial covers whole is gone; one it covers in part stays.
        resources.RemoveAll(r => denying.Any(d => Met(d) == Meets.Always && d.NotResources.Count == 0 && d.Resources.Any(p => Covers(p, r))));
        if (_hasBoundary && !bounded.Any(s => s.AnyResource))
        {
            resources.RemoveAll(r => !bounded.Any(b => b.HasResource(r) || b.Resources.Any(p => Glob.Match(r, p))));
        }

        if (resources.Count == 0)
        {
            return Grant.None;
        }

        var everywhere = denying.Count == 0
            && allowing.Any(s => s.AnyResource && Met(s) == Meets.Always)
            && (!_hasBoundary || bounded.Any(s => s.AnyResource && Met(s) == Meets.Always));
        return new Grant(true, everywhere, [.. resources.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)], [.. allowing.Select(s => s.Source).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
    }

    /// <summary>True when everything that <paramref name="inner"/> matches, <paramref name="outer"/> matches too (wildcards of the inner one are read as text, which errs to false).</summary>
    private static bool Covers(string outer, string inner) => Glob.IsAll(outer) || Glob.Match(outer, inner);

    /// <summary>Conditions whose result for a function's role is known: it signs over TLS, has no MFA, and is a role of its own account.</summary>
    private static Meets Met(Statement statement)
    {
        var result = Meets.Always;
        foreach (var condition in statement.Conditions)
        {
            switch (Met(condition))
            {
                case Meets.Never:
                    return Meets.Never;
                case Meets.Sometimes:
                    result = Meets.Sometimes;
                    break;
                case Meets.Always:
                    break;
            }
        }

        return result;
    }

    private static Meets Met(Condition condition)
    {
        var wanted = condition.Values.Count == 1 ? condition.Values[0].ToLowerInvariant() : "";
        var optional = condition.Operator.EndsWith("IfExists", StringComparison.Ordinal);
        return (condition.Key, condition.Operator.Replace("IfExists", "", StringComparison.Ordinal)) switch
        {
            ("aws:securetransport", "Bool") => wanted == "true" ? Meets.Always : Meets.Never,
            // The key is absent for a role: Bool fails, BoolIfExists passes, whatever is wanted.
            ("aws:multifactorauthpresent", "Bool") or ("aws:multifactorauthage", _) => optional ? Meets.Always : Meets.Never,
            ("aws:multifactorauthpresent" or "aws:multifactorauthage", "Null") => wanted == "true" ? Meets.Always : Meets.Never,
            ("aws:principaltype", "StringEquals") => wanted == "assumedrole" ? Meets.Always : Meets.Never,
            ("aws:principalisawsservice", "Bool") => wanted == "false" ? Meets.Always : Meets.Never,
            _ => Meets.Sometimes,
        };
    }
}
