using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Pellicle.Server.Storage;

/// <summary>Opens connections; lets one writer in at a time, so that SQLite never answers "busy" inside one process.</summary>
internal sealed class Database(Dialect dialect) : IDisposable
{
    private readonly SemaphoreSlim _writer = new(1, 1);

    public Dialect Dialect => dialect;

    public async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = dialect.Connect();
        try
        {
            await connection.OpenAsync(cancellationToken);
            await connection.ExecuteAsync(dialect.OnOpen);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        return await work(connection);
    }

    /// <summary>Runs the work in one transaction: all of it is kept, or nothing.</summary>
    public async Task<T> WriteAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken);
        try
        {
            await using var connection = await OpenAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var result = await work(connection);
            await transaction.CommitAsync(cancellationToken);
            return result;
        }
        finally
        {
            _writer.Release();
        }
    }

    public Task WriteAsync(Func<DbConnection, Task> work, CancellationToken cancellationToken) =>
        WriteAsync(async c => { await work(c); return 0; }, cancellationToken);

    public void Dispose()
    {
        _writer.Dispose();
        if (dialect is SqliteDialect)
        {
            using var connection = (SqliteConnection)dialect.Connect();
            SqliteConnection.ClearPool(connection);
        }
    }
}
