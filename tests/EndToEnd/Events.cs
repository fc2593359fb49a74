using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pellicle.EndToEnd.Tests;

/// <summary>Events as their sources write them, each carrying an operation and a value that an outsider chose.</summary>
internal static class Events
{
    public const string Default = "apigw-v2";

    private const string Caller = "203.0.113.7";

    /// <summary>Sources, by the names that incidents use.</summary>
    public static IReadOnlyList<string> Sources { get; } = [Default, "apigw-v1", "alb", "function-url", "sqs", "sns", "s3", "kinesis", "dynamodb", "eventbridge"];

    /// <param name="caller">Address that the platform says the request came from, where the source has one.</param>
    public static byte[] Make(string source, string op, string v, string caller = Caller) => JsonSerializer.SerializeToUtf8Bytes(source switch
    {
        "apigw-v2" => Http(op, v, "abc.execute-api.us-east-1.amazonaws.com", caller),
        "function-url" => FunctionUrl(op, v),
        "apigw-v1" => Rest(op, v),
        "alb" => Balancer(op, v),
        "sqs" => Records(new JsonObject
        {
            ["messageId"] = "059f36b4-87a3-44ab-83d2-661975830a7d", ["receiptHandle"] = "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a", ["body"] = Pair(op, v).ToJsonString(),
            ["attributes"] = new JsonObject { ["ApproximateReceiveCount"] = "1", ["SentTimestamp"] = "1545082649183", ["SenderId"] = "AIDAIENQZJOLO23YVJ4VO", ["ApproximateFirstReceiveTimestamp"] = "1545082649185" },
            ["messageAttributes"] = new JsonObject(), ["md5OfBody"] = "e4e68fb7bd0e697a0ae8f1bb342846b3", ["eventSource"] = "aws:sqs", ["eventSourceARN"] = "arn:aws:sqs:us-east-1:123456789012:queue", ["awsRegion"] = "us-east-1",
        }),
        "sns" => Records(new JsonObject
        {
            ["EventVersion"] = "1.0", ["EventSubscriptionArn"] = "arn:aws:sns:us-east-1:123456789012:topic:1", ["EventSource"] = "aws:sns",
            ["Sns"] = new JsonObject
            {
                ["SignatureVersion"] = "1", ["Timestamp"] = "2019-01-02T12:45:07.000Z", ["MessageId"] = "95df01b4-ee98-5cb9-9903-4c221d41eb5e", ["Message"] = Pair(op, v).ToJsonString(), ["Type"] = "Notification",
                ["TopicArn"] = "arn:aws:sns:us-east-1:123456789012:topic", ["Subject"] = "a subject", ["MessageAttributes"] = new JsonObject(),
            },
        }),
        "s3" => Records(new JsonObject
        {
            ["eventVersion"] = "2.1", ["eventSource"] = "aws:s3", ["awsRegion"] = "us-east-1", ["eventTime"] = "2019-09-03T19:37:27.192Z", ["eventName"] = "ObjectCreated:Put",
            ["requestParameters"] = new JsonObject { ["sourceIPAddress"] = "205.255.255.255" },
            ["s3"] = new JsonObject
            {
                ["s3SchemaVersion"] = "1.0", ["configurationId"] = "828aa6fc-f7b5-4305-8584-487c791949c1", ["bucket"] = new JsonObject { ["name"] = op, ["arn"] = $"arn:aws:s3:::{op}" },
                ["object"] = new JsonObject { ["key"] = Uri.EscapeDataString(v).Replace("%2F", "/", StringComparison.Ordinal).Replace("%20", "+", StringComparison.Ordinal), ["size"] = 1305107, ["eTag"] = "b21b84d653bb07b05b1e6b33684dc11b", ["sequencer"] = "0C0F6F405D6ED209E1" },
            },
        }),
        "kinesis" => Records(new JsonObject
        {
            ["kinesis"] = new JsonObject
            {
                ["kinesisSchemaVersion"] = "1.0", ["partitionKey"] = "1", ["sequenceNumber"] = "49590338271490256608559692538361571095921575989136588898", ["data"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(Pair(op, v).ToJsonString())),
                ["approximateArrivalTimestamp"] = 1545084650.987,
            },
            ["eventSource"] = "aws:kinesis", ["eventVersion"] = "1.0", ["eventID"] = "shardId-000000000006:4959", ["eventName"] = "aws:kinesis:record", ["invokeIdentityArn"] = "arn:aws:iam::123456789012:role/r", ["awsRegion"] = "us-east-1",
            ["eventSourceARN"] = "arn:aws:kinesis:us-east-1:123456789012:stream/s",
        }),
        "dynamodb" => Records(new JsonObject
        {
            ["eventID"] = "c4ca4238a0b923820dcc509a6f75849b", ["eventName"] = "INSERT", ["eventVersion"] = "1.1", ["eventSource"] = "aws:dynamodb", ["awsRegion"] = "us-east-1",
            ["dynamodb"] = new JsonObject
            {
                ["Keys"] = new JsonObject { ["Id"] = new JsonObject { ["N"] = "101" } }, ["NewImage"] = new JsonObject { ["op"] = new JsonObject { ["S"] = op }, ["v"] = new JsonObject { ["S"] = v } },
                ["SequenceNumber"] = "111", ["SizeBytes"] = 26, ["StreamViewType"] = "NEW_AND_OLD_IMAGES",
            },
            ["eventSourceARN"] = "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2015-06-27T00:48:05.899",
        }),
        "eventbridge" => new JsonObject
        {
            ["version"] = "0", ["id"] = "6a7e8feb-b491-4cf7-a9f1-bf3703467718", ["detail-type"] = "order placed", ["source"] = "shop.orders", ["account"] = "123456789012", ["time"] = "2017-12-22T18:43:48Z", ["region"] = "us-east-1",
            ["resources"] = new JsonArray(), ["detail"] = Pair(op, v),
        },
        _ => throw new ArgumentException($"no such source: {source}"),
    });

    private static JsonObject Pair(string op, string v) => new() { ["op"] = op, ["v"] = v };

    private static JsonObject Records(JsonObject record) => new() { ["Records"] = new JsonArray(record) };

    /// <summary>With these operations the value comes elsewhere than in a parameter of its own: in a cookie, as a parameter's name, in parts (with a bar between them). Before a colon stands how bytes are sent: <c>upload:</c>, <c>form:</c>.</summary>
    private static JsonObject Http(string op, string v, string domain, string caller = Caller)
    {
        var made = Request(op, v, domain, caller);
        if (op.Split(':') is [var way, var real])
        {
            return Upload(made, way == "form", real, Convert.FromBase64String(v));
        }

        switch (op)
        {
            case "cookie":
                made["cookies"] = new JsonArray("theme=dark", $"name={Uri.EscapeDataString(v)}");
                break;
            case "names":
                made["rawQueryString"] = $"op={op}&{Uri.EscapeDataString(v)}=1";
                made["queryStringParameters"] = new JsonObject { ["op"] = op, [v] = "1" };
                return made;
            case "parts":
                made["body"] = new JsonObject { ["parts"] = new JsonArray([.. v.Split('|').Select(p => JsonValue.Create(p))]) }.ToJsonString();
                break;
            default:
                return made;
        }

        made["rawQueryString"] = $"op={op}";
        made["queryStringParameters"] = new JsonObject { ["op"] = op };
        return made;
    }

    /// <summary>Bytes as a body, or as the file of a form; the function gets them as value of an operation.</summary>
    private static JsonObject Upload(JsonObject made, bool form, string op, byte[] content)
    {
        const string Boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
        byte[] body = form
            ? [.. Encoding.ASCII.GetBytes($"--{Boundary}\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nmy holidays\r\n--{Boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"upload.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n"), .. content, .. Encoding.ASCII.GetBytes($"\r\n--{Boundary}--\r\n")]
            : content;
        made["routeKey"] = "POST /";
        made["requestContext"]!["routeKey"] = "POST /";
        made["requestContext"]!["http"]!["method"] = "POST";
        made["rawQueryString"] = $"op={op}";
        made["queryStringParameters"] = new JsonObject { ["op"] = op };
        made["headers"]!["content-type"] = form ? $"multipart/form-data; boundary={Boundary}" : "application/octet-stream";
        made["body"] = Convert.ToBase64String(body);
        made["isBase64Encoded"] = true;
        return made;
    }

    private static JsonObject Request(string op, string v, string domain, string caller) => new()
    {
        ["version"] = "2.0", ["routeKey"] = "GET /", ["rawPath"] = "/", ["rawQueryString"] = $"op={op}&v={Uri.EscapeDataString(v)}",
        ["headers"] = new JsonObject { ["accept"] = "application/json", ["host"] = domain, ["user-agent"] = "test/1.0" },
        ["queryStringParameters"] = Pair(op, v),
        ["requestContext"] = new JsonObject
        {
            ["accountId"] = "123456789012", ["apiId"] = "abc", ["domainName"] = domain, ["domainPrefix"] = "abc", ["requestId"] = "JKJaXmPLvHcESHA=", ["routeKey"] = "GET /", ["stage"] = "$default", ["time"] = "10/Mar/2020:05:16:23 +0000", ["timeEpoch"] = 1583817383220,
            ["http"] = new JsonObject { ["method"] = "GET", ["path"] = "/", ["protocol"] = "HTTP/1.1", ["sourceIp"] = caller, ["userAgent"] = "test/1.0" },
        },
        ["isBase64Encoded"] = false,
    };

    private static JsonObject FunctionUrl(string op, string v)
    {
        var made = Http(op, v, "abc.lambda-url.us-east-1.on.aws");
        made.Remove("queryStringParameters");
        made["rawQueryString"] = "";
        made["requestContext"]!["http"]!["method"] = "POST";
        made["headers"]!["content-type"] = "application/json";
        made["body"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(Pair(op, v).ToJsonString()));
        made["isBase64Encoded"] = true;
        return made;
    }

    private static JsonObject Rest(string op, string v) => new()
    {
        ["resource"] = "/", ["path"] = "/", ["httpMethod"] = "GET", ["headers"] = new JsonObject { ["Host"] = "abc.execute-api.us-east-1.amazonaws.com", ["User-Agent"] = "test/1.0" },
        ["multiValueHeaders"] = new JsonObject { ["Host"] = new JsonArray("abc.execute-api.us-east-1.amazonaws.com") }, ["queryStringParameters"] = Pair(op, v),
        ["multiValueQueryStringParameters"] = new JsonObject { ["op"] = new JsonArray(op), ["v"] = new JsonArray(v) }, ["pathParameters"] = null, ["stageVariables"] = null,
        ["requestContext"] = new JsonObject { ["accountId"] = "123456789012", ["apiId"] = "abc", ["httpMethod"] = "GET", ["path"] = "/prod/", ["resourceId"] = "x", ["resourcePath"] = "/", ["stage"] = "prod", ["requestId"] = "c6af9ac6", ["identity"] = new JsonObject { ["sourceIp"] = "203.0.113.7" } },
        ["body"] = null, ["isBase64Encoded"] = false,
    };

    private static JsonObject Balancer(string op, string v) => new()
    {
        ["requestContext"] = new JsonObject { ["elb"] = new JsonObject { ["targetGroupArn"] = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t/50dc6c495c0c9188" } },
        ["httpMethod"] = "GET", ["path"] = "/", ["queryStringParameters"] = Pair(op, v), ["headers"] = new JsonObject { ["host"] = "t.us-east-1.elb.amazonaws.com", ["user-agent"] = "test/1.0" }, ["body"] = "", ["isBase64Encoded"] = false,
    };
}
