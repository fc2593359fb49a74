using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Amazon.Runtime;
using Pellicle.Aws;
using Pellicle.Cli.Tests.Support;
using Pellicle.Domain;
using Pellicle.Local;
using Pellicle.Protection;
using Pellicle.Scanning.Pipeline;

namespace Pellicle.Cli.Tests;

/// <summary>The same account in the local Lambda and in moto, an implementation of the APIs by others: same inventory, same findings. And what we change, clients of others see.</summary>
public sealed partial class IndependentLambdaTests(Xunit.Abstractions.ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly byte[] Code = TestArchive.Zip(("app.py", "import boto3\nboto3.client('s3').get_object(Bucket='b', Key='k')\n"), ("requests-2.19.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: requests\nVersion: 2.19.0\n"));

    private readonly string _data = Directory.CreateTempSubdirectory("pellicle-independent-tests-").FullName;
    private LocalLambda _local = null!;

    public async Task InitializeAsync() =>
        _local = await LocalLambda.StartAsync(new LocalLambdaOptions { DataDirectory = Path.Combine(_data, "local"), RuntimesDirectory = _data, TransitionTime = TimeSpan.Zero }, default);

    public async Task DisposeAsync()
    {
        await _local.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [MotoFact]
    public async Task Both_give_the_same_inventory_and_the_same_findings()
    {
        using var moto = new Moto();
        var address = await moto.StartAsync();
        var theirs = await ScanAsync(address, "moto");
        var ours = await ScanAsync(_local.Address, "local");

        Inventory(theirs).ShouldBe(Inventory(ours));
        // What one of them cannot tell is said, and is not compared: moto knows neither runtime management nor addresses of layer content,
        // the local Lambda has no trails, recorders and log groups beside it. And moto answers the policy of the function for its versions.
        var untold = theirs.Targets.Concat(ours.Targets).SelectMany(t => t.Errors).Where(e => e.Path == "configuration").SelectMany(e => CheckId().Matches(e.Message).Select(m => m.Value)).Concat(["L-1", "L-5", "L-7", "E-2"]).ToHashSet();
        var (a, b) = (Findings(theirs, untold), Findings(ours, untold));
        a.ShouldBe(b);
        a.Count.ShouldBeGreaterThan(10);
        a.ShouldContain(f => f.Contains("E-1", StringComparison.Ordinal));
        a.ShouldContain(f => f.Contains("E-6", StringComparison.Ordinal));
        a.ShouldContain(f => f.Contains("I-14", StringComparison.Ordinal));
        output.WriteLine($"{a.Count} findings of {Inventory(ours).Count} targets are the same in both; not told by one of them: {string.Join(", ", untold.Order(StringComparer.Ordinal))}");
    }

    [Fact]
    public async Task Clients_of_others_see_what_a_repair_changed()
    {
        using var http = Http(_local.Address);
        var lambda = new LambdaClient(http);
        var old = (await lambda.PublishLayerVersionAsync("helpers", TestArchive.Zip(("python/a.py", "1")), null, ["python3.13"], null)).LayerVersionArn;
        await lambda.CreateFunctionAsync("orders", "python3.13", "app.handler", "arn:aws:iam::123456789012:role/shop", Code, [old], new Dictionary<string, string> { ["STAGE"] = "prod" }, 3, 128);
        await lambda.WaitUpdatedAsync("orders");
        var repair = new LayerRepair(lambda, Path.Combine(_data, "journal.json"));
        var done = await repair.RunAsync(old, TestArchive.Zip(("python/a.py", "2")), null);
        await SeenAsync(done.NewArn!);
        await repair.RevertAsync();
        await SeenAsync(old);

        async Task SeenAsync(string arn)
        {
            var told = $"{arn} prod Successful";
            (await RunAsync("/usr/bin/python3", "-c", "import boto3,sys; c=boto3.client('lambda',endpoint_url=sys.argv[1],region_name='us-east-1',aws_access_key_id='a',aws_secret_access_key='b').get_function_configuration(FunctionName='orders'); print(c['Layers'][0]['Arn'],c['Environment']['Variables']['STAGE'],c['LastUpdateStatus'])", _local.Address.ToString())).ShouldBe(told, "boto3");
            (await RunAsync("aws", "--endpoint-url", _local.Address.ToString(), "--region", "us-east-1", "--output", "text", "lambda", "get-function-configuration", "--function-name", "orders", "--query", "[Layers[0].Arn,Environment.Variables.STAGE,LastUpdateStatus]")).Replace('\t', ' ').ShouldBe(told, "aws");
            var clients = Path.Combine(Root(), "artifacts", "clients", "node");
            await RunAsync("/bin/sh", Path.Combine(Root(), "tests", "clients", "install.sh"));
            (await RunAsync("node", "-e", "const {LambdaClient,GetFunctionConfigurationCommand}=require('module').createRequire(process.argv[2]+'/')('@aws-sdk/client-lambda');new LambdaClient({endpoint:process.argv[1],region:'us-east-1',credentials:{accessKeyId:'a',secretAccessKey:'b'}}).send(new GetFunctionConfigurationCommand({FunctionName:'orders'})).then(c=>console.log(c.Layers[0].Arn,c.Environment.Variables.STAGE,c.LastUpdateStatus))", _local.Address.ToString(), clients)).ShouldBe(told, "npm's SDK");
        }
    }

    private static List<string> Inventory(ScanReport report) =>
        [.. report.Targets.Select(t => $"{t.Kind} {t.Name} {t.Arn} {t.Runtime}"), .. report.Targets.Where(t => t.Kind == "function").SelectMany(t => t.Packages.Where(p => p.Origin == "function").Select(p => $"{t.Name} {p.Purl}"))];

    private static List<string> Findings(ScanReport report, HashSet<string> untold) =>
        [.. report.Targets.SelectMany(t => t.Findings.Where(f => f.Kind == FindingKind.Posture && !untold.Contains(f.RuleId)).Select(f => $"{t.Name} {f.RuleId} {f.Severity} {f.Path}")).Order(StringComparer.Ordinal)];

    private async Task<ScanReport> ScanAsync(Uri address, string name)
    {
        using var http = Http(address, new Missing());
        await FillAsync(http, address);
        using var scan = new AccountScan(new LambdaClient(http), null, Path.Combine(_data, $"store-{name}"));
        return (await scan.RunAsync(null, layers: true, default)).Report;
    }

    /// <summary>The same calls to both.</summary>
    private static async Task FillAsync(AwsHttp http, Uri address)
    {
        const string trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}""";
        await FormAsync(http, address, ("Action", "CreateRole"), ("Version", "2010-05-08"), ("RoleName", "shop"), ("AssumeRolePolicyDocument", trust));
        await FormAsync(http, address, ("Action", "PutRolePolicy"), ("Version", "2010-05-08"), ("RoleName", "shop"), ("PolicyName", "own"), ("PolicyDocument", """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","dynamodb:DeleteTable","iam:PassRole"],"Resource":"*"}]}"""));
        var lambda = new LambdaClient(http);
        var layer = (await lambda.PublishLayerVersionAsync("helpers", TestArchive.Zip(("python/a.py", "1")), null, ["python3.12"], null)).LayerVersionArn;
        foreach (var (name, variables) in new[] { ("orders", new Dictionary<string, string> { ["AWS_KEY"] = "AKIAIOSFODNN7EXAMPLE" }), ("carts", new Dictionary<string, string>()) })
        {
            await lambda.CreateFunctionAsync(name, "python3.12", "app.handler", "arn:aws:iam::123456789012:role/shop", Code, [layer], variables, 900, 128);
            await lambda.WaitUpdatedAsync(name);
        }

        // Before the policy is made: moto would copy it to the version.
        await lambda.PublishVersionAsync("orders", null, null);
        await lambda.AddPermissionAsync("orders", "all", "lambda:InvokeFunction", "*");
        await lambda.AddPermissionAsync("carts", "bucket", "lambda:InvokeFunction", "s3.amazonaws.com");
        await lambda.CreateFunctionUrlAsync("orders", "NONE");
    }

    private static async Task FormAsync(AwsHttp http, Uri address, params (string Name, string Value)[] fields)
    {
        using var answer = await http.SendAsync(
            new AwsCall { Operation = fields[0].Value, Service = "iam", Region = "us-east-1", Method = "POST", Address = address, Path = "/", ContentType = "application/x-www-form-urlencoded; charset=utf-8", Body = Encoding.UTF8.GetBytes(string.Join('&', fields.Select(f => $"{f.Name}={Uri.EscapeDataString(f.Value)}"))) },
            default);
    }

    private static AwsHttp Http(Uri address, HttpMessageHandler? handler = null) => new(new AwsSettings { Region = "us-east-1", Endpoint = address, Credentials = new BasicAWSCredentials("a", "b") }, handler);

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        (start.Environment["AWS_ACCESS_KEY_ID"], start.Environment["AWS_SECRET_ACCESS_KEY"]) = ("a", "b");
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, $"{program}: {await error}");
        return text.Trim();
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Pellicle.slnx")))
        {
            directory = directory.Parent;
        }

        return directory.FullName;
    }

    [GeneratedRegex(@"\b[A-Z]-\d+\b")]
    private static partial Regex CheckId();

    /// <summary>moto names addresses of code at AWS, where nothing of it lies: they are answered here.</summary>
    private sealed class Missing() : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => request.RequestUri!.IsLoopback
            ? base.SendAsync(request, cancellationToken)
            : Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(Code) });
    }

    private sealed class Moto : IDisposable
    {
        private Process? _process;

        public async Task<Uri> StartAsync()
        {
            _process = Process.Start(new ProcessStartInfo("moto_server", ["-H", "127.0.0.1", "-p", "0"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            while (await _process.StandardError.ReadLineAsync() is { } line)
            {
                if (line.Split("Running on ") is [_, var address])
                {
                    _ = _process.StandardError.ReadToEndAsync();
                    _ = _process.StandardOutput.ReadToEndAsync();
                    return new Uri(address.Trim());
                }
            }

            throw new InvalidOperationException("moto_server ended before it listened");
        }

        public void Dispose()
        {
            _process?.Kill(entireProcessTree: true);
            _process?.Dispose();
        }
    }

    private sealed class MotoFactAttribute : FactAttribute
    {
        public MotoFactAttribute()
        {
            if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => File.Exists(Path.Combine(d, "moto_server"))))
            {
                Skip = "moto_server is not on the PATH";
            }
        }
    }
}
