using Pellicle.Domain;

namespace Pellicle.Posture;

/// <summary>One check over a function's configuration. Stateless.</summary>
public interface IPostureCheck
{
    /// <summary>Id, for example <c>E-1</c>.</summary>
    string Id { get; }

    /// <summary>One line.</summary>
    string Title { get; }

    /// <summary>Findings; none where the check does not apply or its data is absent.</summary>
    IEnumerable<Finding> Judge(FunctionSubject function);
}

/// <summary>All checks, sorted by id.</summary>
public static class AllChecks
{
    /// <summary>Makes the list.</summary>
    public static IReadOnlyList<IPostureCheck> Create() => [new Checks.PublicResourcePolicy()];

    /// <summary>Runs every check on a function.</summary>
    public static IReadOnlyList<Finding> Judge(FunctionSubject function) => [.. Create().SelectMany(c => c.Judge(function))];
}
