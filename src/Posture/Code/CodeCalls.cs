namespace Pellicle.Posture.Code;

/// <summary>AWS calls found in code.</summary>
/// <param name="Actions">IAM actions that the calls need, with one place each.</param>
/// <param name="OpaqueServices">Service prefixes whose client is used in ways that could not be followed: nothing is said about them.</param>
/// <param name="Languages">Languages whose files were read; empty when there was nothing to read.</param>
public sealed record CodeCalls(IReadOnlyDictionary<string, string> Actions, IReadOnlySet<string> OpaqueServices, IReadOnlySet<string> Languages)
{
    /// <summary>Calls of several packages together.</summary>
    public static CodeCalls Union(IEnumerable<CodeCalls> parts)
    {
        var actions = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var opaque = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var languages = new HashSet<string>(StringComparer.Ordinal);
        foreach (var part in parts)
        {
            foreach (var (action, place) in part.Actions)
            {
                actions.TryAdd(action, place);
            }

            opaque.UnionWith(part.OpaqueServices);
            languages.UnionWith(part.Languages);
        }

        return new CodeCalls(actions, opaque, languages);
    }
}
