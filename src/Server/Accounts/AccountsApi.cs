using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Pellicle.Server.Access;

namespace Pellicle.Server.Accounts;

/// <summary>What became of an event.</summary>
internal sealed record EventAnswer(string Account, string? Function, string Outcome);

internal static class AccountsApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var accounts = api.MapGroup("/accounts").WithTags("accounts");
        accounts.MapGet("", async (AccountRuns runs, TimeProvider time, CancellationToken c) => TypedResults.Ok(new Listing<AccountState>(time.GetUtcNow(), await runs.StatesAsync(c))))
            .RequireAuthorization(Allow.Viewer).WithSummary("accounts that are kept up to date, and how their last run went");
        accounts.MapPost("/{name}/scan", Ask).RequireAuthorization(Allow.Operator).WithSummary("asks for a scan of an account");
        api.MapPost("/events/aws", Event).RequireAuthorization(Allow.Operator).WithTags("accounts").WithSummary("takes an EventBridge event (AWS API Call via CloudTrail) and scans what it changed").Accepts<object>("application/json");
    }

    private static Results<Accepted, ProblemHttpResult> Ask(string name, AccountRuns runs)
    {
        if (runs.Scanner?.Accounts().FirstOrDefault(a => a.Name == name) is null)
        {
            return Problems.NotFound($"there is no account `{name}` on this server");
        }

        runs.Ask(name, "request", null);
        return TypedResults.Accepted("/api/v1/accounts");
    }

    private static Results<Accepted<EventAnswer>, Ok<EventAnswer>, ProblemHttpResult> Event(JsonElement document, AccountRuns runs)
    {
        var (change, why) = AwsEvent.Read(document);
        if (change is null)
        {
            return Problems.Bad("this is no event of AWS", why);
        }

        if (!AwsEvent.Matters(document))
        {
            return TypedResults.Ok(new EventAnswer(change.Account, change.Function, "changes nothing that a scan looks at"));
        }

        var known = runs.Scanner?.Accounts().Where(a => a.Number == change.Account).ToList() ?? [];
        if (known.Count == 0)
        {
            return Problems.NotFound($"no account of this server has the number {change.Account}; it is known after the first scan");
        }

        foreach (var account in known)
        {
            // A function that is deleted, a layer, a role: only a whole scan sees what is gone or concerned.
            runs.Ask(account.Name, "event", change.Function is { } function && !change.Name.StartsWith("DeleteFunction2", StringComparison.Ordinal) ? new HashSet<string>(StringComparer.Ordinal) { function } : null);
        }

        return TypedResults.Accepted("/api/v1/accounts", new EventAnswer(change.Account, change.Function, "a scan was asked for"));
    }
}
