using System.Security.Cryptography;
using Pellicle.Aws;
using Pellicle.Cli.Commands;
using Pellicle.Local;
using Pellicle.Server;

namespace Pellicle.Cli.Demo;

/// <summary>A local Lambda and a server with their data in one temporary directory; all of it goes when the demo ends.</summary>
internal sealed class DemoStage : IAsyncDisposable
{
    private DemoStage(string directory, LocalLambda local, PellicleServer server)
    {
        Directory = directory;
        Local = local;
        Server = server;
        Lambda = new LambdaClient(new AwsHttp(new AwsSettings { Region = "us-east-1", Endpoint = local.Address, Credentials = new Amazon.Runtime.BasicAWSCredentials("demo", "demo") }));
        Client = new ServerClient(new Uri(server.Address), server.AdminToken!);
    }

    public string Directory { get; }

    public LocalLambda Local { get; }

    public PellicleServer Server { get; }

    public LambdaClient Lambda { get; }

    public ServerClient Client { get; }

    public static async Task<DemoStage> StartAsync(CancellationToken cancellationToken)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("pellicle-demo-").FullName;
        LocalLambda? local = null;
        try
        {
            local = await LocalCommand.StartAsync("http://127.0.0.1:0", Path.Combine(directory, "local"), cancellationToken);
            var server = await PellicleServer.StartAsync(
                new ServerOptions { Urls = "http://127.0.0.1:0", DataDirectory = Path.Combine(directory, "server"), AdminToken = $"pa_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20))}" },
                cancellationToken);
            return new DemoStage(directory, local, server);
        }
        catch
        {
            if (local is not null)
            {
                await local.DisposeAsync();
            }

            System.IO.Directory.Delete(directory, recursive: true);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Lambda.Http.Dispose();
        await Local.DisposeAsync();
        await Server.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
