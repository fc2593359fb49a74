using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Pellicle.Domain;
using Pellicle.Policy;
using Pellicle.Server.Access;
using Pellicle.Server.Fleet;

namespace Pellicle.Server.Policies;

internal sealed record ModeRequest(string? Mode);

internal sealed record ModeAnswer(string Function, string Mode, long Revision);

/// <summary>One policy in a list.</summary>
internal sealed record PolicySummary(string Function, string Name, long Revision, string Mode, int Rules, IReadOnlyDictionary<string, string> Stages, DateTimeOffset UpdatedAt, string UpdatedBy);

internal static class PoliciesApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var policies = api.MapGroup("/functions/{name}").WithTags("policies");
        policies.MapGet("/policy", GetAsync).RequireAuthorization(Allow.Viewer).WithSummary("the document in force, with ETag and signature; this is also the export");
        policies.MapPut("/policy", PutAsync).RequireAuthorization(Allow.Operator).WithSummary("replaces the document; If-Match guards against lost changes").Accepts<object>("application/json");
        policies.MapPut("/mode", ModeAsync).RequireAuthorization(Allow.Operator).WithSummary("switches off, monitor or protect");
        policies.MapGet("/policy/revisions", HistoryAsync).RequireAuthorization(Allow.Viewer);
        policies.MapGet("/policy/revisions/{revision:long}", RevisionAsync).RequireAuthorization(Allow.Viewer);
        api.MapGet("/policies", async (PolicyStore store, TimeProvider time, CancellationToken c) => TypedResults.Ok(new Listing<PolicySummary>(time.GetUtcNow(), await store.ListAsync(c))))
            .RequireAuthorization(Allow.Viewer).WithTags("policies");
        api.MapGet("/signing-key", (PolicyStore store) => TypedResults.Ok(new { PublicKey = store.PublicKey })).WithTags("policies").WithSummary("public key of policy signatures: base64 SubjectPublicKeyInfo");
    }

    private static async Task<Results<ContentHttpResult, StatusCodeHttpResult, ProblemHttpResult>> GetAsync(HttpContext http, string name, PolicyStore store, FunctionStore functions, CancellationToken cancellationToken)
    {
        var found = await functions.FindAsync(name, cancellationToken);
        if (!FunctionArn.TryParse(found.Arn, out var arn))
        {
            return Problems.NoFunction(name, found);
        }

        var policy = await store.GetAsync(arn, cancellationToken);
        Head(http, policy);
        return http.Request.Headers.IfNoneMatch.ToString() == policy.ETag ? TypedResults.StatusCode(304) : TypedResults.Text(policy.Document, "application/json", Encoding.UTF8);
    }

    private static async Task<Results<ContentHttpResult, ProblemHttpResult>> PutAsync(HttpContext http, string name, PolicyStore store, FunctionStore functions, CancellationToken cancellationToken)
    {
        var found = await functions.FindAsync(name, cancellationToken);
        if (!FunctionArn.TryParse(found.Arn ?? name, out var arn))
        {
            return Problems.NoFunction(name, found);
        }

        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, cancellationToken);
        var parsed = PolicyJson.Parse(body.GetBuffer().AsMemory(0, (int)body.Length));
        if (parsed.Document is not { } document)
        {
            return Problems.Bad("the policy is not valid", parsed.Errors);
        }

        var change = await store.ChangeAsync(arn, _ => document, Actor(http.User), "policy.put", "document replaced", http.Request.Headers.IfMatch.ToString() is { Length: > 0 } etag ? etag : null, cancellationToken);
        switch (change)
        {
            case PolicyChange.Done(var policy):
                Head(http, policy);
                return TypedResults.Text(policy.Document, "application/json", Encoding.UTF8);
            case PolicyChange.Conflict(var current):
                Head(http, current);
                return TypedResults.Problem(statusCode: 412, title: $"the policy was changed by `{current.UpdatedBy}` since you read it", detail: $"it is at revision {current.Revision} now; read it again and repeat your change");
            default:
                throw new InvalidOperationException("unknown outcome");
        }
    }

    private static async Task<Results<Ok<ModeAnswer>, ProblemHttpResult>> ModeAsync(HttpContext http, string name, ModeRequest request, PolicyStore store, FunctionStore functions, CancellationToken cancellationToken)
    {
        if (!DimensionNames.TryParse(request.Mode, out ProtectionMode mode))
        {
            return Problems.Bad($"there is no mode `{request.Mode}`", "use off, monitor or protect");
        }

        var found = await functions.FindAsync(name, cancellationToken);
        if (!FunctionArn.TryParse(found.Arn ?? name, out var arn))
        {
            return Problems.NoFunction(name, found);
        }

        var policy = await SetModeAsync(store, arn, mode, Actor(http.User), cancellationToken);
        return TypedResults.Ok(new ModeAnswer(arn.Text, mode.Name(), policy.Revision));
    }

    /// <summary>The console's way to the same change.</summary>
    public static async Task<StoredPolicy> SetModeAsync(PolicyStore store, FunctionArn arn, ProtectionMode mode, string actor, CancellationToken cancellationToken) =>
        await store.ChangeAsync(arn, d => d with { Mode = mode }, actor, "policy.mode", $"mode {mode.Name()}", null, cancellationToken) switch
        {
            PolicyChange.Done(var policy) => policy,
            _ => throw new InvalidOperationException("a change without condition cannot conflict"),
        };

    private static async Task<Results<Ok<IReadOnlyList<PolicyRevision>>, ProblemHttpResult>> HistoryAsync(string name, PolicyStore store, FunctionStore functions, CancellationToken cancellationToken)
    {
        var found = await functions.FindAsync(name, cancellationToken);
        return found.Arn is { } arn ? TypedResults.Ok(await store.HistoryAsync(arn, cancellationToken)) : Problems.NoFunction(name, found);
    }

    private static async Task<Results<ContentHttpResult, ProblemHttpResult>> RevisionAsync(string name, long revision, PolicyStore store, FunctionStore functions, CancellationToken cancellationToken)
    {
        var found = await functions.FindAsync(name, cancellationToken);
        if (found.Arn is not { } arn)
        {
            return Problems.NoFunction(name, found);
        }

        return await store.RevisionAsync(arn, revision, cancellationToken) is { } document
            ? TypedResults.Text(document, "application/json", Encoding.UTF8)
            : Problems.NotFound($"there is no revision {revision}");
    }

    public static string Actor(ClaimsPrincipal user) => user.Identity?.Name is { Length: > 0 } name ? name : "unknown";

    private static void Head(HttpContext http, StoredPolicy policy)
    {
        http.Response.Headers.ETag = policy.ETag;
        http.Response.Headers["Pellicle-Signature"] = policy.Signature;
    }
}
