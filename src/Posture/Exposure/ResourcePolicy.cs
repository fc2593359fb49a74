using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Exposure;

/// <summary>Reads who a resource policy lets in.</summary>
internal static class ResourcePolicy
{
    /// <summary>Allowing statements of a function's policies with their qualifier.</summary>
    public static IEnumerable<(string Qualifier, Statement Statement)> Allowing(FunctionSubject function) =>
        (function.ResourcePolicies ?? new Dictionary<string, System.Text.Json.JsonElement>()).OrderBy(p => p.Key, StringComparer.Ordinal)
            .SelectMany(p => Statement.Parse(p.Value, "resource policy").Where(s => s.Allow).Select(s => (p.Key, s)));

    /// <summary>True when anybody passes: everyone is named, and no condition says who or from where.</summary>
    public static bool IsPublic(Statement statement) =>
        (statement.NotPrincipal || statement.Principals.Any(p => p.Value == "*" && (p.Kind is "*" or "AWS"))) && !statement.Conditions.Any(Narrows);

    /// <summary>True for a service that is held to an account or a resource with an account in its ARN.</summary>
    public static bool IsScoped(Statement statement)
    {
        var positive = statement.Conditions.Where(c => c.IsPositive && c.Values.Count > 0 && !c.Values.Any(IsOpen)).ToList();
        return positive.Any(c => c.Key is "aws:sourceaccount" or "aws:sourceorgid" or "aws:sourceorgpaths" or "lambda:eventsourcetoken")
            || positive.Any(c => c.Key == "aws:sourcearn" && c.Values.All(v => v.Split(':') is { Length: > 4 } parts && parts[4].Length == 12 && parts[4].All(char.IsAsciiDigit)));
    }

    /// <summary>True when a source ARN is named at all, though it may hold no account (S3).</summary>
    public static bool NamesSource(Statement statement) => statement.Conditions.Any(c => c.IsPositive && c.Key == "aws:sourcearn" && c.Values.Count > 0 && !c.Values.Any(IsOpen));

    /// <summary>Account of a principal, or null.</summary>
    public static string? AccountOf(string principal) =>
        principal.Length == 12 && principal.All(char.IsAsciiDigit) ? principal : principal.Split(':') is { Length: > 4 } parts && parts[4].Length == 12 ? parts[4] : null;

    // AuthType AWS_IAM is absent on purpose: with everyone as principal, every AWS account passes it.
    private static bool Narrows(Condition condition) => condition.IsPositive && condition.Values.Count > 0 && !condition.Values.Any(IsOpen)
        && condition.Key is "aws:sourcearn" or "aws:sourceaccount" or "aws:sourceorgid" or "aws:sourceorgpaths" or "aws:principalorgid" or "aws:principalorgpaths" or "aws:principalaccount" or "aws:principalarn"
            or "aws:sourcevpc" or "aws:sourcevpce" or "aws:sourceip" or "aws:userid" or "lambda:eventsourcetoken";

    private static bool IsOpen(string value) => value is "*" or "0.0.0.0/0" or "::/0" or "0.0.0.0/1" or "128.0.0.0/1"
        || (value.StartsWith("arn:", StringComparison.Ordinal) && value.Split(':', 6) is var parts && (parts.Length < 6 || (parts[5].StartsWith('*') && !(parts[4].Length == 12 && parts[4].All(char.IsAsciiDigit)))));
}
