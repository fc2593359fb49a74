using Pellicle.Domain;
using static Pellicle.Posture.Tests.Fixtures;

namespace Pellicle.Posture.Tests;

/// <summary>For each check a function that fails it, and functions that come close and pass.</summary>
/// <param name="Severity">Severity of the finding.</param>
/// <param name="Fail">Spoils the good function.</param>
/// <param name="Pass">What looks similar and is in order.</param>
internal sealed record CheckCase(Severity Severity, Func<FunctionSubject, FunctionSubject> Fail, params Func<FunctionSubject, FunctionSubject>[] Pass)
{
    /// <summary>Roles of other functions, for the checks that look at them.</summary>
    public RoleSubject[] FailingRoles { get; init; } = [];

    public RoleSubject[] PassingRoles { get; init; } = [];
}

internal static class CheckCases
{
    private const string Table = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders";

    public static string Everyone(string action = "lambda:InvokeFunction", string condition = "") => $$"""{"Sid":"all","Effect":"Allow","Principal":"*","Action":"{{action}}","Resource":"{{Arn}}"{{condition}}}""";

    private static string OfOrganisation => Everyone("lambda:InvokeFunction", ""","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}""");

    private static Func<FunctionSubject, FunctionSubject> WithPolicy(string statement, string qualifier = "") => f => f with { ResourcePolicies = Policies(statement, qualifier) };

    private static Func<FunctionSubject, FunctionSubject> WithRole(string statement, string? boundary = null, string trust = Trust) => f => f with { Role = Role(statement, boundary, trust) };

    /// <summary>Granted and called.</summary>
    private static Func<FunctionSubject, FunctionSubject> Used(string action) => f => f with { Role = Role(Allow(action)), RoleCalls = Calls(action) };

    private static Func<FunctionSubject, FunctionSubject> WithVariable(string name, string value) => f => f with { Variables = new Dictionary<string, string> { [name] = value } };

    private static Func<FunctionSubject, FunctionSubject> WithRegion(Func<RegionSubject, RegionSubject> change) => f => f with { Region = change(f.Region) };

    private static Func<FunctionSubject, FunctionSubject> WithGroup(params EgressSubject[] egress) => f => f with { SecurityGroups = [Group(egress)] };

    private static FunctionSubject Outside(FunctionSubject f) => f with { InVpc = false, SubnetIds = [], Subnets = [], SecurityGroups = [] };

    private static FunctionSubject Edge(FunctionSubject f) => f with { ResourcePolicies = Policies($$"""{"Sid":"replicate","Effect":"Allow","Principal":{"Service":"replicator.lambda.amazonaws.com"},"Action":"lambda:GetFunction","Resource":"{{Arn}}:3"}""", "3") };

    private static string Service(string service, string condition) => $$"""{"Sid":"s","Effect":"Allow","Principal":{"Service":"{{service}}"},"Action":"lambda:InvokeFunction","Resource":"{{Arn}}","Condition":{{condition}}}""";

    private static string Trusting(string principal, string condition = "{}") => $$"""{"Statement":[{"Effect":"Allow","Principal":{{principal}},"Action":"sts:AssumeRole","Condition":{{condition}}}]}""";

    private static FunctionSubject WithDestination(FunctionSubject f, string account) =>
        f with { EventInvokeConfigs = [Json($$$$$"""{"FunctionArn":"{{{{{Arn}}}}}:$LATEST","DestinationConfig":{"OnFailure":{"Destination":"arn:aws:sqs:eu-central-1:{{{{{account}}}}}:q"}}}""")] };

    public static readonly IReadOnlyDictionary<string, CheckCase> All = new Dictionary<string, CheckCase>
    {
        ["E-1"] = new(Severity.Critical, WithPolicy(Everyone()), WithPolicy(OfOrganisation), WithPolicy(Everyone("lambda:InvokeFunction", ""","Condition":{"StringEquals":{"AWS:SourceAccount":"123456789012"}}"""))),
        ["E-2"] = new(Severity.Critical, WithPolicy(Everyone(), "live"), WithPolicy(OfOrganisation, "live")),
        ["E-3"] = new(
            Severity.High,
            WithPolicy(Service("s3.amazonaws.com", """{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::orders"}}""")),
            WithPolicy(Service("sns.amazonaws.com", """{"ArnLike":{"AWS:SourceArn":"arn:aws:sns:eu-central-1:123456789012:t"}}""")),
            WithPolicy(Service("s3.amazonaws.com", """{"StringEquals":{"aws:SourceAccount":"123456789012"}}""")),
            Edge),
        ["E-4"] = new(
            Severity.Medium,
            WithPolicy($$"""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{Stranger}}:root"},"Action":"lambda:InvokeFunction"}"""),
            WithPolicy($$"""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{Account}}:role/caller"},"Action":"lambda:InvokeFunction"}""")),
        ["E-5"] = new(
            Severity.Medium,
            WithPolicy($$"""{"Effect":"Allow","Principal":{"AWS":"{{Account}}"},"Action":["lambda:InvokeFunction","lambda:UpdateFunctionCode"]}"""),
            WithPolicy($$"""{"Effect":"Allow","Principal":{"AWS":"{{Account}}"},"Action":"lambda:InvokeFunction*"}"""),
            Edge),
        ["E-6"] = new(
            Severity.Critical,
            f => f with { Urls = Url("""{"AuthType":"NONE"}"""), ResourcePolicies = Policies(Everyone("lambda:InvokeFunctionUrl", ""","Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}""")) },
            f => f with { Urls = Url("""{"AuthType":"AWS_IAM"}""") }),
        ["E-7"] = new(
            Severity.High,
            f => f with { Urls = Url("""{"AuthType":"AWS_IAM","Cors":{"AllowOrigins":["*"],"AllowCredentials":true}}""") },
            f => f with { Urls = Url("""{"AuthType":"AWS_IAM"}""") },
            f => f with { Urls = Url("""{"AuthType":"AWS_IAM","Cors":{"AllowOrigins":["https://shop.example"],"AllowCredentials":true}}""") }),
        ["E-8"] = new(
            Severity.High,
            WithRegion(r => r with { Routes = [Route("POST /orders", "")] }),
            WithRegion(r => r with { Routes = [Route("POST /orders", "JWT"), Route("OPTIONS /orders", ""), Route("POST /other", "", function: Arn + "-other")] })),
        ["E-9"] = new(
            Severity.Critical,
            f => f with { ResourcePolicies = Policies(Everyone()), Concurrency = new ConcurrencySubject(null) },
            WithPolicy(Everyone()),
            f => f with { Concurrency = new ConcurrencySubject(null) }),
        ["E-10"] = new(
            Severity.Critical,
            f => f with { Urls = Url("""{"AuthType":"NONE","Cors":{"AllowOrigins":["*"]}}"""), ResourcePolicies = Policies(Everyone("lambda:InvokeFunctionUrl")) },
            f => f with { Urls = Url("""{"AuthType":"AWS_IAM","Cors":{"AllowOrigins":["*"]}}""") },
            f => f with { Urls = Url("""{"AuthType":"NONE"}"""), ResourcePolicies = Policies(Everyone("lambda:InvokeFunctionUrl")) }),
        ["E-12"] = new(Severity.Info, Edge, f => f),
        ["I-1"] = new(Severity.Critical, WithRole(Allow("*")), WithRole(Allow("*", Table)), WithRole(Allow("*"), boundary: Allow("dynamodb:GetItem")), WithRole($$"""{{Allow("*")}},{"Effect":"Deny","Action":"*","Resource":"*"}""")),
        ["I-2"] = new(Severity.High, WithRole(Allow("s3:*")), WithRole(Allow("s3:Get*")), WithRole($$"""{{Allow("s3:*")}},{"Effect":"Deny","Action":"s3:*","Resource":"*"}""")),
        ["I-3"] = new(Severity.Medium, WithRole(Allow("dynamodb:GetItem")), WithRole(Allow("dynamodb:GetItem", Table)), WithRole(Allow("ec2:DescribeInstances")), WithRole(Allow("ec2:CreateNetworkInterface xray:PutTraceSegments"))),
        ["I-4"] = new(Severity.High, WithRole(Allow("cloudtrail:StopLogging")), WithRole(Allow("cloudtrail:LookupEvents")), WithRole($$"""{{Allow("cloudtrail:*")}},{"Effect":"Deny","Action":"cloudtrail:*","Resource":"*"}""")),
        ["I-5"] = new(Severity.Medium, WithRole(Allow("ec2:DescribeInstances")), Used("ec2:DescribeInstances")),
        ["I-6"] = new(Severity.High, WithRole(Allow("secretsmanager:GetSecretValue")), Used("secretsmanager:GetSecretValue")),
        ["I-7"] = new(Severity.Medium, WithRole(Allow("s3:PutObject")), Used("s3:PutObject")),
        ["I-8"] = new(Severity.High, WithRole(Allow("ssm:SendCommand")), Used("ssm:SendCommand")),
        ["I-9"] = new(Severity.Medium, WithRole(Allow("ec2:TerminateInstances")), Used("ec2:TerminateInstances")),
        ["I-10"] = new(Severity.High, WithRole(Allow("s3:PutBucketPolicy")), Used("s3:PutBucketPolicy")),
        ["I-11"] = new(Severity.High, WithRole(Allow("iam:CreateUser")), Used("iam:CreateUser")),
        ["I-12"] = new(Severity.High, WithRole(Allow("iam:PassRole")), Used("iam:PassRole")),
        ["I-13"] = new(
            Severity.High,
            WithRole(Allow("iam:PassRole lambda:CreateFunction lambda:InvokeFunction")),
            WithRole(Allow("iam:PassRole", "arn:aws:iam::123456789012:role/worker") + "," + Allow("lambda:CreateFunction lambda:InvokeFunction")),
            WithRole("""{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"glue.amazonaws.com"}}},""" + Allow("lambda:CreateFunction lambda:InvokeFunction"))),
        ["I-14"] = new(Severity.Medium, f => f with { RoleUsers = ["shop", "billing"] }, f => f with { RoleUsers = ["shop"] }),
        ["I-15"] = new(Severity.High, f => f with { Role = new RoleSubject { Arn = f.RoleArn!, Exists = false } }, WithRole(Allow("dynamodb:GetItem", Table), trust: Trusting("""{"Service":["lambda.amazonaws.com","edgelambda.amazonaws.com"]}"""))),
        ["I-16"] = new(
            Severity.Low,
            f => f with { Role = Role(Allow("dynamodb:GetItem", Table), logs: false) },
            f => f with { Role = Role(Allow("logs:CreateLogStream logs:PutLogEvents", "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/shop:*"), logs: false) }),
        ["I-17"] = new(
            Severity.High,
            WithRole(Allow("dynamodb:GetItem", Table), trust: Trusting($$"""{"Service":"lambda.amazonaws.com","AWS":"{{Stranger}}"}""")),
            WithRole(Allow("dynamodb:GetItem", Table), trust: Trusting("""{"Service":"lambda.amazonaws.com"}""", $$$"""{"ArnLike":{"aws:SourceArn":"{{{Arn}}}"}}"""))),
        ["I-18"] = new(
            Severity.High,
            WithRole("""{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}"""),
            WithRole("""{"Effect":"Deny","NotAction":"s3:*","Resource":"*"}""")),
        ["I-19"] = new(Severity.Info, WithRole(Allow("*"), boundary: Allow("dynamodb:GetItem")), WithRole(Allow("dynamodb:GetItem", Table), boundary: Allow("dynamodb:*"))),
        ["I-20"] = new(Severity.High, f => f, f => f)
        {
            FailingRoles = [Role(Allow("lambda:UpdateFunctionCode"), name: "deployer")],
            PassingRoles = [Role(Allow("lambda:UpdateFunctionCode", "arn:aws:lambda:*:*:function:other"), name: "deployer"), Role(Allow("lambda:*"), boundary: Allow("lambda:InvokeFunction"), name: "bounded")],
        },
        ["I-21"] = new(Severity.Critical, WithVariable("X", "AKIAIOSFODNN7EXAMPLE"), WithVariable("X", "AKIA is a prefix")),
        ["D-1"] = new(Severity.Critical, WithVariable("DB_PASSWORD", "correct horse"), WithVariable("DB_PASSWORD", "{{resolve:secretsmanager:db}}"), WithVariable("DB_PASSWORD_ARN", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db")),
        ["D-2"] = new(Severity.Medium, f => f with { KmsKeyArn = null }, f => f with { KmsKeyArn = null, Variables = new Dictionary<string, string>() }),
        ["D-3"] = new(Severity.Medium, WithVariable("API_TOKEN", "abcdef123456"), WithVariable("API_TOKEN", "AQICAHhMtQ1HMnKz5x")),
        ["D-8"] = new(Severity.Medium, f => f with { Description = "uses postgres://app:hunter22@db/x" }, f => f with { Description = "uses postgres://db/x" }),
        ["D-9"] = new(Severity.Low, f => f with { SourceKmsKeyArn = null }, f => f with { SourceKmsKeyArn = null, IsImage = true, Runtime = null, Layers = [] }),
        ["D-10"] = new(
            Severity.Medium,
            f => f with { Variables = new Dictionary<string, string> { ["DB_HOST"] = "orders.abc.eu-central-1.rds.amazonaws.com", ["DB_PASSWORD"] = "correct horse" } },
            f => f with { Variables = new Dictionary<string, string> { ["DB_HOST"] = "orders.abc.eu-central-1.rds.amazonaws.com", ["DB_PASSWORD"] = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db" } },
            WithVariable("SMTP_PASSWORD", "correct horse")),
        ["D-11"] = new(Severity.Low, f => f with { EphemeralStorage = 2048 }, f => f with { EphemeralStorage = 512 }),
        ["N-1"] = new(
            Severity.Low,
            f => WithVariable("DB_HOST", "orders.abc.eu-central-1.rds.amazonaws.com")(Outside(f)),
            WithVariable("DB_HOST", "orders.abc.eu-central-1.rds.amazonaws.com"),
            Outside,
            f => Edge(WithVariable("DB_HOST", "10.0.0.7")(Outside(f)))),
        ["N-2"] = new(
            Severity.Medium,
            f => f with { Subnets = [.. f.Subnets!.Select(s => s with { Zone = "eu-central-1a" })] },
            f => f,
            Outside),
        ["N-3"] = new(Severity.Medium, WithGroup(new EgressSubject("-1", null, null, ["0.0.0.0/0"])), WithGroup(new EgressSubject("-1", null, null, ["10.0.0.0/8"])), WithGroup(new EgressSubject("tcp", 443, 443, ["::/0"])), Outside),
        ["N-4"] = new(Severity.Medium, f => f with { Tags = new Dictionary<string, string> { ["Env"] = "test" } }, f => f with { Tags = new Dictionary<string, string> { ["ENV"] = "PROD" } }, Outside),
        ["L-1"] = new(Severity.Medium, f => f with { LogGroup = new LogGroupSubject(false, null, null) }, f => f with { LogGroup = new LogGroupSubject(true, 1, "k") }),
        ["L-2"] = new(Severity.Low, f => f with { LogGroup = new LogGroupSubject(true, null, "k") }, f => f with { LogGroup = new LogGroupSubject(true, 7, "k") }, f => f with { LogGroup = new LogGroupSubject(false, null, null) }),
        ["L-3"] = new(Severity.Low, f => f with { TracingMode = "PassThrough" }, f => Edge(f with { TracingMode = "PassThrough" })),
        ["L-4"] = new(Severity.Low, f => f with { Layers = [] }, f => f with { Layers = [Layer() with { Arn = "arn:aws:lambda:eu-central-1:580247275435:layer:LambdaInsightsExtension:53", Own = false }] }, f => f with { IsImage = true, Runtime = null, Layers = [] }),
        ["L-5"] = new(
            Severity.Low,
            WithRegion(r => r with { Trails = [Trail("""{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}""", basic: """{"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}""")] }),
            WithRegion(r => r with { Trails = [Trail("", basic: """{"DataResources":[{"Type":"AWS::Lambda::Function","Values":["arn:aws:lambda"]}]}""")] }),
            WithRegion(r => r with { Trails = [Trail($$"""{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::Lambda::Function"]},{"Field":"resources.ARN","Equals":["{{Arn}}"]}]}""")] })),
        ["L-6"] = new(Severity.Low, f => f with { Logging = Json("""{"LogFormat":"Text"}""") }, f => f with { Logging = Json("""{"LogFormat":"JSON","ApplicationLogLevel":"WARN"}""") }),
        ["L-7"] = new(
            Severity.Low,
            WithRegion(r => r with { Recorders = [new RecorderSubject("default", true, Json("""{"allSupported":false,"resourceTypes":["AWS::S3::Bucket"]}"""))] }),
            WithRegion(r => r with { Recorders = [new RecorderSubject("default", true, Json("""{"allSupported":false,"resourceTypes":["AWS::Lambda::Function"]}"""))] }),
            WithRegion(r => r with { Recorders = [new RecorderSubject("default", true, Json("""{"recordingStrategy":{"useOnly":"EXCLUSION_BY_RESOURCE_TYPES"},"exclusionByResourceTypes":{"resourceTypes":["AWS::EC2::Instance"]}}"""))] })),
        ["L-8"] = new(Severity.Low, f => f with { Tags = Tag("aws:cloudformation:stack-name", "x") }, f => f with { Tags = Tag("owner", "x") }),
        ["S-1"] = new(Severity.Low, f => f with { EventInvokeConfigs = [] }, f => f with { EventInvokeConfigs = [], DeadLetterTarget = Queue }, f => f with { EventInvokeConfigs = [], ResourcePolicies = new Dictionary<string, System.Text.Json.JsonElement>() }),
        ["S-2"] = new(Severity.Low, f => f with { Concurrency = new ConcurrencySubject(null) }, f => f with { Concurrency = new ConcurrencySubject(1) }, f => Edge(f with { Concurrency = new ConcurrencySubject(null) })),
        ["S-3"] = new(
            Severity.Medium,
            f => f with { EventSourceMappings = [Mapping("arn:aws:dynamodb:eu-central-1:123456789012:table/t/stream/x")] },
            f => f with { EventSourceMappings = [Mapping(Queue)] }),
        ["S-4"] = new(Severity.Low, f => f with { Timeout = 900 }, f => f with { Timeout = 899, EventSourceMappings = [] }),
        ["S-5"] = new(Severity.Critical, f => WithDestination(f, Stranger), f => WithDestination(f, Account)),
        ["S-6"] = new(Severity.Medium, f => f with { Aliases = [new AliasSubject("live", "3", "", new Dictionary<string, double> { ["2"] = 0.05 })] }, f => f with { Aliases = [new AliasSubject("live", "3", "", new Dictionary<string, double> { ["2"] = 0 })] }),
        ["S-7"] = new(Severity.Low, f => f with { Versions = [] }, f => f with { Versions = ["1"], Aliases = [] }),
        ["S-8"] = new(
            Severity.Low,
            f => f with { Timeout = 6 },
            f => f with { Timeout = 5 },
            f => f with { Timeout = 60, EventSourceMappings = [Mapping(Queue, ""","State":"Disabled" """)] }),
        ["R-1"] = new(Severity.High, f => f with { Runtime = "nodejs20.x" }, f => f with { Runtime = "provided.al2023" }, f => f with { IsImage = true, Runtime = null, Layers = [] }),
        ["R-2"] = new(Severity.Medium, f => f with { CodeSigning = null }, f => f with { CodeSigning = null, IsImage = true, Runtime = null, Layers = [] }),
        ["R-3"] = new(Severity.High, f => f with { Layers = [Layer(Stranger)] }, f => f with { Layers = [Layer()] }),
        ["R-4"] = new(
            Severity.High,
            f => f with { Layers = [Layer(policy: """{"Sid":"p","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion"}""")] },
            f => f with { Layers = [Layer(policy: """{"Sid":"p","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}""")] }),
        ["R-5"] = new(Severity.Medium, f => f with { Layers = [Layer() with { Newest = 3 }] }, f => f with { Layers = [Layer() with { Newest = 2 }] }),
        ["R-6"] = new(Severity.Medium, f => f with { RuntimeManagement = Json("""{"UpdateRuntimeOn":"Manual","RuntimeVersionArn":"arn:x"}""") }, f => f with { RuntimeManagement = Json("""{"UpdateRuntimeOn":"FunctionUpdate"}""") }),
    };
}
