using System.Text;
using Pellicle.Domain;
using Pellicle.Guard.Channel;
using Pellicle.Guard.Native;
using Pellicle.Guard.Tests.Support;
using Pellicle.Policy;
using static Pellicle.Guard.Native.Libc;

namespace Pellicle.Guard.Tests;

/// <summary>Decision 0001 from the other side.</summary>
public sealed unsafe class ChannelTests : IDisposable
{
    private readonly Hop _hop = new(ProtectionMode.Protect);
    private readonly string _name = "pellicle/test-" + Guid.NewGuid();
    private readonly StateRegion _state = new(42, Environment.ProcessId);
    private readonly Ring _ring = new(TimeProvider.System);
    private readonly ChannelServer _server;
    private readonly ChannelClient _client;

    public ChannelTests()
    {
        _hop.Guardian.AttachChannel(_state, _ring, _hop.Platform.Address, _hop.Proxy.Address.Port);
        _server = new ChannelServer(_name, _state.Descriptor, _ring.Descriptor, _hop.Proxy.Address.Port, _hop.Guardian);
        _client = new ChannelClient(_name);
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
        _hop.Dispose();
    }

    [Fact]
    public void Hello_is_answered_with_port_mode_and_two_descriptors()
    {
        _client.Hello(ClientRole.Wrapper).ShouldBe(((uint)_hop.Proxy.Address.Port, 2u));
        var mapped = mmap(null, SharedRegion.Bytes, ProtRead, MapShared, _client.StateDescriptor, 0);
        ((nint)mapped).ShouldNotBe(-1);
        (*(uint*)mapped).ShouldBe(StateRegion.Magic);
        (*(uint*)(mapped + 16)).ShouldBe(2u);
        (*(ulong*)(mapped + 40)).ShouldBe(42ul);
        (*(uint*)(mapped + 68)).ShouldBe((uint)_hop.Platform.Address.Port);
        new ReadOnlySpan<byte>(mapped + 76, 4).ToArray().ShouldBe(new byte[] { 127, 0, 0, 1 });
        _ = munmap(mapped, SharedRegion.Bytes);
    }

    [Fact]
    public void The_state_cannot_be_written_by_others()
    {
        _client.Hello(ClientRole.Interposer);
        ((nint)mmap(null, SharedRegion.Bytes, ProtRead | ProtWrite, MapShared, _client.StateDescriptor, 0)).ShouldBe(-1);
        ftruncate(_client.RingDescriptor, 0).ShouldBe(-1);
    }

    public static TheoryData<string, uint> FlagsOfPolicies => new()
    {
        { """{"mode":"monitor"}""", 8 },
        { """{"mode":"protect"}""", 11 },
        { """{"mode":"protect","builtin":{"tamper":"report"}}""", 9 },
        { """{"mode":"protect","rules":[{"id":"debug","effect":"allow","dimension":"tamper","items":["ptrace**"]}]}""", 9 },
        { """{"mode":"protect","profile":{"process":{"stage":"protect","items":[]}}}""", 15 },
        { """{"mode":"protect","profile":{"process":{"stage":"shadow","items":[]}}}""", 11 },
        { """{"mode":"protect","profile":{"process":{"stage":"protect","items":["/usr/bin/dash"]}}}""", 11 },
        { """{"mode":"protect","profile":{"process":{"stage":"protect","items":[]}},"rules":[{"id":"tool","effect":"allow","dimension":"process","items":["/opt/bin/*"]}]}""", 11 },
    };

    [Theory]
    [MemberData(nameof(FlagsOfPolicies))]
    public void The_policy_says_what_a_runtime_that_starts_may_be_kept_from(string policy, uint flags)
    {
        var read = PolicyJson.Parse(policy.Replace("{\"mode\"", "{\"schemaVersion\":1,\"mode\"", StringComparison.Ordinal));
        _hop.Policy.Set(read.Document.ShouldNotBeNull(string.Join('\n', read.Errors)), "test");
        BitConverter.ToUInt32(_state.Bytes[20..24]).ShouldBe(flags);
    }

    [Fact]
    public void Credential_files_are_refused_without_any_profile()
    {
        _client.Ask(Dimension.Read, QueryFlags.None, 0, "/proc/77/environ", "/proc/self/environ").ShouldBe((true, VerdictCache.No, (ushort)13));
        _client.Ask(Dimension.Read, QueryFlags.None, 0, "/proc/77/mem", "/proc/77/mem").Deny.ShouldBeTrue();
        _client.Ask(Dimension.Read, QueryFlags.None, 0, "/var/task/data.txt", "data.txt").Deny.ShouldBeFalse();
        _hop.Guardian.Incidents.Take(10).Count.ShouldBe(2);
    }

    [Fact]
    public void In_monitor_they_are_allowed_and_reported()
    {
        _hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Monitor }, "test");
        _client.Ask(Dimension.Read, QueryFlags.None, 0, "/proc/77/environ", "/proc/77/environ").Deny.ShouldBeFalse();
        _hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().Decision.ShouldBe("would-block");
    }

    [Fact]
    public void An_item_is_asked_until_two_clean_invocations_showed_it()
    {
        var item = new Behaviour(Dimension.Read, "/var/task/data.txt");
        Deliver("a", "{}");
        _client.Ask(Dimension.Read, 0, _state.Invocation, item.Item, item.Item).Cache.ShouldBe(VerdictCache.Invocation);
        _client.Ask(Dimension.Read, 0, _state.Invocation, item.Item, item.Item).Cache.ShouldBe(VerdictCache.Invocation);
        _state.Contains(item).ShouldBeFalse();
        Deliver("b", "{}");
        _client.Ask(Dimension.Read, 0, _state.Invocation, item.Item, item.Item).Cache.ShouldBe(VerdictCache.Generation);
        _state.Contains(item).ShouldBeTrue();
    }

    [Fact]
    public void A_program_start_is_asked_every_time()
    {
        for (var i = 0; i < 4; i++)
        {
            Deliver($"p{i}", "{}");
            _client.Ask(Dimension.Process, 0, _state.Invocation, "/usr/bin/ls", "ls\0-l", "ls").Cache.ShouldBe(VerdictCache.No);
        }
        _state.Contains(new Behaviour(Dimension.Process, "/usr/bin/ls")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("a", 120_000)]
    [InlineData(" ", 120_000)]
    [InlineData("\\n", 2_000)]
    public void Padding_hides_no_command(string pad, int count)
    {
        var padding = string.Concat(Enumerable.Repeat(pad, count));
        Deliver("x", $$"""{"Records":[{"eventSource":"custom","name":"report{{padding}};touch marker"}]}""", ProtectionMode.Monitor);
        _hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect }, "test");
        _hop.Guardian.Incidents.Take(10);
        _client.Ask(Dimension.Process, 0, _state.Invocation, "/usr/bin/dash", $"sh\0-c\0convert report{padding.Replace("\\n", "\n", StringComparison.Ordinal)};touch marker out.png", "/bin/sh").Deny.ShouldBeTrue();
        var incident = _hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem();
        (incident.Detector, incident.RequestId, incident.Decision, incident.Field).ShouldBe(("command-injection", "x", "blocked", "Records[0].name"));
    }

    [Fact]
    public void Who_asks_while_a_large_event_is_compared_is_told_to_wait()
    {
        Deliver("x", $$"""{"name":"{{new string('a', 100_000)}}"}""", ProtectionMode.Protect);
        _client.Ask(Dimension.Process, 0, _state.Invocation, "/usr/bin/ls", "ls", "ls").Deny.ShouldBeFalse();
        _client.Waited.ShouldBeTrue();
        Deliver("y", """{"name":"a"}""", ProtectionMode.Protect);
        _client.Ask(Dimension.Process, 0, _state.Invocation, "/usr/bin/ls", "ls", "ls").Deny.ShouldBeFalse();
        _client.Waited.ShouldBeFalse();
        // Whether it is a copy of a deployed file is looked for among all of them.
        _client.Ask(Dimension.Process, 0, _state.Invocation, "/tmp/unknown-program", "unknown-program", "/tmp/unknown-program");
        _client.Waited.ShouldBeTrue();
    }

    /// <summary>Texts and a command that were made to be compared for minutes; whoever asks would have gone on long before.</summary>
    [Fact]
    public void What_is_too_much_to_be_compared_is_refused()
    {
        var names = string.Join(',', Enumerable.Range(0, 30_000).Select(i => $"\"|cut{i}\""));
        Deliver("x", $$"""{"Records":[{"eventSource":"custom","name":[{{names}}]}]}""", ProtectionMode.Monitor);
        _hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect }, "test");
        _hop.Guardian.Incidents.Take(10);
        var command = string.Concat(Enumerable.Repeat("|cat", 20_000));
        _client.Ask(Dimension.Process, 0, _state.Invocation, "/usr/bin/dash", $"sh\0-c\0convert a{command}", "/bin/sh").Deny.ShouldBeTrue();
        var incident = _hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem();
        (incident.Detector, incident.Decision, incident.Field).ShouldBe(("command-injection", "blocked", ""));
        incident.Reasons.ShouldHaveSingleItem().ShouldContain("too much");
    }

    [Fact]
    public void An_event_that_adds_a_command_is_stopped_and_named()
    {
        // Written so that inspection of the event alone sees nothing wrong: the meeting with the sink is the evidence.
        Deliver("x", """{"Records":[{"eventSource":"custom","name":"report;touch marker"}]}""", ProtectionMode.Monitor);
        _hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect }, "test");
        _hop.Guardian.Incidents.Take(10);
        _client.Ask(Dimension.Process, 0, _state.Invocation, "/usr/bin/dash", "sh\0-c\0convert report;touch marker out.png", "/bin/sh").ShouldBe((true, VerdictCache.No, (ushort)13));
        var incident = _hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem();
        (incident.Detector, incident.RequestId, incident.Decision, incident.Field).ShouldBe(("command-injection", "x", "blocked", "Records[0].name"));
    }

    [Fact]
    public void A_connection_to_the_platform_past_the_guard_is_refused()
    {
        var (_, port) = (0, _hop.Platform.Address.Port);
        _client.Ask(Dimension.Host, 0, 0, $"127.0.0.1:{port}", "127.0.0.1", "tcp").ShouldBe((true, VerdictCache.No, (ushort)111));
        _client.Ask(Dimension.Host, 0, 0, $"127.0.0.1:{_hop.Proxy.Address.Port}", "127.0.0.1", "tcp").Deny.ShouldBeFalse();
        _hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().Detector.ShouldBe("upstream-connection");
    }

    [Fact]
    public void Signals_to_the_guard_are_refused_and_to_own_children_allowed()
    {
        _client.Ask(Dimension.Tamper, QueryFlags.Child, 0, "kill", "99999 9").Deny.ShouldBeFalse();
        _client.Ask(Dimension.Tamper, QueryFlags.Child, 0, "kill", "-1 9").ShouldBe((true, VerdictCache.No, (ushort)1));
        _client.Ask(Dimension.Tamper, QueryFlags.Child, 0, "kill", "1 19").Deny.ShouldBeTrue();
        _client.Ask(Dimension.Tamper, 0, 0, "ptrace", "attach 1").Deny.ShouldBeTrue();
        _client.Ask(Dimension.Tamper, 0, 0, "memfd", "doublemapper").Deny.ShouldBeFalse();
    }

    [Fact]
    public void A_rule_of_the_policy_is_obeyed_at_once_and_ends_cached_verdicts()
    {
        var before = _state.Generation;
        _client.Ask(Dimension.Host, 0, 0, "api.example.com:443", "93.184.216.34", "tcp").Deny.ShouldBeFalse();
        _hop.Policy.Set(new PolicyDocument
        {
            Mode = ProtectionMode.Protect,
            Rules = [new PolicyRule { Id = "no-example", Dimension = Dimension.Host, Effect = Effect.Deny, Items = ["*.example.com:*"] }],
        }, "test");
        _state.Generation.ShouldBeGreaterThan(before);
        (_state.Generation % 2).ShouldBe(0ul);
        _client.Ask(Dimension.Host, 0, 0, "api.example.com:443", "93.184.216.34", "tcp").ShouldBe((true, VerdictCache.No, (ushort)111));
    }

    [Fact]
    public void Only_the_runtime_that_starts_may_have_its_system_calls_answered()
    {
        _client.HandsOver().ShouldBeFalse("no wrapper has started a runtime");
        using var wrapper = new ChannelClient(_name);
        wrapper.Hello(ClientRole.Wrapper);
        // It is no listener: taken, found out, and given up.
        _client.HandsOver().ShouldBeTrue();
        _client.HandsOver().ShouldBeTrue();
        Deliver("a", "{}");
        _client.HandsOver().ShouldBeFalse("it is no start any more");
    }

    [Fact]
    public void What_interposers_pass_by_is_told_without_a_question()
    {
        var known = new Behaviour(Dimension.Read, "/data/known");
        _state.Publish(ProtectionMode.Protect, StateFlags.None, [known], [new PrefixRule(Dimension.Read, PrefixAction.Note, "/var/task/"), new PrefixRule(Dimension.Read, PrefixAction.Pass, "/var/"), new PrefixRule(Dimension.Host, PrefixAction.Pass, "10.")]);
        _state.ActionFor(known).ShouldBe(PrefixAction.Pass);
        _state.ActionFor(new Behaviour(Dimension.Read, "/var/task/a")).ShouldBe(PrefixAction.Note);
        _state.ActionFor(new Behaviour(Dimension.Read, "/var/lib")).ShouldBe(PrefixAction.Pass);
        _state.ActionFor(new Behaviour(Dimension.Write, "/var/lib")).ShouldBe(PrefixAction.Ask);
        _state.ActionFor(new Behaviour(Dimension.Read, "/va")).ShouldBe(PrefixAction.Ask);
    }

    [Fact]
    public void Garbage_closes_that_client_only_and_is_counted()
    {
        using var other = new ChannelClient(_name);
        var before = _hop.Guardian.Health.Faults;
        var random = new Random(7);
        for (var i = 0; i < 50; i++)
        {
            using var bad = new ChannelClient(_name);
            var packet = new byte[random.Next(1, 400)];
            random.NextBytes(packet);
            bad.ClosesOn(packet).ShouldBeTrue();
        }
        using (var bad = new ChannelClient(_name))
            bad.ClosesOn(Messages.Packet(MessageType.Query, 1, new byte[16])).ShouldBeTrue();
        using (var bad = new ChannelClient(_name))
            bad.ClosesOn(Messages.Packet(MessageType.Query, 1, [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255])).ShouldBeTrue();
        _hop.Guardian.Health.Faults.ShouldBe(before + 52);
        other.Ask(Dimension.Read, 0, 0, "/x", "/x").Deny.ShouldBeFalse();
    }

    [Fact]
    public void Notes_on_the_ring_are_learned_and_a_slot_that_never_completes_is_skipped()
    {
        _client.Hello(ClientRole.Interposer);
        Produce(0, "/var/task/app.py", complete: true);
        Produce(1, "/var/task/lost.py", complete: false);
        Produce(2, "/opt/python/lib.py", complete: true);
        _hop.Guardian.DrainRing();
        _hop.Guardian.Behaviours.Take().Loaded.ShouldBe(["/var/task/app.py"]);
        _ring.IsEmpty.ShouldBeFalse();
        while (_ring.Skipped == 0)
            _hop.Guardian.DrainRing();
        _hop.Guardian.DrainRing();
        _hop.Guardian.Behaviours.Take().Loaded.ShouldBe(["/opt/python/lib.py"]);
        _ring.Skipped.ShouldBe(1);
    }

    [Theory]
    [InlineData(0, 1u)]
    [InlineData(12, 4096u)]
    [InlineData(8, 0u)]
    [InlineData(68, 0x80000000u)]
    [InlineData(128, 77u)]
    [InlineData(132, 0xFFFFFFFFu)]
    public void A_ring_that_was_written_over_is_told_of_and_works_again(int offset, uint value)
    {
        _client.Hello(ClientRole.Interposer);
        Produce(0, "/var/task/app.py", complete: true);
        _hop.Guardian.DrainRing();
        _hop.Guardian.Behaviours.Take().Loaded.ShouldBe(["/var/task/app.py"]);
        BitConverter.TryWriteBytes(_ring.Bytes[offset..], value).ShouldBeTrue();
        _hop.Guardian.DrainRing();
        _hop.Guardian.Incidents.Take(10).ShouldHaveSingleItem().ShouldSatisfyAllConditions(i => i.Detector.ShouldBe("ring-overwritten"), i => i.Decision.ShouldBe("reported"));
        var next = BitConverter.ToUInt64(_ring.Bytes[64..]);
        BitConverter.ToUInt64(_ring.Bytes[128..]).ShouldBe(next);
        Produce(next, "/opt/python/lib.py", complete: true);
        _hop.Guardian.DrainRing();
        _hop.Guardian.Behaviours.Take().Loaded.ShouldBe(["/opt/python/lib.py"]);
        _hop.Guardian.Incidents.Take(10).ShouldBeEmpty();
    }

    [Fact]
    public void The_hash_is_the_one_of_the_contract()
    {
        // FNV-1a 64 of the bytes 03 'a' from the offset basis, written out.
        var basis = 14695981039346656037UL;
        var expected = unchecked((((basis ^ 3) * 1099511628211UL) ^ (byte)97) * 1099511628211UL);
        StateRegion.Hash(0, new Behaviour(Dimension.Read, "a")).ShouldBe(expected);
        _state.Add(new Behaviour(Dimension.Read, "a"));
        _state.Contains(new Behaviour(Dimension.Read, "a")).ShouldBeTrue();
        _state.Contains(new Behaviour(Dimension.Write, "a")).ShouldBeFalse();
    }


    private void Deliver(string id, string body, ProtectionMode? mode = null)
    {
        if (mode is not null)
            _hop.Policy.Set(new PolicyDocument { Mode = mode.Value }, "test");
        using var runtime = _hop.Runtime();
        var answer = _hop.Platform.Event(id, body);
        runtime.Next().ShouldBe(answer);
        runtime.Ask("GET /2018-06-01/ping HTTP/1.1\r\nHost: h\r\n\r\n"); // in monitor the inspection follows the delivery: wait for it
        while (_hop.Platform.Requests.TryTake(out _))
        {
        }
    }

    private void Produce(ulong index, string item, bool complete)
    {
        var region = mmap(null, SharedRegion.Bytes, ProtRead | ProtWrite, MapShared, _client.RingDescriptor, 0);
        var slot = region + Ring.FirstSlot + ((int)(index % Ring.Slots) * Ring.SlotBytes);
        *(uint*)(slot + 16) = 7;
        slot[20] = (byte)Dimension.Read;
        slot[21] = 1;
        var bytes = Encoding.UTF8.GetBytes(item);
        *(ushort*)(slot + 22) = (ushort)bytes.Length;
        bytes.CopyTo(new Span<byte>(slot + 24, bytes.Length));
        if (complete)
            *(ulong*)slot = index + 1;
        *(ulong*)(region + 64) = index + 1;
        _ = munmap(region, SharedRegion.Bytes);
    }
}
