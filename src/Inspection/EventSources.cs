using System.Text.Json;

namespace Pellicle.Inspection;

/// <summary>How a field's text is wrapped.</summary>
internal enum FieldEncoding
{
    None,
    Base64,
    GzipBase64,

    /// <summary>S3 writes object keys as form data, and a load balancer hands parameters on as such: percent signs, and <c>+</c> for a blank.</summary>
    ObjectKey,
}

/// <summary>What is known of an event's source while its members are read.</summary>
internal struct Recognition
{
    public EventSources.Trait Traits;
    public string? EventSource;
    public bool EncodedBody;
}

/// <summary>Recognises who sent an event, and which of its fields the platform wrote itself.</summary>
internal static class EventSources
{
    /// <summary>The source whose texts are lines of logs.</summary>
    public const string Logs = "cloudwatch-logs";

    /// <summary>Fields of all sources; what is not named here is taken as chosen by somebody outside.</summary>
    public static KnownField Fields { get; } = new KnownField()
        .Add(SourceGroup.Http, "", "version", "routeKey", "resource", "httpMethod", "stageVariables", "isBase64Encoded", "type", "methodArn", "routeArn")
        .Add(SourceGroup.Http, "requestContext", "accountId", "apiId", "resourceId", "stage", "requestId", "extendedRequestId", "requestTime", "time", "routeKey", "domainName", "domainPrefix", "resourcePath", "elb", "protocol", "httpMethod",
            "http.method", "http.protocol", "http.sourceIp", "identity", "authorizer", "authentication", "connectionId", "eventType", "messageId", "messageDirection", "serviceNetworkArn", "serviceArn", "targetGroupArn", "region", "timeEpoch")
        .Add(SourceGroup.Records, "Records[]", "awsRegion", "eventSource", "EventSource", "eventSourceARN", "EventSubscriptionArn", "eventVersion", "EventVersion", "eventID", "eventName", "eventTime", "receiptHandle", "md5OfBody",
            "md5OfMessageAttributes", "messageId", "invokeIdentityArn", "eventTriggerConfigId", "eventTriggerName", "userIdentity", "userIdentityARN", "requestParameters", "responseElements", "glacierEventData",
            "attributes.SenderId", "attributes.SentTimestamp", "attributes.ApproximateReceiveCount", "attributes.ApproximateFirstReceiveTimestamp", "attributes.SequenceNumber", "attributes.DeadLetterQueueSourceArn",
            "s3.s3SchemaVersion", "s3.configurationId", "s3.bucket", "s3.object.eTag", "s3.object.sequencer", "s3.object.versionId",
            "Sns.Type", "Sns.MessageId", "Sns.TopicArn", "Sns.Timestamp", "Sns.SignatureVersion", "Sns.Signature", "Sns.SigningCertUrl", "Sns.SigningCertURL", "Sns.UnsubscribeUrl", "Sns.UnsubscribeURL",
            "dynamodb.SequenceNumber", "dynamodb.StreamViewType", "kinesis.sequenceNumber", "kinesis.kinesisSchemaVersion", "cf.config", "ses.receipt")
        .Add(SourceGroup.EventBridge, "", "version", "id", "account", "time", "region")
        .Add(SourceGroup.Streams, "", "eventSource", "eventSourceArn", "eventSourceARN", "bootstrapServers", "deliveryStreamArn", "sourceKinesisStreamArn", "region", "invocationId", "applicationArn", "streamArn", "records[].recordId", "records.*[].topic", "messages[].messageID", "messages[].destination")
        .Add(SourceGroup.Cognito, "", "version", "region", "userPoolId", "triggerSource", "callerContext")
        .Encoded(SourceGroup.Records, FieldEncoding.ObjectKey, "Records[].s3.object.key")
        .Encoded(SourceGroup.Records, FieldEncoding.Base64, "Records[].kinesis.data", "Records[].messageAttributes.*.binaryValue", "Records[].messageAttributes.*.binaryListValues[]", "Records[].cf.request.body.data")
        .Encoded(SourceGroup.Streams, FieldEncoding.Base64, "records[].data", "records.*[].value", "records.*[].key", "messages[].data", "rmqMessagesByQueue.*[].data")
        .Encoded(SourceGroup.Other, FieldEncoding.GzipBase64, "awslogs.data")
        .Encoded(SourceGroup.Other, FieldEncoding.ObjectKey, "tasks[].s3Key")
        .Encoded(SourceGroup.Balancer, FieldEncoding.ObjectKey, "queryStringParameters.*", "multiValueQueryStringParameters.*[]");

    // Top-level members that tell sources apart, and those one level below that do.
    [Flags]
    internal enum Trait : ulong
    {
        None = 0,
        HttpMethod = 1,
        Version = 1 << 1,
        RouteKey = 1 << 2,
        RawPath = 1 << 3,
        LatticePath = 1 << 4,
        Method = 1 << 5,
        Query = 1 << 6,
        Logs = 1 << 7,
        DetailType = 1 << 8,
        Origin = 1 << 9,
        Trigger = 1 << 10,
        UserPool = 1 << 11,
        Rabbit = 1 << 12,
        Firehose = 1 << 13,
        Bot = 1 << 14,
        LexState = 1 << 15,
        MethodArn = 1 << 16,
        RouteArn = 1 << 17,
        Schema = 1 << 18,
        Tasks = 1 << 19,
        ObjectContext = 1 << 20,
        UserRequest = 1 << 21,
        Token = 1 << 22,
        Arguments = 1 << 23,
        ProtocolData = 1 << 24,
        SignatureVerified = 1 << 25,
        Pipeline = 1 << 26,
        SecretId = 1 << 27,
        Step = 1 << 28,
        RequestType = 1 << 29,
        ResponseUrl = 1 << 30,
        Config = 1UL << 31,
        RequestPayload = 1UL << 32,
        Dataset = 1UL << 33,
        Alarm = 1UL << 34,
        AlarmData = 1UL << 35,
        Application = 1UL << 36,
        Session = 1UL << 37,
        Request = 1UL << 38,
        Details = 1UL << 39,
        Agent = 1UL << 40,
        MessageVersion = 1UL << 41,
        Device = 1UL << 42,
        Placement = 1UL << 43,
        Deployment = 1UL << 44,
        Lifecycle = 1UL << 45,
        Template = 1UL << 46,
        Claim = 1UL << 47,
        InputList = 1UL << 48,

        // One level below.
        Balancer = 1UL << 50,
        Lattice = 1UL << 51,
        Connection = 1UL << 52,
        Http = 1UL << 53,
        Identity = 1UL << 54,
        QueryString = 1UL << 55,
        Condition = 1UL << 56,
        ParentType = 1UL << 57,
        FunctionUrl = 1UL << 58,
        Stage = 1UL << 61,
    }

    private static readonly (byte[] Name, Trait Trait)[] Top =
    [
        ("httpMethod"u8.ToArray(), Trait.HttpMethod), ("version"u8.ToArray(), Trait.Version), ("routeKey"u8.ToArray(), Trait.RouteKey), ("rawPath"u8.ToArray(), Trait.RawPath), ("raw_path"u8.ToArray(), Trait.LatticePath),
        ("method"u8.ToArray(), Trait.Method), ("queryStringParameters"u8.ToArray(), Trait.Query), ("awslogs"u8.ToArray(), Trait.Logs), ("detail-type"u8.ToArray(), Trait.DetailType), ("source"u8.ToArray(), Trait.Origin),
        ("triggerSource"u8.ToArray(), Trait.Trigger), ("userPoolId"u8.ToArray(), Trait.UserPool), ("rmqMessagesByQueue"u8.ToArray(), Trait.Rabbit), ("deliveryStreamArn"u8.ToArray(), Trait.Firehose), ("bot"u8.ToArray(), Trait.Bot),
        ("currentIntent"u8.ToArray(), Trait.LexState), ("sessionState"u8.ToArray(), Trait.LexState), ("methodArn"u8.ToArray(), Trait.MethodArn), ("routeArn"u8.ToArray(), Trait.RouteArn), ("invocationSchemaVersion"u8.ToArray(), Trait.Schema),
        ("tasks"u8.ToArray(), Trait.Tasks), ("getObjectContext"u8.ToArray(), Trait.ObjectContext), ("headObjectContext"u8.ToArray(), Trait.ObjectContext), ("listObjectsContext"u8.ToArray(), Trait.ObjectContext), ("listObjectsV2Context"u8.ToArray(), Trait.ObjectContext),
        ("userRequest"u8.ToArray(), Trait.UserRequest), ("authorizationToken"u8.ToArray(), Trait.Token), ("arguments"u8.ToArray(), Trait.Arguments), ("protocolData"u8.ToArray(), Trait.ProtocolData), ("signatureVerified"u8.ToArray(), Trait.SignatureVerified),
        ("CodePipeline.job"u8.ToArray(), Trait.Pipeline), ("SecretId"u8.ToArray(), Trait.SecretId), ("Step"u8.ToArray(), Trait.Step), ("RequestType"u8.ToArray(), Trait.RequestType), ("ResponseURL"u8.ToArray(), Trait.ResponseUrl),
        ("configRuleArn"u8.ToArray(), Trait.Config), ("configRuleName"u8.ToArray(), Trait.Config), ("invokingEvent"u8.ToArray(), Trait.Config), ("requestPayload"u8.ToArray(), Trait.RequestPayload), ("datasetName"u8.ToArray(), Trait.Dataset),
        ("alarmArn"u8.ToArray(), Trait.Alarm), ("alarmData"u8.ToArray(), Trait.AlarmData), ("applicationArn"u8.ToArray(), Trait.Application), ("session"u8.ToArray(), Trait.Session), ("request"u8.ToArray(), Trait.Request),
        ("Details"u8.ToArray(), Trait.Details), ("agent"u8.ToArray(), Trait.Agent), ("messageVersion"u8.ToArray(), Trait.MessageVersion), ("deviceEvent"u8.ToArray(), Trait.Device), ("deviceInfo"u8.ToArray(), Trait.Device), ("placementInfo"u8.ToArray(), Trait.Placement),
        ("DeploymentId"u8.ToArray(), Trait.Deployment), ("LifecycleEventHookExecutionId"u8.ToArray(), Trait.Lifecycle), ("templateArn"u8.ToArray(), Trait.Template), ("claimCertificateId"u8.ToArray(), Trait.Claim), ("certificateId"u8.ToArray(), Trait.Claim), ("records"u8.ToArray(), Trait.InputList),
    ];

    private static readonly (byte[] Name, Trait Trait)[] Context =
    [
        ("elb"u8.ToArray(), Trait.Balancer), ("serviceNetworkArn"u8.ToArray(), Trait.Lattice), ("connectionId"u8.ToArray(), Trait.Connection), ("http"u8.ToArray(), Trait.Http), ("identity"u8.ToArray(), Trait.Identity),
        ("resourcePath"u8.ToArray(), Trait.Identity), ("resourceId"u8.ToArray(), Trait.Identity), ("queryString"u8.ToArray(), Trait.QueryString), ("condition"u8.ToArray(), Trait.Condition), ("stage"u8.ToArray(), Trait.Stage),
    ];

    /// <summary>Source of an event; for HTTP also whether its body is base64. Throws <see cref="JsonException"/> when it is no JSON.</summary>
    public static string Recognise(ReadOnlySpan<byte> json, JsonReaderOptions options, out bool encodedBody)
    {
        encodedBody = false;
        var reader = new Utf8JsonReader(json, options);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return "unknown";
        }

        var seen = default(Recognition);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            if (Add(ref seen, name, reader.TokenType, ref reader) is { } batch)
            {
                return batch;
            }

            // A reader that went into a container stands at its end.
            reader.Skip();
        }

        encodedBody = seen.EncodedBody;
        return Judge(seen);
    }

    /// <summary>One top-level member; its value begins at the start of <paramref name="value"/>. A source when that is enough. Throws <see cref="JsonException"/> when what it must read is no JSON.</summary>
    public static string? Add(ref Recognition seen, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var kind = value.IsEmpty ? JsonTokenType.None : value[0] switch { (byte)'"' => JsonTokenType.String, (byte)'{' => JsonTokenType.StartObject, (byte)'[' => JsonTokenType.StartArray, (byte)'n' => JsonTokenType.Null, (byte)'t' => JsonTokenType.True, _ => JsonTokenType.Number };
        var reader = default(Utf8JsonReader);
        if (name.SequenceEqual("Records"u8) || name.SequenceEqual("eventSource"u8) || ((name.SequenceEqual("requestContext"u8) || name.SequenceEqual("info"u8)) && kind == JsonTokenType.StartObject))
        {
            reader = new Utf8JsonReader(value, isFinalBlock: true, default);
            reader.Read();
        }

        return Add(ref seen, name, kind, ref reader);
    }

    private static string? Add(ref Recognition seen, ReadOnlySpan<byte> name, JsonTokenType kind, ref Utf8JsonReader reader)
    {
        if (name.SequenceEqual("Records"u8))
        {
            // A batch may be long: its first record says all.
            return FirstRecord(ref reader);
        }

        var trait = Find(Top, name);
        if (kind != JsonTokenType.Null || trait is Trait.Query)
        {
            seen.Traits |= trait;
        }

        if (name.SequenceEqual("isBase64Encoded"u8))
        {
            seen.EncodedBody = kind == JsonTokenType.True;
        }
        else if (name.SequenceEqual("eventSource"u8) && kind == JsonTokenType.String)
        {
            seen.EventSource = reader.ValueTextEquals("aws:kafka"u8) || reader.ValueTextEquals("SelfManagedKafka"u8) ? "kafka"
                : reader.ValueTextEquals("aws:mq"u8) || reader.ValueTextEquals("aws:amq"u8) ? "activemq"
                : reader.ValueTextEquals("aws:rmq"u8) ? "rabbitmq"
                : reader.ValueTextEquals("aws:docdb"u8) ? "documentdb" : seen.EventSource;
        }
        else if (kind == JsonTokenType.StartObject && name.SequenceEqual("requestContext"u8))
        {
            seen.Traits |= Below(ref reader, Context);
        }
        else if (kind == JsonTokenType.StartObject && name.SequenceEqual("info"u8))
        {
            seen.Traits |= Below(ref reader, Info);
        }

        return null;
    }

    private static readonly (byte[] Name, Trait Trait)[] Info = [("parentTypeName"u8.ToArray(), Trait.ParentType), ("fieldName"u8.ToArray(), Trait.ParentType)];

    /// <summary>The source that members seen so far speak for.</summary>
    public static string Judge(in Recognition seen)
    {
        var (traits, eventSource) = (seen.Traits, seen.EventSource ?? "");
        bool Has(Trait wanted) => (traits & wanted) == wanted;

        if (Has(Trait.RequestPayload | Trait.Condition))
        {
            return "destination";
        }

        if (Has(Trait.Token | Trait.QueryString))
        {
            return "appsync-authorizer";
        }

        if (Has(Trait.Balancer))
        {
            return "alb";
        }

        if (Has(Trait.Lattice) || Has(Trait.LatticePath | Trait.Method))
        {
            return "vpc-lattice";
        }

        if (Has(Trait.Connection))
        {
            return "apigw-websocket";
        }

        if (Has(Trait.Http))
        {
            return Has(Trait.FunctionUrl) ? "function-url" : "apigw-v2";
        }

        if ((traits & (Trait.Identity | Trait.Stage)) != 0 && (traits & (Trait.HttpMethod | Trait.Identity)) != 0)
        {
            return "apigw-v1";
        }

        if (Has(Trait.Version | Trait.RouteKey))
        {
            return "apigw-v2";
        }

        if (Has(Trait.MethodArn) || Has(Trait.RouteArn))
        {
            return "apigw-authorizer";
        }

        // What tests and people send by hand: a request without a context is read as one.
        if ((traits & (Trait.Query | Trait.HttpMethod | Trait.RawPath)) != 0)
        {
            return "apigw-v2";
        }

        if (Has(Trait.Logs))
        {
            return Logs;
        }

        if (Has(Trait.AlarmData) || Has(Trait.Alarm | Trait.Origin))
        {
            return "cloudwatch-alarm";
        }

        if (Has(Trait.DetailType | Trait.Origin))
        {
            return "eventbridge";
        }

        if (Has(Trait.Trigger | Trait.UserPool))
        {
            return "cognito";
        }

        return eventSource.Length > 0 ? eventSource
            : Has(Trait.Rabbit) ? "rabbitmq"
            : Has(Trait.Firehose) ? "firehose"
            : Has(Trait.Application | Trait.InputList) ? "kinesis-analytics"
            : Has(Trait.ParentType) ? "appsync"
            : Has(Trait.Bot | Trait.LexState) ? "lex"
            : Has(Trait.Schema | Trait.Tasks) ? "s3-batch"
            : Has(Trait.UserRequest) || Has(Trait.ObjectContext) ? "s3-object-lambda"
            : Has(Trait.ProtocolData) || Has(Trait.SignatureVerified) ? "iot-authorizer"
            : Has(Trait.Device | Trait.Placement) ? "iot-1-click"
            : Has(Trait.Template | Trait.Claim) ? "iot-provisioning"
            : Has(Trait.Pipeline) ? "codepipeline"
            : Has(Trait.SecretId | Trait.Step) ? "secretsmanager"
            : Has(Trait.RequestType | Trait.ResponseUrl) ? "cloudformation"
            : Has(Trait.Config) ? "config"
            : Has(Trait.Dataset) ? "cognito-sync"
            : Has(Trait.Deployment | Trait.Lifecycle) ? "codedeploy"
            : Has(Trait.Agent | Trait.MessageVersion) ? "bedrock-agent"
            : Has(Trait.Details) ? "connect"
            : Has(Trait.Session | Trait.Request | Trait.Version) ? "alexa"
            : "unknown";
    }

    /// <summary>True for sources whose caller waits for an HTTP answer.</summary>
    public static bool IsHttp(string source) => source is "apigw-v1" or "apigw-v2" or "alb" or "function-url" or "vpc-lattice" or "apigw-websocket";

    public static SourceGroup GroupOf(string source, bool isBatch) => isBatch ? SourceGroup.Records : source switch
    {
        "apigw-authorizer" => SourceGroup.Http,
        "eventbridge" => SourceGroup.EventBridge,
        "kafka" or "activemq" or "rabbitmq" or "documentdb" or "firehose" or "kinesis-analytics" => SourceGroup.Streams,
        "cognito" or "cognito-sync" => SourceGroup.Cognito,
        "alb" => SourceGroup.Http | SourceGroup.Balancer,
        _ => IsHttp(source) ? SourceGroup.Http : SourceGroup.Other,
    };

    /// <summary>Sources whose records stand in <c>Records</c>.</summary>
    public static bool IsBatch(string source) => source is "s3" or "sqs" or "sns" or "ses" or "dynamodb" or "kinesis" or "codecommit" or "cloudfront";

    /// <summary>Null when the list says nothing. The reader stands at its value and then behind it.</summary>
    private static string? FirstRecord(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return null;
        }

        var depth = reader.CurrentDepth;
        reader.Read();
        string? source = null;
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            while (source is null && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.ValueSpan;
                reader.Read();
                source = OfRecord(name, ref reader);
            }
        }

        while (source is null && reader.CurrentDepth > depth && reader.Read())
        {
            // To the end of the list.
        }

        return source;
    }

    /// <summary>What a record's member says; the reader stands at its value and then behind it.</summary>
    private static string? OfRecord(ReadOnlySpan<byte> name, ref Utf8JsonReader reader)
    {
        if (IsSource(name) && reader.TokenType == JsonTokenType.String)
        {
            return reader.ValueTextEquals("aws:s3"u8) ? "s3" : reader.ValueTextEquals("aws:sqs"u8) ? "sqs" : reader.ValueTextEquals("aws:sns"u8) ? "sns" : reader.ValueTextEquals("aws:ses"u8) ? "ses"
                : reader.ValueTextEquals("aws:dynamodb"u8) ? "dynamodb" : reader.ValueTextEquals("aws:kinesis"u8) ? "kinesis" : reader.ValueTextEquals("aws:codecommit"u8) ? "codecommit" : null;
        }

        if (name.SequenceEqual("cf"u8))
        {
            return "cloudfront";
        }

        reader.Skip();
        return null;
    }

    /// <summary>The same of a member whose value begins at the start of <paramref name="value"/>. Throws <see cref="JsonException"/> when it is no JSON.</summary>
    /// <param name="name">As it is written.</param>
    /// <param name="value">And what stands behind it.</param>
    /// <param name="length">Of the value; zero when it was not read, for it is a text that says nothing and that no platform writes.</param>
    public static string? OfRecord(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, out int length)
    {
        length = 0;
        if (value is [(byte)'"', ..] && !IsSource(name) && !name.SequenceEqual("cf"u8) && Fields.Member("Records"u8)?.Element?.Member(name) is null or { Platform: SourceGroup.None })
        {
            return null;
        }

        var reader = new Utf8JsonReader(value, isFinalBlock: true, default);
        reader.Read();
        var source = OfRecord(name, ref reader);
        length = (int)reader.BytesConsumed;
        return source;
    }

    private static bool IsSource(ReadOnlySpan<byte> name) => name.SequenceEqual("eventSource"u8) || name.SequenceEqual("EventSource"u8);

    private static Trait Below(ref Utf8JsonReader reader, (byte[] Name, Trait Trait)[] table)
    {
        var traits = Trait.None;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            traits |= Find(table, reader.ValueSpan);
            var domain = reader.ValueSpan.SequenceEqual("domainName"u8);
            reader.Read();
            if (domain && reader.TokenType == JsonTokenType.String && reader.ValueSpan.IndexOf(".lambda-url."u8) >= 0)
            {
                traits |= Trait.FunctionUrl;
            }

            reader.Skip();
        }

        return traits;
    }

    private static Trait Find((byte[] Name, Trait Trait)[] table, ReadOnlySpan<byte> name)
    {
        foreach (var (known, trait) in table)
        {
            if (name.SequenceEqual(known))
            {
                return trait;
            }
        }

        return Trait.None;
    }
}
