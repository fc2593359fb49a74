using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Pellicle.Server.Access;
using Pellicle.Server.Fleet;

namespace Pellicle.Server.Incidents;

internal static class IncidentsApi
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/incidents", ListAsync).RequireAuthorization(Allow.Viewer).WithTags("incidents");
        api.MapGet("/incidents/groups", GroupAsync).RequireAuthorization(Allow.Viewer).WithTags("incidents").WithSummary("the same query; incidents that are alike are one item with their count");
        api.MapGet("/incidents/{id}", GetAsync).RequireAuthorization(Allow.Viewer).WithTags("incidents");
        api.MapGet("/incidents/follow", FollowAsync).RequireAuthorization(Allow.Reader).WithTags("incidents").WithSummary("server-sent events, one `incident` each");
    }

    private static async Task<Results<Ok<Listing<Incident>>, ProblemHttpResult>> ListAsync(IncidentStore store, [AsParameters] Query query, CancellationToken cancellationToken)
    {
        var (filter, problem) = await query.ReadAsync(cancellationToken);
        return filter is null ? problem! : TypedResults.Ok(new Listing<Incident>(query.Time.GetUtcNow(), await store.ListAsync(filter, cancellationToken)));
    }

    private static async Task<Results<Ok<Listing<IncidentGroup>>, ProblemHttpResult>> GroupAsync(IncidentStore store, [AsParameters] Query query, CancellationToken cancellationToken)
    {
        var (filter, problem) = await query.ReadAsync(cancellationToken);
        return filter is null ? problem! : TypedResults.Ok(new Listing<IncidentGroup>(query.Time.GetUtcNow(), await store.GroupAsync(filter, cancellationToken)));
    }

    private static async Task<Results<Ok<Incident>, ProblemHttpResult>> GetAsync(IncidentStore store, string id, CancellationToken cancellationToken) =>
        await store.GetAsync(id, cancellationToken) is { } incident ? TypedResults.Ok(incident) : Problems.NotFound($"there is no incident `{id}`");

    private static async Task FollowAsync(HttpContext http, IncidentStore store, FunctionStore functions, IHostApplicationLifetime lifetime, IOptions<JsonOptions> json, string? function, long? after)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        if (function is not null)
        {
            var found = await functions.FindAsync(function, stop.Token);
            if (found.Arn is null)
            {
                await Problems.NoFunction(function, found).ExecuteAsync(http);
                return;
            }

            function = found.Arn;
        }

        var start = long.TryParse(http.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last : after ?? await store.LastSeqAsync(stop.Token);
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await http.Response.WriteAsync(": following\n\n", stop.Token);
            await http.Response.Body.FlushAsync(stop.Token);
            await foreach (var incident in store.FollowAsync(start, function, Beat, stop.Token))
            {
                var text = incident is null
                    ? ": still here\n\n"
                    : string.Create(CultureInfo.InvariantCulture, $"id: {incident.Seq}\nevent: incident\ndata: {JsonSerializer.Serialize(incident, json.Value.SerializerOptions)}\n\n");
                await http.Response.WriteAsync(text, stop.Token);
                await http.Response.Body.FlushAsync(stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The follower left, or the server stops: the ordinary end of a stream.
        }
    }

    /// <summary>What both lists understand; names as in the query.</summary>
    private sealed record Query(FunctionStore Functions, TimeProvider Time, string? Function, string? Since, string? Decision, string? Severity, string? Detector, long? Before, int? Limit)
    {
        public async Task<(IncidentFilter? Filter, ProblemHttpResult? Problem)> ReadAsync(CancellationToken cancellationToken)
        {
            if (!TrySince(Since, out var from) || Limit is < 1 or > 1000)
            {
                return (null, Problems.Bad("the query is not valid", "`since` is an RFC 3339 time, `limit` a number from 1 to 1000"));
            }

            var arn = Function;
            if (Function is not null)
            {
                var found = await Functions.FindAsync(Function, cancellationToken);
                if (found.Arn is null)
                {
                    return (null, Problems.NoFunction(Function, found));
                }

                arn = found.Arn;
            }

            return (new IncidentFilter { Function = arn, Since = from, Decision = Decision, Severity = Severity, Detector = Detector, Before = Before, Limit = Limit ?? 100 }, null);
        }
    }

    private static bool TrySince(string? text, out DateTimeOffset? time)
    {
        time = null;
        if (text is null)
        {
            return true;
        }

        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var value))
        {
            return false;
        }

        time = value;
        return true;
    }
}
