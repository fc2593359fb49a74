using System.Buffers.Binary;
using System.Text;

namespace Pellicle.Inspection.Detectors;

/// <summary>What serialised bytes can do to who reads them.</summary>
internal enum Reach
{
    /// <summary>Values only: numbers, texts, lists, maps, dates.</summary>
    Data,

    /// <summary>Names a type or function that is more than a value.</summary>
    Code,

    /// <summary>Ends before that can be told.</summary>
    Unknown,
}

/// <summary>Reads the instructions of a Python pickle as far as its end and says whether one of them imports what is no plain value. Python's own tool for it: <c>pickletools.dis</c>.</summary>
internal static class Pickle
{
    private const int MaxImports = 256;

    // Modules and names that make values and nothing else.
    private static readonly HashSet<string> Values = new(StringComparer.Ordinal)
    {
        "collections.OrderedDict", "collections.defaultdict", "collections.deque", "collections.Counter", "datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "datetime.timezone", "decimal.Decimal", "fractions.Fraction",
        "uuid.UUID", "uuid.SafeUUID", "pathlib.PurePosixPath", "ipaddress.IPv4Address", "ipaddress.IPv6Address", "array._array_reconstructor", "_codecs.encode", "copyreg._reconstructor", "copy_reg._reconstructor", "zoneinfo.ZoneInfo._unpickle",
        "builtins.set", "builtins.frozenset", "builtins.bytearray", "builtins.bytes", "builtins.complex", "builtins.list", "builtins.dict", "builtins.tuple", "builtins.int", "builtins.float", "builtins.bool", "builtins.str", "builtins.object", "builtins.slice", "builtins.range",
        "__builtin__.set", "__builtin__.frozenset", "__builtin__.bytearray", "__builtin__.complex", "__builtin__.object", "__builtin__.list", "__builtin__.dict", "__builtin__.long", "__builtin__.unicode",
        "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.ndarray", "numpy.dtype",
    };

    public static Reach Judge(ReadOnlySpan<byte> bytes)
    {
        // Names for STACK_GLOBAL are the last two texts that were pushed or fetched from the memo.
        var texts = new List<string>();
        var memo = new Dictionary<uint, string>();
        var imports = 0;
        var i = 0;
        while (i < bytes.Length)
        {
            var code = bytes[i++];
            var rest = bytes[i..];
            var size = Argument(code, rest);
            if (size < 0)
            {
                return size == Short ? Reach.Unknown : Reach.Data; // no instruction: the reader stops here, and has imported values at most
            }

            switch (code)
            {
                case (byte)'.':
                    return Reach.Data;
                case (byte)'c' or (byte)'i':
                    var name = Lines(rest[..size]);
                    if (++imports > MaxImports || !Values.Contains(name))
                    {
                        return IsName(name) ? Reach.Code : Reach.Data; // there is no such module: the reader stops here
                    }

                    break;
                case 0x93:
                    if (++imports > MaxImports || texts.Count < 2 || !Values.Contains($"{texts[^2]}.{texts[^1]}"))
                    {
                        return Reach.Code;
                    }

                    break;
                case 0x8c:
                    texts.Add(Encoding.UTF8.GetString(rest[1..size]));
                    break;
                case (byte)'X':
                    texts.Add(Encoding.UTF8.GetString(rest[4..size]));
                    break;
                case 0x8d:
                    texts.Add(Encoding.UTF8.GetString(rest[8..size]));
                    break;
                case (byte)'V' or (byte)'S':
                    texts.Add(Encoding.UTF8.GetString(rest[..size]).Trim('\n', '\'', '"'));
                    break;
                case (byte)'U':
                    texts.Add(Encoding.UTF8.GetString(rest[1..size]));
                    break;
                case (byte)'T':
                    texts.Add(Encoding.UTF8.GetString(rest[4..size]));
                    break;
                case 0x94 when texts.Count > 0:
                    memo[(uint)memo.Count] = texts[^1];
                    break;
                case 0x94:
                    memo[(uint)memo.Count] = "";
                    break;
                case (byte)'q' when texts.Count > 0:
                    memo[rest[0]] = texts[^1];
                    break;
                case (byte)'r' when texts.Count > 0:
                    memo[BinaryPrimitives.ReadUInt32LittleEndian(rest)] = texts[^1];
                    break;
                case (byte)'p' when texts.Count > 0 && uint.TryParse(rest[..(size - 1)], out var put):
                    memo[put] = texts[^1];
                    break;
                case (byte)'h':
                    texts.Add(memo.GetValueOrDefault(rest[0], ""));
                    break;
                case (byte)'j':
                    texts.Add(memo.GetValueOrDefault(BinaryPrimitives.ReadUInt32LittleEndian(rest), ""));
                    break;
                case (byte)'g':
                    texts.Add(uint.TryParse(rest[..(size - 1)], out var get) ? memo.GetValueOrDefault(get, "") : "");
                    break;
                default:
                    break;
            }

            i += size;
        }

        return Reach.Unknown;
    }

    private static bool IsName(string name) => name.All(c => char.IsLetterOrDigit(c) || c is '_' or '.');

    private const int Short = -1;
    private const int None = -2;

    /// <summary>Bytes of an instruction's argument; negative when it ends early or is no instruction.</summary>
    private static int Argument(byte code, ReadOnlySpan<byte> rest)
    {
        var size = code switch
        {
            (byte)'(' or (byte)'.' or (byte)'0' or (byte)'1' or (byte)'2' or (byte)'N' or (byte)'Q' or (byte)'R' or (byte)'a' or (byte)'b' or (byte)'d' or (byte)'}' or (byte)'e' or (byte)'l' or (byte)']' or (byte)'o' or (byte)'s' or (byte)'t' or (byte)')' or (byte)'u' => 0,
            0x81 or 0x85 or 0x86 or 0x87 or 0x88 or 0x89 or 0x8f or 0x90 or 0x91 or 0x92 or 0x93 or 0x94 or 0x97 or 0x98 => 0,
            0x80 or 0x82 or (byte)'K' or (byte)'h' or (byte)'q' => 1,
            0x83 or (byte)'M' => 2,
            0x84 or (byte)'J' or (byte)'j' or (byte)'r' => 4,
            0x95 or (byte)'G' => 8,
            (byte)'F' or (byte)'I' or (byte)'L' or (byte)'P' or (byte)'S' or (byte)'V' or (byte)'g' or (byte)'p' => Line(rest, 1),
            (byte)'c' or (byte)'i' => Line(rest, 2),
            (byte)'U' or (byte)'C' or 0x8c or 0x8a => rest.Length < 1 ? Short : 1L + rest[0],
            (byte)'T' or (byte)'X' or (byte)'B' or 0x8b => rest.Length < 4 ? Short : 4L + BinaryPrimitives.ReadUInt32LittleEndian(rest),
            0x8d or 0x8e or 0x96 => rest.Length < 8 ? Short : 8L + (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(rest), int.MaxValue),
            _ => None,
        };
        return size < 0 ? (int)size : size > rest.Length ? Short : (int)size;
    }

    private static long Line(ReadOnlySpan<byte> rest, int lines)
    {
        var end = 0;
        for (; lines > 0; lines--)
        {
            var next = rest[end..].IndexOf((byte)'\n');
            if (next < 0)
            {
                return Short;
            }

            end += next + 1;
        }

        return end;
    }

    private static string Lines(ReadOnlySpan<byte> argument) => Encoding.UTF8.GetString(argument).TrimEnd('\n').Replace('\n', '.');
}
