using System.Net;
using Pellicle.Domain;
using Pellicle.Guard.Channel;
using Pellicle.Guard.Config;
using Pellicle.Guard.Native;
using Pellicle.Guard.RuntimeApi;
using Pellicle.Guard.Sinks;
using Pellicle.Guard.Telemetry;
using Pellicle.Inspection;
using BuiltinRules = Pellicle.Policy.BuiltinRules;
using Effect = Pellicle.Policy.Effect;

namespace Pellicle.Guard;

/// <summary>Everything known of this environment, and the decisions. Called from the hop's threads, the channel's thread and the housekeeper.</summary>
internal sealed class Guardian : IGate, IJudge
{
    private const long TrimAfterBytes = 256 << 10;

    /// <summary>The same where somebody waits: the texts of large events, compared again and again in one invocation, are a megabyte each time.</summary>
    private const long TrimWithinAfterBytes = 1 << 20;

    private const int LargeEventBytes = 40_000;

    /// <summary>So often the middle generation is collected with the youngest.</summary>
    private const int MiddleEvery = 8;

    /// <summary>
    /// After so much everything is, and what is free goes back to the system: forced collections of the young keep the collector from ever finding the old worth its while, and one
    /// that does not move what lives leaves each region of four megabytes as full as it ever was.
    /// </summary>
    private const long AllAfterBytes = 16 << 20;
    private const long AllAfterLargeBytes = 4 << 20;

    /// <summary>Between two such collections, which take a few milliseconds: large events allocate that much in a moment.</summary>
    private static readonly TimeSpan AllPause = TimeSpan.FromMilliseconds(250);

    private readonly TimeProvider _time;
    private volatile LeakScanner _leaks;
    private readonly SinkJudge _sinks;
    private readonly Lock _changing = new();
    private InspectionOptions _options = InspectionOptions.Default;
    private readonly Pace _pace;
    private readonly IdleWatch _idle;
    private int _runtimePid;
    private int _wrapperPid;
    private int _firstPid;
    private IReadOnlyList<string> _runtimeFolders = [];

    internal Guardian(Settings settings, PolicyHolder policy, TimeProvider time)
    {
        (Settings, Policy, _time) = (settings, policy, time);
        Behaviours = new Behaviours(Health);
        Incidents = new IncidentQueue(Health);
        _leaks = new LeakScanner(settings.Secrets);
        _sinks = new SinkJudge(this);
        _pace = new Pace(time);
        _idle = new IdleWatch(time);
        policy.Changed += _ => Republish();
        Republish();
    }

    internal Settings Settings { get; }

    internal PolicyHolder Policy { get; }

    internal Health Health { get; } = new();

    internal Behaviours Behaviours { get; }

    internal IncidentQueue Incidents { get; }

    internal Invocations Invocations { get; } = new();

    /// <summary>Null when only the hop runs.</summary>
    internal StateRegion? State { get; private set; }

    internal Ring? Ring { get; private set; }

    internal Proxy? Proxy { get; set; }

    public IPEndPoint? Upstream { get; private set; }

    private long _trimmedAt;
    private (long Bytes, long At) _allTrimmed;
    private long _wholeTrimmed;
    private int _trims;
    private long _largeBytes;
    private int _tokenGiven;
    private ulong _unanswered;

    public int RuntimePid => _runtimePid;

    public ulong InvocationNumber => State?.Invocation ?? 0;

    /// <summary>Function's ARN: configured, or learned from the first event.</summary>
    internal string FunctionArn { get; private set; } = "";

    /// <summary>Before an answered runtime gets its next event: time to send what is pending. Never on the way of a response.</summary>
    internal Action? BeforeNext { get; set; }

    /// <summary>As an event arrives: makes sure the policy is not stale, within a budget.</summary>
    internal Action? Freshen { get; set; }

    /// <summary>After <see cref="Restored"/>: what lives outside of this class must start anew.</summary>
    internal Action? OnRestored { get; set; }

    /// <summary>Processes that stayed behind after an answer.</summary>
    internal Leftovers Leftovers { get; } = new();

    public bool ServesCredentials => Settings.Credentials is not null;

    internal DateTimeOffset Now => _time.GetUtcNow();

    internal bool Initialised => Invocations.Any;

    public ProtectionMode Mode => Policy.Mode;

    public bool HoldsResponses => Policy.Mode == ProtectionMode.Protect
        && (_leaks.Enabled || (Policy.Document.Profile.TryGetValue(Dimension.Response, out var profile) && profile.Stage is Pellicle.Policy.ProfileStage.Protect or Pellicle.Policy.ProfileStage.Canary));

    public bool HoldsEvents
    {
        get
        {
            // Asked before every event: after a freeze the answer must not come from a policy of yesterday.
            Freshen?.Invoke();
            return Policy.Document.EventMode == ProtectionMode.Protect;
        }
    }

    public Invocation Announce(ReadOnlySpan<byte> head, Connection to) => Start(HttpHead.GetString(head, "lambda-runtime-aws-request-id"u8) ?? "", inspected: Policy.Mode != ProtectionMode.Off, to);

    internal void AttachChannel(StateRegion state, Ring ring, IPEndPoint upstream, int proxyPort)
    {
        (State, Ring, Upstream) = (state, ring, upstream);
        state.SetAddresses(upstream, proxyPort);
        Republish();
    }

    public bool MayPoll(Connection connection)
    {
        // What the start left behind can wait: a cold start does not pay for its collection.
        if (Initialised)
            Trim();
        if (Policy.Mode == ProtectionMode.Off)
            return true;
        try
        {
            ReportLeftovers();
            BeforeNext?.Invoke();
            _idle.Asked(_runtimePid);
            // With the runtime known, a stranger's question must not reach the platform before it is known whose it is.
            if (_runtimePid != 0)
                Know(connection);
            return connection.Pid == 0 || PollerAllowed(connection.Pid);
        }
        catch (Exception error)
        {
            Fault("poll check", error);
            return true;
        }
    }

    /// <summary>Finds the process behind a new connection; not on the way of a message.</summary>
    internal void Identify(Connection connection) => Identified(connection, Peer(connection));

    /// <summary>The process behind a connection became known (found in the background).</summary>
    internal void Identified(Connection connection, int pid)
    {
        connection.Pid = pid;
        if (connection.Polling && !PollerAllowed(pid))
            connection.Cut();
    }

    private bool PollerAllowed(int pid)
    {
        if (pid == 0 || Policy.Mode == ProtectionMode.Off)
            return true;
        var runtime = Interlocked.CompareExchange(ref _runtimePid, pid, 0);
        if (runtime == 0 || runtime == pid)
        {
            if (runtime == 0 && _wrapperPid != 0 && !PeerFinder.IsDescendant(pid, _wrapperPid))
                Log.Info($"the runtime is process {pid}, the wrapper was {_wrapperPid}");
            return true;
        }
        if (IsRuntime(pid, runtime))
            return true;
        // INVARIANT: a runtime that died takes the environment with it, so a new poller is never its successor while it lives.
        if (!Directory.Exists($"/proc/{runtime}"))
        {
            Interlocked.CompareExchange(ref _runtimePid, pid, runtime);
            return true;
        }
        return Tamper("poller", $"process {pid} asks for events; the runtime is process {runtime}", "second-poller", null);
    }

    /// <summary>Looks the process up when the background has not yet.</summary>
    private void Know(Connection connection)
    {
        if (connection.Pid == 0)
            connection.Pid = Peer(connection);
    }

    /// <summary>The wrapper became the runtime, and most runtimes ask by the process they are.</summary>
    private int Peer(Connection connection) => Proxy is { } proxy ? PeerFinder.Find(connection.ClientPort, proxy.Address.Port, _runtimePid, _wrapperPid, _firstPid) : 0;

    /// <summary>Unknown processes count as the runtime: what cannot be told is let through. A runtime for several invocations at a time has workers.</summary>
    private bool IsRuntime(int pid, int runtime) =>
        pid == 0 || runtime == 0 || pid == runtime
        || (Settings.MaxConcurrency > 1 && (PeerFinder.IsDescendant(pid, runtime) || PeerFinder.Parent(pid) == PeerFinder.Parent(runtime)));

    public bool MayAnswer(string requestId, Connection connection)
    {
        if (Policy.Mode == ProtectionMode.Off)
            return true;
        if (!Invocations.WasHandedOut(requestId))
            return Tamper("response", $"answer to `{SinkHit.Cut(requestId)}`, which was never handed out", "unknown-request-id", null);
        try
        {
            // A connection that got events was looked at before; one that only answers may be a stranger's.
            if (!connection.Polled)
                Know(connection);
            var runtime = _runtimePid;
            // A runtime made of short programs (a shell that calls curl) asks and answers by different ones: then the one that asked has ended.
            return IsRuntime(connection.Pid, runtime) || !Directory.Exists($"/proc/{runtime}")
                || Tamper("response", $"process {connection.Pid} answers `{SinkHit.Cut(requestId)}`; the runtime is process {runtime}", "foreign-response", Invocations.Find(requestId));
        }
        catch (Exception error)
        {
            Fault("answer check", error);
            return true;
        }
    }

    public byte[]? Credentials(Connection connection, string? authorization)
    {
        var credentials = Settings.Credentials!;
        // Without the token there is nothing to serve, whatever the mode.
        if (!credentials.Fits(authorization))
        {
            Tamper("credentials", "the credentials are asked for without their token", "credentials-token", null);
            return null;
        }
        try
        {
            Know(connection);
            var root = _wrapperPid != 0 ? _wrapperPid : _runtimePid;
            if (Policy.Mode != ProtectionMode.Off && connection.Pid != 0 && root != 0 && !PeerFinder.IsDescendant(connection.Pid, root)
                && !Tamper("credentials", $"process {connection.Pid} asks for the credentials and is no child of the runtime, {root}", "foreign-credentials", null))
                return null;
        }
        catch (Exception error)
        {
            Fault("credentials check", error);
        }
        return credentials.Document(Now);
    }

    public string WrapperToken() =>
        Settings.Credentials is { } credentials && !Initialised && Interlocked.Exchange(ref _tokenGiven, 1) == 0 ? credentials.Token : "";

    public void Restored()
    {
        try
        {
            Settings.Renew();
            State?.Rekey(Randomness.Number());
            Republish();
            OnRestored?.Invoke();
        }
        catch (Exception error)
        {
            Fault("restore", error);
        }
    }

    /// <summary>Values that must not leave in a response, in place of those of the start.</summary>
    internal void UseSecrets(IReadOnlyList<string> secrets) => _leaks = new LeakScanner([.. secrets.Where(s => s.Length >= 16)]);

    /// <summary>Questions that got no answer in time mean that this process was stopped, or starved; the interposers counted them.</summary>
    internal void NoticeSilence()
    {
        var unanswered = Ring?.Unanswered ?? 0;
        if (unanswered <= _unanswered)
            return;
        Report(new Incident
        {
            At = _time.GetUtcNow(),
            Decision = "reported",
            Dimension = Dimension.Tamper,
            Item = "silence",
            Detector = "guard-silent",
            Severity = "medium",
            Reasons = [$"{unanswered - _unanswered} questions were not answered in time: the guard was stopped or got no processor, and they were let through"],
            Rule = "builtin:tamper",
        }, null);
        _unanswered = unanswered;
    }

    /// <summary>A process that was killed has ended within this, or the next event goes out beside it.</summary>
    private const int EndMs = 100;

    private void ReportLeftovers()
    {
        if (Invocations.InFlight > 0)
            return;
        Effect? ruled = Policy.Document.Builtin.TryGetValue(BuiltinRules.LingeringProcess, out var effect) ? effect : null;
        if (ruled == Effect.Allow)
            return;
        foreach (var leftover in Leftovers.Check(_runtimePid, _wrapperPid))
        {
            // That a program stays is behaviour of its own, beside its start: a profile knows the helpers of its function.
            var behaviour = new Behaviour(Dimension.Process, $"stays:{leftover.Program}");
            var decision = Policy.Current.Evaluate(behaviour, new Policy.EvaluationContext { Child = true, Environment = Settings.EnvironmentId });
            var why = Unwelcome(leftover, ruled, decision);
            if (why is null)
                Behaviours.Observe(behaviour, Invocations.Last?.Number ?? 0, init: false, clean: true);
            // A helper is told of once for each program, what should not be once for each process.
            if (leftover.Unwelcome || (why is null && (decision.Known || !leftover.FirstOfProgram)))
                continue;
            leftover.Unwelcome = why is not null;
            var shadowed = why == Unknown && decision.IncidentDecision == "would-block";
            var stopped = why is not null && !shadowed && Policy.Mode == ProtectionMode.Protect && Fd.End(leftover.Pid, EndMs);
            var origin = leftover.StartedBy ?? Invocations.Last;
            Report(new Incident
            {
                At = _time.GetUtcNow(),
                RequestId = origin?.RequestId ?? "",
                Source = origin?.Source ?? "",
                Decision = stopped ? "blocked" : why is not null ? "would-block" : "reported",
                Dimension = Dimension.Process,
                Item = leftover.Program,
                Detector = BuiltinRules.LingeringProcess,
                Severity = why is not null ? "high" : "low",
                Reasons = [string.Create(System.Globalization.CultureInfo.InvariantCulture, $"process {leftover.Pid} stays behind after the answer{why}; it has used {leftover.Seconds:f2} s of processor time")],
                Rule = $"builtin:{BuiltinRules.LingeringProcess}",
            }, null);
        }
    }

    private const string Unknown = ", which the profile does not know of it";

    /// <summary>Why a process must not stay: a policy or a profile says so, it comes from an attack, or it works for nobody. Null: it may.</summary>
    private static string? Unwelcome(Leftover leftover, Effect? ruled, Policy.Decision decision) =>
        ruled == Effect.Deny ? ", which the policy forbids" : ruled == Effect.Report ? null
        : leftover.StartedBy is { Suspicious: true } ? ", started by an invocation with signs of an attack"
        : decision.IncidentDecision is "blocked" or "would-block" ? Unknown
        : leftover.Works && !decision.Known ? " and works while nothing is under way" : null;

    /// <summary>Reports an attempt on guard or runtime. True: it goes on.</summary>
    internal bool Tamper(string item, string detail, string detector, Invocation? invocation)
    {
        var stop = Policy.Mode == ProtectionMode.Protect;
        // Whoever does it, it happens during the one invocation that is under way.
        invocation ??= Invocations.Only;
        Report(new Incident
        {
            At = _time.GetUtcNow(),
            RequestId = invocation?.RequestId ?? "",
            Source = invocation?.Source ?? "",
            Decision = stop ? "blocked" : "would-block",
            Dimension = Dimension.Tamper,
            Item = item,
            Detector = detector,
            Severity = "critical",
            Evidence = detail,
            Reasons = [detail],
            Rule = "builtin:tamper",
        }, invocation);
        return !stop;
    }

    /// <summary>
    /// The youngest generation may by default grow to the size of the processor's cache, tens of megabytes on servers. It is
    /// collected early, when the caller has its answer and nobody waits.
    /// </summary>
    private void Trim(long after = TrimAfterBytes)
    {
        var total = GC.GetTotalAllocatedBytes(precise: false);
        var allocated = total - Volatile.Read(ref _largeBytes);
        var before = Volatile.Read(ref _trimmedAt);
        // An event of megabytes takes longer than the collection of what it left, and small functions have no room for several.
        if (total - _allTrimmed.Bytes >= (after == TrimAfterBytes ? AllAfterLargeBytes : AllAfterBytes) && Invocations.Largest >= Invocation.LargeBytes)
        {
            _allTrimmed = (total, _time.GetTimestamp());
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            return;
        }
        // What the inspection and the texts of large events leave behind are large objects, which only the collection of all finds.
        if (total - _wholeTrimmed >= AllAfterLargeBytes && Invocations.Largest >= LargeEventBytes)
        {
            _wholeTrimmed = total;
            GC.Collect(2, GCCollectionMode.Forced, blocking: true);
        }
        if (allocated - before >= after && Interlocked.CompareExchange(ref _trimmedAt, allocated, before) == before)
        {
            if (total - _allTrimmed.Bytes >= AllAfterBytes && _time.GetElapsedTime(_allTrimmed.At) >= AllPause)
            {
                GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                _allTrimmed = (total, _time.GetTimestamp());
            }
            else
            {
                GC.Collect(Invocations.Largest >= LargeEventBytes ? 2 : ++_trims % MiddleEvery == 0 ? 1 : 0, GCCollectionMode.Forced, blocking: true);
            }
        }
    }

    public void Settle()
    {
        Trim();
        try
        {
            BeforeNext?.Invoke();
        }
        catch (Exception error)
        {
            Fault("flush", error);
        }
    }

    public OwnAnswer? Arrived(ReadOnlySpan<byte> head, ReadOnlyMemory<byte> body, bool held, Invocation? announced, Connection to)
    {
        try
        {
            if (FunctionArn.Length == 0)
                FunctionArn = Settings.FunctionArn.Length > 0 ? Settings.FunctionArn : HttpHead.GetString(head, "lambda-runtime-invoked-function-arn"u8) ?? "";
            var invocation = announced ?? Announce(head, to);
            invocation.EventBytes = body.Length;
            if (!invocation.Pending)
                return null;
            InspectionVerdict verdict;
            try
            {
                var allocated = GC.GetAllocatedBytesForCurrentThread();
                verdict = Inspector.Inspect(body, _options);
                // What is about as large as the event is a large object, which no early collection of the young gives back.
                allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
                if (body.Length >= LargeEventBytes && allocated >= body.Length)
                    Interlocked.Add(ref _largeBytes, allocated);
                invocation.Inspected(verdict);
            }
            catch
            {
                invocation.Inspected(null);
                throw;
            }
            Leftovers.Resume();
            ReportIdle(invocation);
            if (Refusal(head, body.Span, verdict, invocation, held) is { } refusal)
                return refusal;
            var known = Behaviours.Observe(new Behaviour(Dimension.Event, $"{verdict.Source}:{verdict.Shape}"), invocation.Number, init: false, clean: !invocation.Suspicious);
            if (!known && !invocation.Suspicious)
                JudgeShape(verdict, invocation);
            return (verdict.Signals.Count == 0 ? null : Suspicion(verdict, invocation, held)) ?? (verdict.Full ? null : Unjudged("the event was not read in full", verdict.Source, invocation, held));
        }
        catch (Exception error)
        {
            Fault("event inspection", error);
            return Unjudged("the inspection failed", "unknown", announced ?? Invocations.Find(HttpHead.GetString(head, "lambda-runtime-aws-request-id"u8) ?? ""), held);
        }
        finally
        {
            // The runtime has its event already.
            if (!held && body.Length >= Invocation.LargeBytes)
                Trim();
        }
    }

    public OwnAnswer? ArrivedUnread(ReadOnlySpan<byte> head, Connection to)
    {
        Fault("event too large or cut short, not inspected", null);
        return Unjudged("the event is too large or was cut short", "unknown", Start(HttpHead.GetString(head, "lambda-runtime-aws-request-id"u8) ?? "", inspected: false, to), HoldsEvents);
    }

    /// <summary>What cannot be judged passes, unless the policy says that it must not.</summary>
    private OwnAnswer? Unjudged(string why, string source, Invocation? invocation, bool held)
    {
        if (!Policy.Document.FailClosed)
            return null;
        var incident = new Incident
        {
            At = _time.GetUtcNow(),
            RequestId = invocation?.RequestId ?? "",
            Decision = held ? "blocked" : "would-block",
            Dimension = Dimension.Event,
            Item = "not-inspected",
            Detector = "not-inspected",
            Severity = "medium",
            Source = source,
            Reasons = [$"{why}, and the policy fails closed"],
            Rule = "failClosed",
        };
        Report(incident, invocation);
        return held ? OwnAnswers.Blocked(source, incident.Id.ToString()) : null;
    }

    /// <summary>Events that are one too many, whatever they say: of a chain that goes round and round, of a caller whose requests run away.</summary>
    private OwnAnswer? Refusal(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body, InspectionVerdict verdict, Invocation invocation, bool held)
    {
        var caller = Inspector.IsHttp(verdict.Source) ? Pace.Caller(body) : "";
        invocation.From = ($"{verdict.Source}:{verdict.Shape}", caller);
        var rounds = Lineage.Rounds(HttpHead.GetString(head, "lambda-runtime-trace-id"u8));
        var item = rounds >= Lineage.MaxRounds ? "recursion" : _pace.Watches && _pace.IsRefused(caller) ? "runaway-caller" : null;
        if (item is null)
            return null;
        var behaviour = new Behaviour(Dimension.Event, item);
        var decision = Policy.Current.Evaluate(behaviour, new Policy.EvaluationContext { Environment = Settings.EnvironmentId });
        if (decision.IncidentDecision is not { } wanted)
            return null;
        var stop = held && wanted == "blocked";
        var incident = new Incident
        {
            At = _time.GetUtcNow(),
            RequestId = invocation.RequestId,
            Decision = wanted == "blocked" && !stop ? "reported" : wanted,
            Dimension = Dimension.Event,
            Item = item,
            Detector = item,
            Severity = "high",
            Source = verdict.Source,
            Evidence = item == "recursion" ? $"{rounds} rounds" : caller,
            Reasons = [.. decision.Reasons.Select(r => r.Text)],
            Rule = decision.Reasons[0].Rule,
        };
        Report(incident, invocation);
        return stop ? OwnAnswers.Blocked(verdict.Source, incident.Id.ToString()) : null;
    }

    private void ReportIdle(Invocation invocation)
    {
        if (_idle.Answered(_runtimePid) is not { } idle)
            return;
        var (used, waited) = idle;
        Report(new Incident
        {
            At = _time.GetUtcNow(),
            RequestId = invocation.RequestId,
            Decision = "reported",
            Dimension = Dimension.Process,
            Item = "idle",
            Detector = "idle-processor",
            Severity = "medium",
            Reasons = [string.Create(System.Globalization.CultureInfo.InvariantCulture, $"the runtime used {used:f1} s of processor time in the {waited:f1} s before this event, in which it had nothing to do")],
            Rule = "builtin:idle",
        }, null);
    }

    private void Paced(Invocation invocation)
    {
        var (kind, caller) = invocation.From;
        if (kind.Length == 0)
            return;
        var took = _time.GetElapsedTime(invocation.StartedAt);
        if (_pace.Ended(kind, caller, took) is not (> 0 and var times))
            return;
        Report(new Incident
        {
            At = _time.GetUtcNow(),
            RequestId = invocation.RequestId,
            Decision = "reported",
            Dimension = Dimension.Event,
            Item = kind,
            Detector = "runaway",
            Severity = "low",
            Source = invocation.Source,
            Evidence = caller,
            Reasons = [string.Create(System.Globalization.CultureInfo.InvariantCulture, $"it took {took.TotalSeconds:f1} s, {times} times as long as others of its kind")],
            Rule = "builtin:runaway",
        }, invocation);
    }

    private Invocation Start(string requestId, bool inspected, Connection to)
    {
        var first = !Invocations.Any;
        var invocation = new Invocation(requestId, State?.NextInvocation() ?? 0, inspected) { StartedAt = _time.GetTimestamp(), Taker = to };
        foreach (var givenUp in Invocations.Begin(invocation, Settings.MaxConcurrency))
            Paced(givenUp);
        if (Settings.MaxConcurrency > 1)
        {
            Ring?.Tell(to.ClientPort, invocation.Number);
            if (State is { } state)
                Ring?.HandOut(state.HashOf(new Behaviour(Dimension.Event, requestId)), invocation.Number);
        }
        if (first)
            Republish(); // init is over: reads of code are asked from here on
        return invocation;
    }

    private void JudgeShape(InspectionVerdict verdict, Invocation invocation)
    {
        var behaviour = new Behaviour(Dimension.Event, $"{verdict.Source}:{verdict.Shape}");
        var decision = Policy.Current.Evaluate(behaviour, new Policy.EvaluationContext { Environment = Settings.EnvironmentId });
        if (decision.IncidentDecision is null)
            return;
        // A new shape is worth knowing; the event as a whole is judged by its content.
        ReportDecision(behaviour, decision, [invocation], allowed: true);
    }

    private OwnAnswer? Suspicion(InspectionVerdict verdict, Invocation invocation, bool held)
    {
        var strongest = verdict.Signals[0];
        var wanted = verdict.Decision == InspectionDecision.Block;
        var stop = wanted && held && Policy.Document.EventMode == ProtectionMode.Protect;
        var incident = new Incident
        {
            At = _time.GetUtcNow(),
            RequestId = invocation.RequestId,
            Decision = stop ? "blocked" : wanted ? "would-block" : "reported",
            Dimension = Dimension.Event,
            Item = $"{verdict.Source}:{verdict.Shape}",
            Detector = strongest.Detector,
            Severity = wanted ? "high" : "low",
            Source = verdict.Source,
            Field = strongest.Field,
            Evidence = strongest.Evidence,
            Reasons = [.. verdict.Signals.Take(8).Select(s => $"{s.Detector} in `{s.Field}`")],
            Rule = "events",
        };
        Report(incident, invocation);
        return stop ? OwnAnswers.Blocked(verdict.Source, incident.Id.ToString()) : null;
    }

    public OwnAnswer? Leaving(string requestId, ReadOnlySpan<byte> head, ReadOnlySpan<byte> piece, bool held, bool whole)
    {
        if (Policy.Mode == ProtectionMode.Off)
            return null;
        try
        {
            var invocation = Invocations.Find(requestId);
            var leak = _leaks.Find(piece);
            if (leak == LeakKind.None && _leaks.Enabled && Unpacked.Body(piece) is { IsEmpty: false } unpacked)
                leak = _leaks.Find(unpacked);
            if (!held && invocation is not null && invocation.LeaksAcross(piece, _leaks) is var across && across > leak)
                leak = across;
            if (leak == LeakKind.None)
                return whole ? JudgeResponse(head, piece, invocation, held) : null;
            if (invocation is not null && !invocation.FirstOf($"leak {leak}"))
                return null;
            if (leak != LeakKind.Credential)
            {
                ReportVerbose(leak, head, requestId, invocation);
                return null;
            }
            var protect = Policy.Mode == ProtectionMode.Protect;
            var incident = new Incident
            {
                At = _time.GetUtcNow(),
                RequestId = requestId,
                Decision = held && protect ? "blocked" : protect ? "reported" : "would-block",
                Dimension = Dimension.Response,
                Item = "credential",
                Detector = "credential-leak",
                Severity = "critical",
                Source = invocation?.Source ?? "",
                Reasons = [held ? "the response contains the credentials of the function's role" : "a streamed response contains the credentials of the function's role"],
                Rule = "builtin:credential-leak",
            };
            Report(incident, invocation);
            // An error stays one: callers and queues treat it otherwise than an answer.
            var failed = HttpHead.TryRequestLine(head, out _, out var target) && target.EndsWith("/error"u8);
            return held && protect ? OwnAnswers.Withheld(failed ? "" : invocation?.Source ?? "", incident.Id.ToString()) : null;
        }
        catch (Exception error)
        {
            Fault("response check", error);
            return null;
        }
    }

    /// <summary>The kind of answer is behaviour like any other: learned, and judged where a profile or rule speaks of it. Only answers that are here as a whole have one.</summary>
    private OwnAnswer? JudgeResponse(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body, Invocation? invocation, bool held)
    {
        if (!HttpHead.TryRequestLine(head, out _, out var target) || !target.EndsWith("/response"u8))
            return null;
        if (invocation is { HasScripts: true } && MarkupSink.Check(body, () => invocation.Scripts) is { } script)
            return JudgeScript(script, invocation, held);
        var behaviour = new Behaviour(Dimension.Response, ResponseShape.Of(body));
        var decision = Policy.Current.Evaluate(behaviour, new Policy.EvaluationContext { Environment = Settings.EnvironmentId });
        var stop = held && decision.IncidentDecision == "blocked";
        var incident = decision.IncidentDecision is null ? null : ReportDecision(behaviour, decision, invocation is null ? [] : [invocation], allowed: !stop);
        if (stop)
            return OwnAnswers.Withheld(invocation?.Source ?? "", incident!.Id.ToString());
        Behaviours.Observe(behaviour, invocation?.Number ?? 0, init: false, clean: invocation is not { Suspicious: true });
        return null;
    }

    private OwnAnswer? JudgeScript(SinkHit hit, Invocation invocation, bool held)
    {
        var stop = held && Policy.Mode == ProtectionMode.Protect;
        var incident = new Incident
        {
            At = _time.GetUtcNow(),
            RequestId = invocation.RequestId,
            Decision = stop ? "blocked" : Policy.Mode == ProtectionMode.Protect ? "reported" : "would-block",
            Dimension = Dimension.Response,
            Item = "script",
            Detector = hit.Detector,
            Severity = "high",
            Source = invocation.Source,
            Field = hit.Field,
            Evidence = hit.Evidence,
            Reasons = [hit.Reason],
            Rule = "taint",
        };
        Report(incident, invocation);
        return stop ? OwnAnswers.Withheld(invocation.Source, incident.Id.ToString()) : null;
    }

    /// <summary>What tells an outsider more than it should, in a response. In an error report a stack trace is in its place.</summary>
    private void ReportVerbose(LeakKind leak, ReadOnlySpan<byte> head, string requestId, Invocation? invocation)
    {
        if (!HttpHead.TryRequestLine(head, out _, out var target) || !target.EndsWith("/response"u8))
            return;
        var key = leak == LeakKind.PrivateKey;
        Report(new Incident
        {
            At = _time.GetUtcNow(),
            RequestId = requestId,
            Decision = "reported",
            Dimension = Dimension.Response,
            Item = key ? "private-key" : "stack-trace",
            Detector = key ? "private-key-leak" : "verbose-error",
            Severity = key ? "high" : "low",
            Source = invocation?.Source ?? "",
            Reasons = [key ? "the response holds a private key" : "the response holds a stack trace"],
            Rule = "builtin:response",
        }, invocation);
    }

    public void Answered(string requestId)
    {
        if (Invocations.End(requestId) is { } invocation)
        {
            _sinks.LookForUntold();
            // However lately everything was collected: then they were still in use.
            if (invocation.LeftTexts)
                _allTrimmed.Bytes = 0;
            Health.AddInvocation(!invocation.Suspicious);
            Paced(invocation);
        }
    }

    public Verdict Judge(Query query)
    {
        try
        {
            SawProbe |= query.Flags.HasFlag(QueryFlags.FromProbe);
            // Between the start of a program and its own first word an answer may already be given.
            if (query.Dimension == Dimension.Process && Initialised && query.PeerPid != _runtimePid)
                Leftovers.Started(query.PeerPid, Invocations.Only);
            return _sinks.Judge(query);
        }
        catch (Exception error)
        {
            Fault("query", error);
            return Verdict.Allow;
        }
        finally
        {
            Trim(TrimWithinAfterBytes);
        }
    }

    public bool TakesLong(Query query) => _sinks.TakesLong(query);

    public void Note(Query query)
    {
        if (query.Dimension == Dimension.Tamper)
            _ = Judge(query);
        else
            Observed(new Behaviour(query.Dimension, query.Item), query.Invocation, query.Flags, query.PeerPid);
    }

    internal void Observed(Behaviour behaviour, ulong invocation, QueryFlags flags = QueryFlags.None, int pid = 0)
    {
        if (behaviour.Item.Length == 0)
            return;
        if (behaviour.Dimension is Dimension.Read or Dimension.Library && IsCode(behaviour.Item) && !OpenedOnly(behaviour))
            Behaviours.Loaded(behaviour.Item);
        var init = flags.HasFlag(QueryFlags.Init);
        var candidates = init ? [] : Invocations.Candidates(invocation, pid, flags.HasFlag(QueryFlags.Own));
        Observe(behaviour, Settings.MaxConcurrency > 1 && candidates.Count == 1 ? candidates[0].Number : invocation, init, candidates);
    }

    /// <summary>One of several was attacked: what could not be told apart is not learned.</summary>
    internal void Doubt(IReadOnlyList<Invocation> candidates)
    {
        if (candidates.Count == 1)
            return;
        foreach (var one in candidates)
            Behaviours.Taint(one.Number);
    }

    /// <summary>Counts what one of these did. Nothing is learned while any of them carries a sign of an attack.</summary>
    internal bool Observe(Behaviour behaviour, ulong number, bool init, IReadOnlyList<Invocation> candidates) =>
        Behaviours.Observe(behaviour, number, init || candidates.Count == 0, !candidates.Any(c => c.Suspicious));

    internal void DrainRing()
    {
        if (Ring is not { } ring)
            return;
        ring.Drain(note =>
        {
            if (Enum.IsDefined((Dimension)note.Dimension))
                Observed(new Behaviour((Dimension)note.Dimension, System.Text.Encoding.UTF8.GetString(note.Item)), note.Invocation, (QueryFlags)note.Flags, (int)note.Pid);
            else
                Fault("malformed note", null);
        });
        if (ring.Overwritten == _overwritten)
            return;
        _overwritten = ring.Overwritten;
        Report(new Incident
        {
            At = _time.GetUtcNow(),
            RequestId = Invocations.Last?.RequestId ?? "",
            Decision = "reported",
            Dimension = Dimension.Tamper,
            Item = "ring",
            Detector = "ring-overwritten",
            Severity = "high",
            Reasons = ["something wrote over the memory in which covered processes note what they do; notes were lost"],
            Rule = "builtin:tamper",
        }, null);
    }

    private int _overwritten;

    /// <summary>The JVM opens every jar of the class path; one that classes came from is reported as a library (decision 0004).</summary>
    private static bool OpenedOnly(Behaviour behaviour) => behaviour.Dimension == Dimension.Read && behaviour.Item.EndsWith(".jar", StringComparison.Ordinal);

    private static bool IsCode(string path) =>
        path.StartsWith("/var/task/", StringComparison.Ordinal) || (path.StartsWith("/opt/", StringComparison.Ordinal) && !path.StartsWith("/opt/pellicle/", StringComparison.Ordinal));

    /// <summary>An interposer reported in.</summary>
    internal bool SawInterposer { get; private set; }

    /// <summary>The runtime itself has the interposer: a static one has not, whatever its children do. Before it is known, any process that reported in.</summary>
    internal bool CoversRuntime
    {
        get
        {
            var pid = _runtimePid;
            if (pid == 0 || !SawInterposer)
                return SawInterposer;
            if (pid != _lookedAt.Pid)
                _lookedAt = (pid, PeerFinder.HasMapped(pid, "/libpellicle.so") ?? SawInterposer);
            return _lookedAt.Covered;
        }
    }

    private (int Pid, bool Covered) _lookedAt;

    /// <summary>A language probe asked.</summary>
    internal bool SawProbe { get; set; }

    public void Met(ClientRole role, int pid)
    {
        SawInterposer |= role == ClientRole.Interposer;
        SawProbe |= role == ClientRole.Probe;
        if (role == ClientRole.Wrapper && !Initialised)
            _wrapperPid = pid;
        if (role == ClientRole.Interposer && !Initialised && _firstPid == 0)
            _firstPid = pid;
        if (role == ClientRole.Interposer && Initialised)
            Leftovers.Started(pid, Invocations.Only);
        else if (role == ClientRole.Interposer && (_wrapperPid == 0 || pid == _wrapperPid))
            KnowFolders(RuntimeFolders.Of(pid));
    }

    public PrefixAction ActionFor(Behaviour behaviour) => State?.ActionFor(behaviour) ?? PrefixAction.Ask;

    /// <summary>
    /// The process that our wrapper became, or where no wrapper is called (<c>provided.*</c>) the first that the interposer is in; before the first event, for later anybody could
    /// have his own calls allowed that way.
    /// </summary>
    public bool MaySupervise(int pid) => !Initialised && pid != 0 && pid == (_wrapperPid != 0 ? _wrapperPid : _firstPid);

    /// <summary>The process that our wrapper became started a program: scripts first, the runtime last.</summary>
    private void KnowFolders(IReadOnlyList<string> folders)
    {
        if (folders.SequenceEqual(_runtimeFolders))
            return;
        _runtimeFolders = folders;
        Republish();
    }

    /// <summary>
    /// Another vendor's wrapper pointed the runtime at a proxy of its own: ours then stands before it. Only the process that our wrapper became may say so, and only
    /// before the first event; later it would be a way past the platform.
    /// </summary>
    internal bool Chain(string address, int pid)
    {
        if (Proxy is not { } proxy || Initialised || (_wrapperPid != 0 && pid != _wrapperPid))
            return false;
        try
        {
            var upstream = Settings.ParseAddress(address);
            if (!IPAddress.IsLoopback(upstream.Address) || upstream.Port == proxy.Address.Port)
                return false;
            proxy.Upstream = upstream;
            Log.Info($"the Runtime API is reached through another proxy at {upstream}");
            return true;
        }
        catch (Exception error) when (error is FormatException or IOException)
        {
            Fault("another proxy's address", error);
            return false;
        }
    }

    public void Fault(string where, Exception? error) => Health.Fault(where, error);

    /// <summary>Records a decision of the policy. <paramref name="allowed"/>: it went on whatever the decision wanted.</summary>
    /// <remarks>With several <paramref name="candidates"/> it is none's, and names them all.</remarks>
    internal Incident ReportDecision(Behaviour behaviour, Policy.Decision decision, IReadOnlyList<Invocation> candidates, bool allowed, string way = "")
    {
        var invocation = candidates.Count == 1 ? candidates[0] : null;
        var rule = decision.Reasons[0];
        var incident = new Incident
        {
            At = _time.GetUtcNow(),
            RequestId = invocation?.RequestId ?? "",
            Decision = allowed && decision.IncidentDecision == "blocked" ? "reported" : decision.IncidentDecision!,
            Dimension = behaviour.Dimension,
            Item = behaviour.Item,
            Detector = rule.Rule.StartsWith("profile:", StringComparison.Ordinal) ? "unknown-behaviour" : rule.Rule[(rule.Rule.IndexOf(':', StringComparison.Ordinal) + 1)..],
            Severity = rule.Rule.StartsWith("builtin:", StringComparison.Ordinal) ? "high" : "medium",
            Source = invocation?.Source ?? "",
            Reasons = [.. decision.Reasons.Select(r => r.Text), .. way.Length > 0 ? [way] : (string[])[], .. candidates.Count > 1 ? [$"one of {candidates.Count} invocations under way: {string.Join(", ", candidates.Take(8).Select(c => c.RequestId))}"] : (string[])[]],
            Rule = rule.Rule,
        };
        ReportOf(candidates, incident);
        return incident;
    }

    internal void Report(Incident incident, Invocation? invocation) => ReportOf(invocation is null ? [] : [invocation], incident);

    /// <summary>Of several that it may belong to nothing more is learned.</summary>
    private void ReportOf(IReadOnlyList<Invocation> candidates, Incident incident)
    {
        if (incident.Decision == "blocked")
            Health.AddBlocked();
        else if (incident.Decision == "would-block")
            Health.AddWouldBlock();
        foreach (var invocation in candidates.Where(c => incident.Decision != "reported" && !c.Suspicious))
        {
            invocation.Suspicious = true;
            Behaviours.Taint(invocation.Number);
        }
        if (candidates.Count > 0 && !candidates[0].FirstOf($"{(int)incident.Dimension} {incident.Detector} {incident.Item}"))
            return;
        Log.Info($"{incident.Decision} {incident.Detector}: {incident.Dimension.Name()} {incident.Item}");
        Incidents.Add(incident);
    }

    private StateFlags Flags(Policy.PolicyDocument document)
    {
        var always = StateFlags.AnswersCalls | (Settings.MaxConcurrency > 1 ? StateFlags.Several : StateFlags.None);
        if (Policy.Mode != ProtectionMode.Protect)
            return always;
        // A policy that lets through what the filter would refuse without a word must not meet it.
        var lifted = document.Builtin.GetValueOrDefault("tamper", Effect.Deny) != Effect.Deny || document.Rules.Any(r => r.Dimension == Dimension.Tamper && r.Effect != Effect.Deny);
        var noPrograms = document.Profile.TryGetValue(Dimension.Process, out var profile) && profile is { Stage: Pellicle.Policy.ProfileStage.Protect, Items.Count: 0 }
            && !document.Rules.Any(r => r.Dimension == Dimension.Process && r.Effect != Effect.Deny);
        return always | StateFlags.Tamper | (lifted ? StateFlags.None : StateFlags.Confine) | (noPrograms ? StateFlags.NoPrograms : StateFlags.None);
    }

    /// <summary>Writes mode, known items and prefix rules for the interposers.</summary>
    private void Republish()
    {
        lock (_changing)
        {
            var document = Policy.Document;
            _options = new InspectionOptions
            {
                BlockAt = document.Events.Threshold / 100.0,
                Suppress = [.. document.Events.Suppress.Select(s => s.Field == "*" ? s.Detector : $"{s.Detector}@{s.Field}")],
            };
            State?.Publish(Policy.Mode, Flags(document), KnownItems.For(Policy.Current, Behaviours.Known(), Settings.EnvironmentId),
                KnownItems.Prefixes(Policy.Current, Invocations.Any, Proxy?.Address.Port ?? 0, _runtimeFolders));
        }
    }
}
