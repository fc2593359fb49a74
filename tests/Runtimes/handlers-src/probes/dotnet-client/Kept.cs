namespace ProbeClient;

/// <summary>Keeps what belongs to an invocation as a runtime client does: in the flow of the task that handles it.</summary>
public static class Kept
{
    private static readonly AsyncLocal<string> TraceId = new();

    private static readonly AsyncLocal<Context> Current = new();

    public static void Begin(string requestId)
    {
        TraceId.Value = "Root=1";
        Current.Value = new Context { AwsRequestId = requestId };
    }

    public static void End() => Current.Value = null;

    private sealed class Context
    {
        public string AwsRequestId { get; init; }
    }
}
