using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.Tests.ControlPlane;

public sealed class InvocationTests
{
    private const string F = "/2015-03-31/functions";

    [Fact]
    public async Task A_function_error_is_an_answer_of_200_with_its_log()
    {
        await using var server = await LocalServer.StartAsync();
        await server.CreateAsync("f");
        server.Invoker.Answer = (f, _, _) => Task.FromResult(FakeInvoker.Result(f, """{"errorType":"E"}""", "Unhandled", "line"));
        var answer = (await server.SendAsync(HttpMethod.Post, $"{F}/f/invocations", "1", headers: ("X-Amz-Log-Type", "Tail"))).ShouldBe(200);
        answer.Raw.Headers.GetValues("X-Amz-Function-Error").Single().ShouldBe("Unhandled");
        answer.Raw.Headers.GetValues("X-Amz-Executed-Version").Single().ShouldBe("$LATEST");
        Convert.FromBase64String(answer.Raw.Headers.GetValues("X-Amz-Log-Result").Single()).ShouldBe("line"u8.ToArray());
        answer.Body!.ToJsonString().ShouldBe("""{"errorType":"E"}""");
    }

    [Fact]
    public async Task Bad_invocations_are_refused_before_anything_runs()
    {
        await using var server = await LocalServer.StartAsync();
        await server.CreateAsync("f");
        var path = $"{F}/f/invocations";
        (await server.PostAsync(path, "{")).ShouldFail(400, "InvalidRequestContentException");
        (await server.PostAsync(path, new byte[6_291_557])).ShouldFail(413, "RequestTooLargeException");
        (await server.SendAsync(HttpMethod.Post, path, new byte[1_048_577], headers: ("X-Amz-Invocation-Type", "Event"))).ShouldFail(413, "RequestTooLargeException");
        (await server.SendAsync(HttpMethod.Post, path, headers: ("X-Amz-Invocation-Type", "Sometimes"))).ShouldFail(400, "ValidationException");
        (await server.SendAsync(HttpMethod.Post, path, headers: ("X-Amz-Client-Context", "###"))).ShouldFail(400, "InvalidRequestContentException");
        (await server.SendAsync(HttpMethod.Post, path, headers: ("X-Amz-Invocation-Type", "DryRun"))).ShouldBe(204);
        server.Invoker.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Throttling_is_429_with_its_reason()
    {
        await using var server = await LocalServer.StartAsync();
        await server.CreateAsync("f");
        server.Invoker.Answer = (_, _, _) => throw new ThrottledException("ConcurrentInvocationLimitExceeded");
        (await server.PostAsync($"{F}/f/invocations", "{}")).ShouldFail(429, "TooManyRequestsException")["Reason"].GetValue<string>()
            .ShouldBe("ConcurrentInvocationLimitExceeded");
    }

    [Fact]
    public async Task An_alias_runs_its_version_with_what_it_was_published_with_and_weights_choose()
    {
        await using var server = await LocalServer.StartAsync();
        await server.CreateAsync("f");
        await server.PostAsync($"{F}/f/versions", new JsonObject());
        await server.PutAsync($"{F}/f/configuration", new JsonObject { ["Timeout"] = 99 });
        server.Settle();
        await server.PostAsync($"{F}/f/versions", new JsonObject());
        (await server.PostAsync($"{F}/f/aliases", new JsonObject { ["Name"] = "live", ["FunctionVersion"] = "1" })).ShouldBe(201);
        await server.PostAsync($"{F}/f:live/invocations", "{}");
        server.Invoker.Calls.TryDequeue(out var call).ShouldBeTrue();
        (call.Function.Version, call.Function.Timeout, call.Request.InvokedArn)
            .ShouldBe(("1", 3, "arn:aws:lambda:us-east-1:123456789012:function:f:live"));

        var weights = new JsonObject { ["AdditionalVersionWeights"] = new JsonObject { ["2"] = 1.0 } };
        (await server.PutAsync($"{F}/f/aliases/live", new JsonObject { ["RoutingConfig"] = weights })).ShouldBe(200);
        await server.PostAsync($"{F}/f/invocations?Qualifier=live", "{}");
        server.Invoker.Calls.TryDequeue(out call).ShouldBeTrue();
        call.Function.Version.ShouldBe("2");
        (await server.DeleteAsync($"{F}/f?Qualifier=2")).ShouldFail(409, "ResourceConflictException");
    }

    [Fact]
    public async Task An_event_is_tried_three_times_and_then_ends()
    {
        await using var server = await LocalServer.StartAsync();
        await server.CreateAsync("f");
        var runs = new SemaphoreSlim(0);
        server.Invoker.Answer = (f, _, _) =>
        {
            runs.Release();
            return Task.FromResult(FakeInvoker.Result(f, "{}", "Unhandled"));
        };
        (await server.SendAsync(HttpMethod.Post, $"{F}/f/invocations", "1", headers: ("X-Amz-Invocation-Type", "Event"))).ShouldBe(202);
        for (var run = 0; run < 3; run++)
        {
            // The retry's timer starts a moment after the failed run: an hour that passes before it would not count.
            var patience = System.Diagnostics.Stopwatch.StartNew();
            while (!await runs.WaitAsync(TimeSpan.FromMilliseconds(50)))
            {
                patience.Elapsed.ShouldBeLessThan(TimeSpan.FromMinutes(1));
                server.Time.Advance(TimeSpan.FromMinutes(1));
            }
        }

        server.Time.Advance(TimeSpan.FromHours(1));
        server.Invoker.Calls.Select(c => c.Request.RequestId).Distinct().Count().ShouldBe(1);
        server.Invoker.Calls.Count.ShouldBe(3);
        Directory.EnumerateFiles(Path.Combine(server.DataDirectory, "state", "events"), "*.json", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_was_answered_is_there_after_a_restart_and_an_event_that_ran_runs_again()
    {
        var directory = Directory.CreateTempSubdirectory("pellicle-control-").FullName;
        try
        {
            JsonNode before;
            var started = new TaskCompletionSource();
            await using (var first = await LocalServer.StartAsync(directory))
            {
                var layer = await first.PublishLayerAsync("lib");
                await first.CreateAsync("f", f => f["Layers"] = new JsonArray(layer));
                await first.PostAsync($"{F}/f/versions", new JsonObject());
                await first.DeleteAsync("/2018-10-31/layers/lib/versions/1");
                (await first.PutAsync($"{F}/f/configuration", new JsonObject { ["Timeout"] = 44 })).ShouldBe(200);
                before = (await first.GetAsync($"{F}/f/configuration")).Body!;
                first.Invoker.Answer = async (f, _, token) =>
                {
                    started.TrySetResult();
                    await Task.Delay(Timeout.Infinite, token);
                    throw new InvalidOperationException("unreachable");
                };
                await first.SendAsync(HttpMethod.Post, $"{F}/f/invocations", "\"event\"", headers: ("X-Amz-Invocation-Type", "Event"));
                await started.Task.WaitAsync(TimeSpan.FromMinutes(1));
                await Should.ThrowAsync<InvalidOperationException>(() => LocalServer.StartAsync(directory));
            }

            await using var second = await LocalServer.StartAsync(directory);
            (await second.GetAsync($"{F}/f/configuration")).Body!.ToJsonString().ShouldBe(before.ToJsonString());
            second.Settle();
            (await second.GetAsync($"{F}/f/configuration"))["LastUpdateStatus"].GetValue<string>().ShouldBe("Successful");
            (await second.PostAsync($"{F}/f:1/invocations", "{}")).ShouldBe(200);
            var layers = second.Invoker.Calls.Last().Function.Layers;
            File.Exists(layers.Single().Zip).ShouldBeTrue();
            SpinWait.SpinUntil(() => second.Invoker.Calls.Any(c => Encoding.UTF8.GetString(c.Request.Payload.Span) == "\"event\""), TimeSpan.FromMinutes(1)).ShouldBeTrue();
            (await second.PostAsync("/2018-10-31/layers/lib/versions", new JsonObject { ["Content"] = new JsonObject { ["ZipFile"] = LocalServer.ZipText() } }))
                ["Version"].GetValue<int>().ShouldBe(2);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_function_url_answers_in_format_2_once_the_policy_lets_everyone_call_it()
    {
        await using var server = await LocalServer.StartAsync();
        await server.CreateAsync("f");
        server.Invoker.Answer = (f, _, _) => Task.FromResult(FakeInvoker.Result(f,
            """{"statusCode":201,"headers":{"X-Test":"1","Content-Type":"text/plain"},"cookies":["a=1","b=2"],"body":"aGk=","isBase64Encoded":true}"""));
        var url = (string)(await server.PostAsync("/2021-10-31/functions/f/url", new JsonObject { ["AuthType"] = "NONE" })).ShouldBe(201)["FunctionUrl"]!;
        (await server.Http.GetAsync(url)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        foreach (var extra in (JsonObject[])[
            new() { ["StatementId"] = "u", ["Action"] = "lambda:InvokeFunctionUrl", ["Principal"] = "*", ["FunctionUrlAuthType"] = "NONE" },
            new() { ["StatementId"] = "i", ["Action"] = "lambda:InvokeFunction", ["Principal"] = "*", ["InvokedViaFunctionUrl"] = true }])
        {
            (await server.Http.GetAsync(url)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            (await server.PostAsync($"{F}/f/policy", extra)).ShouldBe(201);
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, url + "a%2Fb/c?x=1&x=%2F2") { Content = new StringContent("{\"k\":1}", Encoding.UTF8, "application/json") };
        request.Headers.Add("Cookie", "s=1; t=2");
        var answer = await server.Http.SendAsync(request);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        answer.Headers.GetValues("X-Test").Single().ShouldBe("1");
        answer.Headers.GetValues("Set-Cookie").ShouldBe(["a=1", "b=2"]);
        answer.Content.Headers.ContentType!.ToString().ShouldBe("text/plain");
        (await answer.Content.ReadAsStringAsync()).ShouldBe("hi");
        var sent = JsonNode.Parse(server.Invoker.Calls.Last().Request.Payload.Span)!;
        ((string)sent["rawPath"]!).ShouldBe("/a%2Fb/c");
        ((string)sent["rawQueryString"]!).ShouldBe("x=1&x=%2F2");
        sent["queryStringParameters"]!.ToJsonString().ShouldBe("""{"x":"1,/2"}""");
        sent["cookies"]!.ToJsonString().ShouldBe("""["s=1","t=2"]""");
        ((string)sent["body"]!).ShouldBe("{\"k\":1}");
        ((bool)sent["isBase64Encoded"]!).ShouldBeFalse();
        sent["headers"]!["cookie"].ShouldBeNull();

        server.Invoker.Answer = (f, _, _) => Task.FromResult(FakeInvoker.Result(f, "{}", "Unhandled"));
        (await server.Http.GetAsync(url)).StatusCode.ShouldBe(HttpStatusCode.BadGateway);
    }

    [Fact]
    public async Task A_streaming_url_takes_status_and_headers_from_the_prelude()
    {
        await using var server = await LocalServer.StartAsync();
        await server.CreateAsync("f");
        var url = (string)(await server.PostAsync("/2021-10-31/functions/f/url", new JsonObject { ["AuthType"] = "AWS_IAM", ["InvokeMode"] = "RESPONSE_STREAM" }))["FunctionUrl"]!;
        (await server.Http.GetAsync(url)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        server.Invoker.Answer = async (f, r, token) =>
        {
            await r.OnChunk!(Encoding.UTF8.GetBytes("""{"statusCode":418,"headers":{"x-a":"b"}}""" + "\0\0\0"), token);
            await r.OnChunk!(Encoding.UTF8.GetBytes("\0\0\0\0\0body "), token);
            await r.OnChunk!("more"u8.ToArray(), token);
            return FakeInvoker.Result(f, "");
        };
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.TryAddWithoutValidation("Authorization", "AWS4-HMAC-SHA256 Credential=A/20261122/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0");
        var answer = await server.Http.SendAsync(request);
        ((int)answer.StatusCode).ShouldBe(418);
        answer.Headers.GetValues("x-a").Single().ShouldBe("b");
        (await answer.Content.ReadAsStringAsync()).ShouldBe("body more");
    }
}
