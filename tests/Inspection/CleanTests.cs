using System.Text;
using System.Text.Json;
using Pellicle.Inspection.Detectors;
using Xunit.Abstractions;

namespace Pellicle.Inspection.Tests;

/// <summary>What Native/clean.c passes by in blocks. That it passes nothing by that it must not is for ScreenTests and for the mutations below.</summary>
[Collection(ChoosesWidth.Name)]
public sealed class CleanTests(ITestOutputHelper output) : IDisposable
{
    private static readonly string[] Sentences =
    [
        "Dear Ms O'Neil (no. 7), thanks for your order & the kind note; we'll send the 3 chairs, oak or ash, on 2024-01-12 at 10:30.", "See https://shop.example/p/7?ref=mail for more.", "The quick brown fox jumps over the lazy dog.", "SKU-00af12", "plain", "", "x", "12 Main Street",
        "Zoë Müller 7, 東京都港区 7, Москва", "two  blanks, a \"quote\", a tab\tand caf\u00e9 \ud83d\ude00", "50 % off", "12.5%", "salt with pepper and herbs", "for", "a_b-c.d@e", "l'été", "C:", "1:2:3", "Beth's & Sons",
    ];

    private static readonly string[] Changes =
    [
        "\"", "\\", "\\\"", "\\u0027", "\\n", "{", "}", "[", "]", ",", ":", " ", "\n", "\t", "\0", "a", "_", "__", "$", "%", "%27", "'", ";", "|", "&", "<", "`", "(", "/", "..", "../", "=", "é", "\u00a0", "\ufffd", "or", " or 1=1", "' or ''='", "; id", "| cat", "select", "union select", "onerror=", "--", "true", "null",
        "O:1:", "rO0ABXNyABFqYXZh", "//127.0.0.1", "//a@b", "__proto__", "prototype", "$ne", "body", "嘍", "sleep(5)", "elt(", "*/", "and ", "set ", "+",
    ];

    public void Dispose() => Clean.Wide = default;

    /// <summary>How many elements behind the first comma are passed by.</summary>
    /// <param name="list">JSON.</param>
    /// <param name="again">By what was learned of the elements before, too.</param>
    /// <param name="encoded">Which texts are base64.</param>
    private static unsafe (long Elements, long Texts, long Containers) Passed(string list, bool again = false, Clean.Encoded encoded = Clean.Encoded.None)
    {
        var bytes = new byte[(Encoding.UTF8.GetByteCount(list) * 2) + 1024];
        var length = Encoding.UTF8.GetBytes(list, bytes);
        var patterns = new Clean.Pattern[Clean.MostPatterns];
        foreach (ref var pattern in patterns.AsSpan())
        {
            pattern.Trust = Clean.Pattern.Trusted;
        }

        fixed (byte* start = bytes)
        fixed (Clean.Pattern* learned = patterns)
        {
            var (elements, texts, containers) = (0L, 0L, 0L);
            for (var at = start + list.IndexOf(',', StringComparison.Ordinal) + 1; ;)
            {
                var read = new Clean.List { At = at, End = start + length, Room = start + length + 128, RoomBytes = bytes.Length - length - 128, MostTexts = 4096, MostContainers = 4096, MostDepth = 60, MostNesting = 5, Patterns = again ? learned : null, Inner = again ? learned + Clean.LevelPatterns : null, MostElements = int.MaxValue, Wrapped = encoded == Clean.Encoded.None ? 0 : 1, Encoded = encoded };
                Inspector.Screened.Quick.Read(&read);
                (elements, texts, containers) = (elements + read.Elements, texts + read.Texts, containers + read.Containers);
                if (!again || read.Elements == 0 || *read.At != ',')
                {
                    return (elements, texts, containers);
                }

                at = read.At + 1;
            }
        }
    }

    private static string Written(object value, bool indented = false) => JsonSerializer.Serialize(value, indented ? Indented : Plain);

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Theory]
    [InlineData("""[1,2,3]""", 2, 0, 0)]
    [InlineData("""[1, -2.5e3 , 0.1, 7e+2 ]""", 3, 0, 0)]
    [InlineData("""[0,true,false,null,"a","",{},[],[[]],{"a":{"b":[1,"c"]}}]""", 9, 2, 7)]
    [InlineData("""[0,{"a": 1, "b": "x"}, {"a": 2, "b": ""}]""", 2, 1, 2)]
    [InlineData("""[0,"z","caf\u00e9 \"x\" \\ \/ \t","\ud83d\ude00"]""", 3, 3, 0)]
    [InlineData("""[0,"z","x=\\nid","y"]""", 1, 1, 0)]
    [InlineData("""[0,"caf\u00e9 \"x\" \t","\ud83d\ude00","z"]""", 3, 3, 0)]
    [InlineData("""[0,{"a":"\u0041","b":"\n"},1]""", 2, 2, 1)]
    [InlineData("""[0,{"a":"\u0041","b":"x\nBcc: y"},1]""", 0, 0, 0)]
    [InlineData("""[0,"a\r\nb","x\r\nSet-Cookie: y"]""", 1, 1, 0)]
    [InlineData("""[0,"# a\nb","1 # a\nor 1=1"]""", 1, 1, 0)]
    [InlineData("""[0,"please select a row, selected","a; select"]""", 1, 1, 0)]
    [InlineData("""[0,{"a":"\u0041","b":"x"},1]""", 2, 2, 1)]
    [InlineData("""[0,"a","; cat /etc/passwd","b"]""", 1, 1, 0)]
    [InlineData("""[0,{"a":1,"$gt":""}]""", 0, 0, 0)]
    [InlineData("""[0,{"a":1},{"__proto__":1}]""", 1, 0, 1)]
    [InlineData("""[0,{"a":1},{"constructor":{"prototype":{"a":1}}}]""", 1, 0, 1)]
    [InlineData("""[0,{"name":1,"type":"x","prototypes":2}]""", 1, 1, 1)]
    [InlineData("""[0,{"requestBody":"a=b"}]""", 0, 0, 0)]
    [InlineData("""[0,"{\"a\":1}"]""", 1, 0, 1)]
    [InlineData("""[0,"{\"a\":\"x\",\"b\":\"[\\\"y\\\"]\"}","x"]""", 2, 3, 2)]
    [InlineData("""[0,"{  \"a\":1}","z"]""", 2, 1, 1)]
    [InlineData("""[0,"z","{\"a\":1"]""", 1, 1, 0)]
    [InlineData("""[0,"[1]"]""", 0, 0, 0)]
    [InlineData("""[0,"%41"]""", 0, 0, 0)]
    [InlineData("""[0," one or two"]""", 1, 1, 0)]
    [InlineData("""[0," one or two=2"]""", 0, 0, 0)]
    [InlineData("""[0,"one  and 2"]""", 0, 0, 0)]
    [InlineData("""[0,"one, and two"]""", 1, 1, 0)]
    [InlineData("""[0,"1 or"]""", 0, 0, 0)]
    [InlineData("""[0," "," {"," select"]""", 1, 1, 0)]
    [InlineData("""[0,1,]""", 1, 0, 0)]
    [InlineData("""[0,1 2]""", 0, 0, 0)]
    [InlineData("""[0,"a" "b"]""", 0, 0, 0)]
    [InlineData("""[0,"a":1]""", 0, 0, 0)]
    [InlineData("""[0,{"a"}]""", 0, 0, 0)]
    [InlineData("""[0,{"a":1,}]""", 0, 0, 0)]
    [InlineData("""[0,{"a":1,2}]""", 0, 0, 0)]
    [InlineData("""[0,{1:2}]""", 0, 0, 0)]
    [InlineData("""[0,{"a"::1}]""", 0, 0, 0)]
    [InlineData("""[0,{"a":}]""", 0, 0, 0)]
    [InlineData("""[0,{"a":1]""", 0, 0, 0)]
    [InlineData("""[0,[1}]""", 0, 0, 0)]
    [InlineData("""[0,1}""", 0, 0, 0)]
    [InlineData("""[0,tru,1]""", 0, 0, 0)]
    [InlineData("""[0,truely,1]""", 0, 0, 0)]
    [InlineData("""[0,+1,1]""", 0, 0, 0)]
    [InlineData("""[0,1.,1]""", 0, 0, 0)]
    [InlineData("""[0,.5,1]""", 0, 0, 0)]
    [InlineData("""[0,1-2,1]""", 0, 0, 0)]
    [InlineData("""[0,1.2.3,1]""", 0, 0, 0)]
    [InlineData("""[0,1.-2,1]""", 0, 0, 0)]
    [InlineData("""[0,-.5,1]""", 0, 0, 0)]
    [InlineData("""[0,01,1]""", 0, 0, 0)]
    [InlineData("""[0,-00.5,1]""", 0, 0, 0)]
    [InlineData("""[0,-0,0.0,0e0,1e5,1E-05,2.5e+10,-0.001]""", 7, 0, 0)]
    [InlineData("""[0,1e,1]""", 0, 0, 0)]
    [InlineData("""[0,1e5e5,1]""", 0, 0, 0)]
    [InlineData("""[0,1e5.5,1]""", 0, 0, 0)]
    [InlineData("""[0,1.e5,1]""", 0, 0, 0)]
    [InlineData("""[0,--1,1]""", 0, 0, 0)]
    [InlineData("""[0,1e+-5,1]""", 0, 0, 0)]
    [InlineData("""[0,-,1]""", 0, 0, 0)]
    [InlineData("[0,\"a\tb\",1]", 0, 0, 0)]
    [InlineData("""[0,"a\x",1]""", 0, 0, 0)]
    [InlineData("""[0,"a\u12g4",1]""", 0, 0, 0)]
    [InlineData("""[0,1,"a""", 1, 0, 0)]
    [InlineData("""[0,[1],[2],{"a":1},[3],[4]]""", 5, 0, 5)]
    [InlineData("""[0,[1],{"a":2],[3]]""", 1, 0, 1)]
    [InlineData("""[0,[1],[2}]""", 1, 0, 1)]
    [InlineData("""[0,[1],[2,[3]],[4]]""", 3, 0, 4)]
    [InlineData("""[0,{"a":1},{"b":[2]},{"c":"x"}]""", 3, 1, 4)]
    [InlineData("""[0,"Zoë Müller","Москва","a"]""", 3, 3, 0)]
    [InlineData("""[0,"é","é 嘍","x"]""", 1, 1, 0)]
    [InlineData("""[0,"é x","東","�","x"]""", 2, 2, 0)]
    public void A_list_is_passed_by_as_far_as_it_is_json_and_clean(string list, long elements, long texts, long containers)
    {
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            Clean.Wide = WideVectors.Of(width);
            // Wherever it stands between the blocks.
            for (var before = 0; before < 130; before++)
            {
                Passed("[" + new string(' ', before) + list[1..]).ShouldBe((elements, texts, containers), $"{width} {before}");
                Passed(list.Insert(list.IndexOf(',', StringComparison.Ordinal) + 1, new string(' ', before))).ShouldBe((elements, texts, containers), $"{width} {before}");
            }
        }
    }

    [Fact]
    public void Ordinary_lists_are_passed_by_as_a_whole()
    {
        var random = new Random(23);
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            Clean.Wide = WideVectors.Of(width);
            for (var round = 0; round < 2000; round++)
            {
                var items = Enumerable.Range(0, random.Next(2, 40)).Select(_ => Item(random, 0)).Prepend(0).ToArray();
                var list = Written(items, random.Next(4) == 0);
                var passed = Passed(list);
                passed.Elements.ShouldBe(items.Length - 1, list);
                Passed(list, again: true).ShouldBe(passed, list);
            }
        }
    }

    [Theory]
    [InlineData("""{"id":1,"name":"one","on":true}""", """{"id":20,"name":"two words","on":false}""", 2, 2, 2)]
    [InlineData("""{"id":1,"name":"one"}""", """{"id":-2.5e3,"name":""}""", 2, 1, 2)]
    [InlineData("""{"id":1,"name":""}""", """{"id":1,"name":"caf\u00e9 \t"}""", 2, 1, 2)]
    [InlineData("""{"a":[1,{}],"b":"x"}""", """{"a":[2,{}],"b":"y"}""", 2, 2, 6)]
    [InlineData("""{"body":"{\"a\":\"one\",\"b\":[1]}"}""", """{"body":"{\"a\":\"two\",\"b\":[2]}"}""", 2, 2, 6)]
    [InlineData("""{"body":"{\"a\":\"one\"}"}""", """{"body":"two"}""", 2, 2, 3)]
    [InlineData("""{"body":"one"}""", """{"body":"a=1&b=2"}""", 1, 1, 1)]
    [InlineData("""{"body":"{\"a\":\"one\"}"}""", """{"body":"{\"a\":\"; cat /etc/passwd\"}"}""", 1, 1, 2)]
    [InlineData("""{"body":"{\"a\":\"one\"}"}""", """{"body":"{\"a\":\"one\"} "}""", 2, 2, 4)]
    [InlineData("""{"body":"{\"a\":\"one\"}"}""", """{"body":"{\"a\":\"one\"}]"}""", 1, 1, 2)]
    [InlineData("""{"body":"{\"a\":\"one\"}"}""", """{"body":"{\"$ne\":\"one\"}"}""", 1, 1, 2)]
    [InlineData("""{"a":1}""", """{"a":01}""", 1, 0, 1)]
    [InlineData("""{"a":1}""", """{"a":1.}""", 1, 0, 1)]
    [InlineData("""{"a":1}""", """{"a":2 3}""", 1, 0, 1)]
    [InlineData("""{"a":1}""", """{"a":nul}""", 1, 0, 1)]
    [InlineData("""{"a":"x"}""", """{"a":null}""", 2, 1, 2)]
    [InlineData("""{"a":"x"}""", """{"a":"\x"}""", 1, 1, 1)]
    [InlineData("""{"a":"x"}""", """{"a":"y","a"}""", 1, 1, 1)]
    [InlineData("""{"a":"x"}""", """{"b":"x"}""", 2, 2, 2)]
    [InlineData("""{"a":"x"}""", """{"__proto__":"x"}""", 1, 1, 1)]
    [InlineData("""{"a":"x"}""", """{"a":"' or 1=1 --"}""", 1, 1, 1)]
    [InlineData("""{"a":[{"b":1}],"c":2}""", """{"a":[{"b":1},{"b":"x"}],"c":2}""", 2, 1, 7)]
    [InlineData("""{"a":[{"b":[{"c":1}]}]}""", """{"a":[{"b":[{"c":1},{"c":2}]},{"b":[]}]}""", 2, 0, 13)]
    [InlineData("""{"a":["x",{"b":1}],"c":2}""", """{"a":[],"c":2}""", 2, 1, 5)]
    [InlineData("""{"a":["x"],"c":2}""", """{"a":,"c":2}""", 1, 1, 2)]
    [InlineData("""{"a":["x"],"c":2}""", """{"a":["x",],"c":2}""", 1, 1, 2)]
    [InlineData("""{"a":["x"],"c":2}""", """{"a":["x"},"c":2}""", 1, 1, 2)]
    [InlineData("""{"a":["x"],"c":2}""", """{"a":[{"__proto__":1}],"c":2}""", 1, 1, 2)]
    [InlineData("""{"a":["x"],"c":2}""", """{"a":["; cat /etc/passwd"],"c":2}""", 1, 1, 2)]
    [InlineData("""{"a":"<300>","c":2}""", """{"a":,"c":2}""", 1, 1, 1)]
    [InlineData("""{"a":"<300>","c":2}""", """{"a":"<300>","c":3}""", 2, 2, 2)]
    [InlineData("""{"a":"<300>","c":2}""", """{"a":null,"c":3}""", 2, 1, 2)]
    [InlineData("""{"a":null,"c":2}""", """{"a":"x","c":["y"]}""", 2, 2, 3)]
    public void An_element_is_compared_with_the_one_before(string one, string other, long elements, long texts, long containers)
    {
        (one, other) = (one.Replace("<300>", new string('x', 300), StringComparison.Ordinal), other.Replace("<300>", new string('y', 300), StringComparison.Ordinal));
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            Clean.Wide = WideVectors.Of(width);
            for (var before = 0; before < 70; before++)
            {
                var blanks = new string(' ', before);
                Passed($"[0,{blanks}{one},{blanks}{other}]", again: true).ShouldBe((elements, texts, containers), $"{width} {before}");
                Passed($"[0,{blanks}{one},{blanks}{other}]").ShouldBe((elements, texts, containers), $"{width} {before}, by blocks");
            }
        }
    }

    [Fact]
    public void What_was_learned_of_other_lists_says_nothing_of_encoded_texts()
    {
        var data = Convert.ToBase64String("; cat /etc/passwd"u8);
        var records = string.Join(',', Enumerable.Repeat($$$"""{"eventSource":"aws:kinesis","kinesis":{"data":"{{{data}}}"}}""", 20));
        foreach (var json in new[] { $$"""{"items":[{{records}}],"Records":[{{records}}]}""", $$"""{"Records":[{{records}}],"items":[{{records}}]}""" })
        {
            var bytes = Encoding.UTF8.GetBytes(json);
            ScreenTests.Differs(bytes).ShouldBeNull();
            Inspector.Inspect(bytes).Signals.Count(s => s.Field.StartsWith("Records", StringComparison.Ordinal)).ShouldBeGreaterThanOrEqualTo(20);
        }
    }

    /// <summary>What stands in base64 is looked at in place of it.</summary>
    [Theory]
    [InlineData("data", "DATA", 4)]
    [InlineData("data", "kinesis.data", 0)]
    [InlineData("data", "x.data", 0)]
    [InlineData("kinesis", "kinesis.data", 4)]
    [InlineData("kinesis", "x.data", 0)]
    [InlineData("kinesis", "DATA", 0)]
    [InlineData("key", "key", 4)]
    [InlineData("key", "value", 4)]
    [InlineData("key", "x.value", 0)]
    public void Encoded_texts_are_passed_by_where_they_stand(string encoded, string path, long elements)
    {
        var kind = encoded switch { "data" => Clean.Encoded.Data, "kinesis" => Clean.Encoded.DataOfKinesis, _ => Clean.Encoded.KeyAndValue };
        var names = path.ToLowerInvariant().Split('.');
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            Clean.Wide = WideVectors.Of(width);
            foreach (var (plain, sound) in new[] { ("please ring twice", true), ("""{"a":[1,"please ring"],"b":"x"}""", true), (new string('x', 200), true), ("..; cat /etc/passwd", false), ("""{"a":"; cat /etc/passwd"}""", false), ("\u001f\u008b....", false), ("a\u0001b", false) })
            {
                string Element(int i) => names.Reverse().Aggregate(JsonSerializer.Serialize(Convert.ToBase64String(Encoding.Latin1.GetBytes(System.Text.RegularExpressions.Regex.Unescape(plain)))), (value, name) => $$"""{"{{name}}":{{value}},"n":{{i}}}""");
                Passed($"[0,{string.Join(',', Enumerable.Range(0, 4).Select(Element))}]", again: true, kind).Elements.ShouldBe(sound ? elements : 0, $"{width} {plain}");
            }

            // What is no base64 is for the walk to say.
            foreach (var odd in new[] { "abc", "ab=c", "YQ=", "YR==", "YWJ=", "Y Q=", "====", "=", "YQ==YQ==", new string('A', 70) + "==" + new string('A', 60), "\u0041" })
            {
                Passed($$"""[0,{"data":"{{odd}}"}]""", again: true, Clean.Encoded.Data).Elements.ShouldBe(0, odd);
            }
        }
    }

    [Fact]
    public void Elements_that_are_long_by_blanks_are_passed_by_all_the_same()
    {
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            Clean.Wide = WideVectors.Of(width);
            foreach (var blanks in new[] { 1900, 2030, 2040, 2047, 2048, 2049, 2100, 5000 })
            {
                var element = $$"""{"a":1,"b":"x"{{new string(' ', blanks)}}}""";
                Passed($"[0,{element},{element}]", again: true).ShouldBe((2, 2, 2), $"{width} {blanks}");
            }
        }
    }

    /// <summary>Batches whose records are alike, with one change anywhere: what a platform wrote, names whose texts are encoded, documents and forms in bodies; with a limit that is reached, too.</summary>
    [Fact]
    public void Both_ways_say_the_same_of_records_with_one_change()
    {
        var random = new Random(43);
        var (found, partial) = (0, 0);
        for (var round = 0; round < 6_000; round++)
        {
            string Sentence() => Sentences[random.Next(Sentences.Length)];
            string Encoded() => Convert.ToBase64String(Encoding.UTF8.GetBytes(random.Next(9) == 0 ? "; cat /etc/passwd" : Sentence()));
            string Key() => random.Next(9) == 0 ? new[] { "a;+cat+/etc/passwd", "..%2F..%2Fetc%2Fpasswd", "x'+or+1=1+--", "caf\u00e9+1" }[random.Next(4)] : $"in/photo+{random.Next(9)}+of%20{Sentence().Replace(' ', '+')}";
            var kind = random.Next(5);
            var records = Enumerable.Range(0, random.Next(11, 24)).Select(i => kind switch
            {
                0 => (object)new { messageId = $"059f36b4-{i:d12}", body = Written(new { order = i, text = Sentence(), list = new[] { i, 2 } }), attributes = new { SenderId = "AIDA", SentTimestamp = $"15450826491{i:d2}" }, messageAttributes = new { }, eventSource = "aws:sqs" },
                1 => new { messageId = $"{i}", body = random.Next(5) == 0 ? $"a={i}&b=x" : Sentence(), messageAttributes = new { k = new { stringValue = Sentence(), binaryValue = i % 7 == 3 ? Encoded() : null } }, eventSource = "aws:sqs" },
                4 => new { eventSource = "aws:s3", s3 = new { bucket = new { name = Sentence() }, @object = new { key = Key(), size = i } }, responseElements = new { id = i } },
                2 => new { eventSource = "aws:kinesis", kinesis = new { data = Encoded(), partitionKey = Sentence() }, eventID = $"shard:{i}" },
                _ => new { eventSource = "aws:dynamodb", eventName = "INSERT", dynamodb = new { NewImage = new { id = new { N = $"{i}" }, text = new { S = Sentence() } }, SequenceNumber = $"11{i}" } },
            }).ToArray();
            var json = random.Next(3) == 0 ? Written(new { rawPath = "/", items = records }) : Written(new { Records = records }, random.Next(8) == 0);
            if (Changed(ref json, random, out var options) is not { } bytes)
            {
                continue;
            }

            if (options is not null)
            {
                ScreenTests.Differs(bytes, options).ShouldBeNull();
            }

            // What is no JSON is gone by unseen in what the platform wrote, whatever the way.
            (InspectionVerdict Verdict, string Said) Inspected(int width)
            {
                Clean.Wide = WideVectors.Of(width);
                var verdict = Inspector.Inspect(bytes, options);
                return (verdict, $"{verdict.Decision} {verdict.Source} {verdict.Score} {verdict.Full} {verdict.Shape} {string.Join("; ", verdict.Signals)}");
            }

            var (verdict, said) = Inspected(0);
            foreach (var width in WideVectors.Widths.Where(w => w > 0))
            {
                Inspected(width).Said.ShouldBe(said, $"{width}: {json}");
            }

            found += verdict.Signals.Count > 0 ? 1 : 0;
            partial += verdict.Full ? 0 : 1;
        }

        output.WriteLine($"{found} with a sign, {partial} not in full");
        found.ShouldBeGreaterThan(200);
        partial.ShouldBeGreaterThan(500);
    }

    /// <summary>With a character less, more or another one, or as it was and with a limit that may be reached; null where a number would be changed.</summary>
    private static byte[]? Changed(ref string json, Random random, out InspectionOptions? options)
    {
        options = null;
        var at = random.Next(json.Length);
        if (char.IsAsciiDigit(json[at]) || char.IsAsciiDigit(json[Math.Max(at - 1, 0)]))
        {
            return null; // numbers are looked at as far as characters and their neighbours tell
        }

        var change = random.Next(4);
        json = change switch { 0 => json, 1 => json.Remove(at, 1), 2 => json.Insert(at, Changes[random.Next(Changes.Length)]), _ => json.Remove(at, 1).Insert(at, Changes[random.Next(Changes.Length)]) };
        options = change == 0 ? new InspectionOptions { MaxTexts = random.Next(10, 120) } : null;
        return Encoding.UTF8.GetBytes(json);
    }

    /// <summary>Objects in lists in objects in lists, of as many elements as it happens, with texts that are long or asked about; with one change anywhere, and with a limit that is reached.</summary>
    [Fact]
    public void Both_ways_say_the_same_of_lists_in_lists_with_one_change()
    {
        var random = new Random(47);
        string[] asked = ["jane.miller@mail.example", "+49 30 1234", "https://shop.example/p?page=1&sort=date", "or chairs", "50%25 off", "please ring twice", "", "-", "[LATEST]", "1 or"];
        var (found, partial) = (0, 0);
        for (var round = 0; round < 8_000; round++)
        {
            string Text() => random.Next(3) == 0 ? asked[random.Next(asked.Length)] : random.Next(9) == 0 ? string.Concat(Enumerable.Repeat(Sentences[random.Next(Sentences.Length)] + ". ", 9)) : Sentences[random.Next(Sentences.Length)];
            object Line(int i) => new { sku = $"CH-{i}", title = Text(), options = new { colour = Text(), sizes = Enumerable.Range(0, random.Next(3)).Select(n => new { n, parts = Enumerable.Range(0, random.Next(3)).Select(k => new { k, text = Text() }) }) } };
            var orders = Enumerable.Range(0, random.Next(3, 14)).Select(i => new { id = i, total = random.Next(2) == 0 ? (object)"x" : null, customer = new { name = Text(), list = new object?[] { 1, "a", null, Text(), new[] { 1 } } }, lines = Enumerable.Range(0, random.Next(4)).Select(Line), tags = Enumerable.Range(0, random.Next(3)).Select(_ => Text()) });
            var json = random.Next(4) switch
            {
                0 => Written(new { rawPath = "/", body = Written(new { orders }) }),
                1 => Written(new { Records = Enumerable.Range(0, 11).Select(i => new { messageId = $"{i}", body = Written(orders.Take(2)), eventSource = "aws:sqs" }) }),
                _ => Written(new { orders }, random.Next(6) == 0),
            };
            if (Changed(ref json, random, out var options) is not { } bytes)
            {
                continue;
            }

            string Inspected(int width)
            {
                Clean.Wide = WideVectors.Of(width);
                var verdict = Inspector.Inspect(bytes, options);
                (found, partial) = (found + (verdict.Signals.Count > 0 ? 1 : 0), partial + (verdict.Full ? 0 : 1));
                return $"{verdict.Decision} {verdict.Source} {verdict.Score} {verdict.Full} {verdict.Shape} {string.Join("; ", verdict.Signals)}";
            }

            var said = Inspected(0);
            foreach (var width in WideVectors.Widths.Where(w => w > 0))
            {
                Inspected(width).ShouldBe(said, $"{width}: {json}");
            }
        }

        output.WriteLine($"{found} with a sign, {partial} not in full");
        found.ShouldBeGreaterThan(1000);
        partial.ShouldBeGreaterThan(2000);
    }

    private static object Item(Random random, int depth) => random.Next(depth > 2 ? 4 : 7) switch
    {
        0 => random.Next(-1000, 1000) / 8.0,
        1 => random.Next(2) == 0,
        2 or 3 => Sentences[random.Next(Sentences.Length)],
        4 => Enumerable.Range(0, random.Next(4)).Select(_ => Item(random, depth + 1)).ToArray(),
        _ => Enumerable.Range(0, random.Next(5)).ToDictionary(i => $"name{i}", _ => Item(random, depth + 1)),
    };

    [Fact]
    public unsafe void Escapes_are_taken_out_wherever_they_stand_between_the_blocks()
    {
        var random = new Random(41);
        string[] escapes = ["\\n", "\\t", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\r", "\\u00e9", "\\u6f22", "\\ud83d\\ude00", "\\ud83d"], others = ["\\x", "\\u12g4", "\n", "\\\n", "\\é"];
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            var unescape = WideVectors.Of(width).Unescape;
            for (var round = 0; round < 20_000; round++)
            {
                var often = random.Next(1, 12);
                var text = string.Concat(Enumerable.Range(0, random.Next(200)).Select(_ => random.Next(12) < often ? escapes[random.Next(round % 2 == 0 ? 8 : escapes.Length)] : new string('x', random.Next(9))));
                var isText = random.Next(4) > 0;
                var from = Encoding.UTF8.GetBytes((isText ? text : text + others[random.Next(others.Length)]) + "\", \"\\n" + new string('y', 80));
                var (to, wanted) = (new byte[from.Length + 128], new byte[from.Length]);
                var end = Encoding.UTF8.GetByteCount(text);
                fixed (byte* start = from, room = to)
                {
                    byte* written;
                    var quote = unescape(start, start + from.Length, room, &written);
                    (quote == null ? -1 : quote - start).ShouldBe(isText ? end : -1, text);
                    if (isText)
                    {
                        to.AsSpan(0, (int)(written - room)).SequenceEqual(wanted.AsSpan(0, Decoding.Unescape(from.AsSpan(0, end), wanted))).ShouldBeTrue(text);
                    }
                }
            }
        }
    }

    [Fact]
    public unsafe void Every_unit_of_UTF16_stands_for_what_it_is_and_nothing_else_does()
    {
        string[] near = ["\\u\\u0041", "\\u1\\u0041", "\\u12\\u0041", "\\u123\\u0041", "\\u004", "\\uu0041", "\\u00\\\"41", "\\U0041", .. Enumerable.Range(32, 224).Where(c => !Uri.IsHexDigit((char)c) && c != '"').SelectMany(c => Enumerable.Range(2, 4).Select(at => "\\u0041"[..at] + (char)c + "\\u0041"[(at + 1)..]))];
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            var unescape = WideVectors.Of(width).Unescape;
            for (var unit = 0; unit < 0x10000 + (near.Length * 70); unit++)
            {
                var sound = unit < 0x10000;
                var one = sound ? $"\\u{unit:x4}" : near[(unit - 0x10000) / 70];
                var text = $"{new string('x', unit % 70)}\\u00e9{one}\\u6F22{(sound ? one.ToUpperInvariant().Replace('U', 'u') : "")}y";
                var from = Encoding.UTF8.GetBytes(text + "\"" + new string('y', 80));
                var (to, wanted) = (new byte[from.Length + 128], new byte[from.Length]);
                var end = Encoding.UTF8.GetByteCount(text);
                fixed (byte* start = from, room = to)
                {
                    byte* written;
                    var quote = unescape(start, start + from.Length, room, &written);
                    (quote == null ? -1 : quote - start).ShouldBe(sound ? end : -1, text);
                    if (sound)
                    {
                        to.AsSpan(0, (int)(written - room)).SequenceEqual(wanted.AsSpan(0, Decoding.Unescape(from.AsSpan(0, end), wanted))).ShouldBeTrue(text);
                    }
                }
            }
        }
    }

    /// <summary>Escapes of texts that are looked at together: what they stand for counts, wherever in a block, and none is taken for what stands between texts.</summary>
    [Theory]
    [InlineData("caf\\u00e9 17\\tna\\u00efve \\u6f22\\u5b57 \\u2013 17\\u20ac \\\"quoted\\\" \\ud83d\\ude00", true)]
    [InlineData("\\u0063af\\u00e9 \\u0031\\u0037 \\u0050lease \\u007e", true)]
    [InlineData("\\u00e9\\u003b\\u0020c\\u0061t /\\u0065tc/passwd", false)]
    [InlineData("\\u00e9\\u001f; cat /etc/passwd", false)]
    [InlineData("\\u00e9\\u001f", false)]
    [InlineData("\\u00e9\\u0000", false)]
    [InlineData("caf\\u00e9 \\u560d\\u560aSet-Cookie: a", false)]
    [InlineData("caf\\u00e9 \\u0022 or 1\\u003d1", false)]
    [InlineData("caf\\u00e9 \\u00e9\\u00g9", false)]
    [InlineData("caf\\u00e9 \\u\\u0041", false)]
    [InlineData("caf\\u00e9 \\\"quoted\\\"", true)]
    [InlineData("caf\\u00e9 quoted'", true)]
    [InlineData("caf\\u00e9 \\\"quoted\\\" or 1=1", false)]
    [InlineData("caf\\u00e9 quoted' or 1=1", false)]
    [InlineData("caf\\u00e9 quoted'--", false)]
    public void Escapes_of_several_texts_count_as_what_they_stand_for(string text, bool clean)
    {
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            Clean.Wide = WideVectors.Of(width);
            for (var places = 0; places < 70; places++)
            {
                var list = $"[0,\"caf\\u00e9 one\",\"{new string('x', places)} \\u6f22\",\"{text}\",\"caf\\u00e9 two\",\"three\"]";
                Passed(list, again: true).ShouldBe(clean ? (5, 5, 0) : (2, 2, 0), list);
            }
        }
    }

    [Fact]
    public void Ordinary_texts_are_clean()
    {
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            Clean.Wide = WideVectors.Of(width);
            foreach (var sentence in Sentences.Append(string.Concat(Enumerable.Repeat(Sentences[0] + " " + Sentences[1] + " ", 50))))
            {
                var bytes = Encoding.UTF8.GetBytes(sentence);
                byte[] padded = [.. bytes, .. new byte[Clean.Behind]];
                (Inspector.Screened.Quick.IsClean(padded.AsSpan(0, bytes.Length)), Inspector.Screened.IsClean(bytes)).ShouldBe((true, true), sentence);
            }
        }
    }

    /// <summary>In long texts most signs are judged by blocks; what stands beside what says nothing is seen all the same, wherever in a block it stands and behind however many quotes.</summary>
    [Theory]
    [InlineData("\nnotes &c.", "\ncat /etc/passwd")]
    [InlineData("\n    cats", "\n    cat")]
    [InlineData("\n\n- cat", "\n\n cat x")]
    [InlineData("&pound;5", "&ping;5")]
    [InlineData("salt & pepper", "salt & ping")]
    [InlineData("1|2| three", "1|2| curl")]
    [InlineData("so; 'tis", "so; ls")]
    [InlineData("so;5", "so;$(ls)")]
    [InlineData("as well; then", "as well; drop table x")]
    [InlineData("both && neither", "both && ls")]
    [InlineData("`config.yaml`", "`cat x`")]
    [InlineData("`config`", "`c'at`")]
    [InlineData("<td class=x>", "<td onload=x>")]
    [InlineData("<td class = x>", "<td onload = x>")]
    [InlineData("**bold**", "**)(|bold")]
    [InlineData("**bold**", "/**/bold")]
    [InlineData("see https://host.example/", "see https://localhost/")]
    [InlineData("see https://host.example", "see https://127.0.0.1/")]
    [InlineData("see https://host.example x", "see https://a@host.example x")]
    [InlineData("see https://host.example:80/", "see https://[::1]/")]
    [InlineData("in order of size", "5 order by 5")]
    [InlineData("seventy procedures", "7 procedure analyse")]
    public void What_stands_beside_signs_of_a_long_text_is_seen(string harmless, string harmful)
    {
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            Clean.Wide = WideVectors.Of(width);
            for (var before = 0; before < 64; before++)
            {
                foreach (var quotes in new[] { "", string.Concat(Enumerable.Repeat("it's so \"as told\" ", 8)) })
                {
                    bool IsClean(string piece, string behind)
                    {
                        var line = "<td class=\"row\">Oak *chair* no. 3</td>\n- a **word** or two; &amp; `none`\n";
                        var bytes = Encoding.UTF8.GetBytes($"{quotes}{string.Concat(Enumerable.Repeat(line, 20))}{string.Concat(Enumerable.Repeat("n ", 32))[..before]} <p class=\"a\">it's {piece}{behind}");
                        byte[] padded = [.. bytes, .. new byte[Clean.Behind]];
                        return Inspector.Screened.Quick.IsClean(padded.AsSpan(0, bytes.Length));
                    }

                    (IsClean(harmless, "</p>\n"), IsClean(harmful, "</p>\n"), IsClean(harmless, " x"), IsClean(harmful, " x")).ShouldBe((true, false, true, false), $"{width} {before} {quotes.Length}");
                }
            }
        }
    }

    [Fact]
    public void Both_ways_say_the_same_of_long_texts_of_pieces()
    {
        var random = new Random(43);
        string[] pieces = [.. Changes, "\n    ", "\n\n", "; ", " & ", "&amp;", "&#39;", "**", "`", "class=\"a\"", "onload=", "https://", "localhost/", "host.example/", "cat ", "curl ", "drop table x", "order by", "c", "it's "];
        var found = 0;
        for (var round = 0; round < 1_500; round++)
        {
            var (text, chosen) = (new StringBuilder(), Enumerable.Range(0, 3).Select(_ => pieces[random.Next(pieces.Length)]).ToArray());
            while (text.Length < 1500)
            {
                text.Append(random.Next(12) > 0 ? "the word " : chosen[random.Next(chosen.Length)]);
            }

            var json = Encoding.UTF8.GetBytes($"{{\"rawPath\":\"/\",\"body\":{Written(text.ToString())}}}");
            ScreenTests.Differs(json).ShouldBeNull(text.ToString());
            found += Inspector.Inspect(json).Signals.Count > 0 ? 1 : 0;
        }

        output.WriteLine($"{found} with a sign");
        found.ShouldBeGreaterThan(100);
    }

    [Theory]
    [InlineData("a=1", 1)]
    [InlineData("a=1&b=two words&c=", 2)]
    [InlineData("a=b=c&d.e=x-y", 2)]
    [InlineData("a=O'Neil&b=c&d=salt & pepper", -1)]
    [InlineData("a=1&b", -1)]
    [InlineData("a=1&b&c=1", -1)]
    [InlineData("a=1&&b=1", -1)]
    [InlineData("a=1&=1", -1)]
    [InlineData("$where=1", -1)]
    [InlineData("a[$ne]=1", -1)]
    [InlineData("__proto__=1", -1)]
    [InlineData("a={\"b\":1}", -1)]
    [InlineData("a=; id", -1)]
    [InlineData("a=select", -1)]
    [InlineData("a=1 or", -1)]
    public void A_form_is_passed_by_when_all_of_it_is_clean(string form, long texts)
    {
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            Clean.Wide = WideVectors.Of(width);
            for (var before = 0; before < 130; before++)
            {
                var bytes = Encoding.UTF8.GetBytes($"{new string('n', before + 1)}=v&{form}");
                byte[] padded = [.. bytes, .. new byte[Clean.Behind]];
                Inspector.Screened.Quick.Fields(padded.AsSpan(0, bytes.Length)).ShouldBe(texts < 0 ? texts : texts + 1, $"{width} {before}");
            }
        }
    }

    [Fact]
    public void Both_ways_say_the_same_of_forms_with_one_change()
    {
        var random = new Random(31);
        var found = 0;
        for (var round = 0; round < 8_000; round++)
        {
            var form = string.Join('&', Enumerable.Range(0, random.Next(8, 30)).Select(i => $"field{i}={Sentences[random.Next(Sentences.Length)].Replace(' ', '+').Replace('&', ',')}"));
            form = form.Insert(random.Next(form.Length), Changes[random.Next(Changes.Length)]);
            var json = Encoding.UTF8.GetBytes($"{{\"rawPath\":\"/\",\"body\":{Written(form)}}}");
            ScreenTests.Differs(json).ShouldBeNull();
            found += Inspector.Inspect(json).Signals.Count > 0 ? 1 : 0;
        }

        output.WriteLine($"{found} with a sign");
        found.ShouldBeGreaterThan(100);
    }

    /// <summary>Ordinary words, and now and then a piece of an attack, in names and texts of lists, of lists within bodies, and in forms.</summary>
    [Fact]
    public void Both_ways_say_the_same_of_lists_and_forms_of_pieces()
    {
        var random = new Random(37);
        string[] words =
        [
            "the", "order", "and", "seat's", "chairs, ", "see https://a.example/x?y=z ", "Müller ", "漢字", "12 ", "a@b.example ", "O'Brien ", "salt & sugar ", "x; y ", "(no. 5) ", "10:30 ", "two\ttabs ", "plain", "50 % ", "a=b ", "we'll ",
        ];
        var found = 0;
        for (var round = 0; round < 4000; round++)
        {
            string Text() => string.Concat(Enumerable.Range(0, random.Next(0, 8)).Select(_ => random.Next(12) == 0 ? ScreenTests.Pieces[random.Next(ScreenTests.Pieces.Length)] : words[random.Next(words.Length)]));
            var items = Enumerable.Range(0, random.Next(10, 30)).Select(i => random.Next(3) switch
            {
                0 => (object)Text(),
                1 => new { id = i, text = Text(), list = new[] { Text() } },
                _ => new Dictionary<string, object> { [random.Next(9) == 0 ? Text() : "name"] = Text(), ["n"] = random.Next(1, 9) },
            });
            var list = JsonSerializer.Serialize(items, random.Next(2) == 0 ? Plain : null);
            var json = random.Next(4) switch
            {
                0 => list,
                1 => $"{{\"items\":{list}}}",
                2 => JsonSerializer.Serialize(new { rawPath = "/", body = list }),
                _ => Written(new { rawPath = "/", body = string.Join('&', Enumerable.Range(0, 20).Select(i => $"f{i}={Text().Replace(' ', '+')}")) }),
            };
            var bytes = Encoding.UTF8.GetBytes(json);
            ScreenTests.Differs(bytes).ShouldBeNull();
            found += Inspector.Inspect(bytes).Signals.Count > 0 ? 1 : 0;
        }

        output.WriteLine($"{found} with a sign");
        found.ShouldBeGreaterThan(1000);
    }

    /// <summary>Texts that need a closer look, and nothing else than texts: several of them are looked at together.</summary>
    private static string Phrase(Random random)
    {
        string[] words = ["the", "order", "and", "or", "not", "Müller", "漢字", "12", "O'Brien", "salt & sugar", "a=b", "page=2", "https://a.example/x?y=z&sort=date#r", "arn:aws:s3:::b/2024/x.json", "#00af12", "+49 (30) 1", "-1.5", "settings", "select", "created", "€ 5", "$5", "(x)", "/a/b", "v1.2.3", "嘍", "two;", "for", "copy", "'", "URL(", "x |", "`y`", "5 %", "a\u001fb", "tab\there", "two\nlines", "\ud83d\ude00", "\"quoted\"", "C:\\x", "{\"a\":1}", "[1]"];
        var text = string.Join(random.Next(3) == 0 ? "" : " ", Enumerable.Range(0, random.Next(random.Next(8) == 0 ? 60 : 6)).Select(_ => words[random.Next(words.Length)]));
        return random.Next(3) == 0 ? Sentences[random.Next(Sentences.Length)] : random.Next(20) == 0 ? new string('x', random.Next(2500)) : text;
    }

    [Fact]
    public void Ordinary_lists_of_texts_are_passed_by_as_a_whole()
    {
        var random = new Random(53);
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            Clean.Wide = WideVectors.Of(width);
            for (var round = 0; round < 1000; round++)
            {
                string[] items = ["", .. Enumerable.Range(0, random.Next(1, 200)).Select(_ => Sentences[random.Next(Sentences.Length)])];
                var list = round % 3 == 0 ? JsonSerializer.Serialize(items) : Written(items, round % 4 == 0);
                Passed(list, again: true).ShouldBe((items.Length - 1, items.Count(item => item.Length > 0), 0), list);
            }
        }
    }

    /// <summary>What stands just beside signs of an address that say nothing, wherever in the blocks it stands; by itself, and in the escapes of its list.</summary>
    [Theory]
    [InlineData("https://shop.example/a?page=1&sort=date#r", true)]
    [InlineData("https://shop.example/a?page=1&sort=date&amp=2&x_y.z-1=&n=//b.example", true)]
    [InlineData("see https://shop.example", true)]
    [InlineData("https://localhosts.example/", true)]
    [InlineData("https://localhost/a?page=1", false)]
    [InlineData("see https://localhost", false)]
    [InlineData("https://my.localhost:80/", false)]
    [InlineData("https://LOCALHOST?page=1", false)]
    [InlineData("https://127.0.0.1/", false)]
    [InlineData("https://[::1]/", false)]
    [InlineData("https://shop.example@10.0.0.1/", false)]
    [InlineData("https://shop.example&@10.0.0.1/", false)]
    [InlineData("https://shop.example/a?page=1&id", false)]
    [InlineData("https://shop.example/a?page=1&cat /etc/x", false)]
    [InlineData("https://shop.example/a?page=1&sort+=", false)]
    [InlineData("https://shop.example/a?page=1&a2345678901234567890123456789012=3", false)]
    [InlineData("https://shop.example/a?onabc=1", false)]
    [InlineData("https://shop.example/a onclick =1", false)]
    [InlineData("https://shop.example/a&onload=1", false)]
    public void An_address_is_passed_by_and_what_stands_beside_one_is_not(string address, bool clean)
    {
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            Clean.Wide = WideVectors.Of(width);
            for (var round = 0; round < 256; round++)
            {
                var before = string.Join(",", Enumerable.Repeat("\"https://a.example/x?y=z&sort=date#r\"", 6).Append($"\"{new string('x', round % 128)}\""));
                var passed = Passed($"[0,{before},\"{(round < 128 ? "" : "\\t")}{address}\",\"xyz/\",\"x\",\"y\",\"z\"]", again: true).Elements;
                passed.ShouldBe(clean ? 12 : 7, address);
            }
        }
    }

    [Fact]
    public void Both_ways_say_the_same_of_lists_of_addresses_with_one_change()
    {
        string[] hosts = ["shop.example", "localhost", "a.test", "127.0.0.1", "[::1]", "a@b.example", "a:80", "a&b", "LocalHost", "x_y", "é.example", "-", ""];
        string[] names = ["page", "sort", "id", "cat", "onerror", "on", "ona", "a.b-c_d", "oné", "", "data", new('n', 29), new('n', 30), new('n', 31), "whoami", "7z", "{cat"];
        string[] marks = ["=", "&", "=&", " =", ",", "//", "://", "/", "?", "#", "\"", " ", ";", "&#x2f;", "|", "\\", "\t", "1"];
        var random = new Random(71);
        var found = 0;
        string Of(string[] all, int most) => random.Next(most) == 0 ? all[random.Next(all.Length)] : all[0];
        for (var round = 0; round < 1500; round++)
        {
            var rare = random.Next(1, 200);
            var texts = Enumerable.Range(0, random.Next(10, 60)).Select(i => $"{(random.Next(4) == 0 ? "" : "https:")}//{Of(hosts, rare)}/{new string('x', random.Next(40))}?{Of(names, rare)}{Of(marks, rare)}{i}&{names[random.Next(Math.Min(rare, 2))]}{Of(marks, rare)}2&{Of(names, rare)}{Of(marks, rare)}").ToArray();
            var text = random.Next(texts.Length);
            texts[text] = texts[text].Insert(random.Next(texts[text].Length + 1), random.Next(2) == 0 ? marks[random.Next(marks.Length)] : names[random.Next(names.Length)]);
            var json = Encoding.UTF8.GetBytes(random.Next(3) == 0 ? JsonSerializer.Serialize(texts) : Written(texts, random.Next(6) == 0));
            ScreenTests.Differs(json).ShouldBeNull();
            found += Inspector.Inspect(json).Signals.Count > 0 ? 1 : 0;
        }

        output.WriteLine($"{found} with a sign");
        found.ShouldBeInRange(150, 1450);
    }

    [Fact]
    public void Texts_without_characters_need_no_room()
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new { lines = Enumerable.Repeat("a b", 30).Append("").Append("") });
        ScreenTests.Differs(json, new InspectionOptions { MaxTexts = 30 }).ShouldBeNull();
        Inspector.Inspect(json, new InspectionOptions { MaxTexts = 30 }).Full.ShouldBeTrue();
        Inspector.Inspect(json, new InspectionOptions { MaxTexts = 29 }).Full.ShouldBeFalse();
    }

    [Fact]
    public void Both_ways_say_the_same_of_lists_of_texts_with_one_change()
    {
        var random = new Random(59);
        var (found, partial) = (0, 0);
        for (var round = 0; round < 6000; round++)
        {
            var texts = Enumerable.Range(0, random.Next(10, 60)).Select(_ => Phrase(random)).ToArray();
            var text = random.Next(texts.Length);
            var place = random.Next(3) switch { 0 => 0, 1 => texts[text].Length, _ => random.Next(texts[text].Length + 1) };
            if (round % 3 > 0)
            {
                // Bytes that are no text hide a path in the second.
                texts[text] = random.Next(8) > 0 ? texts[text].Insert(place, ScreenTests.Pieces[random.Next(ScreenTests.Pieces.Length)]) : random.Next(2) == 0 ? "x\ufffdetc\ufffdpasswd" : "; cat /etc/passwd";
            }

            var list = random.Next(3) == 0 ? JsonSerializer.Serialize(texts) : Written(texts, random.Next(6) == 0);
            if (round % 3 == 0)
            {
                var at = random.Next(list.Length);
                list = random.Next(2) == 0 ? list.Remove(at, 1) : list.Insert(at, Changes[random.Next(Changes.Length)]);
            }

            var json = Encoding.UTF8.GetBytes(random.Next(2) == 0 ? list : $"{{\"rawPath\":\"/\",\"items\":{list}}}");
            ScreenTests.Differs(json).ShouldBeNull();
            var verdict = Inspector.Inspect(json);
            found += verdict.Signals.Count > 0 ? 1 : 0;
            partial += verdict.Full ? 0 : 1;
        }

        output.WriteLine($"{found} with a sign, {partial} no JSON");
        found.ShouldBeGreaterThan(500);
        partial.ShouldBeGreaterThan(200);
    }

    /// <summary>Both ways, of lists that were changed in one place: by a character that means something to JSON or to a detector, or by a piece of an attack.</summary>
    [Fact]
    public void Both_ways_say_the_same_of_lists_with_one_change()
    {
        var random = new Random(29);
        var (found, partial) = (0, 0);
        for (var round = 0; round < 12_000; round++)
        {
            var items = Enumerable.Range(0, random.Next(10, 24)).Select(i => i % 3 == 0 ? (object)new { id = random.Next(1, 9) * 111, text = Sentences[random.Next(Sentences.Length)], on = true } : i % 3 == 1 ? Sentences[random.Next(Sentences.Length)] : new[] { "a", "b" }).ToArray();
            var list = Written(items, random.Next(8) == 0);
            var at = random.Next(list.Length);
            if (char.IsAsciiDigit(list[at]) || char.IsAsciiDigit(list[Math.Max(at - 1, 0)]))
            {
                continue; // numbers are looked at as far as characters and their neighbours tell
            }

            list = random.Next(3) switch { 0 => list.Remove(at, 1), 1 => list.Insert(at, Changes[random.Next(Changes.Length)]), _ => list.Remove(at, 1).Insert(at, Changes[random.Next(Changes.Length)]) };
            var json = Encoding.UTF8.GetBytes(random.Next(2) == 0 ? list : $"{{\"rawPath\":\"/\",\"items\":{list}}}");
            ScreenTests.Differs(json).ShouldBeNull();
            var verdict = Inspector.Inspect(json);
            found += verdict.Signals.Count > 0 ? 1 : 0;
            partial += verdict.Full ? 0 : 1;
        }

        output.WriteLine($"{found} with a sign, {partial} no JSON");
        found.ShouldBeGreaterThan(100);
        partial.ShouldBeGreaterThan(1000);
    }
}
