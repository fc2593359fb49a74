namespace Pellicle.Posture.Identity;

/// <summary>A statement as it applies to one role: variables put in, conditions worked out. Rules that never apply are left out.</summary>
/// <param name="Statement">The statement.</param>
/// <param name="Meets">Whether it applies always or depends on the call.</param>
/// <param name="Resources">Patterns; empty with <paramref name="Except"/>.</param>
/// <param name="Except">Patterns of <c>NotResource</c>.</param>
internal sealed record Rule(Statement Statement, Meets Meets, IReadOnlyList<string> Resources, IReadOnlyList<string> Except)
{
    public bool Allow => Statement.Allow;

    /// <summary>Null when the statement never applies to a call of the role.</summary>
    public static Rule? Of(Statement statement, RoleConditions role)
    {
        var meets = role.Of(statement);
        if (meets == Meets.Never)
        {
            return null;
        }

        if (statement.NotResources.Count > 0)
        {
            // A variable that stays open leaves out more or less than it says: only sure for what it surely leaves out.
            var except = statement.NotResources.Select(role.Expand).Where(e => e is not null).Select(e => e!.Value).ToList();
            return new Rule(statement, except.TrueForAll(e => e.Exact) ? meets : Meets.Sometimes, [], [.. except.Select(e => ResourcePattern.Complete(e.Pattern))]);
        }

        if (statement.Resources.Count == 0)
        {
            return new Rule(statement, meets, ["*"], []);
        }

        var resources = statement.Resources.Select(role.Expand).Where(e => e is not null).Select(e => e!.Value).ToList();
        return resources.Count == 0 ? null : new Rule(statement, resources.TrueForAll(e => e.Exact) ? meets : Meets.Sometimes, [.. resources.Select(e => ResourcePattern.Complete(e.Pattern))], []);
    }

    public bool HasAction(string action) => Statement.HasAction(action);

    /// <summary>True when the rule names the whole of a resource or pattern.</summary>
    public bool Covers(string resource) => Resources.Count > 0 ? Resources.Any(r => Glob.Covers(r, resource)) : !Except.Any(e => Glob.Overlaps(e, resource));

    /// <summary>True when the rule names a part of it at least.</summary>
    public bool Touches(string resource) => Resources.Count > 0 ? Resources.Any(r => Glob.Overlaps(r, resource)) : !Except.Any(e => Glob.Covers(e, resource));

    /// <summary>What both name: the narrower of two patterns, or the first where neither holds the other.</summary>
    public IEnumerable<string> Common(string pattern) => Resources.Count > 0
        ? Resources.Where(r => Glob.Overlaps(r, pattern)).Select(r => Glob.Covers(pattern, r) ? r : pattern)
        : Touches(pattern) ? [pattern] : [];

    /// <summary>What a denial leaves of a pattern.</summary>
    public IEnumerable<string> Leaves(string pattern) =>
        Covers(pattern) ? []
        : Resources.Count > 0 ? [pattern]
        : Except.Where(e => Glob.Overlaps(e, pattern)).Select(e => Glob.Covers(pattern, e) ? e : pattern);
}
