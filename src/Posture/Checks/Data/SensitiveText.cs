using System.Text.RegularExpressions;

namespace Pellicle.Posture.Checks.Data;

/// <summary>Tells secrets from references to them. Values never leave this class.</summary>
internal static partial class SensitiveText
{
    /// <summary>What a text holds that is a secret by its form, or null.</summary>
    public static string? Describe(string text) => text switch
    {
        _ when AwsKey().IsMatch(text) => "an AWS access key",
        _ when text.Contains("-----BEGIN", StringComparison.Ordinal) && text.Contains("PRIVATE KEY", StringComparison.Ordinal) => "a private key",
        _ when Token().IsMatch(text) => "an access token",
        _ when Credentials().Match(text) is { Success: true } match && !IsReference(match.Groups[1].Value) => "a password in an address",
        _ => null,
    };

    /// <summary>True for a variable whose name says that its value is secret (not where it is kept, how long it lives, ...).</summary>
    public static bool IsSecretName(string name) => SecretName().IsMatch(name) && !AboutSecret().IsMatch(name);

    /// <summary>True for the token by which a Pellicle guard reports: it can send reports of functions and read their policy, nothing else.</summary>
    public static bool IsReportingToken(string name, string value) => name == "PELLICLE_TOKEN" && value.StartsWith("plc_ingest_", StringComparison.Ordinal);

    /// <summary>True for a value that points to a secret, is encrypted, or can be none.</summary>
    public static bool IsReference(string value) =>
        value.Length < 4
        || value.StartsWith("arn:", StringComparison.Ordinal) || value.StartsWith('/') || value.StartsWith("{{resolve:", StringComparison.Ordinal) || value.StartsWith("ssm:", StringComparison.OrdinalIgnoreCase)
        || value.StartsWith("secretsmanager:", StringComparison.OrdinalIgnoreCase) || value.StartsWith("alias/", StringComparison.Ordinal) || value.StartsWith("AQICA", StringComparison.Ordinal)
        || value.StartsWith("${", StringComparison.Ordinal) || value.StartsWith("$(", StringComparison.Ordinal) || value.StartsWith("vault:", StringComparison.Ordinal)
        || value is "true" or "false" or "null" or "none" or "None" or "True" or "False" or "****"
        || value.All(c => char.IsAsciiDigit(c)) && value.Length < 6
        || (Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 && uri.Scheme is "http" or "https");

    [GeneratedRegex(@"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b", RegexOptions.NonBacktracking)]
    private static partial Regex AwsKey();

    [GeneratedRegex(@"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20}|xox[abprs]-[A-Za-z0-9-]{10,}|[sr]k_live_[A-Za-z0-9]{16,}|AIza[A-Za-z0-9_-]{35}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|npm_[A-Za-z0-9]{36}|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})", RegexOptions.NonBacktracking)]
    private static partial Regex Token();

    [GeneratedRegex(@"[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,64}:([^\s/@]{1,128})@", RegexOptions.NonBacktracking)]
    private static partial Regex Credentials();

    [GeneratedRegex(@"(?:^|[_.-]|[a-z])(?:passw(?:or)?d|pwd|passphrase|secret|token|api_?key|private_?key|access_?key|auth_?key|encryption_?key|signing_?key|credentials?|client_?secret)(?:$|[_.-]|\d)", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex SecretName();

    [GeneratedRegex(@"(?:arn|name|id|path|file|param(?:eter)?|ttl|expir(?:y|es|ation)|length|timeout|table|header|type|url|uri|endpoint|issuer|audience|prefix|enabled|required|version|algorithm|region|seconds|minutes)s?$", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex AboutSecret();
}
