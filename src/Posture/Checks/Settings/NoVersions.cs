using Pellicle.Domain;

namespace Pellicle.Posture.Checks.Settings;

/// <summary>S-7: no version is published, or an alias follows $LATEST: there is nothing to go back to.</summary>
internal sealed class NoVersions : IPostureCheck
{
    public string Id => "S-7";

    public string Title => "code is not versioned";

    public string? Lacks(FunctionSubject function) => function.Aliases is null ? "lambda:ListAliases" : function.Versions is null ? "lambda:ListVersionsByFunction" : null;

    public IEnumerable<Finding> Judge(FunctionSubject function, PostureContext context)
    {
        if (function.Versions!.Count == 0)
        {
            yield return Report.Of(this, function, Severity.Low, "versions", "No version is published: each change takes effect at once, and none can be taken back.", $"aws lambda publish-version --function-name {function.Name}", Report.Lambda + "configuration-versions.html");
        }

        foreach (var alias in function.Aliases!.Where(a => a.Version == "$LATEST"))
        {
            yield return Report.Of(this, function, Severity.Low, $"alias:{alias.Name}", $"`{alias.Name}` names $LATEST: its callers get each change at once.", $"aws lambda update-alias --function-name {function.Name} --name {alias.Name} --function-version VERSION", Report.Lambda + "configuration-aliases.html");
        }
    }
}
