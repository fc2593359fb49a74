using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc;

namespace Pellicle.Server.Access;

/// <summary>Signing in to the console with a token of a person; the cookie stands for the token until that is revoked.</summary>
internal static class SignIn
{
    public static void Configure(CookieAuthenticationOptions options)
    {
        options.Cookie.Name = "pellicle";
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Strict;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.ExpireTimeSpan = TimeSpan.FromHours(12);
        options.SlidingExpiration = true;
        options.LoginPath = "/sign-in";
        options.AccessDeniedPath = "/sign-in";
        options.ReturnUrlParameter = "back";
        options.Events.OnValidatePrincipal = ValidateAsync;
        options.Events.OnRedirectToLogin = context => RedirectOrRefuse(context, StatusCodes.Status401Unauthorized);
        options.Events.OnRedirectToAccessDenied = context => RedirectOrRefuse(context, StatusCodes.Status403Forbidden);
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/sign-in", EnterAsync).ExcludeFromDescription();
        app.MapPost("/sign-out", LeaveAsync).ExcludeFromDescription();
    }

    private static async Task<IResult> EnterAsync(HttpContext http, Tokens tokens, [FromForm] string? token, [FromForm] string? back)
    {
        var found = string.IsNullOrWhiteSpace(token) ? null : await tokens.FindAsync(token.Trim(), http.RequestAborted);
        if (found is null || found.Kind != "user")
        {
            return Results.Redirect($"/sign-in?failed=1&back={Uri.EscapeDataString(back ?? "/")}");
        }

        await http.SignInAsync(Allow.Cookie, TokenAuthentication.Principal(found, Allow.Cookie));
        // Only paths of this server: `//host` and `/\host` would leave it.
        return Results.LocalRedirect(back is ['/', not ('/' or '\\'), ..] ? back : "/");
    }

    private static async Task<IResult> LeaveAsync(HttpContext http, [FromForm] string? none)
    {
        _ = none; // A form parameter makes the endpoint ask for the antiforgery token.
        await http.SignOutAsync(Allow.Cookie);
        return Results.LocalRedirect("/sign-in");
    }

    private static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        var id = context.Principal?.FindFirstValue(TokenAuthentication.TokenClaim);
        var tokens = context.HttpContext.RequestServices.GetRequiredService<Tokens>();
        if (id is null || !(await tokens.ListAsync(context.HttpContext.RequestAborted)).Any(t => t.Id == id && t.RevokedAt is null))
        {
            context.RejectPrincipal();
        }
    }

    private static Task RedirectOrRefuse(RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        if (context.Request.Path.StartsWithSegments("/api"))
        {
            context.Response.StatusCode = status;
        }
        else
        {
            context.Response.Redirect(context.RedirectUri);
        }

        return Task.CompletedTask;
    }
}
