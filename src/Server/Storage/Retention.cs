using Dapper;

namespace Pellicle.Server.Storage;

/// <summary>Forgets what is older than the retention: incidents, and batch ids kept only to recognise repeats. The audit log stays.</summary>
internal sealed partial class Retention(Database database, ServerOptions options, ILogger<Retention> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.RetentionDays <= 0)
        {
            return;
        }

        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), options.TimeProvider);
        do
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                // The next hour tries again; nothing depends on it.
                Failed(log, error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    public Task RunAsync(CancellationToken cancellationToken)
    {
        var before = options.TimeProvider.GetUtcNow().AddDays(-options.RetentionDays).ToUnixTimeMilliseconds();
        return database.WriteAsync(async c =>
        {
            await c.ExecuteAsync("DELETE FROM incidents WHERE received_at < @before", new { before });
            await c.ExecuteAsync("DELETE FROM batches WHERE received_at < @before", new { before });
        }, cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Warning, "old incidents could not be removed")]
    private static partial void Failed(ILogger logger, Exception error);
}
