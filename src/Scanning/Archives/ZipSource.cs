using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using Pellicle.Domain;

namespace Pellicle.Scanning.Archives;

/// <summary>
/// A zip read in place: the central directory is listed once, content is inflated on demand. Own reader, because
/// <see cref="ZipArchive"/> hides duplicates, flags and modes, and is not thread-safe. Layout: PKWARE APPNOTE 6.3.
/// </summary>
internal sealed class ZipSource : IScanSource
{
    private const uint EndSignature = 0x06054b50, End64Signature = 0x06064b50, Locator64Signature = 0x07064b50, CentralSignature = 0x02014b50, LocalSignature = 0x04034b50;

    private const int EndLength = 22, MaxComment = 65_535, LocalLength = 30, CentralLength = 46;

    // Deflate writes at most 258 bytes for a two-bit code: no honest entry passes this ratio (zlib's technical notes: 1032:1).
    private const long DeflateMaxRatio = 1032;

    // Compressed bytes up to this are read at once, more are streamed.
    private const int SmallEntry = 128 << 10;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly ByteSource bytes;
    private readonly ScanLimits limits;
    private readonly EntryTable table;
    private readonly List<Place> places = [];
    private long bias, directoryStart;

    /// <summary>Bytes that an entry takes, without the extra fields of its local header.</summary>
    private readonly record struct Place(long Start, long End, long Compressed, string Path);

    private ZipSource(ByteSource bytes, string name, ScanLimits limits)
    {
        this.bytes = bytes;
        this.limits = limits;
        Name = name;
        table = new EntryTable(limits);
        List();
        Entries = table.Sorted();
        CheckLayout();
        CheckLinks();
    }

    public string Name { get; }

    public long Length => bytes.Length;

    public IReadOnlyList<ScanEntry> Entries { get; }

    public IReadOnlyList<FileError> Errors => table.Errors;

    public IReadOnlyList<ArchiveTrick> Tricks => table.Tricks;

    public static ZipSource OpenFile(string path, ScanLimits limits) =>
        new(new FileByteSource(File.OpenHandle(path, options: FileOptions.RandomAccess)), System.IO.Path.GetFileName(path), limits);

    public static ZipSource FromMemory(ReadOnlyMemory<byte> content, string name, ScanLimits limits) => Open(new MemoryByteSource(content), name, limits);

    /// <summary>A zip in any source; disposing the zip disposes it.</summary>
    public static ZipSource Open(ByteSource bytes, string name, ScanLimits limits) => new(bytes, name, limits);

    public ScanEntry? Find(string path) => table.Find(path);

    public void Dispose() => bytes.Dispose();

    public string ComputeSha256(CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 18);
        try
        {
            for (long offset = 0; offset < bytes.Length;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var read = bytes.Read(offset, buffer);
                if (read == 0)
                {
                    break;
                }

                hash.AppendData(buffer, 0, read);
                offset += read;
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public ReadResult Read(ScanEntry entry, long maxBytes)
    {
        if (Locate(entry, maxBytes, out var start) is { } failure)
        {
            return failure;
        }

        var content = GC.AllocateUninitializedArray<byte>((int)entry.Size);
        return Fill(entry, start, content) ?? new ReadResult(content, null);
    }

    public int ReadPrefix(ScanEntry entry, Span<byte> buffer)
    {
        if (Locate(entry, long.MaxValue, out var start) is not null)
        {
            return 0;
        }

        buffer = buffer[..(int)Math.Min(buffer.Length, entry.Size)];
        if (entry.Method == 0)
        {
            return bytes.Read(start, buffer);
        }

        // Deflate needs a block's code lengths before the first byte: at most some 300 bytes.
        Span<byte> head = stackalloc byte[(int)Math.Min(1024, entry.CompressedSize)];
        using var inflater = new DeflateStream(new MemoryStream(head[..bytes.Read(start, head)].ToArray(), writable: false), CompressionMode.Decompress);
        try
        {
            return inflater.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException)
        {
            // The whole is read by whoever needs it, and fails there with its message.
            return 0;
        }
    }

    public ByteSource? OpenEntry(ScanEntry entry, long maxBytes, out ReadResult failure)
    {
        if (Locate(entry, maxBytes, out var start) is { } why)
        {
            failure = why;
            return null;
        }

        failure = default;
        if (entry.Method == 0 && entry.Size == entry.CompressedSize)
        {
            // What is read of it is checked entry by entry.
            return new PartByteSource(bytes, start, entry.Size);
        }

        var rented = ArrayPool<byte>.Shared.Rent((int)Math.Max(1, entry.Size));
        if (Fill(entry, start, rented.AsSpan(0, (int)entry.Size)) is { } damage)
        {
            ArrayPool<byte>.Shared.Return(rented);
            failure = damage;
            return null;
        }

        return new PooledByteSource(rented, (int)entry.Size);
    }

    /// <summary>Checks what can be known before a byte is inflated; null when the content starts at <paramref name="start"/>.</summary>
    private ReadResult? Locate(ScanEntry entry, long maxBytes, out long start)
    {
        start = 0;
        if ((entry.Flags & 1) != 0)
        {
            return ReadResult.Failed("encrypted entry; its content was not read", "deploy the archive without a password");
        }

        maxBytes = Math.Min(maxBytes, Math.Min(limits.MaxEntryBytes, Array.MaxLength));
        if (entry.Size > maxBytes)
        {
            return ReadResult.Failed($"{entry.Size} bytes, more than the limit of {maxBytes}; not read");
        }

        if (entry.Method is not (0 or 8))
        {
            return ReadResult.Failed($"compression method {entry.Method} is not supported", "Lambda itself accepts stored and deflated entries");
        }

        if (entry.Method == 8 && entry.Size > (entry.CompressedSize * DeflateMaxRatio) + 64)
        {
            return ReadResult.Failed($"states {entry.Size} bytes, more than {entry.CompressedSize} compressed bytes can hold");
        }

        if (entry.CompressedSize > bytes.Length)
        {
            return ReadResult.Failed("states more compressed bytes than the archive has");
        }

        if (entry.Size > 1 << 20 && entry.Size / Math.Max(1, entry.CompressedSize) > limits.MaxRatio)
        {
            return ReadResult.Failed($"inflates more than {limits.MaxRatio} times; not read", "this is the shape of a zip bomb");
        }

        return LocateContent(entry, out start);
    }

    private ReadResult? LocateContent(ScanEntry entry, out long start)
    {
        // Room for a usual name, so that one read does for both.
        Span<byte> header = stackalloc byte[LocalLength + 226];
        var read = bytes.Read(entry.Offset, header);
        start = 0;
        if (read < LocalLength || BinaryPrimitives.ReadUInt32LittleEndian(header) != LocalSignature)
        {
            return ReadResult.Failed("no local header where the directory says", "the archive is damaged or was cut");
        }

        var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(header[26..]);
        start = entry.Offset + LocalLength + nameLength + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(header[8..]) != entry.Method)
        {
            return ReadResult.Failed("local header and directory state different compression methods");
        }

        if (nameLength != entry.NameLength || (LocalLength + nameLength <= read && NameHash(header.Slice(LocalLength, nameLength)) != entry.NameHash))
        {
            return ReadResult.Failed("local header and directory give different names", "a reader that goes by local headers sees another archive; build it anew");
        }

        if (Disagrees(header, entry))
        {
            return ReadResult.Failed("local header and directory give different sizes, checksums or encryption", "a reader that goes by local headers sees another archive; build it anew");
        }

        return start + entry.CompressedSize > bytes.Length ? ReadResult.Failed("the archive ends inside this entry", "the archive is damaged or was cut") : null;
    }

    /// <summary>Whether a local header that states sizes (writers of streams put them behind the content) states others than the directory.</summary>
    private static bool Disagrees(ReadOnlySpan<byte> header, ScanEntry entry)
    {
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        return (flags & 1) != 0 || ((flags & 8) == 0 && (Differs(header[14..], entry.Crc32) || Differs(header[18..], entry.CompressedSize) || Differs(header[22..], entry.Size)));

        static bool Differs(ReadOnlySpan<byte> field, long expected) => BinaryPrimitives.ReadUInt32LittleEndian(field) is not (0 or uint.MaxValue) and var stated && stated != expected;
    }

    /// <summary>Inflates an entry into a buffer of its stated size; null when size and checksum are right.</summary>
    private ReadResult? Fill(ScanEntry entry, long start, Span<byte> content)
    {
        try
        {
            if (!(entry.Method == 0 ? entry.CompressedSize == entry.Size && bytes.Read(start, content) == content.Length : Inflate(entry, start, content)))
            {
                return ReadResult.Failed("content is longer or shorter than the directory says") with { WasInflated = true };
            }

            return Crc32.HashToUInt32(content) == entry.Crc32 ? null : ReadResult.Failed("checksum differs; the content is damaged") with { WasInflated = true };
        }
        catch (InvalidDataException)
        {
            return ReadResult.Failed("compressed data is damaged") with { WasInflated = true };
        }
    }

    private bool Inflate(ScanEntry entry, long start, Span<byte> content)
    {
        if (entry.CompressedSize > SmallEntry)
        {
            return Inflate(new ByteSourceStream(bytes, start, entry.CompressedSize), content);
        }

        var stored = ArrayPool<byte>.Shared.Rent((int)Math.Max(1, entry.CompressedSize));
        try
        {
            var read = bytes.Read(start, stored.AsSpan(0, (int)entry.CompressedSize));
            return Inflate(new MemoryStream(stored, 0, read, writable: false), content);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }

    private static bool Inflate(Stream stored, Span<byte> content)
    {
        using var inflater = new DeflateStream(stored, CompressionMode.Decompress);
        var total = inflater.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        // One byte more must not come: the stated size is what was checked against the limits.
        return total == content.Length && inflater.ReadByte() < 0;
    }

    private static uint NameHash(ReadOnlySpan<byte> name) => Crc32.HashToUInt32(name);

    private void List()
    {
        if (!FindEnd(out var directoryOffset, out var directorySize, out var end))
        {
            table.Fail("", "not a zip archive, or its end is missing", "the file is cut or of another kind");
            return;
        }

        bias = end - directorySize - directoryOffset;
        if (bias < 0 || directorySize > int.MaxValue || directorySize > bytes.Length)
        {
            table.Fail("", "the central directory lies outside the archive", "the file is damaged or was cut");
            return;
        }

        directoryStart = directoryOffset + bias;
        // A few prepended bytes (self-extracting archives) move everything by the same amount.
        var buffer = new byte[directorySize];
        if (bytes.Read(directoryOffset + bias, buffer) < buffer.Length)
        {
            table.Fail("", "the central directory is cut");
            return;
        }

        for (var rest = buffer.AsSpan(); rest.Length > 0;)
        {
            if (rest.Length < CentralLength || BinaryPrimitives.ReadUInt32LittleEndian(rest) != CentralSignature)
            {
                // A digital signature record may follow; everything else is damage.
                if (rest.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(rest) != 0x05054b50)
                {
                    table.Fail("", "the central directory is damaged; later entries were not read");
                }

                return;
            }

            var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[28..]);
            var extraLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[30..]);
            var commentLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[32..]);
            if (CentralLength + nameLength + extraLength + commentLength > rest.Length)
            {
                table.Fail("", "the central directory is cut; later entries were not read");
                return;
            }

            if (!AddEntry(rest[..(CentralLength + nameLength + extraLength)], nameLength))
            {
                return;
            }

            rest = rest[(CentralLength + nameLength + extraLength + commentLength)..];
        }
    }

    private bool AddEntry(ReadOnlySpan<byte> record, int nameLength)
    {
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(record[8..]);
        var method = BinaryPrimitives.ReadUInt16LittleEndian(record[10..]);
        long compressed = BinaryPrimitives.ReadUInt32LittleEndian(record[20..]);
        long size = BinaryPrimitives.ReadUInt32LittleEndian(record[24..]);
        long offset = BinaryPrimitives.ReadUInt32LittleEndian(record[42..]);
        ReadZip64(record[(CentralLength + nameLength)..], ref size, ref compressed, ref offset);
        var name = DecodeName(record.Slice(CentralLength, nameLength));
        if (size < 0 || compressed < 0 || offset < 0)
        {
            table.Fail(name, "states negative sizes; the entry was not read");
            return true;
        }

        var attributes = BinaryPrimitives.ReadUInt32LittleEndian(record[38..]);
        var madeOnUnix = record[5] is 3 or 19;
        var type = madeOnUnix ? (attributes >> 16) & 0xF000 : 0;
        var kind = type switch
        {
            0xA000 => EntryKind.SymbolicLink,
            0x4000 => EntryKind.Directory,
            0 or 0x8000 => name.EndsWith('/') || name.EndsWith('\\') ? EntryKind.Directory : EntryKind.File,
            _ => EntryKind.Other,
        };
        if ((flags & 1) != 0)
        {
            table.Trick(TrickKind.Encrypted, name, "content is under a password");
        }

        places.Add(new Place(offset + bias, offset + bias + LocalLength + nameLength + compressed, compressed, name));
        return table.Add(name, new ScanEntry
        {
            Path = name,
            Kind = kind,
            Size = size,
            CompressedSize = compressed,
            Crc32 = BinaryPrimitives.ReadUInt32LittleEndian(record[16..]),
            Mode = madeOnUnix ? (int)(attributes >> 16) & 0xFFF : 0,
            Offset = offset + bias,
            Method = method,
            Flags = flags,
            NameLength = (ushort)nameLength,
            NameHash = NameHash(record.Slice(CentralLength, nameLength)),
        });
    }

    private static void ReadZip64(ReadOnlySpan<byte> extra, ref long size, ref long compressed, ref long offset)
    {
        while (extra.Length >= 4)
        {
            var id = BinaryPrimitives.ReadUInt16LittleEndian(extra);
            var length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (length > extra.Length - 4)
            {
                return;
            }

            if (id == 1)
            {
                var field = extra.Slice(4, length);
                Take(ref field, ref size);
                Take(ref field, ref compressed);
                Take(ref field, ref offset);
                return;
            }

            extra = extra[(4 + length)..];
        }

        static void Take(ref ReadOnlySpan<byte> field, ref long value)
        {
            if (value == uint.MaxValue && field.Length >= 8)
            {
                value = BinaryPrimitives.ReadInt64LittleEndian(field);
                field = field[8..];
            }
        }
    }

    private string DecodeName(ReadOnlySpan<byte> name)
    {
        try
        {
            return Strict.GetString(name);
        }
        catch (DecoderFallbackException)
        {
            // Not UTF-8, whatever the flag says: keep the bytes apart so that two such names stay two.
            var text = Encoding.Latin1.GetString(name);
            table.Fail(text, "name is not valid UTF-8; read as Latin-1");
            return text;
        }
    }

    private bool FindEnd(out long directoryOffset, out long directorySize, out long end)
    {
        directoryOffset = directorySize = end = 0;
        var tailLength = (int)Math.Min(bytes.Length, EndLength + MaxComment);
        var tail = new byte[tailLength];
        var tailStart = bytes.Length - tailLength;
        if (bytes.Read(tailStart, tail) < EndLength)
        {
            return false;
        }

        // The one whose comment ends with the file comes first: what looks like another may be text of that comment.
        if ((FindEnd(tail, length => length == 0) ?? FindEnd(tail, length => length > 0)) is { } i)
        {
            directorySize = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(i + 12));
            directoryOffset = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(i + 16));
            end = tailStart + i;
            return TryEnd64(ref directoryOffset, ref directorySize, ref end) || (directoryOffset != uint.MaxValue && directorySize != uint.MaxValue);
        }

        return false;
    }

    /// <summary>Last end record behind whose comment as many bytes follow as are accepted.</summary>
    private static int? FindEnd(byte[] tail, Predicate<int> accepts)
    {
        for (var i = tail.Length - EndLength; i >= 0; i--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(i)) == EndSignature && accepts(tail.Length - i - EndLength - BinaryPrimitives.ReadUInt16LittleEndian(tail.AsSpan(i + 20))))
            {
                return i;
            }
        }

        return null;
    }

    private bool TryEnd64(ref long directoryOffset, ref long directorySize, ref long end)
    {
        Span<byte> locator = stackalloc byte[20];
        if (end < 20 || bytes.Read(end - 20, locator) < 20 || BinaryPrimitives.ReadUInt32LittleEndian(locator) != Locator64Signature)
        {
            return false;
        }

        Span<byte> record = stackalloc byte[56];
        // The locator's offset is right unless bytes were prepended; then the record still stands just before the locator.
        foreach (var at in (ReadOnlySpan<long>)[BinaryPrimitives.ReadInt64LittleEndian(locator[8..]), end - 20 - 56])
        {
            if (at >= 0 && bytes.Read(at, record) == 56 && BinaryPrimitives.ReadUInt32LittleEndian(record) == End64Signature)
            {
                directorySize = BinaryPrimitives.ReadInt64LittleEndian(record[40..]);
                directoryOffset = BinaryPrimitives.ReadInt64LittleEndian(record[48..]);
                end = at;
                return directorySize >= 0 && directoryOffset >= 0;
            }
        }

        return false;
    }

    /// <summary>
    /// Entries that share bytes are the modern zip bomb (many large files from one compressed kernel). What lies between entries and begins as one is read by those who go by local headers, and by nobody else.
    /// </summary>
    private void CheckLayout()
    {
        places.Sort((a, b) => a.Start.CompareTo(b.Start) is not 0 and var order ? order : a.End.CompareTo(b.End));
        var before = new Place(0, 0, 0, "");
        foreach (var place in places)
        {
            if (place.Start < before.End)
            {
                if (place.Compressed > 0 && before.Compressed > 0)
                {
                    table.Trick(TrickKind.OverlappingEntries, place.Path, $"shares bytes with {before.Path}");
                    table.Fail(place.Path, "entries overlap", "this is the shape of a zip bomb");
                    return;
                }
            }
            else if (!CheckGap(before, place.Start))
            {
                return;
            }

            before = place.End > before.End ? place : before;
        }

        CheckGap(before, directoryStart);
    }

    /// <summary>False when an entry that the directory does not list follows one that it does.</summary>
    private bool CheckGap(Place before, long next)
    {
        // Extra fields of the local header, and the sizes that streaming writers put behind the content, are mostly shorter: nothing to read then.
        if (next - before.End <= LocalLength)
        {
            return true;
        }

        Span<byte> extraLength = stackalloc byte[2];
        var end = before.End + (before.End > 0 && bytes.Read(before.Start + 28, extraLength) == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(extraLength) : 0);
        var gap = new byte[(int)Math.Clamp(next - end, 0, 1 << 16)];
        var found = gap.AsSpan(0, bytes.Read(end, gap)).IndexOf("PK\u0003\u0004"u8);
        if (found < 0 || (before.End == 0 && found > 0))
        {
            return true;
        }

        table.Trick(TrickKind.HeaderMismatch, before.Path, "an entry follows that the directory does not list");
        table.Fail(before.Path, "after this comes an entry that the directory does not list; it was not read", "a reader that goes by local headers sees another archive; build it anew");
        return false;
    }

    private void CheckLinks()
    {
        foreach (var link in Entries.Where(entry => entry.Kind == EntryKind.SymbolicLink))
        {
            var target = Read(link, 4096);
            if (target.Content is null)
            {
                table.Fail(link.Path, $"link not read: {target.Error}");
            }
            else
            {
                table.AddLink(link.Path, Encoding.UTF8.GetString(target.Content));
            }
        }

        table.CheckLoops();
    }
}
