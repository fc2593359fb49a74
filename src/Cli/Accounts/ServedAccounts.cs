using System.Runtime.CompilerServices;
using Pellicle.Cli.Commands;
using Pellicle.Scanning.Pipeline;
using Pellicle.Server.Accounts;

namespace Pellicle.Cli.Accounts;

/// <summary>Accounts of this machine's data directory, scanned for the server in the same process.</summary>
internal sealed class ServedAccounts : IAccountScanner
{
    private const int Part = 100;

    public IReadOnlyList<WatchedAccount> Accounts() => [.. AccountBook.Load().Select(a => new WatchedAccount(a.Name, NumberOf(a), a.EveryHours is { } hours ? TimeSpan.FromHours(hours) : null))];

    public string AdvisoryRevision()
    {
        if (!File.Exists(DbCommand.DefaultPath))
        {
            return "";
        }

        using var database = DbCommand.Open(DbCommand.DefaultPath);
        return database.Revision;
    }

    public async IAsyncEnumerable<ScanReport> ScanAsync(string account, IReadOnlySet<string>? functions, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var database = File.Exists(DbCommand.DefaultPath) ? DbCommand.DefaultPath : null;
        var entry = AccountBook.Find(account);
        using var run = await AccountRun.StartAsync(entry, functions is null ? null : entry.Scope(null) with { NoLayers = true }, database, null, functions, cancellationToken);
        foreach (var part in Parts(run))
        {
            yield return part;
        }

        if (run.Failed.Count > 0)
        {
            throw new CliException($"these regions could not be scanned: {string.Join(", ", run.Failed)}");
        }
    }

    public async IAsyncEnumerable<ScanReport> MatchAsync(string account, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var run = await AccountRun.MatchAsync(AccountBook.Find(account), DbCommand.DefaultPath, cancellationToken);
        foreach (var part in Parts(run))
        {
            yield return part;
        }
    }

    private static IEnumerable<ScanReport> Parts(AccountRun run) => run.Parts.SelectMany(p => p.Result.Targets).Chunk(Part)
        .Select(targets => new ScanReport { Tool = Scanner.Tool, AdvisoryDatabase = run.Parts[0].Result.Database, Targets = targets, Summary = ScanSummary.Of(targets) });

    /// <summary>Told by the last scan; a role names it too.</summary>
    private static string NumberOf(AccountEntry entry)
    {
        if (entry.RoleArn?.Split(':') is { Length: > 4 } parts)
        {
            return parts[4];
        }

        var directory = AccountRun.StoreOf(entry);
        foreach (var file in Directory.Exists(directory) ? Directory.GetFiles(directory, "*.db") : [])
        {
            using var store = new AccountStore(directory, Path.GetFileNameWithoutExtension(file));
            if (store.Meta("account") is { Length: > 0 } number)
            {
                return number;
            }
        }

        return "";
    }
}
