using System.Globalization;
using System.Text.RegularExpressions;
using Pellicle.Local.ControlPlane.Http;

namespace Pellicle.Local.ControlPlane.Functions;

/// <summary>Patterns and ARNs. Patterns are Lambda's own, shown in its validation errors.</summary>
internal static partial class Names
{
    [GeneratedRegex(@"^[a-z]{2,5}(-[a-z]+)+-\d+\z")]
    public static partial Regex Region();

    [GeneratedRegex(@"^(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2,5}(-[a-z]+)+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?\z")]
    public static partial Regex Function();

    [GeneratedRegex(@"^(|[a-zA-Z0-9$_-]+)\z")]
    public static partial Regex Qualifier();

    [GeneratedRegex(@"^(?!^[0-9]+$)([a-zA-Z0-9-_]+)\z")]
    public static partial Regex Alias();

    [GeneratedRegex(@"^(\$LATEST|[0-9]+)\z")]
    public static partial Regex Version();

    [GeneratedRegex(@"^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+\z")]
    public static partial Regex Role();

    [GeneratedRegex(@"^[^\s]+\z")]
    public static partial Regex Handler();

    [GeneratedRegex(@"^[a-zA-Z]([a-zA-Z0-9_])+\z")]
    public static partial Regex EnvironmentKey();

    [GeneratedRegex(@"^(arn:(aws[a-zA-Z-]*)?:lambda:[a-z]{2,5}(-[a-z]+)+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+\z")]
    public static partial Regex Layer();

    [GeneratedRegex(@"^arn:(aws[a-zA-Z-]*)?:lambda:[a-z]{2,5}(-[a-z]+)+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+\z")]
    public static partial Regex LayerVersion();

    [GeneratedRegex(@"^([a-zA-Z0-9-_]+)\z")]
    public static partial Regex StatementId();

    public static string FunctionArn(string region, string name, string? qualifier = null) =>
        $"arn:aws:lambda:{region}:{Call.AccountId}:function:{name}{(qualifier is null ? "" : ":" + qualifier)}";

    public static string LayerArn(string region, string name) => $"arn:aws:lambda:{region}:{Call.AccountId}:layer:{name}";

    public static string LayerVersionArn(string region, string name, int version) =>
        string.Create(CultureInfo.InvariantCulture, $"{LayerArn(region, name)}:{version}");

    /// <summary>A layer by name or ARN, in the caller's region.</summary>
    public static string LayerName(Call call, string nameOrArn)
    {
        var parts = nameOrArn.Split(':');
        if (parts.Length == 1 && StatementId().IsMatch(nameOrArn) && nameOrArn.Length <= 140)
            return nameOrArn;
        if (parts.Length != 7 || !LayerVersion().IsMatch(nameOrArn + ":1"))
        {
            throw ApiException.Validation(
                [$"Value '{nameOrArn}' at 'layerName' failed to satisfy constraint: Member must satisfy regular expression pattern: {Layer().ToString()[1..^2]}"]);
        }

        if (parts[3] != call.Region)
            throw ApiException.NotFound($"Layers from '{parts[3]}' are not reachable in this region ('{call.Region}')");
        if (parts[4] != Call.AccountId)
            throw NotAuthorized(call, nameOrArn);
        return parts[6];
    }

    public static ApiException NotAuthorized(Call call, string resource) =>
        new("AccessDeniedException", 403,
            $"User: arn:aws:iam::{Call.AccountId}:root is not authorized to perform: lambda:{call.Operation} on resource: {resource} "
            + $"because no resource-based policy allows the lambda:{call.Operation} action");
}

/// <summary>A function as the caller named it: name, partial ARN or ARN, with the qualifier from either place.</summary>
internal readonly record struct FunctionReference(string Region, string Name, string? Qualifier)
{
    /// <summary>Longest name accepted in a request, ARN included.</summary>
    private const int MaxLength = 140 + 1 + 128;

    public string Arn => Names.FunctionArn(Region, Name);

    public string QualifiedArn => Names.FunctionArn(Region, Name, Qualifier);

    public static FunctionReference Of(Call call) => Parse(call, call.Path("function"), call.Query("Qualifier"));

    public static FunctionReference Parse(Call call, string text, string? qualifier)
    {
        var errors = new List<string>();
        if (text.Length > MaxLength || !Names.Function().IsMatch(text))
            errors.Add(Broken(text, "functionName", Names.Function()));
        if (qualifier is not null && (qualifier.Length > 128 || !Names.Qualifier().IsMatch(qualifier)))
            errors.Add(Broken(qualifier, "qualifier", Names.Qualifier()));
        if (errors.Count > 0)
            throw ApiException.Validation(errors);

        // name | account:function:name | [arn:aws:lambda:]region:account:function:name, each with :qualifier
        var parts = text.Split(':');
        var marker = Array.IndexOf(parts, "function");
        string? account = null, region = null;
        string[] rest;
        if (marker > 0 || (marker == 0 && parts.Length > 1))
        {
            account = marker >= 1 ? parts[marker - 1] : null;
            region = marker >= 2 ? parts[marker - 2] : null;
            rest = parts[(marker + 1)..];
        }
        else if (parts.Length >= 2 && parts[0].Length == 12 && parts[0].All(char.IsAsciiDigit))
        {
            (account, rest) = (parts[0], parts[1..]);
        }
        else
        {
            rest = parts;
        }

        if (rest.Length is 0 or > 2 || rest[0].Length > 64)
            throw ApiException.Validation([Broken(text, "functionName", Names.Function())]);
        var derived = rest.Length == 2 ? rest[1] : null;
        if (derived is not null && qualifier is not null && derived != qualifier)
            throw ApiException.InvalidParameter("The derived qualifier from the function name does not match the specified qualifier.");
        if (region is not null && region != call.Region)
            throw ApiException.NotFound($"Functions from '{region}' are not reachable in this region ('{call.Region}')");
        if (account is not null && account != Call.AccountId)
            throw Names.NotAuthorized(call, text);
        return new FunctionReference(call.Region, rest[0], derived ?? qualifier);
    }

    public ApiException NotFound() => ApiException.NotFound($"Function not found: {QualifiedArn}");

    private static string Broken(string value, string member, Regex pattern) =>
        $"Value '{value}' at '{member}' failed to satisfy constraint: Member must satisfy regular expression pattern: {pattern.ToString()[1..^2]}";
}
