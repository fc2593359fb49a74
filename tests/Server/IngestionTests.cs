using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Pellicle.Policy;

namespace Pellicle.Server.Tests;

public sealed class IngestionTests
{
    [Fact]
    public async Task Same_batch_twice_is_accepted_and_counted_once()
    {
        await using var test = await TestServer.StartAsync();
        var batch = TestServer.Batch("b1", invocations: 7, behaviours: [TestServer.Behaviour("process", "/usr/bin/id", 3)], incidents: [TestServer.Incident("i1")]);
        (await test.SendAsync(batch)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var again = await test.SendAsync(batch);
        again.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await again.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("duplicate").GetBoolean().ShouldBeTrue();

        var function = await test.GetAsync("/api/v1/functions/orders");
        function.GetProperty("invocations").GetInt64().ShouldBe(7);
        function.GetProperty("protected").GetBoolean().ShouldBeTrue();
        function.GetProperty("guardVersion").GetString().ShouldBe("0.1.0");
        (await test.GetAsync("/api/v1/incidents")).GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Many_guards_at_once_lose_nothing()
    {
        await using var test = await TestServer.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => test.SendAsync(TestServer.Batch(environment: $"e{i % 7}", behaviours: [TestServer.Behaviour("process", "/usr/bin/id")]))));
        answers.ShouldAllBe(a => a.StatusCode == HttpStatusCode.Accepted);
        var profile = await test.GetAsync("/api/v1/functions/orders/profile");
        profile.GetProperty("cleanInvocations").GetInt64().ShouldBe(60);
        var item = profile.GetProperty("dimensions").EnumerateArray().Single(d => d.GetProperty("dimension").GetString() == "process").GetProperty("items")[0];
        item.GetProperty("invocations").GetInt64().ShouldBe(60);
        item.GetProperty("environments").GetInt64().ShouldBe(7);
    }

    [Fact]
    public async Task Bad_batches_get_every_error()
    {
        await using var test = await TestServer.StartAsync();
        var batch = TestServer.Batch(invocations: 1, clean: 2, function: "orders");
        batch["schemaVersion"] = 9;
        var answer = await test.SendAsync(batch);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var errors = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors").EnumerateArray().Select(e => e.GetString()).ToList();
        errors.Count.ShouldBe(3);
        using var garbage = new StringContent("{", Encoding.UTF8, "application/json");
        (await test.Guard.PostAsync("/api/v1/ingest/batches", garbage)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Tokens_open_only_their_own_doors()
    {
        await using var test = await TestServer.StartAsync();
        (await test.Anonymous.GetAsync("/api/v1/functions")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await test.Guard.GetAsync("/api/v1/functions")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await test.Admin.PostAsJsonAsync("/api/v1/ingest/batches", TestServer.Batch())).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await test.SendAsync(TestServer.Batch(function: TestServer.Arn.Replace("123456789012", "999999999999", StringComparison.Ordinal)))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await test.Client("plc_user_wrong").GetAsync("/api/v1/functions")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        var made = await (await test.Admin.PostAsJsonAsync("/api/v1/tokens", new { kind = "user", role = "viewer", name = "eve" })).Content.ReadFromJsonAsync<JsonElement>();
        using var viewer = test.Client(made.GetProperty("secret").GetString());
        (await viewer.GetAsync("/api/v1/functions")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await viewer.PutAsJsonAsync($"/api/v1/functions/{TestServer.Arn}/mode", new { mode = "off" })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await viewer.PostAsJsonAsync("/api/v1/tokens", new { kind = "ingest" })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await test.Admin.DeleteAsync($"/api/v1/tokens/{made.GetProperty("id").GetString()}")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await viewer.GetAsync("/api/v1/functions")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await File.ReadAllTextAsync(Path.Combine(test.Directory, "pellicle.db-wal"), Encoding.Latin1)).ShouldNotContain(made.GetProperty("secret").GetString()!);
    }

    [Fact]
    public async Task Guard_polls_a_signed_policy_and_sees_a_mode_change_at_once()
    {
        await using var test = await TestServer.StartAsync();
        var path = $"/api/v1/ingest/policy?function={Uri.EscapeDataString(TestServer.Arn)}&codeSha256=c1&environment=e1";
        var first = await test.Guard.GetAsync(path);
        var body = await first.Content.ReadAsByteArrayAsync();
        PolicyJson.Parse(body).Document.ShouldNotBeNull().Mode.ShouldBe(Domain.ProtectionMode.Monitor);
        PolicySignature.Verify(test.Server.PolicyPublicKey, body, first.Headers.GetValues("Pellicle-Signature").Single()).ShouldBeTrue();

        using var poll = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { IfNoneMatch = { first.Headers.ETag! } } };
        (await test.Guard.SendAsync(poll)).StatusCode.ShouldBe(HttpStatusCode.NotModified);
        (await test.Admin.PutAsJsonAsync("/api/v1/functions/orders/mode", new { mode = "protect" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var next = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { IfNoneMatch = { first.Headers.ETag! } } };
        var second = await test.Guard.SendAsync(next);
        second.StatusCode.ShouldBe(HttpStatusCode.OK);
        PolicyJson.Parse(await second.Content.ReadAsByteArrayAsync()).Document.ShouldNotBeNull().Mode.ShouldBe(Domain.ProtectionMode.Protect);
        (await test.GetAsync("/api/v1/functions/orders")).GetProperty("mode").GetString().ShouldBe("protect");
    }

    [Fact]
    public async Task State_survives_a_restart_and_the_key_stays()
    {
        var directory = Directory.CreateTempSubdirectory("pellicle-server-test-").FullName;
        var first = await TestServer.StartAsync(directory);
        var (token, key) = (first.Server.AdminToken, first.Server.PolicyPublicKey);
        await first.SendAsync(TestServer.Batch(incidents: [TestServer.Incident("i1")]));
        await first.StopAsync();

        await using var second = await TestServer.StartAsync(directory);
        second.Server.AdminToken.ShouldBeNull();
        second.Server.PolicyPublicKey.ShouldBe(key);
        using var admin = second.Client(token);
        (await admin.GetFromJsonAsync<JsonElement>("/api/v1/incidents/i1")).GetProperty("item").GetString().ShouldBe("/bin/sh");
    }

    [Fact]
    public async Task Incidents_that_are_alike_are_one_group_with_their_count()
    {
        await using var test = await TestServer.StartAsync();
        await test.SendAsync(TestServer.Batch(incidents: [TestServer.Incident("i1"), TestServer.Incident("i2", item: "/usr/bin/id"), TestServer.Incident("i3"), TestServer.Incident("i4", "would-block")]));

        var groups = (await test.GetAsync("/api/v1/incidents/groups")).GetProperty("items").EnumerateArray().ToList();

        groups.Select(g => (g.GetProperty("newest").GetProperty("id").GetString(), g.GetProperty("count").GetInt64())).ShouldBe([("i4", 1), ("i3", 2), ("i2", 1)]);
        var before = groups[1].GetProperty("newest").GetProperty("seq").GetInt64();
        var older = (await test.GetAsync($"/api/v1/incidents/groups?before={before}")).GetProperty("items").EnumerateArray().Select(g => g.GetProperty("newest").GetProperty("id").GetString());
        older.ShouldBe(["i2"]);
        (await test.GetAsync("/api/v1/incidents/groups?decision=would-block")).GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Incidents_reach_followers_at_once_and_none_is_missed_after_a_break()
    {
        await using var test = await TestServer.StartAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        long last;
        using (var response = await test.Admin.GetAsync("/api/v1/incidents/follow", HttpCompletionOption.ResponseHeadersRead, limit.Token))
        {
            response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(limit.Token));
            (await reader.ReadLineAsync(limit.Token)).ShouldBe(": following");
            var watch = System.Diagnostics.Stopwatch.StartNew();
            await test.SendAsync(TestServer.Batch(incidents: [TestServer.Incident("live")]));
            var (seq, incident) = await NextAsync(reader, limit.Token);
            watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10), "nothing woke the follower before its beat of 15 seconds");
            incident.GetProperty("id").GetString().ShouldBe("live");
            last = seq;
        }

        await test.SendAsync(TestServer.Batch(incidents: [TestServer.Incident("missed-1"), TestServer.Incident("missed-2")]));
        using var again = new HttpRequestMessage(HttpMethod.Get, "/api/v1/incidents/follow");
        again.Headers.Add("Last-Event-ID", last.ToString(System.Globalization.CultureInfo.InvariantCulture));
        using var resumed = await test.Admin.SendAsync(again, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        using var rest = new StreamReader(await resumed.Content.ReadAsStreamAsync(limit.Token));
        (await NextAsync(rest, limit.Token)).Incident.GetProperty("id").GetString().ShouldBe("missed-1");
        (await NextAsync(rest, limit.Token)).Incident.GetProperty("id").GetString().ShouldBe("missed-2");
    }

    [Fact]
    public async Task Health_counters_only_rise_and_are_summed_over_environments()
    {
        await using var test = await TestServer.StartAsync();
        foreach (var (environment, faults) in new[] { ("e1", 3), ("e1", 2), ("e2", 4) })
        {
            var batch = TestServer.Batch(environment: environment);
            batch["health"]!["faults"] = faults;
            (await test.SendAsync(batch)).EnsureSuccessStatusCode();
        }

        (await test.GetAsync("/api/v1/functions/orders")).GetProperty("health").GetProperty("faults").GetInt64().ShouldBe(7);
    }

    [Fact]
    public async Task Confinement_is_what_the_newest_report_says()
    {
        await using var test = await TestServer.StartAsync();
        async Task<string?> Told(string? word)
        {
            var batch = TestServer.Batch();
            batch["health"]!["confinement"] = word;
            (await test.SendAsync(batch)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
            return (await test.GetAsync("/api/v1/functions/orders")).GetProperty("health").GetProperty("confinement").GetString();
        }

        (await Told(null)).ShouldBe("");
        (await Told("available")).ShouldBe("available");
        (await Told("active")).ShouldBe("active");
        (await Told("<script>")).ShouldBe("active");
        (await Told("supervised")).ShouldBe("supervised");
        (await Told("refused")).ShouldBe("refused");
    }

    [Fact]
    public async Task OpenApi_and_health_are_open()
    {
        await using var test = await TestServer.StartAsync();
        (await test.Anonymous.GetFromJsonAsync<JsonElement>("/api/v1/health")).GetProperty("status").GetString().ShouldBe("ok");
        var paths = (await test.Anonymous.GetFromJsonAsync<JsonElement>("/openapi/v1.json")).GetProperty("paths").EnumerateObject().Select(p => p.Name).ToList();
        paths.ShouldContain("/api/v1/functions/{name}/approve");
        paths.ShouldContain("/api/v1/ingest/batches");
    }

    private static async Task<(long Seq, JsonElement Incident)> NextAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        long seq = 0;
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                seq = long.Parse(line.AsSpan(4), System.Globalization.CultureInfo.InvariantCulture);
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return (seq, JsonSerializer.Deserialize<JsonElement>(line[6..]));
            }
        }

        throw new EndOfStreamException("the stream ended before the next incident");
    }
}
