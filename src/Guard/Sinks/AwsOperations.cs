using System.Collections.Concurrent;
using System.Text;

namespace Pellicle.Guard.Sinks;

/// <summary>Which operation a method and path mean in a service that speaks REST. A service's part of the table is read when it is first called.</summary>
internal static partial class AwsOperations
{
    private sealed class Node
    {
        internal Dictionary<string, Node> Children { get; } = new(StringComparer.Ordinal);

        internal List<(string Method, string Query, string Operation)> Operations { get; } = [];
    }

    private static readonly ConcurrentDictionary<string, Node?> Services = new(StringComparer.Ordinal);

    /// <summary>The operation, or null for what the table does not have.</summary>
    /// <param name="service">Name in IAM.</param>
    /// <param name="method">For example <c>GET</c>.</param>
    /// <param name="path">As in the request, without the query; escapes as they are.</param>
    /// <param name="query">Without the question mark.</param>
    internal static string? Find(string service, string method, string path, string query) =>
        Services.GetOrAdd(service, Read) is { } root ? Find(root, path.Trim('/').Split('/'), 0, method, query.Split('&')) : null;

    private static string? Find(Node node, string[] segments, int at, string method, string[] query)
    {
        if (at == segments.Length)
            return Of(node, method, query);
        // The path's own words before places for any.
        return (node.Children.TryGetValue(segments[at].Length == 0 ? "/" : segments[at], out var own) ? Find(own, segments, at + 1, method, query) : null)
            ?? (segments[at].Length > 0 && node.Children.TryGetValue("{}", out var any) ? Find(any, segments, at + 1, method, query) : null)
            ?? (node.Children.TryGetValue("{+}", out var rest) ? Rest(rest, segments, at + 1, method, query) : null);
    }

    private static string? Rest(Node node, string[] segments, int from, string method, string[] query)
    {
        for (var at = from; at <= segments.Length; at++)
        {
            if (Find(node, segments, at, method, query) is { } found)
                return found;
        }
        return null;
    }

    private static string? Of(Node node, string method, string[] query)
    {
        string? found = null;
        foreach (var (wanted, parameter, operation) in node.Operations)
        {
            if (wanted != method)
                continue;
            if (parameter.Length > 0 && Array.IndexOf(query, parameter) >= 0)
                return operation;
            if (parameter.Length == 0)
                found = operation;
        }
        return found;
    }

    private static Node? Read(string service)
    {
        List<Node>? open = null;
        foreach (var range in Table.Split((byte)'\n'))
        {
            var line = Table[range];
            var depth = line.IndexOfAnyExcept((byte)' ');
            if (depth < 0)
                continue;
            if (depth == 0)
            {
                if (open is not null)
                    break;
                open = line.SequenceEqual(Encoding.ASCII.GetBytes(service)) ? [new Node()] : null;
                continue;
            }
            if (open is null)
                continue;
            var words = Encoding.ASCII.GetString(line[depth..]).Split(' ');
            var node = new Node();
            open.RemoveRange(depth, open.Count - depth);
            open[^1].Children[words[0]] = node;
            open.Add(node);
            for (var i = 1; i + 1 < words.Length; i += 2)
            {
                var method = words[i].Split('?');
                node.Operations.Add((method[0], method.Length > 1 ? method[1] : "", words[i + 1]));
            }
        }
        return open?[0];
    }
}
