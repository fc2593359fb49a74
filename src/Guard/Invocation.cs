using Pellicle.Inspection;

namespace Pellicle.Guard;

/// <summary>An event that was handed to the runtime.</summary>
internal sealed class Invocation(string requestId, ulong number, InspectionVerdict? verdict)
{
    private readonly HashSet<string> _reported = new(StringComparer.Ordinal);
    private readonly byte[] _carry = new byte[256];
    private int _carried;

    internal string RequestId => requestId;

    internal ulong Number => number;

    internal string Source => verdict?.Source ?? "unknown";

    internal IReadOnlyList<EventText> Texts => verdict?.Texts ?? [];

    /// <summary>Carries a sign of an attack: nothing it shows is learned.</summary>
    internal bool Suspicious { get; set; } = verdict is { Signals.Count: > 0 };

    internal bool Done { get; set; }

    /// <summary>One report of a kind for each invocation.</summary>
    internal bool FirstOf(string key)
    {
        lock (_reported)
            return _reported.Count < 256 && _reported.Add(key);
    }

    /// <summary>Joins the end of the last streamed piece with the start of this one, so that a secret across the cut is seen.</summary>
    internal bool LeaksAcross(ReadOnlySpan<byte> piece, RuntimeApi.LeakScanner scanner)
    {
        var keep = Math.Min(scanner.Longest - 1, 128);
        lock (_carry)
        {
            var next = piece[..Math.Min(piece.Length, keep)];
            next.CopyTo(_carry.AsSpan(_carried));
            var leaks = _carried > 0 && scanner.Leaks(_carry.AsSpan(0, _carried + next.Length));
            if (piece.Length >= keep)
            {
                piece[^keep..].CopyTo(_carry);
                _carried = keep;
            }
            else
            {
                var total = _carried + next.Length;
                var drop = Math.Max(0, total - keep);
                _carry.AsSpan(drop, total - drop).CopyTo(_carry);
                _carried = total - drop;
            }
            return leaks;
        }
    }
}
