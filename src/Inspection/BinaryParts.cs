using System.Buffers;

namespace Pellicle.Inspection;

/// <summary>
/// Bodies that are no text: images, archives, protocol buffers, uploads. What a function can use as text of one are its runs of printable characters;
/// the rest would look like everything to every detector.
/// </summary>
internal static class BinaryParts
{
    /// <summary>Bytes from the front that tell whether a body is text.</summary>
    private const int Sample = 4096;

    /// <summary>One control character in so many bytes makes a body binary. Compressed data have one in nine, texts none.</summary>
    private const int Share = 32;

    /// <summary>Shortest run in a body of records, where a text stands between lengths and tags.</summary>
    private const int RunOfRecords = 6;

    /// <summary>Shortest run in compressed or encrypted data: of 75 KB of them one in a hundred has a run of this length by chance.</summary>
    private const int RunOfDense = 16;

    private static readonly SearchValues<byte> Controls = SearchValues.Create([.. Enumerable.Range(0, 32).Except(['\t', '\n', '\r']).Select(c => (byte)c)]);

    private static readonly SearchValues<byte> Printable = SearchValues.Create([(byte)'\t', (byte)'\n', (byte)'\r', .. Enumerable.Range(' ', 95).Select(c => (byte)c)]);

    /// <summary>Printable characters in a row that count as text in this content; 0 for content that is text as a whole.</summary>
    public static int ShortestRun(ReadOnlySpan<byte> content)
    {
        var sample = content[..Math.Min(content.Length, Sample)];
        var enough = (sample.Length / Share) + 1;
        for (var rest = sample; enough > 0 && rest.IndexOfAny(Controls) is var at and >= 0; enough--)
        {
            rest = rest[(at + 1)..];
        }

        if (enough > 0)
        {
            return 0;
        }

        var others = 0;
        foreach (var b in sample)
        {
            others += Printable.Contains(b) ? 0 : 1;
        }

        return others * 5 >= sample.Length * 2 ? RunOfDense : RunOfRecords;
    }

    /// <summary>Begins like a Java stream, a .NET BinaryFormatter stream or a pickle: its base64 form is judged as such.</summary>
    public static bool BeginsLikeObjects(ReadOnlySpan<byte> content) => content is [0xAC, 0xED, 0, 5, ..] or [0, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, ..] or [0x80, >= 2 and <= 5, ..];

    /// <summary>The next run of at least <paramref name="shortest"/> printable characters from <paramref name="at"/> on; false when there is none.</summary>
    public static bool TryNext(ReadOnlySpan<byte> content, int shortest, ref int at, out int length)
    {
        // A run covers one of any so many places in a row: one of so many is looked at until one is printable.
        for (var probe = at + shortest - 1; probe < content.Length; probe += shortest)
        {
            if (!Printable.Contains(content[probe]))
            {
                continue;
            }

            var start = probe;
            while (start > at && Printable.Contains(content[start - 1]))
            {
                start--;
            }

            var rest = content[probe..].IndexOfAnyExcept(Printable);
            var end = rest < 0 ? content.Length : probe + rest;
            if (end - start >= shortest)
            {
                (at, length) = (start, end - start);
                return true;
            }

            (at, probe) = (end, end);
        }

        (at, length) = (content.Length, 0);
        return false;
    }
}
