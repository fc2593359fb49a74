using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Pellicle.Local.Environments.Content;

namespace Pellicle.Local.Tests.Environments;

/// <summary>What a function sees of files and processes, and what is left of it.</summary>
public sealed class SandboxTests
{
    private const int Plain = 0x1A4;

    [SandboxFact]
    public async Task Layers_are_merged_in_order_and_keep_modes_and_links()
    {
        await using var functions = new TestFunctions();
        var first = functions.Layer(("a.txt", "first", Plain), ("only1.txt", "1", Plain), ("bin/tool", "#!/bin/sh\necho tool", 0x1ED));
        var second = functions.Layer(("a.txt", "second", Plain), ("bin/other", "x", Plain), ("link", "a.txt", 0xA1FF));
        var function = functions.Python("return [open('/opt/a.txt').read(), open('/opt/only1.txt').read(), subprocess.check_output(['tool']).decode().strip(), os.readlink('/opt/link'), sorted(os.listdir('/opt/bin'))]", layers: [first, second]);
        Assert.Equal("""["second", "1", "tool", "a.txt", ["other", "tool"]]""", (await functions.CallAsync(function)).Payload);
    }

    [SandboxFact]
    public async Task Only_tmp_and_shared_memory_can_be_written_and_the_host_cannot_be_seen()
    {
        await using var functions = new TestFunctions();
        var secret = Directory.CreateTempSubdirectory("pellicle-host-");
        try
        {
            var function = functions.Python($$"""
                def can(path):
                    try:
                        open(path, 'w').close(); return True
                    except OSError:
                        return False
                return {'write': [p for p in ['/var/task/x','/opt/x','/var/runtime/x','/x','/etc/x','/usr/x','/dev/x','/tmp/x','/dev/shm/x'] if can(p)],
                    'host': [p for p in ['/root','/home','/proc/1/environ','{{secret.FullName}}','{{AppContext.BaseDirectory}}','/etc/shadow','/sys'] if os.access(p, os.R_OK)],
                    'ids': [os.getuid(), os.getgid(), os.getgroups()], 'pids': sorted(int(p) for p in os.listdir('/proc') if p.isdigit()), 'cwd': os.getcwd(),
                    'resolve': socket.gethostbyname('sandbox.localdomain'), 'mounts': [l.split()[4] for l in open('/proc/self/mountinfo') if 'pellicle-' in l.split()[4]]}
                """);
            var seen = JsonNode.Parse((await functions.CallAsync(function)).Payload)!;
            Assert.Equal("""["/tmp/x","/dev/shm/x"]""", seen["write"]!.ToJsonString());
            Assert.Equal("[]", seen["host"]!.ToJsonString());
            // An unprivileged user's namespace cannot drop groups; the one it has is the function's.
            Assert.Equal(Environment.IsPrivilegedProcess ? "[993,990,[]]" : "[993,990,[990]]", seen["ids"]!.ToJsonString());
            Assert.Equal("/var/task", (string?)seen["cwd"]);
            Assert.Equal("127.0.0.1", (string?)seen["resolve"]);
            Assert.True(seen["pids"]!.AsArray().Count <= 2, seen["pids"]!.ToJsonString());
            Assert.Equal("[]", seen["mounts"]!.ToJsonString());
        }
        finally
        {
            secret.Delete();
        }
    }

    [SandboxFact]
    public async Task Between_invocations_nothing_runs()
    {
        await using var functions = new TestFunctions();
        using var heard = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        heard.Client.ReceiveTimeout = 1000;
        var function = functions.Python($$"""
            global ticked
            if count == 1:
                ticked = threading.Event()
                def tick():
                    to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    while True:
                        to.sendto(b'tick', ('127.0.0.1', {{((IPEndPoint)heard.Client.LocalEndPoint!).Port}}))
                        ticked.set()
                        time.sleep(0.01)
                threading.Thread(target=tick, daemon=True).start()
            ticked.clear()
            ticked.wait()
            return count
            """, timeout: 60);
        for (var call = 1; call <= 3; call++)
        {
            Assert.Equal($"{call}", (await functions.CallAsync(function)).Payload);
            Assert.Equal("tick", Encoding.ASCII.GetString(Receive(heard)!));
            // A hundred a second, until it is frozen: a moment after the answer.
            var patience = Stopwatch.StartNew();
            while (Receive(heard) is not null)
            {
                Assert.InRange(patience.Elapsed, TimeSpan.Zero, TimeSpan.FromMinutes(1));
            }
        }
    }

    /// <summary>Null after a second of silence.</summary>
    private static byte[]? Receive(UdpClient heard)
    {
        try
        {
            IPEndPoint? from = null;
            return heard.Receive(ref from);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.TimedOut)
        {
            return null;
        }
    }

    [SandboxFact]
    public async Task Nothing_is_left_after_the_end()
    {
        var mark = "mark" + Guid.NewGuid().ToString("N");
        await using (var functions = new TestFunctions())
        {
            var function = functions.Python($"subprocess.Popen(['/bin/sh', '-c', 'sleep 1000; : {mark}'], start_new_session=True)\nreturn 1");
            await functions.CallAsync(function);
            Assert.True(Running(mark) > 0);
        }
        Assert.Equal(0, Running(mark));

    }

    [SandboxFact]
    public async Task A_killed_host_leaves_no_process()
    {
        // The init is alone with a control connection that closes, which is all it sees of a host that was killed.
        var directory = Directory.CreateTempSubdirectory("pellicle-k-").FullName;
        var root = Directory.CreateDirectory(Path.Combine(directory, "root")).FullName;
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(directory, "control")));
        listener.Listen(1);
        using var process = Process.Start(Path.Combine(AppContext.BaseDirectory, "pellicle-sandbox"), [directory]);
        var accepted = await listener.AcceptAsync();
        accepted.Dispose();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
        Assert.False(Directory.Exists(root));
        Assert.False(Directory.Exists(directory));
    }

    [Theory]
    [InlineData("../x", "y", Plain, "leaves its folder")]
    [InlineData("/x", "y", Plain, "absolute path")]
    [InlineData("a/../../x", "y", Plain, "leaves its folder")]
    [InlineData("link", "../../etc/passwd", 0xA1FF, "leaves its folder")]
    [InlineData("link", "/etc/passwd", 0xA1FF, "leaves its folder")]
    [InlineData("d/link", "../../x", 0xA1FF, "leaves its folder")]
    public async Task Entries_that_leave_their_folder_are_refused(string name, string content, int mode, string reason)
    {
        await using var functions = new TestFunctions();
        var (zip, _) = functions.Zip((name, content, mode));
        var into = Directory.CreateTempSubdirectory("pellicle-zip-");
        try
        {
            var e = Assert.Throws<ContentException>(() => ZipUnpacker.Unpack(zip, into.FullName, "/opt"));
            Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        }
        finally
        {
            into.Delete(true);
        }
    }

    [Fact]
    public async Task A_file_below_a_link_is_refused()
    {
        await using var functions = new TestFunctions();
        var (zip, _) = functions.Zip(("here", "there", 0xA1FF), ("there/", "", 0x1ED), ("here/x", "y", Plain));
        var into = Directory.CreateTempSubdirectory("pellicle-zip-");
        try
        {
            Assert.Throws<ContentException>(() => ZipUnpacker.Unpack(zip, into.FullName, "/opt"));
        }
        finally
        {
            into.Delete(true);
        }
    }

    private static int Running(string mark) => Directory.EnumerateDirectories("/proc").Count(directory =>
    {
        try
        {
            return int.TryParse(Path.GetFileName(directory), out _) && File.ReadAllText(Path.Combine(directory, "cmdline")).Contains(mark, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });
}
