using System.Text;

namespace Pellicle.Scanning.Extractors.Binaries;

/// <summary>A version that is a text of its own: between a NUL (or another byte that is no text) and a NUL.</summary>
internal static class LoneVersion
{
    /// <summary>The first with so many numbers and this beginning. <c>v1.2.3</c>, <c>1.2.3-rc1</c>, <c>10.42 2022-12-11</c> and <c>1.0.8, 13-Jul-2019</c> count as well; what follows the numbers is cut.</summary>
    public static string? Find(ReadOnlySpan<byte> content, int numbers, string beginning = "")
    {
        // zlib and libpng make their users pass the version they were compiled against.
        var (usesZlib, usesPng) = (content.IndexOf("flateInit"u8) >= 0, content.IndexOf("png_create_"u8) >= 0);
        for (var at = 0; content[at..].IndexOf((byte)'.') is var next and >= 0;)
        {
            var dot = at + next;
            at = dot + 1;
            var start = dot;
            while (start > 0 && dot - start < 4 && char.IsAsciiDigit((char)content[start - 1]))
            {
                start--;
            }

            if (start == dot || !IsBorder(content, start))
            {
                continue;
            }

            var rest = content[start..Math.Min(content.Length, start + 40)];
            var length = 0;
            var dots = 0;
            while (length + 1 < rest.Length && (char.IsAsciiDigit((char)rest[length]) || (rest[length] == '.' && char.IsAsciiDigit((char)rest[length + 1]))))
            {
                dots += rest[length] == '.' ? 1 : 0;
                length++;
            }

            if (dots == numbers - 1 && Ends(rest[length..]) && rest.StartsWith(Encoding.ASCII.GetBytes(beginning))
                && !(usesZlib && (rest.StartsWith("1.2."u8) || rest.StartsWith("1.3."u8))) && !(usesPng && rest.StartsWith("1.6."u8)))
            {
                return Encoding.ASCII.GetString(rest[..length]);
            }
        }

        return null;
    }

    /// <summary>Five digits of libxml2 and libxslt: <c>20914</c> is 2.9.14.</summary>
    public static string? FindPacked(ReadOnlySpan<byte> content, char major)
    {
        for (var at = 1; at + 6 < content.Length && content[at..].IndexOf((byte)major) is var next and >= 0;)
        {
            var start = at + next;
            at = start + 1;
            if (content[start - 1] == 0 && start + 6 < content.Length && content.Slice(start, 5).IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 && (content[start + 5] == 0 || content[start + 5] == (byte)'-'))
            {
                var digits = Encoding.ASCII.GetString(content.Slice(start, 5));
                return $"{digits[0]}.{int.Parse(digits.AsSpan(1, 2), System.Globalization.CultureInfo.InvariantCulture)}.{int.Parse(digits.AsSpan(3, 2), System.Globalization.CultureInfo.InvariantCulture)}";
            }
        }

        return null;
    }

    private static bool IsBorder(ReadOnlySpan<byte> content, int start)
    {
        start -= start > 0 && content[start - 1] == (byte)'v' ? 1 : 0;
        return start == 0 || content[start - 1] is < 0x20 or > 0x7E;
    }

    private static bool Ends(ReadOnlySpan<byte> rest)
    {
        if (rest.Length == 0 || rest[0] == 0)
        {
            return true;
        }

        // A suffix of the version, or a date.
        var end = rest.IndexOf((byte)0);
        return end is > 0 and < 24 && (rest[0] is (byte)'-' or (byte)'+' or (byte)'~' || (rest[0] == (byte)' ' && end == 11 && rest[5] == (byte)'-') || (rest.StartsWith(", "u8) && rest[end - 5] == (byte)'-'));
    }
}
