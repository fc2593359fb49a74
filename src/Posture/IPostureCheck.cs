using Pellicle.Domain;

namespace Pellicle.Posture;

/// <summary>One check over a function's configuration. Stateless.</summary>
public interface IPostureCheck
{
    /// <summary>Id, for example <c>E-1</c>.</summary>
    string Id { get; }

    /// <summary>One line: what is wrong when it finds something.</summary>
    string Title { get; }

    /// <summary>The data that is absent, as the permission that reads it; null when the check can judge.</summary>
    string? Lacks(FunctionSubject function);

    /// <summary>As above, for a check that needs facts of the whole account.</summary>
    string? Lacks(FunctionSubject function, PostureContext context) => Lacks(function);

    /// <summary>Findings; none where the check does not apply. Called only when nothing is lacking.</summary>
    IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context);
}

/// <summary>A check that could not judge a function.</summary>
/// <param name="Check">Id.</param>
/// <param name="Lacks">Permission or data that was absent.</param>
public sealed record NotJudged(string Check, string Lacks)
{
    /// <summary>True when a permission would help; false for what no permission can show (code in a language that is not read).</summary>
    public bool IsPermission => Lacks.Contains(':', StringComparison.Ordinal);
}

/// <summary>Findings, and the checks that lacked data: clean means both are empty.</summary>
public sealed record PostureResult(IReadOnlyList<Finding> Findings, IReadOnlyList<NotJudged> NotJudged);
