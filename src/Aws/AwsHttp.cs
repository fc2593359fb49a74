using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;
using Amazon.Runtime.Internal.Util;
using Amazon.SecurityToken;

namespace Pellicle.Aws;

/// <summary>Signs (AWSSDK.Core's signer), sends and retries requests. Thread safe; one per account and region.</summary>
public sealed class AwsHttp : IDisposable
{
    /// <summary>Attempts of one call, the first included (the AWS CLI's standard mode uses 3; a scan of many functions wants more).</summary>
    public const int MaxAttempts = 8;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    private readonly HttpClient _http;
    private readonly AwsSettings _settings;
    private readonly TimeProvider _time;
    private readonly Random _random;

    /// <summary>Makes a sender. <paramref name="handler"/>, <paramref name="time"/>, <paramref name="random"/> are for tests.</summary>
    public AwsHttp(AwsSettings settings, HttpMessageHandler? handler = null, TimeProvider? time = null, Random? random = null)
    {
        _settings = settings;
        _time = time ?? TimeProvider.System;
        _random = random ?? Random.Shared;
        _http = new HttpClient(handler ?? new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.None,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxConnectionsPerServer = 64,
        })
        { Timeout = TimeSpan.FromMinutes(16) };
    }

    /// <summary>Settings this sender was made with.</summary>
    public AwsSettings Settings => _settings;

    /// <summary>Calls so far, retries included.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    /// <summary>Answers that asked to slow down.</summary>
    public long Throttled => Interlocked.Read(ref _throttled);

    private long _calls;
    private long _throttled;

    /// <summary>Sends one signed call; a status of 300 or more becomes an <see cref="AwsException"/> after the retries it deserves.</summary>
    public async Task<HttpResponseMessage> SendAsync(AwsCall call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        for (var attempt = 1; ; attempt++)
        {
            HttpResponseMessage? response = null;
            AwsException? failure;
            TimeSpan? wait = null;
            try
            {
                using var message = await SignAsync(call, cancellationToken).ConfigureAwait(false);
                Interlocked.Increment(ref _calls);
                response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
                if ((int)response.StatusCode < 300)
                {
                    return response;
                }

                failure = await ReadErrorAsync(call, response, cancellationToken).ConfigureAwait(false);
                wait = response.Headers.RetryAfter?.Delta;
            }
            catch (HttpRequestException exception)
            {
                failure = new AwsException(call.Operation, "ConnectionError", $"{call.Address.Authority}: {exception.Message}", 0);
            }

            response?.Dispose();
            var throttled = failure.Status == HttpStatusCode.TooManyRequests || failure.Code is "Throttling" or "ThrottlingException" or "RequestLimitExceeded" or "TooManyRequestsException";
            if (throttled)
            {
                Interlocked.Increment(ref _throttled);
            }

            var passing = throttled || (int)failure.Status >= 500 || (failure.Status == 0 && call.Idempotent);
            var last = throttled || failure.Status != 0 ? MaxAttempts : 3;
            // A reserved concurrency of 0 answers 429 for ever.
            if (!passing || attempt >= last || !call.Retry)
            {
                throw failure;
            }

            // Full jitter over an exponential ceiling.
            var ceiling = TimeSpan.FromMilliseconds(Math.Min(LongestWait.TotalMilliseconds, 100 * Math.Pow(2, attempt)));
            var pause = wait ?? ceiling * _random.NextDouble();
            await Task.Delay(pause < LongestWait ? pause : LongestWait, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends a REST-JSON call and reads the answer.</summary>
    public async Task<JsonElement> SendJsonAsync(AwsCall call, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(call, cancellationToken).ConfigureAwait(false);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        if (bytes.Length == 0)
        {
            return default;
        }

        using var document = JsonDocument.Parse(bytes);
        return document.RootElement.Clone();
    }

    /// <summary>Downloads an already signed address (the <c>Location</c> of code), streaming.</summary>
    public async Task<Stream> DownloadAsync(Uri address, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        var response = await _http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            using (response)
            {
                throw new AwsException("download", ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture), $"{address.Host} answered {(int)response.StatusCode}", response.StatusCode);
            }
        }

        return await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<HttpRequestMessage> SignAsync(AwsCall call, CancellationToken cancellationToken)
    {
        var credentials = await _settings.Credentials.GetCredentialsAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        var request = new DefaultRequest(new EmptyRequest(), call.Service)
        {
            HttpMethod = call.Method,
            Endpoint = call.Address,
            ResourcePath = call.Path,
            UseQueryString = call.Query.Count > 0,
            AuthenticationRegion = call.Region ?? _settings.Region,
            Content = call.Body,
        };
        foreach (var (key, value) in call.PathValues)
        {
            request.AddPathResource(key, value);
        }

        foreach (var (key, value) in call.Query)
        {
            request.ParameterCollection.Add(key, [value]);
        }

        foreach (var (key, value) in call.Headers)
        {
            request.Headers[key] = value;
        }

        if (call.Body is not null)
        {
            request.Headers["Content-Type"] = call.ContentType;
        }

        if (credentials.UseToken)
        {
            request.Headers["X-Amz-Security-Token"] = credentials.Token;
        }

        // Any ClientConfig serves the signer; STS's is the one at hand.
        var result = new AWS4Signer().SignRequest(request, new AmazonSecurityTokenServiceConfig { AuthenticationServiceName = call.Service, AuthenticationRegion = call.Region ?? _settings.Region, ServiceURL = call.Address.ToString() }, new RequestMetrics(), credentials.AccessKey, credentials.SecretKey);
        request.Headers["Authorization"] = result.ForAuthorizationHeader;

        var message = new HttpRequestMessage(new HttpMethod(call.Method), AmazonServiceClient.ComposeUrl(request));
        if (call.Body is not null)
        {
            message.Content = new ByteArrayContent(call.Body);
            message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(call.ContentType);
        }

        foreach (var (key, value) in request.Headers)
        {
            if (!key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase) && !key.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) && !key.Equals("host", StringComparison.OrdinalIgnoreCase))
            {
                message.Headers.TryAddWithoutValidation(key, value);
            }
        }

        message.Headers.UserAgent.ParseAdd("pellicle");
        return message;
    }

    private static async Task<AwsException> ReadErrorAsync(AwsCall call, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        var code = response.Headers.TryGetValues("x-amzn-ErrorType", out var values) ? values.First().Split(':')[0] : "";
        var message = text;
        if (text.StartsWith('{'))
        {
            try
            {
                using var document = JsonDocument.Parse(text);
                var root = document.RootElement;
                message = Text(root, "Message") ?? Text(root, "message") ?? Text(root, "errorMessage") ?? text;
                code = code.Length > 0 ? code : Text(root, "__type")?.Split('#')[^1] ?? Text(root, "code") ?? "";
            }
            catch (JsonException)
            {
                // Not JSON after all: the raw text is the message.
            }
        }
        else if (text.StartsWith('<'))
        {
            code = Between(text, "<Code>", "</Code>") ?? code;
            message = Between(text, "<Message>", "</Message>") ?? text;
        }

        return new AwsException(call.Operation, code.Length > 0 ? code : $"Http{(int)response.StatusCode}", message.Length > 500 ? message[..500] : message, response.StatusCode);
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string? Between(string text, string start, string end)
    {
        var from = text.IndexOf(start, StringComparison.Ordinal);
        var to = from < 0 ? -1 : text.IndexOf(end, from, StringComparison.Ordinal);
        return to < 0 ? null : WebUtility.HtmlDecode(text[(from + start.Length)..to]);
    }

    private sealed class EmptyRequest : AmazonWebServiceRequest;
}

/// <summary>One call, before signing.</summary>
public sealed record AwsCall
{
    /// <summary>Name, for messages.</summary>
    public required string Operation { get; init; }

    /// <summary>Signing name, for example <c>lambda</c>.</summary>
    public required string Service { get; init; }

    /// <summary>Signing region of services that have one for a whole partition (IAM); null for the settings' region.</summary>
    public string? Region { get; init; }

    /// <summary>HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>Base address.</summary>
    public required Uri Address { get; init; }

    /// <summary>Path with <c>{Name}</c> place holders.</summary>
    public required string Path { get; init; }

    /// <summary>Values of the place holders, braces included in the key.</summary>
    public IReadOnlyDictionary<string, string> PathValues { get; init; } = new Dictionary<string, string>();

    /// <summary>Query parameters; repeated keys are allowed by the service that takes them one by one.</summary>
    public IReadOnlyDictionary<string, string> Query { get; init; } = new Dictionary<string, string>();

    /// <summary>Extra headers.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Body, or null.</summary>
    public byte[]? Body { get; init; }

    /// <summary>Content type of the body.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>True when sending it twice does no harm: then a broken connection is tried again.</summary>
    public bool Idempotent { get; init; } = true;

    /// <summary>False for calls whose throttling is an answer in itself (Invoke).</summary>
    public bool Retry { get; init; } = true;
}
