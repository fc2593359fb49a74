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
