using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Pellicle.Aws;

/// <summary>The part of the Lambda API that Pellicle needs, typed. The same for AWS and the local Lambda.</summary>
public sealed partial class LambdaClient(AwsHttp http)
{
    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly Uri _address = http.Settings.AddressOf("lambda");

    /// <summary>Sender below.</summary>
    public AwsHttp Http => http;

    /// <summary>Functions, page by page. <paramref name="allVersions"/> lists published versions too.</summary>
    public IAsyncEnumerable<FunctionConfiguration> ListFunctionsAsync(bool allVersions = false, CancellationToken cancellationToken = default) =>
        PageAsync<FunctionConfiguration>("ListFunctions", "/2015-03-31/functions", [], "Functions", allVersions ? new() { ["FunctionVersion"] = "ALL" } : [], cancellationToken);

    /// <summary>Versions of one function.</summary>
    public IAsyncEnumerable<FunctionConfiguration> ListVersionsAsync(string function, CancellationToken cancellationToken = default) =>
        PageAsync<FunctionConfiguration>("ListVersionsByFunction", "/2015-03-31/functions/{F}/versions", Function(function), "Versions", [], cancellationToken);

    /// <summary>Aliases of one function.</summary>
    public IAsyncEnumerable<AliasConfiguration> ListAliasesAsync(string function, CancellationToken cancellationToken = default) =>
        PageAsync<AliasConfiguration>("ListAliases", "/2015-03-31/functions/{F}/aliases", Function(function), "Aliases", [], cancellationToken);

    /// <summary>Layers with their newest version.</summary>
    public IAsyncEnumerable<LayerSummary> ListLayersAsync(CancellationToken cancellationToken = default) =>
        PageAsync<LayerSummary>("ListLayers", "/2018-10-31/layers", [], "Layers", [], cancellationToken);

    /// <summary>Versions of one layer, newest first.</summary>
    public IAsyncEnumerable<LayerVersionDetail> ListLayerVersionsAsync(string layer, CancellationToken cancellationToken = default) =>
        PageAsync<LayerVersionDetail>("ListLayerVersions", "/2018-10-31/layers/{L}/versions", new() { ["{L}"] = layer }, "LayerVersions", [], cancellationToken);

    /// <summary>Function URLs of one function.</summary>
    public IAsyncEnumerable<FunctionUrlConfiguration> ListFunctionUrlsAsync(string function, CancellationToken cancellationToken = default) =>
        PageAsync<FunctionUrlConfiguration>("ListFunctionUrlConfigs", "/2021-10-31/functions/{F}/urls", Function(function), "FunctionUrlConfigs", [], cancellationToken);

    /// <summary>Function with code address and tags.</summary>
    public async Task<FunctionDetail> GetFunctionAsync(string function, string? qualifier = null, CancellationToken cancellationToken = default) =>
        Read<FunctionDetail>(await CallAsync("GetFunction", "GET", "/2015-03-31/functions/{F}", Function(function), Qualifier(qualifier), null, cancellationToken).ConfigureAwait(false));

    /// <summary>Configuration alone.</summary>
    public async Task<FunctionConfiguration> GetConfigurationAsync(string function, string? qualifier = null, CancellationToken cancellationToken = default) =>
        Read<FunctionConfiguration>(await CallAsync("GetFunctionConfiguration", "GET", "/2015-03-31/functions/{F}/configuration", Function(function), Qualifier(qualifier), null, cancellationToken).ConfigureAwait(false));

    /// <summary>Resource policy text, or null when there is none.</summary>
    public Task<string?> GetPolicyAsync(string function, string? qualifier = null, CancellationToken cancellationToken = default) =>
        OptionalTextAsync("GetPolicy", "/2015-03-31/functions/{F}/policy", Function(function), Qualifier(qualifier), "Policy", cancellationToken);

    /// <summary>Policy of a layer version, or null.</summary>
    public Task<string?> GetLayerPolicyAsync(string layer, long version, CancellationToken cancellationToken = default) =>
        OptionalTextAsync("GetLayerVersionPolicy", "/2018-10-31/layers/{L}/versions/{V}/policy", Layer(layer, version), [], "Policy", cancellationToken);

    /// <summary>Any read call whose answer is a document of its own; null when the resource does not exist.</summary>
    public async Task<JsonElement?> TryGetAsync(string operation, string path, string function, string? qualifier = null, CancellationToken cancellationToken = default)
    {
        try
        {
            return await CallAsync(operation, "GET", path, Function(function), Qualifier(qualifier), null, cancellationToken).ConfigureAwait(false);
        }
        catch (AwsException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Layer version with the address of its content.</summary>
    public async Task<LayerVersionDetail> GetLayerVersionAsync(string arn, CancellationToken cancellationToken = default)
    {
        var detail = Read<LayerVersionDetail>(await CallAsync("GetLayerVersionByArn", "GET", "/2018-10-31/layers", [], new() { ["find"] = "LayerVersion", ["Arn"] = arn }, null, cancellationToken).ConfigureAwait(false));
        // A look-alike of Lambda that does not know this call takes it for the list of layers.
        return detail.LayerVersionArn.Length == 0 && arn.Split(':') is { Length: 8 } parts && long.TryParse(parts[7], System.Globalization.CultureInfo.InvariantCulture, out var version)
            ? Read<LayerVersionDetail>(await CallAsync("GetLayerVersion", "GET", "/2018-10-31/layers/{L}/versions/{V}", Layer(parts[6], version), [], null, cancellationToken).ConfigureAwait(false))
            : detail;
    }

    /// <summary>Publishes a layer version from a zip.</summary>
    public async Task<LayerVersionDetail> PublishLayerVersionAsync(string layer, byte[] zip, string? description, IReadOnlyList<string>? runtimes, IReadOnlyList<string>? architectures, string? license = null, CancellationToken cancellationToken = default)
    {
        var body = new JsonObject { ["Content"] = new JsonObject { ["ZipFile"] = Convert.ToBase64String(zip) } };
        Put(body, "Description", description);
        Put(body, "LicenseInfo", license);
        PutList(body, "CompatibleRuntimes", runtimes);
        PutList(body, "CompatibleArchitectures", architectures);
        return Read<LayerVersionDetail>(await CallAsync("PublishLayerVersion", "POST", "/2018-10-31/layers/{L}/versions", new() { ["{L}"] = layer }, [], body, cancellationToken, idempotent: false).ConfigureAwait(false));
    }

    /// <summary>Removes a layer version; functions that use it keep it.</summary>
    public async Task DeleteLayerVersionAsync(string layer, long version, CancellationToken cancellationToken = default) =>
        await CallAsync("DeleteLayerVersion", "DELETE", "/2018-10-31/layers/{L}/versions/{V}", Layer(layer, version), [], null, cancellationToken).ConfigureAwait(false);

    /// <summary>Creates a function from a zip.</summary>
    public async Task<FunctionConfiguration> CreateFunctionAsync(string name, string runtime, string handler, string role, byte[] zip, IReadOnlyList<string> layers, IReadOnlyDictionary<string, string> variables, int timeout, int memory, CancellationToken cancellationToken = default)
    {
        var body = new JsonObject
        {
            ["FunctionName"] = name,
            ["Runtime"] = runtime,
            ["Handler"] = handler,
            ["Role"] = role,
            ["Timeout"] = timeout,
            ["MemorySize"] = memory,
            ["Code"] = new JsonObject { ["ZipFile"] = Convert.ToBase64String(zip) },
        };
        PutList(body, "Layers", layers);
        if (variables.Count > 0)
        {
            body["Environment"] = new JsonObject { ["Variables"] = JsonSerializer.SerializeToNode(variables, Json) };
        }

        return Read<FunctionConfiguration>(await CallAsync("CreateFunction", "POST", "/2015-03-31/functions", [], [], body, cancellationToken, idempotent: false).ConfigureAwait(false));
    }

    /// <summary>Changes layers and environment in one conditional call; null leaves a member as it is.</summary>
    public async Task<FunctionConfiguration> UpdateConfigurationAsync(string function, string? revision, IReadOnlyList<string>? layers, IReadOnlyDictionary<string, string>? variables, string? handler = null, CancellationToken cancellationToken = default)
    {
        var body = new JsonObject();
        Put(body, "RevisionId", revision);
        Put(body, "Handler", handler);
        if (layers is not null)
        {
            body["Layers"] = JsonSerializer.SerializeToNode(layers, Json);
        }

        if (variables is not null)
        {
            body["Environment"] = new JsonObject { ["Variables"] = JsonSerializer.SerializeToNode(variables, Json) };
        }

        return Read<FunctionConfiguration>(await CallAsync("UpdateFunctionConfiguration", "PUT", "/2015-03-31/functions/{F}/configuration", Function(function), [], body, cancellationToken, idempotent: revision is not null).ConfigureAwait(false));
    }

    /// <summary>Publishes the current code and configuration as a numbered version.</summary>
    public async Task<FunctionConfiguration> PublishVersionAsync(string function, string? description, string? revision, CancellationToken cancellationToken = default)
    {
        var body = new JsonObject();
        Put(body, "Description", description);
        Put(body, "RevisionId", revision);
        return Read<FunctionConfiguration>(await CallAsync("PublishVersion", "POST", "/2015-03-31/functions/{F}/versions", Function(function), [], body, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Moves an alias.</summary>
    public async Task<AliasConfiguration> UpdateAliasAsync(string function, string alias, string version, string? revision, CancellationToken cancellationToken = default)
    {
        var body = new JsonObject { ["FunctionVersion"] = version };
        Put(body, "RevisionId", revision);
        return Read<AliasConfiguration>(await CallAsync("UpdateAlias", "PUT", "/2015-03-31/functions/{F}/aliases/{A}", new(Function(function)) { ["{A}"] = alias }, [], body, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Adds a statement to a function's resource policy.</summary>
    public async Task AddPermissionAsync(string function, string statementId, string action, string principal, string? sourceArn = null, CancellationToken cancellationToken = default)
    {
        var body = new JsonObject { ["StatementId"] = statementId, ["Action"] = action, ["Principal"] = principal };
        Put(body, "SourceArn", sourceArn);
        await CallAsync("AddPermission", "POST", "/2015-03-31/functions/{F}/policy", Function(function), [], body, cancellationToken, idempotent: false).ConfigureAwait(false);
    }

    /// <summary>Gives a function a URL.</summary>
    public async Task<FunctionUrlConfiguration> CreateFunctionUrlAsync(string function, string authType, CancellationToken cancellationToken = default) =>
        Read<FunctionUrlConfiguration>(await CallAsync("CreateFunctionUrlConfig", "POST", "/2021-10-31/functions/{F}/url", Function(function), [], new JsonObject { ["AuthType"] = authType }, cancellationToken, idempotent: false).ConfigureAwait(false));

    /// <summary>Invokes and waits for the answer.</summary>
    public async Task<InvokeAnswer> InvokeAsync(string function, ReadOnlyMemory<byte> payload, string? qualifier = null, bool log = false, CancellationToken cancellationToken = default)
    {
        var headers = new Dictionary<string, string> { ["X-Amz-Invocation-Type"] = "RequestResponse" };
        if (log)
        {
            headers["X-Amz-Log-Type"] = "Tail";
        }

        using var response = await http.SendAsync(
            new AwsCall { Operation = "Invoke", Service = "lambda", Method = "POST", Address = _address, Path = "/2015-03-31/functions/{F}/invocations", PathValues = Function(function), Query = Qualifier(qualifier), Headers = headers, Body = payload.ToArray(), Idempotent = false, Retry = false },
            cancellationToken).ConfigureAwait(false);
        var tail = Header(response, "X-Amz-Log-Result");
        return new InvokeAnswer(
            await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false),
            Header(response, "X-Amz-Function-Error"),
            tail is null ? null : Encoding.UTF8.GetString(Convert.FromBase64String(tail)),
            Header(response, "X-Amz-Executed-Version"));
    }

    /// <summary>Waits until the last change has finished and returns the configuration then; asks with growing pauses.</summary>
    /// <exception cref="AwsException">The change failed, or did not finish in <paramref name="limit"/> (default 5 minutes).</exception>
    public async Task<FunctionConfiguration> WaitUpdatedAsync(string function, TimeSpan? limit = null, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        var clock = time ?? TimeProvider.System;
        var start = clock.GetTimestamp();
        for (var pause = TimeSpan.FromMilliseconds(50); ; pause = pause * 1.5 < TimeSpan.FromSeconds(2) ? pause * 1.5 : TimeSpan.FromSeconds(2))
        {
            var configuration = await GetConfigurationAsync(function, null, cancellationToken).ConfigureAwait(false);
            if (configuration.LastUpdateStatus == "Failed" || configuration.State == "Failed")
            {
                throw new AwsException("WaitUpdated", "UpdateFailed", configuration.LastUpdateStatusReason ?? "the update failed", System.Net.HttpStatusCode.OK);
            }

            if (configuration.LastUpdateStatus is null or "Successful" && configuration.State is null or "Active" or "Inactive")
            {
                return configuration;
            }

            if (clock.GetElapsedTime(start) > (limit ?? TimeSpan.FromMinutes(5)))
            {
                throw new AwsException("WaitUpdated", "TimedOut", $"`{function}` is still {configuration.LastUpdateStatus ?? configuration.State}", System.Net.HttpStatusCode.OK);
            }

            // The API offers no notification; asking again is all there is.
            await Task.Delay(pause, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async IAsyncEnumerable<T> PageAsync<T>(string operation, string path, Dictionary<string, string> values, string member, Dictionary<string, string> query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? marker = null;
        do
        {
            var parameters = new Dictionary<string, string>(query);
            if (marker is not null)
            {
                parameters["Marker"] = marker;
            }

            var page = await CallAsync(operation, "GET", path, values, parameters, null, cancellationToken).ConfigureAwait(false);
            if (page.TryGetProperty(member, out var items))
            {
                foreach (var item in items.EnumerateArray())
                {
                    yield return Read<T>(item);
                }
            }

            marker = page.TryGetProperty("NextMarker", out var next) && next.ValueKind == JsonValueKind.String ? next.GetString() : null;
        }
        while (!string.IsNullOrEmpty(marker));
    }

    private async Task<string?> OptionalTextAsync(string operation, string path, Dictionary<string, string> values, Dictionary<string, string> query, string member, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await CallAsync(operation, "GET", path, values, query, null, cancellationToken).ConfigureAwait(false);
            return answer.TryGetProperty(member, out var value) ? value.GetString() : null;
        }
        catch (AwsException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    private Task<JsonElement> CallAsync(string operation, string method, string path, Dictionary<string, string> values, Dictionary<string, string> query, JsonObject? body, CancellationToken cancellationToken, bool idempotent = true) =>
        http.SendJsonAsync(
            new AwsCall
            {
                Operation = operation,
                Service = "lambda",
                Method = method,
                Address = _address,
                Path = path,
                PathValues = values,
                Query = query,
                Body = body is null ? null : JsonSerializer.SerializeToUtf8Bytes(body, Json),
                Idempotent = idempotent,
            },
            cancellationToken);

    private static T Read<T>(JsonElement element) => element is T same ? same : element.Deserialize<T>(Json) ?? throw new JsonException($"an empty answer where {typeof(T).Name} was expected");

    private static Dictionary<string, string> Function(string name) => new() { ["{F}"] = name };

    private static Dictionary<string, string> Layer(string name, long version) => new() { ["{L}"] = name, ["{V}"] = version.ToString(System.Globalization.CultureInfo.InvariantCulture) };

    private static Dictionary<string, string> Qualifier(string? qualifier) => qualifier is null ? [] : new() { ["Qualifier"] = qualifier };

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.First() : null;

    private static void Put(JsonObject body, string name, string? value)
    {
        if (value is not null)
        {
            body[name] = value;
        }
    }

    private static void PutList(JsonObject body, string name, IReadOnlyList<string>? values)
    {
        if (values is { Count: > 0 })
        {
            body[name] = JsonSerializer.SerializeToNode(values, Json);
        }
    }
}
