using System.CommandLine;
using System.Reflection;
using Pellicle.Aws;
using Pellicle.Cli;
using Pellicle.Posture;

// Answered before anything else is loaded.
if (args is ["--version"])
{
    Console.WriteLine(typeof(ExitCode).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]);
    return (int)ExitCode.Done;
}

PostureTables.UseDirectory(TableUpdate.Folder);
var root = CommandTree.Create(args.FirstOrDefault());
try
{
    var result = root.Parse(args);
    if (result.Errors.Count > 0)
    {
        foreach (var error in result.Errors)
        {
            Console.Error.WriteLine($"pellicle: {error.Message}");
        }

        Console.Error.WriteLine("  see `pellicle --help`");
        return (int)ExitCode.Usage;
    }

    return await result.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(20) });
}
catch (CliException exception)
{
    Output.Fail(exception.Message, exception.Hint);
    return (int)exception.Code;
}
catch (AwsException exception)
{
    Output.Fail(exception.Message, exception.IsDenied ? "the credentials lack this permission" : "");
    return (int)ExitCode.Incomplete;
}
catch (FileNotFoundException exception)
{
    Output.Fail(exception.Message, "");
    return (int)ExitCode.Incomplete;
}
catch (OperationCanceledException)
{
    return (int)ExitCode.Incomplete;
}
