using System.Net;
using System.Text;
using System.Text.Json;
using Amazon.Runtime;

namespace Pellicle.Aws.Tests;

/// <summary>What lies around functions, in the answers of the real services' protocols.</summary>
public sealed class SurroundingsTests
{
    private const string Arn = "arn:aws:lambda:eu-central-1:123456789012:function:shop";
    private const string Group = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/1234567890abcdef";
    private const string Balancer = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/front/abcdef1234567890";

    private static Inventory Account(string policy = """{"Statement":[]}""") => new()
    {
        Account = "123456789012",
        Region = "eu-central-1",
        Functions =
        [
            new FunctionInventory
            {
                Configuration = new FunctionConfiguration
                {
                    FunctionName = "shop",
                    FunctionArn = Arn,
                    Other = new Dictionary<string, JsonElement> { ["VpcConfig"] = Json("""{"VpcId":"vpc-1","SubnetIds":["subnet-a","subnet-b"],"SecurityGroupIds":["sg-1"]}"""), ["LoggingConfig"] = Json("""{"LogGroup":"/own/shop"}""") },
                },
                Policies = new Dictionary<string, JsonElement> { [""] = Json(policy) },
                EventSourceMappings = [Json("""{"EventSourceArn":"arn:aws:sqs:eu-central-1:123456789012:orders"}""")],
            },
        ],
        Layers = new Dictionary<string, LayerInventory>(),
        Roles = new Dictionary<string, RoleInventory>(),
        Gaps = [],
    };

    [Fact]
    public async Task Everything_is_read_in_each_services_protocol()
    {
        var aws = new Services();
        var around = await ReadAsync(aws, Account());
        around.Gaps.ShouldBeEmpty();
        around.NotServed.ShouldBeEmpty();
        around.Subnets!.Select(s => (s.Key, s.Value.Zone)).ShouldBe([("subnet-a", "eu-central-1a"), ("subnet-b", "eu-central-1b")], ignoreOrder: true);
        around.Subnets!["subnet-a"].Tags["Env"].ShouldBe("prod");
        around.SecurityGroups!["sg-1"].Egress.ShouldHaveSingleItem().ShouldSatisfyAllConditions(e => e.Protocol.ShouldBe("-1"), e => e.FromPort.ShouldBeNull(), e => e.Targets.ShouldBe(["0.0.0.0/0", "::/0"]));
        around.LogGroups!.ShouldHaveSingleItem().ShouldBe(new("/own/shop", new LogGroupInventory(30, null)));
        around.Trails!.ShouldHaveSingleItem().ShouldSatisfyAllConditions(t => t.IsLogging.ShouldBeTrue(), t => t.AdvancedSelectors.Count.ShouldBe(1));
        around.Recorders!.ShouldHaveSingleItem().IsRecording.ShouldBeTrue();
        around.Queues.ShouldHaveSingleItem().Value.ShouldBe(30);
        around.Routes!.ShouldBeEmpty("no policy names an API");
        aws.Asked.ShouldContain("logs_20140328.describeloggroups");
    }

    [Theory]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}]}""", "GET", "/shop", true)]
    [InlineData("""{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"*\"},\"Action\":\"execute-api:Invoke\",\"Resource\":\"arn:aws:execute-api:eu-central-1:123456789012:rest1\/*\/GET\/shop\"}]}""", "GET", "/shop", true)]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/prod/GET/shop/*"}]}""", "ANY", "/shop/item", true)]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/prod/POST/*"}]}""", "GET", "/shop", false)]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}""", "GET", "/shop", false)]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"},{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*","Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}""", "GET", "/shop", false)]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"execute-api:Invoke","Resource":"*"}]}""", "GET", "/shop", false)]
    [InlineData("no policy at all", "GET", "/shop", false)]
    public void The_policy_of_a_REST_API_opens_a_method_or_not(string policy, string method, string path, bool open) => ApiPolicy.Parse(policy)!.AdmitsEveryone(method, path).ShouldBe(open);

    [Fact]
    public async Task Who_may_connect_is_asked_once_for_a_WebSocket()
    {
        static string Statement(string id) => $$$$$"""{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:eu-central-1:123456789012:{{{{{id}}}}}/*/*"}}}""";
        var around = await ReadAsync(new Services(), Account($$$"""{"Statement":[{{{Statement("socket1")}}},{{{Statement("socket2")}}}]}"""));
        around.Routes!.Select(r => (r.Source, r.Path, r.Authorization)).ShouldBe([("WebSocket API socket1", "$default", "AWS_IAM"), ("WebSocket API socket2", "$connect", ""), ("WebSocket API socket2", "send", "")]);
    }

    [Fact]
    public async Task Routes_of_REST_and_HTTP_APIs_are_found_by_the_policys_source()
    {
        static string Statement(string id) => $$$$$"""{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:eu-central-1:123456789012:{{{{{id}}}}}/*/*"}}}""";
        var around = await ReadAsync(new Services(), Account($$$"""{"Statement":[{{{Statement("rest1")}}},{{{Statement("http1")}}},{{{Statement("private1")}}},{{{Statement("gone1")}}}]}"""));
        around.Gaps.ShouldBeEmpty();
        around.Routes!.Select(r => (r.Source, r.Path, r.FunctionArn, r.Authorization, r.NeedsApiKey)).ShouldBe(
        [
            ("HTTP API http1", "POST /orders", Arn, "", false),
            ("HTTP API http1", "GET /orders", Arn, "JWT", false),
            ("REST API rest1", "GET /shop", Arn, "", true),
            ("REST API rest1", "POST /shop", Arn, "AWS_IAM", false),
        ], ignoreOrder: true);
        around.Routes!.ShouldAllBe(r => r.Repair.StartsWith("aws apigateway", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Listeners_of_load_balancers_are_routes()
    {
        var around = await ReadAsync(new Services(), Account($$$$$"""{"Statement":{"Effect":"Allow","Principal":{"Service":"elasticloadbalancing.amazonaws.com"},"Action":"lambda:InvokeFunction","Condition":{"ArnLike":{"AWS:SourceArn":"{{{{{Group}}}}}"}}}}"""));
        around.Gaps.ShouldBeEmpty();
        around.Routes!.Select(r => (r.Source, r.FunctionArn, r.Authorization)).ShouldBe([("load balancer front", Arn, "authenticate-oidc"), ("load balancer front", Arn, "")]);
    }

    [Fact]
    public async Task What_is_denied_is_a_gap_and_the_rest_is_read()
    {
        var around = await ReadAsync(new Services { Denied = ["DescribeSubnets", "cloudtrail", "GetQueueAttributes"] }, Account());
        around.Gaps.Select(g => (g.Permission, g.Denied)).ShouldBe([("cloudtrail:DescribeTrails", true), ("ec2:DescribeSubnets", true), ("sqs:GetQueueAttributes", true)]);
        (around.Subnets, around.Trails).ShouldBe((null, null));
        around.SecurityGroups.ShouldNotBeNull();
        around.LogGroups.ShouldNotBeNull();
        around.Queues.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_endpoint_with_Lambda_alone_is_no_gap()
    {
        var around = await ReadAsync(new Services { Nothing = true }, Account());
        around.Gaps.ShouldBeEmpty();
        around.NotServed.ShouldBe(["cloudtrail", "config", "ec2", "logs", "sqs"]);
    }

    [Fact]
    public async Task Without_functions_nothing_is_asked()
    {
        var aws = new Services();
        await ReadAsync(aws, Account() with { Functions = [] });
        aws.Asked.ShouldBeEmpty();
    }

    private static async Task<Surroundings> ReadAsync(Services aws, Inventory inventory)
    {
        using var http = new AwsHttp(new AwsSettings { Region = "eu-central-1", Endpoint = new Uri("http://127.0.0.1:9/"), Credentials = new BasicAWSCredentials("a", "b") }, aws);
        return await new SurroundingsReader(http).ReadAsync(inventory, default);
    }

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    /// <summary>Answers as the services do, by target header, by action of the form, or by path.</summary>
    private sealed class Services : HttpMessageHandler
    {
        private static readonly Dictionary<string, string> Answers = new(StringComparer.OrdinalIgnoreCase)
        {
            ["DescribeSubnets"] = """<DescribeSubnetsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><subnetSet><item><subnetId>subnet-a</subnetId><availabilityZone>eu-central-1a</availabilityZone><tagSet><item><key>Env</key><value>prod</value></item></tagSet></item><item><subnetId>subnet-b</subnetId><availabilityZone>eu-central-1b</availabilityZone></item></subnetSet></DescribeSubnetsResponse>""",
            ["DescribeSecurityGroups"] = """<DescribeSecurityGroupsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><securityGroupInfo><item><groupId>sg-1</groupId><ipPermissionsEgress><item><ipProtocol>-1</ipProtocol><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges><ipv6Ranges><item><cidrIpv6>::/0</cidrIpv6></item></ipv6Ranges></item></ipPermissionsEgress></item></securityGroupInfo></DescribeSecurityGroupsResponse>""",
            ["DescribeLogGroups"] = """{"logGroups":[{"logGroupName":"/own/shop","retentionInDays":30},{"logGroupName":"/own/shop-2"}]}""",
            ["DescribeTrails"] = """{"trailList":[{"Name":"all","TrailARN":"arn:aws:cloudtrail:eu-central-1:123456789012:trail/all"}]}""",
            ["GetTrailStatus"] = """{"IsLogging":true}""",
            ["GetEventSelectors"] = """{"AdvancedEventSelectors":[{"FieldSelectors":[]}]}""",
            ["DescribeConfigurationRecorders"] = """{"ConfigurationRecorders":[{"name":"default","recordingGroup":{"allSupported":true}}]}""",
            ["DescribeConfigurationRecorderStatus"] = """{"ConfigurationRecordersStatus":[{"name":"default","recording":true}]}""",
            ["GetQueueAttributes"] = """{"Attributes":{"VisibilityTimeout":"30"}}""",
            ["DescribeTargetGroups"] = $"<DescribeTargetGroupsResponse><DescribeTargetGroupsResult><TargetGroups><member><LoadBalancerArns><member>{Balancer}</member></LoadBalancerArns></member></TargetGroups></DescribeTargetGroupsResult></DescribeTargetGroupsResponse>",
            ["DescribeTargetHealth"] = $"<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions><member><Target><Id>{Arn}</Id></Target></member></TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>",
            ["DescribeLoadBalancers"] = "<DescribeLoadBalancersResponse><DescribeLoadBalancersResult><LoadBalancers><member><Scheme>internet-facing</Scheme></member></LoadBalancers></DescribeLoadBalancersResult></DescribeLoadBalancersResponse>",
            ["DescribeListeners"] = "<DescribeListenersResponse><DescribeListenersResult><Listeners><member><ListenerArn>listener</ListenerArn></member></Listeners></DescribeListenersResult></DescribeListenersResponse>",
            ["DescribeRules"] = $"<DescribeRulesResponse><DescribeRulesResult><Rules><member><Priority>1</Priority><RuleArn>rule1</RuleArn><Actions><member><Type>authenticate-oidc</Type></member><member><Type>forward</Type><TargetGroupArn>{Group}</TargetGroupArn></member></Actions></member><member><Priority>default</Priority><RuleArn>rule2</RuleArn><Actions><member><Type>forward</Type><ForwardConfig><TargetGroups><member><TargetGroupArn>{Group}</TargetGroupArn></member></TargetGroups></ForwardConfig></member></Actions></member></Rules></DescribeRulesResult></DescribeRulesResponse>",
            ["/restapis/rest1"] = """{"id":"rest1","endpointConfiguration":{"types":["REGIONAL"]}}""",
            ["/restapis/rest1/resources"] = $$$$$"""{"item":[{"id":"r","path":"/shop","resourceMethods":{"GET":{"authorizationType":"NONE","apiKeyRequired":true,"methodIntegration":{"uri":"arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{{{{{Arn}}}}}/invocations"}},"POST":{"authorizationType":"AWS_IAM","apiKeyRequired":false,"methodIntegration":{"uri":"arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{{{{{Arn}}}}}/invocations"}},"PUT":{"authorizationType":"NONE","methodIntegration":{"uri":"https://example.com"}}}}]}""",
            ["/restapis/private1"] = """{"id":"private1","endpointConfiguration":{"types":["PRIVATE"]}}""",
            ["/v2/apis/socket1/integrations"] = $$$"""{"items":[{"integrationId":"i","integrationUri":"{{{Arn}}}"}]}""",
            ["/v2/apis/socket1/routes"] = """{"items":[{"routeId":"a","routeKey":"$connect","target":"integrations/other","authorizationType":"AWS_IAM"},{"routeId":"b","routeKey":"$default","target":"integrations/i","authorizationType":"NONE"}]}""",
            ["/v2/apis/socket2/integrations"] = $$$"""{"items":[{"integrationId":"i","integrationUri":"{{{Arn}}}"}]}""",
            ["/v2/apis/socket2/routes"] = """{"items":[{"routeId":"a","routeKey":"$connect","target":"integrations/i","authorizationType":"NONE"},{"routeId":"b","routeKey":"send","target":"integrations/i","authorizationType":"NONE"}]}""",
            ["/v2/apis/http1/integrations"] = $$$"""{"items":[{"integrationId":"i","integrationUri":"{{{Arn}}}"}]}""",
            ["/v2/apis/http1/routes"] = """{"items":[{"routeId":"a","routeKey":"POST /orders","target":"integrations/i","authorizationType":"NONE"},{"routeId":"b","routeKey":"GET /orders","target":"integrations/i","authorizationType":"JWT"},{"routeId":"c","routeKey":"$default","target":"integrations/other"}]}""",
        };

        public List<string> Asked { get; } = [];

        public string[] Denied { get; init; } = [];

        public bool Nothing { get; init; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            var target = request.Headers.TryGetValues("X-Amz-Target", out var values) ? values.Single() : "";
            var name = target.Length > 0 ? target[(target.LastIndexOf('.') + 1)..] : body.StartsWith("Action=", StringComparison.Ordinal) ? body[7..].Split('&')[0] : request.RequestUri!.AbsolutePath;
            lock (Asked)
            {
                Asked.Add(target.Length > 0 ? target.ToLowerInvariant() : name);
            }

            if (Nothing)
            {
                return new HttpResponseMessage(HttpStatusCode.BadRequest) { Content = new StringContent("<ErrorResponse><Error><Code>InvalidAction</Code><Message>no</Message></Error></ErrorResponse>") };
            }

            if (Denied.Any(d => name.Contains(d, StringComparison.Ordinal) || target.Contains(d, StringComparison.Ordinal)))
            {
                return new HttpResponseMessage(HttpStatusCode.BadRequest) { Content = new StringContent("""{"__type":"AccessDeniedException","message":"no"}""") };
            }

            return Answers.TryGetValue(name, out var answer)
                ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(answer, Encoding.UTF8) }
                : new HttpResponseMessage(HttpStatusCode.NotFound) { Content = new StringContent("""{"message":"Invalid API identifier specified"}"""), Headers = { { "x-amzn-ErrorType", "NotFoundException" } } };
        }
    }
}
