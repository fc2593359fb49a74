using Pellicle.Posture.Identity;

namespace Pellicle.Posture.Exposure;

/// <summary>
/// Asks whether somebody of an account that nobody knows passes the conditions of a statement. He chooses names, tags, user agent and the time of
/// his call; account, organisation, network and the ARNs that contain an account are not his to choose.
/// </summary>
internal static class Strangers
{
    private static readonly string[] AccountKeys = ["aws:sourceaccount", "aws:principalaccount", "aws:sourceowner"];

    private static readonly string[] ArnKeys = ["aws:sourcearn", "aws:principalarn", "lambda:sourcefunctionarn"];

    private static readonly string[] OrganisationKeys = ["aws:principalorgid", "aws:sourceorgid", "aws:principalorgpaths", "aws:sourceorgpaths"];

    private static readonly string[] NetworkKeys = ["aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn"];

    // What the resource itself says of its own account.
    private static readonly string[] OwnValues = ["${aws:resourceaccount}", "${aws:resourceorgid}", "${aws:resourceorgpaths}"];

    /// <summary>True when a stranger passes the statement. <paramref name="urlType"/> is the AuthType of the function URL he comes through, or null.</summary>
    public static bool Pass(Statement statement, string? urlType = null) => !statement.Conditions.Any(c => KeepsOut(c, urlType));

    /// <summary>True when a denial hits every stranger: nothing in it is a way round.</summary>
    public static bool AreDenied(Statement denial, string action) =>
        !denial.Allow
        && denial.HasAction(action)
        && (denial.NotPrincipal ? !denial.Principals.Any(p => p.Value == "*") : IsEveryone(denial))
        && denial.Conditions.All(HitsEveryStranger);

    /// <summary>True for a statement that names everyone.</summary>
    public static bool IsEveryone(Statement statement) => statement.Principals.Any(p => p.Value == "*" && p.Kind is "*" or "AWS");

    /// <summary>Accounts that a statement for everyone is narrowed to by its conditions.</summary>
    public static IEnumerable<string> Accounts(Statement statement) =>
        statement.Conditions.Where(c => !c.Negated && !c.AsksForKey && (AccountKeys.Contains(c.Key, StringComparer.Ordinal) || ArnKeys.Contains(c.Key, StringComparer.Ordinal)))
            .SelectMany(c => c.Values).Select(ResourcePolicy.AccountOf).OfType<string>().Distinct(StringComparer.Ordinal);

    private static bool KeepsOut(Condition condition, string? urlType)
    {
        if (condition.Key == "lambda:functionurlauthtype" && urlType is not null)
        {
            return condition.Passes(urlType) == false;
        }

        if (condition.Key == "lambda:invokedviafunctionurl")
        {
            return condition.Passes(urlType is null ? "false" : "true") == false;
        }

        if (condition.Values.Count == 0)
        {
            return !condition.Negated;
        }

        // Each key is missing in some request a stranger can cause: a service that calls for him has no address and no principal's account.
        return !condition.Negated && !condition.AsksForKey && !condition.PassesWithoutKey && Keeps(condition);
    }

    /// <summary>True when the key is not the stranger's to choose, and no value leaves it open.</summary>
    private static bool Keeps(Condition condition) => condition.Key switch
    {
        _ when condition.Values.All(v => OwnValues.Contains(v, StringComparer.OrdinalIgnoreCase)) => true,
        _ when condition.Values.Any(v => v.Contains("${", StringComparison.Ordinal)) => condition.Key is "aws:resourceorgid" or "aws:resourceaccount" or "aws:resourceorgpaths",
        var k when AccountKeys.Contains(k, StringComparer.Ordinal) => condition.Values.All(v => !HasWildcard(v)),
        var k when ArnKeys.Contains(k, StringComparer.Ordinal) => condition.Values.All(IsNarrowArn),
        var k when OrganisationKeys.Contains(k, StringComparer.Ordinal) => condition.Values.All(v => !HasWildcard(v.Split('/')[0])),
        var k when NetworkKeys.Contains(k, StringComparer.Ordinal) => condition.Values.All(v => !HasWildcard(v)),
        "aws:sourceip" => condition.Values.All(IsNarrowNetwork),
        "aws:vpcsourceip" => true,
        "aws:userid" or "lambda:eventsourcetoken" or "aws:principalservicename" => condition.Values.All(v => v.Length > 0 && v[0] is not ('*' or '?')),
        _ => false,
    };

    private static bool HitsEveryStranger(Condition condition)
    {
        if (condition.Key is "aws:principalisawsservice" or "aws:viaawsservice")
        {
            return condition.Passes("false") == true;
        }

        // "Unless it is one of ours": the key differs, or is not there at all.
        if (!condition.Negated || condition.ForAny)
        {
            return false;
        }

        return Keeps(condition);
    }

    /// <summary>True when an ARN names an account, or something whose name is taken once in the world.</summary>
    private static bool IsNarrowArn(string arn)
    {
        if (arn.Split(':', 6) is not { Length: 6 } parts)
        {
            return false;
        }

        var (service, account, resource) = (parts[2], parts[4], parts[5]);
        return (account.Length == 12 && account.All(char.IsAsciiDigit))
            // Bucket names are global. The ids of APIs and distributions are handed out by AWS.
            || (account.Length == 0 && resource.Length > 0 && resource[0] is not ('*' or '?'))
            || (service == "execute-api" && resource.Length > 0 && resource[0] is not ('*' or '?'))
            || (service == "cloudfront" && resource.StartsWith("distribution/", StringComparison.Ordinal) && !HasWildcard(resource));
    }

    private static bool IsNarrowNetwork(string value)
    {
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        var isOld = !value.Contains(':', StringComparison.Ordinal);
        var length = slash < 0 ? 128 : int.TryParse(value.AsSpan(slash + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var bits) ? bits : 0;
        // Wider than what one registry hands out to a continent is the internet; 10.0.0.0/8 is the widest private network.
        return length >= (isOld ? 8 : 16);
    }

    private static bool HasWildcard(string value) => value.AsSpan().IndexOfAny('*', '?') >= 0;
}
