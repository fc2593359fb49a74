using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Pellicle.Server.Storage;

/// <summary>What differs between database systems. Everything else is SQL that SQLite and PostgreSQL both read.</summary>
internal abstract class Dialect
{
    /// <summary>Column type of a number the database gives, rising.</summary>
    public abstract string Identity { get; }

    public abstract DbConnection Connect();

    /// <summary>Runs once on each opened connection.</summary>
    public abstract string OnOpen { get; }
}

internal sealed class SqliteDialect(string file) : Dialect
{
    private readonly string _connectionString = new SqliteConnectionStringBuilder { DataSource = file, ForeignKeys = true, DefaultTimeout = 10 }.ToString();

    public override string Identity => "INTEGER PRIMARY KEY AUTOINCREMENT";

    public override string OnOpen => "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=10000;";

    public override DbConnection Connect() => new SqliteConnection(_connectionString);
}
