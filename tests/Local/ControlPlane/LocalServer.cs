using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.Tests.ControlPlane;

/// <summary>An answer with its JSON body, if it has one.</summary>
internal sealed record Answer(HttpStatusCode Status, JsonNode? Body, HttpResponseMessage Raw)
{
    public string? ErrorType => Raw.Headers.TryGetValues("x-amzn-ErrorType", out var values) ? values.Single() : null;

    public string? Message => (string?)(Body?["Message"] ?? Body?["message"]);

    public JsonNode this[string member] => Body![member] ?? throw new KeyNotFoundException($"`{member}` is not in {Body}");

    public Answer ShouldFail(int status, string type, string? message = null)
    {
        ((int)Status).ShouldBe(status, Body?.ToJsonString());
        ErrorType.ShouldBe(type);
        if (message is not null)
            Message.ShouldBe(message);
        return this;
    }

    public Answer ShouldBe(int status)
    {
        ((int)Status).ShouldBe(status, Body?.ToJsonString());
        return this;
    }
}

/// <summary>A local Lambda over real HTTP with a fake invoker and, by default, a clock that stands still.</summary>
internal sealed class LocalServer : IAsyncDisposable
{
    public const string Role = "arn:aws:iam::123456789012:role/test";

    private readonly bool _ownsDirectory;
    private readonly HttpClient _http = new();
    private LocalLambda? _lambda;

    private LocalServer(string directory, bool ownsDirectory) => (DataDirectory, _ownsDirectory) = (directory, ownsDirectory);

    public ManualTime Time { get; private init; } = new();

    public FakeInvoker Invoker { get; } = new();

    public string DataDirectory { get; }

    public Uri Address => _lambda!.Address;

    public HttpClient Http => _http;

    public string Region { get; init; } = "us-east-1";

    public static async Task<LocalServer> StartAsync(string? directory = null, bool realTime = false)
    {
        var server = new LocalServer(directory ?? Directory.CreateTempSubdirectory("pellicle-control-").FullName, directory is null);
        server._lambda = await LocalLambda.StartAsync(
            new LocalLambdaOptions
            {
                DataDirectory = server.DataDirectory,
                RuntimesDirectory = server.DataDirectory,
                TimeProvider = realTime ? TimeProvider.System : server.Time,
            },
            _ => server.Invoker, CancellationToken.None);
        return server;
    }

    /// <summary>Lets Pending and InProgress end.</summary>
    public void Settle() => Time.Advance(TimeSpan.FromSeconds(1));

    public static byte[] Zip(params (string Name, string Text)[] files)
    {
        var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in files)
            {
                var entry = archive.CreateEntry(name);
                entry.LastWriteTime = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var writer = new StreamWriter(entry.Open());
                writer.Write(text);
            }
        }

        return stream.ToArray();
    }

    public static string ZipText(string text = "def handler(e, c): return e") => Convert.ToBase64String(Zip(("app.py", text)));

    public async Task<Answer> SendAsync(HttpMethod method, string path, object? body = null, string? region = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(Address, path));
        request.Headers.TryAddWithoutValidation("Authorization",
            $"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/{region ?? Region}/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=00");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        request.Content = body switch
        {
            null => null,
            byte[] bytes => new ByteArrayContent(bytes),
            string text => new StringContent(text, Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
            JsonNode node => new StringContent(node.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
            _ => throw new ArgumentException("unexpected body", nameof(body)),
        };
        var response = await _http.SendAsync(request);
        response.Headers.Contains("x-amzn-RequestId").ShouldBeTrue();
        var content = await response.Content.ReadAsByteArrayAsync();
        JsonNode? json = null;
        if (content.Length > 0 && response.Content.Headers.ContentType?.MediaType == "application/json")
            json = JsonNode.Parse(content);
        return new Answer(response.StatusCode, json, response);
    }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Answer> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, body);

    public Task<Answer> PutAsync(string path, object? body = null) => SendAsync(HttpMethod.Put, path, body);

    public Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path);

    public static JsonObject Function(string name, Action<JsonObject>? change = null)
    {
        var body = new JsonObject
        {
            ["FunctionName"] = name,
            ["Role"] = Role,
            ["Runtime"] = "python3.11",
            ["Handler"] = "app.handler",
            ["Code"] = new JsonObject { ["ZipFile"] = ZipText() },
        };
        change?.Invoke(body);
        return body;
    }

    /// <summary>Creates a function and waits until it is active.</summary>
    public async Task<Answer> CreateAsync(string name, Action<JsonObject>? change = null)
    {
        var answer = (await PostAsync("/2015-03-31/functions", Function(name, change))).ShouldBe(201);
        Settle();
        return answer;
    }

    public async Task<string> PublishLayerAsync(string name, string text = "x", Action<JsonObject>? change = null)
    {
        var body = new JsonObject { ["Content"] = new JsonObject { ["ZipFile"] = Convert.ToBase64String(Zip(("python/lib.py", text))) } };
        change?.Invoke(body);
        return (string)(await PostAsync($"/2018-10-31/layers/{name}/versions", body)).ShouldBe(201)["LayerVersionArn"]!;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _lambda!.DisposeAsync();
        if (_ownsDirectory)
            Directory.Delete(DataDirectory, recursive: true);
    }
}
