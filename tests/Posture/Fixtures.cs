using System.Text.Json;
using Pellicle.Posture.Code;

namespace Pellicle.Posture.Tests;

/// <summary>A function that passes every check, and the parts to spoil it with.</summary>
internal static class Fixtures
{
    public const string Account = "123456789012";
    public const string Stranger = "210987654321";
    public const string Arn = $"arn:aws:lambda:eu-central-1:{Account}:function:shop";

    public static readonly PostureContext Context = new() { Today = new DateOnly(2026, 11, 22), Roles = [] };

    public static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    public static FunctionSubject Good => new()
    {
        Name = "shop",
        Arn = Arn,
        Runtime = "python3.14",
        Variables = new Dictionary<string, string> { ["TABLE"] = "orders", ["SECRET_ARN"] = $"arn:aws:secretsmanager:eu-central-1:{Account}:secret:x" },
        KmsKeyArn = "arn:aws:kms:eu-central-1:123456789012:key/k",
        DetailRead = true,
        SourceKmsKeyArn = "arn:aws:kms:eu-central-1:123456789012:key/k",
        InVpc = true,
        SubnetIds = ["subnet-a", "subnet-b"],
        Subnets = [new SubnetSubject("subnet-a", "eu-central-1a", Tag("Env", "prod")), new SubnetSubject("subnet-b", "eu-central-1b", Tag("Env", "prod"))],
        SecurityGroups = [Group(new EgressSubject("tcp", 443, 443, ["0.0.0.0/0"]))],
        LogGroup = new LogGroupSubject(true, 90, "arn:aws:kms:eu-central-1:123456789012:key/k"),
        Region = Region,
        TracingMode = "Active",
        Logging = Json("""{"LogFormat":"JSON"}"""),
        Tags = new Dictionary<string, string> { ["owner"] = "shop", ["env"] = "prod" },
        ResourcePolicies = Policies($$$$$"""{"Sid":"bucket","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"{{{{{Arn}}}}}","Condition":{"StringEquals":{"AWS:SourceAccount":"{{{{{Account}}}}}"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::orders"}}}"""),
        Urls = Url("""{"AuthType":"AWS_IAM","Cors":{"AllowOrigins":["https://shop.example"]}}"""),
        Concurrency = new ConcurrencySubject(10),
        Aliases = [new AliasSubject("live", "3", "", new Dictionary<string, double>())],
        Versions = ["3"],
        EventSourceMappings = [Json($$$$$"""{"UUID":"m","EventSourceArn":"arn:aws:kinesis:eu-central-1:{{{{{Account}}}}}:stream/s","DestinationConfig":{"OnFailure":{"Destination":"arn:aws:sqs:eu-central-1:{{{{{Account}}}}}:failed"}}}"""), Mapping(Queue)],
        EventInvokeConfigs = [Json($$$$$"""{"FunctionArn":"{{{{{Arn}}}}}:$LATEST","DestinationConfig":{"OnFailure":{"Destination":"arn:aws:sqs:eu-central-1:{{{{{Account}}}}}:failed"}}}""")],
        CodeSigningRead = true,
        CodeSigning = Json("""{"CodeSigningConfig":{"CodeSigningPolicies":{"UntrustedArtifactOnDeployment":"Enforce"}}}"""),
        RuntimeManagement = Json("""{"UpdateRuntimeOn":"Auto"}"""),
        Layers = [Layer()],
        RoleArn = $"arn:aws:iam::{Account}:role/shop",
        Role = Role("""{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:eu-central-1:123456789012:table/orders"}"""),
        RoleUsers = ["shop"],
        RoleCalls = Calls("dynamodb:GetItem"),
    };

    public static IReadOnlyDictionary<string, JsonElement> Policies(string statement, string qualifier = "") =>
        new Dictionary<string, JsonElement> { [qualifier] = Json($$"""{"Version":"2012-10-17","Statement":[{{statement}}]}""") };

    public static IReadOnlyDictionary<string, string> Tag(string key, string value) => new Dictionary<string, string> { [key] = value };

    public static SecurityGroupSubject Group(params EgressSubject[] egress) => new("sg-1", egress, Tag("Env", "prod"));

    public const string Queue = $"arn:aws:sqs:eu-central-1:{Account}:orders";

    /// <summary>A region whose trail and recorder see functions, and whose routes ask who calls.</summary>
    public static RegionSubject Region => new()
    {
        Trails = [Trail("""{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::Lambda::Function"]}]}""")],
        Recorders = [new RecorderSubject("default", true, Json("""{"allSupported":true}"""))],
        Routes = [Route("GET /orders", "AWS_IAM"), Route("OPTIONS /orders", "")],
        Queues = new Dictionary<string, int> { [Queue] = 30 },
    };

    public static TrailSubject Trail(string advanced, bool logging = true, string? basic = null) =>
        new($"arn:aws:cloudtrail:eu-central-1:{Account}:trail/all", logging, basic is null ? [] : [Json(basic)], advanced.Length == 0 ? [] : [Json(advanced)]);

    public static RouteSubject Route(string path, string authorization, bool key = false, string? function = null) => new("HTTP API a1b2c3", path, function ?? Arn, authorization, key, "aws apigatewayv2 update-route --api-id a1b2c3 --route-id r --authorization-type AWS_IAM");

    public static IReadOnlyDictionary<string, JsonElement> Url(string json, string qualifier = "") => new Dictionary<string, JsonElement> { [qualifier] = Json(json) };

    public static LayerSubject Layer(string account = Account, string? policy = null) => new()
    {
        Arn = $"arn:aws:lambda:eu-central-1:{account}:layer:otel-helpers:2",
        Own = account == Account,
        Readable = true,
        Newest = 2,
        PolicyRead = true,
        Policy = policy is null ? null : Json($$"""{"Statement":[{{policy}}]}"""),
    };

    public const string Trust = $$$$$"""{"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"{{{{{Account}}}}}"}}}]}""";

    /// <summary>A role with log rights and one more statement.</summary>
    public static RoleSubject Role(string statement, string? boundary = null, string trust = Trust, string name = "shop", bool logs = true) => new()
    {
        Arn = $"arn:aws:iam::{Account}:role/{name}",
        Exists = true,
        TrustPolicy = Json(trust),
        Policies =
        [
            new PolicySubject("own", true, Json($$"""{"Statement":[{{statement}}]}""")),
            .. logs ? new[] { new PolicySubject("logs", false, Json("""{"Statement":{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}}""")) } : [],
        ],
        HasBoundary = boundary is not null,
        Boundary = boundary is null ? null : Json($$"""{"Statement":[{{boundary}}]}"""),
    };

    /// <summary>An event source mapping without a failure destination.</summary>
    public static JsonElement Mapping(string source, string more = "") => Json($$"""{"UUID":"m-{{source.Split(':')[2]}}","EventSourceArn":"{{source}}"{{more}}}""");

    public static string Allow(string action, string resource = "*") => $$"""{"Sid":"s","Effect":"Allow","Action":{{JsonSerializer.Serialize(action.Split(' '))}},"Resource":"{{resource}}"}""";

    public static CodeCalls Calls(params string[] actions) => new(actions.ToDictionary(a => a, _ => "app.py"), new HashSet<string>(), new HashSet<string> { "python" });
}
