using System.Text;

namespace Pellicle.Inspection;

/// <summary>Takes off the wrappings of texts, on bytes. Nothing here throws: what cannot be decoded stays as it is.</summary>
internal static class Decoding
{
    private const int MaxPercentRounds = 3;

    /// <summary>Takes JSON escapes out; <paramref name="to"/> is as long as <paramref name="from"/> at least. A surrogate alone becomes U+FFFD.</summary>
    public static int Unescape(ReadOnlySpan<byte> from, Span<byte> to)
    {
        var written = 0;
        while (from.Length > 0)
        {
            var next = from.IndexOf((byte)'\\');
            if (next < 0 || next + 1 >= from.Length)
            {
                from.CopyTo(to[written..]);
                return written + from.Length;
            }

            from[..next].CopyTo(to[written..]);
            written += next;
            var escape = from[next + 1];
            if (escape == 'u' && TryHex(from, next + 2, out var unit))
            {
                from = from[(next + 6)..];
                var rune = Rune.ReplacementChar;
                if (char.IsHighSurrogate(unit) && from.Length >= 6 && from[0] == '\\' && from[1] == 'u' && TryHex(from, 2, out var low) && char.IsLowSurrogate(low))
                {
                    rune = new Rune(unit, low);
                    from = from[6..];
                }
                else if (!char.IsSurrogate(unit))
                {
                    rune = new Rune(unit);
                }

                written += rune.EncodeToUtf8(to[written..]);
                continue;
            }

            to[written++] = escape switch { (byte)'n' => (byte)'\n', (byte)'t' => (byte)'\t', (byte)'r' => (byte)'\r', (byte)'b' => (byte)'\b', (byte)'f' => (byte)'\f', _ => escape };
            from = from[(next + 2)..];
        }

        return written;
    }

    /// <summary>
    /// Takes percent signs out, in place, as often as it changes something, at most three times (double encoding hides attacks).
    /// Over-long forms (<c>%c0%ae</c> for a dot) are read as lenient decoders read them.
    /// </summary>
    public static int Percent(Span<byte> text)
    {
        for (var round = 0; round < MaxPercentRounds; round++)
        {
            var first = text.IndexOf((byte)'%');
            if (first < 0)
            {
                break;
            }

            var written = first;
            for (var i = first; i < text.Length;)
            {
                // A percent sign stands here; what is between it and the next one stays.
                var b = text[i];
                if (i + 2 < text.Length && Hex(text[i + 1]) is var high and >= 0 && Hex(text[i + 2]) is var low and >= 0)
                {
                    b = (byte)((high << 4) | low);
                    i += 2;
                    var width = b switch { 0xC0 => 1, 0xE0 => 2, 0xF0 => 3, 0xF8 => 4, _ => 0 };
                    if (width > 0 && OverLong(text[(i + 1)..], width) is var plain and > 0)
                    {
                        b = (byte)plain;
                        i += width * 3;
                    }
                }

                text[written++] = b;
                i++;
                var next = text[i..].IndexOf((byte)'%');
                var others = next < 0 ? text.Length - i : next;
                if (written < i)
                {
                    text.Slice(i, others).CopyTo(text[written..]);
                }

                written += others;
                i += others;
            }

            if (written == text.Length)
            {
                break;
            }

            text = text[..written];
        }

        return text.Length;
    }

    /// <summary>The ASCII character that <c>%80</c>… and one last byte stand for to a decoder that does not look closely; 0 for none.</summary>
    private static int OverLong(ReadOnlySpan<byte> text, int width)
    {
        if (text.Length < width * 3)
        {
            return 0;
        }

        for (var i = 0; i < width; i++)
        {
            var high = Hex(text[(i * 3) + 1]);
            var low = Hex(text[(i * 3) + 2]);
            if (text[i * 3] != '%' || high < 8 || low < 0 || (i < width - 1 && (high != 8 || low != 0)))
            {
                return 0;
            }

            if (i == width - 1)
            {
                return ((high & 3) << 4) | low;
            }
        }

        return 0;
    }

    /// <summary>Form data write a blank as <c>+</c>.</summary>
    public static void Plus(Span<byte> text) => text.Replace((byte)'+', (byte)' ');

    private static bool TryHex(ReadOnlySpan<byte> from, int at, out char unit)
    {
        unit = '\0';
        if (at + 4 > from.Length)
        {
            return false;
        }

        var value = 0;
        for (var i = at; i < at + 4; i++)
        {
            var digit = Hex(from[i]);
            if (digit < 0)
            {
                return false;
            }

            value = (value << 4) | digit;
        }

        unit = (char)value;
        return true;
    }

    public static int Hex(byte b) => b switch
    {
        >= (byte)'0' and <= (byte)'9' => b - '0',
        >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
        _ => -1,
    };
}
