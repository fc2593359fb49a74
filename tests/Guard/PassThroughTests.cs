using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Pellicle.Domain;
using Pellicle.Guard.Tests.Support;

namespace Pellicle.Guard.Tests;

/// <summary>What is no attack goes through byte for byte, in every mode.</summary>
public class PassThroughTests
{
    public static TheoryData<ProtectionMode> Modes => [ProtectionMode.Off, ProtectionMode.Monitor, ProtectionMode.Protect];

    [Theory]
    [MemberData(nameof(Modes))]
    public void An_event_and_its_response_are_the_same_bytes_on_both_sides(ProtectionMode mode)
    {
        using var hop = new Hop(mode);
        using var runtime = hop.Runtime();
        var request = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nuser-agent: aws-lambda-nodejs/v20\r\nX-ODD-case:  two blanks \r\nHost: 127.0.0.1:9001\r\n\r\n";
        var answer = hop.Platform.Event("id-1", """{"name":"wörld"}"""u8.ToArray(), "Lambda-Runtime-Trace-Id: Root=1-2;Parent=3\r\nx-LOWER: ü\r\n");

        runtime.Ask(request).ShouldBe(answer);
        hop.Platform.TakeRequest().ShouldBe(request);

        var post = "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nhost: x\r\ncontent-TYPE: application/json\r\nContent-Length: 4\r\n\r\nnull";
        runtime.Ask(post).ShouldBe(FakePlatform.Accepted);
        hop.Platform.TakeRequest().ShouldBe(post);
        hop.Platform.Connections.ShouldBe(1);
    }

    [Theory]
    [InlineData("GET /2018-06-01/ping HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: h\r\nLambda-Runtime-Function-Error-Type: Runtime.X\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("POST /2018-06-01/runtime/restore/error HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("POST /2020-01-01/extension/register HTTP/1.1\r\nLambda-Extension-Name: inner\r\nContent-Length: 14\r\n\r\n{\"events\": []}")]
    [InlineData("PUT /2022-07-01/telemetry HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")]
    [InlineData("GET /2021-04-23/credentials HTTP/1.1\r\nAuthorization: token\r\n\r\n")]
    [InlineData("DELETE /unknown/path?a=b HTTP/1.1\r\nHost: h\r\n\r\n")]
    public void Every_other_route_passes(string request)
    {
        using var hop = new Hop(ProtectionMode.Protect);
        using var runtime = hop.Runtime();
        runtime.Ask(request).ShouldBe(FakePlatform.Accepted);
        hop.Platform.TakeRequest().ShouldBe(request);
    }

    [Fact]
    public void Restore_next_passes()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        using var runtime = hop.Runtime();
        var answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray();
        hop.Platform.Raw(answer);
        runtime.Ask("GET /2018-06-01/runtime/restore/next HTTP/1.1\r\nHost: h\r\n\r\n").ShouldBe(answer);
    }

    [Fact]
    public void Events_and_responses_of_six_megabytes_and_more_pass()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        using var runtime = hop.Runtime();
        foreach (var size in new[] { 6 * 1024 * 1024, 6_291_556 + 1000, 20 * 1024 * 1024 })
        {
            var body = Encoding.ASCII.GetBytes("{\"a\":\"" + new string('b', size) + "\"}");
            var answer = hop.Platform.Event("big", body);
            runtime.Next().AsSpan().SequenceEqual(answer).ShouldBeTrue();
            hop.Platform.TakeRequest();
            byte[] post = [.. Encoding.ASCII.GetBytes($"POST /2018-06-01/runtime/invocation/big/response HTTP/1.1\r\nContent-Length: {body.Length}\r\n\r\n"), .. body];
            runtime.Ask(post).ShouldBe(FakePlatform.Accepted);
            hop.Platform.TakeRequest().Length.ShouldBe(post.Length);
        }
    }

    [Fact]
    public void A_chunked_event_passes_and_is_inspected()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        using var runtime = hop.Runtime();
        var answer = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: c1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\n{\"a\":\r\n3\r\n\"b\"\r\n1\r\n}\r\n0\r\n\r\n"u8.ToArray();
        hop.Platform.Raw(answer);
        runtime.Next().ShouldBe(answer);
        hop.Guardian.Invocations.Find("c1")!.Texts.ShouldContain(t => t.Text == "b");
    }

    [Theory]
    [InlineData(1)] // as Lambda's own core sends every event of more than 2 KB
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(5000)]
    public void An_event_in_chunks_is_the_same_event(int chunks)
    {
        using var hop = new Hop(ProtectionMode.Monitor);
        using var runtime = hop.Runtime();
        var random = new Random(chunks);
        for (var round = 0; round < 8; round++)
        {
            var text = string.Concat(Enumerable.Range(0, 200 + (round * 900)).Select(n => $"part {n} of {round} "));
            var body = Encoding.ASCII.GetBytes($"{{\"a\":\"{text}\"}}");
            int[] ends = [.. Enumerable.Range(0, chunks - 1).Select(_ => random.Next(1, body.Length)).Append(body.Length).Distinct().Order()];
            var answer = new List<byte>(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: c{round}\r\nTransfer-Encoding: chunked\r\n\r\n"));
            foreach (var (start, end) in ends.Prepend(0).Zip(ends))
            {
                answer.AddRange(Encoding.ASCII.GetBytes($"{end - start:x}\r\n"));
                answer.AddRange(body[start..end]);
                answer.AddRange("\r\n"u8);
            }
            answer.AddRange("0\r\n\r\n"u8);
            hop.Platform.Raw([.. answer]);
            runtime.Next().ShouldBe([.. answer]);
            hop.Guardian.Invocations.Find($"c{round}")!.Texts.Select(t => t.Text).ShouldContain(text);
            runtime.Respond($"c{round}", "1").ShouldBe(FakePlatform.Accepted);
        }
    }

    [Fact]
    public void A_large_event_in_one_chunk_leaves_nothing_on_the_heap()
    {
        var chunk = Encoding.ASCII.GetBytes($"{102400:x}\r\n{new string('x', 102400)}\r\n0\r\nTrailer: 1\r\n\r\n");
        var pieces = new RuntimeApi.ByteBuffer();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var payload = RuntimeApi.BodyTracker.Payload(chunk, pieces);
        GC.GetAllocatedBytesForCurrentThread().ShouldBe(before);
        payload.Length.ShouldBe(102400);
        payload.Span.IndexOfAnyExcept((byte)'x').ShouldBe(-1);
    }

    [Theory]
    [InlineData(ProtectionMode.Off, 3000)]
    [InlineData(ProtectionMode.Monitor, 3000)]
    [InlineData(ProtectionMode.Monitor, 400_000)] // more than is waited for where nothing is stopped
    [InlineData(ProtectionMode.Protect, 400_000)]
    [InlineData(ProtectionMode.Protect, 7_000_000)] // more than the platform takes: it says so itself
    public void A_response_in_chunks_is_the_same_bytes(ProtectionMode mode, int bytes)
    {
        using var hop = new Hop(mode);
        using var runtime = hop.Runtime();
        hop.Platform.Event("s1", "{}");
        runtime.Next();
        hop.Platform.TakeRequest();
        var text = new StringBuilder("POST /2018-06-01/runtime/invocation/s1/response HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: Lambda-Runtime-Function-Error-Type\r\n\r\n");
        for (var left = bytes; left > 0; left -= 32768)
            text.Append(CultureInfo.InvariantCulture, $"{Math.Min(left, 32768):x}\r\n{new string('y', Math.Min(left, 32768))}\r\n");
        text.Append("0\r\nLambda-Runtime-Function-Error-Type: X\r\n\r\n");
        runtime.Ask(text.ToString()).ShouldBe(FakePlatform.Accepted);
        (hop.Platform.TakeRequest() == text.ToString()).ShouldBeTrue();
        hop.Guardian.Invocations.InFlight.ShouldBe(0);
    }

    [Fact]
    public void A_streamed_response_is_passed_piece_by_piece_with_its_trailers()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        using var runtime = hop.Runtime();
        hop.Platform.Event("s1", "{}");
        runtime.Next();
        hop.Platform.TakeRequest();
        using var firstSeen = new ManualResetEventSlim();
        hop.Platform.Special["/s1/response"] = (stream, _) =>
        {
            stream.Write(FakePlatform.Accepted);
            return true;
        };
        var head = "POST /2018-06-01/runtime/invocation/s1/response HTTP/1.1\r\nLambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\nTrailer: Lambda-Runtime-Function-Error-Type\r\n\r\n";
        string[] pieces = ["6\r\nhello ", "\r\n5\r", "\nworld\r\n", "0\r\nLambda-Runtime-Function-Error-", "Type: X\r\n\r", "\n"];
        runtime.Stream.Write(Encoding.ASCII.GetBytes(head));
        foreach (var piece in pieces)
            runtime.Stream.Write(Encoding.ASCII.GetBytes(piece));
        runtime.Receive().ShouldBe(FakePlatform.Accepted);
        hop.Platform.TakeRequest().ShouldBe(head + string.Concat(pieces));
    }

    [Fact]
    public void A_streamed_response_is_not_held_back()
    {
        // The platform's side is played by hand here: it must see the first chunk while the second is not yet sent.
        using var platform = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        platform.Start();
        using var hop = new Hop(ProtectionMode.Monitor);
        using var proxy = new RuntimeApi.Proxy(new(System.Net.IPAddress.Loopback, 0), (System.Net.IPEndPoint)platform.LocalEndpoint, hop.Guardian);
        using var runtime = new FakeRuntime(proxy.Address);
        runtime.Stream.Write("POST /2018-06-01/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"u8);
        using var upstream = platform.AcceptTcpClient();
        upstream.ReceiveTimeout = 60000;
        var seen = "";
        var buffer = new byte[1024];
        while (!seen.Contains("first", StringComparison.Ordinal))
            seen += Encoding.ASCII.GetString(buffer, 0, upstream.GetStream().Read(buffer));
        runtime.Stream.Write("0\r\n\r\n"u8);
        while (!seen.EndsWith("0\r\n\r\n", StringComparison.Ordinal))
            seen += Encoding.ASCII.GetString(buffer, 0, upstream.GetStream().Read(buffer));
        // And the answer too.
        upstream.GetStream().Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n"u8);
        var answer = "";
        while (!answer.Contains("one", StringComparison.Ordinal))
            answer += Encoding.ASCII.GetString(buffer, 0, runtime.Stream.Read(buffer));
        upstream.GetStream().Write("0\r\nT: 1\r\n\r\n"u8);
        while (!answer.EndsWith("T: 1\r\n\r\n", StringComparison.Ordinal))
            answer += Encoding.ASCII.GetString(buffer, 0, runtime.Stream.Read(buffer));
    }

    [Fact]
    public void Expect_continue_and_early_refusal_reach_the_runtime()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        using var runtime = hop.Runtime();
        hop.Platform.Event("e1", "{}");
        runtime.Next();
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        using var proxy = new RuntimeApi.Proxy(new(System.Net.IPAddress.Loopback, 0), (System.Net.IPEndPoint)listener.LocalEndpoint, hop.Guardian);
        using var client = new FakeRuntime(proxy.Address);
        client.Stream.Write("POST /2018-06-01/runtime/invocation/e1/response HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n"u8);
        using var upstream = listener.AcceptTcpClient();
        var stream = upstream.GetStream();
        stream.Write("HTTP/1.1 100 Continue\r\n\r\n"u8);
        Encoding.ASCII.GetString(client.Receive()).ShouldStartWith("HTTP/1.1 100 Continue");
        client.Stream.Write("01234"u8);
        stream.Write("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 2\r\n\r\nno"u8);
        Encoding.ASCII.GetString(client.Receive()).ShouldEndWith("no");
    }

    [Fact]
    public void A_connection_the_platform_closed_between_requests_is_opened_again()
    {
        using var hop = new Hop(ProtectionMode.Monitor);
        using var runtime = hop.Runtime();
        hop.Platform.Special["/ping"] = (stream, _) =>
        {
            stream.Write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong"u8);
            return false;
        };
        for (var i = 0; i < 20; i++)
            Encoding.ASCII.GetString(runtime.Ask("GET /2018-06-01/ping HTTP/1.1\r\nHost: h\r\n\r\n")).ShouldEndWith("pong");
        hop.Platform.Connections.ShouldBe(20);
    }

    [Fact]
    public void A_connection_that_the_platform_closed_after_an_answer_is_opened_again_for_the_next_event()
    {
        using var hop = new Hop(ProtectionMode.Monitor);
        using var runtime = hop.Runtime();
        hop.Platform.Special["/response"] = (stream, _) =>
        {
            stream.Write(FakePlatform.Accepted);
            return false;
        };
        for (var i = 0; i < 50; i++)
        {
            var answer = hop.Platform.Event($"n{i}", "{}");
            runtime.Next().ShouldBe(answer);
            runtime.Respond($"n{i}", "1").ShouldBe(FakePlatform.Accepted);
        }
        hop.Platform.Connections.ShouldBe(50);
    }

    [Fact]
    public async Task Several_pollers_wait_at_the_same_time()
    {
        using var hop = new Hop(ProtectionMode.Protect, s => s with { MaxConcurrency = 8 });
        var runtimes = Enumerable.Range(0, 8).Select(_ => hop.Runtime()).ToList();
        var waiting = runtimes.Select(r => Task.Run(r.Next)).ToList();
        for (var i = 0; i < 8; i++)
            hop.Platform.TakeRequest().ShouldContain("/next");
        for (var i = 0; i < 8; i++)
            hop.Platform.Event($"m{i}", $$"""{"n":{{i}}}""");
        var events = await Task.WhenAll(waiting);
        events.Select(e => Wire.Header(Encoding.Latin1.GetString(e), "lambda-runtime-aws-request-id")).Order().ShouldBe(Enumerable.Range(0, 8).Select(i => $"m{i}"));
        hop.Guardian.Invocations.InFlight.ShouldBe(8);
        foreach (var (runtime, message) in runtimes.Zip(events))
            runtime.Respond(Wire.Header(Encoding.Latin1.GetString(message), "lambda-runtime-aws-request-id")!, "1").ShouldBe(FakePlatform.Accepted);
        hop.Guardian.Invocations.InFlight.ShouldBe(0);
        runtimes.ForEach(r => r.Dispose());
    }

    [Fact]
    public void A_client_that_goes_away_takes_its_question_with_it()
    {
        using var hop = new Hop(ProtectionMode.Monitor);
        using var gone = new ManualResetEventSlim();
        hop.Platform.Special["/next"] = (stream, _) =>
        {
            if (stream.ReadByte() < 0)
                gone.Set();
            return false;
        };
        var runtime = hop.Runtime();
        runtime.Stream.Write("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: h\r\n\r\n"u8);
        hop.Platform.TakeRequest();
        runtime.Dispose();
        gone.Wait(60000).ShouldBeTrue();
    }

    [Theory]
    [InlineData("garbage\r\n\r\n")]
    [InlineData("GET / HTTP/2\r\n\r\n")]
    [InlineData("POST /x HTTP/1.1\r\nContent-Length: many\r\n\r\n")]
    [InlineData("POST /x HTTP/1.1\r\nContent-Length: -4\r\n\r\n")]
    public void What_is_not_http_gets_a_clear_refusal(string request)
    {
        using var hop = new Hop(ProtectionMode.Monitor);
        using var runtime = hop.Runtime();
        var answer = Encoding.ASCII.GetString(runtime.Ask(request));
        answer.ShouldStartWith("HTTP/1.1 400");
        answer.ShouldContain("InvalidRequestFormat");
    }

    [Fact]
    public void Without_a_platform_the_runtime_gets_an_error_and_not_silence()
    {
        using var hop = new Hop(ProtectionMode.Monitor);
        hop.Platform.Dispose();
        using var runtime = hop.Runtime();
        var answer = Encoding.ASCII.GetString(runtime.Next());
        answer.ShouldStartWith("HTTP/1.1 502");
        answer.ShouldContain("(errno 111)");
    }

    [Fact]
    public void A_proxy_that_ends_leaves_alone_what_was_opened_meanwhile()
    {
        // A client that goes wakes the accepting thread just when the proxy ends; what it closes has numbers that others get at once.
        for (var round = 0; round < 400; round++)
        {
            using var start = new Barrier(2);
            var hop = new Hop(ProtectionMode.Monitor);
            var runtime = hop.Runtime();
            var ending = new Thread(() =>
            {
                start.SignalAndWait();
                hop.Proxy.Dispose();
                hop.Proxy.Dispose();
            });
            ending.Start();
            start.SignalAndWait();
            runtime.Dispose();
            var others = Enumerable.Range(0, 8).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
            others.ForEach(o => o.Start());
            ending.Join();
            foreach (var other in others)
            {
                using var client = new TcpClient();
                client.Connect((IPEndPoint)other.LocalEndpoint);
                other.Dispose();
            }
            hop.Dispose();
        }
    }
}
