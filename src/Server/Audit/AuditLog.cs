using System.Data.Common;
using Dapper;
using Pellicle.Server.Storage;

namespace Pellicle.Server.Audit;

/// <summary>One change somebody made.</summary>
internal sealed record AuditEntry(long Seq, DateTimeOffset At, string Actor, string Action, string Target, string Detail);

/// <summary>Who changed what, when. Written in the transaction of the change itself, never altered.</summary>
internal sealed class AuditLog(Database database, TimeProvider time)
{
    public Task AddAsync(DbConnection connection, string actor, string action, string target, string detail) =>
        connection.ExecuteAsync("INSERT INTO audit (at, actor, action, target, detail) VALUES (@at, @actor, @action, @target, @detail)",
            new { at = time.GetUtcNow().ToUnixTimeMilliseconds(), actor, action, target, detail });

    public async Task<IReadOnlyList<AuditEntry>> ListAsync(int limit, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(c => c.QueryAsync<(long Seq, long At, string Actor, string Action, string Target, string Detail)>(
            "SELECT seq, at, actor, action, target, detail FROM audit ORDER BY seq DESC LIMIT @limit", new { limit }), cancellationToken);
        return [.. rows.Select(r => new AuditEntry(r.Seq, Times.From(r.At), r.Actor, r.Action, r.Target, r.Detail))];
    }
}
