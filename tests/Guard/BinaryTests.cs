using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Pellicle.Guard.Tests.Support;

namespace Pellicle.Guard.Tests;

/// <summary>Runs only with the published binary (src/Guard/build.sh); visibly skipped without.</summary>
public sealed class BinaryFactAttribute : FactAttribute
{
    internal static string Path { get; } = Find();

    /// <summary>Built by runtime/native/build.sh.</summary>
    internal static string Wrapper { get; } = System.IO.Path.GetFullPath(System.IO.Path.Combine(Path, "../../../native/x86_64/wrapper"));

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
                return System.IO.Path.Combine(folder.FullName, "artifacts/guard/linux-x64/guard");
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

        Resident(guard).ShouldBeLessThan(25 * 1024);
        shutdown.Set();
        guard.WaitForExit(5000).ShouldBeTrue();
        guard.ExitCode.ShouldBe(0);
    }

    [BinaryFact]
    public void The_wrapper_runs_the_command_unchanged_without_a_guard()
    {
        using var platform = new FakePlatform();
        using var wrapper = Wrap(platform, ["sh", "-c", "echo $AWS_LAMBDA_RUNTIME_API $1", "x", "two words"]);
        wrapper.StandardOutput.ReadToEnd().ShouldBe($"{platform.Address} two words\n");
        wrapper.StandardError.ReadToEnd().Trim().Split('\n').ShouldHaveSingleItem();
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

    private static Process Start(FakePlatform platform, string[] arguments, params (string Name, string Value)[] variables) => Run(BinaryFactAttribute.Path, platform, arguments, variables);

    private static Process Wrap(FakePlatform platform, string[] arguments, params (string Name, string Value)[] variables) => Run(BinaryFactAttribute.Wrapper, platform, arguments, variables);

    private static Process Run(string program, FakePlatform platform, string[] arguments, (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["AWS_LAMBDA_RUNTIME_API"] = platform.Address.ToString();
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>KiB in memory.</summary>
    private static int Resident(Process process) => int.Parse(File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith("VmRSS", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
