namespace Pellicle.Cli;

/// <summary>An expected failure of a command: printed as one line with a hint, no stack.</summary>
internal sealed class CliException(string message, string hint = "", ExitCode code = ExitCode.Incomplete) : Exception(message)
{
    public string Hint { get; } = hint;

    public ExitCode Code { get; } = code;
}
