using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Pellicle.Local;

/// <summary>Settings of a <see cref="LocalLambda"/>.</summary>
public sealed record LocalLambdaOptions
{
    /// <summary>Addresses to listen on, separated by <c>;</c>. Port 0 picks a free one.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:0";

    /// <summary>Everything that survives a restart lies here; created when absent. One process at a time.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Directory of the runtimes' bootstraps, one folder each.</summary>
    public required string RuntimesDirectory { get; init; }

    /// <summary>Names that functions find at these addresses, beside what the machine's resolver knows: stand-ins for services that are not there.</summary>
    public IReadOnlyDictionary<string, string> Hosts { get; init; } = new Dictionary<string, string>();

    /// <summary>Clock and timers.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the local Lambda and its environments log.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>How long <c>Pending</c> and <c>InProgress</c> stay visible after a change.</summary>
    public TimeSpan TransitionTime { get; init; } = TimeSpan.FromMilliseconds(50);
}
