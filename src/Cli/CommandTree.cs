using System.CommandLine;
using Pellicle.Cli.Commands;

namespace Pellicle.Cli;

/// <summary>The command tree: one class per command.</summary>
internal static class CommandTree
{
    private static readonly (string Name, Func<Command> Create)[] Commands =
    [
        ("demo", DemoCommand.Create),
        ("scan", () => ScanCommand.Create(new DeployedTargets())),
        ("db", DbCommands.Create),
        ("account", AccountCommand.Create),
        ("functions", FunctionsCommand.Create),
        ("findings", FindingsCommand.Create),
        ("layers", LayersCommand.Create),
        ("protect", ProtectCommand.Create),
        ("unprotect", UnprotectCommand.Create),
        ("status", StatusCommand.Create),
        ("mode", ModeCommand.Create),
        ("layer", LayerCommand.Create),
        ("instrument", InstrumentCommand.Create),
        ("policy", PolicyCommand.Create),
        ("incidents", IncidentsCommand.Create),
        ("inspect", InspectCommand.Create),
        ("versions", VersionsCommand.Create),
        ("serve", ServeCommand.Create),
        ("local", LocalCommand.Create),
    ];

    /// <summary>The tree for one command line: only the command it names, which saves the time of making the others; all of them where it names none.</summary>
    public static RootCommand Create(string? first = null)
    {
        var root = new RootCommand("Pellicle scans serverless functions with their layers, protects them by a layer, and repairs them.");
        var named = Array.Exists(Commands, c => c.Name == first);
        foreach (var (name, create) in Commands)
        {
            if (!named || name == first)
            {
                root.Add(create());
            }
        }

        return root;
    }
}
