using System.Threading.Channels;
using Dapper;
using Pellicle.Scanning.Pipeline;
using Pellicle.Server.Findings;
using Pellicle.Server.Storage;

namespace Pellicle.Server.Accounts;

/// <summary>How the last run of an account went.</summary>
internal sealed record AccountState(string Name, string Number, double? EveryHours, bool Waiting, string Kind, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, int Targets, int Opened, int Fixed, string Error);

/// <summary>
/// Keeps accounts up to date: by schedule, by events, and when the advisories change. One run at a time; what is asked for while an account waits joins the
/// run that is to come, so that a burst of events is one scan.
/// </summary>
internal sealed partial class AccountRuns(ServerOptions options, Database database, ScanStore scans, TimeProvider time, ILogger<AccountRuns> log) : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(30);

    // Room for one wish an account: a wish for an account that waits joins it.
    private readonly Channel<string> _queue = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<string, Wish> _waiting = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private string? _advisories;

    /// <summary>What a run is to do. No functions: all of them.</summary>
    private sealed record Wish(string Kind, IReadOnlySet<string>? Functions);

    public IAccountScanner? Scanner => options.Accounts;

    /// <summary>Asks for a scan.</summary>
    public void Ask(string account, string kind, IReadOnlySet<string>? functions)
    {
        lock (_gate)
        {
            if (_waiting.TryGetValue(account, out var before))
            {
                // A match alone does not scan; anything else takes it in, as every scan matches.
                _waiting[account] = before.Kind == "match" ? new Wish(kind, functions)
                    : kind == "match" ? before
                    : before with { Functions = before.Functions is null || functions is null ? null : before.Functions.Union(functions).ToHashSet(StringComparer.Ordinal) };
                return;
            }

            _waiting[account] = new Wish(kind, functions);
        }

        _queue.Writer.TryWrite(account);
    }

    public async Task<IReadOnlyList<AccountState>> StatesAsync(CancellationToken cancellationToken)
    {
        var rows = (await database.ReadAsync(c => c.QueryAsync<(string Account, long Started, long? Ended, string Kind, int Targets, int Opened, int Fixed, string Error)>(
            "SELECT account, started_at, ended_at, kind, targets, opened, fixed, error FROM account_runs"), cancellationToken)).ToDictionary(r => r.Account, StringComparer.Ordinal);
        bool Waits(string name)
        {
            lock (_gate)
            {
                return _waiting.ContainsKey(name);
            }
        }

        return
        [
            .. (options.Accounts?.Accounts() ?? []).OrderBy(a => a.Name, StringComparer.Ordinal).Select(a => rows.TryGetValue(a.Name, out var r)
                ? new AccountState(a.Name, a.Number, a.Every?.TotalHours, Waits(a.Name), r.Kind, Times.From(r.Started), Times.From(r.Ended), r.Targets, r.Opened, r.Fixed, r.Error)
                : new AccountState(a.Name, a.Number, a.Every?.TotalHours, Waits(a.Name), "", null, null, 0, 0, 0, "")),
        ];
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => options.Accounts is { } scanner ? Task.WhenAll(WatchAsync(scanner, stoppingToken), WorkAsync(scanner, stoppingToken)) : Task.CompletedTask;

    /// <summary>Asks for what is due; called by the clock, and by tests.</summary>
    internal async Task LookAsync(IAccountScanner scanner, CancellationToken cancellationToken)
    {
        var states = (await StatesAsync(cancellationToken)).ToDictionary(s => s.Name, StringComparer.Ordinal);
        foreach (var account in scanner.Accounts())
        {
            if (account.Every is { } every && (states[account.Name].StartedAt is not { } last || last + every <= time.GetUtcNow()) && !states[account.Name].Waiting)
            {
                Ask(account.Name, "schedule", null);
            }
        }

        var revision = scanner.AdvisoryRevision();
        if (_advisories is { } before && before != revision && revision.Length > 0)
        {
            foreach (var account in scanner.Accounts())
            {
                Ask(account.Name, "match", null);
            }
        }

        _advisories = revision;
    }

    private async Task WatchAsync(IAccountScanner scanner, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Tick, time);
        do
        {
            try
            {
                await LookAsync(scanner, cancellationToken);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                // The list of accounts may be half written just now; the next look reads it again.
                LookFailed(log, error);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private async Task WorkAsync(IAccountScanner scanner, CancellationToken cancellationToken)
    {
        await foreach (var account in _queue.Reader.ReadAllAsync(cancellationToken))
        {
            Wish wish;
            lock (_gate)
            {
                _waiting.Remove(account, out wish!);
            }

            var started = time.GetUtcNow().ToUnixTimeMilliseconds();
            await RecordAsync(account, wish.Kind, started, null, 0, 0, 0, "", cancellationToken);
            var (targets, opened, resolved, error) = (0, 0, 0, "");
            try
            {
                await foreach (var report in wish.Kind == "match" ? scanner.MatchAsync(account, cancellationToken) : scanner.ScanAsync(account, wish.Functions, cancellationToken))
                {
                    var changes = await scans.PutAsync(report, $"{wish.Kind} {account}", cancellationToken);
                    targets += report.Targets.Count;
                    opened += changes.Sum(c => c.Added);
                    resolved += changes.Sum(c => c.Resolved);
                }
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // Shown with the account; the next event or hour tries again.
                error = exception.Message;
                RunFailed(log, account, exception);
            }

            await RecordAsync(account, wish.Kind, started, time.GetUtcNow().ToUnixTimeMilliseconds(), targets, opened, resolved, error, cancellationToken);
        }
    }

    private Task RecordAsync(string account, string kind, long started, long? ended, int targets, int opened, int resolved, string error, CancellationToken cancellationToken) => database.WriteAsync(c => c.ExecuteAsync("""
        INSERT INTO account_runs (account, started_at, ended_at, kind, targets, opened, fixed, error) VALUES (@account, @started, @ended, @kind, @targets, @opened, @resolved, @error)
        ON CONFLICT (account) DO UPDATE SET started_at = excluded.started_at, ended_at = excluded.ended_at, kind = excluded.kind, targets = excluded.targets, opened = excluded.opened, fixed = excluded.fixed, error = excluded.error
        """, new { account, kind, started, ended, targets, opened, resolved, error }), cancellationToken);

    [LoggerMessage(1, LogLevel.Warning, "the accounts could not be looked at")]
    private static partial void LookFailed(ILogger logger, Exception error);

    [LoggerMessage(2, LogLevel.Warning, "the scan of `{Account}` failed")]
    private static partial void RunFailed(ILogger logger, string account, Exception error);
}
