namespace Pellicle.Domain;

/// <summary>The kinds of behaviour that are watched, learned and decided. Numbers are those of the guard channel (decision 0001).</summary>
public enum Dimension : byte
{
    /// <summary>Start of a program; item: resolved path.</summary>
    Process = 1,

    /// <summary>Outbound network; item: <c>name:port</c>, or <c>ip:port</c> when no look-up is known.</summary>
    Host = 2,

    /// <summary>A file opened for reading; item: resolved path.</summary>
    Read = 3,

    /// <summary>A file opened for writing, removed, renamed; item: resolved path.</summary>
    Write = 4,

    /// <summary>A native library loaded; item: resolved path.</summary>
    Library = 5,

    /// <summary>A call to AWS; item: <c>service:Operation</c>.</summary>
    Aws = 6,

    /// <summary>Shape of an event.</summary>
    Event = 7,

    /// <summary>Shape of a response.</summary>
    Response = 8,

    /// <summary>Code made from text at run time.</summary>
    Code = 9,

    /// <summary>Deserialisation of a type; item: <c>format:type</c>.</summary>
    Deserialize = 10,

    /// <summary>An attempt on the guard, the runtime or another process.</summary>
    Tamper = 11,

    /// <summary>A statement on its way to a database; item: <c>postgresql</c>, <c>mysql</c> or <c>sqlite</c>.</summary>
    Statement = 12,
}

/// <summary>Something a function did.</summary>
/// <param name="Dimension">Kind.</param>
/// <param name="Item">What exactly, in the form the dimension names.</param>
public readonly record struct Behaviour(Dimension Dimension, string Item);

/// <summary>What protection does with a behaviour that is not allowed.</summary>
public enum ProtectionMode
{
    /// <summary>Nothing is watched.</summary>
    Off = 0,

    /// <summary>Watched and reported, never stopped.</summary>
    Monitor = 1,

    /// <summary>Stopped.</summary>
    Protect = 2,
}
