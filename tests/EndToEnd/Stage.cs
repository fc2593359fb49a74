using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Pellicle.Aws;
using Pellicle.Local;
using Pellicle.Policy;
using Pellicle.Protection;
using Pellicle.Server;

namespace Pellicle.EndToEnd.Tests;

/// <summary>A local Lambda, a server and an inner web service that functions may reach; the layer is the real one.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(3) };
    private readonly CancellationTokenSource _ended = new();
    private readonly TcpListener _backend;
    private readonly TcpListener _other;
    private readonly IReadOnlyList<TcpListener> _services;

    private Stage(string directory, LocalLambda local, PellicleServer server, IReadOnlyList<TcpListener> services)
    {
        (Directory, Local, Server) = (directory, local, server);
        Lambda = new LambdaClient(new AwsHttp(new AwsSettings { Region = "us-east-1", Endpoint = local.Address, Credentials = new Amazon.Runtime.BasicAWSCredentials("test", "test") }));
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", server.AdminToken);
        (_backend, Backend) = Listen();
        (_other, Other) = Listen();
        _services = services;
        _ = AnswerAsync(_backend);
        _ = AnswerAsync(_other);
        foreach (var service in services)
        {
            _ = AnswerAsync(service);
        }

    }

    public string Directory { get; }

    public LocalLambda Local { get; }

    public PellicleServer Server { get; }

    public LambdaClient Lambda { get; }

    /// <summary>Address of the service that victims use.</summary>
    public string Backend { get; }

    /// <summary>Another one, which they have no business with.</summary>
    public string Other { get; }

    /// <summary>Names that functions reach at <see cref="ServicePort"/>: services of AWS, and a mining pool. One address each, for an address is known by the name it was looked up with.</summary>
    private static readonly Dictionary<string, string> Names = new()
    {
        ["dynamodb.us-east-1.amazonaws.com"] = "127.0.0.2", ["lambda.us-east-1.amazonaws.com"] = "127.0.0.3", ["pool.supportxmr.com"] = "127.0.0.4", ["sts.us-east-1.amazonaws.com"] = "127.0.0.5", ["s3.us-east-1.amazonaws.com"] = "127.0.0.6",
    };

    /// <summary>Port of the stand-ins.</summary>
    public int ServicePort => ((IPEndPoint)_services[0].LocalEndpoint).Port;

    public static string Root { get; } = FindRoot();

    public static string Artifacts => Environment.GetEnvironmentVariable("PELLICLE_ARTIFACTS") is { Length: > 0 } set ? set : Path.Combine(Root, "artifacts");

    /// <summary>Null when the whole circle can run here, else why not.</summary>
    public static string? WhyNot
    {
        get
        {
            if (Native.geteuid() != 0)
            {
                return "sandboxes of the local Lambda need root here";
            }

            string[] wanted = ["guard/linux-x64/guard", "native/x86_64/libpellicle.so", "native/x86_64/wrapper", "probes/node/probe.js", "runtimes/python/bootstrap", "runtimes/node/bootstrap", "runtimes/java/bootstrap", "runtimes/dotnet/bootstrap", "local/pellicle-sandbox"];
            var missing = wanted.Where(p => !File.Exists(Path.Combine(Artifacts, p))).ToList();
            if (!System.IO.Directory.Exists(Database.Versions))
            {
                return "PostgreSQL is not installed (eng/packages.sh test)";
            }

            return missing.Count == 0 ? null : $"build artefacts are missing ({string.Join(", ", missing)}): run eng/build.sh all";
        }
    }

    public static async Task<Stage> StartAsync()
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("pellicle-e2e-").FullName;
        var local = await LocalLambda.StartAsync(new LocalLambdaOptions { DataDirectory = Path.Combine(directory, "local"), RuntimesDirectory = Path.Combine(Artifacts, "runtimes"), Hosts = Names }, CancellationToken.None);
        var server = await PellicleServer.StartAsync(new ServerOptions { DataDirectory = Path.Combine(directory, "server"), AdminToken = $"pa_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20))}" });
        var services = new List<TcpListener>();
        foreach (var address in Names.Values)
        {
            services.Add(new TcpListener(IPAddress.Parse(address), services.Count == 0 ? 0 : ((IPEndPoint)services[0].LocalEndpoint).Port));
            services[^1].Start();
        }

        return new Stage(directory, local, server, services);
    }

    /// <summary>Publishes the real layer; what protected functions are told.</summary>
    public async Task<AttachSettings> PublishLayerAsync()
    {
        var zip = LayerPackage.Build(Artifacts, "x86_64", null, null, "0.1.0");
        return new AttachSettings
        {
            LayerArn = await new Protector(Lambda).EnsureLayerAsync(zip, "x86_64"),
            Server = Server.Address.TrimEnd('/'),
            Token = await Server.CreateIngestTokenAsync("123456789012"),
            PublicKey = Server.PolicyPublicKey,
        };
    }

    public async Task CreateAsync(string name, Victim victim, string victims, IReadOnlyDictionary<string, string>? variables = null)
    {
        var all = new Dictionary<string, string>(variables ?? new Dictionary<string, string>()) { ["BACKEND"] = Backend, ["OTHER"] = Other, ["AWS_PORT"] = $"{ServicePort}", ["POOL"] = $"pool.supportxmr.com:{ServicePort}" };
        await Lambda.CreateFunctionAsync(name, victim.Runtime, victim.Handler, "arn:aws:iam::123456789012:role/victim", ZipOf(Path.Combine(victims, victim.Language)), [], all, 20, 256);
        await Lambda.WaitUpdatedAsync(name);
    }

    public async Task DeleteAsync(string name)
    {
        using var response = await _http.DeleteAsync(new Uri(Local.Address, $"/2015-03-31/functions/{name}"));
        response.IsSuccessStatusCode.ShouldBeTrue(await response.Content.ReadAsStringAsync());
    }

    /// <summary>A function from files of its own.</summary>
    public async Task CreateAsync(string name, string runtime, string handler, byte[] zip, IReadOnlyList<string> layers, IReadOnlyDictionary<string, string> variables, int timeout = 20)
    {
        await Lambda.CreateFunctionAsync(name, runtime, handler, "arn:aws:iam::123456789012:role/victim", zip, layers, variables, timeout, 256);
        await Lambda.WaitUpdatedAsync(name);
    }

    public Task<string> RawConfigurationAsync(string name) => _http.GetStringAsync(new Uri(Local.Address, $"/2015-03-31/functions/{name}/configuration"));

    public async Task TagAsync(string name, string key, string value)
    {
        using var response = await _http.PostAsync(new Uri(Local.Address, $"/2017-03-31/tags/{Uri.EscapeDataString(Arn(name))}"), new StringContent(JsonSerializer.Serialize(new { Tags = new Dictionary<string, string> { [key] = value } }), Encoding.UTF8, "application/json"));
        response.IsSuccessStatusCode.ShouldBeTrue(await response.Content.ReadAsStringAsync());
    }

    public async Task UpdateCodeAsync(string name, byte[] zip, string architecture = "x86_64")
    {
        using var response = await _http.PutAsync(new Uri(Local.Address, $"/2015-03-31/functions/{name}/code"), new StringContent(JsonSerializer.Serialize(new { ZipFile = Convert.ToBase64String(zip), Architectures = new[] { architecture } }), Encoding.UTF8, "application/json"));
        response.IsSuccessStatusCode.ShouldBeTrue(await response.Content.ReadAsStringAsync());
        await Lambda.WaitUpdatedAsync(name);
    }

    /// <summary>Publishes a layer of these files; programs among them are executable.</summary>
    public async Task<string> PublishAsync(string name, params (string Path, byte[] Bytes)[] files) =>
        (await Lambda.PublishLayerVersionAsync(name, LayerPackage.Zip(files.Select(f => new ZipFileEntry(f.Path, f.Bytes, 0b111_101_101))), null, null, null)).LayerVersionArn;

    /// <summary>The policy of a function, before its guard asks for it.</summary>
    public Task SetPolicyAsync(string name, PolicyDocument policy) => PutAsync($"/api/v1/functions/{Uri.EscapeDataString(Arn(name))}/policy", Encoding.UTF8.GetString(PolicyJson.Write(policy)));

    /// <summary>Waits until an incident of one request is such a one; all of them when it does not come.</summary>
    public async Task ShouldReportAsync(string name, string requestId, string decision, string dimension, string? detector = null)
    {
        bool Is(JsonElement i) => i.GetProperty("decision").GetString() == decision && i.GetProperty("dimension").GetString() == dimension && (detector is null || i.GetProperty("detector").GetString() == detector);
        List<JsonElement> found = [];
        await UntilAsync(async () => (found = (await IncidentsAsync(name)).Where(i => i.GetProperty("requestId").GetString() == requestId).ToList()).Any(Is), name);
        found.Any(Is).ShouldBeTrue($"{name}: no incident {decision} {dimension} {detector}: {string.Join('\n', found)}");
    }

    /// <summary>Waits for two minutes at most. A guard that was frozen before it could report does so with its next request, which is made when nothing came for a while.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition, string function, byte[]? payload = null)
    {
        var (clock, pause) = (System.Diagnostics.Stopwatch.StartNew(), TimeSpan.FromSeconds(15));
        for (var next = pause; !await condition() && clock.Elapsed < TimeSpan.FromMinutes(2); await Task.Delay(20))
        {
            if (clock.Elapsed > next)
            {
                await InvokeAsync(function, payload ?? Events.Make(Events.Default, "none", "none"));
                next = clock.Elapsed + pause;
            }
        }
    }

    public static string Arn(string name) => $"arn:aws:lambda:us-east-1:123456789012:function:{name}";

    /// <summary>Calls a function. The request id is the invocation's, which incidents carry.</summary>
    public async Task<(string RequestId, string Answer)> InvokeAsync(string name, byte[] payload, string? trace = null)
    {
        using var content = new ByteArrayContent(payload);
        if (trace is not null)
        {
            content.Headers.Add("X-Amzn-Trace-Id", trace);
        }

        using var response = await _http.PostAsync(new Uri(Local.Address, $"/2015-03-31/functions/{name}/invocations"), content);
        return (response.Headers.GetValues("x-amzn-RequestId").First(), await response.Content.ReadAsStringAsync());
    }

    public Task<JsonElement> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<JsonElement> PutAsync(string path, string json) => SendAsync(HttpMethod.Put, path, json);

    /// <summary>All incidents of a function, newest first.</summary>
    public async Task<List<JsonElement>> IncidentsAsync(string name)
    {
        var all = new List<JsonElement>();
        while (true)
        {
            var before = all.Count == 0 ? "" : $"&before={all[^1].GetProperty("seq").GetInt64()}";
            var page = (await GetAsync($"/api/v1/incidents?function={name}&limit=1000{before}")).GetProperty("items").EnumerateArray().ToList();
            all.AddRange(page);
            if (page.Count < 1000)
            {
                return all;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _backend.Dispose();
        _other.Dispose();
        foreach (var service in _services)
        {
            service.Dispose();
        }

        _http.Dispose();
        Lambda.Http.Dispose();
        await Local.DisposeAsync();
        await Server.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
        _ended.Dispose();
    }

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, string? json)
    {
        using var request = new HttpRequestMessage(method, Server.Address.TrimEnd('/') + path);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue($"{method} {path}: {(int)response.StatusCode} {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    private static (TcpListener, string) Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return (listener, listener.LocalEndpoint.ToString()!);
    }

    /// <summary>One connection, one request, one answer; by whatever name it was called. A client that says nothing keeps nobody else waiting.</summary>
    private async Task AnswerAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await listener.AcceptTcpClientAsync(_ended.Token));
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private async Task AnswerAsync(TcpClient connected)
    {
        using var client = connected;
        try
        {
            await using var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.ASCII);
            var line = await reader.ReadLineAsync(_ended.Token) ?? "";
            var (length, operation) = (0, "");
            while (await reader.ReadLineAsync(_ended.Token) is { Length: > 0 } header)
            {
                var value = header[(header.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
                length = header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase) && int.TryParse(value, out var told) ? told : length;
                operation = header.StartsWith("X-Amz-Target:", StringComparison.OrdinalIgnoreCase) ? value.Split('.')[^1] : operation;
            }

            if (length > 0)
            {
                await reader.ReadBlockAsync(new char[length], _ended.Token);
            }

            // What services of AWS answer, where a victim's client must understand it.
            var text = operation == "Scan" ? """{"Count":1,"Items":[{"id":{"S":"the-inner-secret"}}]}"""
                : operation == "GetItem" ? """{"Item":{"id":{"S":"1"}}}"""
                : line.StartsWith("PUT /2015-03-31/functions/other/code", StringComparison.Ordinal) ? """{"Description":"the-inner-secret"}"""
                : line.Contains("/articles ", StringComparison.Ordinal) || line.Contains("/invocations ", StringComparison.Ordinal) ? "an article" : "the-inner-secret";
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {text.Length}\r\nConnection: close\r\n\r\n{text}"), _ended.Token);
        }
        catch (IOException)
        {
            // Connected and gone without a question: the rows about connections do that.
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    public static byte[] ZipOf(string directory) => LayerPackage.Zip(
        System.IO.Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Select(f => new ZipFileEntry(Path.GetRelativePath(directory, f).Replace('\\', '/'), File.ReadAllBytes(f), (int)File.GetUnixFileMode(f) & 0b111_101_101 | 0b100_100_100))
            .OrderBy(e => e.Path, StringComparer.Ordinal));

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Pellicle.slnx")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("not within the repository");
    }

    private static class Native
    {
        [DllImport("libc")]
        public static extern uint geteuid();
    }
}
