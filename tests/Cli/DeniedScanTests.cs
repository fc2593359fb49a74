using System.Text;
using System.Text.Json;
using Amazon.Runtime;
using Pellicle.Aws;
using Pellicle.Cli.Accounts;
using Pellicle.Cli.Tests.Support;
using Pellicle.Local;

namespace Pellicle.Cli.Tests;

/// <summary>The command itself, against a Lambda that refuses every second permission of the printed policy, and then the other half: a useful report, and exit 3.</summary>
public sealed class DeniedScanTests(Xunit.Abstractions.ITestOutputHelper output) : IAsyncLifetime
{
    // What each permission looks like on the wire; the services around Lambda are none of the local Lambda's.
    private static readonly Dictionary<string, Func<string, string, bool>> Calls = new(StringComparer.Ordinal)
    {
        ["lambda:GetCodeSigningConfig"] = (line, _) => line.StartsWith("GET /2020-04-22/code-signing-configs/", StringComparison.Ordinal) && !line.EndsWith("/functions", StringComparison.Ordinal),
        ["lambda:ListFunctionsByCodeSigningConfig"] = (line, _) => line.StartsWith("GET /2020-04-22/code-signing-configs/", StringComparison.Ordinal) && line.EndsWith("/functions", StringComparison.Ordinal),
        ["lambda:ListCodeSigningConfigs"] = (line, _) => line == "GET /2020-04-22/code-signing-configs",
        ["lambda:GetFunction"] = (line, _) => Parts(line) is ["2015-03-31", "functions", _],
        ["lambda:GetFunctionCodeSigningConfig"] = (line, _) => line.EndsWith("/code-signing-config", StringComparison.Ordinal),
        ["lambda:GetFunctionConcurrency"] = (line, _) => line.EndsWith("/concurrency", StringComparison.Ordinal),
        ["lambda:GetFunctionConfiguration"] = (line, _) => line.EndsWith("/configuration", StringComparison.Ordinal),
        ["lambda:GetPolicy"] = (line, _) => Parts(line) is [_, "functions", _, "policy"],
        ["lambda:GetRuntimeManagementConfig"] = (line, _) => line.EndsWith("/runtime-management-config", StringComparison.Ordinal),
        ["lambda:ListAliases"] = (line, _) => line.EndsWith("/aliases", StringComparison.Ordinal),
        ["lambda:ListFunctionEventInvokeConfigs"] = (line, _) => line.EndsWith("/event-invoke-config/list", StringComparison.Ordinal),
        ["lambda:ListFunctionUrlConfigs"] = (line, _) => line.EndsWith("/urls", StringComparison.Ordinal),
        ["lambda:ListTags"] = (line, _) => Parts(line) is ["2017-03-31", "tags", ..],
        ["lambda:ListVersionsByFunction"] = (line, _) => line.EndsWith("/versions", StringComparison.Ordinal) && line.Contains("/functions/", StringComparison.Ordinal),
        ["lambda:ListEventSourceMappings"] = (line, _) => Parts(line) is [_, "event-source-mappings"],
        ["lambda:ListFunctions"] = (line, _) => Parts(line) is [_, "functions"],
        ["lambda:ListLayers"] = (line, _) => line == "GET /2018-10-31/layers",
        ["lambda:GetLayerVersion"] = (line, _) => line.Contains("find=LayerVersion", StringComparison.Ordinal),
        ["lambda:GetLayerVersionPolicy"] = (line, _) => Parts(line) is [_, "layers", _, "versions", _, "policy"],
        ["lambda:ListLayerVersions"] = (line, _) => Parts(line) is [_, "layers", _, "versions"],
        ["iam:GetRole"] = (_, form) => form.StartsWith("Action=GetRole&", StringComparison.Ordinal),
        ["iam:GetRolePolicy"] = (_, form) => form.StartsWith("Action=GetRolePolicy&", StringComparison.Ordinal),
        ["iam:ListAttachedRolePolicies"] = (_, form) => form.StartsWith("Action=ListAttachedRolePolicies&", StringComparison.Ordinal),
        ["iam:ListRolePolicies"] = (_, form) => form.StartsWith("Action=ListRolePolicies&", StringComparison.Ordinal),
        ["iam:GetPolicy"] = (_, form) => form.StartsWith("Action=GetPolicy&", StringComparison.Ordinal),
        ["iam:GetPolicyVersion"] = (_, form) => form.StartsWith("Action=GetPolicyVersion&", StringComparison.Ordinal),
    };

    private readonly string _data = Directory.CreateTempSubdirectory("pellicle-denied-tests-").FullName;
    private readonly Door _door = new();
    private readonly System.Collections.Concurrent.ConcurrentQueue<(string Line, string Form)> _refused = new();
    private LocalLambda _local = null!;

    public async Task InitializeAsync()
    {
        _local = await LocalLambda.StartAsync(new LocalLambdaOptions { DataDirectory = Path.Combine(_data, "local"), RuntimesDirectory = _data, TransitionTime = TimeSpan.Zero }, default);
        _door.Start(_local.Address);
        using var http = new AwsHttp(new AwsSettings { Region = "us-east-1", Endpoint = _local.Address, Credentials = new BasicAWSCredentials("a", "b") });
        var lambda = new LambdaClient(http);
        var iam = new Iam(_local.Address);
        await iam.CallAsync("Action=CreateRole&RoleName=shop&AssumeRolePolicyDocument=" + Uri.EscapeDataString("""{"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"""));
        await iam.CallAsync("Action=PutRolePolicy&RoleName=shop&PolicyName=own&PolicyDocument=" + Uri.EscapeDataString("""{"Statement":[{"Sid":"wide","Effect":"Allow","Action":"s3:*","Resource":"*"}]}"""));
        var layer = await lambda.PublishLayerVersionAsync("helpers", TestArchive.Zip("nodejs/node_modules/lodash/package.json", """{"name":"lodash","version":"4.17.20"}"""), null, null, null);
        foreach (var name in new[] { "reader", "writer" })
        {
            await lambda.CreateFunctionAsync(name, "nodejs18.x", "app.handler", "arn:aws:iam::123456789012:role/shop", TestArchive.Zip("app.js", $"exports.handler = async () => '{name}'"), [layer.LayerVersionArn], new Dictionary<string, string>(), 3, 128);
            await lambda.WaitUpdatedAsync(name);
        }

        await lambda.AddPermissionAsync("reader", "all", "lambda:InvokeFunction", "*");
    }

    public async Task DisposeAsync()
    {
        _door.Dispose();
        await _local.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Every_permission_that_can_be_asked_here_is_refused_once()
    {
        string[] all = [.. ScanPolicy.Lists, .. ScanPolicy.Functions, .. ScanPolicy.Layers, .. ScanPolicy.Signing, .. ScanPolicy.Roles, .. ScanPolicy.Policies];
        all.Order(StringComparer.Ordinal).ShouldBe(Calls.Keys.Order(StringComparer.Ordinal));
        foreach (var half in new[] { 0, 1 })
        {
            var denied = all.Where((_, i) => i % 2 == half).ToHashSet(StringComparer.Ordinal);
            _refused.Clear();
            _door.Answers = (line, form, _) => Calls.Any(c => denied.Contains(c.Key) && c.Value(line, form)) ? Refuse(line, form) : null;
            var home = Path.Combine(_data, $"home-{half}");
            Directory.CreateDirectory(Path.Combine(home, "osv"));
            await File.WriteAllTextAsync(Path.Combine(home, "osv", "lodash.json"), """{"id":"GHSA-35jh-r3h4-6jhm","modified":"2026-01-01T00:00:00Z","summary":"command injection","affected":[{"package":{"ecosystem":"npm","name":"lodash"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"4.17.21"}]}]}]}""");
            await Command.RunAsync(home, 0, "db", "import", Path.Combine(home, "osv"));
            await Command.RunAsync(home, 0, "account", "add", "half", "--endpoint-url", _door.Address, "--region", "us-east-1");
            var table = await Command.RunAsync(home, 3, "account", "scan", "half");
            output.WriteLine($"refused: {string.Join(", ", denied)}\n{table.Error}\n{table.Out}");
            var json = await Command.RunAsync(home, 3, "account", "scan", "half", "--format", "json");
            using var report = JsonDocument.Parse(json.Out);
            var targets = report.RootElement.GetProperty("targets").EnumerateArray().ToList();
            targets.Count.ShouldBeGreaterThan(0, "something is told however much is missing");
            targets.Sum(t => t.GetProperty("findings").GetArrayLength()).ShouldBeGreaterThan(0);
            targets.ShouldContain(t => t.GetProperty("status").GetString() == "partial");
            // Each refusal is named, with what it costs; the exit code alone would be no help.
            foreach (var permission in _refused.Select(r => Calls.First(c => denied.Contains(c.Key) && c.Value(r.Line, r.Form)).Key).Where(p => p is not ("lambda:ListCodeSigningConfigs" or "iam:GetPolicy")).Distinct())
            {
                json.Error.ShouldContain($"not allowed: {permission}");
            }

            json.Error.ShouldContain("without it: ");
        }
    }

    [Fact]
    public async Task Where_functions_may_not_be_listed_those_that_are_known_are_read()
    {
        var home = Path.Combine(_data, "home-list");
        await Command.RunAsync(home, 0, "account", "add", "list", "--endpoint-url", _door.Address, "--region", "us-east-1");
        await Command.RunAsync(home, 0, "account", "scan", "list", "--no-advisories");
        _door.Answers = (line, form, _) => Calls["lambda:ListFunctions"](line, form) ? Refuse(line, form) : null;
        var again = await Command.RunAsync(home, 3, "account", "scan", "list", "--no-advisories", "--format", "json");
        using var report = JsonDocument.Parse(again.Out);
        report.RootElement.GetProperty("targets").EnumerateArray().Select(t => t.GetProperty("name").GetString()).ShouldBe(["reader", "writer", "helpers"]);
        again.Error.ShouldContain("not allowed: lambda:ListFunctions");
        // Nothing that was not seen is taken for deleted.
        (await Command.RunAsync(home, 0, "account", "changes", "list", "--format", "json")).Out.ShouldNotContain("\"fixed\"");
    }

    [Theory]
    [InlineData("helpers", "reader,writer")]
    [InlineData("lodash", "reader,writer")]
    [InlineData("npm/lodash<4.17.21", "reader,writer")]
    [InlineData("lodash@9.9.9", "")]
    public async Task Usage_takes_a_layer_or_a_package_by_its_name(string what, string expected)
    {
        var answer = await Command.RunAsync(Path.Combine(_data, "home-usage"), 0, "layers", "usage", what, "--endpoint-url", _door.Address, "--region", "us-east-1", "--format", "json");
        using var rows = JsonDocument.Parse(answer.Out);
        string.Join(',', rows.RootElement.EnumerateArray().Select(r => r.GetProperty("function").GetString())).ShouldBe(expected);
        (expected.Length > 0 || answer.Error.Contains("no function loads", StringComparison.Ordinal)).ShouldBeTrue();
    }

    private (int, string) Refuse(string line, string form)
    {
        _refused.Enqueue((line, form));
        return form.Length > 0 ? (403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: arn:aws:iam::123456789012:user/scan is not authorized</Message></Error></ErrorResponse>")
            : (403, """{"__type":"AccessDeniedException","Message":"User: arn:aws:iam::123456789012:user/scan is not authorized"}""");
    }

    private static string[] Parts(string line) => line.Split(' ')[1].Split('?')[0].Trim('/').Split('/');

    /// <summary>Sends a form to the local Lambda's IAM.</summary>
    private sealed class Iam(Uri address)
    {
        public async Task CallAsync(string form)
        {
            using var http = new HttpClient();
            using var answer = await http.PostAsync(address, new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded"));
            answer.EnsureSuccessStatusCode();
        }
    }
}
