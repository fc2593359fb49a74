using System.Globalization;
using Dapper;

namespace Pellicle.Server.Storage;

/// <summary>Brings the database to the newest schema, forward only. Each numbered file runs once, in a transaction with its own record.</summary>
internal static class Migrator
{
    public static async Task RunAsync(Database database, TimeProvider time, CancellationToken cancellationToken)
    {
        await database.WriteAsync(c => c.ExecuteAsync("CREATE TABLE IF NOT EXISTS migrations (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, at BIGINT NOT NULL)"), cancellationToken);
        var known = Scripts().ToList();
        var done = (await database.ReadAsync(c => c.QueryAsync<int>("SELECT number FROM migrations"), cancellationToken)).ToHashSet();
        if (done.Where(n => known.TrueForAll(k => k.Number != n)).DefaultIfEmpty(0).Max() is var newer and > 0)
        {
            throw new InvalidOperationException($"the database was written by a newer version (migration {newer}); start that version, or restore a backup");
        }

        foreach (var (number, name, sql) in known.Where(k => !done.Contains(k.Number)))
        {
            await database.WriteAsync(async c =>
            {
                await c.ExecuteAsync(sql.Replace("{identity}", database.Dialect.Identity, StringComparison.Ordinal));
                await c.ExecuteAsync("INSERT INTO migrations (number, name, at) VALUES (@number, @name, @at)", new { number, name, at = time.GetUtcNow().ToUnixTimeMilliseconds() });
            }, cancellationToken);
        }
    }

    private static IEnumerable<(int Number, string Name, string Sql)> Scripts()
    {
        const string marker = ".Migrations.";
        var assembly = typeof(Migrator).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.Contains(marker, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var name = resource[(resource.IndexOf(marker, StringComparison.Ordinal) + marker.Length)..];
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            yield return (int.Parse(name.AsSpan(0, 4), CultureInfo.InvariantCulture), name, reader.ReadToEnd());
        }
    }
}
