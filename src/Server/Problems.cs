using Microsoft.AspNetCore.Http.HttpResults;
using Pellicle.Server.Fleet;

namespace Pellicle.Server;

/// <summary>A list with the time at which it was true.</summary>
internal sealed record Listing<T>(DateTimeOffset AsOf, IReadOnlyList<T> Items);

/// <summary>Errors as RFC 9457 problem documents: what is wrong, and what to do.</summary>
internal static class Problems
{
    public static ProblemHttpResult Bad(string title, string hint) => TypedResults.Problem(statusCode: 400, title: title, detail: hint);

    public static ProblemHttpResult Bad(string title, IReadOnlyList<string> errors) =>
        TypedResults.Problem(statusCode: 400, title: title, detail: string.Join("; ", errors), extensions: new Dictionary<string, object?> { ["errors"] = errors });

    public static ProblemHttpResult NotFound(string title) => TypedResults.Problem(statusCode: 404, title: title);

    public static ProblemHttpResult NoFunction(string name, FunctionLookup lookup) => lookup.Candidates.Count > 1
        ? TypedResults.Problem(statusCode: 409, title: $"there are {lookup.Candidates.Count} functions `{name}`", detail: $"name it by ARN: {string.Join(", ", lookup.Candidates)}")
        : TypedResults.Problem(statusCode: 404, title: $"there is no function `{name}`", detail: "a function appears when it is protected, when its guard reports, or when a scan of it is uploaded; to prepare one, name it by its full ARN");
}
