using System.Text.Json;

namespace Pellicle.Server.Accounts;

/// <summary>A change in an account, as EventBridge delivers it from CloudTrail (<c>AWS API Call via CloudTrail</c>).</summary>
/// <param name="Account">Account number.</param>
/// <param name="Function">Function it changed; null where it concerns all, a layer or a role for example.</param>
/// <param name="Name">API call.</param>
internal sealed record AwsEvent(string Account, string? Function, string Name)
{
    // Names in CloudTrail end in the API's date, some with v2: only the start tells.
    private static readonly string[] Changing =
    [
        "CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration", "DeleteFunction", "PublishVersion", "CreateAlias", "UpdateAlias", "DeleteAlias", "AddPermission", "RemovePermission", "CreateFunctionUrlConfig", "UpdateFunctionUrlConfig",
        "DeleteFunctionUrlConfig", "PutFunctionConcurrency", "DeleteFunctionConcurrency", "PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig", "DeleteFunctionEventInvokeConfig", "PutFunctionCodeSigningConfig",
        "DeleteFunctionCodeSigningConfig", "PutRuntimeManagementConfig", "CreateEventSourceMapping", "UpdateEventSourceMapping", "DeleteEventSourceMapping", "TagResource", "UntagResource",
        "PublishLayerVersion", "DeleteLayerVersion", "AddLayerVersionPermission", "RemoveLayerVersionPermission",
        "PutRolePolicy", "DeleteRolePolicy", "AttachRolePolicy", "DetachRolePolicy", "UpdateAssumeRolePolicy", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary", "CreatePolicyVersion", "SetDefaultPolicyVersion", "DeleteRole",
    ];

    /// <summary>Reads an event; null with a reason when it is none.</summary>
    public static (AwsEvent? Event, string Why) Read(JsonElement document)
    {
        if (document.ValueKind != JsonValueKind.Object || Get(document, "detail") is not { ValueKind: JsonValueKind.Object } detail)
        {
            return (null, "it has no `detail`");
        }

        var name = Text(detail, "eventName");
        var account = Text(document, "account") is { Length: > 0 } number ? number : Text(detail, "recipientAccountId");
        if (name.Length == 0 || account.Length != 12 || !account.All(char.IsAsciiDigit))
        {
            return (null, "it has no `detail.eventName` or no `account` of 12 digits");
        }

        return (new AwsEvent(account, FunctionOf(detail), name), "");
    }

    /// <summary>False for reads, failed calls and services that no scan looks at.</summary>
    public static bool Matters(JsonElement document) =>
        Get(document, "detail") is { } detail && Text(detail, "errorCode").Length == 0 && Text(detail, "eventSource") is "lambda.amazonaws.com" or "iam.amazonaws.com" && Changing.Any(c => Text(detail, "eventName").StartsWith(c, StringComparison.Ordinal));

    private static string? FunctionOf(JsonElement detail)
    {
        if (Text(detail, "eventSource") != "lambda.amazonaws.com" || Get(detail, "requestParameters") is not { ValueKind: JsonValueKind.Object } request)
        {
            return null;
        }

        var text = Text(request, "functionName") is { Length: > 0 } name ? name : Text(request, "resource");
        // A name, a partial ARN, or an ARN with a qualifier.
        var parts = text.Split(':');
        var at = Array.IndexOf(parts, "function");
        return text.Length == 0 || (parts.Length > 1 && at < 0) ? null : at >= 0 ? parts.ElementAtOrDefault(at + 1) : parts[0];
    }

    private static JsonElement? Get(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Text(JsonElement element, string name) => Get(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : "";
}
