namespace Pellicle.Posture.Code;

/// <summary>AWS calls found in code.</summary>
/// <param name="Actions">IAM actions that the calls need, with one place each.</param>
/// <param name="OpaqueServices">Service prefixes whose client is used in ways that could not be followed: nothing is said about them.</param>
/// <param name="Languages">Languages whose files were read; empty when there was nothing to read.</param>
public sealed record CodeCalls(IReadOnlyDictionary<string, string> Actions, IReadOnlySet<string> OpaqueServices, IReadOnlySet<string> Languages)
{
    /// <summary>ARNs that an action is needed on, where every use of it is known: a log group, a queue that feeds the function.</summary>
    public IReadOnlyDictionary<string, IReadOnlySet<string>> Resources { get; init; } = new Dictionary<string, IReadOnlySet<string>>();

    /// <summary>Calls of several packages together.</summary>
    public static CodeCalls Union(IEnumerable<CodeCalls> parts)
    {
        var actions = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var opaque = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var languages = new HashSet<string>(StringComparer.Ordinal);
        var all = parts.ToList();
        foreach (var part in all)
        {
            foreach (var (action, place) in part.Actions)
            {
                actions.TryAdd(action, place);
            }

            opaque.UnionWith(part.OpaqueServices);
            languages.UnionWith(part.Languages);
        }

        return new CodeCalls(actions, opaque, languages) { Resources = ResourcesOf(all) };
    }

    /// <summary>An action that one part uses on resources unknown is known no more.</summary>
    private static Dictionary<string, IReadOnlySet<string>> ResourcesOf(List<CodeCalls> parts)
    {
        var known = new Dictionary<string, IReadOnlySet<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var action in parts.SelectMany(p => p.Resources.Keys).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            var users = parts.Where(p => p.Actions.ContainsKey(action)).ToList();
            if (users.TrueForAll(p => p.Resources.ContainsKey(action)))
            {
                known[action] = users.SelectMany(p => p.Resources[action]).ToHashSet(StringComparer.Ordinal);
            }
        }

        return known;
    }
}
