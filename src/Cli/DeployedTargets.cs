using Pellicle.Cli.Accounts;
using Pellicle.Cli.Commands;
using Pellicle.Scanning.Pipeline;
using Pellicle.Scanning.Reports;

namespace Pellicle.Cli;

/// <summary>What <c>scan</c> reads from an account and sends to a server.</summary>
internal sealed class DeployedTargets : IBeyondFiles
{
    public void Announce()
    {
        // Here is all there is.
    }

    public async Task<ScanReport> AccountAsync(string name, string? database, CancellationToken cancellationToken)
    {
        using var run = await AccountRun.StartAsync(AccountBook.Find(name), null, database, null, null, cancellationToken);
        return run.Report;
    }

    public async Task<DeployedFiles> DeployedAsync(IReadOnlyList<string> names, string? database, (string? Profile, string? Region, string? Endpoint) aws, (string? Server, string? Token) server, CancellationToken cancellationToken)
    {
        var scan = new AccountScan(Connections.Connect(aws), database, null);
        try
        {
            using var observer = ServerClient.TryFind(server.Server, server.Token);
            var requests = new List<TargetRequest>();
            foreach (var name in names)
            {
                requests.Add(await WithLoadedAsync(await scan.RequestAsync(name, cancellationToken), observer, cancellationToken));
            }

            return new DeployedFiles(requests, scan);
        }
        catch
        {
            scan.Dispose();
            throw;
        }
    }

    public async Task UploadAsync(ScanReport report, (string? Server, string? Token) server, CancellationToken cancellationToken)
    {
        using var client = ServerClient.Find(server.Server, server.Token);
        await client.PutAsync("/api/v1/scans", ScanJson.Write(report), cancellationToken);
    }

    /// <summary>Adds what guards saw loaded. Without it the scan is complete all the same, only without that mark.</summary>
    private static async Task<TargetRequest> WithLoadedAsync(TargetRequest request, ServerClient? server, CancellationToken cancellationToken)
    {
        if (server is null || request is not { Kind: "function", Arn: { } arn, Source.Sha256: { } sha256 })
        {
            return request;
        }

        try
        {
            var code = Convert.ToBase64String(Convert.FromHexString(sha256));
            var loaded = await server.GetAsync($"/api/v1/functions/{Uri.EscapeDataString(arn)}/loaded?codeSha256={Uri.EscapeDataString(code)}", cancellationToken);
            var paths = loaded.GetProperty("paths").EnumerateArray().Select(p => p.GetString()!).ToList();
            return paths.Count > 0 ? request with { LoadedFiles = paths } : request;
        }
        catch (CliException exception)
        {
            Messages.Note($"which packages are in use is not known: {exception.Message}");
            return request;
        }
    }
}
