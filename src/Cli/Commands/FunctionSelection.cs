using System.CommandLine;
using Pellicle.Aws;

namespace Pellicle.Cli.Commands;

/// <summary>Chooses functions by name, pattern (<c>*</c>), tag, or all.</summary>
internal sealed class FunctionSelection
{
    private readonly Argument<string[]> _names = new("FUNCTION") { Description = "names, ARNs or patterns with *", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string?> _tag = new("--tag") { Description = "only functions with this tag", HelpName = "KEY[=VALUE]" };
    private readonly Option<bool> _all = new("--all") { Description = "every function" };

    public FunctionSelection(Command command)
    {
        command.Add(_names);
        command.Add(_tag);
        command.Add(_all);
    }

    public async Task<IReadOnlyList<string>> ResolveAsync(LambdaClient lambda, ParseResult result, bool defaultAll, CancellationToken cancellationToken)
    {
        var names = result.GetValue(_names) ?? [];
        var tag = result.GetValue(_tag);
        var all = result.GetValue(_all) || (defaultAll && names.Length == 0);
        if (names.Length == 0 && tag is null && !all)
        {
            throw new CliException("no function was named", "give names or patterns, --tag KEY=VALUE, or --all", ExitCode.Usage);
        }

        if (tag is null && !all && names.All(n => !n.Contains('*', StringComparison.Ordinal)))
        {
            return names;
        }

        var chosen = new List<string>();
        await foreach (var function in lambda.ListFunctionsAsync(false, cancellationToken))
        {
            if (names.Length > 0 && !names.Any(n => n == function.FunctionArn || System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(n, function.FunctionName, ignoreCase: false)))
            {
                continue;
            }

            if (tag is not null)
            {
                var parts = tag.Split('=', 2);
                var tags = (await lambda.GetFunctionAsync(function.FunctionName, null, cancellationToken)).Tags;
                if (tags is null || !tags.TryGetValue(parts[0], out var value) || (parts.Length == 2 && parts[1] != value))
                {
                    continue;
                }
            }

            chosen.Add(function.FunctionName);
        }

        chosen.Sort(StringComparer.Ordinal);
        return chosen.Count > 0 ? chosen : throw new CliException("no function matches", "list them with `pellicle functions list`");
    }
}
