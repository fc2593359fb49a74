using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Amazon.Runtime;

namespace Pellicle.Aws.Tests;

/// <summary>The same request, signed by us and by botocore, carries the same Authorization header; the same operation goes to the same address.</summary>
public sealed class SignatureTests
{
    private const string Key = "AKIDEXAMPLE";
    private const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    // One line in, one line out: `sign` signs the request as it went over the wire, `make` lets botocore make the request of an operation.
    private const string Botocore =
        """
        import sys, json, datetime, base64
        import botocore, botocore.auth, botocore.config, botocore.session
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        stamp = datetime.datetime(2026, 1, 1)
        class Fixed(datetime.datetime):
            @classmethod
            def utcnow(cls): return stamp
            @classmethod
            def now(cls, tz=None): return stamp.replace(tzinfo=tz)
        botocore.auth.datetime.datetime = Fixed
        if hasattr(botocore.auth, "get_current_datetime"):
            botocore.auth.get_current_datetime = lambda *a, **k: stamp
        session = botocore.session.Session()
        def sign(r):
            global stamp
            stamp = datetime.datetime.strptime(r["date"], "%Y%m%dT%H%M%SZ")
            request = AWSRequest(method=r["method"], url=r["url"], data=base64.b64decode(r["body"]) or None, headers=r["headers"])
            kind = botocore.auth.S3SigV4Auth if r["service"] == "s3" else botocore.auth.SigV4Auth
            if r["service"] == "s3": request.context["payload_signing_enabled"] = True
            kind(Credentials(r["key"], r["secret"], r["token"]), r["service"], r["region"]).add_auth(request)
            return request.headers["Authorization"]
        class Made(Exception): pass
        def make(r):
            client = session.create_client(r["service"], region_name=r["region"], aws_access_key_id="a", aws_secret_access_key="b")
            made = {}
            def stop(request, **_):
                made["url"] = request.url
                raise Made()
            client.meta.events.register("before-send", stop)
            try: getattr(client, r["operation"])(**r["arguments"])
            except Made: pass
            return made["url"]
        def presign(r):
            client = session.create_client("s3", region_name=r["region"], aws_access_key_id="a", aws_secret_access_key="b", aws_session_token=r["token"], config=botocore.config.Config(signature_version="s3v4"))
            return client.generate_presigned_url("get_object", Params={"Bucket": r["bucket"], "Key": r["key"]}, ExpiresIn=600)
        for line in sys.stdin:
            r = json.loads(line)
            print({"sign": sign, "make": make, "presign": presign}[r["do"]](r), flush=True)
        """;

    public static TheoryData<string, string?, string> Names => new()
    {
        { "orders", null, "eu-central-1" },
        { "arn:aws:lambda:eu-central-1:123456789012:function:orders", "session-token/+=", "eu-central-1" },
        { "arn:aws:lambda:eu-central-1:123456789012:function:orders:live", "IQoJb3JpZ2luX2VjEHs//////////wEaDGV1LWNlbnRyYWwtMSJHMEUCIQ==", "us-gov-west-1" },
        { "123456789012:function:orders", null, "cn-north-1" },
        { "a b+c%2F~._-!*'()", null, "eu-central-1" },
        { "größe-注文", null, "ap-southeast-2" },
    };

    [BotocoreTheory]
    [MemberData(nameof(Names))]
    public async Task Signatures_of_Lambda_equal_those_of_botocore(string function, string? token, string region)
    {
        using var theirs = new Oracle();
        using var wire = new Wire(token, region);
        var lambda = new LambdaClient(wire.Http);
        var arn = $"arn:aws:lambda:{region}:123456789012:function:{function}";
        await lambda.GetFunctionAsync(function, "live & more");
        await lambda.GetFunctionAsync(function, "$LATEST");
        await lambda.GetConfigurationAsync(function);
        await lambda.GetPolicyAsync(function, "1");
        await lambda.GetConcurrencyAsync(function);
        await lambda.ListTagsAsync(arn);
        await lambda.GetCodeSigningArnAsync(function);
        await lambda.GetCodeSigningConfigAsync($"arn:aws:lambda:{region}:123456789012:code-signing-config:csc-0123456789abcdef0");
        await lambda.GetRuntimeManagementAsync(function);
        await lambda.GetLayerVersionAsync($"arn:aws:lambda:{region}:123456789012:layer:{function}:1");
        await lambda.GetLayerPolicyAsync(function, 12);
        await lambda.DeleteLayerVersionAsync(function, 3);
        await lambda.PublishLayerVersionAsync(function, [0, 1, 2, 255], "ünïcode \"quoted\"", ["python3.13"], ["arm64"], "MIT");
        await lambda.UpdateConfigurationAsync(function, "rev", [$"arn:aws:lambda:{region}:123456789012:layer:pellicle:1"], new Dictionary<string, string> { ["A"] = "ü\u0000\n", ["B"] = "" });
        await lambda.UpdateAliasAsync(function, "live/á", "7", null);
        await lambda.PublishVersionAsync(function, null, null);
        await lambda.AddPermissionAsync(function, "sid", "lambda:InvokeFunction", "*");
        await lambda.InvokeAsync(function, Encoding.UTF8.GetBytes("""{"kéy":"välue"}"""), "live", log: true);
        await lambda.InvokeAsync(function, default, null);
        await DrainAsync(lambda.ListFunctionsAsync(allVersions: true));
        await DrainAsync(lambda.ListAliasesAsync(function));
        await DrainAsync(lambda.ListEventSourceMappingsAsync(function));
        await DrainAsync(lambda.ListFunctionUrlDocumentsAsync(function));
        await DrainAsync(lambda.ListEventInvokeConfigsAsync(function));
        await DrainAsync(lambda.ListLayerVersionsAsync(function));
        wire.Requests.Count.ShouldBeGreaterThan(24);
        wire.Requests.ShouldContain(r => r.Url.Contains("Marker=a%2Fb%2B%3D%3D%26", StringComparison.Ordinal), "a second page, with a marker that needs escapes");
        theirs.CheckAll(wire, "lambda", region, token);
    }

    [BotocoreTheory]
    [InlineData(null, "eu-central-1")]
    [InlineData("tok/+==", "us-gov-west-1")]
    [InlineData(null, "cn-northwest-1")]
    public async Task Signatures_of_IAM_STS_and_Organizations_equal_those_of_botocore(string? token, string region)
    {
        using var theirs = new Oracle();
        using (var wire = new Wire(token, region))
        {
            var iam = new IamClient(wire.Http);
            await iam.GetRoleAsync("a+b=c,d.e@f-g_h/ü *");
            await iam.ListRolePoliciesAsync("worker");
            await iam.ListAttachedRolePoliciesAsync("worker");
            await Should.ThrowAsync<AwsException>(() => iam.GetRolePolicyAsync("worker", "in line & more"));
            await Should.ThrowAsync<AwsException>(() => iam.GetManagedPolicyAsync("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"));
            theirs.CheckAll(wire, "iam", wire.Http.Settings.GlobalRegion, token);
        }

        using (var wire = new Wire(token, region))
        {
            var sts = new StsClient(wire.Http);
            await sts.GetCallerIdentityAsync();
            await Should.ThrowAsync<AwsException>(() => sts.AssumeRoleAsync("arn:aws:iam::123456789012:role/path/scan", "pellicle-scan", "secret id/+=&é"));
            theirs.CheckAll(wire, "sts", region, token);
        }

        using (var wire = new Wire(token, region))
        {
            await Should.ThrowAsync<AwsException>(() => new OrganizationsClient(wire.Http).ListAccountsAsync());
            await wire.Http.SendJsonAsync(new OrganizationsClient(wire.Http).Call("next/+==page"), default);
            theirs.CheckAll(wire, "organizations", wire.Http.Settings.GlobalRegion, token);
        }
    }

    [BotocoreTheory]
    [InlineData("layers", "repaired.zip", null)]
    [InlineData("layers", "a b/c+d/e=f&g/%41~!*'()@:,;$#?.zip", "tok/+==")]
    [InlineData("layers", "snapshots/123456789012/größe-注文-0f8f4c2e", null)]
    [InlineData("layers", "double//slash/./dot/../up", null)]
    [InlineData("my.bucket.name", "x/y z", null)]
    public async Task Signatures_of_S3_downloads_equal_those_of_botocore(string bucket, string key, string? token)
    {
        using var theirs = new Oracle();
        foreach (var endpoint in new[] { null, new Uri("http://127.0.0.1:9000") })
        {
            using var wire = new Wire(token, "eu-west-1", endpoint);
            await new S3Client(wire.Http).GetObjectAsync(bucket, key);
            theirs.CheckAll(wire, "s3", "eu-west-1", token);
            if (endpoint is null)
            {
                // botocore's own request for the same object, byte for byte; it signs ~ and / unescaped as we do.
                theirs.Make("s3", "eu-west-1", "get_object", new { Bucket = bucket, Key = key }).ShouldBe(wire.Requests[0].Url);
            }
        }
    }

    [BotocoreTheory]
    [InlineData(null, "eu-central-1")]
    [InlineData("tok/+==", "us-gov-west-1")]
    [InlineData(null, "cn-north-1")]
    public async Task Signatures_of_the_services_around_Lambda_equal_those_of_botocore(string? token, string region)
    {
        using var theirs = new Oracle();
        async Task CheckAsync(string service, Func<AwsHttp, OtherServices, Task> calls)
        {
            using var wire = new Wire(token, region);
            await calls(wire.Http, new OtherServices(wire.Http));
            theirs.CheckAll(wire, service, region, token);
        }

        // EC2's form of the query protocol, the query protocol, JSON by target in both versions, REST.
        await CheckAsync("ec2", async (_, services) =>
        {
            await services.Ec2Async("DescribeSubnets", "subnetSet", [("Filter.1.Name", "subnet-id"), ("Filter.1.Value.1", "subnet-0a"), ("Filter.1.Value.2", "a b+c/é~*")], default);
            await services.Ec2Async("DescribeSecurityGroups", "securityGroupInfo", [], default);
        });
        await CheckAsync("elasticloadbalancing", async (http, _) =>
        {
            var query = new QueryClient(http, "elasticloadbalancing", "2015-12-01", global: false);
            await query.CallAsync("DescribeTargetGroups", default, ("TargetGroupArns.member.1", $"arn:aws:elasticloadbalancing:{region}:123456789012:targetgroup/größe & more/0123"));
            await query.ListAsync("DescribeRules", "Rules", default, ("ListenerArn", "a/b+c="));
        });
        await CheckAsync("logs", (_, services) => services.TargetAsync("logs", "Logs_20140328.DescribeLogGroups", new { logGroupNamePrefix = "/aws/lambda/größe-注文", limit = 50, nextToken = "a/b+==" }, default));
        await CheckAsync("cloudtrail", (_, services) => services.TargetAsync("cloudtrail", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.DescribeTrails", new { includeShadowTrails = true }, default));
        await CheckAsync("config", (_, services) => services.TargetAsync("config", "StarlingDoveService.DescribeConfigurationRecorders", new { }, default));
        await CheckAsync("sqs", (_, services) => services.TargetAsync("sqs", "AmazonSQS.GetQueueAttributes", new { QueueUrl = "https://sqs/1/q", AttributeNames = new[] { "VisibilityTimeout" } }, default, "1.0"));
        await CheckAsync("apigateway", async (_, services) =>
        {
            await services.GetAsync("apigateway", "GetResources", "/restapis/{Api}/resources", new Dictionary<string, string> { ["{Api}"] = "a1b2 c/d" }, new Dictionary<string, string> { ["embed"] = "methods", ["limit"] = "500", ["position"] = "x/+= &é" }, default);
            await services.GetAsync("apigateway", "GetRoutes", "/v2/apis/{Api}/routes", new Dictionary<string, string> { ["{Api}"] = "a1b2" }, new Dictionary<string, string>(), default);
        });
        await CheckAsync("lambda", async (http, _) =>
        {
            var lambda = new LambdaClient(http);
            await DrainAsync(lambda.ListCodeSigningConfigsAsync());
            await DrainAsync(lambda.ListFunctionsByCodeSigningConfigAsync($"arn:aws:lambda:{region}:123456789012:code-signing-config:csc-0123456789abcdef0"));
        });
    }

    [BotocoreTheory]
    [InlineData("awslambda-eu-west-1-tasks", "snapshots/123456789012/orders-0f8f4c2e", null)]
    [InlineData("awslambda-eu-west-1-layers", "a b/größe-注文/~x!*'()@:,;$#?.zip", "IQoJb3JpZ2luX2Vj//+=")]
    [InlineData("layers", "double//slash/./dot/../up/%41", null)]
    public async Task An_address_that_Lambda_signed_is_sent_as_it_is_and_with_nothing_added(string bucket, string key, string? token)
    {
        using var theirs = new Oracle();
        using var wire = new Wire(token, "eu-west-1");
        var location = theirs.Presign("eu-west-1", token, bucket, key);
        location.ShouldContain("Signature=");
        await using (await wire.Http.DownloadAsync(AwsHttp.ExactAddress(location)!, default))
        {
        }

        var sent = wire.Requests.ShouldHaveSingleItem();
        sent.Line.ShouldBe(location[location.IndexOf('/', 9)..]);
        sent.Headers.Keys.ShouldNotContain(h => h.StartsWith("x-amz", StringComparison.OrdinalIgnoreCase) || h.Equals("Authorization", StringComparison.OrdinalIgnoreCase));
    }

    public static TheoryData<string, string, object> Operations => new()
    {
        { "get_function", "arn:aws:lambda:eu-central-1:123456789012:function:orders:live", new { FunctionName = "arn:aws:lambda:eu-central-1:123456789012:function:orders:live", Qualifier = "$LATEST" } },
        { "get_policy", "a~b-c_d", new { FunctionName = "a~b-c_d" } },
        { "list_tags", "", new { Resource = "arn:aws:lambda:eu-central-1:123456789012:function:orders" } },
        { "get_layer_version_by_arn", "", new { Arn = "arn:aws:lambda:eu-central-1:123456789012:layer:shared:12" } },
        { "get_layer_version_policy", "", new { LayerName = "arn:aws:lambda:eu-central-1:123456789012:layer:shared", VersionNumber = 12 } },
        { "list_functions", "", new { FunctionVersion = "ALL" } },
        { "list_event_source_mappings", "", new { FunctionName = "orders" } },
    };

    [BotocoreTheory]
    [MemberData(nameof(Operations))]
    public async Task The_same_operation_goes_to_the_same_address(string operation, string function, object arguments)
    {
        using var theirs = new Oracle();
        using var wire = new Wire(null, "eu-central-1");
        var lambda = new LambdaClient(wire.Http);
        await (operation switch
        {
            "get_function" => (Task)lambda.GetFunctionAsync(function, "$LATEST"),
            "get_policy" => lambda.GetPolicyAsync(function),
            "list_tags" => lambda.ListTagsAsync("arn:aws:lambda:eu-central-1:123456789012:function:orders"),
            "get_layer_version_by_arn" => lambda.GetLayerVersionAsync("arn:aws:lambda:eu-central-1:123456789012:layer:shared:12"),
            "get_layer_version_policy" => lambda.GetLayerPolicyAsync("arn:aws:lambda:eu-central-1:123456789012:layer:shared", 12),
            "list_functions" => DrainAsync(lambda.ListFunctionsAsync(allVersions: true)),
            "list_event_source_mappings" => DrainAsync(lambda.ListEventSourceMappingsAsync("orders")),
            _ => throw new ArgumentException(operation),
        });
        Normal(wire.Requests[0].Url).ShouldBe(Normal(theirs.Make("lambda", "eu-central-1", operation, arguments)));
    }

    // Both orders of a query are the same request: the signature sorts them.
    private static string Normal(string url) =>
        url.Split('?', 2) is [var path, var query] ? $"{path.TrimEnd('/')}?{string.Join('&', query.Split('&').Order(StringComparer.Ordinal))}" : url.TrimEnd('/');

    private static async Task DrainAsync<T>(IAsyncEnumerable<T> items)
    {
        await foreach (var _ in items)
        {
        }
    }

    private sealed record Sent(string Method, string Url, string Line, byte[] Body, Dictionary<string, string> Headers);

    /// <summary>A sender whose requests end here, recorded as they would go over the wire.</summary>
    private sealed class Wire : HttpMessageHandler
    {
        public Wire(string? token, string region, Uri? endpoint = null)
        {
            AWSCredentials credentials = token is null ? new BasicAWSCredentials(Key, Secret) : new SessionAWSCredentials(Key, Secret, token);
            Http = new AwsHttp(new AwsSettings { Region = region, Credentials = credentials, Endpoint = endpoint }, this);
        }

        public AwsHttp Http { get; }

        public List<Sent> Requests { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
            var headers = request.Headers.Concat(request.Content?.Headers.AsEnumerable() ?? []).ToDictionary(h => h.Key, h => string.Join(",", h.Value), StringComparer.OrdinalIgnoreCase);
            Requests.Add(new Sent(request.Method.Method, request.RequestUri!.OriginalString, request.RequestUri.PathAndQuery, body, headers));
            var xml = headers.GetValueOrDefault("Content-Type")?.StartsWith("application/x-www-form-urlencoded", StringComparison.Ordinal) == true;
            var marker = request.RequestUri.Query.Contains("Marker=", StringComparison.Ordinal) ? "" : ""","NextMarker":"a/b+==&" """;
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(xml ? "<R/>" : $$"""{"Version":1{{marker}}}""".Replace("\"Version\":1", "\"x\":1", StringComparison.Ordinal)) };
        }
    }

    /// <summary>One Python with botocore, asked line by line.</summary>
    private sealed class Oracle : IDisposable
    {
        private readonly Process _process = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", Botocore]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;

        public void CheckAll(Wire wire, string service, string region, string? token)
        {
            wire.Requests.ShouldNotBeEmpty();
            foreach (var request in wire.Requests)
            {
                var ours = request.Headers["Authorization"];
                var signed = ours.Split("SignedHeaders=")[1].Split(',')[0].Split(';');
                var headers = signed.Where(h => h is not ("host" or "x-amz-date" or "x-amz-security-token")).ToDictionary(h => h, h => request.Headers[h]);
                Ask(new
                {
                    @do = "sign", date = request.Headers["X-Amz-Date"], method = request.Method, url = request.Url, body = Convert.ToBase64String(request.Body), headers, token, service, region, key = Key, secret = Secret,
                }).ShouldBe(ours, $"{request.Method} {request.Url}");
            }
        }

        public string Make(string service, string region, string operation, object arguments) => Ask(new { @do = "make", service, region, operation, arguments });

        public string Presign(string region, string? token, string bucket, string key) => Ask(new { @do = "presign", region, token, bucket, key });

        public void Dispose()
        {
            _process.StandardInput.Close();
            _process.WaitForExit();
            _process.Dispose();
        }

        private string Ask(object question)
        {
            _process.StandardInput.WriteLine(JsonSerializer.Serialize(question));
            _process.StandardInput.Flush();
            return _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("botocore ended; its error is on stderr");
        }
    }

    private sealed class BotocoreTheoryAttribute : TheoryAttribute
    {
        private static readonly Lazy<bool> Present = new(() =>
        {
            using var process = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", "import botocore.auth"]) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        });

        public BotocoreTheoryAttribute()
        {
            if (!Present.Value)
            {
                Skip = "python3-botocore is not installed";
            }
        }
    }
}
