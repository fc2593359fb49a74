using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Pellicle.Domain;
using Pellicle.Guard.Tests.Support;

namespace Pellicle.Guard.Tests;

/// <summary>Runs only where npm's runtime client was installed (tests/clients/install.sh).</summary>
public sealed class NodeClientTheoryAttribute : TheoryAttribute
{
    internal static string Client { get; } = Path.Combine(NodeSdkFactAttribute.Modules, "aws-lambda-ric/bin/index.mjs");

    public NodeClientTheoryAttribute()
    {
        if (!File.Exists(Client))
            Skip = "npm's aws-lambda-ric is not installed (tests/clients/install.sh)";
    }
}

/// <summary>The official client says the same to the platform with and without the guard between them.</summary>
public class DifferentialTests
{
    private const string Handler = """
        exports.handler = async (event, context) => {
          if (event.fail) throw new TypeError('mine');
          if (event.size) return 'x'.repeat(event.size);
          return { event, id: context.awsRequestId, left: context.getRemainingTimeInMillis() > 0, arn: context.invokedFunctionArn, trace: process.env._X_AMZN_TRACE_ID, client: context.clientContext };
        };
        exports.stream = awslambda.streamifyResponse(async (event, out) => { out.write('one'); if (event.fail) throw new Error('mid'); out.write('x'.repeat(event.size || 3)); out.end(); });
        """;

    private static readonly string[] Plain =
    [
        """{"a":1}""", """{"name":"wörld 😀","query":"it's <b>fine</b>"}""", "[]", "\"text\"", "null", """{"fail":1}""", """{"size":5000000}""", """{"size":7000000}""",
        $$"""{"big":"{{new string('b', 6_000_000)}}"}""", """{"a":2}""",
    ];

    private static readonly string[] Streamed = ["""{"a":1}""", """{"size":3000000}""", """{"fail":1}""", """{"a":2}"""];

    [NodeClientTheory]
    [InlineData(ProtectionMode.Off)]
    [InlineData(ProtectionMode.Monitor)]
    [InlineData(ProtectionMode.Protect)]
    public void Requests_of_the_official_client_are_the_same_bytes(ProtectionMode mode)
    {
        // One folder for all: its path stands in stack traces, which a trailer carries in base64.
        var folder = Directory.CreateTempSubdirectory("pellicle-ric-").FullName;
        File.WriteAllText(Path.Combine(folder, "index.js"), Handler);
        foreach (var (handler, events) in new[] { ("index.handler", Plain), ("index.stream", Streamed) })
        {
            using var direct = new FakePlatform();
            var expected = Requests(direct, direct.Address, folder, handler, events);
            using var hop = new Hop(mode, s => s with { Secrets = ["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"] });
            var seen = Requests(hop.Platform, hop.Proxy.Address, folder, handler, events);
            seen.Count.ShouldBe(events.Length * 2 + 1);
            for (var i = 0; i < seen.Count; i++)
                (seen[i] == expected[i]).ShouldBeTrue($"{handler}, request {i}:\n{Cut(expected[i])}\n{Cut(seen[i])}");
            hop.Guardian.Health.Faults.ShouldBe(0);
        }
        Directory.Delete(folder, recursive: true);
    }

    private static List<string> Requests(FakePlatform platform, IPEndPoint api, string folder, string handler, string[] events)
    {
        for (var i = 0; i < events.Length; i++)
        {
            platform.Event($"00000000-0000-4000-8000-{i:d12}", Encoding.UTF8.GetBytes(events[i]),
                "Lambda-Runtime-Deadline-Ms: 4102444800000\r\nLambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:123456789012:function:f\r\nLambda-Runtime-Trace-Id: Root=1-2;Parent=3;Sampled=0\r\nLambda-Runtime-Client-Context: {\"client\":{\"x\":1}}\r\n");
        }
        var start = new ProcessStartInfo("node", [NodeClientTheoryAttribute.Client, handler]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in new[] { ("AWS_LAMBDA_RUNTIME_API", api.ToString()), ("LAMBDA_TASK_ROOT", folder), ("AWS_LAMBDA_FUNCTION_NAME", "f"), ("AWS_LAMBDA_FUNCTION_VERSION", "1"), ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"), ("NODE_OPTIONS", "") })
            start.Environment[name] = value;
        using var node = Process.Start(start)!;
        var log = new StringBuilder();
        node.OutputDataReceived += (_, line) => log.AppendLine(line.Data);
        node.ErrorDataReceived += (_, line) => log.AppendLine(line.Data);
        node.BeginOutputReadLine();
        node.BeginErrorReadLine();
        var requests = new List<string>();
        while (requests.Count < events.Length * 2 + 1)
        {
            if (!platform.Requests.TryTake(out var request, TimeSpan.FromSeconds(30)))
                throw new TimeoutException($"{requests.Count} requests; {log}");
            requests.Add(Unchunked(Encoding.Latin1.GetString(request)).Replace(api.ToString(), "API", StringComparison.Ordinal));
        }
        node.Kill(entireProcessTree: true);
        node.WaitForExit();
        return requests;
    }

    /// <summary>Where Node.js cuts a stream into chunks depends on the moment; what is in them and behind them does not.</summary>
    private static string Unchunked(string request)
    {
        var split = request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        if (!request[..split].Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase))
            return request;
        var text = new StringBuilder(request, 0, split, request.Length);
        for (var at = split; ;)
        {
            var line = request.IndexOf("\r\n", at, StringComparison.Ordinal);
            var size = int.Parse(request.AsSpan(at, line - at), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (size == 0)
                return text.Append(request, line, request.Length - line).ToString();
            text.Append(request, line + 2, size);
            at = line + 2 + size + 2;
        }
    }

    private static string Cut(string text) => text.Length < 1500 ? text : text[..1500];
}
