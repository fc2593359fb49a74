namespace Pellicle.Domain;

/// <summary>The names of dimensions and modes as JSON, the command line and probes write them: lower case.</summary>
public static class DimensionNames
{
    private static readonly Dimension[] Dimensions = Enum.GetValues<Dimension>();

    /// <summary>All dimensions, in the order of their numbers.</summary>
    public static IReadOnlyList<Dimension> All => Dimensions;

    /// <summary>The name, for example <c>process</c>.</summary>
    public static string Name(this Dimension dimension) => dimension switch
    {
        Dimension.Process => "process",
        Dimension.Host => "host",
        Dimension.Read => "read",
        Dimension.Write => "write",
        Dimension.Library => "library",
        Dimension.Aws => "aws",
        Dimension.Event => "event",
        Dimension.Response => "response",
        Dimension.Code => "code",
        Dimension.Deserialize => "deserialize",
        Dimension.Tamper => "tamper",
        Dimension.Statement => "statement",
    };

    /// <summary>Finds a dimension by its name; case matters.</summary>
    public static bool TryParse(string? name, out Dimension dimension)
    {
        foreach (var candidate in Dimensions)
        {
            if (candidate.Name() == name)
            {
                dimension = candidate;
                return true;
            }
        }

        dimension = default;
        return false;
    }

    /// <summary>The name, for example <c>protect</c>.</summary>
    public static string Name(this ProtectionMode mode) => mode switch
    {
        ProtectionMode.Off => "off",
        ProtectionMode.Monitor => "monitor",
        ProtectionMode.Protect => "protect",
    };

    /// <summary>Finds a mode by its name; case matters.</summary>
    public static bool TryParse(string? name, out ProtectionMode mode)
    {
        (var found, mode) = name switch
        {
            "off" => (true, ProtectionMode.Off),
            "monitor" => (true, ProtectionMode.Monitor),
            "protect" => (true, ProtectionMode.Protect),
            _ => (false, default),
        };
        return found;
    }
}
