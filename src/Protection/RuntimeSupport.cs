using System.Text.RegularExpressions;

namespace Pellicle.Protection;

/// <summary>Which runtimes take the layer. Sources: AWS Lambda developer guide, "Modifying the runtime environment" (wrapper scripts) and "Lambda runtimes".</summary>
public static partial class RuntimeSupport
{
    /// <summary>Oldest version of each family that calls the exec wrapper and has a C library the interposer can be loaded with (Amazon Linux 2, glibc 2.26).</summary>
    private static readonly Dictionary<string, Version> Oldest = new(StringComparer.Ordinal)
    {
        ["python"] = new(3, 8), ["nodejs"] = new(10, 0), ["java"] = new(11, 0), ["dotnetcore"] = new(3, 1), ["dotnet"] = new(5, 0), ["ruby"] = new(2, 7),
    };

    /// <summary>Null when functions of this runtime can be protected, else why not.</summary>
    /// <param name="runtime">Runtime identifier; null for images.</param>
    public static Refusal? Refusal(string? runtime)
    {
        if (runtime is null)
        {
            return null; // an image is refused as an image
        }

        if (runtime is "java8.al2" or "provided.al2" || (runtime.StartsWith("provided.al", StringComparison.Ordinal) && runtime.Length > "provided.al".Length))
        {
            return null;
        }

        var match = Identifier().Match(runtime);
        if (!match.Success || !Oldest.TryGetValue(match.Groups["family"].Value, out var oldest))
        {
            return new($"the runtime `{runtime}` calls no wrapper{(runtime is "provided" or "go1.x" ? " and runs on a system whose C library is too old" : "")}", runtime is "provided" or "go1.x" ? "move the function to provided.al2023" : "move the function to a runtime that Lambda still supports");
        }

        var version = match.Groups["version"].Value;
        return Version.Parse(version.Contains('.', StringComparison.Ordinal) ? version : version + ".0") >= oldest ? null : new($"the runtime `{runtime}` calls no wrapper", "move the function to a runtime that Lambda still supports");
    }

    /// <summary>True for <c>provided.*</c>.</summary>
    public static bool IsOsOnly(string? runtime) => runtime is not null && (runtime.StartsWith("provided", StringComparison.Ordinal) || runtime == "go1.x");

    [GeneratedRegex("^(?<family>[a-z]+)(?<version>[0-9]{1,4}(\\.[0-9]{1,4})?)(\\.x)?$")]
    private static partial Regex Identifier();
}
