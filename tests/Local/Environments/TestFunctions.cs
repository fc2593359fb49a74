using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Pellicle.Local.Environments;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.Tests.Environments;

/// <summary>Runs where sandboxes can be made: Linux with cc-built init and Python for the test bootstraps.</summary>
public sealed class SandboxFactAttribute : FactAttribute
{
    public SandboxFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/python3"))
        {
            Skip = "needs Linux and /usr/bin/python3";
        }
    }
}

/// <summary>A pool over a temporary data directory and functions made of text.</summary>
internal sealed class TestFunctions : IAsyncDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("pellicle-test-").FullName;
    private int made;

    public TestFunctions(string? runtimes = null) =>
        Pool = new EnvironmentPool(new LocalLambdaOptions { DataDirectory = Path.Combine(directory, "data"), RuntimesDirectory = runtimes ?? Path.Combine(directory, "runtimes") });

    public EnvironmentPool Pool { get; }

    /// <summary>A custom-runtime function in Python; <paramref name="body"/> is indented below <c>def handle(event, context, api)</c>.</summary>
    public FunctionSnapshot Python(string body, string before = "", int timeout = 10, IReadOnlyDictionary<string, string>? environment = null, params LayerContent[] layers) =>
        Function("provided.al2023", "handler", timeout, environment, layers, ("bootstrap", Bootstrap.Replace("#BEFORE", before, StringComparison.Ordinal)
            .Replace("    #BODY", string.Join('\n', body.Split('\n').Select(line => "    " + line)), StringComparison.Ordinal), 0b111_101_101));

    public FunctionSnapshot Function(string runtime, string handler, int timeout, IReadOnlyDictionary<string, string>? environment, LayerContent[] layers, params (string Name, string Text, int Mode)[] files)
    {
        var (zip, hash) = Zip(files);
        var name = $"f{++made}";
        return new FunctionSnapshot
        {
            Arn = $"arn:aws:lambda:us-east-1:123456789012:function:{name}",
            Name = name,
            Version = "$LATEST",
            ConfigurationRevision = "1",
            Runtime = runtime,
            Handler = handler,
            CodeZip = zip,
            CodeSha256 = hash,
            Layers = layers,
            Environment = environment ?? new Dictionary<string, string>(),
            MemorySize = 256,
            Timeout = timeout,
            EphemeralStorage = 512,
            Region = "us-east-1",
            AccountId = "123456789012",
        };
    }

    public LayerContent Layer(params (string Name, string Text, int Mode)[] files)
    {
        var (zip, hash) = Zip(files);
        return new LayerContent($"arn:aws:lambda:us-east-1:123456789012:layer:l{++made}:1", hash, zip);
    }

    public async Task<(string Payload, InvocationResult Result)> CallAsync(FunctionSnapshot function, string payload = "{}", string? requestId = null)
    {
        var result = await Pool.InvokeAsync(function, Request(function, payload, requestId), CancellationToken.None);
        return (Encoding.UTF8.GetString(result.Payload.Span), result);
    }

    public static InvocationRequest Request(FunctionSnapshot function, string payload, string? requestId = null) =>
        new() { RequestId = requestId ?? Guid.NewGuid().ToString(), InvokedArn = function.Arn, Payload = Encoding.UTF8.GetBytes(payload) };

    public async ValueTask DisposeAsync()
    {
        await Pool.DisposeAsync();
        Directory.Delete(directory, true);
    }

    public (string Path, string Hash) Zip(params (string Name, string Text, int Mode)[] files)
    {
        var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, true))
        {
            foreach (var (name, text, mode) in files)
            {
                var entry = archive.CreateEntry(name);
                entry.ExternalAttributes = mode << 16;
                using var stream = entry.Open();
                stream.Write(Encoding.UTF8.GetBytes(text));
            }
        }
        var hash = Convert.ToBase64String(SHA256.HashData(memory.ToArray()));
        var path = Path.Combine(directory, $"{Guid.NewGuid():N}.zip");
        File.WriteAllBytes(path, memory.ToArray());
        return (path, hash);
    }

    private const string Bootstrap = """
        #!/usr/bin/python3 -u
        import http.client, json, os, sys, time, base64, signal, subprocess, threading, socket
        def connect():
            return http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        class Api:
            def __init__(self):
                self.c = connect()
            def call(self, method, path, body=None, headers={}):
                self.c.request(method, path, body, headers)
                r = self.c.getresponse()
                return r.status, r.read(), r.headers
            def next(self):
                return self.call("GET", "/2018-06-01/runtime/invocation/next")
            def respond(self, id, body, headers={}):
                return self.call("POST", "/2018-06-01/runtime/invocation/%s/response" % id, body, headers)
            def error(self, id, body, headers={}):
                return self.call("POST", "/2018-06-01/runtime/invocation/%s/error" % id, body, headers)
        count = 0
        api = Api()
        #BEFORE
        def handle(event, context, api):
            global count
            count += 1
            #BODY
        while True:
            status, event, headers = api.next()
            answer = handle(json.loads(event), headers, api)
            if answer is not None:
                api.respond(headers["Lambda-Runtime-Aws-Request-Id"], json.dumps(answer))
        """;
}
