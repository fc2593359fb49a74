using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
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

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly ByteSource bytes;
    private readonly ScanLimits limits;
    private readonly EntryTable table;
    private long bias;

    private ZipSource(ByteSource bytes, string name, ScanLimits limits)
    {
        this.bytes = bytes;
        this.limits = limits;
        Name = name;
        table = new EntryTable(limits);
        List();
        Entries = table.Sorted();
        CheckOverlap();
        CheckLinks();
    }

    public string Name { get; }

    public IReadOnlyList<ScanEntry> Entries { get; }

    public IReadOnlyList<FileError> Errors => table.Errors;

    public IReadOnlyList<ArchiveTrick> Tricks => table.Tricks;

    public static ZipSource OpenFile(string path, ScanLimits limits) =>
        new(new FileByteSource(File.OpenHandle(path, options: FileOptions.RandomAccess)), System.IO.Path.GetFileName(path), limits);

    public static ZipSource FromMemory(ReadOnlyMemory<byte> content, string name, ScanLimits limits) => new(new MemoryByteSource(content), name, limits);

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
        maxBytes = Math.Min(maxBytes, Math.Min(limits.MaxEntryBytes, Array.MaxLength));
        if ((entry.Flags & 1) != 0)
        {
            return ReadResult.Failed("encrypted entry; its content was not read", "deploy the archive without a password");
        }

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

        if (entry.CompressedSize > bytes.Length || entry.CompressedSize > Array.MaxLength)
        {
            return ReadResult.Failed("states more compressed bytes than the archive has");
        }

        if (entry.Size > 1 << 20 && entry.Size / Math.Max(1, entry.CompressedSize) > limits.MaxRatio)
        {
            return ReadResult.Failed($"inflates more than {limits.MaxRatio} times; not read", "this is the shape of a zip bomb");
        }

        Span<byte> header = stackalloc byte[LocalLength];
        if (bytes.Read(entry.Offset, header) < LocalLength || BinaryPrimitives.ReadUInt32LittleEndian(header) != LocalSignature)
        {
            return ReadResult.Failed("no local header where the directory says", "the archive is damaged or was cut");
        }

        var start = entry.Offset + LocalLength + BinaryPrimitives.ReadUInt16LittleEndian(header[26..]) + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(header[8..]) != entry.Method)
        {
            return ReadResult.Failed("local header and directory state different compression methods");
        }

        var stored = ArrayPool<byte>.Shared.Rent((int)Math.Max(1, entry.CompressedSize));
        try
        {
            var span = stored.AsSpan(0, (int)entry.CompressedSize);
            if (bytes.Read(start, span) < span.Length)
            {
                return ReadResult.Failed("the archive ends inside this entry", "the archive is damaged or was cut");
            }

            var content = entry.Method == 0 ? span.ToArray() : Inflate(stored, span.Length, entry.Size);
            if (content is null || content.Length != entry.Size)
            {
                return ReadResult.Failed("content is longer or shorter than the directory says");
            }

            return Crc32.Compute(content) == entry.Crc32 ? new ReadResult(content, null) : ReadResult.Failed("checksum differs; the content is damaged");
        }
        catch (InvalidDataException)
        {
            return ReadResult.Failed("compressed data is damaged");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }

    private static byte[]? Inflate(byte[] stored, int length, long size)
    {
        var content = GC.AllocateUninitializedArray<byte>((int)size);
        using var inflater = new DeflateStream(new MemoryStream(stored, 0, length, writable: false), CompressionMode.Decompress);
        var total = inflater.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        // One byte more must not come: the stated size is what was checked against the limits.
        return total == content.Length && inflater.ReadByte() < 0 ? content : null;
    }

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

        for (var i = tailLength - EndLength; i >= 0; i--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(i)) != EndSignature || i + EndLength + BinaryPrimitives.ReadUInt16LittleEndian(tail.AsSpan(i + 20)) > tailLength)
            {
                continue;
            }

            directorySize = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(i + 12));
            directoryOffset = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(i + 16));
            end = tailStart + i;
            return TryEnd64(ref directoryOffset, ref directorySize, ref end) || (directoryOffset != uint.MaxValue && directorySize != uint.MaxValue);
        }

        return false;
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

    /// <summary>Entries that share bytes are the modern zip bomb (many large files from one compressed kernel).</summary>
    private void CheckOverlap()
    {
        var ordered = Entries.Where(entry => entry.CompressedSize > 0).OrderBy(entry => entry.Offset).ToArray();
        for (var i = 1; i < ordered.Length; i++)
        {
            if (ordered[i - 1].Offset + LocalLength + ordered[i - 1].CompressedSize > ordered[i].Offset)
            {
                table.Trick(TrickKind.OverlappingEntries, ordered[i].Path, $"shares bytes with {ordered[i - 1].Path}");
                table.Fail(ordered[i].Path, "entries overlap", "this is the shape of a zip bomb");
                return;
            }
        }
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
            else if (!EntryTable.StaysInside(link.Path, Encoding.UTF8.GetString(target.Content)))
            {
                table.Trick(TrickKind.SymlinkEscape, link.Path, $"points to {Encoding.UTF8.GetString(target.Content)}");
            }
        }
    }
}
