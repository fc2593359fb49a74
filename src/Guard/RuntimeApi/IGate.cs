namespace Pellicle.Guard.RuntimeApi;

/// <summary>The guard's own answer to the platform in place of the function's.</summary>
/// <param name="AsError">Post to <c>/error</c> instead of <c>/response</c>.</param>
/// <param name="Body">JSON.</param>
/// <param name="ErrorType">Value of <c>Lambda-Runtime-Function-Error-Type</c> when <paramref name="AsError"/>.</param>
internal sealed record OwnAnswer(bool AsError, byte[] Body, string ErrorType);

/// <summary>What the hop asks the guard. Implementations never throw; a fault counts and lets pass.</summary>
internal interface IGate
{
    /// <summary>Whether responses are held until they have been checked (only those that are not streamed).</summary>
    bool HoldsResponses { get; }

    /// <summary>A client wants the next event. False: refuse it.</summary>
    bool MayPoll(Connection connection);

    /// <summary>Whether an event waits for its inspection. When not, <see cref="Announce"/> comes before it is delivered and <see cref="Arrived"/> after.</summary>
    bool HoldsEvents { get; }

    /// <summary>This event is about to be delivered; its inspection follows.</summary>
    Invocation Announce(ReadOnlySpan<byte> head, Connection to);

    /// <summary>
    /// An event came. Null: deliver it unchanged. An answer is honoured only when <paramref name="held"/>; otherwise the event is on its way, as <paramref name="announced"/>.
    /// </summary>
    OwnAnswer? Arrived(ReadOnlySpan<byte> head, ReadOnlyMemory<byte> body, bool held, Invocation? announced, Connection to);

    /// <summary>An invocation was answered by the guard itself, and the platform is about to be asked for the next one.</summary>
    void Settle();

    /// <summary>An event cannot be looked at, because it is larger than the hop buffers or was cut short. Null: it passes.</summary>
    OwnAnswer? ArrivedUnread(ReadOnlySpan<byte> head, Connection to);

    /// <summary>The guard serves the role's credentials itself; when not, that route is the platform's like any other.</summary>
    bool ServesCredentials { get; }

    /// <summary>The credentials document for this client. Null: refuse it.</summary>
    byte[]? Credentials(Connection connection, string? authorization);

    /// <summary>The environment was restored from a snapshot, and the runtime is about to be told.</summary>
    void Restored();

    /// <summary>A client answers <paramref name="requestId"/>. False: refuse it.</summary>
    bool MayAnswer(string requestId, Connection connection);

    /// <summary>A response, where it is <paramref name="whole"/> without its chunks' sizes, or a piece of one. Null: pass it on unchanged. An answer is honoured only when <paramref name="held"/>.</summary>
    OwnAnswer? Leaving(string requestId, ReadOnlySpan<byte> head, ReadOnlySpan<byte> piece, bool held, bool whole);

    /// <summary>The platform accepted the answer for this invocation.</summary>
    void Answered(string requestId);

    /// <summary>Something of ours failed and the message passed without a decision.</summary>
    void Fault(string where, Exception? error);
}
