namespace Pellicle.Posture.Identity;

/// <summary>
/// Works out conditions for a call that a function makes with its role. What is known of every such call: it is signed with the session of a role,
/// over TLS, without MFA, and by no service on behalf of somebody. What the caller chooses (user agent) protects nothing.
/// </summary>
internal sealed class RoleConditions(string roleArn)
{
    // Keys that no request of a role's session has.
    private static readonly string[] Absent =
    [
        "aws:multifactorauthpresent", "aws:multifactorauthage", "aws:username", "aws:federatedprovider", "aws:principalservicename", "aws:principalservicenameslist", "aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid",
        "aws:sourceorgpaths", "aws:sourceidentity", "aws:ec2instancesourcevpc", "aws:ec2instancesourceprivateipv4", "ec2:roledelivery", "ec2:sourceinstancearn", "aws:chatbotsourcearn", "aws:assumedroot",
    ];

    private static readonly string[] AbsentPrefixes = ["saml:", "cognito-identity.amazonaws.com:", "accounts.google.com:", "graph.facebook.com:", "www.amazon.com:", "token.actions.githubusercontent.com:"];

    // What an attacker in the function writes into the request at will.
    private static readonly string[] Chosen = ["aws:useragent", "aws:referer"];

    /// <summary>Account of the role.</summary>
    public string Account { get; } = roleArn.Split(':') is { Length: > 4 } parts ? parts[4] : "";

    /// <summary>How all conditions of a statement turn out together.</summary>
    public Meets Of(Statement statement)
    {
        var result = Meets.Always;
        foreach (var condition in statement.Conditions)
        {
            switch (Of(condition, statement.Allow))
            {
                case Meets.Never:
                    return Meets.Never;
                case Meets.Sometimes:
                    result = Meets.Sometimes;
                    break;
                case Meets.Always:
                    break;
            }
        }

        return result;
    }

    /// <summary>
    /// Puts what is known into a resource pattern. An unknown variable becomes a wildcard and <c>Exact</c> false; a variable that a role never has makes
    /// the pattern match nothing: null.
    /// </summary>
    public (string Pattern, bool Exact)? Expand(string pattern)
    {
        if (!pattern.Contains("${", StringComparison.Ordinal))
        {
            return (pattern, true);
        }

        var (text, exact) = (new System.Text.StringBuilder(), true);
        for (var i = 0; i < pattern.Length;)
        {
            var end = pattern.AsSpan(i).StartsWith("${") ? pattern.IndexOf('}', i) : -1;
            if (end < 0)
            {
                text.Append(pattern[i++]);
                continue;
            }

            var parts = pattern[(i + 2)..end].Split(',', 2);
            var name = parts[0].Trim().ToLowerInvariant();
            var fallback = parts.Length == 2 ? parts[1].Trim().Trim('\'') : null;
            i = end + 1;
            if (name is "*" or "?" or "$")
            {
                // A character itself. Nothing that matters here has one: any character stands for it.
                text.Append(name == "$" ? '$' : '?');
            }
            else if (Known(name) is { } value)
            {
                text.Append(value);
            }
            else if (IsAbsent(name))
            {
                if (fallback is null)
                {
                    return null;
                }

                text.Append(fallback);
            }
            else
            {
                text.Append('*');
                exact = false;
            }
        }

        return (text.ToString(), exact);
    }

    private static bool IsAbsent(string key) => Absent.Contains(key, StringComparer.Ordinal) || AbsentPrefixes.Any(p => key.StartsWith(p, StringComparison.Ordinal));

    private string? Known(string key) => key switch
    {
        "aws:securetransport" => "true",
        "aws:principaltype" => "AssumedRole",
        "aws:principalisawsservice" or "aws:viaawsservice" => "false",
        "aws:principalaccount" or "aws:resourceaccount" => Account,
        "aws:principalarn" => roleArn,
        _ => null,
    };

    private Meets Of(Condition condition, bool allow)
    {
        if (condition.Values.Count == 0)
        {
            return condition.Negated ? Meets.Always : Meets.Never;
        }

        if (condition.AsksForKey)
        {
            return IsAbsent(condition.Key) ? Sure(condition.Wants("true")) : Known(condition.Key) is not null ? Sure(!condition.Wants("true")) : Meets.Sometimes;
        }

        if (IsAbsent(condition.Key))
        {
            return Sure(condition.PassesWithoutKey);
        }

        if (Chosen.Contains(condition.Key, StringComparer.Ordinal))
        {
            return Sure(allow);
        }

        var values = condition.Values.Select(v => Expand(v)).ToList();
        var whole = values.All(v => v is { Exact: true }) ? condition with { Values = [.. values.Select(v => v!.Value.Pattern)] } : null;
        return condition.Key switch
        {
            // Most resources that matter lie in the role's own account and organisation; a policy that says so takes little away.
            "aws:principalorgid" or "aws:principalorgpaths" or "aws:resourceorgid" or "aws:resourceorgpaths" => Sure(!condition.Negated),
            "aws:resourceaccount" => values.Any(v => v is not { Exact: true } || v.Value.Pattern == Account) || Account.Length == 0 ? Sure(!condition.Negated) : Meets.Sometimes,
            // Where, not what: an allowance for one region is one all the same; a denial outside of it hits only other regions.
            "aws:requestedregion" when allow && !condition.Negated => Meets.Always,
            // Direct calls are what an attacker makes, but services may call on with the role's rights.
            "aws:viaawsservice" when allow => whole?.Passes("false") == true ? Meets.Always : Meets.Sometimes,
            _ when whole is not null && Known(condition.Key) is { } known && whole.Passes(known) is { } passes => Sure(passes),
            _ when condition.Values.Any(v => MatchesAll(condition.Comparison, v)) => condition.Negated ? Meets.Never : Meets.Always,
            _ => Meets.Sometimes,
        };
    }

    private static bool MatchesAll(string comparison, string value) => value switch
    {
        "*" => comparison is "stringlike" or "stringnotlike" or "arnlike" or "arnnotlike" or "arnequals" or "arnnotequals",
        "0.0.0.0/0" => comparison is "ipaddress" or "notipaddress",
        _ => false,
    };

    private static Meets Sure(bool passes) => passes ? Meets.Always : Meets.Never;
}
