using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Pellicle.Server.Access;

/// <summary>Reads <c>Authorization: Bearer</c> tokens.</summary>
internal sealed class TokenAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, Tokens tokens)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "token";
    public const string AccountClaim = "account";
    public const string TokenClaim = "token";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return AuthenticateResult.NoResult();
        }

        var token = await tokens.FindAsync(header[7..].Trim(), Context.RequestAborted);
        return token is null
            ? AuthenticateResult.Fail("unknown or revoked token")
            : AuthenticateResult.Success(new AuthenticationTicket(Principal(token, SchemeName), SchemeName));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        await Results.Problem(statusCode: 401, title: "sign in first", detail: "send `Authorization: Bearer` with a token that is known and not revoked").ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Results.Problem(statusCode: 403, title: "not allowed", detail: "the token's role does not allow this").ExecuteAsync(Context);

    public static ClaimsPrincipal Principal(Token token, string scheme) => new(new ClaimsIdentity(
        [new Claim(ClaimTypes.Name, token.Name), new Claim(ClaimTypes.Role, token.Role), new Claim(AccountClaim, token.Account), new Claim(TokenClaim, token.Id)], scheme));
}

/// <summary>Names of the authorisation policies.</summary>
internal static class Allow
{
    public const string Viewer = "viewer";
    public const string Operator = "operator";
    public const string Admin = "admin";
    public const string Ingest = "ingest";

    /// <summary>Viewer by token or by the console's cookie: reading only.</summary>
    public const string Reader = "reader";
    public const string ConsoleViewer = "console-viewer";
    public const string ConsoleOperator = "console-operator";
    public const string Cookie = "console";

    public static void Configure(AuthorizationOptions options)
    {
        Add(options, Viewer, [TokenAuthentication.SchemeName], Roles.Viewer, Roles.Operator, Roles.Admin);
        Add(options, Operator, [TokenAuthentication.SchemeName], Roles.Operator, Roles.Admin);
        Add(options, Admin, [TokenAuthentication.SchemeName], Roles.Admin);
        Add(options, Ingest, [TokenAuthentication.SchemeName], Roles.Ingest);
        Add(options, Reader, [TokenAuthentication.SchemeName, Cookie], Roles.Viewer, Roles.Operator, Roles.Admin);
        Add(options, ConsoleViewer, [Cookie], Roles.Viewer, Roles.Operator, Roles.Admin);
        Add(options, ConsoleOperator, [Cookie], Roles.Operator, Roles.Admin);
    }

    private static void Add(AuthorizationOptions options, string name, string[] schemes, params string[] roles) =>
        options.AddPolicy(name, p => p.AddAuthenticationSchemes(schemes).RequireAuthenticatedUser().RequireRole(roles));
}
