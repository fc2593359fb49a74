using System.Diagnostics;
using System.Net;
using System.Text;
using Pellicle.Domain;

namespace Pellicle.Guard.Tests.Support;

/// <summary>The published guard as the extension of one environment, with a platform and a server of ours around it. As root it has a <c>/tmp</c> of its own.</summary>
internal sealed class Rig : IDisposable
{
    private readonly ManualResetEventSlim _shutdown = new();
    private readonly StringBuilder _log = new();
    private readonly Func<Stream, bool?>? _register;
    private int _number;

    /// <param name="mode">Of the policy that the server gives.</param>
    /// <param name="prepare">Shell commands before the guard starts; <c>/tmp</c> is private already.</param>
    /// <param name="variables">More of the environment.</param>
    internal Rig(ProtectionMode mode, string prepare = "", params (string Name, string Value)[] variables) : this(mode, prepare, "", null, variables)
    {
    }

    /// <param name="mode">Of the policy that the server gives.</param>
    /// <param name="prepare">As above.</param>
    /// <param name="serverFault">From the start on.</param>
    /// <param name="register">Answers the registration in place of the usual; null falls back to it.</param>
    /// <param name="variables">More of the environment.</param>
    internal Rig(ProtectionMode mode, string prepare, string serverFault, Func<Stream, bool?>? register, params (string Name, string Value)[] variables)
    {
        Server.Fault = serverFault;
        _register = register;
        Server.SetPolicy($$"""{"schemaVersion":1,"id":"p","mode":"{{mode.Name()}}","revision":"1"}""", "1");
        AnswerExtension();
        var script = IsRoot ? $"{OwnTemp} {prepare} exec {BinaryFactAttribute.Path} extension" : $"exec {BinaryFactAttribute.Path} extension";
        var start = IsRoot ? new ProcessStartInfo("unshare", ["-m", "sh", "-c", script]) : new ProcessStartInfo("sh", ["-c", script]);
        (start.RedirectStandardError, start.RedirectStandardOutput) = (true, true);
        start.Environment["AWS_LAMBDA_RUNTIME_API"] = Platform.Address.ToString();
        start.Environment["PELLICLE_SERVER"] = Server.Address.ToString().TrimEnd('/');
        start.Environment["PELLICLE_TOKEN"] = "t";
        foreach (var (name, value) in variables)
            start.Environment[name] = value.Replace("PLATFORM", Platform.Address.ToString(), StringComparison.Ordinal);
        Guard = Process.Start(start)!;
        Guard.ErrorDataReceived += (_, line) => { lock (_log) _log.AppendLine(line.Data); };
        Guard.BeginErrorReadLine();
        while (!Platform.TakeRequest().Contains("/extension/event/next", StringComparison.Ordinal))
        {
        }
        Channel = new ChannelClient("pellicle/" + Platform.Address);
        var (port, current) = Channel.Hello(Pellicle.Guard.Channel.ClientRole.Interposer);
        (Proxy, Mode) = (new IPEndPoint(IPAddress.Loopback, (int)port), (ProtectionMode)current);
        Runtime = new FakeRuntime(Proxy);
    }

    /// <summary>Shell commands for a <c>/tmp</c> of one's own in a mount namespace; the tree with the programs is put back where it lies below the one that is hidden.</summary>
    internal static string OwnTemp { get; } = Below("/tmp/") is { } tree
        ? $"exec 9<'{tree}'; mount -t tmpfs -o size=1m none /tmp; mkdir -p '{tree}'; mount -c --bind /proc/self/fd/9 '{tree}'; exec 9<&-;"
        : "mount -t tmpfs -o size=1m none /tmp;";

    private static string? Below(string place)
    {
        var tree = Path.GetFullPath(Path.Combine(BinaryFactAttribute.Artifacts, ".."));
        return tree.StartsWith(place, StringComparison.Ordinal) ? tree : null;
    }

    internal static bool IsRoot { get; } = Environment.UserName == "root";

    internal FakePlatform Platform { get; } = new();

    internal FakeServer Server { get; } = new();

    internal Process Guard { get; }

    internal ChannelClient Channel { get; }

    internal IPEndPoint Proxy { get; }

    /// <summary>That the guard started with.</summary>
    internal ProtectionMode Mode { get; }

    internal FakeRuntime Runtime { get; private set; }

    internal string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    /// <summary>As the guard tells whoever asks now.</summary>
    internal ProtectionMode CurrentMode()
    {
        using var asks = new ChannelClient("pellicle/" + Platform.Address);
        return (ProtectionMode)asks.Hello(Pellicle.Guard.Channel.ClientRole.Interposer).Mode;
    }

    /// <summary>A runtime whose connection broke opens another.</summary>
    internal void Reconnect()
    {
        Runtime.Dispose();
        Runtime = new FakeRuntime(Proxy);
    }

    /// <summary>Whole invocations; the runtime gets exactly the platform's bytes, the platform exactly the runtime's, each once.</summary>
    /// <param name="count">How many.</param>
    /// <param name="after">An event in the queue before them that the guard answers itself.</param>
    internal void Invoke(int count, string? after = null)
    {
        for (var i = 0; i < count; i++)
        {
            var id = NextId();
            var answer = Platform.Event(id, $$"""{"n":"{{id}}"}""");
            Runtime.Next().ShouldBe(answer, Log);
            if (after is not null && i == 0)
                TakePost(after);
            Respond(id, $$"""{"done":"{{id}}"}""");
        }
    }

    internal string NextId() => $"00000000-0000-4000-8000-{++_number:d12}";

    internal void Respond(string id, string body)
    {
        Runtime.Respond(id, body).ShouldBe(FakePlatform.Accepted, Log);
        TakePost(id).ShouldEndWith("\r\n\r\n" + body);
    }

    /// <summary>The next request that is no question for an event; it must be the answer to this one.</summary>
    internal string TakePost(string id)
    {
        while (true)
        {
            var request = Platform.TakeRequest();
            if (request.StartsWith("GET ", StringComparison.Ordinal))
                continue;
            request.ShouldStartWith($"POST /2018-06-01/runtime/invocation/{id}/response ");
            return request;
        }
    }

    internal void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{Guard.Id}"]);
        kill.WaitForExit();
        kill.ExitCode.ShouldBe(0);
        // The signal is sent; a thread that runs on another processor stops a moment later.
        if (name == "STOP")
        {
            SpinWait.SpinUntil(() => Directory.EnumerateDirectories($"/proc/{Guard.Id}/task").All(IsStopped), TimeSpan.FromMinutes(1)).ShouldBeTrue(Log);
        }
    }

    private static bool IsStopped(string task)
    {
        try
        {
            var stat = File.ReadAllText($"{task}/stat");
            return stat[stat.LastIndexOf(')') + 2] is 'T' or 't';
        }
        catch (IOException)
        {
            return false; // it ended since it was listed: look again
        }
    }

    /// <summary>SHUTDOWN, and how long the guard took to go; what this machine was too busy for is no time of the guard's.</summary>
    internal TimeSpan Shutdown()
    {
        using var clock = new FairClock();
        _shutdown.Set();
        Guard.WaitForExit(60000).ShouldBeTrue(Log);
        Guard.ExitCode.ShouldBe(0, Log);
        return clock.Elapsed;
    }

    public void Dispose()
    {
        if (!Guard.HasExited)
        {
            Guard.Kill(entireProcessTree: true);
            Guard.WaitForExit();
        }
        Runtime.Dispose();
        Channel.Dispose();
        Server.Dispose();
        Platform.Dispose();
        _shutdown.Set();
    }

    private void AnswerExtension()
    {
        Platform.Special["/extension/register"] = (stream, _) =>
        {
            if (_register?.Invoke(stream) is { } answered)
                return answered;
            stream.Write("HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: 5a4c7e2e-0000-0000-0000-000000000001\r\nContent-Length: 2\r\n\r\n{}"u8);
            return true;
        };
        Platform.Special["/extension/event/next"] = (stream, _) => ExtensionFault?.Invoke(stream) ?? SayShutdown(stream);
    }

    /// <summary>Answers the open <c>event/next</c> with an event that an extension did not register for.</summary>
    internal void EndQuestion() => _endQuestion.Set();

    private readonly AutoResetEvent _endQuestion = new(false);

    /// <summary>Answers <c>event/next</c> in place of the usual; null falls back to it.</summary>
    internal Func<Stream, bool?>? ExtensionFault { get; set; }

    private bool SayShutdown(Stream stream)
    {
        if (WaitHandle.WaitAny([_shutdown.WaitHandle, _endQuestion], 120000) == 1)
        {
            stream.Write("HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{\"eventType\":\"INVOKE\"}"u8);
            return true;
        }
        var body = $$"""{"eventType":"SHUTDOWN","deadlineMs":{{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() + 2000}},"shutdownReason":"spindown"}""";
        stream.Write(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        return true;
    }
}
