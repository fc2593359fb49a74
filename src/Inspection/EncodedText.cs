using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace Pellicle.Inspection;

/// <summary>What a program finds in a text when it decodes it from base64: another text, or the names in an archive.</summary>
internal static class EncodedText
{
    /// <summary>Characters; shorter ones are words that happen to fit.</summary>
    private const int MinText = 8;

    /// <summary>Characters of a text in base64; more is data.</summary>
    private const int MaxText = 16 << 10;

    /// <summary>Characters of an archive in base64: the largest event.</summary>
    private const int MaxArchive = 8 << 20;

    /// <summary>Of one archive.</summary>
    private const int MaxNames = 1000;

    private const uint DirectoryEntry = 0x02014B50;
    private const int DirectoryEntryLength = 46;

    /// <summary>Appends what is found, under the same field.</summary>
    internal static void AddDecoded(EventText encoded, List<EventText> found)
    {
        var text = encoded.Text.AsSpan().Trim();
        var archive = text.StartsWith("UEsDB", StringComparison.Ordinal);
        if (text.Length < MinText || text.Length > (archive ? MaxArchive : MaxText))
        {
            return;
        }

        var room = ArrayPool<byte>.Shared.Rent(text.Length);
        try
        {
            if (!TryDecode(text, room, out var length))
            {
                return;
            }

            var content = room.AsSpan(0, length);
            if (archive)
            {
                AddNames(encoded.Field, content, found);
            }
            else if (IsText(content))
            {
                found.Add(new EventText(encoded.Field, Encoding.UTF8.GetString(content)));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(room);
        }
    }

    /// <summary>Either alphabet, with or without the signs at its end.</summary>
    private static bool TryDecode(ReadOnlySpan<char> text, Span<byte> to, out int length)
    {
        length = 0;
        return Base64.IsValid(text) ? Convert.TryFromBase64Chars(text, to, out length) : Base64Url.IsValid(text) && Base64Url.TryDecodeFromChars(text, to, out length);
    }

    /// <summary>A word in base64's alphabet decodes to anything; a text decodes to a text.</summary>
    private static bool IsText(ReadOnlySpan<byte> content)
    {
        if (!System.Text.Unicode.Utf8.IsValid(content))
        {
            return false;
        }

        foreach (var b in content)
        {
            if (b < ' ' && b is not ((byte)'\t' or (byte)'\n' or (byte)'\r'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Names of a zip's central directory that lead out of where it is unpacked.</summary>
    private static void AddNames(string field, ReadOnlySpan<byte> content, List<EventText> found)
    {
        Span<byte> signature = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(signature, DirectoryEntry);
        for (var names = 0; names < MaxNames && content.IndexOf(signature) is var at and >= 0 && content.Length - at >= DirectoryEntryLength; names++)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(content[(at + 28)..]);
            content = content[(at + DirectoryEntryLength)..];
            var name = content[..Math.Min(length, content.Length)];
            if (name.IndexOf(".."u8) >= 0 || name.StartsWith("/"u8) || name.StartsWith("\\"u8))
            {
                found.Add(new EventText(field, Encoding.UTF8.GetString(name)));
            }
        }
    }
}
