using Microsoft.AspNetCore.Http.HttpResults;
using Pellicle.Server.Audit;
using Pellicle.Server.Policies;

namespace Pellicle.Server.Access;

internal sealed record TokenRequest(string? Kind, string? Account, string? Name, string? Role);

internal static class AccessApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var tokens = api.MapGroup("/tokens").RequireAuthorization(Allow.Admin).WithTags("access");
        tokens.MapPost("/", CreateAsync).WithSummary("makes a token: kind ingest (for guards; account limits it) or user (role viewer, operator, admin); the secret is shown once");
        tokens.MapGet("/", async (Tokens store, TimeProvider time, CancellationToken c) => TypedResults.Ok(new Listing<Token>(time.GetUtcNow(), await store.ListAsync(c))));
        tokens.MapDelete("/{id}", RevokeAsync).WithSummary("revokes a token at once");
        api.MapGet("/audit", async Task<Results<Ok<Listing<AuditEntry>>, ProblemHttpResult>> (AuditLog audit, TimeProvider time, int? limit, CancellationToken c) => limit is < 1 or > 1000
                ? Problems.Bad("the query is not valid", "`limit` is a number from 1 to 1000")
                : TypedResults.Ok(new Listing<AuditEntry>(time.GetUtcNow(), await audit.ListAsync(limit ?? 200, c))))
            .RequireAuthorization(Allow.Viewer).WithTags("access").WithSummary("who changed what, newest first");
    }

    private static async Task<Results<Ok<NewToken>, ProblemHttpResult>> CreateAsync(HttpContext http, TokenRequest request, Tokens tokens, CancellationToken cancellationToken)
    {
        var (kind, account) = (request.Kind ?? "", request.Account ?? "");
        var role = kind == "ingest" ? Roles.Ingest : request.Role ?? Roles.Viewer;
        if (kind is not ("ingest" or "user") || (kind == "user" && !Roles.People.Contains(role)) || account.Length > 64 || request.Name is { Length: > 100 })
        {
            return Problems.Bad("the token cannot be made", "`kind` is ingest or user; `role` of a user is viewer, operator or admin; `account` has at most 64 characters, `name` at most 100");
        }

        var name = request.Name is { Length: > 0 } given ? given : kind == "ingest" ? $"guards {account}".Trim() : role;
        return TypedResults.Ok(await tokens.CreateAsync(kind, role, name, account, PoliciesApi.Actor(http.User), null, cancellationToken));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(HttpContext http, string id, Tokens tokens, CancellationToken cancellationToken) =>
        await tokens.RevokeAsync(id, PoliciesApi.Actor(http.User), cancellationToken) ? TypedResults.NoContent() : Problems.NotFound($"there is no token `{id}` that is still valid");
}
