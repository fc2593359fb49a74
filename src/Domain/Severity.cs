namespace Pellicle.Domain;

/// <summary>How bad a finding or incident is. Ordered: a larger value is worse.</summary>
public enum Severity
{
    /// <summary>Worth knowing, nothing to do.</summary>
    Info,

    /// <summary>Weakens the defence a little.</summary>
    Low,

    /// <summary>Weakens the defence; repair in the ordinary course.</summary>
    Medium,

    /// <summary>Likely to be used by an attacker.</summary>
    High,

    /// <summary>Repair at once.</summary>
    Critical,
}
