using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using System.Runtime.Serialization.Formatters.Binary;
using System.Text;

// One line for each thing done; the argument names the thing.
switch (args[0])
{
    case "ordinary":
        Console.WriteLine("ordinary " + Environment.GetEnvironmentVariable("DOTNET_STARTUP_HOOKS")?.Length.CompareTo(0));
        break;
    case "http":
        await Http();
        break;
    case "calls":
        await Calls();
        break;
    case "flows":
        await Flows(args[1], args[2]);
        break;
    case "memory":
        FromMemory(args[1]);
        break;
    case "binary":
        Binary();
        break;
}

static async Task Http()
{
    using var listener = new TcpListener(IPAddress.Loopback, 0);
    listener.Start();
    var port = ((IPEndPoint)listener.LocalEndpoint).Port;
    _ = Serve(listener);
    using var client = new HttpClient();
    foreach (var url in (string[])[$"http://127.0.0.1:{port}/a%2Fb", $"http://localhost:{port}/", $"http://localhost:{port}/again"])
    {
        try
        {
            Console.WriteLine(await client.GetStringAsync(url));
        }
        catch (Exception error)
        {
            Console.WriteLine($"{error.GetType().Name} {error.Message.Replace($"{port}", "PORT")}");
        }
    }
}

// Two invocations at once, in tasks that change threads; each reads files by itself and by a child. `static`: the client keeps the request id in a class of its own,
// `writer`: in what it put in place of standard output, `none`: nowhere.
static async Task Flows(string kept, string folder)
{
    using var listener = new TcpListener(IPAddress.Loopback, 0);
    listener.Start();
    _ = Serve(listener);
    Environment.SetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API", $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
    Environment.SetEnvironmentVariable("AWS_LAMBDA_MAX_CONCURRENCY", "4");
    var writer = new FlowWriter(Console.Out);
    if (kept == "writer")
        Console.SetOut(writer);
    Action<string> begin = kept switch { "static" => Begin, "writer" => writer.Begin, _ => _ => { } };
    Action end = kept == "static" ? End : writer.End;
    end(); // the client is there when it asks
    await Ask();
    using var both = new SemaphoreSlim(0);
    var waiting = 0;
    async Task Meet()
    {
        if (Interlocked.Increment(ref waiting) % 2 == 0)
            both.Release();
        else
            await both.WaitAsync();
    }
    async Task Handle(string id)
    {
        begin(id);
        await Meet();
        for (var i = 0; i < 3; i++)
        {
            await Task.Delay(1);
            await Task.Yield();
            _ = File.ReadAllText($"{folder}/{id}{i}");
        }
        using var child = System.Diagnostics.Process.Start("cat", [$"{folder}/{id}-child"]);
        await child.WaitForExitAsync();
        await Meet();
        end();
        _ = File.ReadAllText($"{folder}/{id}-after");
    }
    await Task.WhenAll(Task.Run(() => Handle("first")), Task.Run(() => Handle("second")));
    _ = File.ReadAllText(folder + "/nobody");

    // Methods of their own: their libraries are loaded only when they run.
    static void Begin(string id) => ProbeClient.Kept.Begin(id);
    static void End() => ProbeClient.Kept.End();
    static async Task Ask()
    {
        using var client = new HttpClient();
        _ = await client.GetStringAsync($"http://{Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API")}/2018-06-01/runtime/invocation/next");
    }
}

// Calls to AWS: each one's outcome, then what arrived.
static async Task Calls()
{
    using var listener = new TcpListener(IPAddress.Loopback, 0);
    listener.Start();
    _ = Serve(listener);
    using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}") };
    static string Scope(string service) => $"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0";
    (string Method, string Path, string Authorization, string Target, HttpContent Content)[] requests =
    [
        ("POST", "/get", Scope("dynamodb"), "DynamoDB_20120810.GetItem", new StringContent("{}")), ("POST", "/evil", Scope("dynamodb"), "DynamoDB_20120810.EVIL", new StringContent("{}")),
        ("POST", "/form", Scope("sqs"), null, new FormUrlEncodedContent([new("Version", "1"), new("Action", "SendMessage")])), ("PUT", "/bucket/a%20key?acl", Scope("s3"), null, null),
        ("GET", "/key?X-Amz-Credential=A%2F1%2Fr%2Fs3%2Faws4_request", null, null, null), ("GET", "/bearer", "Bearer dynamodb/aws4_request", null, null), ("GET", "/articles", null, null, null),
    ];
    foreach (var (method, path, authorization, target, content) in requests)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = content };
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        if (target is not null)
            request.Headers.TryAddWithoutValidation("X-Amz-Target", target);
        try
        {
            using var answer = await client.SendAsync(request);
            Console.WriteLine($"{await answer.Content.ReadAsStringAsync()}");
        }
        catch (Exception error)
        {
            Console.WriteLine($"{error.GetType().Name} {error.Message}");
        }
    }
}

// Answers with the names of the headers it got.
static async Task Serve(TcpListener listener)
{
    while (true)
    {
        var connection = await listener.AcceptTcpClientAsync();
        _ = Task.Run(async () =>
        {
            using var reader = new StreamReader(connection.GetStream(), Encoding.ASCII);
            while (await reader.ReadLineAsync() is { } request)
            {
                var names = new List<string>();
                var length = 0;
                while (await reader.ReadLineAsync() is { Length: > 0 } header)
                {
                    names.Add(header.Split(':')[0]);
                    length = names[^1] == "Content-Length" ? int.Parse(header.Split(':')[1]) : length;
                }

                var content = new char[length];
                if (length > 0)
                    await reader.ReadBlockAsync(content);
                var body = $"{request} {string.Join(',', names)}{(length > 0 ? " " : "")}{new string(content)}";
                await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
            }
        });
    }
}

static void FromMemory(string path)
{
    var bytes = File.ReadAllBytes(path);
    Use(new AssemblyLoadContext("own").LoadFromStream(new MemoryStream(bytes)));
    Use(Assembly.Load(bytes));
    // As a file that was just written where anybody may.
    var written = Path.GetTempFileName();
    File.WriteAllBytes(written, bytes);
    Use(new AssemblyLoadContext("written").LoadFromAssemblyPath(written));
    File.Delete(written);
}

// Runs a method of the probe's own assembly.
static void Use(Assembly loaded)
{
    var name = loaded.GetName().Name;
    try
    {
        var encode = loaded.GetType("Pellicle.Probe.Question", throwOnError: true)!.GetMethod("Encode", BindingFlags.Static | BindingFlags.NonPublic)!;
        Console.WriteLine($"loaded {name} {encode.Invoke(null, ["a/b"])}");
    }
    catch (Exception error)
    {
        Console.WriteLine($"refused {name} {error.GetBaseException().GetType().Name}");
    }
}

static void Binary()
{
    var formatter = new BinaryFormatter();
    var stream = new MemoryStream();
    formatter.Serialize(stream, new Order());
    stream.Position = 0;
    try
    {
        Console.WriteLine("read " + ((Order)formatter.Deserialize(stream)).Lines.Count);
    }
    catch (Exception error) when (error.GetBaseException() is UnauthorizedAccessException denied)
    {
        Console.WriteLine($"refused {error.GetType().Name}: {denied.Message.Split(',')[0]}, {denied.Message.Split(',')[1].Trim()}");
    }
}

[Serializable]
internal sealed class Order
{
    public List<Line> Lines = [new()];
}

[Serializable]
internal sealed class Line
{
    public string Text = "x";
}

internal interface IHeaders
{
    string AwsRequestId { get; }
}

internal sealed record Headers(string AwsRequestId) : IHeaders;

internal sealed class FlowWriter(TextWriter inner) : StringWriter
{
    private readonly TextWriter _inner = inner;
    private readonly AsyncLocal<IHeaders> _headers = new();

    public override void WriteLine(string text) => _inner.WriteLine(text);

    public void Begin(string requestId) => _headers.Value = new Headers(requestId);

    public void End() => _headers.Value = null;
}
