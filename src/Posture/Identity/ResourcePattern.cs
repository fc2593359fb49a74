namespace Pellicle.Posture.Identity;

/// <summary>Reads the patterns of a policy's <c>Resource</c>.</summary>
internal static class ResourcePattern
{
    // Services whose ARNs carry the prefix of their actions and nothing else.
    private static readonly HashSet<string> OwnArns = new(StringComparer.OrdinalIgnoreCase)
    {
        "s3", "dynamodb", "sqs", "sns", "secretsmanager", "kms", "lambda", "states", "kinesis", "firehose", "logs", "events", "iam", "ecr", "rds", "athena", "glue", "cognito-idp", "cloudformation", "codebuild", "execute-api", "ecs", "cloudwatch", "ses",
    };

    // The first word of resources that are named by kind: what follows the word is the name.
    private static readonly HashSet<string> Kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        "table", "function", "layer", "secret", "parameter", "key", "alias", "role", "user", "group", "policy", "log-group", "cluster", "db", "instance", "stream", "deliverystream", "stateMachine", "execution", "rule", "event-bus", "repository", "project",
        "queue", "volume", "snapshot", "image", "network-interface", "security-group", "subnet", "vpc", "workgroup", "database", "catalog", "userpool", "identitypool", "task-definition", "service", "task", "distribution", "hostedzone", "domain", "stack", "alarm", "identity", "document", "association", "schedule",
    };

    /// <summary>True when the pattern names everything there is.</summary>
    public static bool IsAll(string pattern) =>
        Glob.IsAll(pattern) || (Complete(pattern).Split(':', 6) is { Length: 6 } parts && IsOpen(parts[0], "arn") && parts[2..].All(Glob.IsAll));

    /// <summary>True when the pattern names everything of a service, in whatever regions and accounts: <c>arn:aws:s3:::*</c>, <c>arn:aws:dynamodb:*:*:table/*</c>.</summary>
    public static bool IsWholeService(string pattern)
    {
        if (IsAll(pattern))
        {
            return true;
        }

        if (Complete(pattern).Split(':', 6) is not { Length: 6 } parts)
        {
            return false;
        }

        var resource = parts[5];
        var separator = resource.IndexOfAny(['/', ':']);
        return Glob.IsAll(resource)
            || resource == "*/*"
            || (separator > 0 && Kinds.Contains(resource[..separator]) && resource[(separator + 1)..].Split(['/', ':']).All(Glob.IsAll));
    }

    /// <summary>False when a resource of this pattern can never be one of the action's.</summary>
    public static bool Fits(string pattern, string action)
    {
        if (Glob.IsAll(pattern))
        {
            return true;
        }

        var service = action[..Math.Max(0, action.IndexOf(':', StringComparison.Ordinal))];
        var parts = Complete(pattern).Split(':', 6);
        if (Actions.Find(action) is { AllResourcesOnly: true })
        {
            return IsAll(pattern) || (parts.Length == 6 && parts[2].Equals(service, StringComparison.OrdinalIgnoreCase) && Glob.IsAll(parts[5]));
        }

        if (parts.Length < 6 || !OwnArns.Contains(service))
        {
            return true;
        }

        return Glob.Match(parts[2], service) && (!service.Equals("s3", StringComparison.OrdinalIgnoreCase) || parts[4].Length > 0 || FitsBucketOrObject(parts[5], action[3..]));
    }

    /// <summary>An ARN with fewer parts than it must have is read as if the missing ones were wildcards.</summary>
    public static string Complete(string pattern)
    {
        if (!pattern.StartsWith("arn:", StringComparison.Ordinal))
        {
            return pattern;
        }

        var missing = 5 - pattern.AsSpan().Count(':');
        return missing <= 0 ? pattern : pattern + string.Concat(Enumerable.Repeat(":*", missing));
    }

    private static bool IsOpen(string text, string word) => text == word || Glob.IsAll(text);

    // Objects are named BUCKET/KEY, buckets have no slash.
    private static bool FitsBucketOrObject(string resource, string verb)
    {
        var slash = resource.IndexOf('/', StringComparison.Ordinal);
        var isObject = (verb.Contains("Object", StringComparison.OrdinalIgnoreCase) && !verb.Contains("ObjectLock", StringComparison.OrdinalIgnoreCase)) || verb.Contains("MultipartUpload", StringComparison.OrdinalIgnoreCase) && !verb.StartsWith("ListBucket", StringComparison.OrdinalIgnoreCase);
        var wildcard = resource.IndexOf('*', StringComparison.Ordinal);
        return isObject ? slash >= 0 || wildcard >= 0 : slash < 0 || (wildcard >= 0 && wildcard < slash);
    }
}
