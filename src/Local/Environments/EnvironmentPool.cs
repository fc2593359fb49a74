using Microsoft.Extensions.Logging;
using Pellicle.Local.Environments.Content;
using Pellicle.Local.Invocation;

namespace Pellicle.Local.Environments;

/// <summary>All execution environments of the local Lambda. A free one of the same function, version and revision is used again; else a new one is made.</summary>
internal sealed class EnvironmentPool : IInvoker, IAsyncDisposable
{
    /// <summary>Invocations at the same time over all functions; a machine is smaller than a region.</summary>
    public const int MaxConcurrency = 100;

    /// <summary>An environment that nobody calls is shut down after this.</summary>
    public static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(5);

    /// <summary>How long an invocation waits for an environment that has answered but whose extensions still work, or that resets: more than the shutdown budget of 2 s.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(3);

    private readonly LocalLambdaOptions options;
    private readonly ContentStore content;
    private readonly ILogger logger;
    private readonly Lock gate = new();
    private readonly Dictionary<Key, Group> groups = [];
    private readonly Dictionary<string, int> running = new(StringComparer.Ordinal);
    private readonly HashSet<Task> ending = [];
    private int total;
    private bool disposed;

    public EnvironmentPool(LocalLambdaOptions options)
    {
        this.options = options;
        logger = options.LoggerFactory.CreateLogger<EnvironmentPool>();
        content = new ContentStore(Directory.CreateDirectory(Path.Combine(Path.GetFullPath(options.DataDirectory), "content")).FullName);
    }

    public async Task<InvocationResult> InvokeAsync(FunctionSnapshot function, InvocationRequest request, CancellationToken cancellationToken)
    {
        var key = new Key(function.Arn, function.Version, function.ConfigurationRevision);
        Enter(function);
        Slot slot;
        try
        {
            slot = await TakeAsync(key, function);
        }
        catch
        {
            Leave(key.Arn);
            throw;
        }
        var (result, ended) = slot.Environment.Invoke(request);
        var answered = MarkAnsweredAsync(slot, result);
        Track(ReleaseAsync(slot, answered, ended));
        return await answered.WaitAsync(cancellationToken);
    }

    public async Task RetireAsync(string functionArn, string version, string? keepRevision)
    {
        List<Slot> old = [];
        lock (gate)
        {
            foreach (var (key, group) in groups.Where(pair => pair.Key.Arn == functionArn && pair.Key.Version == version && pair.Key.Revision != keepRevision))
            {
                old.AddRange(group.Idle);
                group.Idle.Clear();
                foreach (var busy in group.Busy)
                {
                    busy.Retired = true;
                }
            }
            Tidy();
        }
        await Task.WhenAll(old.Select(slot => slot.DisposeAsync().AsTask()));
    }

    public async ValueTask DisposeAsync()
    {
        List<Slot> all;
        List<Task> rest;
        lock (gate)
        {
            disposed = true;
            all = [.. groups.Values.SelectMany(group => group.Idle.Concat(group.Busy))];
            foreach (var group in groups.Values)
            {
                group.Idle.Clear();
                while (group.Waiting.TryDequeue(out var waiting))
                {
                    waiting.TrySetException(new ObjectDisposedException(nameof(EnvironmentPool)));
                }
            }
            rest = [.. ending];
        }
        await Task.WhenAll(all.Select(slot => slot.DisposeAsync().AsTask()));
        await Task.WhenAll(rest);
    }

    private void Enter(FunctionSnapshot function)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            var mine = running.GetValueOrDefault(function.Arn);
            if (mine >= function.ReservedConcurrency)
            {
                throw new ThrottledException("ReservedFunctionConcurrentInvocationLimitExceeded");
            }
            if (total >= MaxConcurrency)
            {
                throw new ThrottledException("ConcurrentInvocationLimitExceeded");
            }
            running[function.Arn] = mine + 1;
            total++;
        }
    }

    private void Leave(string arn)
    {
        lock (gate)
        {
            total--;
            if (--running[arn] == 0)
            {
                running.Remove(arn);
            }
        }
    }

    /// <summary>
    /// A free environment; else one that has answered and will be free in a moment (a caller in a loop must not cause a cold start); else a new one.
    /// </summary>
    private async Task<Slot> TakeAsync(Key key, FunctionSnapshot function)
    {
        TaskCompletionSource<Slot>? waiting = null;
        bool full;
        lock (gate)
        {
            if (!groups.TryGetValue(key, out var group))
            {
                groups[key] = group = new Group();
            }
            if (group.Idle.TryPop(out var slot))
            {
                slot.StopClock();
                group.Busy.Add(slot);
                return slot;
            }
            full = group.Busy.Count >= function.ReservedConcurrency;
            if (group.Busy.Count(busy => busy.Answered && !busy.Retired) > group.Waiting.Count)
            {
                waiting = new TaskCompletionSource<Slot>(TaskCreationOptions.RunContinuationsAsynchronously);
                group.Waiting.Enqueue(waiting);
            }
        }
        if (waiting is not null)
        {
            using var timer = new CancellationTokenSource(full ? Timeout.InfiniteTimeSpan : SettleTime, options.TimeProvider);
            await using (timer.Token.UnsafeRegister(static source => ((TaskCompletionSource<Slot>)source!).TrySetCanceled(), waiting))
            {
                await ((Task)waiting.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            if (!waiting.Task.IsCanceled)
            {
                return await waiting.Task;
            }
        }
        // Not cancelled with the caller: the environment serves the next one.
        var made = new Slot(key, await ExecutionEnvironment.StartAsync(function, options, content));
        lock (gate)
        {
            if (!disposed)
            {
                if (!groups.TryGetValue(key, out var group))
                {
                    groups[key] = group = new Group();
                }
                group.Busy.Add(made);
                return made;
            }
        }
        await made.DisposeAsync();
        throw new ObjectDisposedException(nameof(EnvironmentPool));
    }

    /// <summary>
    /// The invocation's result, after the books say so: a caller that has its answer may call again at once, and must then find the environment
    /// about to be free and its place among the concurrent ones given back.
    /// </summary>
    private async Task<InvocationResult> MarkAnsweredAsync(Slot slot, Task<InvocationResult> result)
    {
        try
        {
            return await result;
        }
        finally
        {
            lock (gate)
            {
                slot.Answered = true;
            }
            Leave(slot.Key.Arn);
        }
    }

    private async Task ReleaseAsync(Slot slot, Task<InvocationResult> answered, Task ended)
    {
        await ((Task)answered).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ended;
        if (Hand(slot, false))
        {
            return;
        }
        if (Usable(slot))
        {
            slot.Environment.Freeze();
        }
        if (!Hand(slot, true))
        {
            await slot.DisposeAsync();
        }
    }

    private bool Usable(Slot slot)
    {
        lock (gate)
        {
            return !disposed && !slot.Retired && !slot.Environment.Broken;
        }
    }

    /// <summary>Gives the environment to a waiting invocation or, if <paramref name="park"/>, to the idle ones; false when it is to end.</summary>
    private bool Hand(Slot slot, bool park)
    {
        lock (gate)
        {
            var group = groups[slot.Key];
            if (Usable(slot))
            {
                while (group.Waiting.TryDequeue(out var waiting))
                {
                    slot.Answered = false;
                    if (waiting.TrySetResult(slot))
                    {
                        return true;
                    }
                    slot.Answered = true;
                }
                if (park)
                {
                    group.Busy.Remove(slot);
                    group.Idle.Push(slot);
                    slot.StartClock(options.TimeProvider, () => Expire(slot));
                }
                return park;
            }
            if (park)
            {
                group.Busy.Remove(slot);
                if (group.Waiting.TryDequeue(out var waiting))
                {
                    waiting.TrySetCanceled(); // it makes an environment of its own
                }
                Tidy();
            }
            return false;
        }
    }

    private void Tidy()
    {
        foreach (var key in groups.Where(pair => pair.Value is { Idle.Count: 0, Busy.Count: 0, Waiting.Count: 0 }).Select(pair => pair.Key).ToList())
        {
            groups.Remove(key);
        }
    }

    private void Expire(Slot slot)
    {
        lock (gate)
        {
            if (!slot.Expired || !groups.TryGetValue(slot.Key, out var group) || !group.Idle.Contains(slot))
            {
                return;
            }
            group.Idle = new Stack<Slot>(group.Idle.Where(other => other != slot).Reverse());
            Tidy();
        }
        logger.LogDebug("an environment of {Function} was idle for {Time} and ends", slot.Key.Arn, IdleTime);
        Track(slot.DisposeAsync().AsTask());
    }

    private void Track(Task task)
    {
        lock (gate)
        {
            ending.Add(task);
        }
        _ = task.ContinueWith(
            done =>
            {
                lock (gate)
                {
                    ending.Remove(done);
                }
                if (done.Exception is { } e)
                {
                    logger.LogError(e, "an environment could not be put away");
                }
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private readonly record struct Key(string Arn, string Version, string Revision);

    private sealed class Group
    {
        /// <summary>Last used on top.</summary>
        public Stack<Slot> Idle { get; set; } = new();

        public HashSet<Slot> Busy { get; } = [];

        public Queue<TaskCompletionSource<Slot>> Waiting { get; } = new();
    }

    private sealed class Slot(Key key, ExecutionEnvironment environment) : IAsyncDisposable
    {
        private ITimer? clock;
        private volatile bool counting;

        public Key Key { get; } = key;

        public ExecutionEnvironment Environment { get; } = environment;

        /// <summary>The caller has its answer; the invocation's end is still to come.</summary>
        public bool Answered { get; set; }

        /// <summary>Runs an older revision: not used again.</summary>
        public bool Retired { get; set; }

        /// <summary>The clock ran out and nobody took the environment meanwhile.</summary>
        public bool Expired => counting;

        public void StartClock(TimeProvider time, Action expired)
        {
            counting = true;
            clock ??= time.CreateTimer(_ => expired(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            clock.Change(IdleTime, Timeout.InfiniteTimeSpan);
        }

        public void StopClock()
        {
            counting = false;
            clock?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public async ValueTask DisposeAsync()
        {
            if (clock is not null)
            {
                await clock.DisposeAsync();
            }
            await Environment.DisposeAsync();
        }
    }
}
