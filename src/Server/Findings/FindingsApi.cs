using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Pellicle.Scanning.Pipeline;
using Pellicle.Server.Access;
using Pellicle.Server.Fleet;
using Pellicle.Server.Policies;
using Pellicle.Server.Storage;

namespace Pellicle.Server.Findings;

/// <summary>What one version of a function's code was seen to load.</summary>
/// <param name="CodeSha256">The code.</param>
/// <param name="Paths">Files below <c>/var/task</c> and <c>/opt</c>; empty when no guard has reported any.</param>
internal sealed record LoadedView(string CodeSha256, IReadOnlyList<string> Paths);

internal sealed record AcceptRequest(string? Target, string? Fingerprint, string? Reason, DateTimeOffset? Until);

internal static class FindingsApi
{
    private static readonly string[] States = ["open", "accepted", "resolved", "all"];

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPut("/scans", PutAsync).RequireAuthorization(Allow.Operator).WithTags("findings").WithSummary("uploads a scan report (pellicle scan --format json)").Accepts<object>("application/json");
        api.MapGet("/scans", async (ScanStore store, TimeProvider time, CancellationToken c) => TypedResults.Ok(new Listing<TargetView>(time.GetUtcNow(), await store.TargetsAsync(c))))
            .RequireAuthorization(Allow.Viewer).WithTags("findings").WithSummary("what was scanned, when, and how completely");
        api.MapGet("/findings", ListAsync).RequireAuthorization(Allow.Viewer).WithTags("findings").WithSummary("findings, worst first; status open (default), accepted, resolved or all; severity is the least severe to show");
        api.MapGet("/findings/events", EventsAsync).RequireAuthorization(Allow.Viewer).WithTags("findings").WithSummary("findings opened, fixed, re-opened, accepted, newest first; since is a time (RFC 3339), target an ARN or a name");
        api.MapPut("/findings/acceptance", AcceptAsync).RequireAuthorization(Allow.Operator).WithTags("findings").WithSummary("accepts a finding: why, and until when");
        api.MapDelete("/findings/acceptance", TakeBackAsync).RequireAuthorization(Allow.Operator).WithTags("findings").WithSummary("takes an acceptance back: the finding is open again");
        api.MapGet("/functions/{arn}/loaded", LoadedAsync).RequireAuthorization(Allow.Viewer).WithTags("findings").WithSummary("files of a function's package and layers that were seen opened, for one CodeSha256; the scanner tells by them what is in use");
    }

    private static async Task<Results<Ok<LoadedView>, ProblemHttpResult>> LoadedAsync(string arn, string? codeSha256, Database database, CancellationToken cancellationToken)
    {
        if (!FunctionArn.TryParse(arn, out var function) || codeSha256 is null)
        {
            return Problems.Bad("the query is not valid", "the function is named by its ARN, its code by `codeSha256`");
        }

        // A function that no guard reported from has loaded nothing that is known: an empty list, no error.
        return TypedResults.Ok(new LoadedView(codeSha256, [.. await database.ReadAsync(c => LoadedFiles.PathsAsync(c, function.Text, codeSha256), cancellationToken)]));
    }

    private static async Task<Results<Ok<Listing<FindingEvent>>, ProblemHttpResult>> EventsAsync(FindingLife life, TimeProvider time, DateTimeOffset? since, string? target, int? limit, CancellationToken cancellationToken) =>
        limit is < 1 or > 10_000
            ? Problems.Bad("the query is not valid", "`limit` is a number from 1 to 10000")
            : TypedResults.Ok(new Listing<FindingEvent>(time.GetUtcNow(), await life.EventsAsync(since, target, limit ?? 1000, cancellationToken)));

    private static async Task<Results<NoContent, ProblemHttpResult>> AcceptAsync(HttpContext http, AcceptRequest request, FindingLife life, TimeProvider time, CancellationToken cancellationToken)
    {
        if (request is not { Target.Length: > 0, Fingerprint.Length: > 0 } || string.IsNullOrWhiteSpace(request.Reason) || request.Reason.Length > 1000 || request.Until <= time.GetUtcNow())
        {
            return Problems.Bad("the acceptance is not valid", "`target` and `fingerprint` name the finding, `reason` says why in at most 1000 characters, `until` is a time in the future or absent");
        }

        return await life.AcceptAsync(request.Target, request.Fingerprint, request.Reason.Trim(), request.Until, PoliciesApi.Actor(http.User), cancellationToken) == AcceptOutcome.Done
            ? TypedResults.NoContent()
            : Problems.NotFound("there is no such finding of this target");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> TakeBackAsync(HttpContext http, string target, string fingerprint, FindingLife life, CancellationToken cancellationToken) =>
        await life.TakeBackAsync(target, fingerprint, PoliciesApi.Actor(http.User), cancellationToken) == AcceptOutcome.Done
            ? TypedResults.NoContent()
            : Problems.NotFound("this finding is not accepted");

    private static async Task<Results<Ok<IReadOnlyList<ScanChange>>, ProblemHttpResult>> PutAsync(HttpContext http, ScanStore store, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, cancellationToken);
        ScanReport report;
        try
        {
            report = ScanJson.Read(Encoding.UTF8.GetString(body.GetBuffer(), 0, (int)body.Length));
        }
        catch (JsonException e)
        {
            return Problems.Bad("the scan report is not valid", e.Message);
        }

        return report.SchemaVersion == 1
            ? TypedResults.Ok(await store.PutAsync(report, PoliciesApi.Actor(http.User), cancellationToken))
            : Problems.Bad("the scan report is not valid", $"schemaVersion is {report.SchemaVersion}, this server reads 1");
    }

    private static async Task<Results<Ok<Listing<FindingView>>, ProblemHttpResult>> ListAsync(
        ScanStore store, FunctionStore functions, TimeProvider time, string? function, string? target, string? severity, string? kind, string? status, int? limit, CancellationToken cancellationToken)
    {
        if ((status is not null && !States.Contains(status)) || limit is < 1 or > 10_000 || (severity is not null && !Enum.TryParse<Domain.Severity>(severity, true, out _)))
        {
            return Problems.Bad("the query is not valid", "`status` is open, accepted, resolved or all; `severity` is critical, high, medium, low or info; `limit` is a number from 1 to 10000");
        }

        if (function is not null)
        {
            var found = await functions.FindAsync(function, cancellationToken);
            if (found.Arn is null)
            {
                return Problems.NoFunction(function, found);
            }

            function = found.Arn;
        }

        var items = await store.ListAsync(new FindingFilter(function, target, severity, kind, status ?? "open", limit ?? 1000), cancellationToken);
        return TypedResults.Ok(new Listing<FindingView>(time.GetUtcNow(), items));
    }
}
