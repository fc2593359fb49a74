using System.Globalization;
using Pellicle.Domain;
using Pellicle.Guard.Channel;
using Pellicle.Guard.Native;
using Pellicle.Guard.Telemetry;
using Pellicle.Inspection;
using Pellicle.Policy;

namespace Pellicle.Guard.Sinks;

/// <summary>Answers the interposer: event text in a dangerous place, then the policy, then learning.</summary>
internal sealed class SinkJudge(Guardian guardian)
{
    /// <summary>Bytes. The comparison of a smaller event takes milliseconds on the slowest function.</summary>
    private const int LargeEventBytes = 16 * 1024;

    /// <summary>What the interposer calls a variable, and the text of a module in a writable place, that it asks about; only an event makes them anything.</summary>
    private const string Variable = "variable", Source = "source";

    private readonly AwsConnections _connections = new();
    private readonly DeployedFiles _deployed = new("/var/task", "/opt");
    private readonly DeployedTexts _code = new("/var/task");
    private readonly OwnActs _own = new();

    internal Verdict Judge(Query query)
    {
        if (query.Dimension == Dimension.Tamper && query.Item == "chain")
            return guardian.Chain(query.Field(1), query.PeerPid) ? Verdict.Allow : Deny(query);
        var mode = guardian.Mode;
        if (mode == ProtectionMode.Off)
            return Verdict.AllowFor(VerdictCache.Generation);
        var init = query.Flags.HasFlag(QueryFlags.Init) || !guardian.Initialised;
        var candidates = init ? [] : guardian.Invocations.Candidates(query.Invocation, query.PeerPid, query.Flags.HasFlag(QueryFlags.Own));
        var owner = candidates.Count == 1 ? candidates[0] : null;
        if (query.Dimension == Dimension.Aws)
            return OfCall(query, init, candidates);
        var behaviour = new Behaviour(query.Dimension, query.Item);

        if (query.Dimension == Dimension.Tamper && query.Item == "kill")
        {
            var victim = Victim(query);
            return victim is null || guardian.Tamper($"kill:{victim}", $"process {query.PeerPid} signals {query.Field(1)}", "kill", owner) ? Verdict.Allow : Deny(query);
        }
        if (query.Dimension == Dimension.Host && IsUpstream(query))
            return guardian.Tamper("upstream", $"process {query.PeerPid} connects to the Runtime API past the guard", "upstream-connection", owner) ? Verdict.Allow : Deny(query);

        var met = false;
        foreach (var candidate in candidates)
        {
            if (Meet(query, candidate, guardian.Policy.Document.Events.Suppress, query.Dimension == Dimension.Host && IsKnownHost(query), ref met) is not { } hit)
                continue;
            if (hit.Block && OwnActs.Covers(query) && (_own.Has(query) || IsConstant(query, candidate.Texts)))
            {
                hit = hit with { Block = false };
                Keep(query);
            }
            else if (hit.Block && query.Dimension == Dimension.Process && IsStepOfOwn(query))
                hit = hit with { Block = false };
            var stop = hit.Block && mode == ProtectionMode.Protect;
            guardian.Report(Incident(query, hit, candidate, stop ? "blocked" : hit.Block ? "would-block" : "reported"), candidate);
            guardian.Doubt(candidates);
            if (stop)
                return Deny(query);
            candidates = [candidate];
            met = true;
            break;
        }
        // While an attack may be under way nothing is taken for the function's own.
        if (!met && (init || candidates.Count > 0) && OwnActs.Covers(query) && !candidates.Any(static c => c.Suspicious || c.Pending))
            _own.Add(query, init ? null : candidates[0].RequestId);
        if (query.Dimension == Dimension.Tamper && query.Item is Variable or Source)
            return Verdict.Allow;
        if (IsProxy(query))
            return Verdict.AllowFor(VerdictCache.Invocation);
        return ByPolicy(query, behaviour, init, candidates);
    }

    private Verdict ByPolicy(Query query, Behaviour behaviour, bool init, IReadOnlyList<Invocation> candidates)
    {
        var number = candidates.Count == 1 ? candidates[0].Number : query.Invocation;
        var context = new EvaluationContext
        {
            Init = init,
            Child = query.Flags.HasFlag(QueryFlags.Child),
            Unresolved = query.Flags.HasFlag(QueryFlags.Unresolved),
            Environment = guardian.Settings.EnvironmentId,
        };
        var decision = guardian.Policy.Current.Evaluate(Shown(query, behaviour), context);
        // `ld.so PROGRAM` is that program too.
        if (decision.Effect != Effect.Deny && Loader.Program(query) is { } loaded && guardian.Policy.Current.Evaluate(new(Dimension.Process, loaded), context) is { IncidentDecision: not null } other)
            (behaviour, decision) = (new Behaviour(Dimension.Process, loaded), other);
        if (decision.Effect != Effect.Deny && !decision.Known && query.Dimension == Dimension.Host && NameServers.IsForeign(query.Item) && guardian.Policy.Current.Evaluate(new(Dimension.Host, BuiltinRules.NameServer + query.Item), context) is { IncidentDecision: not null } asked
            && asked.Reasons.Any(static r => r.Rule == "builtin:foreign-resolver"))
            decision = asked;
        if (decision.IncidentDecision is not null && behaviour.Dimension == Dimension.Process && decision.Reasons.All(static r => r.Rule == "builtin:exec-temp"))
        {
            query.Slow?.Invoke();
            if (_deployed.Has(behaviour.Item))
                decision = decision with { Effect = Effect.Allow, WouldDeny = false, Stable = false };
        }
        // Refused as to anybody, and nothing to tell: nothing would have been shown.
        var habit = decision.IncidentDecision is not null && decision.Reasons.All(static r => r.Rule == "builtin:credential-files") && ProcessList.Opens(query);
        if (decision.IncidentDecision is not null && !habit)
            guardian.ReportDecision(behaviour, decision, candidates, allowed: false, query.Way);
        if (decision.Effect == Effect.Deny || (query.Dimension == Dimension.Host && !MayCall(query, init, number, candidates)))
            return Deny(query);
        if (habit)
            return Verdict.Allow;
        if (query.Dimension is Dimension.Read or Dimension.Library)
            guardian.Observed(behaviour, number, init ? QueryFlags.Init : query.Flags, query.PeerPid);
        else
            guardian.Observe(behaviour, number, init, candidates);
        // Whether a service of AWS may be reached is asked each time: its operations have a profile of their own.
        if (decision.Effect == Effect.Report || !KnownItems.MayCache(behaviour))
            return Verdict.Allow;
        var known = decision.Stable && guardian.Behaviours.IsKnown(behaviour);
        if (known && guardian.State is not null)
            guardian.State.Add(behaviour);
        return Verdict.AllowFor(known ? VerdictCache.Generation : VerdictCache.Invocation);
    }

    private const int MaxKept = 8;
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _commands = [];

    /// <summary>A shell's command of the function's own, whose programs come next.</summary>
    private void Keep(Query query)
    {
        if (query.Dimension != Dimension.Process || ShellCommand.TextOf(query.Field(1).TrimEnd('\0').Split('\0'), query.Item) is not { } command || _commands.Contains(command))
            return;
        _commands.Enqueue(command);
        while (_commands.Count > MaxKept && _commands.TryDequeue(out _))
        {
        }
    }

    /// <summary>A program with its arguments as such a command has it.</summary>
    private bool IsStepOfOwn(Query query)
    {
        var words = query.Field(1).TrimEnd('\0').Replace('\0', ' ');
        return words.Length > 0 && _commands.Any(c => HasStep(c, words));
    }

    private static bool HasStep(string command, string words)
    {
        for (var at = command.IndexOf(words, StringComparison.Ordinal); at >= 0; at = command.IndexOf(words, at + 1, StringComparison.Ordinal))
        {
            var end = at + words.Length;
            if ((at == 0 || command[at - 1] is ' ' or '\t' or '\n' or ';' or '&' or '|' or '(' or '`') && (end == command.Length || command[end] is ' ' or '\t' or '\n' or ';' or '&' or '|' or ')' or '`' or '<' or '>'))
                return true;
        }
        return false;
    }

    /// <summary>The command or statement is written so in the function's code, and no text of the event is all of it.</summary>
    private bool IsConstant(Query query, IReadOnlyList<EventText> texts)
    {
        var act = query.Dimension switch
        {
            Dimension.Process => ShellCommand.TextOf(query.Field(1).TrimEnd('\0').Split('\0'), query.Item),
            Dimension.Statement => query.Field(1),
            _ => null,
        };
        if (act is null || texts.Any(t => t.Text.AsSpan().Trim().SequenceEqual(act.AsSpan().Trim())))
            return false;
        query.Slow?.Invoke();
        return _code.Has(act);
    }

    /// <summary>A call whose request a probe saw, before it is sent.</summary>
    private Verdict OfCall(Query query, bool init, IReadOnlyList<Invocation> candidates)
    {
        if (AwsCall.Item(query.Item, query.Field(1)) is not { } item)
            return Verdict.Allow;
        _connections.Told(query.PeerPid, AwsCall.Service(item));
        var call = new Behaviour(Dimension.Aws, item);
        var decision = Decide(call, query, init);
        if (decision.IncidentDecision is not null)
            guardian.ReportDecision(call, decision, candidates, allowed: false);
        if (decision.Effect == Effect.Deny)
            return Deny(query);
        guardian.Observe(call, candidates.Count == 1 ? candidates[0].Number : query.Invocation, init, candidates);
        if (decision.Effect == Effect.Report || !AwsCall.NamesOperation(query.Item))
            return Verdict.Allow;
        return Verdict.AllowFor(decision.Stable && guardian.Behaviours.IsKnown(call) ? VerdictCache.Generation : VerdictCache.Invocation);
    }

    private Policy.Decision Decide(Behaviour call, Query query, bool init) =>
        guardian.Policy.Current.Evaluate(call, new EvaluationContext { Init = init, Child = query.Flags.HasFlag(QueryFlags.Child), Environment = guardian.Settings.EnvironmentId });

    /// <summary>A host of AWS is a call to its service. Which, the process itself tells before it sends it, or nobody does.</summary>
    private bool MayCall(Query query, bool init, ulong number, IReadOnlyList<Invocation> candidates)
    {
        if (AwsHost.Service(query.Item) is not { } service)
            return true;
        var tells = query.Flags.HasFlag(QueryFlags.TellsCalls);
        // Java tells when it loads what makes the request, and does not announce it. Before the first event the runtime is not known yet.
        if ((tells || guardian.RuntimePid == 0 || query.PeerPid == guardian.RuntimePid) && _connections.HasTold(query.PeerPid, service, orAncestor: tells))
            return true;
        var call = new Behaviour(Dimension.Aws, $"{service}:{AwsItems.Unseen}");
        var decision = Decide(call, query, init);
        // What only the profile does not know may still be one of the service's operations that it does.
        var waits = decision.Effect != Effect.Deny || (guardian.Policy.Current.KnowsService(service) && decision.Reasons.All(static r => r.Rule == "profile:aws"));
        if (tells && waits && _connections.Opened(new AwsConnections.Opening(query.PeerPid, service, number, init, candidates)))
            return true;
        if (decision.IncidentDecision is not null)
            guardian.ReportDecision(call, decision, candidates, allowed: false);
        if (decision.Effect == Effect.Deny)
            return false;
        guardian.Observe(call, number, init, candidates);
        return true;
    }

    /// <summary>After an answer: calls over connections whose process should have told them, and did not.</summary>
    internal void LookForUntold()
    {
        foreach (var opening in _connections.TakeUntold(i => guardian.Invocations.Find(i.RequestId) is null))
        {
            var call = new Behaviour(Dimension.Aws, $"{opening.Service}:{AwsItems.Unseen}");
            var decision = guardian.Policy.Current.Evaluate(call, new EvaluationContext { Init = opening.Init, Environment = guardian.Settings.EnvironmentId });
            if (decision.IncidentDecision is not null)
                guardian.ReportDecision(call, decision, opening.Candidates, allowed: true);
            guardian.Observe(call, opening.Number, opening.Init, opening.Candidates);
        }
    }

    /// <summary>By its name or by its address: which of them is told depends on what was looked up before.</summary>
    private bool IsKnownHost(Query query)
    {
        var (_, port) = HostSink.Split(query.Item);
        var address = new Behaviour(Dimension.Host, $"{query.Field(1)}:{port.ToString(CultureInfo.InvariantCulture)}");
        return guardian.Behaviours.IsKnown(new Behaviour(Dimension.Host, query.Item)) || (query.Field(1).Length > 0 && guardian.Behaviours.IsKnown(address));
    }

    /// <summary>A field that the policy says is meant to come to this sink (a filter of a query console) is passed over; the others are not.</summary>
    private static SinkHit? Meet(Query query, Invocation invocation, IReadOnlyList<EventSuppression> meant, bool known, ref bool met)
    {
        var texts = invocation.Texts;
        Effort.Begin();
        try
        {
            var index = query.Dimension == Dimension.Statement ? invocation.ForStatements(texts) : null;
            while (texts.Count > 0 && Meet(query, new MeteredTexts(texts), known, index) is { } hit)
            {
                index = null;
                if (!meant.Any(suppression => suppression.Covers(hit.Detector, hit.Field)))
                    return hit;
                met = true;
                texts = [.. texts.Where(text => text.Field != hit.Field)];
            }
            return null;
        }
        catch (EffortException)
        {
            return new(Detector(query.Dimension), "", SinkHit.Cut(query.Item), "the event, and what the function does with it, are too much to be compared in time", true);
        }
    }

    /// <summary>What a sink of this kind is for.</summary>
    private static string Detector(Dimension dimension) => dimension switch
    {
        Dimension.Process => "command-injection",
        Dimension.Host => "ssrf",
        Dimension.Read or Dimension.Write or Dimension.Library => "path-traversal",
        Dimension.Statement => "sql-injection",
        Dimension.Code or Dimension.Deserialize or Dimension.Aws or Dimension.Event or Dimension.Response or Dimension.Tamper => "code-injection",
    };

    /// <summary>Its event is so large that the answer may come later than who asks would wait for it.</summary>
    internal bool TakesLong(Query query) =>
        guardian.Initialised && !query.Flags.HasFlag(QueryFlags.Init) && guardian.Invocations.Largest >= LargeEventBytes;

    private static SinkHit? Meet(Query query, IReadOnlyList<EventText> texts, bool known, StatementIndex? index) => query.Dimension switch
    {
        Dimension.Process => ProcessSink.Check(query.Item, query.Field(2), query.Field(1).TrimEnd('\0').Split('\0'), texts, () => Loader.Folder(query.PeerPid)),
        Dimension.Host => HostSink.Check(query.Item, query.Field(1), texts, known),
        Dimension.Read => PathSink.Check(query.Item, query.Field(1), texts),
        Dimension.Write => PathSink.Check(query.Item, query.Field(1), texts) ?? PathSink.Unpacked(query.Item, query.Field(1), texts),
        Dimension.Library => PathSink.Check(query.Item, query.Field(1), texts) ?? CodeSink.Dropped(query.Item, texts),
        Dimension.Code => CodeSink.Check(query.Item, query.Field(1), texts),
        Dimension.Statement => SqlSink.Check(query.Item, query.Field(1), texts, index),
        Dimension.Deserialize => CodeSink.Restored(query.Item, texts),
        Dimension.Tamper when query.Item == Variable => VariableSink.Check(query.Field(1), texts),
        Dimension.Tamper when query.Item == Source => ScriptSink.Module(query.Field(1), texts),
        Dimension.Aws or Dimension.Event or Dimension.Response or Dimension.Tamper => null,
    };

    /// <summary>The policy knows own files of a process under one name, whatever its number.</summary>
    private static Behaviour Shown(Query query, Behaviour behaviour)
    {
        var own = $"/proc/{query.Pid.ToString(CultureInfo.InvariantCulture)}/";
        return query.Dimension is Dimension.Read && query.Item.StartsWith(own, StringComparison.Ordinal) && query.Pid != 0
            ? new Behaviour(behaviour.Dimension, "/proc/self/" + query.Item[own.Length..]) : behaviour;
    }

    /// <summary>Who is hit when it is not the process itself or a child of its own: the runtime, the guard, the first process, or all.</summary>
    private string? Victim(Query query)
    {
        var first = query.Field(1).Split(' ', ',', ':')[0];
        if (!int.TryParse(first, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var target))
            return "unknown";
        if (target == -1)
            return "all";
        var process = Math.Abs(target);
        return target == 0 || process == query.PeerPid ? null
            : process == guardian.RuntimePid ? "runtime"
            : process == Environment.ProcessId ? "guard"
            : process == 1 ? "init" : null;
    }

    private bool IsUpstream(Query query)
    {
        if (guardian.Upstream is not { } upstream)
            return false;
        var (name, port) = HostSink.Split(query.Item);
        return port == upstream.Port && (query.Field(1) == upstream.Address.ToString() || name == upstream.Address.ToString());
    }

    private bool IsProxy(Query query)
    {
        if (query.Dimension != Dimension.Host || guardian.Proxy is not { } proxy)
            return false;
        var (name, port) = HostSink.Split(query.Item);
        return port == proxy.Address.Port && (query.Field(1) == "127.0.0.1" || name is "127.0.0.1" or "localhost");
    }

    private Incident Incident(Query query, SinkHit hit, Invocation invocation, string decision) => new()
    {
        At = guardian.Now,
        RequestId = invocation.RequestId,
        Decision = decision,
        Dimension = query.Dimension,
        Item = query.Item,
        Detector = hit.Detector,
        Severity = hit.Block ? "critical" : "medium",
        Source = invocation.Source,
        Field = hit.Field,
        Evidence = hit.Evidence,
        Reasons = query.Way.Length > 0 ? [hit.Reason, query.Way] : [hit.Reason],
        Rule = "taint",
    };

    private static Verdict Deny(Query query) => new(true, VerdictCache.No, query.Dimension switch
    {
        Dimension.Host => Libc.EConnRefused,
        Dimension.Tamper => Libc.EPerm,
        Dimension.Process or Dimension.Read or Dimension.Write or Dimension.Library or Dimension.Aws or Dimension.Event or Dimension.Response or Dimension.Code or Dimension.Deserialize or Dimension.Statement => Libc.EAcces,
    });
}
