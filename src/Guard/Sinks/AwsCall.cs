using Pellicle.Policy;

namespace Pellicle.Guard.Sinks;

/// <summary>
/// What a probe saw of a call to AWS, as the item of a policy. A probe writes <c>WHERE:WHAT</c> (decision 0014). WHERE is the service that the request was signed for, or its host name
/// when it is not signed; WHAT is the operation where the request names it, else method and target: <c>s3:PUT /bucket/key?acl</c>. Pure.
/// </summary>
internal static class AwsCall
{
    private const int MaxName = 64;

    /// <summary>True when the item itself is the operation: the same words always mean the same, and an answer may be kept.</summary>
    internal static bool NamesOperation(string asked) => !asked.Contains(' ', StringComparison.Ordinal);

    /// <summary><c>dynamodb:Scan</c>, <c>dynamodb:?</c> when the operation cannot be told; null when it is no call to AWS.</summary>
    internal static string? Item(string asked, string host)
    {
        var colon = asked.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
            return null;
        var where = asked[..colon];
        var service = where.Contains('.', StringComparison.Ordinal) ? AwsHost.Service(where) : AwsItems.Service(where);
        if (service is null || !IsName(service))
            return null;
        var what = asked[(colon + 1)..];
        var operation = what.Split(' ', 2) is [var method, var target] ? ByRequest(service, method, target, host) : Named(service, what);
        return $"{service}:{(operation is not null && IsName(operation) ? operation : AwsItems.Unseen)}";
    }

    /// <summary>The service of an item.</summary>
    internal static string Service(string item) => item[..item.IndexOf(':', StringComparison.Ordinal)];

    /// <summary>The action's name where an operation, called by its own, has another.</summary>
    private static string Named(string service, string operation) => service switch
    {
        "lambda" when operation is "Invoke" or "InvokeAsync" or "InvokeWithResponseStream" => "InvokeFunction",
        "bedrock" when operation is "Converse" => "InvokeModel",
        "bedrock" when operation is "ConverseStream" => "InvokeModelWithResponseStream",
        "execute-api" when operation is "PostToConnection" or "GetConnection" or "DeleteConnection" => "ManageConnections",
        "s3" => S3Call.Named(operation),
        _ => operation,
    };

    private static string? ByRequest(string service, string method, string target, string host)
    {
        // A request to an HTTP proxy names the whole address.
        if (!target.StartsWith('/') && target.IndexOf("://", StringComparison.Ordinal) is var scheme and >= 0)
            target = target.IndexOf('/', scheme + 3) is var slash and >= 0 ? target[slash..] : "/";
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var (path, query) = question < 0 ? (target, "") : (target[..question], target[(question + 1)..]);
        if (Parameter(query, "Action") is { } action)
            return action;
        // Smithy's RPC protocol: /service/NAME/operation/NAME
        if (path.Split('/') is ["", "service", _, "operation", var operation])
            return operation;
        return service switch
        {
            "s3" or "s3express" => S3Call.Action(method, host, path, query),
            // Their actions are methods.
            "apigateway" => method,
            "execute-api" => path.Contains("/@connections/", StringComparison.Ordinal) ? "ManageConnections" : "Invoke",
            "lambda" when host.Contains(".lambda-url.", StringComparison.Ordinal) => "InvokeFunctionUrl",
            "vpc-lattice-svcs" => "Invoke",
            // What is not one of the service itself goes to a domain of it: ESHttpGet.
            "es" => AwsOperations.Find(service, method, path, query) ?? (method.Length > 1 ? $"ESHttp{method[0]}{method[1..].ToLowerInvariant()}" : null),
            _ => AwsOperations.Find(service, method, path, query),
        };
    }

    private static string? Parameter(string query, string name)
    {
        foreach (var part in query.Split('&'))
        {
            if (part.StartsWith(name, StringComparison.Ordinal) && part.Length > name.Length && part[name.Length] == '=')
                return part[(name.Length + 1)..];
        }
        return null;
    }

    private static bool IsName(string text) => text.Length is > 0 and <= MaxName && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
