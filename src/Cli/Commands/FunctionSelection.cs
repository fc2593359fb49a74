using System.CommandLine;
using System.IO.Enumeration;
using Pellicle.Aws;

namespace Pellicle.Cli.Commands;

/// <summary>Functions of one region.</summary>
/// <param name="Lambda">Client of the region.</param>
/// <param name="Names">Names or ARNs, sorted.</param>
internal sealed record SelectedFunctions(LambdaClient Lambda, IReadOnlyList<string> Names);

/// <summary>Chooses functions by name, pattern (<c>*</c>), tag, or all, in one or several regions.</summary>
internal sealed class FunctionSelection
{
    private readonly Argument<string[]> _names = new("FUNCTION") { Description = "names, ARNs or patterns with *", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string?> _tag = new("--tag") { Description = "only functions with this tag", HelpName = "KEY[=VALUE]" };
    private readonly Option<bool> _all = new("--all") { Description = "every function" };
    private readonly Option<string[]> _regions = new("--regions") { Description = "several regions instead of one, separated by commas", HelpName = "R,R" };
    private readonly AwsOptions _aws;

    public FunctionSelection(Command command)
    {
        command.Add(_names);
        command.Add(_tag);
        command.Add(_all);
        command.Add(_regions);
        _aws = new AwsOptions(command);
    }

    /// <summary>Regions without a matching function are left out; none at all is an error.</summary>
    /// <param name="result">Parsed command line.</param>
    /// <param name="defaultAll">No name and no tag mean every function.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    public async Task<IReadOnlyList<SelectedFunctions>> ResolveAsync(ParseResult result, bool defaultAll, CancellationToken cancellationToken)
    {
        var names = result.GetValue(_names) ?? [];
        var tag = result.GetValue(_tag);
        var all = result.GetValue(_all) || (defaultAll && names.Length == 0 && tag is null);
        if (names.Length == 0 && tag is null && !all)
        {
            throw new CliException("no function was named", "give names or patterns, --tag KEY=VALUE, or --all", ExitCode.Usage);
        }

        var regions = (result.GetValue(_regions) ?? []).SelectMany(r => r.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Distinct().ToList();
        var chosen = new List<SelectedFunctions>();
        foreach (var lambda in regions.Count == 0 ? [_aws.Connect(result)] : regions.Select(r => _aws.Connect(result, r)))
        {
            var found = await InRegionAsync(lambda, names, tag, all, regions.Count > 1, cancellationToken);
            if (found.Count > 0)
            {
                chosen.Add(new SelectedFunctions(lambda, found));
            }
        }

        return chosen.Count > 0 || (defaultAll && names.Length == 0 && tag is null) ? chosen : throw new CliException("no function matches", "list them with `pellicle functions list`");
    }

    private static async Task<IReadOnlyList<string>> InRegionAsync(LambdaClient lambda, string[] names, string? tag, bool all, bool several, CancellationToken cancellationToken)
    {
        // A name that is given goes to Lambda as it is, which then says whether it exists; of several regions only those that have it count.
        if (tag is null && !all && !several && names.All(n => !n.Contains('*', StringComparison.Ordinal)))
        {
            return names;
        }

        var chosen = new List<string>();
        await foreach (var function in lambda.ListFunctionsAsync(false, cancellationToken))
        {
            var named = names.Length == 0 || names.Any(n => n == function.FunctionArn || FileSystemName.MatchesSimpleExpression(n, function.FunctionName, ignoreCase: false));
            if (named && (tag is null || await HasTagAsync(lambda, function.UnqualifiedArn, tag, cancellationToken)))
            {
                chosen.Add(function.FunctionName);
            }
        }

        chosen.Sort(StringComparer.Ordinal);
        return chosen;
    }

    /// <summary>Those of the named functions that carry a tag.</summary>
    public static async Task<IReadOnlyList<string>> WithTagAsync(LambdaClient lambda, IReadOnlyList<string> functions, string tag, CancellationToken cancellationToken)
    {
        var chosen = new List<string>();
        foreach (var function in functions)
        {
            var arn = function.StartsWith("arn:", StringComparison.Ordinal) ? function : (await lambda.GetConfigurationAsync(function, null, cancellationToken)).UnqualifiedArn;
            if (await HasTagAsync(lambda, arn, tag, cancellationToken))
            {
                chosen.Add(function);
            }
        }

        return chosen;
    }

    private static async Task<bool> HasTagAsync(LambdaClient lambda, string arn, string tag, CancellationToken cancellationToken)
    {
        var parts = tag.Split('=', 2);
        return (await lambda.ListTagsAsync(arn, cancellationToken)).TryGetValue(parts[0], out var value) && (parts.Length == 1 || parts[1] == value);
    }
}
