using System.Net;
using System.Text;
using Amazon.Runtime;
using Pellicle.Aws;
using Pellicle.Cli.Accounts;
using Pellicle.Cli.Tests.Support;
using Pellicle.Local;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Tests;

/// <summary>From the API of the local Lambda to findings.</summary>
public sealed class AccountScanTests : IAsyncLifetime
{
    private readonly string _data = Directory.CreateTempSubdirectory("pellicle-cli-tests-").FullName;
    private readonly Refusing _handler = new();
    private readonly List<AccountScan> _scans = [];
    private LocalLambda _local = null!;
    private LambdaClient _lambda = null!;

    public async Task InitializeAsync()
    {
        _local = await LocalLambda.StartAsync(new LocalLambdaOptions { DataDirectory = Path.Combine(_data, "local"), RuntimesDirectory = _data, TransitionTime = TimeSpan.Zero }, default);
        _lambda = new LambdaClient(new AwsHttp(new AwsSettings { Region = "us-east-1", Endpoint = _local.Address, Credentials = new BasicAWSCredentials("a", "b") }, _handler));
        await IamAsync("Action=CreateRole&RoleName=shop&AssumeRolePolicyDocument=" + Uri.EscapeDataString("""{"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"""));
        await IamAsync("Action=PutRolePolicy&RoleName=shop&PolicyName=own&PolicyDocument=" + Uri.EscapeDataString("""{"Statement":[{"Sid":"wide","Effect":"Allow","Action":["s3:GetObject","s3:PutObject","dynamodb:DeleteTable"],"Resource":"*"}]}"""));
        var layer = await _lambda.PublishLayerVersionAsync("helpers", TestArchive.Zip(("nodejs/node_modules/lodash/package.json", """{"name":"lodash","version":"4.17.20"}""")), null, null, null);
        foreach (var (name, code) in new[] { ("reader", "import boto3\nboto3.client('s3').get_object()"), ("writer", "import boto3\nboto3.client('s3').put_object()") })
        {
            await _lambda.CreateFunctionAsync(name, "python3.13", "app.handler", "arn:aws:iam::123456789012:role/shop", TestArchive.Zip(("app.py", code)), [layer.LayerVersionArn], new Dictionary<string, string>(), 3, 128);
            await _lambda.WaitUpdatedAsync(name);
        }

        await _lambda.AddPermissionAsync("reader", "all", "lambda:InvokeFunction", "*");
    }

    public async Task DisposeAsync()
    {
        _scans.ForEach(s => s.Dispose());
        _lambda.Http.Dispose();
        await _local.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Functions_layers_and_roles_are_judged_together()
    {
        var result = await ScanAsync();
        result.Inventory.Gaps.ShouldBeEmpty();
        result.Report.Targets.Select(t => (t.Kind, t.Name, t.Status)).ShouldBe([("function", "reader", ScanStatus.Succeeded), ("function", "writer", ScanStatus.Succeeded), ("layer", "helpers", ScanStatus.Succeeded)]);
        var reader = result.Report.Targets[0];
        // The local Lambda is Lambda alone: said once, and nothing is judged from what is not there.
        result.Report.Notes!.ShouldContain(n => n.Contains("does not serve", StringComparison.Ordinal) && n.Contains("logs", StringComparison.Ordinal));
        reader.Findings.Select(f => f.RuleId).ShouldNotContain("L-1");
        reader.Findings.Select(f => f.RuleId).ShouldContain("E-1");
        reader.Findings.Select(f => f.RuleId).ShouldContain("I-14");
        reader.Packages.ShouldContain(p => p.Name == "lodash" && p.Origin == "layer:helpers");
        // PutObject is used by the other function of the role; DeleteTable by none.
        var unused = reader.Findings.Where(f => f.Description.Contains("called by no code", StringComparison.Ordinal)).ToList();
        unused.ShouldHaveSingleItem().ShouldSatisfyAllConditions(f => f.RuleId.ShouldBe("I-9"), f => f.Description.ShouldContain("dynamodb:DeleteTable"));
    }

    [Fact]
    public async Task Nothing_changed_means_nothing_downloaded_and_the_same_report()
    {
        var first = await ScanAsync();
        var second = await ScanAsync();
        (first.Downloads, second.Downloads).ShouldBe((3, 0));
        ScanJson.Write(second.Report).ShouldBe(ScanJson.Write(first.Report));
    }

    [Fact]
    public async Task What_changed_is_read_again_and_told()
    {
        await ScanAsync();
        await _lambda.CreateFunctionUrlAsync("writer", "NONE");
        var second = await ScanAsync();
        second.Changes.SelectMany(g => g.All()).ShouldContain(c => c.Change == "opened" && c.Name == "writer" && c.RuleId == "E-6");
        second.Changes.SelectMany(g => g.All()).ShouldAllBe(c => c.Name == "writer");
        await RemoveUrlAsync("writer");
        (await ScanAsync()).Changes.SelectMany(g => g.All()).ShouldContain(c => c.Change == "fixed" && c.Name == "writer" && c.RuleId == "E-6");
        await _lambda.CreateFunctionUrlAsync("writer", "NONE");
        (await ScanAsync()).Changes.SelectMany(g => g.All()).ShouldContain(c => c.Change == "re-opened" && c.Name == "writer" && c.RuleId == "E-6");
    }

    [Fact]
    public async Task A_policy_is_asked_for_again_when_the_revision_changed_and_only_then()
    {
        await ScanAsync();
        _handler.Seen.Clear();
        var second = await ScanAsync();
        _handler.Seen.ShouldNotContain(l => l.Contains("/functions/", StringComparison.Ordinal) && l.EndsWith("/policy", StringComparison.Ordinal));
        second.Report.Targets[0].Findings.Select(f => f.RuleId).ShouldContain("E-1");
        await _lambda.AddPermissionAsync("writer", "all", "lambda:InvokeFunction", "*");
        _handler.Seen.Clear();
        var third = await ScanAsync();
        _handler.Seen.Where(l => l.Contains("/functions/", StringComparison.Ordinal) && l.EndsWith("/policy", StringComparison.Ordinal)).ShouldBe(["GET /2015-03-31/functions/writer/policy"]);
        third.Report.Targets[1].Findings.Select(f => f.RuleId).ShouldContain("E-1");
    }

    [Fact]
    public async Task Values_of_variables_are_not_kept()
    {
        await _lambda.UpdateConfigurationAsync("reader", null, null, new Dictionary<string, string> { ["PASSWORD"] = "correct-horse-battery" });
        await _lambda.WaitUpdatedAsync("reader");
        await ScanAsync();
        using var store = new AccountStore(Path.Combine(_data, "store"), "us-east-1");
        System.Text.Json.JsonSerializer.Serialize(store.Function("reader")!.Inventory).ShouldNotContain("correct-horse");
        Encoding.UTF8.GetString(new StoredTargets(store).Text("arn:aws:lambda:us-east-1:123456789012:function:reader")!).ShouldNotContain("correct-horse");
    }

    [Fact]
    public async Task A_scope_limits_what_is_read_and_forgets_nothing_outside_it()
    {
        await ScanAsync();
        var scan = new AccountScan(_lambda, null, Path.Combine(_data, "store"));
        _scans.Add(scan);
        var some = await scan.RunAsync(null, new ScanScope { Names = ["read*"], NoLayers = true }, default);
        some.Report.Targets.Select(t => t.Name).ShouldBe(["reader"]);
        (await ScanAsync()).Changes.ShouldBeEmpty();
    }

    [Fact]
    public async Task Published_versions_are_targets_when_all_versions_are_asked_for()
    {
        await _lambda.PublishVersionAsync("reader", null, null);
        var scan = new AccountScan(_lambda, null, Path.Combine(_data, "store"));
        _scans.Add(scan);
        var all = await scan.RunAsync(null, new ScanScope { AllVersions = true, NoLayers = true }, default);
        all.Report.Targets.Select(t => t.Name).ShouldBe(["reader", "reader:1", "writer"]);
        all.Report.Targets[1].Packages.ShouldContain(p => p.Name == "lodash" && p.Origin == "layer:helpers");
    }

    private async Task RemoveUrlAsync(string function)
    {
        using var http = new HttpClient();
        using var answer = await http.DeleteAsync(new Uri(_local.Address, $"/2021-10-31/functions/{function}/url"));
        answer.EnsureSuccessStatusCode();
    }

    [Fact]
    public async Task Half_the_permissions_still_make_a_useful_and_incomplete_report()
    {
        _handler.Texts = ["/policy", "/urls", "/aliases", "/versions", "Action=GetRolePolicy", "runtime-management-config", "find=LayerVersion"];
        var result = await ScanAsync();
        var reader = result.Report.Targets[0];
        reader.Status.ShouldBe(ScanStatus.Partial);
        reader.Errors.ShouldContain(e => e.Message.Contains("lambda:GetPolicy", StringComparison.Ordinal) && e.Message.Contains("E-1", StringComparison.Ordinal));
        reader.Findings.Select(f => f.RuleId).ShouldNotContain("E-1");
        reader.Findings.Select(f => f.RuleId).ShouldContain("L-3");
        reader.Findings.Select(f => f.RuleId).ShouldContain("I-14");
        new Pellicle.Scanning.Reports.Gate(null).ExitCode(result.Report).ShouldBe((int)ExitCode.Incomplete);
    }

    [Fact]
    public async Task Without_the_code_the_configuration_is_judged()
    {
        _handler.Texts = ["GET /2015-03-31/functions/reader$"];
        var reader = (await ScanAsync()).Report.Targets[0];
        reader.Status.ShouldBe(ScanStatus.Partial);
        reader.Findings.Select(f => f.RuleId).ShouldContain("E-1");
        reader.Errors.ShouldContain(e => e.Message.Contains("lambda:GetFunction", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_printed_policy_names_every_permission_that_can_be_missing()
    {
        _handler.Texts = ["GET /20", "Action=", "POST /$"];
        _handler.Except = "GET /2015-03-31/functions?FunctionVersion=ALL$";
        var gaps = (await ScanAsync()).Inventory.Gaps.Select(g => g.Permission).ToHashSet();
        gaps.Count.ShouldBeGreaterThan(8);
        gaps.Remove("sts:GetCallerIdentity");
        gaps.Except([.. ScanPolicy.Lists, .. ScanPolicy.Functions, .. ScanPolicy.Layers, .. ScanPolicy.Signing, .. ScanPolicy.Roles, .. ScanPolicy.Policies, .. ScanPolicy.Surroundings, .. ScanPolicy.Apis]).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_least_privilege_policy_keeps_what_all_functions_of_the_role_call()
    {
        using var scan = new AccountScan(_lambda, null, null);
        (await scan.ProposeAsync("shop", default)).Policy.ShouldBe("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":["*"]}]}""");
    }

    [Fact]
    public async Task A_role_whose_grants_nobody_uses_needs_no_policy()
    {
        await IamAsync("Action=CreateRole&RoleName=idle&AssumeRolePolicyDocument=" + Uri.EscapeDataString("""{"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"""));
        await IamAsync("Action=PutRolePolicy&RoleName=idle&PolicyName=own&PolicyDocument=" + Uri.EscapeDataString("""{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"""));
        await _lambda.CreateFunctionAsync("idler", "python3.13", "app.handler", "arn:aws:iam::123456789012:role/idle", TestArchive.Zip(("app.py", "def handler(event, context): return 1")), [], new Dictionary<string, string>(), 3, 128);
        using var scan = new AccountScan(_lambda, null, null);
        (await scan.ProposeAsync("idle", default)).ShouldBe((null, true));
    }

    private async Task<AccountScanResult> ScanAsync()
    {
        // The result reads its targets from the store of the scan.
        var scan = new AccountScan(_lambda, null, Path.Combine(_data, "store"));
        _scans.Add(scan);
        return await scan.RunAsync(null, layers: true, default);
    }

    private async Task IamAsync(string form)
    {
        using var http = new HttpClient();
        using var answer = await http.PostAsync(_local.Address, new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded"));
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Refuses calls whose line or form holds one of the texts (a text ending in <c>$</c>: ends with it).</summary>
    private sealed class Refusing() : DelegatingHandler(new SocketsHttpHandler())
    {
        public string[] Texts { get; set; } = [];

        public string? Except { get; set; }

        public System.Collections.Concurrent.ConcurrentQueue<string> Seen { get; } = new();

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var line = $"{request.Method} {request.RequestUri!.PathAndQuery}";
            Seen.Enqueue(line);
            var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            bool Hits(string text) => text.EndsWith('$') ? line.EndsWith(text[..^1], StringComparison.Ordinal) : line.Contains(text, StringComparison.Ordinal) || body.StartsWith(text, StringComparison.Ordinal);
            return Texts.Any(Hits) && (Except is null || !Hits(Except))
                ? new HttpResponseMessage(HttpStatusCode.Forbidden) { Content = new StringContent("""{"Message":"no"}"""), Headers = { { "x-amzn-ErrorType", "AccessDeniedException" } } }
                : await base.SendAsync(request, cancellationToken);
        }
    }
}
