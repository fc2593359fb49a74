using System.Text;

namespace Pellicle.Guard.Telemetry;

/// <summary>Lines on stderr, which the platform keeps as the extension's log.</summary>
internal static class Log
{
    private static readonly Stream Out = Console.OpenStandardError();

    internal static int Level { get; } = Environment.GetEnvironmentVariable("PELLICLE_LOG") switch { "debug" => 2, "info" => 1, _ => 0 };

    internal static void Error(string message) => Write(message);

    internal static void Info(string message)
    {
        if (Level >= 1)
            Write(message);
    }

    internal static void Debug(string message)
    {
        if (Level >= 2)
            Write(message);
    }

    private static void Write(string message)
    {
        try
        {
            Out.Write(Encoding.UTF8.GetBytes($"pellicle: {message.ReplaceLineEndings(" ")}\n"));
        }
        catch (IOException)
        {
            Health.LostLogLines++; // nowhere left to say it
        }
    }
}
