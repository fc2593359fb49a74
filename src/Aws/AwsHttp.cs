using System.Collections.Concurrent;
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
    public const int MaxAttempts = 10;

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

    /// <summary>Calls by what AWS counts together: <c>GetFunction</c>, <c>GetPolicy</c>, <c>lambda</c> for its other calls, other services by their names.</summary>
    public IReadOnlyDictionary<string, long> CallsByKind => _rates.OrderBy(r => r.Key, StringComparer.Ordinal).ToDictionary(r => r.Key, r => r.Value.All, StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, CallRate> _rates = new(StringComparer.Ordinal);

    private long _calls;
    private long _throttled;

    /// <summary>Sends one signed call and reads its whole answer; a status of 300 or more becomes an <see cref="AwsException"/> after the retries it deserves.</summary>
    public async Task<HttpResponseMessage> SendAsync(AwsCall call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        var rate = _rates.GetOrAdd(CallRate.KindOf(call), kind => new CallRate(_time, _settings.Endpoint is null ? LambdaQuotas.ShareOf(kind) : double.PositiveInfinity));
        for (var attempt = 1; ; attempt++)
        {
            if (rate.Reserve() is { Ticks: > 0 } turn)
            {
                await Task.Delay(turn, _time, cancellationToken).ConfigureAwait(false);
            }

            var (response, failure, wait) = await TryAsync(call, cancellationToken).ConfigureAwait(false);
            var throttled = failure?.IsThrottled == true;
            rate.Answered(throttled);
            if (response is not null)
            {
                return response;
            }

            if (throttled)
            {
                Interlocked.Increment(ref _throttled);
            }

            var passing = throttled || (int)failure!.Status >= 500 || (failure.Status == 0 && call.Idempotent);
            // A reserved concurrency of 0 answers 429 for ever.
            if (!passing || attempt >= MaxAttempts || !call.Retry)
            {
                throw failure!;
            }

            // Full jitter over an exponential ceiling.
            var ceiling = TimeSpan.FromMilliseconds(Math.Min(LongestWait.TotalMilliseconds, 50 * Math.Pow(2, attempt)));
            var pause = wait ?? ceiling * _random.NextDouble();
            await Task.Delay(pause < LongestWait ? pause : LongestWait, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<(HttpResponseMessage? Response, AwsException? Failure, TimeSpan? Wait)> TryAsync(AwsCall call, CancellationToken cancellationToken)
    {
        HttpResponseMessage? response = null;
        try
        {
            using var message = await SignAsync(call, cancellationToken).ConfigureAwait(false);
            Interlocked.Increment(ref _calls);
            response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if ((int)response.StatusCode < 300)
            {
                // Read here, so that a connection that breaks inside the answer is tried again too.
                await response.Content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
                return (response, null, null);
            }

            var failure = await ReadErrorAsync(call, response, cancellationToken).ConfigureAwait(false);
            var after = response.Headers.RetryAfter;
            var wait = after?.Delta ?? (after?.Date is { } date ? date - _time.GetUtcNow() : null);
            response.Dispose();
            return (null, failure, wait > TimeSpan.Zero ? wait : wait is null ? null : TimeSpan.Zero);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            response?.Dispose();
            return (null, new AwsException(call.Operation, "ConnectionError", $"{call.Address.Authority}: {exception.Message}", 0), null);
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

    /// <summary>An address as it was given, byte for byte: its path and query are signed. Null when it is none of HTTP.</summary>
    public static Uri? ExactAddress(string text) =>
        Uri.TryCreate(text, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }, out var address) && address.Scheme is ("http" or "https") ? address : null;

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
        // S3 alone does not encode the path a second time for the signature.
        request.UseDoubleEncoding = call.Service != "s3";
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

        var message = new HttpRequestMessage(new HttpMethod(call.Method), AddressOf(call));
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

    /// <summary>The address as it goes over the wire. Made here because <see cref="Uri"/> would fold <c>//</c> and <c>..</c> of an object's key, which are signed.</summary>
    internal static Uri AddressOf(AwsCall call)
    {
        var path = call.Path;
        foreach (var (key, value) in call.PathValues)
        {
            path = path.Replace(key, call.GreedyPaths.Contains(key) ? string.Join('/', value.Split('/').Select(Uri.EscapeDataString)) : Uri.EscapeDataString(value), StringComparison.Ordinal);
        }

        var query = string.Join('&', call.Query.OrderBy(q => q.Key, StringComparer.Ordinal).Select(q => $"{Uri.EscapeDataString(q.Key)}={Uri.EscapeDataString(q.Value)}"));
        var text = $"{call.Address.AbsoluteUri.TrimEnd('/')}{path}{(query.Length > 0 ? "?" : "")}{query}";
        return new Uri(text, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
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
            message = Between(text, "<Message>", "</Message>") ?? (text.Contains("<html", StringComparison.OrdinalIgnoreCase) ? $"{call.Address.Authority} answered {(int)response.StatusCode} with a page for people" : text);
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
