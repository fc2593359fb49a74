using Pellicle.Domain;
using Pellicle.Policy;

namespace Pellicle.Server;

/// <summary>How a server is started.</summary>
public sealed record ServerOptions
{
    /// <summary>Addresses to listen on; port 0 picks a free one.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:0";

    /// <summary>Directory of the database and keys; made when it is absent.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Mode of the policy a function gets when it is first seen.</summary>
    public ProtectionMode DefaultMode { get; init; } = ProtectionMode.Monitor;

    /// <summary>When a learned dimension counts as ready.</summary>
    public LearningOptions Learning { get; init; } = new();

    /// <summary>Admin token to use instead of a generated one, 20 characters or more; for containers and tests.</summary>
    public string? AdminToken { get; init; }

    /// <summary>How accounts are scanned; null where this server has none.</summary>
    public Accounts.IAccountScanner? Accounts { get; init; }

    /// <summary>Days after which incidents, and batch ids known for idempotency, are forgotten. 0 keeps them.</summary>
    public int RetentionDays { get; init; } = 90;
}
