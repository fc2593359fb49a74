using System.Diagnostics;
using Xunit.Abstractions;

namespace Pellicle.Local.Tests.Environments;

/// <summary>Runs where the bootstrap of a managed runtime has been built.</summary>
public sealed class RuntimeFactAttribute : FactAttribute
{
    public RuntimeFactAttribute(string folder, string program)
    {
        if (!File.Exists(Path.Combine(Runtimes, folder, "bootstrap")) || !File.Exists(program))
        {
            Skip = $"needs artifacts/runtimes/{folder}/bootstrap and {program}";
        }
    }

    public static string Runtimes { get; } = Find();

    private static string Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Pellicle.slnx")))
            {
                return Path.Combine(at.FullName, "artifacts", "runtimes");
            }
        }
        return "/nonexistent";
    }
}

/// <summary>The managed runtimes with their real bootstraps.</summary>
public sealed class ManagedRuntimeTests(ITestOutputHelper output)
{
    private const int Plain = 0x1A4;

    [RuntimeFact("python", "/usr/bin/python3.11")]
    public async Task Python_runs_and_a_warm_call_is_quick()
    {
        await using var functions = new TestFunctions(RuntimeFactAttribute.Runtimes);
        var function = functions.Function("python3.11", "app.main.go", 5, null, [functions.Layer(("python/dep.py", "value = 7", Plain))], ("app/main.py", "import dep\ndef go(event, context):\n    return {'e': event, 'v': dep.value, 'r': context.aws_request_id}", Plain));
        var first = Stopwatch.GetTimestamp();
        Assert.Equal("""{"e": {"a": 1}, "v": 7, "r": "id"}""", (await functions.CallAsync(function, """{"a":1}""", "id")).Payload);
        var cold = Stopwatch.GetElapsedTime(first).TotalMilliseconds;
        var payload = $$"""{"text":"{{new string('x', 1000)}}"}""";
        var times = new List<double>();
        for (var i = 0; i < 300; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await functions.CallAsync(function, payload);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
        times.Sort();
        output.WriteLine($"warm 1 KB invocation, Python: median {times[150]:0.000} ms, 99 % {times[297]:0.000} ms");
        Assert.InRange(times[150], 0, cold / 4); // both on the same machine, however slow or busy
    }

    [RuntimeFact("python", "/usr/bin/python3.11")]
    public async Task A_Python_function_that_cannot_be_imported_says_so()
    {
        await using var functions = new TestFunctions(RuntimeFactAttribute.Runtimes);
        var (payload, result) = await functions.CallAsync(functions.Function("python3.11", "missing.go", 5, null, [], ("x.py", "", Plain)));
        Assert.Equal("Unhandled", result.FunctionError);
        Assert.Contains("Runtime.ImportModuleError", payload, StringComparison.Ordinal);
    }

    [RuntimeFact("node", "/usr/bin/node")]
    public async Task Node_runs()
    {
        await using var functions = new TestFunctions(RuntimeFactAttribute.Runtimes);
        var function = functions.Function("nodejs20.x", "index.handler", 5, null, [functions.Layer(("nodejs/node_modules/dep/index.js", "module.exports = 7", Plain))], ("index.js", "exports.handler = async (event) => ({ event, dep: require('dep') })", Plain));
        Assert.Equal("""{"event":{"a":1},"dep":7}""", (await functions.CallAsync(function, """{"a":1}""")).Payload);
    }
}
