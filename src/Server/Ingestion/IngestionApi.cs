using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Pellicle.Server.Access;
using Pellicle.Server.Fleet;
using Pellicle.Server.Policies;

namespace Pellicle.Server.Ingestion;

/// <summary>What guards call (decision 0002).</summary>
internal static class IngestionApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var ingest = api.MapGroup("/ingest").RequireAuthorization(Allow.Ingest).WithTags("ingest");
        ingest.MapGet("/policy", PolicyAsync).WithSummary("policy of a function, with ETag and signature");
        ingest.MapPost("/batches", BatchAsync).WithSummary("behaviours, incidents and health; idempotent by batchId");
    }

    private static async Task<Results<ContentHttpResult, StatusCodeHttpResult, ProblemHttpResult>> PolicyAsync(HttpContext http, PolicyStore policies, string? function, CancellationToken cancellationToken)
    {
        if (!FunctionArn.TryParse(function, out var arn))
        {
            return Problems.Bad("`function` must be the ARN of a function", "arn:aws:lambda:REGION:ACCOUNT:function:NAME");
        }

        if (!MayReport(http.User, arn))
        {
            return OtherAccount(arn);
        }

        var policy = await policies.GetAsync(arn, cancellationToken);
        http.Response.Headers.ETag = policy.ETag;
        http.Response.Headers["Pellicle-Signature"] = policy.Signature;
        return http.Request.Headers.IfNoneMatch.ToString() == policy.ETag
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Text(policy.Document, "application/json", Encoding.UTF8);
    }

    private static async Task<Results<Accepted<BatchOutcome>, ProblemHttpResult>> BatchAsync(HttpContext http, Batch batch, BatchStore store, CancellationToken cancellationToken)
    {
        if (batch.Validate(out var arn) is { Count: > 0 } errors)
        {
            return Problems.Bad("the batch is not valid", errors);
        }

        return MayReport(http.User, arn) ? TypedResults.Accepted((string?)null, await store.AddAsync(batch, arn, cancellationToken)) : OtherAccount(arn);
    }

    /// <summary>A token for one account reports only functions of that account; a token without account reports all.</summary>
    private static bool MayReport(ClaimsPrincipal user, FunctionArn arn) => user.FindFirstValue(TokenAuthentication.AccountClaim) is null or "" || user.FindFirstValue(TokenAuthentication.AccountClaim) == arn.Account;

    private static ProblemHttpResult OtherAccount(FunctionArn arn) => TypedResults.Problem(statusCode: 403, title: $"this token is not for account {arn.Account}");
}
