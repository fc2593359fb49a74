namespace Pellicle.Guard.Channel;

/// <summary>One note from the ring.</summary>
internal readonly record struct RingNote(ulong Invocation, uint Pid, byte Dimension, byte Flags, byte[] Item);

/// <summary>Reader of the ring that the processes of the function fill (decision 0001). Trusts nothing in it: every number is bounded.</summary>
internal sealed unsafe class Ring
{
    internal const int Slots = 1024, SlotBytes = 512, FirstSlot = 4096, SlotHeader = 24;
    private const int FirstWorker = 1024, Workers = 128, WorkerBytes = 16;
    private const int FirstHandedOut = 3072, HandedOut = 64, HandedOutBytes = 16;
    private readonly SharedRegion _region = new("pellicle-ring", readOnlyForOthers: false);
    private readonly TimeProvider _time;
    private ulong _tail;
    private long _stuckSince;

    internal Ring(TimeProvider time)
    {
        _time = time;
        Describe();
    }

    private void Describe()
    {
        *(uint*)_region.Base = StateRegion.Magic;
        *(uint*)(_region.Base + 4) = 1;
        *(uint*)(_region.Base + 8) = Slots;
        *(uint*)(_region.Base + 12) = SlotBytes;
    }

    /// <summary>What only this side writes is as it was written, and the next note's place is one that writers leave behind.</summary>
    private bool Sound(ulong head) =>
        head - _tail <= Slots && Counter(128) == _tail && Counter(0) == (StateRegion.Magic | (1UL << 32)) && Counter(8) == (Slots | ((ulong)SlotBytes << 32));

    internal int Descriptor => _region.Shared;

    internal Span<byte> Bytes => new(_region.Base, SharedRegion.Bytes);

    internal ulong Dropped => Counter(192);

    internal ulong Unanswered => Counter(200);

    internal ulong Faults => Counter(208);

    internal ulong Denied => Counter(216);

    /// <summary>The language probe is in place in the runtime's process; it need not have asked anything yet.</summary>
    internal bool Probe => Volatile.Read(ref *(uint*)(_region.Base + 228)) != 0;

    /// <summary>Whether system calls without libc are filtered, as the runtime's process found at its start.</summary>
    internal string Confinement => Volatile.Read(ref *(uint*)(_region.Base + 224)) switch
    {
        1 => "active",
        2 => "available",
        3 => "refused",
        4 => "supervised",
        _ => "unknown",
    };

    /// <summary>How often something had written over the ring. What was in it is lost, and it works again.</summary>
    internal int Overwritten { get; private set; }

    /// <summary>Slots given up because their writer never finished.</summary>
    internal long Skipped { get; private set; }

    internal bool IsEmpty => Counter(64) == _tail;

    /// <summary>Takes every complete slot. Only one thread may call this.</summary>
    internal void Drain(Action<RingNote> take)
    {
        var head = Counter(64);
        if (!Sound(head))
        {
            // Writers would find the ring full, or no ring, for ever.
            Overwritten++;
            (_tail, _stuckSince) = (head, 0);
            Describe();
            Volatile.Write(ref *(ulong*)(_region.Base + 128), _tail);
        }
        while (_tail < head)
        {
            var slot = _region.Base + FirstSlot + (int)(_tail % Slots) * SlotBytes;
            if (Volatile.Read(ref *(ulong*)slot) == _tail + 1)
            {
                take(Read(slot));
                _stuckSince = 0;
            }
            else if (_stuckSince == 0)
            {
                _stuckSince = _time.GetTimestamp();
                return;
            }
            else if (_time.GetElapsedTime(_stuckSince) < TimeSpan.FromSeconds(1))
                return;
            else
            {
                Skipped++;
                _stuckSince = 0;
            }
            Volatile.Write(ref *(ulong*)slot, 0);
            _tail++;
            Volatile.Write(ref *(ulong*)(_region.Base + 128), _tail);
        }
    }

    /// <summary>Tells the thread that asked from this port which invocation it gets, before it gets it. Threads that did not enter a port are not told.</summary>
    internal void Tell(int port, ulong number)
    {
        for (var worker = _region.Base + FirstWorker; worker < _region.Base + FirstWorker + (Workers * WorkerBytes); worker += WorkerBytes)
        {
            if (Volatile.Read(ref *(uint*)worker) == (uint)port)
                Volatile.Write(ref *(ulong*)(worker + 8), number);
        }
    }

    /// <summary>Says which number an event has, before it goes out. The newest stay: whoever gets one looks at once.</summary>
    /// <param name="request">Hash of its request id, as of an item of the dimension <see cref="Domain.Dimension.Event"/>.</param>
    /// <param name="number">Of the invocation.</param>
    internal void HandOut(ulong request, ulong number)
    {
        var place = _region.Base + FirstHandedOut + (int)(number % HandedOut) * HandedOutBytes;
        Volatile.Write(ref *(ulong*)place, 0);
        Volatile.Write(ref *(ulong*)(place + 8), number);
        Volatile.Write(ref *(ulong*)place, request);
    }

    private static RingNote Read(byte* slot)
    {
        var length = Math.Min((int)*(ushort*)(slot + 22), SlotBytes - SlotHeader);
        return new RingNote(*(ulong*)(slot + 8), *(uint*)(slot + 16), slot[20], slot[21], new ReadOnlySpan<byte>(slot + SlotHeader, length).ToArray());
    }

    private ulong Counter(int offset) => Volatile.Read(ref *(ulong*)(_region.Base + offset));
}
