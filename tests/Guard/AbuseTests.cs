using System.Diagnostics;
using System.Globalization;
using System.Text;
using Pellicle.Domain;
using Pellicle.Guard.Sinks;
using Pellicle.Guard.Tests.Support;
using Pellicle.Inspection;
using Pellicle.Policy;

namespace Pellicle.Guard.Tests;

/// <summary>What costs money rather than secrets (rows 18 to 20 of the catalogue), answers of another kind than usual, calls to AWS; each with a twin that is never stopped.</summary>
public class AbuseTests
{
    private static string Http(string address, string path = "/") =>
        $$$"""{"version":"2.0","rawPath":"{{{path}}}","requestContext":{"accountId":"123456789012","http":{"method":"GET","path":"{{{path}}}","sourceIp":"{{{address}}}"}},"isBase64Encoded":false}""";

    private static byte[] Traced(Hop hop, string id, string trace) => hop.Platform.Event(id, """{"n":1}"""u8.ToArray(), $"Lambda-Runtime-Trace-Id: {trace}\r\n");

    [Theory]
    [InlineData("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0;Lineage=a87bd80c:1|68fd508a:17|c512fbe2:3", 17)]
    [InlineData("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Lineage=a87bd80c:16", 16)]
    [InlineData("Root=1-x;Lineage=1:a87bd80c:5", 5)]
    [InlineData("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0", 0)]
    [InlineData("Lineage=a:99999999999999999999|b:-3|:7|c", 0)]
    [InlineData(null, 0)]
    public void Rounds_of_a_chain(string? trace, int rounds) => Lineage.Rounds(trace).ShouldBe(rounds);

    [Fact]
    public void A_chain_that_goes_round_and_round_is_stopped_in_protect()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        using var runtime = hop.Runtime();
        Traced(hop, "round", "Root=1-x;Lineage=a87bd80c:16");
        // The same chain with its first rounds, and many in parallel from one root, are ordinary.
        var few = Traced(hop, "few", "Root=1-x;Lineage=a87bd80c:15");
        runtime.Next().ShouldBe(few);
        hop.Platform.TakeRequest();
        hop.Platform.TakeRequest().ShouldStartWith("POST /2018-06-01/runtime/invocation/round/error HTTP/1.1\r\n");
        hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().ShouldSatisfyAllConditions(i => i.Detector.ShouldBe("recursion"), i => i.Decision.ShouldBe("blocked"), i => i.RequestId.ShouldBe("round"));
    }

    [Fact]
    public void A_chain_is_reported_in_monitor_and_left_alone_where_the_policy_says_so()
    {
        using var hop = new Hop(ProtectionMode.Monitor);
        using var runtime = hop.Runtime();
        var round = Traced(hop, "round", "Root=1-x;Lineage=a87bd80c:40");
        runtime.Next().ShouldBe(round);
        runtime.Respond("round", "1");
        hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().Decision.ShouldBe("would-block");
        hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect, Builtin = new Dictionary<string, Effect> { ["recursion"] = Effect.Allow } }, "test");
        var allowed = Traced(hop, "allowed", "Root=1-x;Lineage=a87bd80c:40");
        runtime.Next().ShouldBe(allowed);
    }

    /// <summary>Ordinary requests of somebody else, then some that take long.</summary>
    private static void Run(Hop hop, FakeRuntime runtime, ManualTime time, string caller, int ordinary, int slow)
    {
        for (var i = 0; i < ordinary + slow; i++)
        {
            var id = $"{caller}-{i}-{ordinary}";
            var answer = hop.Platform.Event(id, Http(i < ordinary ? "192.0.2.1" : caller));
            runtime.Next().ShouldBe(answer);
            time.Advance(TimeSpan.FromMilliseconds(i < ordinary ? 20 : 5000));
            runtime.Respond(id, "1").ShouldBe(FakePlatform.Accepted);
        }
    }

    [Theory]
    [InlineData(ProtectionMode.Monitor)]
    [InlineData(ProtectionMode.Protect)]
    public void A_caller_whose_requests_run_away_is_refused_for_a_while(ProtectionMode mode)
    {
        var time = new ManualTime(new DateTimeOffset(2024, 5, 1, 12, 0, 0, TimeSpan.Zero));
        using var hop = new Hop(mode, time: time);
        using var runtime = hop.Runtime();
        Run(hop, runtime, time, "203.0.113.9", Pace.Enough + 1, Pace.Strikes);
        hop.Guardian.Incidents.Take(20).Count(i => i.Detector == "runaway").ShouldBe(Pace.Strikes);

        hop.Platform.Event("more", Http("203.0.113.9"));
        var other = hop.Platform.Event("other", Http("192.0.2.1"));
        if (mode == ProtectionMode.Monitor)
        {
            Encoding.ASCII.GetString(runtime.Next()).ShouldContain("more");
            runtime.Respond("more", "1");
        }
        runtime.Next().ShouldBe(other);
        hop.Guardian.Incidents.Take(20).Where(i => i.Detector == "runaway-caller").ShouldHaveSingleItem()
            .ShouldSatisfyAllConditions(i => i.Decision.ShouldBe(mode == ProtectionMode.Protect ? "blocked" : "would-block"), i => i.RequestId.ShouldBe("more"), i => i.Evidence.ShouldBe("203.0.113.9"));
        runtime.Respond("other", "1");

        time.Wall += Pace.Memory + TimeSpan.FromSeconds(1);
        var again = hop.Platform.Event("again", Http("203.0.113.9"));
        runtime.Next().ShouldBe(again);
    }

    [Fact]
    public void A_clock_that_is_set_back_refuses_nobody_for_longer()
    {
        var time = new ManualTime(new DateTimeOffset(2024, 5, 1, 12, 0, 0, TimeSpan.Zero));
        var pace = new Pace(time);
        for (var i = 0; i <= Pace.Enough; i++)
            pace.Ended("http", "192.0.2.1", TimeSpan.FromMilliseconds(20));
        for (var i = 0; i < Pace.Strikes; i++)
            pace.Ended("http", "203.0.113.9", TimeSpan.FromSeconds(5)).ShouldBeGreaterThan(0);
        pace.IsRefused("203.0.113.9").ShouldBeTrue();
        time.Wall -= Pace.Memory / 2;
        pace.IsRefused("203.0.113.9").ShouldBeTrue("a small correction lets nobody off");
        time.Wall -= TimeSpan.FromDays(365);
        pace.IsRefused("203.0.113.9").ShouldBeFalse();
        pace.Watches.ShouldBeFalse();
    }

    [Fact]
    public void Slow_work_that_is_always_slow_is_usual()
    {
        var pace = new Pace(new ManualTime(DateTimeOffset.UnixEpoch));
        for (var i = 0; i < 200; i++)
            pace.Ended("sqs:1", "", TimeSpan.FromSeconds(8 + (i % 5))).ShouldBe(0);
        pace.Ended("sqs:1", "192.0.2.1", TimeSpan.FromSeconds(30)).ShouldBe(0);
        pace.Ended("sqs:2", "192.0.2.1", TimeSpan.FromSeconds(30)).ShouldBe(0);
        pace.Watches.ShouldBeFalse();
    }

    [Theory]
    [InlineData("""{"requestContext":{"http":{"sourceIp":"2001:db8::1"}}}""", "2001:db8::1")]
    [InlineData("""{"requestContext":{"identity":{"sourceIp" : "192.0.2.7"}}}""", "192.0.2.7")]
    [InlineData("""{"queryStringParameters":{"sourceIp":"192.0.2.8"}}""", "")]
    [InlineData("""{"requestContext":{"sourceIp":{"a":1}}}""", "")]
    [InlineData("""{"requestContext":{"sourceIp":""", "")]
    public void The_caller_is_the_platforms_word(string json, string caller) => Pace.Caller(Encoding.UTF8.GetBytes(json)).ShouldBe(caller);

    [Fact]
    public void A_runtime_that_computes_while_it_waits_is_told_of()
    {
        var time = new ManualTime(DateTimeOffset.UnixEpoch + TimeSpan.FromDays(20000));
        var watch = new IdleWatch(time);
        // A clock that was far ahead and was set right does not make it blind.
        time.Wall += TimeSpan.FromDays(3000);
        watch.Asked(Environment.ProcessId);
        time.Wall -= TimeSpan.FromDays(3000);
        using var busy = Process.Start(new ProcessStartInfo("sh", ["-c", "while :; do :; done"]))!;
        try
        {
            watch.Asked(busy.Id);
            var clock = Stopwatch.StartNew();
            // Until it has really used a second, however little of the machine it gets.
            SpinWait.SpinUntil(() => busy.TotalProcessorTime > TimeSpan.FromSeconds(1.3), TimeSpan.FromMinutes(3)).ShouldBeTrue();
            time.Advance(IdleWatch.Least);
            watch.Answered(busy.Id).ShouldNotBeNull().Used.ShouldBeGreaterThanOrEqualTo(1);
            watch.Answered(busy.Id).ShouldBeNull();
        }
        finally
        {
            busy.Kill();
            busy.WaitForExit();
        }
        // One that sleeps, and one that is asked after a moment only.
        using var idle = Process.Start("sleep", "600");
        time.Wall += TimeSpan.FromSeconds(5);
        watch.Asked(idle.Id);
        time.Advance(TimeSpan.FromSeconds(30));
        watch.Answered(idle.Id).ShouldBeNull();
        idle.Kill();
    }

    /// <summary>A process whose parent has gone.</summary>
    private static Process Orphan(string command)
    {
        using var parent = Process.Start(new ProcessStartInfo("sh", ["-c", $"{command} >/dev/null 2>&1 & echo $!"]) { RedirectStandardOutput = true })!;
        var orphan = Process.GetProcessById(int.Parse(parent.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture));
        parent.WaitForExit();
        return orphan;
    }

    private static void Use(Process process, double seconds) => SpinWait.SpinUntil(() => process.TotalProcessorTime > TimeSpan.FromSeconds(seconds), TimeSpan.FromMinutes(3)).ShouldBeTrue();

    [Theory]
    [InlineData(ProtectionMode.Monitor, null)]
    [InlineData(ProtectionMode.Protect, null)]
    [InlineData(ProtectionMode.Protect, Effect.Report)]
    [InlineData(ProtectionMode.Protect, Effect.Allow)]
    public async Task What_belongs_to_nobody_and_works_between_invocations_is_stopped(ProtectionMode mode, Effect? rule)
    {
        using var hop = new Hop(mode);
        if (rule is { } effect)
            hop.Policy.Set(new PolicyDocument { Mode = mode, Builtin = new Dictionary<string, Effect> { [BuiltinRules.LingeringProcess] = effect } }, "test");
        using var runtime = hop.Runtime();
        using var busy = Orphan("sh -c 'while :; do :; done'");
        using var helper = Orphan("sleep 600");
        try
        {
            hop.Platform.Event("one", """{"a":"b"}""");
            runtime.Next();
            hop.Guardian.Met(Channel.ClientRole.Interposer, busy.Id);
            hop.Guardian.Met(Channel.ClientRole.Interposer, helper.Id);
            // What it does during an invocation counts for nothing.
            Use(busy, 1.1 * Leftovers.IdleAllowance);
            runtime.Respond("one", "1");
            for (var i = 0; i < 2; i++)
                hop.Platform.TakeRequest();
            var next = Task.Run(runtime.Next);
            hop.Platform.TakeRequest().ShouldContain("/next");
            Use(busy, busy.TotalProcessorTime.TotalSeconds + (1.1 * Leftovers.IdleAllowance));
            hop.Platform.Event("two", """{"a":"b"}""");
            await next;
            hop.Guardian.Incidents.Take(10).ShouldAllBe(i => i.Decision == "reported");
            runtime.Respond("two", "1");
            hop.Platform.Event("three", """{"a":"b"}""");
            runtime.Next();
            var found = hop.Guardian.Incidents.Take(10).Where(i => i.Detector == BuiltinRules.LingeringProcess).ToList();
            if (rule is null)
                found.ShouldHaveSingleItem().ShouldSatisfyAllConditions(i => i.RequestId.ShouldBe("one"), i => i.Decision.ShouldBe(mode == ProtectionMode.Protect ? "blocked" : "would-block"));
            else
                found.ShouldBeEmpty();
            var stopped = rule is null && mode == ProtectionMode.Protect;
            if (stopped)
                await busy.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token);
            busy.HasExited.ShouldBe(stopped);
            helper.HasExited.ShouldBeFalse();
        }
        finally
        {
            busy.Kill();
            helper.Kill();
        }
    }

    [Fact]
    public void A_helper_of_the_runtime_may_go_on_with_its_work()
    {
        using var child = Process.Start(new ProcessStartInfo("sh", ["-c", "while :; do :; done"]))!;
        try
        {
            var leftovers = new Leftovers();
            leftovers.Started(child.Id, null);
            leftovers.Check(Environment.ProcessId, 0).ShouldHaveSingleItem().FirstOfProgram.ShouldBeTrue();
            Use(child, 1.2 * Leftovers.IdleAllowance);
            leftovers.Resume();
            var found = leftovers.Check(Environment.ProcessId, 0).ShouldHaveSingleItem();
            (found.Works, found.FirstOfProgram).ShouldBe((false, false));
            found.Idle.ShouldBeGreaterThan(Leftovers.IdleAllowance);
        }
        finally
        {
            child.Kill();
        }
        child.WaitForExit();
        // It has ended; another of its number would have begun later.
    }

    private const string Usual = """{"statusCode":200,"headers":{"a":"b"},"body":"{\"items\":[{\"id\":1,\"name\":\"x\"}]}"}""";

    [Fact]
    public void Answers_of_one_kind_are_one_whatever_their_values()
    {
        var usual = ResponseShape.Of(Encoding.UTF8.GetBytes(Usual));
        usual.ShouldMatch("^json:[0-9a-f]{16}:64K$");
        ResponseShape.Of("""{"headers":{"c":"d","e":"f"},"body":"{\"items\":[{\"name\":\"y\",\"id\":2},{\"id\":3,\"name\":\"z\"}]}","statusCode":404}"""u8).ShouldBe(usual);
        ResponseShape.Of("""{"statusCode":200,"headers":{},"body":"{\"items\":[{\"id\":1,\"name\":\"x\",\"password\":\"p\"}]}"}"""u8).ShouldNotBe(usual);
        ResponseShape.Of(Encoding.UTF8.GetBytes(Usual.Replace("\\\"x\\\"", $"\\\"{new string('x', 300_000)}\\\"", StringComparison.Ordinal))).ShouldNotBe(usual);
        ResponseShape.Of("\"text\""u8).ShouldBe("text:64K");
        ResponseShape.Of("not json"u8).ShouldBe("text:64K");
        ResponseShape.Of([]).ShouldBe("text:64K");
    }

    [Theory]
    [InlineData(ProfileStage.Shadow)]
    [InlineData(ProfileStage.Protect)]
    public void An_answer_the_profile_does_not_know_is_withheld(ProfileStage stage)
    {
        using var hop = new Hop(ProtectionMode.Protect);
        hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect, Profile = new Dictionary<Dimension, DimensionProfile> { [Dimension.Response] = new(stage, [ResponseShape.Of(Encoding.UTF8.GetBytes(Usual))]) } }, "test");
        using var runtime = hop.Runtime();
        hop.Platform.Event("usual", Http("192.0.2.1"));
        runtime.Next();
        runtime.Respond("usual", Usual).ShouldBe(FakePlatform.Accepted);
        hop.Platform.TakeRequest();
        hop.Platform.TakeRequest().ShouldEndWith(Usual);
        hop.Guardian.Incidents.Take(10).ShouldBeEmpty();

        var dump = $$"""{"statusCode":200,"rows":[{"user":"a","password":"b"}],"body":"{{new string('x', 100_000)}}"}""";
        hop.Platform.Event("dump", Http("192.0.2.1"));
        runtime.Next();
        runtime.Respond("dump", dump).ShouldBe(FakePlatform.Accepted);
        hop.Platform.TakeRequest();
        var sent = hop.Platform.TakeRequest();
        sent.Contains("password", StringComparison.Ordinal).ShouldBe(stage == ProfileStage.Shadow);
        var incident = hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem();
        incident.Dimension.ShouldBe(Dimension.Response);
        incident.Decision.ShouldBe(stage == ProfileStage.Shadow ? "would-block" : "blocked");
        if (stage == ProfileStage.Protect)
            sent.ShouldContain(incident.Id.ToString());
    }

    [Theory]
    [InlineData("iam.amazonaws.com:443", "iam")]
    [InlineData("sts.eu-west-1.amazonaws.com:443", "sts")]
    [InlineData("dynamodb.us-east-1.amazonaws.com:443", "dynamodb")]
    [InlineData("my.bucket.s3.eu-central-1.amazonaws.com:443", "s3")]
    [InlineData("s3-fips.dualstack.us-gov-west-1.amazonaws.com:443", "s3")]
    [InlineData("kms-fips.us-east-2.amazonaws.com:443", "kms")]
    [InlineData("123456789012.dkr.ecr.eu-west-1.amazonaws.com:443", "ecr")]
    [InlineData("lambda.cn-north-1.amazonaws.com.cn:443", "lambda")]
    [InlineData("LAMBDA.us-west-2.api.aws:443", "lambda")]
    [InlineData("example.com:443", null)]
    [InlineData("amazonaws.com.evil.example:443", null)]
    [InlineData("10.0.0.1:443", null)]
    public void Hosts_of_aws_are_services(string item, string? service) => AwsHost.Service(item).ShouldBe(service);

    [Fact]
    public void A_name_server_that_is_nobodys_is_refused_unless_the_policy_says_so()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        using var runtime = hop.Runtime();
        hop.Platform.Event("one", """{"a":"b"}""");
        runtime.Next();
        bool Stopped(string item) => hop.Guardian.Judge(new Channel.Query(Dimension.Host, Channel.QueryFlags.None, (uint)Environment.ProcessId, Environment.ProcessId, 1, [item, "198.51.100.53", "udp"])).Deny;
        Stopped("198.51.100.53:443").ShouldBeFalse();
        Stopped("8.8.8.8:53").ShouldBeFalse();
        Stopped("198.51.100.53:53").ShouldBeTrue();
        hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().ShouldSatisfyAllConditions(i => i.Rule.ShouldBe("builtin:foreign-resolver"), i => i.Decision.ShouldBe("blocked"));
        hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect, Rules = [new PolicyRule { Id = "resolver", Dimension = Dimension.Host, Effect = Effect.Allow, Items = ["198.51.100.53:53"] }] }, "test");
        Stopped("198.51.100.53:53").ShouldBeFalse();
    }

    [Fact]
    public void A_service_the_profile_does_not_know_is_stopped_and_a_known_one_not()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect, Profile = new Dictionary<Dimension, DimensionProfile> { [Dimension.Aws] = new(ProfileStage.Protect, ["dynamodb:*"]) } }, "test");
        using var runtime = hop.Runtime();
        hop.Platform.Event("one", """{"a":"b"}""");
        runtime.Next();
        bool Stopped(string host) => hop.Guardian.Judge(new Channel.Query(Dimension.Host, Channel.QueryFlags.None, (uint)Environment.ProcessId, Environment.ProcessId, 1, [$"{host}:443", "192.0.2.1"])).Deny;
        Stopped("dynamodb.us-east-1.amazonaws.com").ShouldBeFalse();
        Stopped("iam.amazonaws.com").ShouldBeTrue();
        Stopped("shop.example").ShouldBeFalse();
        hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().ShouldSatisfyAllConditions(i => i.Dimension.ShouldBe(Dimension.Aws), i => i.Item.ShouldBe("iam:?"), i => i.Decision.ShouldBe("blocked"));

        // Without a profile: seen.
        hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect }, "test");
        Stopped("organizations.us-east-1.amazonaws.com").ShouldBeFalse();
        hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().ShouldSatisfyAllConditions(i => i.Item.ShouldBe("organizations:?"), i => i.Decision.ShouldBe("reported"));
        hop.Guardian.Behaviours.Take().Deltas.Select(d => d.Behaviour).ShouldContain(new Behaviour(Dimension.Aws, "dynamodb:?"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_cannot_be_judged_passes_unless_the_policy_fails_closed(bool failClosed)
    {
        using var hop = new Hop(ProtectionMode.Protect);
        hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect, FailClosed = failClosed }, "test");
        using var runtime = hop.Runtime();
        // No JSON; larger than the hop holds.
        hop.Platform.Event("spoilt", """{"a":"b" "c"}""");
        hop.Platform.Event("large", new byte[RuntimeApi.Connection.MaxEventBytes + 1]);
        var good = hop.Platform.Event("good", """{"a":"b"}""");
        if (!failClosed)
        {
            Encoding.ASCII.GetString(runtime.Next()).ShouldContain("spoilt");
            runtime.Respond("spoilt", "1");
            Encoding.ASCII.GetString(runtime.Next()).ShouldContain("large");
            runtime.Respond("large", "1");
        }
        runtime.Next().ShouldBe(good);
        hop.Guardian.Incidents.Take(10).Count(i => i is { Detector: "not-inspected", Decision: "blocked" }).ShouldBe(failClosed ? 2 : 0);
    }

    [Fact]
    public void The_policys_threshold_counts()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        using var runtime = hop.Runtime();
        const string Probe = """{"queryStringParameters":{"u":"http://localhost:3000/callback"},"rawPath":"/"}""";
        var passes = hop.Platform.Event("passes", Probe);
        runtime.Next().ShouldBe(passes);
        runtime.Respond("passes", "1");
        hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect, Events = new EventPolicy { Threshold = 70 } }, "test");
        hop.Platform.Event("stopped", Probe);
        var good = hop.Platform.Event("good", """{"a":"b"}""");
        runtime.Next().ShouldBe(good);
    }
}
