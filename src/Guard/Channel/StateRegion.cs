using System.Buffers.Binary;
using System.Net;
using System.Text;
using Pellicle.Domain;

namespace Pellicle.Guard.Channel;

/// <summary>What the interposer does with an item that matches a prefix.</summary>
internal enum PrefixAction : byte
{
    Pass = 1,
    Note = 2,
    Ask = 3,
}

/// <summary>Flags of the state region.</summary>
[Flags]
internal enum StateFlags : uint
{
    None = 0,

    /// <summary>What the guard denies of <c>tamper</c> is denied.</summary>
    Tamper = 1,

    /// <summary>A runtime that starts now sets its seccomp filter (decision 0013).</summary>
    Confine = 2,

    /// <summary>The policy knows of no program that the function starts, and refuses others.</summary>
    NoPrograms = 4,

    /// <summary>The guard answers the kernel's questions about system calls (decision 0018).</summary>
    AnswersCalls = 8,

    /// <summary>There may be several invocations at once: threads say that they ask for an event.</summary>
    Several = 16,
}

/// <summary>A rule that spares the interposer the question.</summary>
internal readonly record struct PrefixRule(Dimension Dimension, PrefixAction Action, string Prefix);

/// <summary>Writer of the state region (decision 0001). One writer at a time; readers retry while the generation is odd.</summary>
internal sealed unsafe class StateRegion
{
    internal const uint Magic = 0x4C434C50;
    internal const int TableOffset = 4096, TableSlots = 32768;
    internal const int PrefixOffset = TableOffset + TableSlots * 8;

    /// <summary>Above this the table would probe too long; what is not in it is asked.</summary>
    internal const int MaxItems = TableSlots / 2;

    private readonly SharedRegion _region = new("pellicle-state", readOnlyForOthers: true);
    private readonly Lock _writing = new();
    private ulong _seed;
    private ulong _invocation;

    internal StateRegion(ulong seed, int guardPid)
    {
        _seed = seed;
        U32(0) = Magic;
        U32(4) = 1;
        *(ulong*)(_region.Base + 40) = seed;
        U32(48) = TableOffset;
        U32(52) = TableSlots;
        U32(56) = PrefixOffset;
        U32(64) = (uint)guardPid;
        Volatile.Write(ref U64(8), 2);
    }

    internal int Descriptor => _region.Shared;

    internal ReadOnlySpan<byte> Bytes => new(_region.Base, SharedRegion.Bytes);

    internal bool Sealed => _region.Sealed;

    internal ulong Invocation => Volatile.Read(ref _invocation);

    internal int Items { get; private set; }

    internal ulong Generation => Volatile.Read(ref U64(8));

    internal void SetAddresses(IPEndPoint upstream, int proxyPort)
    {
        U32(68) = (uint)upstream.Port;
        U32(72) = (uint)proxyPort;
        Span<byte> ip = stackalloc byte[4];
        upstream.Address.MapToIPv4().TryWriteBytes(ip, out _);
        U32(76) = BinaryPrimitives.ReadUInt32LittleEndian(ip);
    }

    internal ulong NextInvocation()
    {
        lock (_writing)
        {
            Volatile.Write(ref _invocation, _invocation + 1);
            Volatile.Write(ref U64(24), _invocation);
            return _invocation;
        }
    }

    internal void Beat(long unixMs) => Volatile.Write(ref U64(32), (ulong)unixMs);

    /// <summary>Replaces mode, known items and prefix rules; every verdict cached elsewhere ends with the new generation.</summary>
    internal void Publish(ProtectionMode mode, StateFlags flags, IEnumerable<Behaviour> known, IEnumerable<PrefixRule> prefixes)
    {
        lock (_writing)
        {
            var generation = U64(8);
            Volatile.Write(ref U64(8), generation + 1);
            Thread.MemoryBarrier();
            U32(16) = (uint)mode;
            U32(20) = (uint)flags;
            new Span<byte>(_region.Base + TableOffset, TableSlots * 8).Clear();
            Items = 0;
            foreach (var item in known)
                Insert(item);
            WritePrefixes(prefixes);
            Thread.MemoryBarrier();
            Volatile.Write(ref U64(8), generation + 2);
        }
    }

    /// <summary>A new key for the table, as copies of a snapshot share the old one. What is known must be published again.</summary>
    internal void Rekey(ulong seed)
    {
        lock (_writing)
        {
            var generation = U64(8);
            Volatile.Write(ref U64(8), generation + 1);
            Thread.MemoryBarrier();
            new Span<byte>(_region.Base + TableOffset, TableSlots * 8).Clear();
            Items = 0;
            _seed = seed;
            Volatile.Write(ref U64(40), seed);
            Thread.MemoryBarrier();
            Volatile.Write(ref U64(8), generation + 2);
        }
    }

    /// <summary>Adds one known item; readers may see it at once. False when the table is full.</summary>
    internal bool Add(Behaviour item)
    {
        lock (_writing)
            return Insert(item);
    }

    internal bool Contains(Behaviour item)
    {
        var hash = Hash(_seed, item);
        for (var slot = (uint)hash & (TableSlots - 1); ; slot = (slot + 1) & (TableSlots - 1))
        {
            var found = Volatile.Read(ref U64(TableOffset + (int)slot * 8));
            if (found == hash || found == 0)
                return found == hash;
        }
    }

    /// <summary>What an interposer would do with it without asking.</summary>
    internal PrefixAction ActionFor(Behaviour item)
    {
        if (Contains(item))
            return PrefixAction.Pass;
        var text = Encoding.UTF8.GetBytes(item.Item);
        lock (_writing)
        {
            var at = PrefixOffset;
            for (var i = 0u; i < U32(60); i++)
            {
                var length = *(ushort*)(_region.Base + at + 2);
                if (_region.Base[at] == (byte)item.Dimension && text.AsSpan().StartsWith(new ReadOnlySpan<byte>(_region.Base + at + 4, length)))
                    return (PrefixAction)_region.Base[at + 1];
                at += (4 + length + 3) & ~3;
            }
        }
        return PrefixAction.Ask;
    }

    /// <summary>As the readers of this region have it, until it is keyed anew.</summary>
    internal ulong HashOf(Behaviour item) => Hash(_seed, item);

    /// <summary>FNV-1a 64 over the dimension's byte and the item; never 0, which marks an empty slot.</summary>
    internal static ulong Hash(ulong seed, Behaviour item)
    {
        var hash = 14695981039346656037UL ^ seed;
        hash = (hash ^ (byte)item.Dimension) * 1099511628211UL;
        foreach (var b in Encoding.UTF8.GetBytes(item.Item))
            hash = (hash ^ b) * 1099511628211UL;
        return hash == 0 ? 1 : hash;
    }

    private bool Insert(Behaviour item)
    {
        if (Items >= MaxItems)
            return false;
        var hash = Hash(_seed, item);
        for (var slot = (uint)hash & (TableSlots - 1); ; slot = (slot + 1) & (TableSlots - 1))
        {
            ref var place = ref U64(TableOffset + (int)slot * 8);
            if (place == hash)
                return true;
            if (place != 0)
                continue;
            Volatile.Write(ref place, hash);
            Items++;
            return true;
        }
    }

    private void WritePrefixes(IEnumerable<PrefixRule> prefixes)
    {
        var at = PrefixOffset;
        var count = 0u;
        foreach (var rule in prefixes)
        {
            var length = Encoding.UTF8.GetByteCount(rule.Prefix);
            var padded = (4 + length + 3) & ~3;
            if (length > ushort.MaxValue || at + padded > SharedRegion.Bytes)
                break;
            _region.Base[at] = (byte)rule.Dimension;
            _region.Base[at + 1] = (byte)rule.Action;
            *(ushort*)(_region.Base + at + 2) = (ushort)length;
            Encoding.UTF8.GetBytes(rule.Prefix, new Span<byte>(_region.Base + at + 4, length));
            at += padded;
            count++;
        }
        U32(60) = count;
    }

    private ref uint U32(int offset) => ref *(uint*)(_region.Base + offset);

    private ref ulong U64(int offset) => ref *(ulong*)(_region.Base + offset);
}
