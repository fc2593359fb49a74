namespace Pellicle.Scanning.View;

/// <summary>Language of a managed runtime.</summary>
public enum RuntimeFamily
{
    /// <summary>No runtime given: nothing is ruled out.</summary>
    Unknown,

    /// <summary><c>pythonX.Y</c>.</summary>
    Python,

    /// <summary><c>nodejsN.x</c>.</summary>
    Node,

    /// <summary><c>javaN</c>.</summary>
    Java,

    /// <summary><c>dotnetN</c>.</summary>
    DotNet,

    /// <summary><c>rubyX.Y</c>.</summary>
    Ruby,

    /// <summary><c>provided</c>, <c>provided.al2</c>, <c>provided.al2023</c>, <c>go1.x</c>: brings its own; nothing is ruled out.</summary>
    Custom,
}

internal static class RuntimeFamilies
{
    public static RuntimeFamily Parse(string? runtime) => runtime switch
    {
        null or "" => RuntimeFamily.Unknown,
        _ when runtime.StartsWith("python", StringComparison.Ordinal) => RuntimeFamily.Python,
        _ when runtime.StartsWith("nodejs", StringComparison.Ordinal) => RuntimeFamily.Node,
        _ when runtime.StartsWith("java", StringComparison.Ordinal) => RuntimeFamily.Java,
        _ when runtime.StartsWith("dotnet", StringComparison.Ordinal) => RuntimeFamily.DotNet,
        _ when runtime.StartsWith("ruby", StringComparison.Ordinal) => RuntimeFamily.Ruby,
        _ => RuntimeFamily.Custom,
    };

    /// <summary>Number after the family's name: <c>3.11</c>, <c>20</c>, <c>3.3</c>.</summary>
    public static string Number(string? runtime) => runtime is null ? "" : runtime.TrimStart([.. "abcdefghijklmnopqrstuvwxyz"]).Replace(".x", "", StringComparison.Ordinal);
}
