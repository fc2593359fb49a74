using Microsoft.AspNetCore.Http.HttpResults;
using Pellicle.Server.Access;
using Pellicle.Server.Storage;

namespace Pellicle.Server.Fleet;

internal static class FunctionsApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var functions = api.MapGroup("/functions").RequireAuthorization(Allow.Viewer).WithTags("functions");
        functions.MapGet("/", ListAsync).WithSummary("all functions, sorted by name");
        functions.MapGet("/{name}", GetAsync).WithSummary("one function, by name or ARN");
        functions.MapPut("/{name}", PutAsync).RequireAuthorization(Allow.Operator).WithSummary("makes a function known by its ARN before its guard reports; one that is known stays as it is");
    }

    private static async Task<Ok<Listing<FunctionSummary>>> ListAsync(FunctionStore store, TimeProvider time, CancellationToken cancellationToken) =>
        TypedResults.Ok(new Listing<FunctionSummary>(time.GetUtcNow(), await store.ListAsync(cancellationToken)));

    private static async Task<Results<Ok<FunctionSummary>, ProblemHttpResult>> GetAsync(string name, FunctionStore store, CancellationToken cancellationToken)
    {
        var found = await store.FindAsync(name, cancellationToken);
        return found.Arn is { } arn && await store.GetAsync(arn, cancellationToken) is { } function ? TypedResults.Ok(function) : Problems.NoFunction(name, found);
    }

    private static async Task<Results<Ok<FunctionSummary>, ProblemHttpResult>> PutAsync(string name, Database database, FunctionStore store, CancellationToken cancellationToken)
    {
        if (!FunctionArn.TryParse(name, out var arn))
        {
            return Problems.Bad($"`{name}` is no ARN of a function", "arn:aws:lambda:REGION:ACCOUNT:function:NAME");
        }

        await database.WriteAsync(c => store.EnsureAsync(c, arn), cancellationToken);
        return TypedResults.Ok((await store.GetAsync(arn.Text, cancellationToken))!);
    }
}
