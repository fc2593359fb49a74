using System.Diagnostics;

/// <summary>What an attacker sends as an assembly.</summary>
public static class Gift
{
    public static string Open()
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/id") { RedirectStandardOutput = true })!;
        return process.StandardOutput.ReadToEnd();
    }
}

/// <summary>What a child runs first when it is told to.</summary>
internal static class StartupHook
{
    public static void Initialize() => Console.WriteLine("loaded-it");
}
