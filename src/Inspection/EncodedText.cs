using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Compression;
using System.Text;

namespace Pellicle.Inspection;

/// <summary>What a program finds in a text when it decodes it from base64: another text, or the names in an archive (zip, tar, compressed tar).</summary>
internal static class EncodedText
{
    /// <summary>Characters; shorter ones are words that happen to fit.</summary>
    private const int MinText = 8;

    /// <summary>Characters of a text or an archive in base64: the largest event that the platform delivers.</summary>
    private const int MaxText = 8 << 20;

    /// <summary>Of one archive; as many as the older form of zip can have.</summary>
    private const int MaxNames = 65_536;

    /// <summary>Bytes of a tar that are gone through to read its names.</summary>
    private const int MaxUnpacked = 128 << 20;

    private const uint DirectoryEntry = 0x02014B50;
    private const int DirectoryEntryLength = 46;

    private static readonly SearchValues<char> NoText = SearchValues.Create([.. Enumerable.Range(0, 32).Select(c => (char)c).Except(['\t', '\n', '\r'])]);
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>What a text has that means something where programs use it.</summary>
    private static readonly SearchValues<char> Signs = SearchValues.Create(" ;|&$`'\"/\\<>(){}");
    private const int TarBlock = 512;

    /// <summary>Bytes of a name or a record beside the headers; paths end at 4096.</summary>
    private const int MaxRecord = 8 << 10;

    /// <summary>Appends what is found, under the same field.</summary>
    internal static void AddDecoded(EventText encoded, List<EventText> found)
    {
        var (field, whole) = encoded;
        var text = whole.AsSpan().Trim();
        if (text.Length is >= MinText and <= MaxText && text.Length % 2 == 0 && !text.ContainsAnyExcept(Digits))
        {
            // Numbers and hashes are digits, too, and decode to no text.
            if (TextOf(Convert.FromHexString(text)) is { } plain && plain.AsSpan().ContainsAny(Signs))
            {
                found.Add(new EventText(field, plain));
            }

            return;
        }

        if (text.Length is < MinText or > MaxText || !(Base64.IsValid(text) || Base64Url.IsValid(text)))
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
            if (content.StartsWith("PK"u8))
            {
                AddNames(field, content, found);
            }
            else if (content is [0x1F, 0x8B, ..])
            {
                AddUnpacked(field, room, length, found);
            }
            else if (IsTar(content))
            {
                AddTarNames(field, new MemoryStream(room, 0, length, writable: false), found);
            }
            else if (TextOf(content) is { } plain)
            {
                found.Add(new EventText(field, plain));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(room);
        }
    }

    /// <summary>UTF-8, or UTF-16 that says so at its front; null for what is no text.</summary>
    private static string? TextOf(ReadOnlySpan<byte> content)
    {
        if (content is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] && content.Length % 2 == 0)
        {
            var wide = (content[0] == 0xFF ? Encoding.Unicode : Encoding.BigEndianUnicode).GetString(content[2..]);
            return wide.AsSpan().ContainsAny(NoText) ? null : wide;
        }

        return IsText(content) ? Encoding.UTF8.GetString(content) : null;
    }

    /// <summary>The sign in the header's place for it, of POSIX and GNU alike.</summary>
    private static bool IsTar(ReadOnlySpan<byte> content) => content.Length >= TarBlock && content.Slice(257, 5).SequenceEqual("ustar"u8);

    private static void AddUnpacked(EventField field, byte[] packed, int length, List<EventText> found)
    {
        try
        {
            using var stream = new GZipStream(new MemoryStream(packed, 0, length, writable: false), CompressionMode.Decompress);
            var head = new byte[MaxText];
            var read = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            if (IsTar(head.AsSpan(0, read)))
            {
                using var again = new GZipStream(new MemoryStream(packed, 0, length, writable: false), CompressionMode.Decompress);
                AddTarNames(field, again, found);
            }
            else if (read > 0 && TextOf(head.AsSpan(0, read)) is { } plain)
            {
                found.Add(new EventText(field, plain));
            }
        }
        catch (InvalidDataException)
        {
            // It only began like one: nothing can be unpacked from it.
        }
    }

    /// <summary>Names that lead out, of GNU's long names and POSIX's records too. What the files hold is passed by.</summary>
    private static void AddTarNames(EventField field, Stream content, List<EventText> found)
    {
        var room = ArrayPool<byte>.Shared.Rent(MaxRecord);
        try
        {
            var header = new byte[TarBlock];
            var rest = (long)MaxUnpacked;
            for (var names = 0; names < MaxNames && rest > 0 && content.ReadAtLeast(header, TarBlock, throwOnEndOfStream: false) == TarBlock && IsTar(header); names++)
            {
                var size = Octal(header.AsSpan(124, 12));
                var record = header[156] is (byte)'L' or (byte)'K' or (byte)'x' or (byte)'g';
                var read = record ? content.ReadAtLeast(room.AsSpan(0, (int)Math.Min(size, MaxRecord)), (int)Math.Min(size, MaxRecord), throwOnEndOfStream: false) : 0;
                if (!record)
                {
                    var name = Ended(header.AsSpan(0, 100));
                    var link = Ended(header.AsSpan(157, 100));
                    AddName(field, name, found);
                    if (header[156] != (byte)'2')
                    {
                        AddName(field, link, found);
                    }
                    else if (LeadsOut(name, link))
                    {
                        AddName(field, link, found);
                        found.Add(new EventText(field, Encoding.UTF8.GetString(name) + "/") { Archived = true });
                    }
                }
                else if (header[156] is (byte)'L' or (byte)'K')
                {
                    AddName(field, Ended(room.AsSpan(0, read)), found);
                }
                else
                {
                    AddRecords(field, room.AsSpan(0, read), found);
                }

                var padded = (size + TarBlock - 1) / TarBlock * TarBlock;
                rest -= TarBlock + padded;
                for (var left = rest > 0 ? padded - read : 0; left > 0; left -= read)
                {
                    read = content.Read(room, 0, (int)Math.Min(left, MaxRecord));
                    if (read == 0)
                    {
                        return;
                    }
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(room);
        }
    }

    /// <summary>Where a symbolic link of this name points to: <c>pkg/lib/run</c> to <c>../bin/run</c> stays within, as links in packages do.</summary>
    private static bool LeadsOut(ReadOnlySpan<byte> name, ReadOnlySpan<byte> link)
    {
        if (link.StartsWith("/"u8) || link.StartsWith("\\"u8))
        {
            return true;
        }

        var depth = 0;
        foreach (var part in name.Split((byte)'/'))
        {
            depth += Step(name[part]);
        }

        // The link's own name is no folder.
        depth--;
        foreach (var part in link.Split((byte)'/'))
        {
            depth += Step(link[part]);
            if (depth < 0)
            {
                return true;
            }
        }

        return false;
    }

    private static int Step(ReadOnlySpan<byte> part) => part.SequenceEqual(".."u8) ? -1 : part.IsEmpty || part.SequenceEqual("."u8) ? 0 : 1;

    /// <summary><c>30 path=../../x</c> and a new line, one after the other.</summary>
    private static void AddRecords(EventField field, ReadOnlySpan<byte> data, List<EventText> found)
    {
        foreach (var line in data.Split((byte)'\n'))
        {
            var record = data[line];
            var equals = record.IndexOf((byte)'=');
            if (equals > 0 && (record[..equals].EndsWith(" path"u8) || record[..equals].EndsWith(" linkpath"u8)))
            {
                AddName(field, record[(equals + 1)..], found);
            }
        }
    }

    private static ReadOnlySpan<byte> Ended(ReadOnlySpan<byte> field) => field.IndexOf((byte)0) is var end and >= 0 ? field[..end] : field;

    private static long Octal(ReadOnlySpan<byte> digits)
    {
        var value = 0L;
        foreach (var b in digits)
        {
            if (b is >= (byte)'0' and <= (byte)'7')
            {
                value = (value << 3) | (uint)(b - '0');
            }
        }

        return value;
    }

    private static void AddName(EventField field, ReadOnlySpan<byte> name, List<EventText> found)
    {
        if (name.IndexOf(".."u8) >= 0 || name.StartsWith("/"u8) || name.StartsWith("\\"u8))
        {
            found.Add(new EventText(field, Encoding.UTF8.GetString(name)) { Archived = true });
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
    private static void AddNames(EventField field, ReadOnlySpan<byte> content, List<EventText> found)
    {
        Span<byte> signature = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(signature, DirectoryEntry);
        for (var names = 0; names < MaxNames && content.IndexOf(signature) is var at and >= 0 && content.Length - at >= DirectoryEntryLength; names++)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(content[(at + 28)..]);
            content = content[(at + DirectoryEntryLength)..];
            AddName(field, content[..Math.Min(length, content.Length)], found);
        }
    }
}
