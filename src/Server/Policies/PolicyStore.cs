using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Pellicle.Domain;
using Pellicle.Policy;
using Pellicle.Server.Audit;
using Pellicle.Server.Fleet;
using Pellicle.Server.Storage;

namespace Pellicle.Server.Policies;

/// <summary>The policy in force for a function: the exact text that was signed.</summary>
internal sealed record StoredPolicy(string Function, long Revision, string Document, string Signature, DateTimeOffset UpdatedAt, string UpdatedBy)
{
    public string ETag => string.Create(CultureInfo.InvariantCulture, $"\"{Revision}\"");

    public PolicyDocument Parse() => PolicyJson.Parse(Document).Document ?? throw new InvalidOperationException($"the stored policy of `{Function}` cannot be read");
}

/// <summary>One earlier or current revision.</summary>
internal sealed record PolicyRevision(long Revision, DateTimeOffset At, string Actor, string Note);

/// <summary>What became of a change.</summary>
internal abstract record PolicyChange
{
    /// <summary>In force now; also when the document already was what was asked for.</summary>
    public sealed record Done(StoredPolicy Policy) : PolicyChange;

    /// <summary>Somebody else changed it since the caller read it.</summary>
    public sealed record Conflict(StoredPolicy Current) : PolicyChange;
}

/// <summary>Keeps policies and their history, numbers them and signs them.</summary>
internal sealed class PolicyStore(Database database, TimeProvider time, AuditLog audit, FunctionStore functions, ServerOptions options) : IDisposable
{
    private const string KeySetting = "policy-signing-key";
    private ECDsa? _key;

    public string PublicKey => PolicySignature.PublicKey(_key!);

    public async Task LoadKeyAsync(CancellationToken cancellationToken)
    {
        var stored = await database.ReadAsync(c => c.ExecuteScalarAsync<string?>("SELECT value FROM settings WHERE name = @KeySetting", new { KeySetting }), cancellationToken);
        _key = PolicySignature.CreateKey();
        if (stored is not null)
        {
            _key.ImportPkcs8PrivateKey(Convert.FromBase64String(stored), out _);
            return;
        }

        var value = Convert.ToBase64String(_key.ExportPkcs8PrivateKey());
        await database.WriteAsync(c => c.ExecuteAsync("INSERT INTO settings (name, value) VALUES (@KeySetting, @value)", new { KeySetting, value }), cancellationToken);
    }

    /// <summary>The policy of a function; a function that has none gets the default one. Reading does not wait for writers.</summary>
    public async Task<StoredPolicy> GetAsync(FunctionArn arn, CancellationToken cancellationToken)
    {
        var stored = await database.ReadAsync(c => ReadAsync(c, arn.Text), cancellationToken);
        return stored ?? await database.WriteAsync(async c => await ReadAsync(c, arn.Text) ?? await AddDefaultAsync(c, arn), cancellationToken);
    }

    /// <summary>Changes a policy as one step; a change that changes nothing makes no revision.</summary>
    public Task<PolicyChange> ChangeAsync(FunctionArn arn, Func<PolicyDocument, PolicyDocument> change, string actor, string action, string note, string? ifMatch, CancellationToken cancellationToken) =>
        database.WriteAsync<PolicyChange>(async c =>
        {
            var current = await ReadAsync(c, arn.Text) ?? await AddDefaultAsync(c, arn);
            if (ifMatch is not (null or "*") && ifMatch != current.ETag)
            {
                return new PolicyChange.Conflict(current);
            }

            var changed = change(current.Parse()) with { Function = arn.Text, Revision = current.Revision.ToString(CultureInfo.InvariantCulture) };
            if (PolicyJson.WriteText(changed) == current.Document)
            {
                return new PolicyChange.Done(current);
            }

            var stored = await StoreAsync(c, changed, arn, current.Revision + 1, actor, note);
            await audit.AddAsync(c, actor, action, arn.Text, note);
            return new PolicyChange.Done(stored);
        }, cancellationToken);

    /// <summary>All policies, sorted by function name.</summary>
    public async Task<IReadOnlyList<PolicySummary>> ListAsync(CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(c => c.QueryAsync<(string Function, string Name, long Revision, string Document, long At, string By)>(
            "SELECT p.function, f.name, p.revision, p.document, p.updated_at, p.updated_by FROM policies p JOIN functions f ON f.arn = p.function ORDER BY f.name, f.arn"), cancellationToken);
        return [.. rows.Select(r =>
        {
            var document = PolicyJson.Parse(r.Document).Document ?? throw new InvalidOperationException($"the stored policy of `{r.Function}` cannot be read");
            return new PolicySummary(r.Function, r.Name, r.Revision, document.Mode.Name(), document.Rules.Count,
                document.Profile.ToDictionary(p => p.Key.Name(), p => p.Value.Stage.ToString().ToLowerInvariant()), Times.From(r.At), r.By);
        })];
    }

    public async Task<IReadOnlyList<PolicyRevision>> HistoryAsync(string arn, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(c => c.QueryAsync<(long Revision, long At, string Actor, string Note)>(
            "SELECT revision, at, actor, note FROM policy_revisions WHERE function = @arn ORDER BY revision DESC LIMIT 200", new { arn }), cancellationToken);
        return [.. rows.Select(r => new PolicyRevision(r.Revision, Times.From(r.At), r.Actor, r.Note))];
    }

    public Task<string?> RevisionAsync(string arn, long revision, CancellationToken cancellationToken) => database.ReadAsync(c => c.ExecuteScalarAsync<string?>(
        "SELECT document FROM policy_revisions WHERE function = @arn AND revision = @revision", new { arn, revision }), cancellationToken);

    public void Dispose() => _key?.Dispose();

    private async Task<StoredPolicy> AddDefaultAsync(DbConnection connection, FunctionArn arn)
    {
        await functions.EnsureAsync(connection, arn);
        return await StoreAsync(connection, new PolicyDocument { Function = arn.Text, Mode = options.DefaultMode }, arn, 1, "server", "default policy");
    }

    private async Task<StoredPolicy> StoreAsync(DbConnection connection, PolicyDocument document, FunctionArn arn, long revision, string actor, string note)
    {
        var text = PolicyJson.WriteText(document with { Revision = revision.ToString(CultureInfo.InvariantCulture) });
        var stored = new StoredPolicy(arn.Text, revision, text, PolicySignature.Sign(_key!, Encoding.UTF8.GetBytes(text)), time.GetUtcNow(), actor);
        var row = new { stored.Function, stored.Revision, stored.Document, stored.Signature, at = stored.UpdatedAt.ToUnixTimeMilliseconds(), actor, note };
        await connection.ExecuteAsync("""
            INSERT INTO policies (function, revision, document, signature, updated_at, updated_by) VALUES (@Function, @Revision, @Document, @Signature, @at, @actor)
            ON CONFLICT (function) DO UPDATE SET revision = excluded.revision, document = excluded.document, signature = excluded.signature, updated_at = excluded.updated_at, updated_by = excluded.updated_by
            """, row);
        await connection.ExecuteAsync("INSERT INTO policy_revisions (function, revision, document, at, actor, note) VALUES (@Function, @Revision, @Document, @at, @actor, @note)", row);
        return stored;
    }

    private static async Task<StoredPolicy?> ReadAsync(DbConnection connection, string arn)
    {
        var rows = await connection.QueryAsync<(string Function, long Revision, string Document, string Signature, long At, string By)>(
            "SELECT function, revision, document, signature, updated_at, updated_by FROM policies WHERE function = @arn", new { arn });
        return rows.Select(r => new StoredPolicy(r.Function, r.Revision, r.Document, r.Signature, Times.From(r.At), r.By)).SingleOrDefault();
    }
}
