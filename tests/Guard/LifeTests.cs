using System.Diagnostics;
using System.Text;
using Pellicle.Domain;
using Pellicle.Guard.Channel;
using Pellicle.Guard.Config;
using Pellicle.Guard.Server;
using Pellicle.Guard.Telemetry;
using Pellicle.Guard.Tests.Support;
using Pellicle.Policy;

namespace Pellicle.Guard.Tests;

/// <summary>Freeze, restore, concurrency, a server away for days, old and forged policies: what Lambda and an intruder do to a guard's life.</summary>
public class LifeTests
{
    private const string Attack = """{"version":"2.0","rawPath":"/","queryStringParameters":{"host":"127.0.0.1; cat /etc/passwd"},"requestContext":{"http":{"method":"GET","path":"/"}}}""";
    private const string Late = "this event is judged by the one at hand";
    private const string Arn = "arn:aws:lambda:eu-west-1:123456789012:function:f";

    [BinaryFact]
    public void After_a_freeze_the_first_event_is_judged_by_the_policy_of_now()
    {
        using var rig = new Rig(ProtectionMode.Monitor, "", ("PELLICLE_LOG", "debug"));
        rig.Invoke(2);
        for (var revision = 2; ; revision++)
        {
            rig.Signal("STOP");
            rig.Server.SetPolicy($$"""{"schemaVersion":1,"id":"p","mode":"{{(revision % 2 == 0 ? "protect" : "monitor")}}","revision":"{{revision}}"}""", $"{revision}");
            using (var thaw = new ManualResetEventSlim())
                thaw.Wait(2000); // longer than the poll interval, so that the guard knows it was away
            rig.Signal("CONT");
            var late = rig.Log.Split(Late).Length;
            var bad = rig.Platform.Event($"bad{revision}", Attack);
            var good = rig.Platform.Event($"good{revision}", "{}");
            var first = rig.Runtime.Next();
            if (first.SequenceEqual(revision % 2 == 0 ? good : bad))
                break;
            // On a machine under load the server of this test may take longer than an event may wait, and then the guard says so.
            SpinWait.SpinUntil(() => rig.Log.Split(Late).Length > late, 60000).ShouldBeTrue(rig.Log);
            revision.ShouldBeLessThan(20, rig.Log);
            if (first.SequenceEqual(bad))
            {
                rig.Respond($"bad{revision}", "{}");
                rig.Runtime.Next().ShouldBe(good);
            }
            else
            {
                rig.TakePost($"bad{revision}");
            }
            rig.Respond($"good{revision}", "{}");
        }
    }

    [Fact]
    public void A_restored_environment_is_another_one()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        var state = new StateRegion(42, Environment.ProcessId);
        var ring = new Ring(TimeProvider.System);
        hop.Guardian.AttachChannel(state, ring, hop.Platform.Address, hop.Proxy.Address.Port);
        var known = new Behaviour(Dimension.Read, "/tmp/known");
        state.Add(known).ShouldBeTrue();
        var (before, generation, told) = (hop.Guardian.Settings.EnvironmentId, state.Generation, 0);
        hop.Guardian.OnRestored = () => told++;
        using var runtime = hop.Runtime();
        hop.Platform.Raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        runtime.Ask("GET /2018-06-01/runtime/restore/next HTTP/1.1\r\nHost: h\r\n\r\n");
        hop.Guardian.Settings.EnvironmentId.ShouldNotBe(before);
        BitConverter.ToUInt64(state.Bytes[40..]).ShouldNotBe(42ul);
        state.Generation.ShouldBeGreaterThan(generation);
        (state.Generation % 2).ShouldBe(0ul);
        state.Contains(known).ShouldBeFalse();
        told.ShouldBe(1);
        runtime.Ask("POST /2018-06-01/runtime/restore/error HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").ShouldBe(FakePlatform.Accepted);
        told.ShouldBe(1);
    }

    [BinaryFact]
    public void After_a_restore_the_policy_is_asked_for_and_the_new_credentials_are_known()
    {
        const string secret = "kJhlrXUtnFEMI/K7MDENG/bPxRfiCYRESTOREDKY";
        using var rig = new Rig(ProtectionMode.Protect, "", [("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://PLATFORM/2021-04-23/credentials"), ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "snap-token")]);
        using var asked = new ManualResetEventSlim();
        rig.Platform.Special["/2021-04-23/credentials"] = (stream, request) =>
        {
            Wire.Header(Encoding.ASCII.GetString(request), "authorization").ShouldBe("snap-token");
            var body = $$"""{"AccessKeyId":"A","SecretAccessKey":"{{secret}}","Token":"","Expiration":"2030-01-01T00:00:00Z"}""";
            stream.Write(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
            asked.Set();
            return true;
        };
        rig.Platform.Raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        while (rig.Server.PolicyRequests.TryTake(out _))
        {
        }
        rig.Runtime.Ask("GET /2018-06-01/runtime/restore/next HTTP/1.1\r\nHost: h\r\n\r\n");
        asked.Wait(60000).ShouldBeTrue(rig.Log);
        rig.Server.PolicyRequests.TryTake(out _, 60000).ShouldBeTrue();
        // The answer was written before the guard has read it; a response with the secret is withheld from then on.
        SpinWait.SpinUntil(() =>
        {
            var id = rig.NextId();
            rig.Platform.Event(id, "{}");
            rig.Runtime.Next();
            rig.Runtime.Respond(id, $"\"{secret}\"");
            string request;
            while (!(request = rig.Platform.TakeRequest()).Contains($"/invocation/{id}/", StringComparison.Ordinal))
            {
            }
            return !request.Contains(secret, StringComparison.Ordinal);
        }, TimeSpan.FromMinutes(1)).ShouldBeTrue(rig.Log);
    }

    [Fact]
    public void Forked_workers_of_a_runtime_for_several_invocations_may_ask()
    {
        using var hop = new Hop(ProtectionMode.Protect, s => s with { MaxConcurrency = 4 });
        using var runtime = hop.Runtime();
        hop.Platform.Event("1", "{}");
        runtime.Next();
        hop.Guardian.Identified(hop.Proxy.Open.Single(), Environment.ProcessId);
        hop.Guardian.MayPoll(hop.Proxy.Open.Single()).ShouldBeTrue();
        hop.Platform.Event("2", "{}");
        var script = $"exec 3<>/dev/tcp/127.0.0.1/{hop.Proxy.Address.Port}; printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3; read -r line <&3; echo \"$line\"";
        using var worker = Process.Start(new ProcessStartInfo("/bin/bash", ["-c", script]) { RedirectStandardOutput = true })!;
        worker.StandardOutput.ReadToEnd().ShouldStartWith("HTTP/1.1 200");
        worker.WaitForExit();
        hop.Guardian.Invocations.InFlight.ShouldBe(2);
        hop.Guardian.Incidents.Pending.ShouldBeFalse();
    }

    [Fact]
    public void A_server_away_for_days_misses_no_behaviour_and_the_oldest_incidents_are_counted()
    {
        const int Attempts = 200;
        const int PerAttempt = 20;
        var time = new ManualTime(DateTimeOffset.UnixEpoch); // the wall clock is half a century off
        using var server = new FakeServer { BatchStatus = 503 };
        using var hop = new Hop(ProtectionMode.Monitor, s => s with { Server = server.Address, Token = "t" });
        var reporter = new Reporter(hop.Guardian, time);
        reporter.Start();
        for (var i = 0; i < Attempts; i++)
        {
            hop.Guardian.Observed(new Behaviour(Dimension.Read, $"/var/task/{i}"), (ulong)i);
            for (var k = 0; k < PerAttempt; k++)
                hop.Guardian.Incidents.Add(new Incident { At = hop.Guardian.Now, Decision = "reported", Dimension = Dimension.Process, Item = "/bin/sh", Detector = "test", Evidence = $"#{(i * PerAttempt) + k}#" + new string('x', 200) });
            var batches = server.Batches.Count;
            SpinWait.SpinUntil(() =>
            {
                // One attempt for each look: what failed is not tried again before its pause is over. Nobody looks while the answer of the time before is still to come.
                time.Advance(TimeSpan.FromMinutes(10));
                reporter.FlushBeforeNext();
                return server.Batches.Count > batches;
            }, TimeSpan.FromMinutes(1)).ShouldBeTrue();
        }
        while (server.Batches.TryTake(out _))
        {
        }
        server.BatchStatus = 202;
        reporter.Shutdown(60000);
        string[] arrived = [.. server.Batches];
        arrived.Sum(b => b.Length).ShouldBeInRange(Reporter.MaxSpooledBytes / 2, Reporter.MaxSpooledBytes + (128 * 1024));
        for (var i = 0; i < Attempts; i++)
            arrived.Count(b => b.Contains($"\"/var/task/{i}\"", StringComparison.Ordinal)).ShouldBe(1);
        var delivered = Enumerable.Range(0, Attempts * PerAttempt).Where(n => arrived.Any(b => b.Contains($"\"#{n}#", StringComparison.Ordinal))).ToList();
        // How it began is there, with the counts of that batch, and the newest are, without a gap; what is not there was counted.
        var first = delivered.TakeWhile((n, i) => n == i).Count();
        first.ShouldBeInRange(1, Reporter.MaxIncidentsPerBatch);
        delivered.Skip(first).ShouldBe(Enumerable.Range((Attempts * PerAttempt) - delivered.Count + first, delivered.Count - first));
        (delivered.Count + hop.Guardian.Health.SpoolDropped).ShouldBe(Attempts * PerAttempt);
    }

    [Fact]
    public void A_policy_is_not_played_back_nor_taken_from_another_function()
    {
        using var key = PolicySignature.CreateKey();
        using var server = new FakeServer { Sign = body => PolicySignature.Sign(key, Encoding.UTF8.GetBytes(body)) };
        var folder = Directory.CreateTempSubdirectory("pellicle-guard-tests").FullName;
        using var hop = new Hop(ProtectionMode.Monitor, s => s with { Server = server.Address, Key = PolicySignature.PublicKey(key), FunctionArn = Arn, CachedPolicyPath = Path.Combine(folder, "policy.json") });
        var forged = new List<string>();
        var poller = new PolicyPoller(hop.Guardian.Settings, hop.Policy, hop.Guardian.Health, TimeProvider.System, () => Arn) { Forged = forged.Add };
        server.SetPolicy($$"""{"schemaVersion":1,"id":"p","mode":"protect","revision":"10","function":"{{Arn}}"}""", "10");
        poller.Ask(60000).ShouldBeTrue();
        server.SetPolicy($$"""{"schemaVersion":1,"id":"p","mode":"off","revision":"9","function":"{{Arn}}"}""", "9");
        poller.Ask(60000).ShouldBeFalse();
        server.SetPolicy($$"""{"schemaVersion":1,"id":"p","mode":"off","revision":"11","function":"{{Arn}}-other"}""", "11");
        poller.Ask(60000).ShouldBeFalse();
        hop.Policy.Document.Revision.ShouldBe("10");
        forged.Count.ShouldBe(2);
        server.SetPolicy($$"""{"schemaVersion":1,"id":"p","mode":"protect","revision":"12","function":"{{Arn}}:live"}""", "12");
        poller.Ask(60000).ShouldBeTrue();
        Directory.Delete(folder, recursive: true);
    }

    [RootBinaryTheory]
    [InlineData("unsigned")]
    [InlineData("older")]
    [InlineData("foreign")]
    [InlineData("good")]
    public void A_cached_policy_counts_only_signed_for_this_function_and_not_older_than_the_layers(string kind)
    {
        using var key = PolicySignature.CreateKey();
        string Document(string mode, int revision, string function) => $$"""{"schemaVersion":1,"id":"p","mode":"{{mode}}","revision":"{{revision}}","function":"{{function}}"}""";
        var cached = kind switch
        {
            "older" => Document("off", 4, Arn),
            "foreign" => Document("off", 9, Arn + "-other"),
            _ => Document("off", 9, Arn),
        };
        var signature = kind == "unsigned" ? "AAAA" : PolicySignature.Sign(key, Encoding.UTF8.GetBytes(cached));
        var prepare = $"mount -t tmpfs none /opt; mkdir -p /opt/pellicle /tmp/.pellicle; printf '%s' '{Document("protect", 5, "*")}' > /opt/pellicle/policy.json; printf '%s' '{cached}' > /tmp/.pellicle/policy.json; printf '%s' '{signature}' > /tmp/.pellicle/policy.json.sig;";
        using var rig = new Rig(ProtectionMode.Monitor, prepare, ("PELLICLE_KEY", PolicySignature.PublicKey(key)), ("PELLICLE_FUNCTION_ARN", Arn), ("PELLICLE_SERVER", "http://127.0.0.1:1"));
        rig.Mode.ShouldBe(kind == "good" ? ProtectionMode.Off : ProtectionMode.Protect, rig.Log);
        rig.Invoke(1);
    }

    [Fact]
    public void A_process_that_stays_behind_is_told_of_once()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        using var runtime = hop.Runtime();
        Round(hop, runtime, "1");
        using var helper = Process.Start("sleep", "600");
        using var ended = Process.Start("true");
        ended.WaitForExit();
        hop.Guardian.Met(ClientRole.Interposer, helper.Id);
        hop.Guardian.Met(ClientRole.Interposer, ended.Id);
        Round(hop, runtime, "2");
        Round(hop, runtime, "3");
        var incident = hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem();
        incident.Detector.ShouldBe("lingering-process");
        incident.Decision.ShouldBe("reported");
        incident.Item.ShouldEndWith("/sleep");
        hop.Guardian.Met(ClientRole.Interposer, helper.Id);
        Round(hop, runtime, "4");
        hop.Guardian.Incidents.Pending.ShouldBeFalse();
        helper.Kill();
    }

    [Fact]
    public void Questions_that_nobody_answered_are_an_incident()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        var ring = new Ring(TimeProvider.System);
        hop.Guardian.AttachChannel(new StateRegion(1, 1), ring, hop.Platform.Address, hop.Proxy.Address.Port);
        hop.Guardian.NoticeSilence();
        hop.Guardian.Incidents.Pending.ShouldBeFalse();
        BitConverter.TryWriteBytes(ring.Bytes[200..], 3ul).ShouldBeTrue();
        hop.Guardian.NoticeSilence();
        hop.Guardian.NoticeSilence();
        hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().Detector.ShouldBe("guard-silent");
    }

    [Theory]
    [InlineData("response", "Traceback (most recent call last):\\n  File", "verbose-error")]
    [InlineData("response", "java.lang.X\\n\\tat java.base/java.lang.Thread.run", "verbose-error")]
    [InlineData("response", "-----BEGIN RSA PRIVATE KEY-----\\nMIIE", "private-key-leak")]
    [InlineData("response", "a harmless answer about private keys and tracebacks", null)]
    [InlineData("error", "Traceback (most recent call last):\\n  File", null)]
    public void Responses_that_tell_too_much_are_reported_and_delivered(string route, string text, string? detector)
    {
        using var hop = new Hop(ProtectionMode.Protect, s => s with { Secrets = ["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"] });
        using var runtime = hop.Runtime();
        hop.Platform.Event("1", "{}");
        runtime.Next();
        var body = $$"""{"message":"{{text}}"}""";
        runtime.Ask($"POST /2018-06-01/runtime/invocation/1/{route} HTTP/1.1\r\nContent-Length: {body.Length}\r\n\r\n{body}").ShouldBe(FakePlatform.Accepted);
        hop.Platform.TakeRequest();
        hop.Platform.TakeRequest().ShouldEndWith(body);
        var incidents = hop.Guardian.Incidents.Take(10);
        if (detector is null)
            incidents.ShouldBeEmpty();
        else
            (incidents.Single().Detector, incidents.Single().Decision).ShouldBe((detector, "reported"));
    }

    private static void Round(Hop hop, FakeRuntime runtime, string id)
    {
        hop.Platform.Event(id, "{}");
        runtime.Next();
        runtime.Respond(id, "1");
    }

    [BinaryFact]
    public void The_process_line_is_the_runtimes_and_not_its_childrens()
    {
        using var hop = new Hop(ProtectionMode.Monitor);
        using var runtime = hop.Runtime();
        hop.Guardian.CoversRuntime.ShouldBeFalse();
        // A child reported in; who the runtime is, is not known yet.
        hop.Guardian.Met(Channel.ClientRole.Interposer, 4711);
        hop.Guardian.CoversRuntime.ShouldBeTrue();
        hop.Platform.Event("one", "{}");
        runtime.Next();
        // This process is the runtime, and has no interposer.
        hop.Guardian.Identified(hop.Proxy.Open.Single(), Environment.ProcessId);
        runtime.Respond("one", "1");
        hop.Platform.Event("two", "{}");
        runtime.Next();
        hop.Guardian.CoversRuntime.ShouldBeFalse();

        var start = new System.Diagnostics.ProcessStartInfo("cat") { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["LD_PRELOAD"] = Path.Combine(BinaryFactAttribute.Artifacts, "native/x86_64/libpellicle.so");
        using var covered = System.Diagnostics.Process.Start(start)!;
        covered.StandardInput.WriteLine("loaded");
        covered.StandardOutput.ReadLine().ShouldBe("loaded");
        Native.PeerFinder.HasMapped(covered.Id, "/libpellicle.so").ShouldBe(true);
        covered.StandardInput.Close();
        covered.WaitForExit();
    }
}
