using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Exposure;

/// <summary>Whether strangers get in.</summary>
internal enum Openness
{
    /// <summary>No.</summary>
    Closed,

    /// <summary>Not today: the function URL that the statement speaks of is not there.</summary>
    Dormant,

    /// <summary>Yes.</summary>
    Open,
}

/// <summary>Reads who a resource policy lets in.</summary>
internal static class ResourcePolicy
{
    // Lambda@Edge copies a function to its regions as this principal; AWS writes the statement itself, and knows no condition for it.
    private const string Replicator = "replicator.lambda.amazonaws.com";

    /// <summary>Allowing statements of a function's policies with their qualifier.</summary>
    public static IEnumerable<(string Qualifier, Statement Statement)> Allowing(FunctionSubject function) => All(function).Where(s => s.Statement.Allow && !s.Statement.Principals.Any(p => p.Value == Replicator));

    /// <summary>Whether a statement lets strangers in as things stand. One that speaks of function URLs needs a URL of its kind.</summary>
    public static Openness OpennessOf(FunctionSubject function, string qualifier, Statement statement)
    {
        if (!IsForUrl(statement))
        {
            return IsPublic(function, qualifier, statement) ? Openness.Open : Openness.Closed;
        }

        var open = new[] { "NONE", "AWS_IAM" }.Where(t => IsPublic(function, qualifier, statement, t)).ToList();
        return open.Count == 0 ? Openness.Closed
            : function.Urls is null || FunctionUrl.All(function).Any(u => u.Qualifier == qualifier && open.Contains(u.Url.Text("AuthType") ?? "", StringComparer.Ordinal)) ? Openness.Open
            : Openness.Dormant;
    }

    /// <summary>True when anybody passes: everyone is named, no condition says who or from where, and no denial keeps strangers out.</summary>
    public static bool IsPublic(FunctionSubject function, string qualifier, Statement statement, string? urlType = null) =>
        IsPublic(statement, urlType) && !Granted(statement).All(a => All(function).Any(d => d.Qualifier == qualifier && Strangers.AreDenied(d.Statement, a)));

    /// <summary>As above, for a policy without denials.</summary>
    public static bool IsPublic(Statement statement, string? urlType = null) => (statement.NotPrincipal || Strangers.IsEveryone(statement)) && Strangers.Pass(statement, urlType);

    /// <summary>True for a statement that applies only to calls through a function URL.</summary>
    public static bool IsForUrl(Statement statement) =>
        statement.Conditions.Any(c => c.Key is "lambda:functionurlauthtype" or "lambda:invokedviafunctionurl") || (statement.NotActions.Count == 0 && statement.Actions.Count > 0 && statement.Actions.All(a => a.Equals("lambda:InvokeFunctionUrl", StringComparison.OrdinalIgnoreCase)));

    /// <summary>True for a service that is held to an account or a resource with an account in its ARN.</summary>
    public static bool IsScoped(Statement statement)
    {
        var positive = statement.Conditions.Where(Holds).ToList();
        return positive.Any(c => (c.Key is "aws:sourceaccount" or "aws:sourceowner" && c.Values.All(v => !v.Contains('*', StringComparison.Ordinal))) || (c.Key is "aws:sourceorgid" or "aws:sourceorgpaths" && c.Values.All(v => !v.StartsWith('*') && !v.StartsWith("o-*", StringComparison.Ordinal))))
            || positive.Any(c => c.Key == "lambda:eventsourcetoken" && c.Values.All(v => v.Length > 0 && v[0] != '*'))
            || positive.Any(c => c.Key == "aws:sourcearn" && c.Values.All(v => AccountOf(v) is not null || v.Contains("${aws:", StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>True when a source ARN is named at all, though it may hold no account (S3).</summary>
    public static bool NamesSource(Statement statement) => statement.Conditions.Any(c => Holds(c) && c.Key == "aws:sourcearn" && c.Values.All(v => v.Split(':', 6) is { Length: 6 } parts && parts[5].Length > 0 && parts[5][0] != '*'));

    /// <summary>Account of a principal or ARN, or null.</summary>
    public static string? AccountOf(string principal) =>
        IsAccount(principal) ? principal : principal.Split(':') is { Length: > 4 } parts && IsAccount(parts[4]) ? parts[4] : null;

    private static IEnumerable<(string Qualifier, Statement Statement)> All(FunctionSubject function) =>
        (function.ResourcePolicies ?? new Dictionary<string, System.Text.Json.JsonElement>()).OrderBy(p => p.Key, StringComparer.Ordinal)
            .SelectMany(p => Statement.Parse(p.Value, "resource policy").Select(s => (p.Key, s)));

    private static IEnumerable<string> Granted(Statement statement) =>
        statement.NotActions.Count > 0 ? ["lambda:InvokeFunction"] : statement.Actions.SelectMany(p => Actions.Matching(p).Select(a => a.Name).DefaultIfEmpty(p));

    // A service that does not say whom it calls for must not pass: no IfExists, no rule for all values, no negation.
    private static bool Holds(Condition condition) => !condition.Negated && !condition.AsksForKey && !condition.IfExists && !condition.ForAll && condition.Values.Count > 0;

    private static bool IsAccount(string text) => text.Length == 12 && text.All(char.IsAsciiDigit);
}
