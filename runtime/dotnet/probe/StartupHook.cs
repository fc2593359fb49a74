using Pellicle.Probe;

/// <summary>Called by the .NET host before the program's Main; the host wants this name, without a namespace.</summary>
internal static class StartupHook
{
    /// <summary>Nothing is loaded here that the program does not load itself: each watch starts with the library it watches.</summary>
    public static void Initialize()
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("PELLICLE_CHANNEL")))
            return;
        LoadWatch.Start();
    }
}
