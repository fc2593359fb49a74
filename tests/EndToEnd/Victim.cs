namespace Pellicle.EndToEnd.Tests;

/// <summary>A vulnerable function of one language (see functions/).</summary>
public sealed record Victim(string Language, string Runtime, string Handler)
{
    public static IReadOnlyList<Victim> All { get; } =
    [
        new("python", "python3.11", "handler.handler"),
        new("node", "nodejs20.x", "index.handler"),
        new("java", "java17", "victim.Handler::handle"),
        new("dotnet", "dotnet10", "Victim::Victim.Handler::Handle"),
        new("ruby", "ruby3.2", "handler.handler"),
    ];
}

/// <summary>How a victim is deployed. Each has environments of its own, so that nothing has to be switched between cases.</summary>
public enum Guarding
{
    /// <summary>No layer.</summary>
    None,

    /// <summary>Protected, mode monitor.</summary>
    Monitor,

    /// <summary>Protected, mode protect.</summary>
    Protect,

    /// <summary>Mode protect without the event boundary: what the function does is judged alone.</summary>
    Sinks,

    /// <summary>Mode protect with an approved profile that knows the ordinary operations only.</summary>
    Profile,
}
