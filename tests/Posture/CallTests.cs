using Pellicle.Posture.Code;
using static Pellicle.Posture.Tests.Fixtures;

namespace Pellicle.Posture.Tests;

public sealed class CallTests
{
    [Theory]
    [InlineData("app.py", "import boto3\ns = boto3.client('s3')\ns.get_object(Bucket='b')", "s3:GetObject")]
    [InlineData("app.py", "s = boto3.client(service_name=\"stepfunctions\")\ns.start_execution()", "states:StartExecution")]
    [InlineData("app.py", "t = boto3.resource('dynamodb').Table('x')\nt.put_item(Item=i)", "dynamodb:PutItem")]
    [InlineData("app.py", "p = boto3.client('s3').get_paginator('list_objects_v2')", "s3:ListBucket")]
    [InlineData("app.py", "boto3.client('s3').upload_file('a','b','c')", "s3:PutObject")]
    [InlineData("index.mjs", "import {S3Client,GetObjectCommand} from '@aws-sdk/client-s3';\nawait c.send(new GetObjectCommand({}))", "s3:GetObject")]
    [InlineData("index.js", "const {DynamoDBDocumentClient, PutCommand} = require('@aws-sdk/lib-dynamodb'); c.send(new PutCommand({}))", "dynamodb:PutItem")]
    [InlineData("index.js", "const AWS=require('aws-sdk'); const s=new AWS.SQS(); s.sendMessage({}).promise()", "sqs:SendMessage")]
    [InlineData("index.js", "const d=new AWS.DynamoDB.DocumentClient(); d.query({})", "dynamodb:Query")]
    [InlineData("bundle.js", "var c=new S3Client({});c.send(new DeleteObjectCommand(x))", "s3:DeleteObject")]
    [InlineData("Shop.dll", "\0IAmazonS3\0GetObjectAsync\0", "s3:GetObject")]
    [InlineData("Shop.class", "software/amazon/awssdk/services/sqs/SqsClient\u0001sendMessage", "sqs:SendMessage")]
    [InlineData("bootstrap", "\u007fELF\0Go buildinf:\0github.com/aws/aws-sdk-go-v2/service/sfn.(*Client).StartExecution\0", "states:StartExecution")]
    [InlineData("bootstrap", "\u007fELF\0Go buildinf:\0github.com/aws/aws-sdk-go/service/dynamodb.(*DynamoDB).PutItemWithContext\0", "dynamodb:PutItem")]
    [InlineData("main", "\u007fELF\0Go buildinf:\0github.com/aws/aws-sdk-go-v2/service/s3.(*PresignClient).PresignGetObject\0", "s3:GetObject")]
    [InlineData("bootstrap", "\u007fELF\0Go buildinf:\0github.com/aws/aws-sdk-go-v2/feature/s3/manager.(*Uploader).Upload\0", "s3:PutObject")]
    [InlineData("bootstrap", "\u007fELF\0Go buildinf:\0github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs.(*Client).FilterLogEvents\0", "logs:FilterLogEvents")]
    public void Calls_are_found(string path, string text, string action) => AwsCallExtractor.Extract([(path, text)]).Actions.Keys.ShouldContain(action);

    [Theory]
    // The key of an encrypted bucket, and the role of a schedule, are needed though no line asks for them.
    [InlineData("import boto3\nboto3.client('s3').get_object()", "kms:Decrypt", true)]
    [InlineData("import boto3\nboto3.client('scheduler').create_schedule()", "iam:PassRole", true)]
    [InlineData("import boto3\nboto3.client('stepfunctions').start_execution()", "iam:PassRole", false)]
    [InlineData("import boto3\nboto3.client('cloudwatch').put_metric_data()", "kms:Decrypt", false)]
    public void What_a_call_needs_besides_is_used(string code, string action, bool used) => AwsCallExtractor.Extract([("app.py", code)]).Actions.ContainsKey(action).ShouldBe(used);

    [Theory]
    [InlineData("\u007fELF\0rustc")]
    [InlineData("#!/bin/sh\naws s3 cp x s3://y")]
    public void Of_other_programs_nothing_is_known(string text) => AwsCallExtractor.Extract([("bootstrap", text)]).OpaqueServices.ShouldContain("*");

    [Fact]
    public void What_was_seen_at_run_time_is_used()
    {
        var seen = SeenCalls.Of(["s3:GetObject", "nonsense", "dynamodb:Query"], ["sqs.eu-central-1.amazonaws.com:443", "orders.s3.eu-central-1.amazonaws.com:443", "example.com:443", "monitoring.eu-central-1.amazonaws.com:443"]);
        seen.Actions.Keys.Where(a => !a.StartsWith("kms:", StringComparison.Ordinal)).ShouldBe(["dynamodb:Query", "s3:GetObject"]);
        seen.OpaqueServices.ShouldBe(["cloudwatch", "sqs"], ignoreOrder: true);
        var calls = CodeCalls.Union([Calls("sqs:SendMessage"), seen.Beside(Calls("sqs:SendMessage"))]);
        calls.OpaqueServices.ShouldBe(["cloudwatch"]);
        AllChecks.Judge(Good with { Role = Role(Allow("s3:GetObject s3:DeleteObject cloudwatch:GetMetricData")), RoleCalls = calls }, Context).Findings.Where(f => f.RuleId is "I-5" or "I-6" or "I-9").Select(f => f.Description.Split(':', 2)[1].Split(':')[0]).ShouldBe(["DeleteObject"]);
    }

    [Fact]
    public void A_service_of_whose_calls_some_were_not_seen_is_opaque_whatever_else_was_seen()
    {
        var seen = SeenCalls.Of(["dynamodb:GetItem", "dynamodb:?", "s3:GetObject"], ["dynamodb.eu-central-1.amazonaws.com:443", "s3.eu-central-1.amazonaws.com:443"]);
        seen.OpaqueServices.ShouldBe(["dynamodb"]);
        seen.Actions.Keys.ShouldContain("dynamodb:GetItem");
    }

    [Fact]
    public void Methods_of_services_without_a_client_do_not_count() =>
        AwsCallExtractor.Extract([("app.py", "import boto3\ns = boto3.client('s3')\ncache.get_item(1)\ns.get_object()")]).Actions.Keys.ShouldNotContain("dynamodb:GetItem");

    [Fact]
    public void The_SDK_itself_is_not_read()
    {
        var calls = AwsCallExtractor.Extract([("botocore/client.py", "x.client('s3').delete_bucket()"), ("node_modules/@aws-sdk/client-s3/index.js", "new S3Client(); new DeleteBucketCommand()")]);
        (calls.Actions.Count, calls.Languages.Count).ShouldBe((0, 0));
    }

    [Fact]
    public void Clients_by_computed_names_silence_the_comparison()
    {
        var calls = AwsCallExtractor.Extract([("app.py", "import boto3\nc = boto3.client(name)\nc.get_object()")]);
        calls.OpaqueServices.ShouldContain("*");
        AllChecks.Judge(Good with { Role = Role(Allow("s3:PutObject")), RoleCalls = calls }, Context).ShouldSatisfyAllConditions(
            r => r.Findings.ShouldNotContain(f => f.RuleId == "I-7"),
            r => r.NotJudged.ShouldContain(n => n.Check == "I-7" && !n.IsPermission));
    }

    [Fact]
    public void What_Lambda_does_in_the_functions_name_is_used()
    {
        var needs = PlatformNeeds.Of(Good with { InVpc = true, EventSourceMappings = [Json("""{"EventSourceArn":"arn:aws:sqs:eu-central-1:123456789012:q"}""")] });
        needs.Actions.Keys.ShouldContain("sqs:DeleteMessage");
        needs.Actions.Keys.ShouldContain("ec2:CreateNetworkInterface");
        needs.Actions.Keys.ShouldContain("xray:PutTraceSegments");
    }

    [Fact]
    public void Hostile_text_takes_no_time()
    {
        var text = "boto3.client('s3')\n" + string.Concat(Enumerable.Repeat("new AWS.a(((((('aaaaaaaa.", 40_000));
        AwsCallExtractor.Extract([("app.py", text), ("a.js", text)]).Languages.Count.ShouldBe(2);
    }
}
