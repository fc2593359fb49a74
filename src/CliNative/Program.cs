using System.CommandLine;
using System.Reflection;
using Pellicle.Cli;
using Pellicle.Cli.Commands;
using Pellicle.Posture;

// The program `pellicle`: what needs only files of this machine runs here, compiled ahead; everything else is handed to the program beside it.
if (args is ["--version"])
{
    Console.WriteLine(typeof(ExitCode).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]);
    return (int)ExitCode.Done;
}

var handover = new Handover(args);
var command = args switch
{
    ["scan", ..] => ScanCommand.Create(handover),
    ["inspect", ..] => InspectCommand.Create(),
    ["versions", ..] => VersionsCommand.Create(),
    ["db", "import", ..] => new Command("db") { DbCommand.Import() },
    ["db", "query", ..] => new Command("db") { DbCommand.Query() },
    _ => null,
};
PostureTables.UseDirectory(Places.Tables);
return command is null ? Handover.Run(args) : await CommandRun.InvokeAsync(new RootCommand { command }, args);
