using System.Text.Json;

namespace Pellicle.Inspection;

/// <summary>How a field's text is wrapped.</summary>
internal enum FieldEncoding
{
    None,
    Base64,
    GzipBase64,

    /// <summary>S3 writes object keys as form data: percent signs, and <c>+</c> for a blank.</summary>
    ObjectKey,
}

/// <summary>Recognises who sent an event, and which of its fields the platform wrote itself.</summary>
internal static class EventSources
{
    // Written by the platform; nobody outside chooses their text. Everything else is taken as chosen by somebody.
    private static readonly HashSet<string> HttpPlatform = new(StringComparer.Ordinal)
    {
        "version", "routeKey", "resource", "httpMethod", "stageVariables", "isBase64Encoded", "type", "methodArn",
        "requestContext.accountId", "requestContext.apiId", "requestContext.resourceId", "requestContext.stage", "requestContext.requestId", "requestContext.extendedRequestId",
        "requestContext.requestTime", "requestContext.time", "requestContext.routeKey", "requestContext.domainName", "requestContext.domainPrefix", "requestContext.resourcePath",
        "requestContext.elb", "requestContext.protocol", "requestContext.httpMethod", "requestContext.http.method", "requestContext.http.protocol", "requestContext.http.sourceIp",
        "requestContext.identity", "requestContext.authorizer", "requestContext.authentication", "requestContext.connectionId", "requestContext.eventType", "requestContext.messageId",
        "requestContext.messageDirection", "requestContext.serviceNetworkArn", "requestContext.serviceArn", "requestContext.targetGroupArn", "requestContext.region", "requestContext.timeEpoch",
    };

    private static readonly string[] RecordPlatform =
    [
        "awsRegion", "eventSource", "EventSource", "eventSourceARN", "EventSubscriptionArn", "eventVersion", "EventVersion", "eventID", "eventName", "eventTime", "receiptHandle", "md5OfBody",
        "md5OfMessageAttributes", "messageId", "MessageId", "Signature", "SigningCertURL", "SigningCertUrl", "UnsubscribeURL", "UnsubscribeUrl", "TopicArn", "Timestamp", "SignatureVersion",
        "invokeIdentityArn", "s3SchemaVersion", "configurationId", "arn", "eTag", "sequencer", "versionId", "sequenceNumber", "partitionKey", "kinesisSchemaVersion", "x-amz-request-id", "x-amz-id-2",
        "principalId", "sourceIPAddress", "SequenceNumber", "StreamViewType", "approximateArrivalTimestamp", "dataType", "DataType",
    ];

    public static string Recognise(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return "unknown";
        }

        if (First(root, "Records") is { } record)
        {
            return (Text(record, "eventSource") ?? Text(record, "EventSource")) switch
            {
                null when record.TryGetProperty("cf", out _) => "cloudfront",
                null => "unknown",
                var name => name.StartsWith("aws:", StringComparison.Ordinal) ? name[4..] : name,
            };
        }

        if (root.TryGetProperty("requestContext", out var context) && context.ValueKind == JsonValueKind.Object)
        {
            if (context.TryGetProperty("elb", out _))
            {
                return "alb";
            }

            if (context.TryGetProperty("serviceNetworkArn", out _))
            {
                return "vpc-lattice";
            }

            if (context.TryGetProperty("connectionId", out _))
            {
                return "apigw-websocket";
            }

            if (context.TryGetProperty("http", out _))
            {
                return Text(context, "domainName") is { } domain && domain.Contains(".lambda-url.", StringComparison.Ordinal) ? "function-url" : "apigw-v2";
            }

            if (root.TryGetProperty("httpMethod", out _) || context.TryGetProperty("identity", out _) || context.TryGetProperty("resourcePath", out _))
            {
                return "apigw-v1";
            }
        }

        if (root.TryGetProperty("raw_path", out _) && root.TryGetProperty("method", out _))
        {
            return "vpc-lattice";
        }

        if (root.TryGetProperty("version", out _) && root.TryGetProperty("routeKey", out _))
        {
            return "apigw-v2";
        }

        // What tests and people send by hand: a request without a context is read as one.
        if (root.TryGetProperty("queryStringParameters", out _) || root.TryGetProperty("httpMethod", out _) || root.TryGetProperty("rawPath", out _))
        {
            return "apigw-v2";
        }

        if (root.TryGetProperty("awslogs", out _))
        {
            return "cloudwatch-logs";
        }

        if (root.TryGetProperty("detail-type", out _) && root.TryGetProperty("source", out _))
        {
            return "eventbridge";
        }

        if (root.TryGetProperty("triggerSource", out _) && root.TryGetProperty("userPoolId", out _))
        {
            return "cognito";
        }

        if (Text(root, "eventSource") is { } source)
        {
            return source switch { "aws:kafka" or "SelfManagedKafka" => "kafka", "aws:amq" => "activemq", "aws:rmq" => "rabbitmq", "aws:docdb" => "documentdb", _ => "unknown" };
        }

        if (root.TryGetProperty("rmqMessagesByQueue", out _))
        {
            return "rabbitmq";
        }

        if (root.TryGetProperty("deliveryStreamArn", out _))
        {
            return "firehose";
        }

        if (root.TryGetProperty("info", out var info) && info.ValueKind == JsonValueKind.Object && info.TryGetProperty("parentTypeName", out _))
        {
            return "appsync";
        }

        if (root.TryGetProperty("bot", out _) && (root.TryGetProperty("currentIntent", out _) || root.TryGetProperty("sessionState", out _)))
        {
            return "lex";
        }

        return "unknown";
    }

    /// <summary>True for sources whose caller waits for an HTTP answer.</summary>
    public static bool IsHttp(string source) => source is "apigw-v1" or "apigw-v2" or "alb" or "function-url" or "vpc-lattice" or "apigw-websocket";

    public static bool IsPlatformField(string source, string field)
    {
        if (IsHttp(source))
        {
            return HttpPlatform.Contains(field);
        }

        var dot = field.LastIndexOf('.');
        var name = dot < 0 ? field : field[(dot + 1)..];
        return source switch
        {
            "s3" or "sqs" or "sns" or "ses" or "dynamodb" or "kinesis" or "codecommit" => Array.IndexOf(RecordPlatform, name) >= 0,
            "eventbridge" => field is "version" or "id" or "account" or "time" or "region" or "resources",
            "kafka" or "activemq" or "rabbitmq" or "documentdb" or "firehose" => name is "eventSourceArn" or "bootstrapServers" or "topic" or "deliveryStreamArn" or "region" or "eventSource" or "sourceKinesisStreamArn",
            "cognito" => field is "version" or "region" or "userPoolId" or "triggerSource" or "callerContext",
            _ => false,
        };
    }

    public static FieldEncoding EncodingOf(string source, string path, int nesting)
    {
        if (nesting > 0)
        {
            return FieldEncoding.None;
        }

        return source switch
        {
            "s3" when path.EndsWith("s3.object.key", StringComparison.Ordinal) => FieldEncoding.ObjectKey,
            "kinesis" when path.EndsWith("kinesis.data", StringComparison.Ordinal) => FieldEncoding.Base64,
            "firehose" when path.EndsWith("].data", StringComparison.Ordinal) => FieldEncoding.Base64,
            "kafka" when path.EndsWith("].value", StringComparison.Ordinal) || path.EndsWith("].key", StringComparison.Ordinal) => FieldEncoding.Base64,
            "activemq" or "rabbitmq" when path.EndsWith("].data", StringComparison.Ordinal) => FieldEncoding.Base64,
            "cloudwatch-logs" when path == "awslogs.data" => FieldEncoding.GzipBase64,
            _ => FieldEncoding.None,
        };
    }

    private static JsonElement? First(JsonElement root, string name) =>
        root.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0 && list[0].ValueKind == JsonValueKind.Object ? list[0] : null;

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
