using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Code;

/// <summary>AWS calls that a function was seen to make. An operation says what it needs; a host alone says only that its service is in use.</summary>
public static class SeenCalls
{
    // Where the name in the address is not that of the client.
    private static readonly Dictionary<string, string> Hosts = new(StringComparer.OrdinalIgnoreCase)
    {
        ["monitoring"] = "cloudwatch", ["email"] = "ses", ["email-smtp"] = "ses", ["streams.dynamodb"] = "dynamodb", ["sync-states"] = "states", ["api.ecr"] = "ecr", ["data-ats.iot"] = "iot", ["bedrock-runtime"] = "bedrock", ["runtime.sagemaker"] = "sagemaker",
    };

    /// <summary>
    /// What operations (<c>s3:GetObject</c>) and hosts (<c>sqs.eu-central-1.amazonaws.com:443</c>) need. A service known by its host alone is opaque, and so is one of whose calls some were not seen
    /// (<c>s3:?</c>).
    /// </summary>
    public static CodeCalls Of(IEnumerable<string> operations, IEnumerable<string> hosts)
    {
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentNullException.ThrowIfNull(hosts);
        var actions = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var unseen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var operation in operations)
        {
            if (operation.Split(':') is [var service, var method])
            {
                foreach (var prefix in Prefixes(service))
                {
                    if (method == "?")
                    {
                        unseen.Add(prefix);
                    }

                    foreach (var action in Actions.OfMethod(prefix, method))
                    {
                        actions.TryAdd(action, "seen at run time");
                    }
                }
            }
        }

        ImpliedCalls.Add(actions);
        var opaque = hosts.SelectMany(OfHost).Where(s => !Has(actions.Keys, s)).Concat(unseen).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return new CodeCalls(actions, opaque, new HashSet<string>());
    }

    /// <summary>The same beside calls found in code: a service whose calls are known there is not opaque.</summary>
    public static CodeCalls Beside(this CodeCalls seen, CodeCalls code)
    {
        ArgumentNullException.ThrowIfNull(seen);
        ArgumentNullException.ThrowIfNull(code);
        return seen with { OpaqueServices = seen.OpaqueServices.Where(s => !Has(code.Actions.Keys, s)).ToHashSet(StringComparer.OrdinalIgnoreCase) };
    }

    private static bool Has(IEnumerable<string> actions, string service) => actions.Any(a => a.StartsWith(service + ":", StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<string> Prefixes(string service) =>
        Actions.Services.Where(s => s.Prefix.Equals(service, StringComparison.OrdinalIgnoreCase) || s.Boto.Contains(service, StringComparer.OrdinalIgnoreCase)).Select(s => s.Prefix);

    private static IEnumerable<string> OfHost(string host)
    {
        var name = host.Split(':')[0].ToLowerInvariant();
        var end = name.IndexOf(".amazonaws.com", StringComparison.Ordinal);
        if (end < 0)
        {
            return [];
        }

        var labels = name[..end].Split('.');
        // BUCKET.s3.REGION, SERVICE.REGION, SERVICE.
        foreach (var label in labels.Length >= 2 ? [$"{labels[0]}.{labels[1]}", labels[0], labels[^2], labels[^1]] : labels)
        {
            var service = Hosts.GetValueOrDefault(label, label);
            if (Prefixes(service).ToList() is { Count: > 0 } found)
            {
                return found;
            }
        }

        return [];
    }
}
