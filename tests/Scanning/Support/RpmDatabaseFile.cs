using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Pellicle.Scanning.Tests.Support;

/// <summary>RPM's databases: headers as rpm writes them, in each of its stores.</summary>
internal static class RpmDatabaseFile
{
    // Made by Python's sqlite3 with pages of 512 bytes and 15 headers: glibc with a long description, openssl-libs with an epoch, a public key, pkg0 to pkg11.
    private const string Sqlite =
        "eNrtmEtP20AQx2fj8AwBqpICB1QfUAMisRzbcRKph4bKQqghUDBSOVQoDzegPEmgAm60x0o992v0g1Ttt+j70B64VEKddZwSryuKWuFKxKOsnVlr499/Jl7P7sbDzO6+wT+pN6u5fV4GHxAC93geADhs43BuPmz+" +
        "Lp/An40DoUCC5pe3QF6Su3i6SitzA5OhEDlJ7efyFSObq5rNf39dS+sar6cXMxofpl1hfq5sHPFhXXukh/nsqs5nNzOZCL9TO6jyy1ldW9LWu7p3i4eO3vk1X//kwgLZMu/V2qtgILdbxt6BUSuwLmcjYC7O1RAo" +
        "gt58gwxMzsyQE9n8ybVcoZwrGa3O2WeX0elGKTbqtfXllfT6Fv9A2+LTm/rqchbHrWhZPZKv1PP8YmZ18VxDHwatj7ynsRsnP8gp+Ua+tF3PrpeNjeJhNICH4CAeRmjmAz76bBLyHfDjWU/YCOFmSGfuGAt2ZnbP" +
        "etX6IbO0lnkqLcBhUt1WFShVdvOFqCTISlQVhVz1uCaJkiy0mgWh2ahC0bPrY5j/AS8KPZ3/QS8KPZ3/IS8KPZ3/YS8KPZ1/r6Dr4fQHzeXfCyAlPPxfO9ny+eG5SitSbI8BuA/m6uTXbiP30fKDlv/J8m9a/mdr" +
        "h3LW8k+t63OWf2b5Ytv3T1h+gvr1hlFrtSpRXPy0QBZEIQmx88WPKMSkNkd6I8NLgthZLHWGmSOizIhfa6ZXx8QPrw/b2gJnF2jrZ7QFGC2TjJbbjJY71vWv9M2OTaO+uaIDuqKDrhUd3fpr783GgRjwBk+XzFSo" +
        "zw/PBOuO8xeo6WPUDDFqAoyaMUbNLeo3yqUY5gIbrCzrUKvnmoUdoL0Yb9o6UT4J+V3mEpFLdHCJyCR2c01xyKVYYyMXcAUYrgmGa4bhmmW4FsxsN0rRxkG+bBxBMSlLBVWOgRqPxQvJuAHWhblavWbMtx8lDpJA" +
        "duAdni7/sIYGXQ61gqFWHKFWMMyK7S8w4DKXjFyyg0tGJtnG1e8yl4RckoNLQiapi+vv8x9wWU8C9SQcehKoJWGL87DLXCpyqQ4uFZlUG9eQy1xx5Io7uOLIFHfkX2nnX7lk7qdHUYtq3S/6Dy+zIKPlBqNlqjP9" +
        "03k25pxoY3SWjdmm2lDQ5TinEC3lIEshU8rGNeIyFy1fkg4uWqIkmfwTUgRS9DbCr6ywnR5z+3kx66XfFExmxdRdMv0Ega84PA==";

    public static byte[] OfSqlite()
    {
        using var inflated = new MemoryStream();
        using (var zlib = new ZLibStream(new MemoryStream(Convert.FromBase64String(Sqlite)), CompressionMode.Decompress))
        {
            zlib.CopyTo(inflated);
        }

        return inflated.ToArray();
    }

    public static byte[] Header(string name, string version, string release, int epoch = 0, string source = "", int padding = 0)
    {
        var (index, data) = (new MemoryStream(), new MemoryStream());
        var count = 0;
        void Add(int tag, int type, byte[] value)
        {
            while (type == 4 && data.Length % 4 != 0)
            {
                data.WriteByte(0);
            }

            foreach (var number in (ReadOnlySpan<int>)[tag, type, (int)data.Length, 1])
            {
                index.Write(Big(number));
            }

            data.Write(value);
            count++;
        }

        Add(1000, 6, Text(name));
        Add(1001, 6, Text(version));
        Add(1002, 6, Text(release));
        Add(1003, 4, Big(epoch));
        Add(1005, 9, Text(new string('d', padding)));
        Add(1022, 6, Text("x86_64"));
        Add(1044, 6, Text(source));
        return [.. Big(count), .. Big((int)data.Length), .. index.ToArray(), .. data.ToArray()];
    }

    public static byte[] OfNdb(params byte[][] headers)
    {
        var file = new List<byte>(new byte[4096]);
        "RpmP"u8.CopyTo(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(file));
        void Put(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(file)[at..], value);
        Put(12, 1);
        for (var i = 0; i < headers.Length; i++)
        {
            var slot = 32 + (i * 16);
            "Slot"u8.CopyTo(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(file)[slot..]);
            Put(slot + 4, i + 1);
            Put(slot + 8, file.Count / 16);
            var start = file.Count;
            file.AddRange("BlbS"u8.ToArray());
            file.AddRange(new byte[12]);
            Put(start + 12, headers[i].Length);
            file.AddRange(headers[i]);
            file.AddRange(new byte[16 - (file.Count % 16)]);
        }

        return [.. file];
    }

    /// <summary>Pages of 512 bytes: one of metadata, one hash page, overflow pages.</summary>
    public static byte[] OfBerkeley(params byte[][] headers)
    {
        const int size = 512, room = size - 26;
        var pages = new List<byte[]> { new byte[size], new byte[size] };
        BinaryPrimitives.WriteInt32LittleEndian(pages[0].AsSpan(12), 0x61561);
        BinaryPrimitives.WriteInt32LittleEndian(pages[0].AsSpan(20), size);
        var hash = pages[1];
        hash[25] = 13;
        BinaryPrimitives.WriteInt16LittleEndian(hash.AsSpan(20), (short)(headers.Length * 2));
        for (var i = 0; i < headers.Length; i++)
        {
            var (key, value) = (size - (i * 32) - 8, size - (i * 32) - 24);
            BinaryPrimitives.WriteInt16LittleEndian(hash.AsSpan(26 + (i * 4)), (short)key);
            BinaryPrimitives.WriteInt16LittleEndian(hash.AsSpan(28 + (i * 4)), (short)value);
            hash[key] = 1;
            hash[value] = 3;
            BinaryPrimitives.WriteInt32LittleEndian(hash.AsSpan(value + 4), pages.Count);
            BinaryPrimitives.WriteInt32LittleEndian(hash.AsSpan(value + 8), headers[i].Length);
            for (var done = 0; done < headers[i].Length; done += room)
            {
                var page = new byte[size];
                var part = Math.Min(room, headers[i].Length - done);
                page[25] = 7;
                BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(16), done + part < headers[i].Length ? pages.Count + 1 : 0);
                BinaryPrimitives.WriteInt16LittleEndian(page.AsSpan(22), (short)part);
                headers[i].AsSpan(done, part).CopyTo(page.AsSpan(26));
                pages.Add(page);
            }
        }

        return [.. pages.SelectMany(page => page)];
    }

    private static byte[] Text(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    private static byte[] Big(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
