using System.IO.Compression;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Pellicle.Inspection.Tests;

/// <summary>How events are taken apart.</summary>
public sealed class EventTests
{
    private static InspectionVerdict Inspect(string json) => Inspector.Inspect(Encoding.UTF8.GetBytes(json));

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    [Theory]
    [InlineData("""{"Records":[{"eventSource":"aws:sqs","body":"x"}]}""", "sqs")]
    [InlineData("""{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"x"}}]}""", "sns")]
    [InlineData("""{"Records":[{"cf":{"request":{}}}]}""", "cloudfront")]
    [InlineData("""{"version":"2.0","requestContext":{"http":{"method":"GET"},"domainName":"x.lambda-url.eu-west-1.on.aws"}}""", "function-url")]
    [InlineData("""{"httpMethod":"GET","requestContext":{"elb":{"targetGroupArn":"x"}}}""", "alb")]
    [InlineData("""{"requestContext":{"connectionId":"x","eventType":"CONNECT"}}""", "apigw-websocket")]
    [InlineData("""{"httpMethod":"GET","requestContext":{"resourceId":"x","stage":"y"}}""", "apigw-v1")]
    [InlineData("""{"type":"TOKEN","authorizationToken":"x","methodArn":"y"}""", "apigw-authorizer")]
    [InlineData("""{"detail-type":"x","source":"y","detail":{}}""", "eventbridge")]
    [InlineData("""{"eventSource":"SelfManagedKafka","records":{}}""", "kafka")]
    [InlineData("""{"eventSource":"aws:mq","messages":[]}""", "activemq")]
    [InlineData("""{"invocationSchemaVersion":"1.0","tasks":[]}""", "s3-batch")]
    [InlineData("""{"getObjectContext":{},"userRequest":{"url":"x"}}""", "s3-object-lambda")]
    [InlineData("""{"RequestType":"Create","ResponseURL":"x"}""", "cloudformation")]
    [InlineData("""{"CodePipeline.job":{}}""", "codepipeline")]
    [InlineData("""{"SecretId":"x","Step":"createSecret","ClientRequestToken":"y"}""", "secretsmanager")]
    [InlineData("""{"invokingEvent":"{}","configRuleName":"x"}""", "config")]
    [InlineData("""{"arguments":{},"info":{"fieldName":"x","parentTypeName":"Query"}}""", "appsync")]
    [InlineData("""{"signatureVerified":false,"protocolData":{}}""", "iot-authorizer")]
    [InlineData("""{"source":"aws.cloudwatch","alarmArn":"x","alarmData":{}}""", "cloudwatch-alarm")]
    [InlineData("""{"requestContext":{"condition":"Success"},"requestPayload":{},"responsePayload":{}}""", "destination")]
    [InlineData("""{"anything":1}""", "unknown")]
    [InlineData("[]", "unknown")]
    public void Source_is_recognised(string json, string source) => Inspect(json).Source.ShouldBe(source);

    [Fact]
    public void Texts_carry_their_path_and_are_decoded()
    {
        var texts = Inspect("""{"rawPath":"/a%2Fb","queryStringParameters":{"q":"x"},"headers":{"\u0061b":"z\n"},"body":"n=1+2&m=%41","cookies":["c=1"]}""").Texts.ToDictionary(t => t.Field, t => t.Text);
        texts["rawPath"].ShouldBe("/a/b");
        texts["queryStringParameters.q"].ShouldBe("x");
        texts["headers.ab"].ShouldBe("z\n");
        texts["body.n"].ShouldBe("1 2");
        texts["body.m"].ShouldBe("A");
        texts["cookies[0]"].ShouldBe("c=1");
        texts["cookies[0].c"].ShouldBe("1");
    }

    [Fact]
    public void Wrapped_texts_are_unwrapped()
    {
        Inspect("""{"Records":[{"eventSource":"aws:kinesis","kinesis":{"data":"DATA"}}]}""".Replace("DATA", Base64("""{"a":["hello"]}"""), StringComparison.Ordinal)).Texts.ShouldContain(new EventText("Records[0].kinesis.data.a[0]", "hello"));
        Inspect("""{"Records":[{"eventSource":"aws:s3","s3":{"object":{"key":"a+b%3Bc"}}}]}""").Texts.ShouldContain(new EventText("Records[0].s3.object.key", "a b;c"));
        Inspect("""{"Records":[{"eventSource":"aws:sqs","body":"{\"Message\":\"{\\\"x\\\":\\\"y\\\"}\"}"}]}""").Texts.ShouldContain(new EventText("Records[0].body.Message.x", "y"));
        using var folded = new MemoryStream();
        using (var gzip = new GZipStream(folded, CompressionMode.Compress))
        {
            gzip.Write("""{"logEvents":[{"message":"hi there"}]}"""u8);
        }

        Inspect("""{"awslogs":{"data":"DATA"}}""".Replace("DATA", Convert.ToBase64String(folded.ToArray()), StringComparison.Ordinal)).Texts.ShouldContain(new EventText("awslogs.data.logEvents[0].message", "hi there"));
        Inspect($$"""{"rawPath":"/","isBase64Encoded":true,"body":"{{Base64("a=; cat /etc/passwd")}}"}""").Decision.ShouldBe(InspectionDecision.Block);
    }

    [Fact]
    public void Platform_fields_are_skipped_by_their_whole_path_only()
    {
        var texts = Inspect("""{"Records":[{"eventSource":"aws:dynamodb","eventName":"INSERT","dynamodb":{"NewImage":{"eventName":{"S":"; cat /etc/passwd"}}}}]}""");
        texts.Texts.ShouldNotContain(t => t.Field == "Records[0].eventName");
        texts.Decision.ShouldBe(InspectionDecision.Block);
    }

    [Theory]
    [InlineData("""{"body":"{\"name\":{\"$ne\":null}}","rawPath":"/"}""", "nosql-injection")]
    [InlineData("""{"body":"name[$ne]=1","rawPath":"/"}""", "nosql-injection")]
    [InlineData("""{"body":"{\"__proto__\":{\"admin\":true}}","rawPath":"/"}""", "prototype-pollution")]
    [InlineData("""{"constructor":{"prototype":{"admin":true}}}""", "prototype-pollution")]
    [InlineData("""{"body":"{\"a\":[{\"constructor\":{\"prototype\":{\"admin\":true}}}]}","rawPath":"/"}""", "prototype-pollution")]
    [InlineData("""[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,{"constructor":{"prototype":{"admin":true}}}]""", "prototype-pollution")]
    [InlineData("""{"Records":[{"a":1},{"a":1},{"a":1},{"a":1},{"a":1},{"a":1},{"a":1},{"a":1},{"a":1},{"message":"{\"constructor\":{\"prototype\":{\"admin\":true}}}"}]}""", "prototype-pollution")]
    [InlineData("""{"body":"constructor[prototype][admin]=1","rawPath":"/"}""", "prototype-pollution")]
    [InlineData("""{"path":"__proto__.admin","value":true}""", "prototype-pollution")]
    [InlineData("""{"queryStringParameters":{"set":"constructor.prototype.admin"},"rawPath":"/"}""", "prototype-pollution")]
    public void Telling_names_are_seen(string json, string detector) => Inspect(json).Signals.ShouldContain(s => s.Detector == detector && s.Confidence >= 0.9);

    [Theory]
    [InlineData("""{"constructor":"ACME Builders","prototype":{"v":1}}""")]
    [InlineData("""{"product":{"prototype":"X-1","constructor":{"name":"ACME"}}}""")]
    [InlineData("""{"note":"the constructor of the prototype, __proto__ of its class"}""")]
    public void Names_that_tell_nothing_are_passed(string json) => Inspect(json).Signals.ShouldBeEmpty();

    [Fact]
    public void Names_of_members_that_could_be_a_path_or_a_command_are_texts()
    {
        var texts = Inspect("""{"files":{"../../etc/passwd":"x","a.txt":"y","sub/\u0041 b":1},"headers":{"x-forwarded-for":"z"},"body":"{\"x; id\":2}"}""").Texts;
        texts.ShouldContain(t => t.Text == "../../etc/passwd" && t.Field.StartsWith("files.", StringComparison.Ordinal));
        texts.ShouldContain(t => t.Text == "sub/A b");
        texts.ShouldContain(t => t.Text == "x; id");
        texts.ShouldNotContain(t => t.Text == "a.txt" || t.Text == "x-forwarded-for" || t.Text == "files");
    }

    [Fact]
    public void Names_of_what_is_no_document_after_all_are_called_by_their_own_names()
    {
        var texts = Inspect("""{"a":{"note":["{\"x/y\":{\"p/q\":1,,}"]},"path":"../../etc/passwd"}""").Texts;
        texts.ShouldContain(new EventText("a.note[0].x/y", "x/y"));
        texts.ShouldContain(new EventText("a.note[0].x/y.p/q", "p/q"));
        texts.ShouldContain(new EventText("path", "../../etc/passwd"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Texts_that_come_in_turns_are_those_that_come_at_once(int kept)
    {
        // Only lists are joined, and only within a turn.
        var nested = JsonSerializer.Serialize(new { a = "b/c", d = new { e = "f=1&g=%2e%2e", h = Convert.ToBase64String("../i"u8) } });
        var json = JsonSerializer.Serialize(new
        {
            rawPath = "/x",
            headers = new Dictionary<string, string> { ["Cookie"] = "s=1; t=../u", ["v.cookie"] = "w=2", ["cookies[0]"] = "y=3", ["x/z"] = "1" },
            body = nested,
            rawQueryString = "q=1&r=%2fs&t",
            mistaken = "{\"not/one\":1,,}",
            deep = new { one = nested, two = new { three = "\u00e9 \" {", four = nested } },
        });
        var atOnce = Inspector.Inspect(Encoding.UTF8.GetBytes(json)).Texts.ToHashSet();
        atOnce.ShouldContain(new EventText("headers.Cookie.t", "../u"));
        atOnce.ShouldContain(new EventText("headers.v.cookie.w", "2"));
        atOnce.ShouldContain(new EventText("headers.cookies[0].y", "3"));
        atOnce.ShouldContain(new EventText("deep.two.four.d.h", "../i"));
        Inspector.Inspect(Encoding.UTF8.GetBytes(json), new InspectionOptions { MaxKept = kept }).Texts.ToHashSet().SetEquals(atOnce).ShouldBeTrue();
    }

    [Theory]
    [InlineData(4_000)]
    [InlineData(400_000)]
    [InlineData(4_000_000)]
    public void Texts_that_rested_are_the_same_as_before(int length)
    {
        var verdict = Inspect($$"""{ "a": ["{{new string('x', length)}}","rm"], "b": { "c d": "e; cat /etc/passwd" } }""");
        var before = verdict.Texts.ToArray();
        verdict.Rest();
        verdict.Texts.ShouldBe(before);
        before.ShouldContain(new EventText("b.c d", "e; cat /etc/passwd"));
    }

    [Theory]
    [InlineData("rawQueryString.a")]
    [InlineData("raw")]
    [InlineData("")]
    [InlineData("é.b[0]")]
    [InlineData("[0].c")]
    public void A_field_begins_as_its_path_does(string prefix)
    {
        var fields = Inspect("""{"rawQueryString":"a=b","raw":"c","rawPath":"d","é":{"b":["e"]},"r.aw":"f"}""").Texts.Concat(Inspect("""[{"c":"d"}]""").Texts).ToList();
        fields.ShouldAllBe(t => Begins(t, prefix) == t.Field.StartsWith(prefix, StringComparison.Ordinal));
        fields.ShouldContain(t => Begins(t, prefix));
    }

    private static bool Begins(EventText text, string prefix)
    {
        var (field, _) = text;
        return field.StartsWith(prefix);
    }

    [Fact]
    public void Lists_of_words_are_texts_as_a_whole_too()
    {
        var texts = Inspect("""{"cmd":["rm","-rf","/x"],"one":["alone"],"deep":[["a","b"],["c"]],"records":[{"n":"d"},{"n":"e"}]}""").Texts;
        texts.ShouldContain(new EventText("cmd", "rm -rf /x"));
        texts.ShouldContain(new EventText("deep[0]", "a b"));
        texts.Count(t => t.Text.Contains(' ', StringComparison.Ordinal)).ShouldBe(2);
        Inspect($$"""{"many":[{{string.Join(',', Enumerable.Repeat("\"x\"", 65))}}]}""").Texts.Count(t => t.Field == "many").ShouldBe(1);
        Inspect($$"""{"many":[{{string.Join(',', Enumerable.Repeat("\"x\"", 4_097))}}]}""").Texts.ShouldNotContain(t => t.Field == "many");
    }

    [Fact]
    public void What_programs_decode_is_decoded()
    {
        Texts("783b206964").ShouldContain("x; id");
        Texts("2024010112345678").ShouldBe(["2024010112345678"]);
        Texts("68656c6c6f77").ShouldBe(["68656c6c6f77"], "a word says nothing that its digits do not");
        Texts("x%253B%2520id").ShouldContain("x; id");
        Texts(Packed("x; id")).ShouldContain("x; id");
        Inspect("""{"parts":["..","..","etc","passwd"]}""").Texts.ShouldContain(new EventText("parts", "../../etc/passwd"));

        static string[] Texts(string text) => [.. Inspect($$"""{"q":"{{text}}"}""").Texts.Select(t => t.Text)];

        static string Packed(string text)
        {
            using var packed = new MemoryStream();
            using (var stream = new GZipStream(packed, CompressionMode.Compress))
            {
                stream.Write(Encoding.UTF8.GetBytes(text));
            }

            return Convert.ToBase64String(packed.ToArray());
        }
    }

    /// <summary>Signs at the end of base64 make no form of it.</summary>
    [Theory]
    [InlineData("UEsDBA==")]
    [InlineData("eDsgaWRpZA==")]
    [InlineData("eDsgaWRpZGk=")]
    public void A_body_in_base64_is_a_text(string body) =>
        Inspect($$"""{"body":"{{body}}"}""").Texts.ShouldContain(new EventText("body", body));

    [Fact]
    public void A_form_without_a_value_is_one() => Inspect("""{"body":"a=&b=1"}""").Texts.ShouldBe([new EventText("body.b", "1")]);

    [Fact]
    public void Entities_are_read_as_parsers_do()
    {
        Inspect("""{"body":"<run>ls &amp;&amp; id &#62; x</run>"}""").Texts.ShouldContain(new EventText("body", "<run>ls && id > x</run>"));
        Inspect("""{"q":"a & b; c"}""").Texts.Count.ShouldBe(1);
    }

    [Fact]
    public void What_is_decoded_from_base64_is_a_text_of_its_field()
    {
        var path = Inspect($$"""{"file":"{{Base64("../../../etc/passwd")}}","other":"database"}""").Texts;
        path.ShouldContain(new EventText("file", "../../../etc/passwd"));
        path.Count.ShouldBe(3);
        // Either alphabet, with and without the signs at its end.
        Inspect($$"""{"a":"{{Base64("a?b>c~d; id é").Replace('+', '-').Replace('/', '_').TrimEnd('=')}}"}""").Texts.ShouldContain(new EventText("a", "a?b>c~d; id é"));
        Inspect("""{"a":"AAECAwQFBgcICQoL","b":"c2hvcnQ"}""").Texts.Count.ShouldBe(2, "neither bytes nor a word");
    }

    [Theory]
    [InlineData("x\\\\x3bid", "x;id")]
    [InlineData("x\\\\u003bid", "x;id")]
    [InlineData("x\\\\u{3b}id", "x;id")]
    [InlineData("x%u003bid", "x;id")]
    [InlineData("x；id", "x;id")]
    [InlineData("PA5WSZA=", "x;id")]
    [InlineData("eDtpZA", "x;id")]
    [InlineData("ZUR0cFpBPT0=", "x;id")]
    public void What_is_decoded_otherwise_is_a_text_of_its_field(string text, string plain) => Inspect($$"""{"q":"{{text}}"}""").Texts.ShouldContain(new EventText("q", plain));

    [Theory]
    [InlineData("C:\\\\xylophone\\\\utils")]
    [InlineData("100%unsure")]
    [InlineData("ABCDEFGH")]
    [InlineData("monday")]
    public void Words_are_not_decoded(string text) => Inspect($$"""{"q":"{{text}}"}""").Texts.Count.ShouldBe(1);

    /// <summary>A form with a file, as text and as bytes in base64; the file alone.</summary>
    [Fact]
    public void What_a_program_finds_in_an_upload_is_a_text_of_the_body()
    {
        const string Text = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n../up\r\n--XX\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\nx;id\r\n--XX--\r\n";
        var texts = Inspect($$"""{"body":{{System.Text.Json.JsonSerializer.Serialize(Text)}}}""").Texts;
        texts.ShouldContain(new EventText("body", "../up"));
        texts.ShouldContain(new EventText("body", "x;id"));

        byte[] packed = [.. "BZh41AY&SY"u8, .. new byte[100]];
        byte[] library = [0x7F, (byte)'E', (byte)'L', (byte)'F', .. new byte[100]];
        foreach (var (file, found) in new (byte[] File, string Text)[]
        {
            (Zip("../up.txt", "x;id"u8), "../up.txt"), (Zip("up.txt", "x;id"u8), "x;id"), (Zip("up.so", library), Convert.ToBase64String(library)), (Tar("up.txt", "x;id"u8), "x;id"), (Gzip("x;id"), "x;id"), (library, Convert.ToBase64String(library)), (packed, Convert.ToBase64String(packed)),
        })
        {
            UploadOf(file).Select(t => t.Text).ShouldContain(found);
            UploadOf([.. System.Text.Encoding.ASCII.GetBytes("--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n"), .. file, .. "\r\n--XX--\r\n"u8]).Select(t => t.Text).ShouldContain(found);
        }

        UploadOf(Zip("up.txt", new byte[4096])).ShouldNotContain(t => t.Text.Length > 200, "neither a text nor a program");
    }

    private static IReadOnlyList<EventText> UploadOf(byte[] body) => Inspect($$"""{"version":"2.0","rawPath":"/up","isBase64Encoded":true,"body":"{{Convert.ToBase64String(body)}}"}""").Texts;

    private static byte[] Zip(string name, ReadOnlySpan<byte> content)
    {
        using var zip = new MemoryStream();
        using (var archive = new System.IO.Compression.ZipArchive(zip, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = archive.CreateEntry(name).Open();
            entry.Write(content);
        }

        return zip.ToArray();
    }

    private static byte[] Tar(string name, ReadOnlySpan<byte> content)
    {
        using var tar = new MemoryStream();
        using (var archive = new System.Formats.Tar.TarWriter(tar, leaveOpen: true))
        {
            archive.WriteEntry(new System.Formats.Tar.UstarTarEntry(System.Formats.Tar.TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content.ToArray()) });
        }

        return tar.ToArray();
    }

    [Fact]
    public void Names_in_an_archive_that_lead_out_of_it_are_texts_of_its_field()
    {
        using var zip = new MemoryStream();
        using (var archive = new System.IO.Compression.ZipArchive(zip, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var name in new[] { "readme.txt", "../../tmp/evil.py", "/var/task/x", "a..b" })
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write("content"u8);
            }
        }

        var texts = Inspect($$"""{"upload":"{{Convert.ToBase64String(zip.ToArray())}}"}""").Texts.Select(t => t.Text).Skip(1);
        texts.ShouldBe(["../../tmp/evil.py", "/var/task/x", "a..b", "content", "content", "content", "content"], "and what they hold");
        Inspect($$"""{"upload":"{{Convert.ToBase64String(zip.ToArray().AsSpan(0, 60))}}"}""").Texts.Count.ShouldBe(1, "cut short");
    }

    [Theory]
    [InlineData("pkg/lib/run", "../bin/run", false)]
    [InlineData("pkg/lib/run", "run.1", false)]
    [InlineData("./a", "b", false)]
    [InlineData("a/b/c", "../../x/../y", false)]
    [InlineData("pkg/lib/run", "../../../bin/run", true)]
    [InlineData("l", "../x", true)]
    [InlineData("l", "/tmp", true)]
    [InlineData("a/l", "../b/../../x", true)]
    public void Links_in_a_tar_that_lead_out_of_it(string name, string target, bool leads)
    {
        using var stream = new MemoryStream();
        using (var tar = new System.Formats.Tar.TarWriter(stream, System.Formats.Tar.TarEntryFormat.Ustar, leaveOpen: true))
        {
            tar.WriteEntry(new System.Formats.Tar.UstarTarEntry(System.Formats.Tar.TarEntryType.SymbolicLink, name) { LinkName = target });
        }

        var texts = Inspector.Inspect(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { upload = Convert.ToBase64String(stream.ToArray()) })).Texts.Where(t => t.Archived).Select(t => t.Text);
        texts.ShouldBe(leads ? [target, name + "/"] : []);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Names_in_a_tar_that_lead_out_of_it_are_texts_of_its_field(bool compressed)
    {
        var made = new MemoryStream();
        using (var stream = compressed ? new System.IO.Compression.GZipStream(made, System.IO.Compression.CompressionLevel.Fastest) : (Stream)made)
        {
            using var tar = new System.Formats.Tar.TarWriter(stream, System.Formats.Tar.TarEntryFormat.Pax, leaveOpen: false);
            foreach (var name in new[] { "readme.txt", "../../tmp/evil.py", "/tmp/other", "../" + new string('l', 150) })
            {
                tar.WriteEntry(new System.Formats.Tar.PaxTarEntry(System.Formats.Tar.TarEntryType.RegularFile, name) { DataStream = new MemoryStream(new byte[3000]) });
            }
        }

        var encoded = Convert.ToBase64String(made.ToArray());
        var texts = Inspect($$"""{"upload":"{{encoded}}"}""").Texts.Skip(1).ToList();
        texts.Select(t => t.Text).ShouldBeSubsetOf(["../../tmp/evil.py", "/tmp/other", "../" + new string('l', 150), "../" + new string('l', 97)]);
        texts.Select(t => t.Text).Distinct().Count().ShouldBe(4, "the long one stands in its record, and cut short in the header");
        texts.ShouldAllBe(t => t.Archived);
        Should.NotThrow(() => Inspect($$"""{"upload":"{{encoded[..(encoded.Length / 2 & ~3)]}}"}""").Texts.Count);
    }

    [Fact]
    public void A_text_in_utf_16_is_one_when_it_says_so()
    {
        foreach (var encoding in new[] { Encoding.Unicode, Encoding.BigEndianUnicode })
        {
            Inspect($$"""{"file":"{{Convert.ToBase64String([.. encoding.GetPreamble(), .. encoding.GetBytes("../../etc/passwd")])}}"}""").Texts.ShouldContain(new EventText("file", "../../etc/passwd"));
        }
    }

    [Fact]
    public void A_load_balancer_hands_parameters_on_as_forms_write_them()
    {
        const string Event = """{"requestContext":{CONTEXT},"httpMethod":"GET","path":"/x","queryStringParameters":{"q":"a%3B+cat+%2Fetc%2Fpasswd"},"headers":{},"body":"","isBase64Encoded":false}""";
        Inspect(Event.Replace("{CONTEXT}", """{"elb":{"targetGroupArn":"arn"}}""", StringComparison.Ordinal)).Texts.ShouldContain(new EventText("queryStringParameters.q", "a; cat /etc/passwd"));
        Inspect(Event.Replace("{CONTEXT}", """{"resourcePath":"/x","identity":{}}""", StringComparison.Ordinal)).Texts.ShouldContain(new EventText("queryStringParameters.q", "a;+cat+/etc/passwd"), "decoded by the gateway: a plus sign is one");
    }

    [Theory]
    [InlineData("const a = 1; require('../../lib/util')")]
    [InlineData("require('../../lib/util')")]
    [InlineData("Name.StartsWith(\"ch\") and Id == 1")]
    [InlineData("status == \"open\" and priority == 1")]
    [InlineData("project = 'SHOP' AND created >= 2020")]
    public void Source_code_and_filters_go_on(string text) =>
        Inspect(System.Text.Json.JsonSerializer.Serialize(new { comment = text })).Decision.ShouldBe(InspectionDecision.Allow, text);

    [Theory]
    [InlineData("require('../../../etc/passwd')")]
    [InlineData("x\") and 1 == 1 or (\"\" == \"")]
    public void What_looks_like_them_and_is_an_attack_does_not(string text) =>
        Inspect(System.Text.Json.JsonSerializer.Serialize(new { comment = text })).Decision.ShouldBe(InspectionDecision.Block, text);

    [Fact]
    public void Shape_depends_on_names_and_not_on_order_values_or_open_maps()
    {
        var one = Inspect("""{"a":1,"b":{"c":"x"},"headers":{"p":"1"}}""").Shape;
        Inspect("""{"headers":{"q":"2"},"b":{"c":"y"},"a":2}""").Shape.ShouldBe(one);
        Inspect("""{"a":1,"b":{"d":"x"},"headers":{"p":"1"}}""").Shape.ShouldNotBe(one);
    }

    [Fact]
    public void Limits_are_told()
    {
        Inspect("not json").Full.ShouldBeFalse();
        Inspect("not json; cat /etc/passwd").Decision.ShouldBe(InspectionDecision.Block);
        Inspect(new string('[', 70_000) + new string(']', 70_000)).Full.ShouldBeFalse();
        var options = new InspectionOptions { MaxTexts = 2 };
        var cut = Inspector.Inspect("""{"a":"1","b":"2","c":"3"}"""u8.ToArray(), options);
        cut.Full.ShouldBeFalse();
        cut.Texts.Count.ShouldBe(2);
    }

    /// <summary>Who pads an event gets past nothing: neither the detectors nor the comparison with what the function does.</summary>
    [Theory]
    [InlineData("texts")]
    [InlineData("many texts")]
    [InlineData("characters")]
    [InlineData("one text")]
    [InlineData("depth")]
    [InlineData("nested depth")]
    [InlineData("names")]
    [InlineData("what looks like a document")]
    [InlineData("a form")]
    [InlineData("base64")]
    [InlineData("gzip")]
    public void Padding_hides_nothing(string padding)
    {
        const string Attack = "x; cat /etc/passwd";
        string Many(int count, Func<int, string> item) => string.Join(',', Enumerable.Range(0, count).Select(item));
        string Deep(int depth) => new string('[', depth) + new string(']', depth);
        string Text(string text) => System.Text.Json.JsonSerializer.Serialize(text);
        var pad = padding switch
        {
            "texts" => $"[{Many(5_000, i => $"\"t{i}\"")}]",
            "many texts" => $"[{Many(150_000, i => $"\"t{i}\"")}]",
            "characters" => $"[{Many(30, i => Text(new string('a', 100_000)))}]",
            "one text" => Text(new string('a', 300_000) + " "),
            "depth" => Deep(2_000),
            "nested depth" => Text($"{{\"a\":{Deep(2_000)},\"b\":{Text(Attack)}}}"),
            "names" => $"{{{Many(20_000, i => $"\"t{i}.\":1")}}}",
            "what looks like a document" => $"[{Many(1_000, i => "\"[\\\"a\\\"}]\"")}]",
            _ => "1",
        };
        var body = padding switch
        {
            "nested depth" => "",
            "base64" => $",\"c\":{Text(Attack)},\"d\":{Text(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{new string('a', 60_000)}; hidden")))}",
            "gzip" => $",\"rawPath\":\"/\",\"isBase64Encoded\":true,\"body\":{Text(Convert.ToBase64String(Gzip($"{{\"pad\":\"{new string('a', 2_000_000)}\",\"c\":{Text(Attack)}}}")))}",
            "what looks like a document" => $",\"body\":{Text($"{{\"c\":\"x\\u003b cat /etc/passwd\"}}")}",
            "a form" => $",\"body\":{Text($"{Many(5_000, i => $"f{i}=1").Replace(',', '&')}&c={Uri.EscapeDataString(Attack)}")}",
            _ => $",\"c\":{Text(Attack)}",
        };
        var verdict = Inspect($"{{\"pad\":{pad}{body}}}");
        verdict.Decision.ShouldBe(InspectionDecision.Block);
        verdict.Signals[0].Detector.ShouldBe("command-injection");
        verdict.Texts.Count(t => t.Text == Attack).ShouldBe(1);
        verdict.Texts.Any(t => t.Text.EndsWith("; hidden", StringComparison.Ordinal)).ShouldBe(padding == "base64");
        verdict.Full.ShouldBeTrue();
    }

    private static byte[] Gzip(string text)
    {
        using var folded = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(folded, System.IO.Compression.CompressionMode.Compress))
        {
            gzip.Write(System.Text.Encoding.UTF8.GetBytes(text));
        }

        return folded.ToArray();
    }

    [Fact]
    public void Suppressed_signals_are_left_out()
    {
        var json = """{"queryStringParameters":{"q":"; cat /etc/passwd"}}"""u8.ToArray();
        Inspector.Inspect(json).Signals.ShouldNotBeEmpty();
        Inspector.Inspect(json, new InspectionOptions { Suppress = ["*@queryStringParameters.*"] }).Signals.ShouldBeEmpty();
    }

    [Fact]
    public void Never_throws_whatever_the_bytes()
    {
        Prop.ForAll<byte[]>(bytes => Inspector.Inspect(bytes).Texts.All(t => t.Text.Length > 0)).QuickCheckThrowOnFailure();
        Prop.ForAll<NonNull<string>>(text => Inspect($$"""{"body":{{System.Text.Json.JsonSerializer.Serialize(text.Get)}},"rawPath":"/"}""").Score is >= 0 and <= 100).QuickCheckThrowOnFailure();
        Prop.ForAll<NonNull<string>>(text => Inspect($$"""{"body":"{{text.Get}}\ud800%c0%","rawPath":"/"}""").Score is >= 0 and <= 100).QuickCheckThrowOnFailure();
    }

    /// <summary>
    /// Texts that are one piece many times over come to an end. They take milliseconds; a detector that begins again at every piece takes minutes.
    /// How the time grows is measured by <c>bench/inspection --growth</c>.
    /// </summary>
    [Theory]
    [InlineData("'")]
    [InlineData("' or ")]
    [InlineData("(")]
    [InlineData("../")]
    [InlineData("%2e")]
    [InlineData("&#")]
    [InlineData("<a b=")]
    [InlineData("${")]
    [InlineData("{{")]
    [InlineData("'{{ ")]
    [InlineData("\n")]
    [InlineData("(\r\n")]
    [InlineData("`ls ")]
    [InlineData("$(ls ")]
    [InlineData("|ls")]
    [InlineData("; ls")]
    [InlineData("Ab `ls` ;id\n")]
    [InlineData("//1@")]
    [InlineData("[{")]
    [InlineData("a=&")]
    [InlineData("unio")]
    [InlineData("1g")]
    [InlineData("@a1")]
    [InlineData("1 ")]
    [InlineData("\u00e91")]
    [InlineData("''a'")]
    [InlineData("; ")]
    [InlineData("\\\"")]
    [InlineData("/*")]
    [InlineData("<!ENTITY ")]
    [InlineData("O:1:{")]
    public async Task Repeated_pieces_come_to_an_end(string piece)
    {
        var text = string.Concat(Enumerable.Repeat(piece, (128 * 1024 / piece.Length) - 1));
        var json = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { rawPath = "/", body = text, other = text });
        var seen = Task.Factory.StartNew(() => Inspector.Inspect(json).Texts.Count, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        (await seen.WaitAsync(TimeSpan.FromSeconds(10))).ShouldBeGreaterThan(0);
    }
}
