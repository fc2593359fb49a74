using System.Text.Json.Nodes;

namespace Pellicle.Local.Tests.Environments;

/// <summary>The Init and Invoke phases, seen from the caller.</summary>
public sealed class EnvironmentTests
{
    [SandboxFact]
    public async Task An_event_goes_in_and_the_answer_comes_out()
    {
        await using var functions = new TestFunctions();
        var (payload, result) = await functions.CallAsync(functions.Python("print('hello log')\nreturn {'got': event, 'n': count}"), """{"a":1}""", "11111111-2222-3333-4444-555555555555");
        Assert.Equal("""{"got": {"a": 1}, "n": 1}""", payload);
        Assert.Null(result.FunctionError);
        Assert.Equal("$LATEST", result.ExecutedVersion);
        var tail = System.Text.Encoding.UTF8.GetString(result.LogTail.Span);
        Assert.Matches("(?s)START RequestId: 11111111-.* Version: \\$LATEST\nhello log\nEND RequestId: 11111111-.*\nREPORT RequestId: .*\tInit Duration: ", tail);
    }

    [SandboxFact]
    public async Task A_warm_environment_is_used_again_and_keeps_its_memory_and_tmp()
    {
        await using var functions = new TestFunctions();
        var function = functions.Python("open('/tmp/x','a').write('x')\nreturn [count, open('/tmp/x').read()]");
        Assert.Equal("""[1, "x"]""", (await functions.CallAsync(function)).Payload);
        Assert.Equal("""[2, "xx"]""", (await functions.CallAsync(function)).Payload);
        Assert.Equal("""[1, "x"]""", (await functions.CallAsync(function with { ConfigurationRevision = "2" })).Payload);
    }

    [SandboxFact]
    public async Task Invocations_at_the_same_time_run_in_environments_of_their_own()
    {
        await using var functions = new TestFunctions();
        var function = functions.Python("time.sleep(0.5)\nreturn [count, os.listdir('/tmp')]");
        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => functions.CallAsync(function)));
        Assert.All(answers, answer => Assert.Equal("[1, []]", answer.Payload));
        await Assert.ThrowsAsync<Local.Invocation.ThrottledException>(() => functions.CallAsync(function with { ReservedConcurrency = 0 }));
    }

    /// <summary>A caller that has its answer may call again at once: the books must already say that the environment is about to be free.</summary>
    [SandboxFact]
    public async Task A_caller_in_a_loop_meets_one_environment_and_is_never_refused()
    {
        await using var functions = new TestFunctions();
        var function = functions.Python("return count") with { ReservedConcurrency = 1 };
        for (var call = 1; call <= 300; call++)
        {
            Assert.Equal($"{call}", (await functions.CallAsync(function)).Payload);
        }
    }

    [SandboxFact]
    public async Task A_crash_is_an_exit_error_and_the_next_call_starts_again_with_the_same_tmp()
    {
        await using var functions = new TestFunctions();
        var function = functions.Python("if event.get('crash'):\n    open('/tmp/kept','w').write('1')\n    os._exit(3)\nreturn [count, os.path.exists('/tmp/kept')]");
        Assert.Equal("[1, false]", (await functions.CallAsync(function)).Payload);
        var (payload, result) = await functions.CallAsync(function, """{"crash":1}""", "abc");
        Assert.Equal("Unhandled", result.FunctionError);
        Assert.Equal("""{"errorType":"Runtime.ExitError","errorMessage":"RequestId: abc Error: Runtime exited with error: exit status 3"}""", payload);
        Assert.Equal("[1, true]", (await functions.CallAsync(function)).Payload);
    }

    [SandboxFact]
    public async Task A_call_that_takes_too_long_times_out()
    {
        await using var functions = new TestFunctions();
        var function = functions.Python("if event.get('hang'):\n    time.sleep(60)\nreturn count", timeout: 3); // the start that follows counts, too
        var (payload, result) = await functions.CallAsync(function, """{"hang":1}""", "abc");
        Assert.Equal("""{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: abc Error: Task timed out after 3.00 seconds"}""", payload);
        Assert.Equal("Unhandled", result.FunctionError);
        Assert.Equal("1", (await functions.CallAsync(function)).Payload);
    }

    [SandboxFact]
    public async Task An_init_error_is_the_answer_as_it_was_reported()
    {
        await using var functions = new TestFunctions();
        var function = functions.Python("return 1", before: """
            print(api.call("POST", "/2018-06-01/runtime/init/error", '{"errorMessage":"no","errorType":"Mine"}', {"Lambda-Runtime-Function-Error-Type": "Runtime.Mine"})[0], flush=True)
            sys.exit(1)
            """);
        var (payload, result) = await functions.CallAsync(function);
        Assert.Equal("""{"errorMessage":"no","errorType":"Mine"}""", payload);
        Assert.Equal("Unhandled", result.FunctionError);
    }

    [SandboxFact]
    public async Task A_crash_in_init_is_tried_again_within_the_call()
    {
        await using var functions = new TestFunctions();
        var once = functions.Python("return 'ok'", before: "if not os.path.exists('/tmp/second'):\n    open('/tmp/second','w')\n    os._exit(1)");
        Assert.Equal("\"ok\"", (await functions.CallAsync(once)).Payload);
        var always = functions.Python("return 'ok'", before: "os.kill(os.getpid(), 9)");
        Assert.Equal("""{"errorType":"Runtime.ExitError","errorMessage":"RequestId: r Error: Runtime exited with error: signal: killed"}""", (await functions.CallAsync(always, "{}", "r")).Payload);
    }

    [SandboxFact]
    public async Task A_function_without_bootstrap_has_an_invalid_entry_point()
    {
        await using var functions = new TestFunctions();
        var function = functions.Function("provided.al2023", "x", 3, null, [], ("other", "", 0x1ED));
        Assert.Equal("""{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: r Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"}""", (await functions.CallAsync(function, "{}", "r")).Payload);
        var python = functions.Function("python3.99", "x.y", 3, null, [], ("x.py", "", 0x1A4));
        Assert.Contains("this machine has no python3.99", (await functions.CallAsync(python)).Payload, StringComparison.Ordinal);
    }

    [SandboxFact]
    public async Task Variables_are_the_documented_ones_and_nothing_of_the_host_leaks()
    {
        await using var functions = new TestFunctions();
        var function = functions.Python("return dict(os.environ)", environment: new Dictionary<string, string> { ["MINE"] = "1", ["TZ"] = ":Europe/Rome", ["_DROPPED"] = "1", ["AWS_REGION"] = "no" });
        var seen = JsonNode.Parse((await functions.CallAsync(function)).Payload)!.AsObject();
        Assert.Equal("1", (string?)seen["MINE"]);
        Assert.Equal(":Europe/Rome", (string?)seen["TZ"]);
        Assert.Equal("us-east-1", (string?)seen["AWS_REGION"]);
        Assert.Equal("handler", (string?)seen["_HANDLER"]);
        Assert.Equal("/var/task", (string?)seen["LAMBDA_TASK_ROOT"]);
        Assert.StartsWith("127.0.0.1:", (string?)seen["AWS_LAMBDA_RUNTIME_API"], StringComparison.Ordinal);
        foreach (var absent in new[] { "_DROPPED", "HOME", "USER", "AWS_EXECUTION_ENV", "DOTNET_HOST_PATH" })
        {
            Assert.False(seen.ContainsKey(absent), absent);
        }
    }
}
