using System.CommandLine;

namespace Pellicle.Cli;

/// <summary>One command line, from its words to the exit status.</summary>
internal static class CommandRun
{
    /// <summary>Parses and runs. Expected failures become a line and a status, as does what <paramref name="explain"/> knows; anything else is thrown.</summary>
    public static async Task<int> InvokeAsync(RootCommand root, string[] args, Func<Exception, CliException?>? explain = null)
    {
        try
        {
            var result = root.Parse(args);
            if (result.Errors.Count > 0)
            {
                foreach (var error in result.Errors)
                {
                    System.Console.Error.WriteLine($"pellicle: {error.Message}");
                }

                System.Console.Error.WriteLine("  see `pellicle --help`");
                return (int)ExitCode.Usage;
            }

            return await result.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(20) });
        }
        catch (OperationCanceledException)
        {
            return (int)ExitCode.Incomplete;
        }
        catch (Exception exception) when (Explain(exception, explain) is { } known)
        {
            Messages.Fail(known.Message, known.Hint);
            return (int)known.Code;
        }
    }

    private static CliException? Explain(Exception exception, Func<Exception, CliException?>? more) => exception switch
    {
        CliException known => known,
        // A full disk, a closed pipe, a folder that is not ours: told, not a stack.
        IOException or UnauthorizedAccessException => new CliException(exception.Message.ReplaceLineEndings(" ")),
        _ => more?.Invoke(exception),
    };
}
