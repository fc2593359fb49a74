using Pellicle.Domain;

namespace Pellicle.Scanning.Secrets;

/// <summary>Turns matches of one file into findings: one a kind, so that a fingerprint does not depend on line numbers.</summary>
internal static class SecretFindings
{
    public static IEnumerable<Finding> Make(string origin, string path, IReadOnlyList<SecretMatch> matches, string? sensitive)
    {
        var isFunction = origin == "function";
        foreach (var group in matches.GroupBy(match => match.Id))
        {
            var check = group.Key == "private-key" ? "D-4" : isFunction ? "D-5" : "D-6";
            var lines = string.Join(", ", group.Select(match => match.Line).Distinct().Order().Take(10));
            if (group.Key == TemplateTokens.Id)
            {
                yield return Make("E-11", Severity.High, origin, path, $"An EventSourceToken stands in clear text in {path}", $"line {lines}: whoever reads the template can call the function as that event source", "take it from a parameter with NoEcho, or write {{resolve:secretsmanager:NAME}}, and change the token");
                continue;
            }

            yield return Make($"{check}:{group.Key}", group.Key == "generic-secret" || (check == "D-4" && IsForTests(path)) ? Severity.Medium : isFunction || check == "D-4" ? Severity.Critical : Severity.High, origin, path,
                $"{group.First().Title} in {path}",
                $"line {lines}: {string.Join("; ", group.Select(match => match.Redacted).Distinct().Take(5))}",
                "revoke this credential, remove it from the package, and read it at run time from Secrets Manager or Parameter Store");
        }

        if (sensitive is not null)
        {
            yield return Make("D-7", Severity.High, origin, path, $"Left-over sensitive file ({sensitive})", $"{path} is a {sensitive}; everyone who may read the function's code may read it", "exclude the file from the package and revoke what it holds");
        }
    }

    /// <summary>Keys in folders of tests are keys, and most often guard nothing.</summary>
    private static bool IsForTests(string path) => path.Split('/').SkipLast(1).Any(folder => folder is "test" or "tests" or "testing" or "testdata" or "fixtures" or "examples" or "__tests__");

    private static Finding Make(string rule, Severity severity, string origin, string path, string title, string description, string remediation) => new()
    {
        Fingerprint = Finding.MakeFingerprint(FindingKind.Secret, rule, null, origin, path),
        Kind = FindingKind.Secret,
        RuleId = rule,
        Severity = severity,
        Origin = origin,
        Path = path,
        Title = title,
        Description = description,
        Remediation = remediation,
    };
}
