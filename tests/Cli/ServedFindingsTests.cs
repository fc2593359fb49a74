using System.Diagnostics;
using System.Text.Json;
using Amazon.Runtime;
using Pellicle.Aws;
using Pellicle.Cli.Tests.Support;
using Pellicle.Local;

namespace Pellicle.Cli.Tests;

/// <summary>The life of findings through the commands, with a server of its own: uploaded, listed, accepted, back again, fixed.</summary>
public sealed class ServedFindingsTests : IAsyncLifetime
{
    private readonly string _data = Directory.CreateTempSubdirectory("pellicle-served-tests-").FullName;
    private LocalLambda _local = null!;
    private LambdaClient _lambda = null!;
    private Process _server = null!;

    public async Task InitializeAsync()
    {
        _local = await LocalLambda.StartAsync(new LocalLambdaOptions { DataDirectory = Path.Combine(_data, "local"), RuntimesDirectory = _data, TransitionTime = TimeSpan.Zero }, default);
        _lambda = new LambdaClient(new AwsHttp(new AwsSettings { Region = "us-east-1", Endpoint = _local.Address, Credentials = new BasicAWSCredentials("a", "b") }));
        await _lambda.CreateFunctionAsync("orders", "python3.13", "app.handler", "arn:aws:iam::123456789012:role/gone", TestArchive.Zip("app.py", "def handler(event, context): pass"), [], new Dictionary<string, string>(), 3, 128);
        await _lambda.WaitUpdatedAsync("orders");
        await _lambda.AddPermissionAsync("orders", "all", "lambda:InvokeFunction", "*");
        Directory.CreateDirectory(Home);
        _server = Process.Start(Command.Start(Home, "serve", "--urls", "http://127.0.0.1:0", "--data", Path.Combine(_data, "server")))!;
        var line = await _server.StandardOutput.ReadLineAsync();
        while (line is not null && !line.StartsWith("listening on ", StringComparison.Ordinal))
        {
            line = await _server.StandardOutput.ReadLineAsync();
        }

        line.ShouldNotBeNull(await (line is null ? _server.StandardError.ReadToEndAsync() : Task.FromResult("")));
    }

    public async Task DisposeAsync()
    {
        _server.Kill(entireProcessTree: true);
        await _server.WaitForExitAsync();
        _server.Dispose();
        _lambda.Http.Dispose();
        await _local.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    private string Home => Path.Combine(_data, "home");

    [Fact]
    public async Task A_finding_is_open_accepted_open_again_and_fixed()
    {
        await RunAsync("account", "add", "shop", "--endpoint-url", _local.Address.ToString(), "--region", "us-east-1");
        await RunAsync("account", "scan", "shop", "--no-advisories", "--upload");
        var open = await ItemsAsync("list", "--target", "orders", "--severity", "critical");
        open.Select(Rule).ShouldContain("E-1");

        var id = open.First(i => Rule(i) == "E-1").GetProperty("finding").GetProperty("fingerprint").GetString()![..12];
        (await RunAsync("findings", "list", "--severity", "critical")).ShouldContain(id);
        await RunAsync("findings", "accept", "orders", id, "--reason", "a public shop", "--until", "2099-12-31");
        (await ItemsAsync("list", "--target", "orders")).Select(Rule).ShouldNotContain("E-1");
        var accepted = (await ItemsAsync("list", "--target", "orders", "--status", "accepted")).ShouldHaveSingleItem();
        accepted.GetProperty("accepted").GetProperty("reason").GetString().ShouldBe("a public shop");
        (await RunAsync("findings", "list", "--status", "accepted")).ShouldContain("until 2099-12-31: a public shop");

        await RunAsync("findings", "reopen", "orders", "E-1");
        (await ItemsAsync("list", "--target", "orders")).Select(Rule).ShouldContain("E-1");

        using var http = new HttpClient();
        (await http.DeleteAsync(new Uri(_local.Address, "/2015-03-31/functions/orders/policy/all"))).EnsureSuccessStatusCode();
        await RunAsync("account", "scan", "shop", "--no-advisories", "--upload");
        (await ItemsAsync("list", "--target", "orders")).Select(Rule).ShouldNotContain("E-1");
        (await ItemsAsync("list", "--target", "orders", "--status", "resolved")).Select(Rule).ShouldContain("E-1");
        var changes = (await ItemsAsync("changes", "--target", "orders")).Where(c => c.GetProperty("ruleId").GetString() == "E-1").Select(c => c.GetProperty("change").GetString()).ToList();
        changes[0].ShouldBe("fixed");
        changes.ShouldContain("opened");
        changes.ShouldContain("accepted");
    }

    [Fact]
    public async Task What_is_not_there_is_said()
    {
        (await Command.RunAsync(Home, 2, "findings", "accept", "nobody", "E-1", "--reason", "r")).Error.ShouldContain("nothing is known of `nobody`");
        (await Command.RunAsync(Home, 2, "findings", "accept", "orders", "E-1", "--reason", "r", "--until", "tomorrow")).Error.ShouldContain("`tomorrow` is no day");
        (await Command.RunAsync(Path.Combine(_data, "elsewhere"), 2, "findings", "list")).Error.ShouldContain("no server is known");
    }

    private static string? Rule(JsonElement item) => item.GetProperty("finding").GetProperty("ruleId").GetString();

    private async Task<List<JsonElement>> ItemsAsync(params string[] arguments)
    {
        using var answer = JsonDocument.Parse(await RunAsync(["findings", .. arguments, "--format", "json"]));
        return [.. answer.RootElement.Clone().GetProperty("items").EnumerateArray()];
    }

    private async Task<string> RunAsync(params string[] arguments) => (await Command.RunAsync(Home, 0, arguments)).Out;
}
