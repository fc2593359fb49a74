using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Pellicle.Domain;
using Pellicle.Guard.Tests.Support;

namespace Pellicle.Guard.Tests;

/// <summary>Runs as root only: a disk of its own cannot be filled otherwise.</summary>
public sealed class RootBinaryTheoryAttribute : TheoryAttribute
{
    public RootBinaryTheoryAttribute()
    {
        if (!Rig.IsRoot || !File.Exists(BinaryFactAttribute.Path))
            Skip = "needs root and artifacts/guard/linux-x64/guard";
    }
}

public sealed class BinaryTheoryAttribute : TheoryAttribute
{
    public BinaryTheoryAttribute()
    {
        if (!File.Exists(BinaryFactAttribute.Path))
            Skip = "artifacts/guard/linux-x64/guard is not built";
    }
}

/// <summary>Kill, stop, slow, garbage and a full disk at each boundary of the published guard: no invocation is lost or answered wrongly, in monitor and in protect.</summary>
public class FaultTests
{
    private static readonly byte[] Garbage = [.. Enumerable.Range(0, 3000).Select(i => (byte)(i * 131 >> 3)), .. "\r\n\r\n"u8];

    public static TheoryData<ProtectionMode> Modes => [ProtectionMode.Monitor, ProtectionMode.Protect];

    public static TheoryData<ProtectionMode, string> ServerFaults
    {
        get
        {
            var data = new TheoryData<ProtectionMode, string>();
            foreach (var mode in new[] { ProtectionMode.Monitor, ProtectionMode.Protect })
            {
                foreach (var fault in new[] { "kill", "stop", "slow", "garbage", "error" })
                    data.Add(mode, fault);
            }
            return data;
        }
    }

    // --- the platform

    [BinaryTheory]
    [MemberData(nameof(Modes))]
    public void Platform_kills_connections_between_and_inside_of_questions(ProtectionMode mode)
    {
        using var rig = new Rig(mode);
        rig.Invoke(3);
        // It answers the response and closes: the next question finds a dead connection.
        rig.Platform.Special["/response"] = (stream, _) =>
        {
            stream.Write(FakePlatform.Accepted);
            return false;
        };
        rig.Invoke(5);
        rig.Platform.Special.TryRemove("/response", out _);
        // It closes under a question that was asked already, once.
        var closed = 0;
        rig.Platform.Special["/invocation/next"] = (stream, _) => Interlocked.Exchange(ref closed, 1) != 0 && rig.Platform.Special.TryRemove("/invocation/next", out Func<NetworkStream, byte[], bool>? _) && rig.Platform.AnswerNext(stream);
        rig.Invoke(3);
        closed.ShouldBe(1);
    }

    [BinaryTheory]
    [MemberData(nameof(Modes))]
    public void Platform_stops_for_a_while_and_speaks_byte_by_byte(ProtectionMode mode)
    {
        using var rig = new Rig(mode);
        rig.Platform.Trickle = true;
        rig.Invoke(3);
        rig.Platform.Trickle = false;
        using var go = new ManualResetEventSlim();
        rig.Platform.Special["/response"] = (stream, _) =>
        {
            go.Wait(60000);
            stream.Write(FakePlatform.Accepted);
            return true;
        };
        var id = rig.NextId();
        var answer = rig.Platform.Event(id, "{}");
        rig.Runtime.Next().ShouldBe(answer);
        rig.Runtime.Stream.Write(Encoding.ASCII.GetBytes($"POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nContent-Length: 1\r\n\r\n1"));
        rig.TakePost(id);
        rig.Runtime.Stream.DataAvailable.ShouldBeFalse();
        go.Set();
        rig.Runtime.Receive().ShouldBe(FakePlatform.Accepted);
        rig.Platform.Special.Clear();
        rig.Invoke(2);
    }

    [BinaryTheory]
    [MemberData(nameof(Modes))]
    public void Platform_answers_garbage(ProtectionMode mode)
    {
        using var rig = new Rig(mode);
        rig.Invoke(2);
        rig.Platform.Raw(Garbage);
        // What is no HTTP cannot be an event; the runtime's connection ends, as it would without us, and its next question is answered.
        Should.Throw<Exception>(() => rig.Runtime.Next()).ShouldBeAssignableTo<IOException>();
        rig.Reconnect();
        rig.Invoke(3);
        // An event that is no JSON, or cut short in its text, is the function's business.
        foreach (var body in new byte[][] { Garbage, "{\"a\":"u8.ToArray(), [] })
        {
            var id = rig.NextId();
            var answer = rig.Platform.Event(id, body);
            rig.Runtime.Next().ShouldBe(answer);
            rig.Respond(id, "1");
        }
    }

    // --- the runtime

    [BinaryTheory]
    [MemberData(nameof(Modes))]
    public void Runtime_is_killed_while_it_waits_and_in_the_middle_of_its_answer(ProtectionMode mode)
    {
        using var rig = new Rig(mode);
        rig.Invoke(2);
        rig.Runtime.Stream.Write("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: h\r\n\r\n"u8);
        rig.Platform.TakeRequest().ShouldContain("/next");
        using var gone = new ManualResetEventSlim();
        rig.Platform.OnGone = gone.Set;
        rig.Reconnect();
        gone.Wait(60000).ShouldBeTrue("the platform was not told that nobody waits any more");
        rig.Invoke(2);
        var id = rig.NextId();
        var answer = rig.Platform.Event(id, "{}");
        rig.Runtime.Next().ShouldBe(answer);
        rig.Runtime.Stream.Write(Encoding.ASCII.GetBytes($"POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nContent-Length: 400000\r\n\r\nhalf of it"));
        rig.Reconnect();
        // Nothing complete reached the platform; the new runtime may still answer.
        rig.Respond(id, "\"whole\"");
        rig.Invoke(2);
    }

    [BinaryTheory]
    [MemberData(nameof(Modes))]
    public void Runtime_writes_byte_by_byte_and_garbage(ProtectionMode mode)
    {
        using var rig = new Rig(mode);
        var id = rig.NextId();
        var answer = rig.Platform.Event(id, "{}");
        rig.Runtime.Next().ShouldBe(answer);
        var post = Encoding.ASCII.GetBytes($"POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nContent-Length: 7\r\n\r\n\"slowly");
        foreach (var b in post)
            rig.Runtime.Stream.Write([b]);
        rig.Runtime.Receive().ShouldBe(FakePlatform.Accepted);
        rig.TakePost(id).ShouldEndWith("\"slowly");
        using (var other = new FakeRuntime(rig.Proxy))
            Encoding.ASCII.GetString(other.Ask(Garbage)).ShouldStartWith("HTTP/1.1 400");
        rig.Invoke(3);
    }

    [BinaryTheory]
    [MemberData(nameof(Modes))]
    public void Runtime_stops_in_the_middle_of_an_event_and_goes_on(ProtectionMode mode)
    {
        using var rig = new Rig(mode);
        rig.Invoke(1);
        var id = rig.NextId();
        var answer = rig.Platform.Event(id, $"\"{new string('x', 6_000_000)}\"");
        rig.Runtime.Stream.Write("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: h\r\n\r\n"u8);
        var read = new List<byte>();
        var piece = new byte[4096];
        for (var i = 0; i < 5; i++)
        {
            var count = rig.Runtime.Stream.Read(piece);
            read.AddRange(piece[..count]);
        }
        // Nobody reads; the guard's other work goes on.
        rig.Channel.Ask(Dimension.Read, Channel.QueryFlags.None, 0, "/tmp/meanwhile", "x").Deny.ShouldBeFalse();
        using (var other = new FakeRuntime(rig.Proxy))
            Encoding.ASCII.GetString(other.Ask(Garbage)).ShouldStartWith("HTTP/1.1 400");
        while (read.Count < answer.Length)
        {
            var count = rig.Runtime.Stream.Read(piece);
            count.ShouldBeGreaterThan(0, rig.Log);
            read.AddRange(piece[..count]);
        }
        read.ToArray().AsSpan().SequenceEqual(answer).ShouldBeTrue();
        rig.Respond(id, "1");
        rig.Invoke(2);
    }

    // --- the server

    [BinaryTheory]
    [MemberData(nameof(ServerFaults))]
    public void Server_fails_and_the_mode_stays(ProtectionMode mode, string fault)
    {
        using var rig = new Rig(mode);
        rig.Mode.ShouldBe(mode);
        rig.Invoke(2);
        rig.Server.Fault = fault;
        using var clock = new FairClock();
        for (var i = 0; i < 40; i++)
        {
            rig.Channel.Ask(Dimension.Read, Channel.QueryFlags.None, 0, $"/tmp/{fault}/{i}", "x").Deny.ShouldBeFalse();
            rig.Invoke(1);
        }
        // One flush may wait its budget before the server counts as away; forty would take eight seconds.
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(2), rig.Log);
        if (mode == ProtectionMode.Protect)
        {
            rig.Platform.Event("bad", """{"version":"2.0","rawPath":"/","queryStringParameters":{"host":"127.0.0.1; cat /etc/passwd"},"requestContext":{"http":{"method":"GET","path":"/"}}}""");
            rig.Invoke(1, after: "bad");
        }
        rig.Server.Fault = "";
        rig.Shutdown().ShouldBeLessThan(TimeSpan.FromSeconds(2.5));
    }

    /// <summary>The platform gives two seconds, and takes the environment down after them.</summary>
    [BinaryTheory]
    [MemberData(nameof(ServerFaults))]
    public void Server_fails_and_the_end_comes_in_time(ProtectionMode mode, string fault)
    {
        using var rig = new Rig(mode);
        rig.Invoke(2);
        rig.Server.Fault = fault;
        // Something to tell, so that a request is under way as the end comes.
        rig.Channel.Ask(Dimension.Read, Channel.QueryFlags.None, 0, "/tmp/last", "x").Deny.ShouldBeFalse();
        rig.Invoke(1);
        rig.Shutdown().ShouldBeLessThan(TimeSpan.FromSeconds(1.8), rig.Log);
    }

    [BinaryTheory]
    [MemberData(nameof(ServerFaults))]
    public void Server_fails_from_the_start_and_its_policy_comes_when_it_is_well(ProtectionMode mode, string fault)
    {
        using var clock = new FairClock();
        using var rig = new Rig(mode, "", fault, null);
        // A start may wait for the policy, but not for long.
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(8), rig.Log);
        rig.Mode.ShouldBe(ProtectionMode.Monitor, "without a policy nothing is stopped");
        rig.Invoke(5);
        rig.Server.Fault = "";
        SpinWait.SpinUntil(() =>
        {
            rig.Invoke(1);
            return rig.CurrentMode() == mode;
        }, TimeSpan.FromMinutes(1)).ShouldBeTrue(rig.Log);
        rig.Invoke(2);
    }

    [RootBinaryFact]
    public void A_name_that_nobody_looks_up_holds_up_neither_start_nor_end()
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Parse("127.91.7.53"), 53));
        using var clock = new FairClock();
        using var rig = new Rig(ProtectionMode.Protect, "echo 'nameserver 127.91.7.53' >/tmp/resolv.conf; mount --bind /tmp/resolv.conf /etc/resolv.conf;", ("PELLICLE_SERVER", "http://server.pellicle.example:8080"));
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(3), rig.Log);
        silent.Available.ShouldBeGreaterThan(0, "nobody asked for the name");
        rig.Mode.ShouldBe(ProtectionMode.Monitor, "without a policy nothing is stopped");
        rig.Invoke(10);
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5), rig.Log);
        rig.Shutdown().ShouldBeLessThan(TimeSpan.FromSeconds(1.8), rig.Log);
    }

    // --- the channel

    [BinaryTheory]
    [MemberData(nameof(Modes))]
    public void Channel_clients_die_stall_flood_and_speak_nonsense(ProtectionMode mode)
    {
        using var rig = new Rig(mode);
        var clients = Enumerable.Range(0, 40).Select(_ => new ChannelClient("pellicle/" + rig.Platform.Address)).ToList();
        foreach (var (client, i) in clients.Select((c, i) => (c, i)))
        {
            if (i % 4 == 0)
                client.ClosesOn(Garbage[..64]).ShouldBeTrue();
            else if (i % 4 == 1)
                client.Flood(2000); // never reads what it is told
            else if (i % 4 == 2)
                client.Note((Dimension)(1 + i % 5), new string('x', 60000));
            rig.Invoke(1);
        }
        clients.ForEach(c => c.Dispose());
        rig.Invoke(3);
        rig.Channel.Ask(Dimension.Read, Channel.QueryFlags.None, 0, "/tmp/after", "x").Deny.ShouldBeFalse();
    }

    // --- the Extensions API

    [BinaryTheory]
    [InlineData(ProtectionMode.Monitor, "kill")]
    [InlineData(ProtectionMode.Monitor, "garbage")]
    [InlineData(ProtectionMode.Monitor, "error")]
    [InlineData(ProtectionMode.Monitor, "slow")]
    [InlineData(ProtectionMode.Protect, "kill")]
    [InlineData(ProtectionMode.Protect, "garbage")]
    [InlineData(ProtectionMode.Protect, "error")]
    [InlineData(ProtectionMode.Protect, "slow")]
    public void Extensions_api_fails_and_the_guard_lives_on(ProtectionMode mode, string fault)
    {
        var failures = 0;
        using var rig = new Rig(mode) { };
        rig.ExtensionFault = stream =>
        {
            if (fault == "slow" || Interlocked.Increment(ref failures) > 4)
                return null;
            switch (fault)
            {
                case "garbage":
                    stream.Write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"event\":"u8);
                    return true;
                case "error":
                    stream.Write("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\n{}"u8);
                    return true;
                default:
                    return false;
            }
        };
        // The question that is open already ends with an event of no meaning; the faults begin with the next.
        rig.EndQuestion();
        rig.Invoke(10);
        if (fault != "slow")
            SpinWait.SpinUntil(() => Volatile.Read(ref failures) > 4, TimeSpan.FromMinutes(1)).ShouldBeTrue(rig.Log);
        rig.Guard.HasExited.ShouldBeFalse(rig.Log);
        rig.Invoke(2);
        rig.Shutdown().ShouldBeLessThan(TimeSpan.FromSeconds(2.5));
    }

    [BinaryTheory]
    [InlineData(ProtectionMode.Monitor, "kill")]
    [InlineData(ProtectionMode.Monitor, "garbage")]
    [InlineData(ProtectionMode.Monitor, "error")]
    [InlineData(ProtectionMode.Protect, "kill")]
    [InlineData(ProtectionMode.Protect, "garbage")]
    [InlineData(ProtectionMode.Protect, "error")]
    public void Registration_fails_at_first_and_is_asked_for_again(ProtectionMode mode, string fault)
    {
        var left = 3;
        using var rig = new Rig(mode, "", "", stream =>
        {
            if (Interlocked.Decrement(ref left) < 0)
                return null;
            switch (fault)
            {
                case "garbage":
                    stream.Write(Garbage);
                    return false;
                case "error":
                    stream.Write("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\n{}"u8);
                    return true;
                default:
                    return false;
            }
        });
        left.ShouldBeLessThan(0);
        rig.Invoke(3);
        rig.Shutdown().ShouldBeLessThan(TimeSpan.FromSeconds(2.5));
    }

    // --- the disk

    [RootBinaryTheory]
    [InlineData(ProtectionMode.Monitor, "dd if=/dev/zero of=/tmp/full bs=4k 2>/dev/null;")]
    [InlineData(ProtectionMode.Protect, "dd if=/dev/zero of=/tmp/full bs=4k 2>/dev/null;")]
    [InlineData(ProtectionMode.Monitor, "mount -o remount,ro /tmp;")]
    [InlineData(ProtectionMode.Protect, "mount -o remount,ro /tmp;")]
    public void Disk_is_full_or_read_only(ProtectionMode mode, string prepare)
    {
        using var rig = new Rig(mode, prepare);
        rig.Mode.ShouldBe(mode);
        rig.Invoke(5);
        rig.Server.SetPolicy($$"""{"schemaVersion":1,"id":"p","mode":"{{mode.Name()}}","revision":"2"}""", "2");
        rig.Channel.Ask(Dimension.Read, Channel.QueryFlags.None, 0, "/tmp/new", "x");
        rig.Invoke(1);
        rig.Server.TakeBatch(b => !b.Contains("\"faults\":0,", StringComparison.Ordinal)).ShouldNotBeEmpty();
        SpinWait.SpinUntil(() => rig.Log.Contains("policy cache failed", StringComparison.Ordinal), TimeSpan.FromMinutes(1)).ShouldBeTrue(rig.Log);
        rig.Invoke(2);
    }

    [RootBinaryTheory]
    [InlineData(ProtectionMode.Monitor, "touch /tmp/.pellicle;")]
    [InlineData(ProtectionMode.Protect, "touch /tmp/.pellicle;")]
    [InlineData(ProtectionMode.Monitor, "mkdir -p /tmp/.pellicle/policy.json /tmp/.pellicle/policy.json.new;")]
    [InlineData(ProtectionMode.Protect, "mkdir -p /tmp/.pellicle/policy.json /tmp/.pellicle/policy.json.new;")]
    public void Something_else_lies_where_the_guard_keeps_its_policy(ProtectionMode mode, string prepare)
    {
        using var rig = new Rig(mode, prepare);
        rig.Mode.ShouldBe(mode, rig.Log);
        rig.Invoke(5);
        rig.Channel.Ask(Dimension.Read, Channel.QueryFlags.None, 0, "/tmp/new", "x");
        rig.Invoke(1);
        rig.Server.TakeBatch(b => !b.Contains("\"faults\":0,", StringComparison.Ordinal)).ShouldNotBeEmpty();
        rig.Invoke(2);
    }

    [RootBinaryTheory]
    [MemberData(nameof(Modes))]
    public void What_was_kept_is_garbage_and_the_server_is_away(ProtectionMode mode)
    {
        using var rig = new Rig(mode, "mkdir /tmp/.pellicle; head -c 5000 /dev/urandom >/tmp/.pellicle/policy.json;", "kill", null);
        SpinWait.SpinUntil(() => rig.Log.Contains("policy file /tmp/.pellicle/policy.json refused", StringComparison.Ordinal), TimeSpan.FromMinutes(1)).ShouldBeTrue(rig.Log);
        rig.Invoke(5);
        rig.Server.Fault = "";
        SpinWait.SpinUntil(() =>
        {
            rig.Invoke(1);
            return rig.CurrentMode() == mode;
        }, TimeSpan.FromMinutes(1)).ShouldBeTrue(rig.Log);
        rig.Server.TakeBatch(b => !b.Contains("\"faults\":0,", StringComparison.Ordinal)).ShouldNotBeEmpty();
        rig.Invoke(2);
    }

    // --- the guard itself

    [BinaryTheory]
    [MemberData(nameof(Modes))]
    public void Guard_is_stopped_for_a_while(ProtectionMode mode)
    {
        using var rig = new Rig(mode);
        rig.Invoke(3);
        for (var i = 0; i < 3; i++)
        {
            var id = rig.NextId();
            var answer = rig.Platform.Event(id, "{}");
            rig.Signal("STOP");
            rig.Runtime.Stream.Write("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: h\r\n\r\n"u8);
            rig.Runtime.Stream.ReadTimeout = 300;
            Should.Throw<IOException>(() => rig.Runtime.Stream.ReadByte());
            rig.Signal("CONT");
            rig.Runtime.Stream.ReadTimeout = 60000;
            rig.Runtime.Receive().ShouldBe(answer);
            rig.Respond(id, "1");
        }
        rig.Invoke(3);
    }
}
