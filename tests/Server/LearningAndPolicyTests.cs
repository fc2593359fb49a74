using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Pellicle.Domain;
using Pellicle.Policy;

namespace Pellicle.Server.Tests;

public sealed class LearningAndPolicyTests
{
    private static async Task<JsonElement> DimensionAsync(TestServer test, string dimension) =>
        (await test.GetAsync("/api/v1/functions/orders/profile")).GetProperty("dimensions").EnumerateArray().Single(d => d.GetProperty("dimension").GetString() == dimension);

    private static async Task<PolicyDocument> PolicyAsync(TestServer test) => PolicyJson.Parse(await test.Admin.GetStringAsync("/api/v1/functions/orders/policy")).Document!;

    [Fact]
    public async Task Attacked_invocations_teach_nothing()
    {
        await using var test = await TestServer.StartAsync();
        await test.SendAsync(TestServer.Batch(invocations: 400, clean: 399, behaviours: [TestServer.Behaviour("process", "/usr/bin/id", 399), TestServer.Behaviour("process", "/bin/sh", 1, clean: false)]));
        var process = await DimensionAsync(test, "process");
        process.GetProperty("estimate").GetProperty("singletons").GetInt32().ShouldBe(0);
        process.GetProperty("estimate").GetProperty("ready").GetBoolean().ShouldBeTrue();
        process.GetProperty("items").EnumerateArray().Single(i => i.GetProperty("item").GetString() == "/bin/sh").GetProperty("unclean").GetInt64().ShouldBe(1);

        (await test.Admin.PostAsJsonAsync("/api/v1/functions/orders/approve", new { })).StatusCode.ShouldBe(HttpStatusCode.OK);
        var policy = (await PolicyAsync(test)) with { Mode = ProtectionMode.Protect };
        policy.Profile[Dimension.Process].Items.ShouldBe(["/usr/bin/id"]);
        PolicyEvaluator.Evaluate(new(Dimension.Process, "/usr/bin/id"), policy).Effect.ShouldBe(Effect.Allow);
        PolicyEvaluator.Evaluate(new(Dimension.Process, "/bin/sh"), policy).Effect.ShouldBe(Effect.Deny);
    }

    [Fact]
    public async Task Too_little_seen_is_refused_unless_a_person_names_the_dimension()
    {
        await using var test = await TestServer.StartAsync();
        await test.SendAsync(TestServer.Batch(invocations: 20, behaviours: [TestServer.Behaviour("host", "dynamodb.eu-west-1.amazonaws.com:443", 20)]));
        var refused = await test.Admin.PostAsJsonAsync("/api/v1/functions/orders/approve", new { dimensions = (string[]?)null });
        refused.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await refused.Content.ReadAsStringAsync()).ShouldContain("280 more");

        (await test.Admin.PostAsJsonAsync("/api/v1/functions/orders/approve", new { dimensions = new[] { "host", "process" }, stage = "shadow" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        var policy = await PolicyAsync(test);
        policy.Profile[Dimension.Host].Stage.ShouldBe(ProfileStage.Shadow);
        policy.Profile[Dimension.Host].Items.ShouldBe(["dynamodb.*.amazonaws.com:443"]);
        policy.Profile[Dimension.Process].Items.ShouldBeEmpty();
        (await test.Admin.PostAsJsonAsync("/api/v1/functions/orders/approve", new { dimensions = new[] { "disk" } })).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await test.Admin.PostAsJsonAsync("/api/v1/functions/nobody/approve", new { })).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_new_code_version_keeps_what_is_known_and_opens_learning_again()
    {
        await using var test = await TestServer.StartAsync();
        await test.SendAsync(TestServer.Batch(invocations: 400, behaviours: [TestServer.Behaviour("process", "/usr/bin/id", 400)]));
        (await DimensionAsync(test, "process")).GetProperty("estimate").GetProperty("ready").GetBoolean().ShouldBeTrue();
        await test.SendAsync(TestServer.Batch(invocations: 1, code: "c2", environment: "e2"));
        var process = await DimensionAsync(test, "process");
        process.GetProperty("items")[0].GetProperty("carried").GetBoolean().ShouldBeTrue();
        process.GetProperty("estimate").GetProperty("ready").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task Policy_documents_are_validated_versioned_and_protected_from_lost_changes()
    {
        await using var test = await TestServer.StartAsync();
        await test.SendAsync(TestServer.Batch());
        var read = await test.Admin.GetAsync("/api/v1/functions/orders/policy");
        var document = PolicyJson.Parse(await read.Content.ReadAsByteArrayAsync()).Document!;
        var changed = PolicyJson.WriteText(document with { Rules = [new() { Id = "no-curl", Dimension = Dimension.Process, Effect = Effect.Deny, Items = ["**/curl"] }] });

        async Task<HttpResponseMessage> PutAsync(string text, string? etag)
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, "/api/v1/functions/orders/policy") { Content = new StringContent(text, Encoding.UTF8, "application/json") };
            if (etag is not null)
            {
                request.Headers.TryAddWithoutValidation("If-Match", etag);
            }

            return await test.Admin.SendAsync(request);
        }

        var done = await PutAsync(changed, read.Headers.ETag!.ToString());
        done.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await PutAsync(changed, read.Headers.ETag.ToString())).StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await PutAsync(changed, null)).Headers.ETag.ShouldBe(done.Headers.ETag);
        var bad = await PutAsync("""{"schemaVersion":1,"mode":"sometimes","rule":[]}""", null);
        bad.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await bad.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors").GetArrayLength().ShouldBe(2);

        var history = await test.GetAsync("/api/v1/functions/orders/policy/revisions");
        history.EnumerateArray().Select(r => r.GetProperty("revision").GetInt64()).ShouldBe([2, 1]);
        (await test.Admin.GetStringAsync("/api/v1/functions/orders/policy/revisions/1")).ShouldNotContain("no-curl");
        var audit = await test.GetAsync("/api/v1/audit");
        audit.GetProperty("items").EnumerateArray().ShouldContain(a => a.GetProperty("action").GetString() == "policy.put" && a.GetProperty("actor").GetString() == "admin");
    }

    [Fact]
    public async Task A_policy_can_be_prepared_by_arn_before_the_first_report()
    {
        await using var test = await TestServer.StartAsync();
        (await test.Admin.PutAsJsonAsync($"/api/v1/functions/{TestServer.Arn}/mode", new { mode = "protect" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await PolicyAsync(test)).Mode.ShouldBe(ProtectionMode.Protect);
        (await test.Admin.PutAsJsonAsync("/api/v1/functions/unknown/mode", new { mode = "protect" })).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await test.Admin.PutAsJsonAsync("/api/v1/functions/orders/mode", new { mode = "maybe" })).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_function_is_made_known_by_its_arn_and_has_a_name_from_then_on()
    {
        await using var test = await TestServer.StartAsync();
        (await test.Admin.PutAsJsonAsync("/api/v1/functions/orders", new { })).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        for (var i = 0; i < 2; i++)
        {
            (await test.Admin.PutAsJsonAsync($"/api/v1/functions/{TestServer.Arn}", new { })).StatusCode.ShouldBe(HttpStatusCode.OK);
            (await test.GetAsync("/api/v1/functions")).GetProperty("items").GetArrayLength().ShouldBe(1);
        }

        (await test.GetAsync("/api/v1/functions/orders")).GetProperty("protected").GetBoolean().ShouldBeFalse();
        (await test.Admin.PutAsJsonAsync("/api/v1/functions/orders/mode", new { mode = "protect" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await PolicyAsync(test)).Mode.ShouldBe(ProtectionMode.Protect);
    }

    [Fact]
    public async Task One_name_in_two_accounts_must_be_said_by_arn()
    {
        await using var test = await TestServer.StartAsync();
        foreach (var account in new[] { "111111111111", "222222222222" })
        {
            await test.Admin.PutAsJsonAsync($"/api/v1/functions/arn:aws:lambda:eu-west-1:{account}:function:twin/mode", new { mode = "off" });
        }

        var answer = await test.Admin.GetAsync("/api/v1/functions/twin");
        answer.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("222222222222");
    }
}
