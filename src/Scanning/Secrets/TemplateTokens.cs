using System.Text.RegularExpressions;

namespace Pellicle.Scanning.Secrets;

/// <summary>Finds the token of an event source (<c>EventSourceToken</c> of a Lambda permission) written into a template. A reference is fine.</summary>
internal static partial class TemplateTokens
{
    /// <summary>Kind of the match.</summary>
    public const string Id = "event-source-token";

    public static IEnumerable<SecretMatch> Scan(ScanPath path, ReadOnlySpan<char> text)
    {
        if (path.Extension is not (".yml" or ".yaml" or ".json" or ".template" or ".tf") || (text.IndexOf("EventSourceToken") < 0 && text.IndexOf("event_source_token") < 0))
        {
            return [];
        }

        var matches = new List<SecretMatch>();
        foreach (var match in Literal().EnumerateMatches(text))
        {
            matches.Add(new SecretMatch(Id, "event source token", text[..match.Index].Count('\n') + 1, ""));
        }

        return matches;
    }

    // A value that begins with none of: ! (a CloudFormation function), { (a reference or dynamic reference), ${ (Terraform, Fn::Sub), var. and the like.
    [GeneratedRegex(@"\b(?:EventSourceToken|event_source_token)[""']?\s*[:=][ \t]*(?:""[^""!${\s][^""\r\n${]{3,}""|'[^'!${\s][^'\r\n${]{3,}'|amzn1\.[A-Za-z0-9._-]+)", RegexOptions.NonBacktracking)]
    private static partial Regex Literal();
}
