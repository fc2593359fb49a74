using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace Pellicle.Runtime;

/// <summary>Implements the interfaces of the customer's own Amazon.Lambda.Core, of whatever version, by their member names.</summary>
internal class ContextProxy : DispatchProxy
{
    private Func<MethodInfo, object?[], object?> _answer = (_, _) => null;

    internal static object Create(Type contextType, RuntimeAnswer invocation) => Create(contextType, (method, _) => method.Name switch
    {
        "get_AwsRequestId" => invocation.Header("lambda-runtime-aws-request-id"),
        "get_InvokedFunctionArn" => invocation.Header("lambda-runtime-invoked-function-arn"),
        "get_TenantId" => invocation.Header("lambda-runtime-aws-tenant-id"),
        "get_TraceId" => invocation.Header("lambda-runtime-trace-id"),
        "get_FunctionName" => Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_NAME"),
        "get_FunctionVersion" => Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_VERSION"),
        "get_LogGroupName" => Environment.GetEnvironmentVariable("AWS_LAMBDA_LOG_GROUP_NAME"),
        "get_LogStreamName" => Environment.GetEnvironmentVariable("AWS_LAMBDA_LOG_STREAM_NAME"),
        "get_MemoryLimitInMB" => int.Parse(Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") ?? "0", CultureInfo.InvariantCulture),
        "get_RemainingTime" => RemainingTime(invocation),
        "get_Logger" => Logger(method.ReturnType, invocation.Header("lambda-runtime-aws-request-id")),
        "get_Identity" => Identity(method.ReturnType, invocation.Header("lambda-runtime-cognito-identity")),
        "get_ClientContext" => ClientContext(method.ReturnType, invocation.Header("lambda-runtime-client-context")),
        _ => Empty(method),
    });

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _answer(targetMethod!, args ?? []);

    private static object Create(Type type, Func<MethodInfo, object?[], object?> answer)
    {
        var proxy = Create(type, typeof(ContextProxy));
        ((ContextProxy)proxy)._answer = answer;
        return proxy;
    }

    private static TimeSpan RemainingTime(RuntimeAnswer invocation)
    {
        var deadline = long.Parse(invocation.Header("lambda-runtime-deadline-ms") ?? "0", CultureInfo.InvariantCulture);
        var left = deadline - TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        return TimeSpan.FromMilliseconds(Math.Max(left, 0));
    }

    private static object Logger(Type type, string? requestId) => Create(type, (method, arguments) =>
    {
        Output.Log(method.Name, arguments, requestId);
        return Empty(method);
    });

    private static object Identity(Type type, string? text)
    {
        var values = Parse(text);
        return Create(type, (method, _) => method.Name switch
        {
            "get_IdentityId" => Text(values, "cognitoIdentityId"),
            "get_IdentityPoolId" => Text(values, "cognitoIdentityPoolId"),
            _ => Empty(method),
        });
    }

    private static object? ClientContext(Type type, string? text)
    {
        if (Parse(text) is not { } values)
        {
            return null;
        }

        return Create(type, (method, _) => method.Name switch
        {
            "get_Environment" => Texts(values, "env"),
            "get_Custom" => Texts(values, "custom"),
            "get_Client" when values.TryGetProperty("client", out var client) && client.ValueKind == JsonValueKind.Object =>
                Create(method.ReturnType, (property, _) => property.Name switch
                {
                    "get_AppPackageName" => Text(client, "app_package_name"),
                    "get_AppTitle" => Text(client, "app_title"),
                    "get_AppVersionCode" => Text(client, "app_version_code"),
                    "get_AppVersionName" => Text(client, "app_version_name"),
                    "get_InstallationId" => Text(client, "installation_id"),
                    _ => Empty(property),
                }),
            _ => Empty(method),
        });
    }

    /// <summary>For members of newer versions that we do not know.</summary>
    private static object? Empty(MethodInfo method) =>
        method.ReturnType.IsValueType && method.ReturnType != typeof(void) ? Activator.CreateInstance(method.ReturnType) : null;

    private static JsonElement? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        var value = JsonElement.Parse(text);
        return value.ValueKind == JsonValueKind.Object ? value : null;
    }

    private static string? Text(JsonElement? values, string name) =>
        values is { } known && known.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;

    private static Dictionary<string, string> Texts(JsonElement values, string name) =>
        values.TryGetProperty(name, out var inner) && inner.ValueKind == JsonValueKind.Object
            ? inner.EnumerateObject().ToDictionary(property => property.Name, property => property.Value.ToString(), StringComparer.Ordinal)
            : [];
}
