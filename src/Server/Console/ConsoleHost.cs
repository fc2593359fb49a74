using Pellicle.Domain;
using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Mvc;
using Pellicle.Policy;
using Pellicle.Server.Access;
using Pellicle.Server.Accounts;
using Pellicle.Server.Findings;
using Pellicle.Server.Fleet;
using Pellicle.Server.Learning;
using Pellicle.Server.Policies;

namespace Pellicle.Server.Console;

/// <summary>The console: pages rendered on the server, forms that post to the endpoints below, one script that keeps pages live.</summary>
internal static class ConsoleHost
{
    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal) { ["console.css"] = "text/css", ["console.js"] = "text/javascript", ["mark.svg"] = "image/svg+xml" };

    public static IServiceCollection AddConsole(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddAntiforgery();
        services.AddHttpContextAccessor();
        return services;
    }

    /// <summary>Pages come from here and load nothing from elsewhere; no site may frame them.</summary>
    public static void UseConsoleHeaders(this WebApplication app) => app.Use((http, next) =>
    {
        http.Response.Headers.ContentSecurityPolicy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers["Referrer-Policy"] = "same-origin";
        return next(http);
    });

    public static void MapConsole(this WebApplication app)
    {
        SignIn.Map(app);
        app.MapGet("/assets/{name}", Asset).ExcludeFromDescription();
        app.MapRazorComponents<App>().RequireAuthorization(Allow.ConsoleViewer);
        var console = app.MapGroup("/console").ExcludeFromDescription();
        console.MapPost("/mode", ModeAsync).RequireAuthorization(Allow.ConsoleOperator);
        console.MapPost("/approve", ApproveAsync).RequireAuthorization(Allow.ConsoleOperator);
        console.MapPost("/policy", PolicyAsync).RequireAuthorization(Allow.ConsoleOperator);
        console.MapPost("/acceptance", AcceptAsync).RequireAuthorization(Allow.ConsoleOperator);
        console.MapPost("/account", Account).RequireAuthorization(Allow.ConsoleOperator);
        console.MapGet("/policy", ExportAsync).RequireAuthorization(Allow.ConsoleViewer);
    }

    private static IResult Asset(HttpContext http, string name)
    {
        if (!Types.TryGetValue(name, out var type))
        {
            return Results.NotFound();
        }

        http.Response.Headers.CacheControl = "no-cache";
        var assembly = typeof(ConsoleHost).Assembly;
        var resource = assembly.GetManifestResourceNames().Single(n => n.EndsWith($".Assets.{name}", StringComparison.Ordinal));
        return Results.Stream(assembly.GetManifestResourceStream(resource)!, type);
    }

    private static async Task<IResult> ModeAsync(ClaimsPrincipal user, PolicyStore policies, [FromForm] string? arn, [FromForm] string? mode, CancellationToken cancellationToken)
    {
        if (!FunctionArn.TryParse(arn, out var function) || !DimensionNames.TryParse(mode, out ProtectionMode wanted))
        {
            return Results.BadRequest();
        }

        await PoliciesApi.SetModeAsync(policies, function, wanted, PoliciesApi.Actor(user), cancellationToken);
        return Back(function, done: $"Mode {wanted.Name()} is set; guards apply it before their next invocation.");
    }

    private static async Task<IResult> ApproveAsync(
        ClaimsPrincipal user, ProfileStore profiles, IFormCollection form, CancellationToken cancellationToken)
    {
        var (arn, stage, dimensions) = (form["arn"].ToString(), form["stage"].ToString(), form["dimensions"]);
        if (!FunctionArn.TryParse(arn, out var function) || !Enum.TryParse<ProfileStage>(stage, true, out var wanted) || !Enum.IsDefined(wanted))
        {
            return Results.BadRequest();
        }

        var chosen = dimensions.Select(d => (Known: DimensionNames.TryParse(d, out Dimension dimension), Dimension: dimension)).Where(d => d.Known && d.Dimension != Dimension.Tamper).Select(d => d.Dimension).ToList();
        if (chosen.Count == 0)
        {
            return Back(function, error: "Tick at least one dimension.");
        }

        var (_, approved, _) = await profiles.ApproveAsync(function, chosen, wanted, PoliciesApi.Actor(user), cancellationToken);
        return Back(function, done: $"Approved {string.Join(", ", approved)} for {stage}.");
    }

    private static async Task<IResult> PolicyAsync(ClaimsPrincipal user, PolicyStore policies, [FromForm] string? arn, [FromForm] string? etag, [FromForm] string? document, CancellationToken cancellationToken)
    {
        if (!FunctionArn.TryParse(arn, out var function))
        {
            return Results.BadRequest();
        }

        var parsed = PolicyJson.Parse(document ?? "");
        if (parsed.Document is not { } next)
        {
            return Back(function, error: $"Not saved: {string.Join("; ", parsed.Errors.Take(10))}.");
        }

        return await policies.ChangeAsync(function, _ => next, PoliciesApi.Actor(user), "policy.put", "document edited in the console", etag, cancellationToken) is PolicyChange.Conflict(var current)
            ? Back(function, error: $"Not saved: {current.UpdatedBy} changed the policy meanwhile; it is at revision {current.Revision} now.")
            : Back(function, done: "The policy is saved.");
    }

    /// <summary>Accepts a finding where a reason is given, else takes the acceptance back.</summary>
    private static async Task<IResult> AcceptAsync(
        ClaimsPrincipal user, FindingLife life, TimeProvider time, [FromForm] string? target, [FromForm] string? fingerprint, [FromForm] string? reason, [FromForm] string? until, CancellationToken cancellationToken)
    {
        DateTimeOffset? end = null;
        if (!string.IsNullOrEmpty(until))
        {
            if (!DateOnly.TryParseExact(until, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.None, out var day) || (end = new DateTimeOffset(day.AddDays(1).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero)) <= time.GetUtcNow())
            {
                return Results.LocalRedirect("/findings?error=" + Uri.EscapeDataString("Not accepted: the last day must lie ahead."));
            }
        }

        if (string.IsNullOrEmpty(target) || string.IsNullOrEmpty(fingerprint) || reason?.Length > 1000)
        {
            return Results.BadRequest();
        }

        var outcome = string.IsNullOrWhiteSpace(reason)
            ? await life.TakeBackAsync(target, fingerprint, PoliciesApi.Actor(user), cancellationToken)
            : await life.AcceptAsync(target, fingerprint, reason.Trim(), end, PoliciesApi.Actor(user), cancellationToken);
        return Results.LocalRedirect(outcome == AcceptOutcome.Done
            ? "/findings?done=" + Uri.EscapeDataString(string.IsNullOrWhiteSpace(reason) ? "The finding is open again." : "The finding is accepted; it is listed under that status.")
            : "/findings?error=" + Uri.EscapeDataString("There is no such finding."));
    }

    private static IResult Account(AccountRuns runs, [FromForm] string? name)
    {
        if (runs.Scanner?.Accounts().FirstOrDefault(a => a.Name == name) is null)
        {
            return Results.BadRequest();
        }

        runs.Ask(name!, "request", null);
        return Results.LocalRedirect("/accounts");
    }

    private static async Task<IResult> ExportAsync(PolicyStore policies, string? arn, CancellationToken cancellationToken) => FunctionArn.TryParse(arn, out var function)
        ? Results.File(Encoding.UTF8.GetBytes((await policies.GetAsync(function, cancellationToken)).Document), "application/json", $"policy-{function.Name}.json")
        : Results.BadRequest();

    private static IResult Back(FunctionArn function, string? done = null, string? error = null) =>
        Results.LocalRedirect($"/functions/{Uri.EscapeDataString(function.Text)}?{(error is null ? "done" : "error")}={Uri.EscapeDataString(error ?? done ?? "")}");
}
