using Pellicle.Guard.Modes;

namespace Pellicle.Guard;

/// <summary>One binary, several parts; which one is told by its name or its first argument.</summary>
internal static class Program
{
    internal const string ExtensionName = "pellicle";

    private static int Main(string[] arguments)
    {
        // One heap of the C library for all threads: a heap for each is a hundred kilobytes that nobody needs.
        _ = Native.Libc.mallopt(Native.Libc.MArenaMax, 1);
        Inspection.Inspector.UseWideVectors();
        var name = Environment.GetCommandLineArgs()[0];
        if (arguments.Length == 0 && name.EndsWith("/extensions/" + ExtensionName, StringComparison.Ordinal))
            return ExtensionMode.Run(ExtensionName);
        return arguments switch
        {
            ["extension"] => ExtensionMode.Run(Path.GetFileName(name) is { Length: > 0 } own && name.Contains("/extensions/", StringComparison.Ordinal) ? own : ExtensionName),
            ["proxy", .. var options] => ProxyMode.Run(options),
            ["--version"] => Version(),
            _ => Usage("which part?"),
        };
    }

    internal static int Usage(string problem)
    {
        Telemetry.Log.Error($"{problem}; usage: guard extension | proxy --listen ADDR --upstream ADDR [--policy FILE]");
        return 2;
    }

    private static int Version()
    {
        Console.Out.Write($"{Server.BatchWriter.GuardVersion}\n");
        return 0;
    }
}
