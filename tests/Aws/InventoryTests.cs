using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Amazon.Runtime;
using Pellicle.Local;

namespace Pellicle.Aws.Tests;

/// <summary>Inventories of the local Lambda, in process, over HTTP.</summary>
public sealed class InventoryTests : IAsyncLifetime
{
    private const string Trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}""";

    private readonly string _data = Directory.CreateTempSubdirectory("pellicle-aws-tests-").FullName;
    private LocalLambda _local = null!;
    private string _layer = "";

    public async Task InitializeAsync()
    {
        _local = await LocalLambda.StartAsync(new LocalLambdaOptions { DataDirectory = _data, RuntimesDirectory = _data, TransitionTime = TimeSpan.Zero }, default);
        using var http = Http();
        var query = new QueryClient(http, "iam", "2010-05-08", global: true);
        await query.CallAsync("CreateRole", default, ("RoleName", "worker"), ("AssumeRolePolicyDocument", Trust));
        await query.CallAsync("PutRolePolicy", default, ("RoleName", "worker"), ("PolicyName", "own"), ("PolicyDocument", """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"a+b c/*"}]}"""));
        await query.CallAsync("AttachRolePolicy", default, ("RoleName", "worker"), ("PolicyArn", "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"));
        var lambda = new LambdaClient(http);
        _layer = (await lambda.PublishLayerVersionAsync("helpers", Zip("python/h.py"), null, null, null)).LayerVersionArn;
        foreach (var name in new[] { "one", "two" })
        {
            await lambda.CreateFunctionAsync(name, "python3.13", "app.handler", "arn:aws:iam::123456789012:role/worker", Zip("app.py"), [_layer], new Dictionary<string, string>(), 3, 128);
            await lambda.WaitUpdatedAsync(name);
        }

        await lambda.AddPermissionAsync("one", "all", "lambda:InvokeFunction", "*");
        await lambda.CreateFunctionUrlAsync("one", "NONE");
        await lambda.PublishVersionAsync("one", null, null);
    }

    public async Task DisposeAsync()
    {
        await _local.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Everything_that_can_be_read_is_there()
    {
        var (inventory, reader) = await ReadAsync(Http(), new InventoryOptions());
        inventory.Gaps.ShouldBeEmpty();
        inventory.Account.ShouldBe("123456789012");
        inventory.Functions.Select(f => f.Configuration.FunctionName).ShouldBe(["one", "two"]);
        var one = inventory.Functions[0];
        one.Policies![""].GetRawText().ShouldContain("\"all\"");
        one.Urls![""].GetProperty("AuthType").GetString().ShouldBe("NONE");
        one.Versions!.Select(v => v.Version).ShouldBe(["1"]);
        (one.Aliases!.Count, one.Concurrency!.ReservedConcurrentExecutions, one.CodeSigningRead, one.CodeSigning).ShouldBe((0, (int?)null, true, (JsonElement?)null));
        one.RuntimeManagement!.Value.GetProperty("UpdateRuntimeOn").GetString().ShouldBe("Auto");
        var role = inventory.Roles.ShouldHaveSingleItem().Value;
        role.Exists.ShouldBe(true);
        role.Policies!.Select(p => p.Kind).ShouldBe(["inline", "attached"]);
        role.Policies![0].Document.GetProperty("Statement")[0].GetProperty("Resource").GetString().ShouldBe("a+b c/*");
        reader.RoleUsers.ShouldHaveSingleItem().Value.ShouldBe(["one", "two"]);
        var layer = inventory.Layers[_layer];
        (layer.Own, layer.Readable, layer.Newest, layer.PolicyRead, layer.Policy).ShouldBe((true, true, 1L, true, (JsonElement?)null));
    }

    [Fact]
    public async Task A_role_that_does_not_exist_is_told_from_one_that_cannot_be_read()
    {
        await new LambdaClient(Http()).CreateFunctionAsync("lost", "python3.13", "app.handler", "arn:aws:iam::123456789012:role/gone", Zip("app.py"), [], new Dictionary<string, string>(), 3, 128);
        (await ReadAsync(Http(), new InventoryOptions())).Inventory.Roles["arn:aws:iam::123456789012:role/gone"].Exists.ShouldBe(false);
        (await ReadAsync(Http(new Denying("GetRole")), new InventoryOptions())).Inventory.Roles["arn:aws:iam::123456789012:role/gone"].Exists.ShouldBeNull();
    }

    [Fact]
    public async Task Roles_of_other_functions_are_read_only_where_they_are_asked_for()
    {
        await new LambdaClient(Http()).CreateFunctionAsync("other", "python3.13", "app.handler", "arn:aws:iam::123456789012:role/of-another", Zip("app.py"), [], new Dictionary<string, string>(), 3, 128);
        var one = new InventoryOptions { Functions = new HashSet<string> { "one" } };
        (await ReadAsync(Http(), one)).Inventory.Roles.Keys.Order(StringComparer.Ordinal).ShouldBe(["arn:aws:iam::123456789012:role/of-another", "arn:aws:iam::123456789012:role/worker"]);
        (await ReadAsync(Http(), one with { AllRoles = false })).Inventory.Roles.Keys.ShouldBe(["arn:aws:iam::123456789012:role/worker"]);
    }

    [Theory]
    [InlineData("/policy", "lambda:GetPolicy")]
    [InlineData("/urls", "lambda:ListFunctionUrlConfigs")]
    [InlineData("/aliases", "lambda:ListAliases")]
    [InlineData("event-source-mappings", "lambda:ListEventSourceMappings")]
    [InlineData("event-invoke-config", "lambda:ListFunctionEventInvokeConfigs")]
    [InlineData("code-signing-config", "lambda:GetFunctionCodeSigningConfig")]
    [InlineData("runtime-management-config", "lambda:GetRuntimeManagementConfig")]
    [InlineData("find=LayerVersion", "lambda:GetLayerVersion")]
    [InlineData("GetRolePolicy", "iam:GetRolePolicy")]
    [InlineData("GetPolicyVersion", "iam:GetPolicyVersion")]
    [InlineData("ListAttachedRolePolicies", "iam:ListAttachedRolePolicies")]
    public async Task A_denied_permission_is_a_gap_with_its_cost(string denied, string permission)
    {
        var (inventory, _) = await ReadAsync(Http(new Denying(denied)), new InventoryOptions());
        inventory.Functions.Count.ShouldBe(2);
        var gap = inventory.Gaps.First(g => g.Permission == permission);
        gap.ShouldSatisfyAllConditions(g => g.Denied.ShouldBeTrue(), g => g.Cost.ShouldNotBeEmpty(), g => g.Reason.ShouldBe("no"), g => g.Count.ShouldBeGreaterThan(0));
    }

    [Fact]
    public async Task Half_of_a_roles_policies_is_none()
    {
        var (inventory, _) = await ReadAsync(Http(new Denying("GetRolePolicy")), new InventoryOptions());
        inventory.Roles.Values.ShouldHaveSingleItem().Policies.ShouldBeNull();
    }

    [Fact]
    public async Task Without_GetFunction_configuration_is_still_read()
    {
        var (inventory, _) = await ReadAsync(Http(new Denying("GET /2015-03-31/functions/one$", "GET /2015-03-31/functions/two$")), new InventoryOptions());
        var one = inventory.Functions[0];
        (one.DetailRead, one.Tags!.Count, one.Concurrency).ShouldBe((false, 0, new ReservedConcurrency()));
    }

    [Fact]
    public async Task Functions_that_may_not_be_listed_are_found_by_their_log_groups_and_by_what_is_known()
    {
        var handler = new Denying("functions?FunctionVersion=ALL") { Logs = """{"logGroups":[{"logGroupName":"/aws/lambda/one"},{"logGroupName":"/aws/lambda/deleted"},{"logGroupName":"/aws/lambda/else/where"}]}""" };
        var (inventory, _) = await ReadAsync(Http(handler), new InventoryOptions { NamesKnown = ["two", "gone"] });
        inventory.Functions.Select(f => f.Configuration.FunctionName).ShouldBe(["one", "two"]);
        inventory.Functions[0].Versions!.Select(v => v.Version).ShouldBe(["1"]);
        inventory.Complete.ShouldBeFalse();
        inventory.Gaps.ShouldHaveSingleItem().Permission.ShouldBe("lambda:ListFunctions");
        await Should.ThrowAsync<AwsException>(() => ReadAsync(Http(new Denying("functions?FunctionVersion=ALL") { Type = "UnrecognizedClientException" }), new InventoryOptions()));
    }

    [Fact]
    public async Task An_assumed_role_signs_with_its_own_credentials()
    {
        var handler = new Denying() { Answer = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIATEST</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>tok</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>" };
        using var source = Http(handler);
        var credentials = await new AssumedRoleCredentials(new StsClient(source), "arn:aws:iam::123456789012:role/scan", "secret id").GetCredentialsAsync();
        (credentials.AccessKey, credentials.Token).ShouldBe(("ASIATEST", "tok"));
        handler.LastBody.ShouldContain("ExternalId=secret%20id");
        handler.LastBody.ShouldContain("RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fscan");
    }

    private static async Task<(Inventory Inventory, InventoryReader Reader)> ReadAsync(AwsHttp http, InventoryOptions options)
    {
        using (http)
        {
            var reader = new InventoryReader(new LambdaClient(http), new IamClient(http), new StsClient(http), options);
            return (await reader.ReadAsync(default), reader);
        }
    }

    private AwsHttp Http(HttpMessageHandler? handler = null) =>
        new(new AwsSettings { Region = "us-east-1", Endpoint = _local.Address, Credentials = new BasicAWSCredentials("a", "b") }, handler);

    private static byte[] Zip(string name)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = archive.CreateEntry(name).Open();
            entry.Write("pass"u8);
        }

        return stream.ToArray();
    }

    /// <summary>Refuses calls whose line or form holds one of the texts; the others go on. A text ending in <c>$</c> must end the line.</summary>
    private sealed class Denying(params string[] texts) : DelegatingHandler(new SocketsHttpHandler())
    {
        public string? Answer { get; init; }

        public string? Logs { get; init; }

        public string Type { get; init; } = "AccessDeniedException";

        public string LastBody { get; private set; } = "";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            LastBody = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            if (Answer is not null)
            {
                return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(Answer) };
            }

            var line = $"{request.Method} {request.RequestUri!.PathAndQuery}";
            var action = LastBody.Split('&')[0];
            if (Logs is not null && request.Headers.TryGetValues("X-Amz-Target", out var target) && target.First().StartsWith("Logs_", StringComparison.Ordinal))
            {
                return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(Logs) };
            }

            if (texts.Any(t => t.EndsWith('$') ? line.EndsWith(t[..^1], StringComparison.Ordinal) : line.Contains(t, StringComparison.Ordinal) || action == $"Action={t}"))
            {
                return new HttpResponseMessage(HttpStatusCode.Forbidden) { Content = new StringContent("""{"Message":"no"}""", Encoding.UTF8, "application/json"), Headers = { { "x-amzn-ErrorType", Type } } };
            }

            return await base.SendAsync(request, cancellationToken);
        }
    }
}
