using System.Text.Json;

namespace Pellicle.Cli.Demo;

/// <summary>A sample function with a request that is ordinary and one that attacks it.</summary>
/// <param name="Name">Function name and folder.</param>
/// <param name="Runtime">Lambda runtime.</param>
/// <param name="Handler">Handler.</param>
/// <param name="Layers">Names of sample layers.</param>
/// <param name="Benign">Ordinary query parameters; several, all of which must keep working.</param>
/// <param name="Attack">Query parameters of the attack.</param>
/// <param name="Weakness">What is wrong with it, in a few words.</param>
/// <param name="Evidence">Text that only a successful attack brings back.</param>
internal sealed record Sample(string Name, string Runtime, string Handler, IReadOnlyList<string> Layers, IReadOnlyList<(string Key, string Value)> Benign, (string Key, string Value) Attack, string Weakness, string Evidence)
{
    public static IReadOnlyList<Sample> All { get; } =
    [
        new("hosts-python", "python3.11", "app.handler", ["shared-helpers"], [("host", "localhost"), ("host", "127.0.0.1")], ("host", "localhost; cat /etc/passwd"), "a host name goes into a shell command", "root:"),
        new("documents-node", "nodejs20.x", "index.handler", ["shared-helpers"], [("name", "welcome.txt"), ("name", "terms & conditions.txt")], ("name", "../../../etc/passwd"), "a document's name may leave its folder", "root:"),
        new("greetings-java", "java17", "sample.Greetings::handle", [], [("name", "Anna Maria"), ("name", "world")], ("name", "x; id"), "a name goes into a shell command", "uid="),
        new("invoices-dotnet", "dotnet10", "Invoices::Sample.Invoices::Handle", [], [("name", "2026-001.txt"), ("name", "o'brien & sons.txt")], ("name", "/etc/passwd"), "an invoice's name may be an absolute path", "root:"),
    ];

    /// <summary>An API Gateway (HTTP API) event with one query parameter.</summary>
    public byte[] Event((string Key, string Value) query) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        version = "2.0",
        routeKey = "GET /",
        rawPath = "/",
        rawQueryString = $"{query.Key}={Uri.EscapeDataString(query.Value)}",
        headers = new Dictionary<string, string> { ["accept"] = "application/json", ["host"] = "demo.execute-api.us-east-1.amazonaws.com", ["user-agent"] = "demo/1.0" },
        queryStringParameters = new Dictionary<string, string> { [query.Key] = query.Value },
        requestContext = new
        {
            accountId = "123456789012",
            apiId = "demo",
            domainName = "demo.execute-api.us-east-1.amazonaws.com",
            http = new { method = "GET", path = "/", protocol = "HTTP/1.1", sourceIp = "203.0.113.7", userAgent = "demo/1.0" },
            requestId = "demo",
            stage = "$default",
        },
        isBase64Encoded = false,
    });
}
