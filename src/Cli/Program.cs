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

PostureTables.UseDirectory(Places.Tables);
return await CommandRun.InvokeAsync(CommandTree.Create(args.FirstOrDefault()), args, static exception =>
    exception is AwsException aws ? new CliException(aws.Message, aws.IsDenied ? "the credentials lack this permission" : "") : null);
