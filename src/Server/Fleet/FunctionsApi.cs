using Microsoft.AspNetCore.Http.HttpResults;
using Pellicle.Server.Access;

namespace Pellicle.Server.Fleet;

internal static class FunctionsApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var functions = api.MapGroup("/functions").RequireAuthorization(Allow.Viewer).WithTags("functions");
        functions.MapGet("/", ListAsync).WithSummary("all functions, sorted by name");
        functions.MapGet("/{name}", GetAsync).WithSummary("one function, by name or ARN");
    }

    private static async Task<Ok<Listing<FunctionSummary>>> ListAsync(FunctionStore store, TimeProvider time, CancellationToken cancellationToken) =>
        TypedResults.Ok(new Listing<FunctionSummary>(time.GetUtcNow(), await store.ListAsync(cancellationToken)));

    private static async Task<Results<Ok<FunctionSummary>, ProblemHttpResult>> GetAsync(string name, FunctionStore store, CancellationToken cancellationToken)
    {
        var found = await store.FindAsync(name, cancellationToken);
        return found.Arn is { } arn && await store.GetAsync(arn, cancellationToken) is { } function ? TypedResults.Ok(function) : Problems.NoFunction(name, found);
    }
}
