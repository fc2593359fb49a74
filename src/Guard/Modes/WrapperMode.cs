using System.Buffers.Binary;
using System.Collections;
using System.Globalization;
using System.Text;
using Pellicle.Domain;
using Pellicle.Guard.Channel;
using Pellicle.Guard.Config;
using Pellicle.Guard.Native;
using Pellicle.Guard.Telemetry;
using static Pellicle.Guard.Native.Libc;

namespace Pellicle.Guard.Modes;

/// <summary><c>guard wrapper CMD…</c>: points the runtime at the guard, then becomes it. Whatever fails, the command starts unchanged.</summary>
internal static unsafe class WrapperMode
{
    private const int ChannelTimeoutMs = 500;
    private const string Root = "/opt/pellicle";

    internal static int Run(string[] command, bool chain)
    {
        if (command.Length == 0)
            return Program.Usage("wrapper needs a command");
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
            environment[(string)entry.Key] = (string?)entry.Value ?? "";
        var changed = environment;
        if (!string.Equals(environment.GetValueOrDefault("PELLICLE_MODE"), "off", StringComparison.OrdinalIgnoreCase))
        {
            try
            {
                changed = Protected(environment, Root);
            }
            catch (Exception error)
            {
                Log.Error($"starting without protection: {error.Message}");
                changed = environment;
            }
        }
        if (chain && environment.GetValueOrDefault("PELLICLE_NEXT_WRAPPER") is { Length: > 0 } next)
            command = [next, .. command];
        var failure = Exec(command, changed);
        Log.Error($"cannot start `{command[0]}`: errno {failure}");
        return failure == 2 ? 127 : 126;
    }

    /// <summary>The environment of the protected runtime.</summary>
    internal static Dictionary<string, string> Protected(IReadOnlyDictionary<string, string> original, string root)
    {
        var upstream = original.GetValueOrDefault(Settings.RuntimeApiVariable) ?? "";
        if (upstream.Length == 0)
            throw new InvalidOperationException($"`{Settings.RuntimeApiVariable}` is not set");
        var channel = "pellicle/" + upstream;
        var (port, token) = AskForProxy(channel);
        var changed = new Dictionary<string, string>(original, StringComparer.Ordinal)
        {
            [Settings.RuntimeApiVariable] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"),
            ["PELLICLE_CHANNEL"] = channel,
        };
        if (token.Length > 0 && RoleCredentials.IsWanted(original.GetValueOrDefault(RoleCredentials.Switch)))
            MoveCredentials(changed, port, token);
        // The guard has it; whoever gets hold of the function could report in its name.
        changed.Remove("PELLICLE_TOKEN");
        Prepend(changed, "LD_PRELOAD", $"{root}/native/libpellicle.so", ' ');
        Append(changed, "NODE_OPTIONS", "--require ", $"{root}/node/probe.js", ' ');
        Append(changed, "DOTNET_STARTUP_HOOKS", "", $"{root}/dotnet/Pellicle.Probe.dll", ':');
        return changed;
    }

    /// <summary>SDKs look for keys in variables first and ask the container endpoint when there are none.</summary>
    private static void MoveCredentials(Dictionary<string, string> environment, int port, string token)
    {
        foreach (var name in RoleCredentials.Variables)
            environment.Remove(name);
        environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}{RoleCredentials.Path}");
        environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = token;
    }

    /// <summary>HELLO and WELCOME; the descriptors that come with it are of no use to us and go with the exec.</summary>
    internal static (int Port, string Token) AskForProxy(string channel)
    {
        var fd = Fd.SeqPacket(channel, listening: false);
        try
        {
            Fd.SetTimeouts(fd, ChannelTimeoutMs);
            if (!Fd.SendAll(fd, Messages.TwoNumbers(MessageType.Hello, 1, (uint)Environment.ProcessId, (uint)ClientRole.Wrapper)))
                throw Fd.Error("the guard does not listen");
            Span<byte> packet = stackalloc byte[256];
            var got = Fd.Receive(fd, packet);
            if (got < 0)
                throw new IOException($"the guard did not answer: errno {-got}");
            if (!Messages.TryHeader(packet[..got], out var type, out _, out var body) || type != MessageType.Welcome || body.Length < 8)
                throw new IOException("the guard's answer cannot be read");
            var port = (int)BinaryPrimitives.ReadUInt32LittleEndian(body);
            return port is > 0 and < 65536 ? (port, Encoding.ASCII.GetString(body[8..])) : throw new IOException("the guard has no proxy");
        }
        finally
        {
            _ = close(fd);
        }
    }

    private static void Prepend(Dictionary<string, string> environment, string name, string file, char separator)
    {
        if (!File.Exists(file))
            throw new FileNotFoundException($"`{file}` is missing from the layer");
        var before = environment.GetValueOrDefault(name) ?? "";
        if (!before.Split(' ', ':').Contains(file))
            environment[name] = before.Length == 0 ? file : $"{file}{separator}{before}";
    }

    private static void Append(Dictionary<string, string> environment, string name, string option, string value, char separator)
    {
        // A probe that is not packed is a line less, not a failure; the batch says which lines are active.
        if (value.Length == 0 || (value[0] == '/' && !File.Exists(value)))
            return;
        var before = environment.GetValueOrDefault(name) ?? "";
        if (!before.Contains(value, StringComparison.Ordinal))
            environment[name] = before.Length == 0 ? option + value : $"{before}{separator}{option}{value}";
    }

    /// <summary>Returns only when no program could be started: the errno.</summary>
    internal static int Exec(string[] command, IReadOnlyDictionary<string, string> environment)
    {
        using var arguments = new NativeStrings(command);
        using var variables = new NativeStrings([.. environment.Select(e => $"{e.Key}={e.Value}")]);
        var error = 2;
        foreach (var candidate in Candidates(command[0], environment.GetValueOrDefault("PATH") ?? "/usr/local/bin:/usr/bin:/bin"))
        {
            fixed (byte* path = Fd.CString(candidate))
                _ = execve(path, arguments.Pointer, variables.Pointer);
            if (LastError is not (2 or 20))
                error = LastError;
        }
        return error;
    }

    private static IEnumerable<string> Candidates(string program, string path) =>
        program.Contains('/', StringComparison.Ordinal) ? [program] : path.Split(':').Select(d => (d.Length == 0 ? "." : d) + "/" + program);

    private sealed class NativeStrings : IDisposable
    {
        private readonly int _count;

        internal NativeStrings(string[] strings)
        {
            _count = strings.Length;
            Pointer = (byte**)System.Runtime.InteropServices.NativeMemory.AllocZeroed((nuint)(strings.Length + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < strings.Length; i++)
                Pointer[i] = (byte*)System.Runtime.InteropServices.Marshal.StringToCoTaskMemUTF8(strings[i]);
        }

        internal byte** Pointer { get; }

        public void Dispose()
        {
            for (var i = 0; i < _count; i++)
                System.Runtime.InteropServices.Marshal.FreeCoTaskMem((nint)Pointer[i]);
            System.Runtime.InteropServices.NativeMemory.Free(Pointer);
        }
    }
}
