namespace Pellicle.Local.ControlPlane.Functions;

/// <summary>Runtime identifiers Lambda knows. Future end dates are not enforced here: a local function must not stop working by date.</summary>
internal static class Runtimes
{
    private static readonly string[] Current =
    [
        "nodejs24.x", "nodejs22.x", "nodejs20.x", "nodejs18.x", "nodejs16.x",
        "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python3.9", "python3.8",
        "java25", "java21", "java17", "java17.al2023", "java11", "java11.al2023", "java8.al2", "java8.al2023",
        "dotnet10", "dotnet8", "dotnet6", "ruby4.0", "ruby3.4", "ruby3.3", "ruby3.2", "provided.al2023", "provided.al2",
    ];

    /// <summary>Refused for create and update since before 2026-11.</summary>
    private static readonly string[] Ended =
    [
        "nodejs14.x", "nodejs12.x", "nodejs10.x", "nodejs8.10", "nodejs6.10", "nodejs4.3", "nodejs4.3-edge", "nodejs",
        "python3.7", "python3.6", "python2.7", "java8", "dotnetcore3.1", "dotnetcore2.1", "dotnetcore2.0", "dotnetcore1.0",
        "ruby2.7", "ruby2.5", "go1.x", "provided",
    ];

    public static readonly string[] All = [.. Current, .. Ended];

    /// <summary>Null when a function may have it, else Lambda's message.</summary>
    public static string? Refusal(string runtime) =>
        Current.Contains(runtime, StringComparer.Ordinal)
            ? null
            : Ended.Contains(runtime, StringComparer.Ordinal)
                ? $"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
                    + "We recommend you use a supported runtime while creating or updating functions."
                : $"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
                    + $"[{string.Join(", ", All)}] or be a valid ARN";
}
