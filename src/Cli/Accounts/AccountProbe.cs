using Pellicle.Aws;

namespace Pellicle.Cli.Accounts;

/// <summary>Tries what a scan needs, and says in words what is missing and what that costs.</summary>
internal static class AccountProbe
{
    /// <returns>Permissions that are missing.</returns>
    public static async Task<int> RunAsync(LambdaClient lambda, CancellationToken cancellationToken)
    {
        var region = lambda.Http.Settings.Region;
        var identity = await new StsClient(lambda.Http).GetCallerIdentityAsync(cancellationToken);
        Messages.Note($"{region}: account {identity.Account} as {identity.Arn}");
        FunctionConfiguration? first = null;
        try
        {
            await foreach (var function in lambda.ListFunctionsAsync(false, cancellationToken))
            {
                // One with layers and a role tries the most.
                first = first is null || (first.Layers.Count == 0 && function.Layers.Count > 0) ? function : first;
                if (first.Layers.Count > 0)
                {
                    break;
                }
            }
        }
        catch (AwsException exception) when (exception.IsDenied)
        {
            Messages.Note($"{region}: not allowed: lambda:ListFunctions; without it nothing can be scanned ({exception.Text})");
            return 1;
        }

        if (first is null)
        {
            Messages.Note($"{region}: no function yet, so the other permissions cannot be tried");
            return 0;
        }

        var reader = new InventoryReader(lambda, new IamClient(lambda.Http), new StsClient(lambda.Http), new InventoryOptions { Functions = new HashSet<string> { first.FunctionName }, AllRoles = false, MaxVersions = 1 });
        var denied = (await reader.ReadAsync(cancellationToken)).Gaps.Where(g => g.Denied).ToList();
        foreach (var gap in denied)
        {
            Messages.Note($"{region}: {AccountScan.Describe(gap)}");
        }

        Messages.Note(denied.Count == 0 ? $"{region}: every permission that could be tried is there" : $"{region}: {denied.Count} permissions are missing; `pellicle account policy` prints the whole policy");
        return denied.Count;
    }
}
