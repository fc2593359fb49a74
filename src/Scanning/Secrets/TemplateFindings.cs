using Pellicle.Domain;

namespace Pellicle.Scanning.Secrets;

/// <summary>What a template holds in clear text that it should only refer to (check E-11).</summary>
public static class TemplateFindings
{
    /// <summary>Findings of one template, named by its file name.</summary>
    public static IReadOnlyList<Finding> Find(string fileName, string text) =>
        [.. SecretFindings.Make("function", fileName, [.. TemplateTokens.Scan(new ScanPath(fileName), text)], null)];
}
