using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Pellicle.Domain;
using Pellicle.Guard.Native;
using static Pellicle.Guard.Native.Libc;

namespace Pellicle.Guard.Channel;

/// <summary>
/// Answers what the kernel asks about system calls that the interposer did not make: of machine code that is not libc's, and of programs that have no interposer (decision 0018).
/// What a pointer names is read from the asker's memory, and may be another thing when the kernel reads it again.
/// </summary>
internal sealed unsafe class SystemCalls(IJudge judge, int proxyPort)
{
    /// <summary>Answered with <see cref="EOwnerDead"/>: a runtime that starts finds out that all of this works.</summary>
    private const string Trial = "/.pellicle/trial";

    private const string Interposer = "/opt/pellicle/native/libpellicle.so";
    private const nuint Receive = 0xC0502100, Send = 0xC0182101, IsValid = 0x40082102;
    private const int MaxPath = 4096, MaxArguments = 32 * 1024, MaxMessages = 1024, MaxCallers = 256;
    private const int OWriteOnly = 1, OReadWrite = 2, OCreate = 0x40, OExclusive = 0x80, OTruncate = 0x200, ONoFollow = 0x20000;
    private const int AtEmptyPath = 0x1000;
    private const int AfInet6 = 10;
    private static readonly int TemporaryFile = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 0x410000 : 0x404000;

    // Where no layer and no function can put code of its own under such a name.
    private static readonly string[] Places = ["/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/"];
    private static readonly string[] Libraries = ["libc.so", "libc-2.", "libc.musl-", "libpthread", "libdl", "libresolv"];

    private readonly Dictionary<int, Caller> _callers = [];

    private enum Call
    {
        Other,
        Open,
        Create,
        OpenAt,
        OpenAt2,
        Connect,
        SendTo,
        SendMessage,
        SendMessages,
        Execute,
        ExecuteAt,
    }

    /// <summary>As <c>struct seccomp_notif</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Notification
    {
        internal ulong Id;
        internal int Pid;
        internal uint Flags;
        internal int Number;
        internal uint Architecture;
        internal ulong InstructionPointer;
        internal fixed ulong Arguments[6];
    }

    /// <summary>As <c>struct seccomp_notif_resp</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Response
    {
        internal const uint Continue = 1;

        internal ulong Id;
        internal long Value;
        internal int Error;
        internal uint Flags;
    }

    /// <summary>A process as it is since its last <c>execve</c>.</summary>
    /// <param name="Process">Its number; the asker may be one of its threads.</param>
    /// <param name="Stack">Where its stack begins: elsewhere in each program. 0 when that cannot be told.</param>
    /// <param name="Covered">It has the interposer, so what comes from libc was judged there.</param>
    /// <param name="Judged">Code whose calls go on.</param>
    private sealed record Caller(int Process, ulong Stack, bool Covered, IReadOnlyList<(ulong Start, ulong End)> Judged);

    /// <summary>One question. False when nobody is left who could ask.</summary>
    /// <param name="listener">Descriptor of the filter's listener.</param>
    /// <param name="trial">Nothing is decided: the asker wants to know whether its memory can be read.</param>
    internal bool Answer(int listener, bool trial)
    {
        Notification asked = default;
        if (ioctl(listener, Receive, &asked) != 0)
            return LastError is EIntr or ENoEnt; // the asker was killed meanwhile
        var error = 0;
        try
        {
            error = !trial ? Judge(listener, in asked) : Text(asked.Pid, asked.Arguments[1], MaxPath) == Trial ? EOwnerDead : 0;
        }
        catch (Exception fault)
        {
            judge.Fault("system call", fault);
        }
        var response = new Response { Id = asked.Id, Error = -error, Flags = error == 0 ? Response.Continue : 0 };
        if (ioctl(listener, Send, &response) != 0 && LastError != ENoEnt)
            judge.Fault("answer to a system call", Fd.Error("ioctl"));
        return true;
    }

    /// <summary>0, or the errno of the denial.</summary>
    private int Judge(int listener, in Notification asked)
    {
        var caller = Of(asked.Pid);
        foreach (var (start, end) in caller.Judged)
        {
            if (asked.InstructionPointer > start && asked.InstructionPointer <= end)
                return 0;
        }
        var error = 0;
        try
        {
            foreach (var query in Queries(asked, caller))
            {
                // What was read is the asker's only if it still waits: its number may be another's by now.
                var id = asked.Id;
                if (ioctl(listener, IsValid, &id) != 0)
                    return 0;
                error = Decide(query);
                if (error != 0)
                    break;
            }
        }
        catch (UnauthorizedAccessException)
        {
            // It made its memory unreadable, so nobody can say what it does.
            error = Decide(Make(caller, asked, Dimension.Tamper, "unreadable", $"system call {asked.Number} of process {caller.Process}"));
        }
        return error;
    }

    private int Decide(in Query query)
    {
        var behaviour = new Behaviour(query.Dimension, query.Item);
        if (query.Dimension is Dimension.Host or Dimension.Read or Dimension.Write)
        {
            switch (judge.ActionFor(behaviour))
            {
                case PrefixAction.Pass:
                    return 0;
                case PrefixAction.Note:
                    judge.Note(query);
                    return 0;
                case PrefixAction.Ask:
                default:
                    break;
            }
        }
        var verdict = judge.Judge(query);
        return verdict.Deny && judge.Mode == ProtectionMode.Protect ? verdict.Errno : 0;
    }

    private List<Query> Queries(in Notification asked, Caller caller)
    {
        var found = new List<Query>(1);
        void Add(Query? query)
        {
            if (query is { } some)
                found.Add(some);
        }

        switch (Of((int)asked.Number, RuntimeInformation.ProcessArchitecture))
        {
            case Call.Open:
                Add(Opened(asked, caller, AtFdCwd, asked.Arguments[0], asked.Arguments[1]));
                break;
            case Call.Create:
                Add(Opened(asked, caller, AtFdCwd, asked.Arguments[0], OCreate | OWriteOnly | OTruncate));
                break;
            case Call.OpenAt:
                Add(Opened(asked, caller, (int)asked.Arguments[0], asked.Arguments[1], asked.Arguments[2]));
                break;
            case Call.OpenAt2:
                ulong flags;
                if (Read(asked.Pid, asked.Arguments[2], &flags, sizeof(ulong)) == sizeof(ulong))
                    Add(Opened(asked, caller, (int)asked.Arguments[0], asked.Arguments[1], flags));
                break;
            case Call.Connect:
                Add(Destination(asked, caller, asked.Arguments[1], asked.Arguments[2], "tcp"));
                break;
            case Call.SendTo:
                Add(Destination(asked, caller, asked.Arguments[4], asked.Arguments[5], "udp"));
                break;
            case Call.SendMessage:
                Add(Sent(asked, caller, asked.Arguments[1]));
                break;
            case Call.SendMessages:
                const ulong OneOfSeveral = 64;
                for (var i = 0ul; i < Math.Min(asked.Arguments[2] & uint.MaxValue, MaxMessages); i++)
                    Add(Sent(asked, caller, asked.Arguments[1] + i * OneOfSeveral));
                break;
            case Call.Execute:
                Add(Started(asked, caller, AtFdCwd, asked.Arguments[0], asked.Arguments[1], 0));
                break;
            case Call.ExecuteAt:
                Add(Started(asked, caller, (int)asked.Arguments[0], asked.Arguments[1], asked.Arguments[2], (int)asked.Arguments[4]));
                break;
            case Call.Other:
            default:
                break;
        }
        return found;
    }

    private static Call Of(int number, Architecture architecture) => (architecture, number) switch
    {
        (Architecture.X64, 2) => Call.Open,
        (Architecture.X64, 42) or (Architecture.Arm64, 203) => Call.Connect,
        (Architecture.X64, 44) or (Architecture.Arm64, 206) => Call.SendTo,
        (Architecture.X64, 46) or (Architecture.Arm64, 211) => Call.SendMessage,
        (Architecture.X64, 59) or (Architecture.Arm64, 221) => Call.Execute,
        (Architecture.X64, 85) => Call.Create,
        (Architecture.X64, 257) or (Architecture.Arm64, 56) => Call.OpenAt,
        (Architecture.X64, 307) or (Architecture.Arm64, 269) => Call.SendMessages,
        (Architecture.X64, 322) or (Architecture.Arm64, 281) => Call.ExecuteAt,
        (_, 437) => Call.OpenAt2,
        _ => Call.Other,
    };

    private Query Make(Caller caller, in Notification asked, Dimension dimension, params string[] fields) =>
        new(dimension, (caller.Process == judge.RuntimePid ? QueryFlags.None : QueryFlags.Child) | (judge.InvocationNumber == 0 ? QueryFlags.Init : QueryFlags.None), (uint)caller.Process, caller.Process, judge.InvocationNumber, fields)
        {
            Way = caller.Covered ? "a system call of code that is not libc's" : $"a system call of a program without the interposer (process {caller.Process.ToString(CultureInfo.InvariantCulture)})",
        };

    // ---- files ----

    private Query? Opened(in Notification asked, Caller caller, int folder, ulong path, ulong flags)
    {
        if ((flags & OPath) != 0 || Text(asked.Pid, path, MaxPath) is not { Length: > 0 } raw)
            return null;
        var writes = (flags & (OWriteOnly | OReadWrite | OCreate | OTruncate)) != 0 || (flags & (ulong)TemporaryFile) == (ulong)TemporaryFile;
        var asIs = (flags & ONoFollow) != 0 || (flags & (OCreate | OExclusive)) == (OCreate | OExclusive);
        if (Resolve(asked.Pid, caller.Process, folder, raw, writes && asIs, writes) is not { } resolved)
            return null;
        if (resolved[0] != '/')
            return null; // a pipe, a socket
        return writes ? Make(caller, asked, Dimension.Write, resolved, raw, "open") : Make(caller, asked, Dimension.Read, resolved, raw);
    }

    private Query? Started(in Notification asked, Caller caller, int folder, ulong path, ulong arguments, int flags)
    {
        if (Text(asked.Pid, path, MaxPath) is not { } raw)
            return null;
        var resolved = raw.Length == 0 && (flags & AtEmptyPath) != 0 ? Link($"/proc/{Number(asked.Pid)}/fd/{Number(folder)}") : Resolve(asked.Pid, caller.Process, folder, raw, asIs: false, mayBeMissing: false);
        if (resolved is null)
            return null;
        return resolved.StartsWith("/memfd:", StringComparison.Ordinal) || resolved.EndsWith(" (deleted)", StringComparison.Ordinal)
            ? Make(caller, asked, Dimension.Tamper, "exec-fd", resolved)
            : Make(caller, asked, Dimension.Process, resolved, Arguments(asked.Pid, arguments), raw);
    }

    private static string Arguments(int pid, ulong list)
    {
        var joined = new StringBuilder();
        ulong pointer;
        for (var at = list; list != 0 && joined.Length < MaxArguments && Read(pid, at, &pointer, sizeof(ulong)) == sizeof(ulong) && pointer != 0; at += sizeof(ulong))
            joined.Append(at == list ? "" : "\0").Append(Text(pid, pointer, MaxArguments));
        return joined.ToString();
    }

    /// <summary>Where a path leads for the process. Null: the call will fail by itself.</summary>
    private static string? Resolve(int task, int process, int folder, string path, bool asIs, bool mayBeMissing)
    {
        if (path.Length == 0)
            return null;
        var own = $"/proc/{Number(task)}/";
        var from = path[0] != '/' ? $"{own}{(folder == AtFdCwd ? "cwd" : "fd/" + Number(folder))}/{path}"
            : (Under(path, "/proc/self/") ?? Under(path, "/proc/thread-self/")) is { } rest ? own + rest
            : Under(path, "/dev/fd/") is { } descriptor ? $"{own}fd/{descriptor}"
            : path;
        var fd = OpenPath(from, asIs);
        var name = "";
        if (fd == -ENoEnt && mayBeMissing && from.TrimEnd('/').LastIndexOf('/') is var slash and >= 0)
        {
            name = from.TrimEnd('/')[(slash + 1)..];
            fd = OpenPath(from[..(slash + 1)], asIs: false);
        }
        if (fd < 0)
            return fd is -EAcces or -EPerm ? path : null;
        var found = Link($"/proc/self/fd/{Number(fd)}");
        _ = close(fd);
        if (found is null)
            return null;
        if (name.Length > 0)
            found = found.TrimEnd('/') + "/" + name;
        foreach (var pid in (int[])[process, task, Environment.ProcessId])
        {
            if (Under(found, $"/proc/{Number(pid)}/") is { } below)
                return "/proc/self/" + below;
        }
        return found;
    }

    private static string? Under(string path, string folder) => path.StartsWith(folder, StringComparison.Ordinal) ? path[folder.Length..] : null;

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Negative: the errno.</summary>
    private static int OpenPath(string path, bool asIs)
    {
        fixed (byte* p = Encoding.UTF8.GetBytes(path + "\0"))
        {
            var fd = open(p, OPath | OCloExec | (asIs ? ONoFollow : 0), 0);
            return fd < 0 ? -LastError : fd;
        }
    }

    private static string? Link(string path)
    {
        var buffer = stackalloc byte[MaxPath];
        fixed (byte* p = Encoding.UTF8.GetBytes(path + "\0"))
        {
            var length = readlink(p, buffer, MaxPath);
            return length > 0 ? Encoding.UTF8.GetString(buffer, (int)length) : null;
        }
    }

    // ---- connections ----

    private Query? Sent(in Notification asked, Caller caller, ulong message)
    {
        var head = stackalloc ulong[2];
        return Read(asked.Pid, message, head, 12) == 12 ? Destination(asked, caller, head[0], (uint)head[1], "udp") : null;
    }

    private Query? Destination(in Notification asked, Caller caller, ulong address, ulong length, string protocol)
    {
        Span<byte> bytes = stackalloc byte[128];
        length = Math.Min(length & uint.MaxValue, 128);
        fixed (byte* p = bytes)
        {
            if (address == 0 || length < 2 || Read(asked.Pid, address, p, (int)length) != (int)length)
                return null;
        }
        bytes = bytes[..(int)length];
        var family = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        if (family == AfUnix)
            return bytes[2..].StartsWith("\0pellicle/"u8) ? Make(caller, asked, Dimension.Tamper, "channel", "connect to the guard's socket") : null;
        if (!(family == AfInet && length >= 8) && !(family == AfInet6 && length >= 24))
            return null;
        var ip = new IPAddress(family == AfInet ? bytes.Slice(4, 4) : bytes.Slice(8, 16));
        ip = ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip;
        var port = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        var local = IPAddress.IsLoopback(ip) || ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any);
        if (local && port == proxyPort)
            return null; // who may speak there is the proxy's own decision
        var text = ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{ip}]" : ip.ToString();
        var item = $"{text}:{Number(port)}";
        if (judge.Upstream is { } upstream && port == upstream.Port && (local || ip.Equals(upstream.Address)))
            return Make(caller, asked, Dimension.Host, $"{upstream.Address}:{Number(port)}", upstream.Address.ToString(), protocol);
        return Make(caller, asked, Dimension.Host, item, text, protocol);
    }

    // ---- the asker ----

    private Caller Of(int task)
    {
        var stack = StackOf(task);
        if (_callers.TryGetValue(task, out var known) && known.Covered && known.Stack == stack && stack != 0)
            return known;
        if (_callers.Count >= MaxCallers)
            _callers.Clear();
        return _callers[task] = Look(task, stack);
    }

    /// <summary>The loader judges nothing and is judged by what it loads; of others' code only what stands behind the interposer was judged.</summary>
    private static Caller Look(int task, ulong stack)
    {
        var (loader, libc, covered) = (new List<(ulong, ulong)>(), new List<(ulong, ulong)>(), false);
        var process = task;
        try
        {
            foreach (var line in File.ReadLines($"/proc/{Number(task)}/maps"))
            {
                var slash = line.IndexOf('/', StringComparison.Ordinal);
                var permissions = line.IndexOf(' ', StringComparison.Ordinal) + 1;
                if (slash < 0 || line[permissions + 1] != '-' || line[permissions + 2] != 'x')
                    continue;
                var path = line[slash..];
                var name = path[(path.LastIndexOf('/') + 1)..];
                var own = path == Interposer;
                covered |= own;
                if (!own && !Places.Any(p => path.StartsWith(p, StringComparison.Ordinal)))
                    continue;
                var dash = line.IndexOf('-', StringComparison.Ordinal);
                var range = (ulong.Parse(line.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture), ulong.Parse(line.AsSpan(dash + 1, permissions - dash - 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                if (name.StartsWith("ld-", StringComparison.Ordinal))
                    loader.Add(range);
                else if (own || Array.Exists(Libraries, l => name.StartsWith(l, StringComparison.Ordinal)))
                    libc.Add(range);
            }
            var group = File.ReadLines($"/proc/{Number(task)}/status").First(l => l.StartsWith("Tgid:", StringComparison.Ordinal));
            process = int.Parse(group.AsSpan(5).Trim(), NumberStyles.None, CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            // It ended, or does not let us look: then all it does is judged.
            return new Caller(process, 0, false, []);
        }
        return new Caller(process, stack, covered, covered ? [.. loader, .. libc] : loader);
    }

    /// <summary>Where the stack of the program begins, by <c>/proc/PID/stat</c>; 0 when it cannot be told.</summary>
    private static ulong StackOf(int task)
    {
        const int StartOfStack = 25; // fields behind the name
        var text = stackalloc byte[1024];
        int fd;
        fixed (byte* path = Encoding.ASCII.GetBytes($"/proc/{Number(task)}/stat\0"))
            fd = open(path, OReadOnly | OCloExec, 0);
        if (fd < 0)
            return 0;
        var length = (int)read(fd, text, 1024);
        _ = close(fd);
        var rest = new ReadOnlySpan<byte>(text, Math.Max(length, 0));
        rest = rest[(rest.LastIndexOf((byte)')') + 1)..].TrimStart((byte)' ');
        for (var i = 0; i < StartOfStack && rest.Length > 0; i++)
            rest = rest[(rest.IndexOf((byte)' ') + 1)..];
        return System.Buffers.Text.Utf8Parser.TryParse(rest, out ulong stack, out _) ? stack : 0;
    }

    // ---- its memory ----

    /// <summary>Bytes read, less than asked for where the memory ends.</summary>
    /// <exception cref="UnauthorizedAccessException">The process does not let its memory be read.</exception>
    private static int Read(int pid, ulong address, void* to, int length)
    {
        var local = new IoVec { Base = (byte*)to, Length = (nuint)length };
        var remote = new IoVec { Base = (byte*)address, Length = (nuint)length };
        var got = (int)process_vm_readv(pid, &local, 1, &remote, 1, 0);
        if (got < 0 && LastError == EPerm)
            throw new UnauthorizedAccessException();
        return Math.Max(got, 0);
    }

    /// <summary>A text with its end; null when it cannot be read, which the kernel will say too. Longer ones are cut.</summary>
    private static string? Text(int pid, ulong address, int limit)
    {
        const int Page = 4096;
        var bytes = new List<byte>();
        var chunk = stackalloc byte[Page];
        for (var at = address; address != 0 && bytes.Count < limit;)
        {
            var size = (int)(Page - (at & (Page - 1)));
            if (Read(pid, at, chunk, size) != size)
                return null;
            var piece = new ReadOnlySpan<byte>(chunk, size);
            var end = piece.IndexOf((byte)0);
            bytes.AddRange(end < 0 ? piece : piece[..end]);
            if (end >= 0)
                return Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(bytes)[..Math.Min(bytes.Count, limit)]);
            at += (ulong)size;
        }
        return address == 0 ? null : Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(bytes)[..Math.Min(bytes.Count, limit)]);
    }
}
