using System.Buffers;
using System.Buffers.Text;

namespace Pellicle.Inspection.Detectors;

/// <summary>Serialised objects that run code when they are read. ATTACKS.md row 3. Serialised plain values are none.</summary>
internal sealed class Deserialization : IDetector
{
    /// <summary>Characters of base64 that are decoded; what names types stands at the front.</summary>
    private const int MaxDecoded = 64 * 1024;

    private static readonly Literals Certain = new(
        "_$$ND_FUNC$$_", "!!js/function", "tag:yaml.org,2002:js/", "_CRYO_FUNCTION_", "\"__js_function\"", "!!python/object", "!!python/name", "!!python/module", "!!javax.script.", "!!java.io.", "!!java.net.", "!!java.lang.ProcessBuilder", "!!com.sun.rowset", "!ruby/object", "!ruby/hash", "!!org.springframework", "tag:yaml.org,2002:python/",
        "com.sun.rowset.JdbcRowSetImpl", "com.sun.org.apache.xalan", "org.apache.commons.collections.functors", "java.lang.ProcessBuilder", "javax.management.BadAttributeValueExpException", "java.util.PriorityQueue",
        "System.Windows.Data.ObjectDataProvider", "System.Configuration.Install.AssemblyInstaller", "System.Diagnostics.Process, System", "cposix\nsystem", "cos\nsystem", "csubprocess\n", "c__builtin__\neval");

    // Java stream, .NET BinaryFormatter, pickle (base64), all at the start of a text.
    private static readonly string[] Starts = ["rO0AB", "AAEAAAD/////", "gASV", "gANj", "gAJj", "gAWV", "Y29zCnN5c3RlbQ", "Y3Bvc2l4", "H4sIAAAAAAAAAJ", "aced0005", "/wEyx", "/wEPDw"];

    // Classes of PHP that are values; reading one calls nothing of the program's.
    private static readonly string[] PhpValues = ["stdClass", "DateTime", "DateTimeImmutable", "DateTimeZone", "DateInterval", "ArrayObject", "ArrayIterator", "SplObjectStorage"];

    private static readonly byte[][] StartBytes = [.. Starts.Select(System.Text.Encoding.ASCII.GetBytes)];

    public string Id => "deserialization";

    public IReadOnlyList<Literals> Sets { get; } = [Certain];

    /// <summary>Three bytes at least that such a text begins with.</summary>
    public static IEnumerable<byte[]> Beginnings => StartBytes.Concat(Enumerable.Range('I', 'X' - 'I' + 1).Select(c => new[] { (byte)'g', (byte)'A', (byte)c }));

    /// <summary>The same on bytes: a text that is longer than a name and begins with one of the marks.</summary>
    public static bool BeginsLikeOne(ReadOnlySpan<byte> text)
    {
        if (text.Length > 24 && text[0] == 'g' && text[1] == 'A' && text[2] is >= (byte)'I' and <= (byte)'X')
        {
            return true;
        }

        foreach (var start in StartBytes)
        {
            if (text.Length > 24 && text.StartsWith(start))
            {
                return true;
            }
        }

        return false;
    }

    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        // Only what begins like one of them is compared.
        var candidates = text.Length > 24 && text[0] is 'r' or 'A' or 'g' or 'Y' or 'H' or 'a' or '/' ? Starts.AsSpan() : [];
        foreach (var start in candidates)
        {
            if (text.StartsWith(start, StringComparison.Ordinal))
            {
                // Compressed Java streams and view states are also ordinary; they count half.
                var confidence = start[0] is 'H' or '/' ? 0.4 : Judge(text, start) == Reach.Data ? 0 : 0.92;
                return confidence > 0 ? new Match(confidence, 0, Math.Min(text.Length, 40)) : Php(subject).Or(subject.Find(Certain, 0.95));
            }
        }

        // A pickle of any protocol with a header may begin so, and other base64 too: only what it names tells.
        if (text.Length > 24 && text[0] == 'g' && text[1] == 'A' && text[2] is >= 'I' and <= 'X' && Pickle.Judge(Unwrapped(text)) == Reach.Code)
        {
            return new Match(0.92, 0, Math.Min(text.Length, 40));
        }

        if (text.Length > 8 && text[0] == (char)0xAC && text[1] == (char)0xED)
        {
            return new Match(0.92, 0, 2);
        }

        return Php(subject) is { Confidence: > 0 } php ? php : subject.Find(Certain, 0.95);
    }

    private static Match Php(in Subject subject)
    {
        if (!subject.All(Signs.Quote | Signs.Colon))
        {
            return Match.None;
        }

        var text = subject.Text;
        for (var at = text.IndexOf("O:", StringComparison.Ordinal); at >= 0; at = text.IndexOf("O:", at + 2))
        {
            if ((at == 0 || text[at - 1] is '{' or ';') && IsPhpObject(text[(at + 2)..]))
            {
                return new Match(0.92, at, Math.Min(40, text.Length - at));
            }
        }

        return Match.None;
    }

    private static Reach Judge(ReadOnlySpan<char> text, string start)
    {
        if (start[0] == 'a')
        {
            Span<byte> unhexed = new byte[Math.Min(text.Length, MaxDecoded) / 2];
            _ = Convert.FromHexString(text.Slice(0, unhexed.Length * 2), unhexed, out _, out var read);
            return ObjectStream.Java(unhexed[..read]);
        }

        var bytes = Unwrapped(text);
        return start[0] switch
        {
            'r' => ObjectStream.Java(bytes),
            'A' => ObjectStream.Dotnet(bytes),
            'g' => Pickle.Judge(bytes),
            _ => Reach.Code,
        };
    }

    /// <summary>Base64 in either alphabet, as far as it goes.</summary>
    private static ReadOnlySpan<byte> Unwrapped(ReadOnlySpan<char> text)
    {
        var encoded = new byte[Math.Min(text.Length, MaxDecoded)];
        var length = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            var c = text[i] switch { '-' => '+', '_' => '/', var other => other };
            if (char.IsWhiteSpace(c))
            {
                continue;
            }

            if (!char.IsAsciiLetterOrDigit(c) && c is not ('+' or '/'))
            {
                break;
            }

            encoded[length++] = (byte)c;
        }

        // What is left of a last group tells its bytes without padding, too.
        for (; length % 4 != 0 && length < encoded.Length; length++)
        {
            encoded[length] = (byte)'=';
        }

        length -= length % 4;
        _ = Base64.DecodeFromUtf8InPlace(encoded.AsSpan(0, length), out var written);
        return encoded.AsSpan(0, written);
    }

    /// <summary><c>8:"Name":3:{</c></summary>
    private static bool IsPhpObject(ReadOnlySpan<char> text)
    {
        var i = 0;
        while (i < text.Length && char.IsAsciiDigit(text[i]))
        {
            i++;
        }

        if (i == 0 || i + 1 >= text.Length || text[i] != ':' || text[i + 1] != '"')
        {
            return false;
        }

        var name = text[(i + 2)..];
        var end = name.IndexOf('"');
        return end < 0 || !PhpValues.Contains(name[..end].TrimStart('\\').ToString(), StringComparer.OrdinalIgnoreCase);
    }
}
