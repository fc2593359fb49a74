using System.Text.Json;

namespace Pellicle.Aws;

/// <content>Reads for an inventory. Documents that only checks look into stay JSON.</content>
public sealed partial class LambdaClient
{
    /// <summary>Functions as the list gives them; <paramref name="allVersions"/> lists published versions too.</summary>
    public IAsyncEnumerable<JsonElement> ListFunctionDocumentsAsync(bool allVersions, CancellationToken cancellationToken = default) =>
        PageAsync<JsonElement>("ListFunctions", "/2015-03-31/functions", [], "Functions", allVersions ? new() { ["FunctionVersion"] = "ALL" } : [], cancellationToken);

    /// <summary>Function URLs of all qualifiers, as Lambda answers them.</summary>
    public IAsyncEnumerable<JsonElement> ListFunctionUrlDocumentsAsync(string function, CancellationToken cancellationToken = default) =>
        PageAsync<JsonElement>("ListFunctionUrlConfigs", "/2021-10-31/functions/{F}/urls", Function(function), "FunctionUrlConfigs", [], cancellationToken);

    /// <summary>Asynchronous settings of all qualifiers.</summary>
    public IAsyncEnumerable<JsonElement> ListEventInvokeConfigsAsync(string function, CancellationToken cancellationToken = default) =>
        PageAsync<JsonElement>("ListFunctionEventInvokeConfigs", "/2019-09-25/functions/{F}/event-invoke-config/list", Function(function), "FunctionEventInvokeConfigs", [], cancellationToken);

    /// <summary>Event source mappings of the whole region, or of one function.</summary>
    public IAsyncEnumerable<JsonElement> ListEventSourceMappingsAsync(string? function = null, CancellationToken cancellationToken = default) =>
        PageAsync<JsonElement>("ListEventSourceMappings", "/2015-03-31/event-source-mappings", [], "EventSourceMappings", function is null ? [] : new() { ["FunctionName"] = function }, cancellationToken);

    /// <summary>Reserved concurrency.</summary>
    public async Task<ReservedConcurrency> GetConcurrencyAsync(string function, CancellationToken cancellationToken = default)
    {
        var answer = await CallAsync("GetFunctionConcurrency", "GET", "/2019-09-30/functions/{F}/concurrency", Function(function), [], null, cancellationToken).ConfigureAwait(false);
        return answer.ValueKind == JsonValueKind.Object ? Read<ReservedConcurrency>(answer) : new ReservedConcurrency();
    }

    /// <summary>Tags of a function.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ListTagsAsync(string arn, CancellationToken cancellationToken = default)
    {
        var answer = await CallAsync("ListTags", "GET", "/2017-03-31/tags/{F}", Function(arn), [], null, cancellationToken).ConfigureAwait(false);
        return answer.TryGetProperty("Tags", out var tags) ? Read<Dictionary<string, string>>(tags) : [];
    }

    /// <summary>Code-signing configurations of the region.</summary>
    public IAsyncEnumerable<JsonElement> ListCodeSigningConfigsAsync(CancellationToken cancellationToken = default) =>
        PageAsync<JsonElement>("ListCodeSigningConfigs", "/2020-04-22/code-signing-configs", [], "CodeSigningConfigs", [], cancellationToken);

    /// <summary>ARNs of the functions that use a code-signing configuration.</summary>
    public IAsyncEnumerable<string> ListFunctionsByCodeSigningConfigAsync(string arn, CancellationToken cancellationToken = default) =>
        PageAsync<string>("ListFunctionsByCodeSigningConfig", "/2020-04-22/code-signing-configs/{F}/functions", Function(arn), "FunctionArns", [], cancellationToken);

    /// <summary>ARN of the function's code-signing configuration, or null when it has none.</summary>
    public Task<string?> GetCodeSigningArnAsync(string function, CancellationToken cancellationToken = default) =>
        OptionalTextAsync("GetFunctionCodeSigningConfig", "/2020-06-30/functions/{F}/code-signing-config", Function(function), [], "CodeSigningConfigArn", cancellationToken);

    /// <summary>A code-signing configuration.</summary>
    public Task<JsonElement?> GetCodeSigningConfigAsync(string arn, CancellationToken cancellationToken = default) =>
        TryGetAsync("GetCodeSigningConfig", "/2020-04-22/code-signing-configs/{F}", arn, null, cancellationToken);

    /// <summary>How the runtime is updated.</summary>
    public Task<JsonElement?> GetRuntimeManagementAsync(string function, CancellationToken cancellationToken = default) =>
        TryGetAsync("GetRuntimeManagementConfig", "/2021-07-20/functions/{F}/runtime-management-config", function, null, cancellationToken);
}
