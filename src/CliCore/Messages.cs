namespace Pellicle.Cli;

/// <summary>Talk, which goes to stderr; results go to stdout.</summary>
internal static class Messages
{
    /// <summary>A remark, one line.</summary>
    public static void Note(string text) => System.Console.Error.WriteLine(text);

    /// <summary>Why a command failed, and below it what helps.</summary>
    public static void Fail(string message, string hint)
    {
        System.Console.Error.WriteLine($"pellicle: {message}");
        if (hint.Length > 0)
        {
            System.Console.Error.WriteLine($"  {hint}");
        }
    }
}
