using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Guard.Config;
using Pellicle.Guard.Server;
using Pellicle.Guard.Tests.Support;
using Pellicle.Policy;

namespace Pellicle.Guard.Tests;

/// <summary>Decision 0002: policy by ETag, batches, and a server that is away.</summary>
public sealed class ServerTests : IDisposable
{
    private const string Attack = """{"version":"2.0","rawPath":"/","queryStringParameters":{"host":"127.0.0.1; cat /etc/passwd"},"requestContext":{"http":{"method":"GET","path":"/"}}}""";
    private readonly FakeServer _server = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("pellicle-guard-tests").FullName;

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_policy_is_taken_once_kept_in_the_cache_and_confirmed_by_its_etag()
    {
        using var hop = Hop();
        var poller = Poller(hop);
        poller.Ask(60000).ShouldBeTrue();
        hop.Policy.Mode.ShouldBe(ProtectionMode.Monitor);
        poller.Ask(60000).ShouldBeTrue();
        _server.NotModified.ShouldBe(1);
        _server.SetPolicy("""{"schemaVersion":1,"id":"p","mode":"protect","revision":"2"}""", "2");
        poller.Ask(60000).ShouldBeTrue();
        hop.Policy.Mode.ShouldBe(ProtectionMode.Protect);
        PolicyFiles.Load(Path.Combine(_folder, "policy.json"), "", needsSignature: true, hop.Guardian.Health)!.Mode.ShouldBe(ProtectionMode.Protect);
        var request = _server.PolicyRequests.Take();
        request.ShouldContain("Authorization: Bearer secret-token\r\n");
        request.ShouldContain("codeSha256=abc%3D");
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"schemaVersion":99}""")]
    [InlineData("""{"schemaVersion":1,"mode":"sometimes"}""")]
    public void A_bad_policy_is_refused_counted_and_the_last_good_one_stays(string bad)
    {
        using var hop = Hop();
        var poller = Poller(hop);
        poller.Ask(60000);
        _server.SetPolicy(bad, "bad");
        poller.Ask(60000).ShouldBeFalse();
        hop.Policy.Document.Revision.ShouldBe("1");
        hop.Guardian.Health.Faults.ShouldBe(1);
    }

    [Fact]
    public void With_a_key_only_a_policy_signed_by_it_counts()
    {
        using var key = PolicySignature.CreateKey();
        using var other = PolicySignature.CreateKey();
        using var hop = Hop(s => s with { Key = PolicySignature.PublicKey(key) });
        var poller = Poller(hop);
        _server.Sign = body => PolicySignature.Sign(other, System.Text.Encoding.UTF8.GetBytes(body));
        poller.Ask(60000).ShouldBeFalse();
        hop.Policy.Origin.ShouldBe("test");
        _server.Sign = body => PolicySignature.Sign(key, System.Text.Encoding.UTF8.GetBytes(body));
        poller.Ask(60000).ShouldBeTrue();
        hop.Policy.Origin.ShouldBe("server");

        // The cached copy lies where the function can write: a change of it is seen.
        var path = Path.Combine(_folder, "policy.json");
        PolicyFiles.Load(path, hop.Guardian.Settings.Key, needsSignature: true, hop.Guardian.Health).ShouldNotBeNull();
        File.AppendAllText(path, " ");
        PolicyFiles.Load(path, hop.Guardian.Settings.Key, needsSignature: true, hop.Guardian.Health).ShouldBeNull();
    }

    [Fact]
    public void Incidents_come_at_once_and_behaviours_when_the_runtime_asks_again()
    {
        using var hop = Hop();
        var reporter = new Reporter(hop.Guardian, TimeProvider.System);
        hop.Guardian.BeforeNext = reporter.FlushBeforeNext;
        reporter.Start();
        using var runtime = hop.Runtime();
        hop.Platform.Event("1", Attack);
        runtime.Next();
        runtime.Respond("1", "{}");
        var batch = _server.TakeBatch(b => b.Contains("would-block", StringComparison.Ordinal));
        batch.ShouldStartWith("POST /api/v1/ingest/batches HTTP/1.1\r\n");
        using (var json = JsonDocument.Parse(batch[(batch.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]))
        {
            json.RootElement.GetProperty("schemaVersion").GetInt32().ShouldBe(1);
            var incident = json.RootElement.GetProperty("incidents")[0];
            incident.GetProperty("requestId").GetString().ShouldBe("1");
            incident.GetProperty("dimension").GetString().ShouldBe("event");
            Guid.TryParse(json.RootElement.GetProperty("batchId").GetString(), out _).ShouldBeTrue();
        }
        hop.Guardian.Observed(new Behaviour(Dimension.Read, "/var/task/x.txt"), 1);
        hop.Platform.Event("2", "{}");
        runtime.Next();
        _server.TakeBatch(b => b.Contains("/var/task/x.txt", StringComparison.Ordinal)).ShouldContain("\"clean\":false");
        reporter.Shutdown(500);
    }

    [Fact]
    public void With_the_server_away_nothing_waits_and_batches_are_kept_within_bounds()
    {
        // Bound, so that nobody else gets the port; nobody listens.
        using var away = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        away.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var hop = Hop(s => s with { Server = new Uri($"http://{away.LocalEndPoint}") });
        var reporter = new Reporter(hop.Guardian, TimeProvider.System);
        hop.Guardian.BeforeNext = reporter.FlushBeforeNext;
        reporter.Start();
        using var runtime = hop.Runtime();
        for (var i = 0; i < 20; i++)
        {
            hop.Guardian.Observed(new Behaviour(Dimension.Read, $"/var/task/{i}"), 1);
            var answer = hop.Platform.Event($"{i}", "{}");
            runtime.Next().ShouldBe(answer);
            runtime.Respond($"{i}", "1").ShouldBe(FakePlatform.Accepted);
        }
        hop.Guardian.Health.Faults.ShouldBe(1);
        reporter.Shutdown(100);
    }

    [Fact]
    public void A_batch_that_failed_is_sent_again_with_the_same_id()
    {
        _server.BatchStatus = 503;
        using var hop = Hop();
        var reporter = new Reporter(hop.Guardian, TimeProvider.System);
        hop.Guardian.Observed(new Behaviour(Dimension.Read, "/var/task/x.txt"), 1);
        reporter.Start();
        hop.Guardian.Incidents.Wake!();
        var first = _server.Batches.Take();
        // The refusal must have arrived before the server changes its mind.
        SpinWait.SpinUntil(() => hop.Guardian.Health.Faults > 0, TimeSpan.FromMinutes(1)).ShouldBeTrue();
        _server.BatchStatus = 202;
        reporter.Shutdown(60000);
        var second = _server.Batches.Take();
        second.ShouldBe(first);
    }

    private Hop Hop(Func<Settings, Settings>? change = null) => new(ProtectionMode.Monitor, s =>
    {
        s = s with { Server = _server.Address, Token = "secret-token", CodeSha256 = "abc=", CachedPolicyPath = Path.Combine(_folder, "policy.json") };
        return change?.Invoke(s) ?? s;
    });

    private static PolicyPoller Poller(Hop hop) => new(hop.Guardian.Settings, hop.Policy, hop.Guardian.Health, TimeProvider.System, () => "arn:aws:lambda:eu-west-1:1:function:f");
}
