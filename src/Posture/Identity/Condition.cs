using System.Text.Json;

namespace Pellicle.Posture.Identity;

/// <summary>How a condition, or a whole statement, turns out.</summary>
internal enum Meets
{
    /// <summary>Always: as if the condition were not there.</summary>
    Always,

    /// <summary>Never: the statement does not apply.</summary>
    Never,

    /// <summary>Depends on the call.</summary>
    Sometimes,
}

/// <summary>One comparison of a condition block.</summary>
/// <param name="Operator">As written, for example <c>ForAnyValue:StringLikeIfExists</c>.</param>
/// <param name="Key">In lower case: IAM ignores the case of keys.</param>
/// <param name="Values">One of them must match; for a negated operator none may.</param>
internal sealed record Condition(string Operator, string Key, IReadOnlyList<string> Values)
{
    private const string All = "ForAllValues:";
    private const string Any = "ForAnyValue:";

    /// <summary>The operator alone, for example <c>stringlike</c>.</summary>
    public string Comparison { get; } = Bare(Operator);

    /// <summary>True when a request without the key passes because the operator says so.</summary>
    public bool IfExists { get; } = Operator.EndsWith("IfExists", StringComparison.OrdinalIgnoreCase);

    /// <summary>True for a set operator that a request without the key passes: nothing is no exception to a rule for all.</summary>
    public bool ForAll { get; } = Operator.StartsWith(All, StringComparison.OrdinalIgnoreCase);

    /// <summary>True for a set operator that a request without the key never passes.</summary>
    public bool ForAny { get; } = Operator.StartsWith(Any, StringComparison.OrdinalIgnoreCase);

    /// <summary>True when it names what must not be the case.</summary>
    public bool Negated => Comparison.Contains("not", StringComparison.Ordinal);

    /// <summary>True for a question whether the key is there.</summary>
    public bool AsksForKey => Comparison == "null";

    /// <summary>Whether a request without the key passes.</summary>
    public bool PassesWithoutKey => AsksForKey ? Wants("true") : ForAll || IfExists || (Negated && !ForAny);

    public static IReadOnlyList<Condition> Parse(JsonElement? block) => block is not { ValueKind: JsonValueKind.Object } map
        ? []
        : [.. map.EnumerateObject().Where(o => o.Value.ValueKind == JsonValueKind.Object).SelectMany(o => o.Value.EnumerateObject().Select(k => new Condition(o.Name, k.Name.ToLowerInvariant(), k.Value.Texts())))];

    /// <summary>True when the only value is this one, letters of any case.</summary>
    public bool Wants(string value) => Values.Count == 1 && Values[0].Equals(value, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a request with this value passes; null for a comparison that is not worked out here (numbers, dates, addresses).</summary>
    public bool? Passes(string value)
    {
        Func<string, bool>? matches = Comparison switch
        {
            "stringequals" or "stringnotequals" => wanted => wanted == value,
            "stringequalsignorecase" or "stringnotequalsignorecase" or "bool" => wanted => wanted.Equals(value, StringComparison.OrdinalIgnoreCase),
            "stringlike" or "stringnotlike" => wanted => Glob.MatchExactly(wanted, value),
            "arnequals" or "arnlike" or "arnnotequals" or "arnnotlike" => wanted => MatchArn(wanted, value),
            _ => null,
        };
        return matches is null ? null : Values.Any(matches) != Negated;
    }

    /// <summary>ARNs are compared part by part: a wildcard does not reach over a colon, except in the resource.</summary>
    internal static bool MatchArn(string pattern, string arn)
    {
        var (wanted, parts) = (pattern.Split(':', 6), arn.Split(':', 6));
        return pattern == "*" || (wanted.Length == 6 && parts.Length == 6 && wanted.Zip(parts).All(p => Glob.MatchExactly(p.First, p.Second)));
    }

    private static string Bare(string name)
    {
        var text = name.ToLowerInvariant();
        text = text.StartsWith("forallvalues:", StringComparison.Ordinal) ? text[All.Length..] : text.StartsWith("foranyvalue:", StringComparison.Ordinal) ? text[Any.Length..] : text;
        return text.EndsWith("ifexists", StringComparison.Ordinal) ? text[..^8] : text;
    }
}
