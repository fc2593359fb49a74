using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pellicle.Server.Tests;

/// <summary>A real server on loopback over a real database file, with clients for an admin and a guard.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    public const string Arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders";

    private TestServer(PellicleServer server, string directory)
    {
        (Server, Directory) = (server, directory);
        Anonymous = Client(null);
        Admin = Client(server.AdminToken);
    }

    public PellicleServer Server { get; }

    public string Directory { get; }

    public HttpClient Anonymous { get; }

    public HttpClient Admin { get; }

    public HttpClient Guard { get; private set; } = null!;

    public static async Task<TestServer> StartAsync(string? directory = null, Func<ServerOptions, ServerOptions>? change = null)
    {
        directory ??= System.IO.Directory.CreateTempSubdirectory("pellicle-server-test-").FullName;
        var options = new ServerOptions { DataDirectory = directory };
        var server = await PellicleServer.StartAsync(change?.Invoke(options) ?? options);
        var test = new TestServer(server, directory);
        test.Guard = test.Client(await server.CreateIngestTokenAsync("123456789012"));
        return test;
    }

    public HttpClient Client(string? token)
    {
        var client = new HttpClient { BaseAddress = new Uri(Server.Address) };
        client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public static JsonObject Batch(string? id = null, string function = Arn, long invocations = 1, long? clean = null, string code = "c1", string environment = "e1", JsonArray? behaviours = null, JsonArray? incidents = null) => new()
    {
        ["schemaVersion"] = 1, ["batchId"] = id ?? Guid.NewGuid().ToString(), ["sentAt"] = "2026-11-22T00:00:00Z", ["function"] = function, ["functionVersion"] = "$LATEST", ["codeSha256"] = code,
        ["runtime"] = "python3.11", ["environment"] = environment, ["guardVersion"] = "0.1.0", ["invocations"] = invocations, ["cleanInvocations"] = clean ?? invocations, ["policyRevision"] = "1", ["mode"] = "monitor",
        ["lines"] = new JsonObject { ["events"] = true, ["process"] = true, ["probe"] = true }, ["behaviours"] = behaviours ?? [], ["incidents"] = incidents ?? [], ["loaded"] = new JsonArray(),
        ["health"] = new JsonObject { ["faults"] = 0, ["dropped"] = 0, ["unanswered"] = 0, ["spoolDropped"] = 0, ["blocked"] = 0, ["wouldBlock"] = 0, ["policyAgeSeconds"] = 0 },
    };

    public static JsonObject Behaviour(string dimension, string item, long invocations = 1, bool clean = true, bool init = false) =>
        new() { ["dimension"] = dimension, ["item"] = item, ["count"] = invocations, ["invocations"] = invocations, ["init"] = init, ["clean"] = clean };

    public static JsonObject Incident(string id, string decision = "blocked", string item = "/bin/sh") => new()
    {
        ["id"] = id, ["at"] = "2026-11-22T00:00:00Z", ["requestId"] = "r1", ["decision"] = decision, ["dimension"] = "process", ["item"] = item, ["detector"] = "command-injection", ["severity"] = "high",
        ["source"] = "apigw-v2", ["field"] = "queryStringParameters.host", ["evidence"] = "; cat /etc/passwd", ["reasons"] = new JsonArray("argv contains event field"), ["sink"] = "process", ["rule"] = "",
    };

    public async Task<HttpResponseMessage> SendAsync(JsonObject batch) => await Guard.PostAsJsonAsync("/api/v1/ingest/batches", batch);

    public async Task<JsonElement> GetAsync(string path) => await Admin.GetFromJsonAsync<JsonElement>(path);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    public async Task StopAsync()
    {
        Anonymous.Dispose();
        Admin.Dispose();
        Guard.Dispose();
        await Server.DisposeAsync();
    }
}
