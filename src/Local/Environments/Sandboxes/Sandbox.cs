using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Pellicle.Local.Environments.Sandboxes;

/// <summary>The machine refuses what a sandbox needs, or a program in it could not be started.</summary>
internal sealed class SandboxException(string message) : Exception(message);

/// <summary>What a sandbox's file system consists of: steps for the first process, in order.</summary>
internal sealed class SandboxPlan
{
    public List<string[]> Steps { get; } = [];

    public void Bind(string from, string to) => Steps.Add(["bind", from, to]);

    public void Device(string path) => Steps.Add(["device", path]);

    public void Memory(string to, string options) => Steps.Add(["tmpfs", to, options]);

    public void Folder(string path) => Steps.Add(["directory", path]);

    public void Link(string target, string path) => Steps.Add(["link", target, path]);

    public void Text(string path, string content) => Steps.Add(["file", path, content]);
}

/// <summary>Namespaces, mounts and processes of one environment, run by the native first process (<c>native/init.c</c>).</summary>
internal sealed class Sandbox : IAsyncDisposable
{
    private readonly Process process;
    private readonly Socket control;
    private readonly ControlGroups groups;
    private readonly ILogger logger;
    private readonly Lock sending = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<string?>> starting = new();
    private readonly Action<int, int> exited;
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource cleared = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task listening = Task.CompletedTask;
    private string? failure;
    private bool frozen;
    private bool disposing;

    private Sandbox(Process process, Socket control, ControlGroups groups, LogPipe functionLog, LogPipe extensionLog, Action<int, int> exited, ILogger logger)
    {
        (this.process, this.control, this.groups, this.exited, this.logger) = (process, control, groups, exited, logger);
        (FunctionLog, ExtensionLog) = (functionLog, extensionLog);
    }

    public LogPipe FunctionLog { get; }

    public LogPipe ExtensionLog { get; }

    public int? PeakMegabytes => groups.PeakMegabytes();

    /// <summary>Makes the sandbox; nothing runs in it yet.</summary>
    /// <param name="plan">The file system.</param>
    /// <param name="memoryLimit">Bytes for all processes and <c>/tmp</c> together.</param>
    /// <param name="log">Receives output: true for the function's, false for extensions'.</param>
    /// <param name="exited">Process id as given to <see cref="SpawnAsync"/>, and exit code or minus the signal.</param>
    /// <param name="logger">Where trouble of the sandbox itself goes.</param>
    public static async Task<Sandbox> StartAsync(SandboxPlan plan, long memoryLimit, LogReceiver log, Action<int, int> exited, ILogger logger)
    {
        var init = Path.Combine(AppContext.BaseDirectory, "pellicle-sandbox");
        if (!File.Exists(init))
        {
            throw new SandboxException($"`{init}` is missing: build src/Local with a C compiler (`cc`, Debian package gcc) installed");
        }
        var name = "pellicle-" + Guid.NewGuid().ToString("N")[..12];
        // Short, because the path of a socket may have 107 bytes only.
        var directory = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        var root = Directory.CreateDirectory(Path.Combine(directory, "root")).FullName;
        var groups = ControlGroups.Create(name, memoryLimit);
        LogPipe? functionLog = null, extensionLog = null;
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            functionLog = new LogPipe(Path.Combine(directory, "function.log"), data => log(true, data));
            extensionLog = new LogPipe(Path.Combine(directory, "extension.log"), data => log(false, data));
            listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(directory, "control")));
            listener.Listen(1);
            var process = Process.Start(new ProcessStartInfo(init, [directory, .. groups.Directories]) { UseShellExecute = false, WorkingDirectory = "/" })!;
            var accepting = listener.AcceptAsync();
            var dead = process.WaitForExitAsync();
            if (await Task.WhenAny(accepting, dead) == dead && !accepting.IsCompletedSuccessfully)
            {
                throw new SandboxException("the sandbox's first process ended before it was connected");
            }
            var sandbox = new Sandbox(process, await accepting, groups, functionLog, extensionLog, exited, logger);
            try
            {
                sandbox.Send(["root", root]);
                foreach (var step in plan.Steps)
                {
                    sandbox.Send(step);
                }
                sandbox.Send(["log", "0", Path.Combine(directory, "function.log")]);
                sandbox.Send(["log", "1", Path.Combine(directory, "extension.log")]);
                sandbox.Send(["ready"]);
            }
            catch (SocketException)
            {
                // It gave up during set-up; the reason is in its last message, read below.
            }
            sandbox.listening = sandbox.ListenAsync();
            try
            {
                await sandbox.ready.Task;
            }
            catch
            {
                await sandbox.DisposeAsync();
                throw;
            }
            return sandbox;
        }
        catch
        {
            functionLog?.Dispose();
            extensionLog?.Dispose();
            groups.Dispose();
            foreach (var group in groups.Directories.Where(Directory.Exists))
            {
                Directory.Delete(group);
            }
            if (Directory.Exists(directory))
            {
                Directory.Delete(directory, true);
            }
            throw;
        }
    }

    /// <summary>Starts a program in its own process group.</summary>
    /// <exception cref="SandboxException">It cannot be executed; the message is the system's reason.</exception>
    public async Task SpawnAsync(int id, bool extension, string workingDirectory, string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var answer = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        starting[id] = answer;
        Send(["spawn", Text(id), extension ? "1" : "0", workingDirectory, program, Text(arguments.Count), .. arguments, .. environment.Select(pair => $"{pair.Key}={pair.Value}")]);
        if (await answer.Task is { } reason)
        {
            throw new SandboxException(reason);
        }
    }

    /// <summary>Signals the process group of a program started here.</summary>
    public void Signal(int id, int signal) => Send(["signal", Text(id), Text(signal)]);

    /// <summary>Kills every process of the sandbox, frozen or not, and waits until the last is gone. Files stay.</summary>
    public async Task ClearAsync()
    {
        cleared = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Send(["clear"]);
        await cleared.Task;
        Thaw();
    }

    public void Freeze()
    {
        if (frozen)
        {
            return;
        }
        frozen = true;
        if (groups.CanFreeze)
        {
            groups.Freeze(true);
        }
        else
        {
            Send(["stop"]);
        }
    }

    /// <summary>Lets a frozen sandbox go on. What ended meanwhile, frozen or not, has been told when this returns: a request must not be given to processes that are gone.</summary>
    public async Task WakeAsync()
    {
        Thaw();
        told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            Send(["news"]);
        }
        catch (SocketException)
        {
            // The first process is gone, which is the news: told by the one who listens.
        }
        await Task.WhenAny(told.Task, listening);
    }

    public void Thaw()
    {
        if (!frozen)
        {
            return;
        }
        frozen = false;
        if (groups.CanFreeze)
        {
            groups.Freeze(false);
        }
        else
        {
            Send(["continue"]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (disposing)
        {
            return;
        }
        disposing = true;
        // The end of the control connection ends the first process, and with it everything in its PID namespace.
        control.Dispose();
        await listening;
        await process.WaitForExitAsync();
        process.Dispose();
        groups.Dispose();
        FunctionLog.Dispose();
        ExtensionLog.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void Send(IReadOnlyList<string> words)
    {
        var size = words.Sum(word => Encoding.UTF8.GetByteCount(word) + 1);
        var data = new byte[size + 4];
        BinaryPrimitives.WriteInt32LittleEndian(data, size);
        var at = 4;
        foreach (var word in words)
        {
            if (word.Contains('\0', StringComparison.Ordinal))
            {
                throw new SandboxException("a text with a NUL character cannot be passed to a process");
            }
            at += Encoding.UTF8.GetBytes(word, data.AsSpan(at)) + 1;
        }
        lock (sending)
        {
            for (var sent = 0; sent < data.Length;)
            {
                sent += control.Send(data.AsSpan(sent));
            }
        }
    }

    private async Task ListenAsync()
    {
        var data = new byte[4096];
        var filled = 0;
        try
        {
            while (true)
            {
                var read = await control.ReceiveAsync(data.AsMemory(filled));
                if (read == 0)
                {
                    break;
                }
                filled += read;
                var at = 0;
                while (filled - at >= 4 && BinaryPrimitives.ReadInt32LittleEndian(data.AsSpan(at)) is var size && filled - at - 4 >= size)
                {
                    Handle(Encoding.UTF8.GetString(data, at + 4, size - 1).Split('\0'));
                    at += size + 4;
                }
                Buffer.BlockCopy(data, at, data, 0, filled - at);
                filled -= at;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The first process is gone: told below.
        }
        var reason = failure ?? "the sandbox's first process ended";
        if (!disposing)
        {
            logger.LogWarning("sandbox lost: {Reason}", reason);
        }
        ready.TrySetException(new SandboxException(reason));
        cleared.TrySetResult();
        told.TrySetResult();
        foreach (var (_, answer) in starting)
        {
            answer.TrySetResult(reason);
        }
        if (!disposing)
        {
            exited(-1, -9);
        }
    }

    private void Handle(string[] words)
    {
        switch (words)
        {
            case ["ready"]:
                ready.TrySetResult();
                break;
            case ["spawned", var id]:
                Finish(id, null);
                break;
            case ["failed", var id, var reason]:
                Finish(id, reason);
                break;
            case ["exit", var id, var code]:
                exited(int.Parse(id, CultureInfo.InvariantCulture), int.Parse(code, CultureInfo.InvariantCulture));
                break;
            case ["cleared"]:
                cleared.TrySetResult();
                break;
            case ["told"]:
                told.TrySetResult();
                break;
            case ["error", var text]:
                failure = text;
                break;
        }
    }

    private void Finish(string id, string? reason)
    {
        if (starting.TryRemove(int.Parse(id, CultureInfo.InvariantCulture), out var answer))
        {
            answer.TrySetResult(reason);
        }
    }
}

/// <summary>Receives output of processes.</summary>
internal delegate void LogReceiver(bool function, ReadOnlySpan<byte> data);
