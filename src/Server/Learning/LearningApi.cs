using Microsoft.AspNetCore.Http.HttpResults;
using Pellicle.Domain;
using Pellicle.Policy;
using Pellicle.Server.Access;
using Pellicle.Server.Fleet;
using Pellicle.Server.Policies;

namespace Pellicle.Server.Learning;

internal sealed record ApproveRequest(IReadOnlyList<string>? Dimensions, string? Stage);

internal sealed record ApproveAnswer(string Function, long Revision, string Stage, IReadOnlyList<string> Approved);

internal static class LearningApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var learning = api.MapGroup("/functions/{name}").WithTags("learning");
        learning.MapGet("/profile", GetAsync).RequireAuthorization(Allow.Viewer).WithSummary("what was learned, and how much is still unseen");
        learning.MapPost("/approve", ApproveAsync).RequireAuthorization(Allow.Operator)
            .WithSummary("puts learned items into the policy; without dimensions: those that are ready. Stage: protect (default), canary, shadow or learn");
    }

    private static async Task<Results<Ok<ProfileView>, ProblemHttpResult>> GetAsync(string name, ProfileStore store, FunctionStore functions, CancellationToken cancellationToken)
    {
        var found = await functions.FindAsync(name, cancellationToken);
        return FunctionArn.TryParse(found.Arn, out var arn) ? TypedResults.Ok(await store.GetAsync(arn, cancellationToken)) : Problems.NoFunction(name, found);
    }

    private static async Task<Results<Ok<ApproveAnswer>, ProblemHttpResult>> ApproveAsync(HttpContext http, string name, ApproveRequest request, ProfileStore store, FunctionStore functions, CancellationToken cancellationToken)
    {
        var errors = new List<string>();
        var dimensions = new List<Dimension>();
        foreach (var text in request.Dimensions ?? [])
        {
            if (DimensionNames.TryParse(text, out Dimension dimension) && dimension != Dimension.Tamper)
            {
                dimensions.Add(dimension);
            }
            else
            {
                errors.Add($"there is no dimension `{text}` to approve; there are {string.Join(", ", DimensionNames.All.Where(d => d != Dimension.Tamper).Select(d => d.Name()))}");
            }
        }

        if (!Enum.TryParse<ProfileStage>(request.Stage ?? "protect", ignoreCase: true, out var stage) || !Enum.IsDefined(stage))
        {
            errors.Add($"there is no stage `{request.Stage}`; there are learn, shadow, canary, protect");
        }

        if (errors.Count > 0)
        {
            return Problems.Bad("the approval is not valid", errors);
        }

        var found = await functions.FindAsync(name, cancellationToken);
        if (!FunctionArn.TryParse(found.Arn, out var arn))
        {
            return Problems.NoFunction(name, found);
        }

        var (change, approved, profile) = await store.ApproveAsync(arn, request.Dimensions is null ? null : dimensions, stage, PoliciesApi.Actor(http.User), cancellationToken);
        return change is PolicyChange.Done(var policy)
            ? TypedResults.Ok(new ApproveAnswer(arn.Text, policy.Revision, stage.ToString().ToLowerInvariant(), approved))
            : TypedResults.Problem(statusCode: 409, title: "no dimension is ready", detail: NotReady(profile));
    }

    public static string NotReady(ProfileView profile) => profile.CleanInvocations == 0
        ? "no clean invocation was watched yet"
        : $"{profile.CleanInvocations} clean invocations were watched; process needs {profile.Dimensions.First(d => d.Dimension == "process").Estimate.InvocationsToGo} more without anything new. Name dimensions to approve them as they are";
}
