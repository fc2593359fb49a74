using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Compression;
using System.Text;

namespace Pellicle.Inspection;

/// <summary>
/// What a program finds in a text or a body when it decodes it: another text, the parts of a form with files, the names and texts in an archive (zip, tar, compressed tar),
/// how a program or objects begin.
/// </summary>
internal static class EncodedText
{
    /// <summary>Characters; shorter ones are words that happen to fit.</summary>
    private const int MinText = 8;

    /// <summary>Characters; between this and <see cref="MinText"/> only what has signs is one.</summary>
    private const int MinShort = 6;

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

        if (text.Length is < MinShort or > MaxText)
        {
            return;
        }

        if (text.Length <= MaxOther && Base32(text) is { } other)
        {
            found.Add(new EventText(field, other));
        }

        if (!(Base64.IsValid(text) || Base64Url.IsValid(text)))
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

            if (text.Length >= MinText)
            {
                AddContent(field, room, 0, length, found, bare: false);
            }
            else if (TextOf(room.AsSpan(0, length)) is { } plain && plain.AsSpan().ContainsAny(Signs))
            {
                found.Add(new EventText(field, plain));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(room);
        }
    }

    /// <summary>Appends what a body that is no text has for a program: archives, parts, how it begins.</summary>
    /// <param name="field">Whose it is.</param>
    /// <param name="bytes">Where it stands.</param>
    /// <param name="start">Of it.</param>
    /// <param name="length">Of it.</param>
    /// <param name="found">Gets the texts.</param>
    /// <param name="bare">Nothing else told of it yet: it is no text that stands in base64.</param>
    internal static void AddContent(EventField field, byte[] bytes, int start, int length, List<EventText> found, bool bare)
    {
        var content = bytes.AsSpan(start, length);
        if (content.StartsWith("PK"u8))
        {
            AddNames(field, content, found);
            AddMembers(field, bytes, start, length, found);
        }
        else if (content is [0x1F, 0x8B, ..])
        {
            AddUnpacked(field, bytes, start, length, found);
        }
        else if (IsTar(content))
        {
            AddTarNames(field, new MemoryStream(bytes, start, length, writable: false), found);
        }
        else if (content.StartsWith("--"u8) && content.IndexOf("\r\n"u8) is > 2 and < MaxBoundary)
        {
            AddParts(field, bytes, start, length, found);
        }
        else if (BeginsLikeProgram(content) || IsUnread(content))
        {
            if (bare)
            {
                found.Add(new EventText(field, Convert.ToBase64String(content[..Math.Min(length, MaxHead)])));
            }
        }
        else if (TextOf(content) is { } plain)
        {
            found.Add(new EventText(field, plain));
        }
    }

    /// <summary>Bytes of a program or of objects that are kept, in base64: enough to know them by.</summary>
    private const int MaxHead = 3072;

    /// <summary>Bytes of the line that parts a form.</summary>
    private const int MaxBoundary = 80;

    private const int MaxParts = 256;

    /// <summary>Archives whose names are not read: bzip2, xz, zstd, 7z, rar. That there is one says something where files are written.</summary>
    private static bool IsUnread(ReadOnlySpan<byte> content) =>
        content is [(byte)'B', (byte)'Z', (byte)'h', >= (byte)'1' and <= (byte)'9', ..] or [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', ..] or [0x28, 0xB5, 0x2F, 0xFD, ..] or [(byte)'7', (byte)'z', 0xBC, 0xAF, ..] or [(byte)'R', (byte)'a', (byte)'r', (byte)'!', ..];

    /// <summary>Libraries and programs, .NET's assemblies, Java's classes and objects, Python's compiled code and pickles.</summary>
    private static bool BeginsLikeProgram(ReadOnlySpan<byte> content) =>
        content is [0x7F, (byte)'E', (byte)'L', (byte)'F', ..] or [(byte)'M', (byte)'Z', _, 0 or 1, ..] or [0xCA, 0xFE, 0xBA, 0xBE, ..] or [0x63 or 0xE3, 0, 0, 0, ..] || BinaryParts.BeginsLikeObjects(content);

    /// <summary>Parts of <c>multipart/form-data</c>, each as a program gets it.</summary>
    internal static void AddParts(EventField field, byte[] bytes, int start, int length, List<EventText> found)
    {
        var content = bytes.AsSpan(start, length);
        var line = content.IndexOf("\r\n"u8);
        if (line is < 3 or >= MaxBoundary)
        {
            return;
        }

        Span<byte> boundary = stackalloc byte[MaxBoundary + 2];
        "\r\n"u8.CopyTo(boundary);
        content[..line].CopyTo(boundary[2..]);
        boundary = boundary[..(line + 2)];
        for (int at = line, parts = 0; parts < MaxParts; parts++)
        {
            var head = content[at..].IndexOf("\r\n\r\n"u8);
            if (head < 0)
            {
                return;
            }

            var from = at + head + 4;
            var size = content[from..].IndexOf(boundary);
            var part = size < 0 ? length - from : size;
            if (part > 0)
            {
                AddContent(field, bytes, start + from, part, found, bare: true);
            }

            if (size < 0)
            {
                return;
            }

            at = from + size + boundary.Length;
        }
    }

    /// <summary>Bytes of a text in an archive.</summary>
    private const int MaxMember = 64 << 10;

    /// <summary>Bytes of all of an archive's texts.</summary>
    private const int MaxMembers = 1 << 20;

    private const int LocalHeaderLength = 30;

    /// <summary>What the files of a zip hold that are texts, or begin like a program: what is unpacked is used as if it had come by itself.</summary>
    private static void AddMembers(EventField field, byte[] bytes, int start, int length, List<EventText> found)
    {
        Span<byte> signature = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(signature, DirectoryEntry);
        var whole = bytes.AsSpan(start, length);
        var rest = MaxMembers;
        for (int at = 0, names = 0; names < MaxParts && rest > 0; names++)
        {
            var entry = whole[at..].IndexOf(signature);
            if (entry < 0 || whole.Length - at - entry < DirectoryEntryLength)
            {
                return;
            }

            at += entry;
            var method = BinaryPrimitives.ReadUInt16LittleEndian(whole[(at + 10)..]);
            var packed = BinaryPrimitives.ReadUInt32LittleEndian(whole[(at + 20)..]);
            var local = BinaryPrimitives.ReadUInt32LittleEndian(whole[(at + 42)..]);
            at += DirectoryEntryLength;
            if (method is not (0 or 8) || local > length - LocalHeaderLength)
            {
                continue;
            }

            var data = (long)local + LocalHeaderLength + BinaryPrimitives.ReadUInt16LittleEndian(whole[((int)local + 26)..]) + BinaryPrimitives.ReadUInt16LittleEndian(whole[((int)local + 28)..]);
            if (data + packed > length)
            {
                continue;
            }

            using var stored = new MemoryStream(bytes, start + (int)data, (int)packed, writable: false);
            using Stream content = method == 0 ? stored : new DeflateStream(stored, CompressionMode.Decompress);
            rest -= AddMember(field, content, found);
        }
    }

    /// <summary>How many bytes were read.</summary>
    private static int AddMember(EventField field, Stream content, List<EventText> found)
    {
        var room = ArrayPool<byte>.Shared.Rent(MaxMember);
        try
        {
            var read = content.ReadAtLeast(room.AsSpan(0, MaxMember), MaxMember, throwOnEndOfStream: false);
            if (BeginsLikeProgram(room.AsSpan(0, read)))
            {
                found.Add(new EventText(field, Convert.ToBase64String(room.AsSpan(0, Math.Min(read, MaxHead)))));
            }
            else if (TextOf(room.AsSpan(0, read)) is { Length: > 0 } plain)
            {
                found.Add(new EventText(field, plain));
            }

            return read;
        }
        catch (InvalidDataException)
        {
            // It says that it is compressed and is not: nothing can be unpacked from it.
            return 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(room);
        }
    }

    /// <summary>Characters of what is decoded by other means than base64.</summary>
    internal const int MaxOther = 16 << 10;

    /// <summary>Null for what is no text in base32.</summary>
    private static string? Base32(ReadOnlySpan<char> text)
    {
        var digits = text.TrimEnd('=');
        if (text.Length % 8 != 0 || digits.ContainsAnyExcept(Base32Digits))
        {
            return null;
        }

        var bytes = new byte[digits.Length * 5 / 8];
        var (bits, count, to) = (0, 0, 0);
        foreach (var c in digits)
        {
            bits = ((bits << 5) | (c <= '7' ? c - '2' + 26 : c - 'A')) & 0xFFF;
            count += 5;
            if (count >= 8)
            {
                count -= 8;
                bytes[to++] = (byte)(bits >> count);
            }
        }

        return TextOf(bytes) is { } plain && plain.AsSpan().ContainsAny(Signs) ? plain : null;
    }

    private static readonly SearchValues<char> Base32Digits = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");

    /// <summary>
    /// What languages make of <c>\x3b</c>, <c>\u003b</c>, <c>\u{3b}</c> and <c>%u003b</c>, and of letters and signs in full width, which normalising turns into the usual ones; null where there is nothing of it.
    /// </summary>
    internal static string? Unescaped(string text)
    {
        if (text.Length > MaxOther || text.AsSpan().IndexOfAny(Escapes) < 0)
        {
            return null;
        }

        StringBuilder? plain = null;
        var kept = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var (code, length) = Escape(text, i);
            if (length == 0)
            {
                continue;
            }

            (plain ??= new StringBuilder(text.Length)).Append(text, kept, i - kept).Append((char)code);
            i += length - 1;
            kept = i + 1;
        }

        return plain?.Append(text, kept, text.Length - kept).ToString();
    }

    private static readonly SearchValues<char> Escapes = SearchValues.Create(['\\', '%', .. Enumerable.Range(FullWidth, FullWidthLast - FullWidth + 1).Select(c => (char)c)]);
    private const char FullWidth = '\uFF01', FullWidthLast = '\uFF5E';

    private static (int Code, int Length) Escape(string text, int at)
    {
        if (text[at] is >= FullWidth and <= FullWidthLast)
        {
            return (text[at] - FullWidth + '!', 1);
        }

        if (text[at] is not ('\\' or '%') || at + 3 >= text.Length)
        {
            return default;
        }

        var braced = text[at] == '\\' && text[at + 1] == 'u' && text[at + 2] == '{' ? text.IndexOf('}', at) : -1;
        var (from, end) = (text[at], text[at + 1]) switch
        {
            ('\\', 'u') when braced > 0 => (at + 3, braced),
            (_, 'u') => (at + 2, at + 6),
            ('\\', 'x') => (at + 2, at + 4),
            _ => (0, 0),
        };
        return end > from && end <= text.Length && end - from <= 6 && ushort.TryParse(text.AsSpan(from, end - from), System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out var code)
            ? (code, end - at + (braced > 0 ? 1 : 0)) : default;
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

    private static void AddUnpacked(EventField field, byte[] packed, int start, int length, List<EventText> found)
    {
        try
        {
            using var stream = new GZipStream(new MemoryStream(packed, start, length, writable: false), CompressionMode.Decompress);
            var head = new byte[MaxText];
            var read = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            if (IsTar(head.AsSpan(0, read)))
            {
                using var again = new GZipStream(new MemoryStream(packed, start, length, writable: false), CompressionMode.Decompress);
                AddTarNames(field, again, found);
            }
            else if (BeginsLikeProgram(head.AsSpan(0, read)))
            {
                found.Add(new EventText(field, Convert.ToBase64String(head.AsSpan(0, Math.Min(read, MaxHead)))));
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

    /// <summary>Names that lead out, of GNU's long names and POSIX's records too, and what the files hold that are texts or begin like a program.</summary>
    private static void AddTarNames(EventField field, Stream content, List<EventText> found)
    {
        var room = ArrayPool<byte>.Shared.Rent(MaxRecord);
        try
        {
            var header = new byte[TarBlock];
            var rest = (long)MaxUnpacked;
            var members = MaxMembers;
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
                if (header[156] is 0 or (byte)'0' && size is > 0 and <= MaxMember && members > 0 && rest > 0)
                {
                    var member = new byte[size];
                    read = content.ReadAtLeast(member, member.Length, throwOnEndOfStream: false);
                    members -= AddMember(field, new MemoryStream(member, 0, read, writable: false), found);
                }

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
