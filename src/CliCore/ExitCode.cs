namespace Pellicle.Cli;

/// <summary>What the process tells its caller.</summary>
internal enum ExitCode
{
    /// <summary>Done.</summary>
    Done = 0,

    /// <summary>Findings at or above <c>--fail-on</c>.</summary>
    Findings = 1,

    /// <summary>Wrong usage.</summary>
    Usage = 2,

    /// <summary>Could not run, or ran incompletely.</summary>
    Incomplete = 3,
}
