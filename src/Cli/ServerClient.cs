using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Pellicle.Cli;

/// <summary>Calls the server's API. Where the server is and its token lie in <c>server.json</c> of the data directory, which <c>pellicle serve</c> writes.</summary>
internal sealed class ServerClient : IDisposable
{
    private readonly HttpClient _http;

    public ServerClient(Uri address, string token)
    {
        Address = address;
        _http = new HttpClient { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public Uri Address { get; }

    public static ServerClient Find(string? server, string? token) =>
        TryFind(server, token) ?? throw new CliException("no server is known", "start one with `pellicle serve`, or give --server and --token (PELLICLE_SERVER_URL, PELLICLE_ADMIN_TOKEN)", ExitCode.Usage);

    public static ServerClient? TryFind(string? server, string? token)
    {
        server ??= Variable("PELLICLE_SERVER_URL");
        token ??= Variable("PELLICLE_ADMIN_TOKEN");
        if (ServerFile.Load() is { } file)
        {
            // A token beside another server's address would be sent to a stranger.
            token ??= server is null || server == file.Url ? file.Token : null;
            server ??= file.Url;
        }

        if (server is null || token is null)
        {
            return null;
        }

        return Uri.TryCreate(server, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? new ServerClient(address, token)
            : throw new CliException($"`{server}` is not an http or https address", "give --server as http://HOST:PORT", ExitCode.Usage);
    }

    public Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, null, cancellationToken);

    public Task<JsonElement> PutAsync(string path, string json, CancellationToken cancellationToken) => SendAsync(HttpMethod.Put, path, json, cancellationToken);

    public Task<JsonElement> PostAsync(string path, string json, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, path, json, cancellationToken);

    public Task<JsonElement> DeleteAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, path, null, cancellationToken);

    /// <summary>Server-sent events: the data of each.</summary>
    public async IAsyncEnumerable<string> FollowAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal))
            {
                yield return line[5..].Trim();
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, string? json, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                throw new CliException(Explain(method, path, response.StatusCode, text), response.StatusCode == HttpStatusCode.Unauthorized ? "check --token or PELLICLE_ADMIN_TOKEN" : "");
            }

            if (text.Length == 0)
            {
                return default;
            }

            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (HttpRequestException exception)
        {
            throw new CliException($"the server at {Address} does not answer: {exception.Message}", "is `pellicle serve` running?");
        }
    }

    private static string Explain(HttpMethod method, string path, HttpStatusCode status, string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            foreach (var name in new[] { "detail", "title", "message", "error" })
            {
                if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String)
                {
                    return $"the server refused ({(int)status}): {value.GetString()}";
                }
            }
        }
        catch (JsonException)
        {
            // Not a problem document: status and path say enough.
        }

        return $"the server answered {(int)status} to {method} {path}";
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}

/// <summary>Where the server of this data directory listens.</summary>
internal sealed record ServerFile(string Url, string Token)
{
    private static string FilePath => Path.Combine(Places.Home, "server.json");

    public static ServerFile? Load()
    {
        try
        {
            return File.Exists(FilePath) ? JsonSerializer.Deserialize<ServerFile>(File.ReadAllText(FilePath)) : null;
        }
        catch (JsonException exception)
        {
            throw new CliException($"`{FilePath}` cannot be read: {exception.Message}", "remove it, or start `pellicle serve` again");
        }
    }

    public void Save()
    {
        Directory.CreateDirectory(Places.Home);
        // The token is a secret: the file is made unreadable to others before it has content.
        using (var stream = new FileStream(FilePath, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        {
            JsonSerializer.Serialize(stream, this);
        }

        File.SetUnixFileMode(FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public static void Remove(string url)
    {
        if (Load()?.Url == url)
        {
            File.Delete(FilePath);
        }
    }
}
