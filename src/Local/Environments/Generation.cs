using Pellicle.Local.Invocation;

namespace Pellicle.Local.Environments;

/// <summary>Where the runtime process stands with the Runtime API. Names are those of the platform's error messages.</summary>
internal enum RuntimeState
{
    /// <summary>Not yet asked for work.</summary>
    Started,

    /// <summary>Waits in <c>next</c>.</summary>
    Ready,

    /// <summary>Has an event.</summary>
    Running,

    /// <summary>Is sending its answer.</summary>
    InvocationResponse,

    /// <summary>Is sending its error.</summary>
    InvocationErrorResponse,

    /// <summary>Has answered; has not asked again.</summary>
    ResponseSent,

    /// <summary>Reported that it cannot start.</summary>
    InitError,

    /// <summary>The process has ended.</summary>
    Exited,
}

/// <summary>Where an extension stands with the Extensions API.</summary>
internal enum ExtensionState
{
    /// <summary>Its process runs.</summary>
    Started,

    /// <summary>Registered, has not asked for events.</summary>
    Registered,

    /// <summary>Waits in <c>event/next</c>.</summary>
    Ready,

    /// <summary>Has an event.</summary>
    Running,

    /// <summary>Called <c>init/error</c>.</summary>
    InitError,

    /// <summary>Called <c>exit/error</c>.</summary>
    ExitError,

    /// <summary>The process has ended.</summary>
    Exited,
}

/// <summary>One extension of one generation.</summary>
internal sealed class Extension(string name, bool external, int processId)
{
    public string Name { get; } = name;

    public bool External { get; } = external;

    public int ProcessId { get; } = processId;

    public Guid Id { get; } = Guid.NewGuid();

    public ExtensionState State { get; set; }

    public IReadOnlyList<string> Events { get; set; } = [];

    public bool Subscribed { get; set; }

    public TaskCompletionSource<byte[]?>? Next { get; set; }

    /// <summary>An event that came while the extension was not waiting.</summary>
    public byte[]? Pending { get; set; }

    public bool Wants(string eventType) => Events.Contains(eventType);
}

/// <summary>One invocation as the environment sees it.</summary>
internal sealed class RunningInvocation(InvocationRequest request)
{
    public InvocationRequest Request { get; } = request;

    public TaskCompletionSource<InvocationResult> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DateTimeOffset Deadline { get; set; }

    /// <summary>Timestamp of the delivery to the runtime.</summary>
    public long Started { get; set; }

    public bool Answered { get; set; }

    public string? ErrorType { get; set; }

    public long ProducedBytes { get; set; }

    /// <summary>When the first and last byte of the answer came.</summary>
    public long FirstByte { get; set; }

    public long LastByte { get; set; }
}

/// <summary>
/// Processes between one Init and the next reset. All members are guarded by the lock of their environment.
/// </summary>
internal sealed class Generation
{
    public const int MaxExtensions = 10;

    public RuntimeState Runtime { get; set; }

    public bool RuntimeLaunched { get; set; }

    public int RuntimeProcessId { get; set; }

    public bool RegistrationClosed { get; set; }

    public bool InitDone { get; set; }

    public bool ShuttingDown { get; set; }

    public Fault? Fault { get; set; }

    public List<Extension> Extensions { get; } = [];

    public TaskCompletionSource<RunningInvocation?>? RuntimeNext { get; set; }

    public RunningInvocation? Current { get; set; }

    public IEnumerable<Extension> Registered => Extensions.Where(extension => extension.State != ExtensionState.Started);

    public bool AllExternalRegistered => Extensions.All(extension => extension.State != ExtensionState.Started);

    /// <summary>Runtime and every registered extension wait for their next event.</summary>
    public bool AllReady => Runtime == RuntimeState.Ready && Extensions.All(extension => extension.State == ExtensionState.Ready);

    /// <summary>Runtime and the extensions that got this invocation wait again.</summary>
    public bool InvokeDone => Runtime == RuntimeState.Ready && Extensions.All(extension => extension.State == ExtensionState.Ready || !extension.Wants("INVOKE"));
}
