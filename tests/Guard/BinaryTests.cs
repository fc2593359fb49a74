using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Pellicle.Guard.Tests.Support;

namespace Pellicle.Guard.Tests;

/// <summary>Runs only with the published binary (src/Guard/build.sh); visibly skipped without.</summary>
public sealed class BinaryFactAttribute : FactAttribute
{
    /// <summary>Folder of what is built.</summary>
    internal static string Artifacts { get; } = Find();

    /// <summary>The guard; <c>tests/guard-emulated.sh</c> names one that runs under emulation.</summary>
    internal static string Path { get; } = Environment.GetEnvironmentVariable("PELLICLE_TEST_GUARD") ?? System.IO.Path.Combine(Artifacts, "guard/linux-x64/guard");

    internal static bool IsEmulated { get; } = Environment.GetEnvironmentVariable("PELLICLE_TEST_GUARD") is not null;

    /// <summary>Built by runtime/native/build.sh.</summary>
    internal static string Wrapper { get; } = System.IO.Path.Combine(Artifacts, "native/x86_64/wrapper");

    public BinaryFactAttribute()
    {
        if (!File.Exists(Path) || !File.Exists(Wrapper))
            Skip = "artifacts/guard/linux-x64/guard or artifacts/native/x86_64/wrapper is not built";
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Pellicle.slnx")))
                return System.IO.Path.Combine(folder.FullName, "artifacts");
        }
        return "";
    }
}

/// <summary>The static binary as extension, and the wrapper, against the fake platform.</summary>
public class BinaryTests
{
    [BinaryFact]
    public void Extension_and_wrapper_find_each_other_and_an_attack_is_stopped()
    {
        using var platform = new FakePlatform();
        using var shutdown = new ManualResetEventSlim();
        Extensions(platform, shutdown);
        using var server = new FakeServer();
        server.SetPolicy("""{"schemaVersion":1,"id":"p","mode":"protect","revision":"7"}""", "7");
        using var guard = Start(platform, ["extension"], ("PELLICLE_SERVER", server.Address.ToString().TrimEnd('/')), ("PELLICLE_TOKEN", "t"));
        platform.TakeRequest().ShouldStartWith("POST /2020-01-01/extension/register HTTP/1.1\r\n");
        platform.TakeRequest().ShouldContain("/extension/event/next");

        // The wrapper ends as the command, which tells us what it was given. There is no layer here, so the interposer is missing: unchanged, with one line.
        using var wrapper = Wrap(platform, ["/usr/bin/env"]);
        wrapper.StandardOutput.ReadToEnd().ShouldContain($"AWS_LAMBDA_RUNTIME_API={platform.Address}");
        wrapper.StandardError.ReadToEnd().ShouldContain("starting without protection");
        wrapper.WaitForExit();
        wrapper.ExitCode.ShouldBe(0);

        using var client = new ChannelClient("pellicle/" + platform.Address);
        var (port, mode) = client.Hello(Channel.ClientRole.Interposer);
        mode.ShouldBe(2u);
        using var runtime = new FakeRuntime(new IPEndPoint(IPAddress.Loopback, (int)port));
        platform.Event("bad", """{"version":"2.0","rawPath":"/","queryStringParameters":{"host":"127.0.0.1; cat /etc/passwd"},"requestContext":{"http":{"method":"GET","path":"/"}}}""");
        var good = platform.Event("good", """{"a":1}""");
        runtime.Next().ShouldBe(good);
        server.TakeBatch(b => b.Contains("\"blocked\"", StringComparison.Ordinal)).ShouldContain("\"policyRevision\":\"7\"");

        server.SetPolicy("""{"schemaVersion":1,"id":"p","mode":"off","revision":"8"}""", "8");
        while (!server.PolicyRequests.Take().Contains("If-None-Match: \"8\"", StringComparison.Ordinal))
        {
        }
        runtime.Respond("good", "1").ShouldBe(FakePlatform.Accepted);
        var passed = platform.Event("bad2", """{"q":"x; cat /etc/passwd"}""");
        runtime.Next().ShouldBe(passed);

        if (!BinaryFactAttribute.IsEmulated)
            Resident(guard).ShouldBeLessThan(25 * 1024);
        shutdown.Set();
        guard.WaitForExit(60000).ShouldBeTrue();
        guard.ExitCode.ShouldBe(0);
    }

    [BinaryFact]
    public void The_wrapper_runs_the_command_unchanged_without_a_guard()
    {
        using var platform = new FakePlatform();
        using var wrapper = Wrap(platform, ["sh", "-c", "echo $AWS_LAMBDA_RUNTIME_API $1", "x", "two words"]);
        wrapper.StandardOutput.ReadToEnd().ShouldBe($"{platform.Address} two words\n");
        // Guards of other tests may run beside it: a wrapper that finds one is told that this platform is not that guard's, and says so.
        var lines = wrapper.StandardError.ReadToEnd().Trim().Split('\n');
        lines.ShouldAllBe(line => line.StartsWith("pellicle: ", StringComparison.Ordinal));
        lines[^1].ShouldStartWith("pellicle: starting without protection");
    }

    [BinaryFact]
    public void The_wrapper_starts_the_next_wrapper_with_the_command()
    {
        using var platform = new FakePlatform();
        using var wrapper = Wrap(platform, ["a", "b"], ("PELLICLE_NEXT_WRAPPER", "/bin/echo"), ("PELLICLE_MODE", "off"));
        wrapper.StandardOutput.ReadToEnd().ShouldBe("a b\n");
        wrapper.StandardError.ReadToEnd().ShouldBe("");
    }

    [BinaryFact]
    public void A_command_that_does_not_exist_is_127()
    {
        using var platform = new FakePlatform();
        using var wrapper = Wrap(platform, ["/does/not/exist"]);
        wrapper.WaitForExit();
        wrapper.ExitCode.ShouldBe(127);
    }

    [BinaryFact]
    public void The_proxy_alone_passes_events_and_says_where_it_listens()
    {
        using var platform = new FakePlatform();
        using var guard = Start(platform, ["proxy", "--listen", "127.0.0.1:0", "--upstream", platform.Address.ToString()]);
        var line = guard.StandardOutput.ReadLine()!;
        line.ShouldStartWith("listening on 127.0.0.1:");
        using var runtime = new FakeRuntime(IPEndPoint.Parse(line["listening on ".Length..]));
        var answer = platform.Event("1", "{}");
        runtime.Next().ShouldBe(answer);
        guard.Kill();
        guard.WaitForExit();
    }

    [BinaryFact]
    public void Twenty_megabytes_stream_through_byte_for_byte_and_are_not_kept()
    {
        const int Pieces = 20, PieceBytes = 1 << 20;
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var guard = Run(BinaryFactAttribute.Path, (IPEndPoint)listener.LocalEndpoint, ["proxy", "--listen", "127.0.0.1:0", "--upstream", listener.LocalEndpoint.ToString()!],
            [("PELLICLE_MODE", "protect"), ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")]);
        using var runtime = new FakeRuntime(IPEndPoint.Parse(guard.StandardOutput.ReadLine()!["listening on ".Length..]));
        var asking = Task.Run(runtime.Next);
        using var upstream = listener.AcceptTcpClient();
        var stream = upstream.GetStream();
        Wire.ReadMessage(stream, response: false).ShouldNotBeNull();
        stream.Write("HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: big\r\nContent-Length: 2\r\n\r\n{}"u8);
        asking.Wait(60000).ShouldBeTrue();

        // What is sent is hashed on its way; what arrives, too.
        using var sent = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        using var got = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        var before = Resident(guard);
        var most = before;
        var writer = Task.Run(() =>
        {
            var random = new Random(9);
            var piece = new byte[PieceBytes];
            void Write(ReadOnlySpan<byte> bytes)
            {
                sent.AppendData(bytes);
                runtime.Stream.Write(bytes);
            }
            Write("POST /2018-06-01/runtime/invocation/big/response HTTP/1.1\r\nLambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n\r\n"u8);
            for (var i = 0; i < Pieces; i++)
            {
                random.NextBytes(piece);
                Write("100000\r\n"u8);
                Write(piece);
                Write("\r\n"u8);
            }
            Write("0\r\n\r\n"u8);
        });
        var buffer = new byte[256 * 1024];
        var tail = "";
        var total = 0L;
        while (!tail.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal) || total < (long)Pieces * PieceBytes)
        {
            var count = stream.Read(buffer);
            count.ShouldBeGreaterThan(0);
            got.AppendData(buffer.AsSpan(0, count));
            total += count;
            tail = (tail + Encoding.Latin1.GetString(buffer, Math.Max(0, count - 16), Math.Min(16, count)))[^Math.Min(16, tail.Length + Math.Min(16, count))..];
            most = Math.Max(most, Resident(guard));
        }
        stream.Write(FakePlatform.Accepted);
        writer.Wait(30000).ShouldBeTrue();
        runtime.Receive().ShouldBe(FakePlatform.Accepted);
        Convert.ToHexString(got.GetHashAndReset()).ShouldBe(Convert.ToHexString(sent.GetHashAndReset()));
        // A tenth of what went through; the pieces that are looked at, and what the collector leaves lying for a while. An emulator keeps what it translates.
        if (!BinaryFactAttribute.IsEmulated)
            (most - before).ShouldBeLessThan(2048, $"{before} KiB before, {most} KiB at most");
        guard.Kill();
        guard.WaitForExit();
    }

    [RootBinaryFact]
    public void Processes_of_the_same_user_cannot_read_the_guard()
    {
        using var platform = new FakePlatform();
        using var shutdown = new ManualResetEventSlim();
        Extensions(platform, shutdown);
        using var guard = Run("setpriv", platform.Address, ["--reuid=65534", "--regid=65534", "--clear-groups", BinaryFactAttribute.Path, "extension"], [("PELLICLE_TOKEN", "of-the-guard-alone")]);
        while (!platform.TakeRequest().Contains("/extension/event/next", StringComparison.Ordinal))
        {
        }
        foreach (var file in new[] { "environ", "mem", "maps" })
        {
            using var reader = Process.Start(new ProcessStartInfo("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "head", "-c", "1", $"/proc/{guard.Id}/{file}"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            reader.StandardError.ReadToEnd().ShouldContain("Permission denied", Case.Sensitive, file);
            reader.WaitForExit();
        }
        // It still runs and is asked.
        using var client = new ChannelClient("pellicle/" + platform.Address);
        client.Hello(Channel.ClientRole.Interposer).Port.ShouldBeGreaterThan(0u);
        shutdown.Set();
        guard.WaitForExit(60000).ShouldBeTrue();
        guard.ExitCode.ShouldBe(0);
    }

    private static void Extensions(FakePlatform platform, ManualResetEventSlim shutdown)
    {
        platform.Special["/extension/register"] = (stream, _) =>
        {
            stream.Write("HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: 5a4c7e2e-0000-0000-0000-000000000001\r\nContent-Length: 2\r\n\r\n{}"u8);
            return true;
        };
        platform.Special["/extension/event/next"] = (stream, _) =>
        {
            shutdown.Wait(60000);
            var body = $$"""{"eventType":"SHUTDOWN","deadlineMs":{{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() + 2000}},"shutdownReason":"spindown"}""";
            stream.Write(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
            return true;
        };
    }

    private static Process Start(FakePlatform platform, string[] arguments, params (string Name, string Value)[] variables) => Run(BinaryFactAttribute.Path, platform.Address, arguments, variables);

    private static Process Wrap(FakePlatform platform, string[] arguments, params (string Name, string Value)[] variables) => Run(BinaryFactAttribute.Wrapper, platform.Address, arguments, variables);

    private static Process Run(string program, IPEndPoint platform, string[] arguments, (string Name, string Value)[] variables)
    {
        // An extension keeps its policy in /tmp: as in Rig, each has its own where that can be had.
        var own = Rig.IsRoot && arguments.Contains("extension");
        var start = new ProcessStartInfo(own ? "unshare" : program, own ? ["-m", "sh", "-c", Rig.OwnTemp + " exec \"$0\" \"$@\"", program, .. arguments] : arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["AWS_LAMBDA_RUNTIME_API"] = platform.ToString();
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>KiB in memory.</summary>
    private static int Resident(Process process) => int.Parse(File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith("VmRSS", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
