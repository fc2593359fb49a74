using Pellicle.Domain;
using Pellicle.Guard.Channel;
using Pellicle.Guard.Sinks;
using Pellicle.Guard.Tests.Support;
using Pellicle.Policy;

namespace Pellicle.Guard.Tests;

/// <summary>Calls to AWS: from what a probe saw to an item, and from the item to a decision.</summary>
public class AwsCallTests
{
    [Theory]
    [InlineData("dynamodb:Scan", "", "dynamodb:Scan")]
    [InlineData("sqs:SendMessage", "", "sqs:SendMessage")]
    [InlineData("monitoring:PutMetricData", "", "cloudwatch:PutMetricData")]
    [InlineData("monitoring:POST /service/GraniteServiceVersion20100801/operation/PutMetricData", "", "cloudwatch:PutMetricData")]
    [InlineData("sts:GET /?Action=GetCallerIdentity&Version=2011-06-15", "", "sts:GetCallerIdentity")]
    [InlineData("lambda:POST /2015-03-31/functions/f/invocations", "", "lambda:InvokeFunction")]
    [InlineData("lambda:POST /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af/invocations?Qualifier=1", "", "lambda:InvokeFunction")]
    [InlineData("lambda:Invoke", "", "lambda:InvokeFunction")]
    [InlineData("lambda:PUT /2015-03-31/functions/f/code", "", "lambda:UpdateFunctionCode")]
    [InlineData("lambda:GET /2015-03-31/functions/", "", "lambda:ListFunctions")]
    [InlineData("lambda:GET /2018-10-31/layers?find=LayerVersion&Arn=a", "", "lambda:GetLayerVersion")]
    [InlineData("lambda:GET /2018-10-31/layers", "", "lambda:ListLayers")]
    [InlineData("lambda:POST /", "abc.lambda-url.us-east-1.on.aws", "lambda:InvokeFunctionUrl")]
    [InlineData("lambda:GET /2099-01-01/no-such-thing", "", "lambda:?")]
    [InlineData("ses:POST /v2/email/outbound-emails", "", "ses:SendEmail")]
    [InlineData("iotdata:POST /topics/a%2Fb?qos=0", "", "iot:Publish")]
    [InlineData("bedrock:POST /model/anthropic.m/converse", "", "bedrock:InvokeModel")]
    [InlineData("scheduler:POST /schedules/nightly", "", "scheduler:CreateSchedule")]
    [InlineData("rds-data:POST /Execute", "", "rds-data:ExecuteStatement")]
    [InlineData("xray:POST /TraceSegments", "", "xray:PutTraceSegments")]
    [InlineData("es:GET /logs/_search", "search-x.us-east-1.es.amazonaws.com", "es:ESHttpGet")]
    [InlineData("apigateway:PATCH /restapis/x", "", "apigateway:PATCH")]
    [InlineData("execute-api:POST /prod/@connections/abc", "", "execute-api:ManageConnections")]
    [InlineData("execute-api:GET /prod/pets", "", "execute-api:Invoke")]
    [InlineData("cloudfront:POST /2020-05-31/tagging?Operation=Untag&Resource=x", "", "cloudfront:UntagResource")]
    [InlineData("dynamodb.us-east-1.amazonaws.com:POST /", "", "dynamodb:?")]
    [InlineData("s3:ListObjectsV2", "", "s3:ListBucket")]
    [InlineData("sfn:StartExecution", "", "states:StartExecution")]
    [InlineData("cloudwatchlogs:PutLogEvents", "", "logs:PutLogEvents")]
    [InlineData("cognito-identity.us-east-1.amazonaws.com:GetId", "", "cognito-identity:GetId")]
    [InlineData("shop.example:GET /", "", null)]
    [InlineData("dynamodb:Sc\nan", "", "dynamodb:?")]
    [InlineData("Not A Service:Scan", "", null)]
    [InlineData("nothing", "", null)]
    [InlineData(":Scan", "", null)]
    public void Requests_are_operations(string asked, string host, string? item) => AwsCall.Item(asked, host).ShouldBe(item);

    // Names: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
    [Theory]
    [InlineData("GET /", "s3.us-east-1.amazonaws.com", "ListAllMyBuckets")]
    [InlineData("GET /?x-id=ListBuckets", "s3.us-east-1.amazonaws.com", "ListAllMyBuckets")]
    [InlineData("GET /bucket?list-type=2&prefix=a%2F", "s3.us-east-1.amazonaws.com", "ListBucket")]
    [InlineData("GET /?list-type=2", "bucket.s3.us-east-1.amazonaws.com", "ListBucket")]
    [InlineData("HEAD /", "my.bucket.s3.amazonaws.com", "ListBucket")]
    [InlineData("GET /a/b.txt?x-id=GetObject", "bucket.s3.us-east-1.amazonaws.com", "GetObject")]
    [InlineData("GET /bucket/a/b.txt", "127.0.0.1:9000", "GetObject")]
    [InlineData("GET /bucket/", "127.0.0.1:9000", "ListBucket")]
    [InlineData("GET /key?versionId=3", "bucket.s3-accelerate.amazonaws.com", "GetObjectVersion")]
    [InlineData("GET /key", "bucket.bucket.vpce-1a2b-3c4d.s3.us-east-1.vpce.amazonaws.com", "GetObject")]
    [InlineData("GET /bucket", "bucket.vpce-1a2b-3c4d.s3.us-east-1.vpce.amazonaws.com", "ListBucket")]
    [InlineData("GET /key", "s3.s3.eu-west-1.amazonaws.com", "GetObject")]
    [InlineData("PUT /key?partNumber=1&uploadId=x", "bucket.s3.amazonaws.com", "PutObject")]
    [InlineData("POST /key?uploads", "bucket.s3.amazonaws.com", "PutObject")]
    [InlineData("DELETE /key?uploadId=x", "bucket.s3.amazonaws.com", "AbortMultipartUpload")]
    [InlineData("PUT /key?acl", "bucket.s3.amazonaws.com", "PutObjectAcl")]
    [InlineData("PUT /?policy", "bucket.s3.amazonaws.com", "PutBucketPolicy")]
    [InlineData("DELETE /?policy", "bucket.s3.amazonaws.com", "DeleteBucketPolicy")]
    [InlineData("DELETE /?cors", "bucket.s3.amazonaws.com", "PutBucketCORS")]
    [InlineData("POST /?delete", "bucket.s3.amazonaws.com", "DeleteObject")]
    [InlineData("PUT /", "bucket.s3.amazonaws.com", "CreateBucket")]
    [InlineData("PATCH /key", "bucket.s3.amazonaws.com", "?")]
    [InlineData("GET /v20180820/jobs", "123456789012.s3-control.us-east-1.amazonaws.com", "?")]
    public void Requests_to_s3_are_actions(string request, string host, string action) => AwsCall.Item($"s3:{request}", host).ShouldBe($"s3:{action}");

    private static PolicyDocument Knowing(params string[] items) =>
        new() { Mode = ProtectionMode.Protect, Profile = new Dictionary<Dimension, DimensionProfile> { [Dimension.Aws] = new(ProfileStage.Protect, items) } };

    private static bool Denied(Hop hop, Dimension dimension, QueryFlags flags, params string[] fields) =>
        hop.Guardian.Judge(new Query(dimension, flags, (uint)Environment.ProcessId, Environment.ProcessId, 1, fields)).Deny;

    private static bool Connects(Hop hop, string host, QueryFlags flags) => !Denied(hop, Dimension.Host, flags, $"{host}:443", "192.0.2.1");

    private static bool Calls(Hop hop, string asked) => !Denied(hop, Dimension.Aws, QueryFlags.FromProbe, asked, "");

    [Fact]
    public void An_operation_the_profile_does_not_know_is_stopped_and_reported_once()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        hop.Policy.Set(Knowing("dynamodb:GetItem"), "test");
        using var runtime = hop.Runtime();
        hop.Platform.Event("one", """{"a":"b"}""");
        runtime.Next();
        Connects(hop, "dynamodb.us-east-1.amazonaws.com", QueryFlags.TellsCalls).ShouldBeTrue();
        Calls(hop, "dynamodb:GetItem").ShouldBeTrue();
        Calls(hop, "dynamodb:Scan").ShouldBeFalse();
        Calls(hop, "dynamodb:Scan").ShouldBeFalse();
        hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().ShouldSatisfyAllConditions(i => i.Item.ShouldBe("dynamodb:Scan"), i => i.Decision.ShouldBe("blocked"), i => i.RequestId.ShouldBe("one"));
        runtime.Respond("one", "1");
        hop.Guardian.Behaviours.Take().Deltas.Where(d => d.Behaviour.Dimension == Dimension.Aws).Select(d => d.Behaviour.Item).ShouldBe(["dynamodb:GetItem"]);
    }

    [Fact]
    public void A_process_that_does_not_tell_its_calls_needs_the_unseen_operation()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        hop.Policy.Set(Knowing("dynamodb:GetItem", "sqs:*", "sns:?"), "test");
        using var runtime = hop.Runtime();
        hop.Platform.Event("one", """{"a":"b"}""");
        runtime.Next();
        Connects(hop, "dynamodb.us-east-1.amazonaws.com", QueryFlags.None).ShouldBeFalse();
        Connects(hop, "sqs.us-east-1.amazonaws.com", QueryFlags.None).ShouldBeTrue();
        Connects(hop, "sns.us-east-1.amazonaws.com", QueryFlags.None).ShouldBeTrue();
        Calls(hop, "sns:Publish").ShouldBeFalse("an operation that was seen is another than one that was not");
        Connects(hop, "lambda.us-east-1.amazonaws.com", QueryFlags.TellsCalls).ShouldBeFalse("no operation of it is known");
    }

    [Fact]
    public void What_was_learned_of_services_only_goes_on_to_allow_all_their_operations()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        hop.Policy.Set(Knowing(@"dynamodb:\*", @"monitoring:\*"), "test");
        using var runtime = hop.Runtime();
        hop.Platform.Event("one", """{"a":"b"}""");
        runtime.Next();
        Connects(hop, "dynamodb.us-east-1.amazonaws.com", QueryFlags.None).ShouldBeTrue();
        Calls(hop, "dynamodb:Scan").ShouldBeTrue();
        Calls(hop, "monitoring:PutMetricData").ShouldBeTrue();
        Calls(hop, "lambda:Invoke").ShouldBeFalse();
    }

    [Fact]
    public void A_connection_over_which_nothing_was_told_is_a_call_that_nobody_saw()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        hop.Policy.Set(Knowing("dynamodb:GetItem", "sqs:SendMessage"), "test");
        using var runtime = hop.Runtime();
        hop.Platform.Event("one", """{"a":"b"}""");
        runtime.Next();
        Connects(hop, "dynamodb.us-east-1.amazonaws.com", QueryFlags.TellsCalls).ShouldBeTrue();
        Connects(hop, "sqs.us-east-1.amazonaws.com", QueryFlags.TellsCalls).ShouldBeTrue();
        Calls(hop, "sqs:SendMessage").ShouldBeTrue();
        hop.Guardian.Incidents.Take(10).ShouldBeEmpty();
        runtime.Respond("one", "1");
        hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().ShouldSatisfyAllConditions(i => i.Item.ShouldBe("dynamodb:?"), i => i.Decision.ShouldBe("reported"), i => i.RequestId.ShouldBe("one"));
    }

    [Fact]
    public void A_rule_that_denies_a_service_stops_the_connection()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect, Rules = [new PolicyRule { Id = "no-iam", Dimension = Dimension.Aws, Effect = Effect.Deny, Items = ["iam:*"] }, new PolicyRule { Id = "no-delete", Dimension = Dimension.Aws, Effect = Effect.Deny, Items = ["dynamodb:Delete*"] }] }, "test");
        using var runtime = hop.Runtime();
        hop.Platform.Event("one", """{"a":"b"}""");
        runtime.Next();
        Connects(hop, "iam.amazonaws.com", QueryFlags.TellsCalls).ShouldBeFalse();
        Connects(hop, "dynamodb.us-east-1.amazonaws.com", QueryFlags.TellsCalls).ShouldBeTrue();
        Calls(hop, "dynamodb:DeleteTable").ShouldBeFalse();
        Calls(hop, "dynamodb:GetItem").ShouldBeTrue();
    }
}
