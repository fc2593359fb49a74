using System.Buffers.Binary;
using System.Text;

namespace Pellicle.Scanning.Extractors.Distributions;

/// <summary>
/// Reads the blobs of one table out of an SQLite file: table b-trees and overflow pages of the file format (sqlite.org/fileformat2.html), nothing else.
/// What lies in a write-ahead log beside the file is not seen. Every offset is checked, and no page is entered twice.
/// </summary>
internal static class SqliteTable
{
    private const int Leaf = 13, Interior = 5, MaxPayload = 16 << 20, MaxDepth = 32;

    /// <summary>The longest blob of each row.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or has no such table.</exception>
    public static List<byte[]> Blobs(byte[] file, string table)
    {
        var reader = new Reader(file);
        foreach (var row in reader.Rows(1))
        {
            // sqlite_schema: type, name, tbl_name, rootpage, sql.
            var columns = Reader.Columns(row);
            if (columns.Count >= 4 && Encoding.UTF8.GetString(columns[0].Span) == "table" && Encoding.UTF8.GetString(columns[1].Span) == table)
            {
                return [.. reader.Rows(Number(columns[3].Span)).Select(found => Reader.Columns(found).MaxBy(column => column.Length).ToArray()).Where(blob => blob.Length > 0)];
            }
        }

        throw new InvalidDataException($"no table `{table}` in the SQLite file");
    }

    private static long Number(ReadOnlySpan<byte> bytes)
    {
        long value = 0;
        foreach (var b in bytes)
        {
            value = (value << 8) | b;
        }

        return value;
    }

    private sealed class Reader
    {
        private readonly byte[] file;
        private readonly int size, usable;
        private readonly HashSet<long> entered = [];
        private int overflowPages;

        public Reader(byte[] file)
        {
            this.file = file;
            size = file.Length >= 100 ? BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(16)) : 0;
            size = size == 1 ? 1 << 16 : size;
            usable = size - (file.Length >= 100 ? file[20] : 0);
            if (size < 512 || (size & (size - 1)) != 0 || usable < 480)
            {
                throw new InvalidDataException("damaged SQLite file: its page size is not possible");
            }
        }

        private int Pages => file.Length / size;

        /// <summary>Payloads of the rows below a page.</summary>
        public List<byte[]> Rows(long root)
        {
            var rows = new List<byte[]>();
            Walk(root, rows, 0);
            return rows;
        }

        private void Walk(long number, List<byte[]> rows, int depth)
        {
            if (number < 1 || number > Pages || depth > MaxDepth || !entered.Add(number))
            {
                throw new InvalidDataException("damaged SQLite file: a page leads nowhere");
            }

            var page = file.AsMemory((int)(number - 1) * size, size);
            var header = number == 1 ? 100 : 0;
            var kind = page.Span[header];
            var cells = BinaryPrimitives.ReadUInt16BigEndian(page.Span[(header + 3)..]);
            var pointers = header + (kind == Interior ? 12 : 8);
            if (kind is not (Leaf or Interior) || pointers + (cells * 2) > size)
            {
                throw new InvalidDataException("damaged SQLite file: no page of a table");
            }

            for (var i = 0; i < cells; i++)
            {
                var at = BinaryPrimitives.ReadUInt16BigEndian(page.Span[(pointers + (i * 2))..]);
                if (at > size - 4)
                {
                    throw new InvalidDataException("damaged SQLite file: a cell lies outside its page");
                }

                if (kind == Interior)
                {
                    Walk(BinaryPrimitives.ReadUInt32BigEndian(page.Span[at..]), rows, depth + 1);
                }
                else
                {
                    rows.Add(Payload(page.Span[at..]));
                }
            }

            if (kind == Interior)
            {
                Walk(BinaryPrimitives.ReadUInt32BigEndian(page.Span[(header + 8)..]), rows, depth + 1);
            }
        }

        private byte[] Payload(ReadOnlySpan<byte> cell)
        {
            var length = Varint(ref cell);
            _ = Varint(ref cell);
            if (length is < 0 or > MaxPayload)
            {
                throw new InvalidDataException("damaged SQLite file: a row is too long");
            }

            // How much of a long row stays on its page: "1.6. B-tree Pages".
            var most = usable - 35;
            var least = ((usable - 12) * 32 / 255) - 23;
            var fits = least + ((length - least) % (usable - 4));
            var local = length <= most ? length : fits <= most ? fits : least;
            if (local > cell.Length || (length > local && local + 4 > cell.Length))
            {
                throw new InvalidDataException("damaged SQLite file: a row is cut off");
            }

            var payload = new byte[length];
            cell[..(int)local].CopyTo(payload);
            var done = (int)local;
            var next = done < length ? BinaryPrimitives.ReadUInt32BigEndian(cell[done..]) : 0;
            while (done < length)
            {
                if (next < 1 || next > Pages || ++overflowPages > Pages)
                {
                    throw new InvalidDataException("damaged SQLite file: a row's pages lead nowhere");
                }

                var page = file.AsSpan((int)(next - 1) * size, usable);
                var part = (int)Math.Min(length - done, usable - 4);
                page.Slice(4, part).CopyTo(payload.AsSpan(done));
                done += part;
                next = BinaryPrimitives.ReadUInt32BigEndian(page);
            }

            return payload;
        }

        /// <summary>Values of a record: sizes first, then contents; only texts, blobs and numbers that are stored.</summary>
        public static List<ReadOnlyMemory<byte>> Columns(byte[] payload)
        {
            ReadOnlySpan<byte> rest = payload;
            var header = Varint(ref rest);
            if (header < 1 || header > payload.Length)
            {
                throw new InvalidDataException("damaged SQLite file: a row has no columns");
            }

            var types = payload.AsSpan((int)(payload.Length - rest.Length), (int)header - (payload.Length - rest.Length));
            ReadOnlySpan<byte> left = types;
            long at = header;
            var columns = new List<ReadOnlyMemory<byte>>();
            while (!left.IsEmpty && columns.Count < 64)
            {
                var type = Varint(ref left);
                var length = type switch { 0 or 8 or 9 => 0, 1 => 1, 2 => 2, 3 => 3, 4 => 4, 5 => 6, 6 or 7 => 8, >= 12 => (type - 12) / 2, _ => 0 };
                if (at + length > payload.Length)
                {
                    throw new InvalidDataException("damaged SQLite file: a column is cut off");
                }

                columns.Add(payload.AsMemory((int)at, (int)length));
                at += length;
            }

            return columns;
        }

        private static long Varint(ref ReadOnlySpan<byte> bytes)
        {
            long value = 0;
            for (var i = 0; i < 9; i++)
            {
                if (i >= bytes.Length)
                {
                    throw new InvalidDataException("damaged SQLite file: a number is cut off");
                }

                value = i == 8 ? (value << 8) | bytes[i] : (value << 7) | (uint)(bytes[i] & 0x7F);
                if (i == 8 || bytes[i] < 0x80)
                {
                    bytes = bytes[(i + 1)..];
                    return value;
                }
            }

            return value;
        }
    }
}
