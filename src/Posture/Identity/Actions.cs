using System.Collections.Frozen;

namespace Pellicle.Posture.Identity;

/// <summary>A service's clients, as code names them.</summary>
internal sealed record ServiceNames(string Prefix, IReadOnlyList<string> Boto, IReadOnlyList<string> Packages, IReadOnlyList<string> Classes, string DotNet, string Java);

/// <summary>An IAM action.</summary>
/// <param name="Name"><c>prefix:Action</c>.</param>
/// <param name="Level">L list, R read, W write, P permissions, T tagging.</param>
/// <param name="AllResourcesOnly">True when it knows no resource-level permission: <c>*</c> is the only way.</param>
/// <param name="Tags">e credentials, d data, p escalation, x exposure.</param>
internal sealed record ActionFact(string Name, char Level, bool AllResourcesOnly, string Tags);

/// <summary>The table of actions: of the services that functions call most with their methods in the SDKs, of others with their names alone.</summary>
internal static class Actions
{
    private static readonly (List<ServiceNames> Services, FrozenDictionary<string, ActionFact> Facts, FrozenDictionary<string, IReadOnlyList<string>> Methods, ILookup<string, ActionFact> ByService) Table = Load();

    private static readonly FrozenSet<string> Followed = Table.Services.Select(s => s.Prefix).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static IReadOnlyList<ServiceNames> Services => Table.Services;

    public static IEnumerable<ActionFact> All => Table.Facts.Values;

    /// <summary>True for a service whose calls are found in code.</summary>
    public static bool KnowsService(string prefix) => Followed.Contains(prefix);

    /// <summary>Services whose actions are known.</summary>
    public static int ServiceCount => Table.ByService.Count;

    public static ActionFact? Find(string action) => Table.Facts.GetValueOrDefault(action);

    /// <summary>Actions that a pattern names, in services of the table.</summary>
    public static IEnumerable<ActionFact> Matching(string pattern)
    {
        var colon = pattern.IndexOf(':', StringComparison.Ordinal);
        var candidates = colon > 0 && !pattern[..colon].Contains('*', StringComparison.Ordinal) && !pattern[..colon].Contains('?', StringComparison.Ordinal) ? Table.ByService[pattern[..colon].ToLowerInvariant()] : Table.Facts.Values.AsEnumerable();
        return candidates.Where(f => Glob.Match(pattern, f.Name));
    }

    public static IEnumerable<ActionFact> OfService(string prefix) => Table.ByService[prefix];

    /// <summary>Actions that a call of a method needs, whatever the language's way to write it; empty for a name the service does not know.</summary>
    public static IReadOnlyList<string> OfMethod(string prefix, string method) =>
        Table.Methods.GetValueOrDefault($"{prefix}:{method.Replace("_", "", StringComparison.Ordinal)}") ?? [];

    private static (List<ServiceNames>, FrozenDictionary<string, ActionFact>, FrozenDictionary<string, IReadOnlyList<string>>, ILookup<string, ActionFact>) Load()
    {
        var services = new List<ServiceNames>();
        var facts = new Dictionary<string, ActionFact>(StringComparer.OrdinalIgnoreCase);
        var methods = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in PostureTables.Lines("aws-actions"))
        {
            var prefix = line[1];
            switch (line[0])
            {
                case "S":
                    services.Add(new ServiceNames(prefix, line[2].Split(','), line[3].Split(','), line[4].Split(','), line[5], line[6]));
                    break;
                case "A":
                case "O":
                    foreach (var item in line[2].Split(' '))
                    {
                        var (name, flags) = item.Split(':') is [var n, var f] ? (n, f) : throw new InvalidOperationException($"the action {item} has no flags");
                        facts[$"{prefix}:{name}"] = new ActionFact($"{prefix}:{name}", flags[0], flags.Contains('*', StringComparison.Ordinal), flags[1..].Replace("*", "", StringComparison.Ordinal));
                        if (line[0] == "A")
                        {
                            methods.TryAdd($"{prefix}:{name}", [$"{prefix}:{name}"]);
                        }
                    }

                    break;
                case "M":
                    foreach (var item in line[2].Split(' '))
                    {
                        var equals = item.IndexOf('=', StringComparison.Ordinal);
                        methods[$"{prefix}:{item[..equals]}"] = item[(equals + 1)..].Split('+');
                    }

                    break;
                default:
                    throw new InvalidOperationException($"a line of the table starts with {line[0]}");
            }
        }

        return (services, facts.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase), methods.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase), facts.Values.ToLookup(f => f.Name[..f.Name.IndexOf(':', StringComparison.Ordinal)], StringComparer.OrdinalIgnoreCase));
    }
}
