namespace Pellicle.Posture;

/// <summary>What checks must know besides the function.</summary>
public sealed record PostureContext
{
    /// <summary>Today, from the caller's clock.</summary>
    public required DateOnly Today { get; init; }

    /// <summary>Accounts that may use functions and publish layers: those of the own organisation.</summary>
    public IReadOnlySet<string> TrustedAccounts { get; init; } = new HashSet<string>();

    /// <summary>How long before its deprecation a runtime is worth a word (default: 180 days, AWS's own notice).</summary>
    public int RuntimeNoticeDays { get; init; } = 180;

    /// <summary>Execution roles of all functions, to find those that may change other functions; null when unknown.</summary>
    public IReadOnlyList<RoleSubject>? Roles { get; init; }

    /// <summary>The context of one run; <paramref name="time"/> gives the day.</summary>
    public static PostureContext Of(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return new PostureContext { Today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime) };
    }
}
