using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Pellicle.Local.ControlPlane.Functions;
using Pellicle.Local.ControlPlane.State;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.ControlPlane;

/// <summary>The state all operations share. Documents are immutable; changes happen one at a time under <see cref="Gate"/>.</summary>
internal sealed partial class Plane : IAsyncDisposable
{
    private readonly ConcurrentDictionary<ITimer, byte> _timers = new();
    private readonly FileStream _lock;
    private readonly ILogger _logger;

    public Plane(LocalLambdaOptions options, IInvoker invoker)
    {
        (Options, Invoker) = (options, invoker);
        _logger = options.LoggerFactory.CreateLogger("Pellicle.Local");
        var root = Path.GetFullPath(options.DataDirectory);
        Directory.CreateDirectory(root);
        try
        {
            _lock = new FileStream(Path.Combine(root, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new InvalidOperationException($"data directory `{root}` is in use by another local Lambda", e);
        }

        try
        {
            BucketsDirectory = Path.Combine(root, "s3");
            Functions = new(Path.Combine(root, "state", "functions"));
            Layers = new(Path.Combine(root, "state", "layers"));
            Mappings = new(Path.Combine(root, "state", "event-source-mappings"));
            Events = new(Path.Combine(root, "state", "events"));
            Roles = new(Path.Combine(root, "state", "roles"));
            ManagedPolicies = new(Path.Combine(root, "state", "policies"));
            Code = new(Path.Combine(root, "code"));
            Code.RemoveAllBut(CodeInUse());
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    public LocalLambdaOptions Options { get; }

    public IInvoker Invoker { get; }

    public ILogger Logger => _logger;

    public TimeProvider Time => Options.TimeProvider;

    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>Where the server answers; set once it listens.</summary>
    public Uri Address { get; set; } = new("http://127.0.0.1/");

    public string BucketsDirectory { get; }

    public Lock Gate { get; } = new();

    public DocumentStore<FunctionDocument> Functions { get; }

    public DocumentStore<LayerDocument> Layers { get; }

    public DocumentStore<EventSourceMappingDocument> Mappings { get; }

    public DocumentStore<PendingEvent> Events { get; }

    public DocumentStore<RoleDocument> Roles { get; }

    public DocumentStore<ManagedPolicyDocument> ManagedPolicies { get; }

    public CodeStore Code { get; }

    public static string NewRevision() => Guid.NewGuid().ToString();

    public FunctionDocument Find(FunctionReference reference) =>
        Functions.Find(reference.Region, reference.Name) ?? throw reference.NotFound();

    /// <summary>Changes one function; durable when it returns.</summary>
    public FunctionDocument Change(FunctionReference reference, Func<FunctionDocument, FunctionDocument> change)
    {
        lock (Gate)
        {
            var before = Find(reference);
            var after = change(before);
            if (!ReferenceEquals(before, after))
                Functions.Put(reference.Region, reference.Name, after);
            return after;
        }
    }

    /// <summary>Runs <paramref name="action"/> once, later; forgotten when the server stops.</summary>
    public void Later(TimeSpan delay, Func<Task> action)
    {
        // The timer may fire before this method has stored it, hence the two steps.
        ITimer? timer = null;
        timer = Time.CreateTimer(_ => _ = RunAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timers[timer] = 0;
        timer.Change(delay < TimeSpan.Zero ? TimeSpan.Zero : delay, Timeout.InfiniteTimeSpan);

        async Task RunAsync()
        {
            _timers.TryRemove(timer!, out var _);
            await timer!.DisposeAsync();
            try
            {
                await action();
            }
            catch (Exception e)
            {
                LogBackgroundFault(e);
            }
        }
    }

    /// <summary>Ends environments that no longer match; their fate does not concern the caller.</summary>
    public void Retire(string arn, string version, string? keepRevision) =>
        _ = RetireAsync(arn, version, keepRevision);

    public async ValueTask DisposeAsync()
    {
        foreach (var timer in _timers.Keys)
            await timer.DisposeAsync();
        if (Invoker is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
        await _lock.DisposeAsync();
    }

    private async Task RetireAsync(string arn, string version, string? keepRevision)
    {
        try
        {
            await Invoker.RetireAsync(arn, version, keepRevision);
        }
        catch (Exception e)
        {
            LogBackgroundFault(e);
        }
    }

    private IEnumerable<string> CodeInUse()
    {
        var versions = Functions.All().SelectMany(f => f.Document.Versions.Append(f.Document.Latest));
        var settings = versions.Select(v => v.Settings).Concat(versions.Where(v => v.Serving is not null).Select(v => v.Serving!.Settings));
        return settings.SelectMany(s => s.Layers.Select(l => l.Code).Append(s.Code))
            .Concat(Layers.All().SelectMany(l => l.Document.Versions).Select(v => v.Code))
            .Select(c => c.Sha256).ToList();
    }

    [LoggerMessage(1, LogLevel.Error, "background work failed")]
    private partial void LogBackgroundFault(Exception exception);
}
