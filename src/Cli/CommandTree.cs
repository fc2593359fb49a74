using System.CommandLine;
using Pellicle.Cli.Commands;

namespace Pellicle.Cli;

/// <summary>The command tree: one class per command.</summary>
internal static class CommandTree
{
    public static RootCommand Create() => new("Pellicle scans serverless functions with their layers, protects them by a layer, and repairs them.")
    {
        DemoCommand.Create(),
        ScanCommand.Create(),
        DbCommand.Create(),
        AccountCommand.Create(),
        FunctionsCommand.Create(),
        LayersCommand.Create(),
        ProtectCommand.Create(),
        UnprotectCommand.Create(),
        StatusCommand.Create(),
        ModeCommand.Create(),
        LayerCommand.Create(),
        InstrumentCommand.Create(),
        PolicyCommand.Create(),
        IncidentsCommand.Create(),
        InspectCommand.Create(),
        VersionsCommand.Create(),
        ServeCommand.Create(),
        LocalCommand.Create(),
    };
}
