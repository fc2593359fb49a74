using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Pellicle.Server.Audit;
using Pellicle.Server.Storage;

namespace Pellicle.Server.Access;

/// <summary>What a token's holder may do. Each includes the one before it, except <see cref="Ingest"/>, which stands apart.</summary>
internal static class Roles
{
    public const string Viewer = "viewer";
    public const string Operator = "operator";
    public const string Admin = "admin";
    public const string Ingest = "ingest";

    public static IReadOnlyList<string> People { get; } = [Viewer, Operator, Admin];
}

/// <summary>A token without its secret.</summary>
internal sealed record Token(string Id, string Kind, string Role, string Name, string Account, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt);

/// <summary>A new token; the secret is shown this once.</summary>
internal sealed record NewToken(string Id, string Kind, string Role, string Name, string Account, string Secret);

/// <summary>Tokens for people and guards. Only a SHA-256 is stored: secrets are 256 random bits, a slow hash would add nothing.</summary>
internal sealed class Tokens(Database database, TimeProvider time, AuditLog audit)
{
    public async Task<NewToken> CreateAsync(string kind, string role, string name, string account, string actor, string? secret, CancellationToken cancellationToken)
    {
        secret ??= $"plc_{kind}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))}";
        var token = new NewToken(Guid.NewGuid().ToString("N")[..12], kind, role, name, account, secret);
        await database.WriteAsync(async c =>
        {
            await c.ExecuteAsync("INSERT INTO tokens (id, kind, role, name, account, hash, created_at) VALUES (@Id, @Kind, @Role, @Name, @Account, @hash, @at)",
                new { token.Id, token.Kind, token.Role, token.Name, token.Account, hash = Hash(secret), at = Now });
            await audit.AddAsync(c, actor, "token.create", token.Id, $"{kind} {role} `{name}` {account}".Trim());
        }, cancellationToken);
        return token;
    }

    public async Task<Token?> FindAsync(string secret, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync(c => c.QuerySingleOrDefaultAsync<Row>(
            "SELECT id, kind, role, name, account, created_at AS CreatedAt, revoked_at AS RevokedAt FROM tokens WHERE hash = @hash AND revoked_at IS NULL", new { hash = Hash(secret) }), cancellationToken);
        return row?.ToToken();
    }

    public async Task<IReadOnlyList<Token>> ListAsync(CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(c => c.QueryAsync<Row>("SELECT id, kind, role, name, account, created_at AS CreatedAt, revoked_at AS RevokedAt FROM tokens ORDER BY created_at, id"), cancellationToken);
        return [.. rows.Select(r => r.ToToken())];
    }

    public Task<bool> RevokeAsync(string id, string actor, CancellationToken cancellationToken) => database.WriteAsync(async c =>
    {
        var changed = await c.ExecuteAsync("UPDATE tokens SET revoked_at = @at WHERE id = @id AND revoked_at IS NULL", new { id, at = Now }) > 0;
        if (changed)
        {
            await audit.AddAsync(c, actor, "token.revoke", id, "");
        }

        return changed;
    }, cancellationToken);

    /// <summary>Makes the first admin token when there is none that still works; null when there is one.</summary>
    public async Task<string?> EnsureAdminAsync(string? wanted, CancellationToken cancellationToken)
    {
        if (wanted is not null)
        {
            if (wanted.Length < 20)
            {
                throw new ArgumentException("the admin token must have at least 20 characters", nameof(wanted));
            }

            if (await FindAsync(wanted, cancellationToken) is null)
            {
                await CreateAsync("user", Roles.Admin, "admin (given at start)", "", "server", wanted, cancellationToken);
            }

            return wanted;
        }

        var any = await database.ReadAsync(c => c.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM tokens WHERE role = 'admin' AND revoked_at IS NULL"), cancellationToken);
        return any > 0 ? null : (await CreateAsync("user", Roles.Admin, "admin", "", "server", null, cancellationToken)).Secret;
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private sealed class Row
    {
        public string Id { get; set; } = "";
        public string Kind { get; set; } = "";
        public string Role { get; set; } = "";
        public string Name { get; set; } = "";
        public string Account { get; set; } = "";
        public long CreatedAt { get; set; }
        public long? RevokedAt { get; set; }

        public Token ToToken() => new(Id, Kind, Role, Name, Account, Times.From(CreatedAt), Times.From(RevokedAt));
    }
}
