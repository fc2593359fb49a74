namespace Pellicle.Fuzz;

/// <summary>Damages bytes: flips, cuts, repeats, splices, extreme numbers, deep nesting. The same seed gives the same inputs.</summary>
internal sealed class Mutator(int seed)
{
    private static readonly byte[][] Tokens =
    [
        .. new[] { "{", "}", "[", "]", "\"", "\\", "\\u0000", "\\ud800", "null", "-1", "1e999", "99999999999999999999", "../", "!/", "\0", "\r\n", "&a", "*a", "<!DOCTYPE x [<!ENTITY a \"a\">]>", "<a>", "==", "@", "%", "𝒳", "::", "${", "version", "name" }
            .Select(System.Text.Encoding.UTF8.GetBytes),
        [0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F], [0, 0, 0, 0x80], [0xFE, 0xFF], [0xC3, 0x28], [0xED, 0xA0, 0x80],
    ];

    private readonly Random random = new(seed);

    public byte[] Next(IReadOnlyList<byte[]> seeds)
    {
        var bytes = new List<byte>(seeds[random.Next(seeds.Count)]);
        for (var left = random.Next(1, 8); left > 0; left--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(8))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(64)));
                    break;
                case 3:
                    bytes.InsertRange(at, Tokens[random.Next(Tokens.Length)]);
                    break;
                case 4:
                    // A run: nesting of brackets, long names, long numbers.
                    bytes.InsertRange(at, Enumerable.Repeat(Tokens[random.Next(Tokens.Length)], random.Next(1, 2000)).SelectMany(t => t));
                    break;
                case 5:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, random.Next(256))));
                    break;
                case 6:
                    var other = seeds[random.Next(seeds.Count)];
                    bytes.InsertRange(at, other.AsSpan(Math.Min(other.Length, random.Next(other.Length + 1))).ToArray());
                    break;
                case 7 when at < bytes.Count:
                    // Extreme values where numbers stand.
                    for (var i = at; i < Math.Min(bytes.Count, at + random.Next(1, 9)); i++)
                    {
                        bytes[i] = random.Next(2) == 0 ? (byte)0xFF : (byte)0;
                    }

                    break;
            }
        }

        return [.. bytes];
    }
}
