using System.Buffers.Binary;
using System.Text;

namespace Pellicle.Inspection.Detectors;

/// <summary>Says whether a serialised Java stream or .NET formatter's message names types that are more than values.</summary>
internal static class ObjectStream
{
    private const int MaxName = 512;

    private static readonly HashSet<string> JavaValues = new(StringComparer.Ordinal)
    {
        "java.lang.Number", "java.lang.Integer", "java.lang.Long", "java.lang.Short", "java.lang.Byte", "java.lang.Double", "java.lang.Float", "java.lang.Boolean", "java.lang.Character", "java.lang.String", "java.lang.Enum", "java.math.BigInteger", "java.math.BigDecimal",
        "java.util.ArrayList", "java.util.LinkedList", "java.util.HashMap", "java.util.LinkedHashMap", "java.util.TreeMap", "java.util.HashSet", "java.util.LinkedHashSet", "java.util.TreeSet", "java.util.Vector", "java.util.Stack", "java.util.ArrayDeque", "java.util.Date", "java.util.UUID",
        "java.util.Locale", "java.util.BitSet", "java.util.Arrays$ArrayList", "java.util.Collections$EmptyList", "java.util.Collections$EmptyMap", "java.util.Collections$EmptySet", "java.util.Collections$SingletonList", "java.util.CollSer", "java.time.Ser", "java.sql.Timestamp", "java.sql.Date", "java.sql.Time",
    };

    private static readonly string[] DotnetValues =
    [
        "System.Collections.Generic.List`1", "System.Collections.Generic.Dictionary`2", "System.Collections.Generic.KeyValuePair`2", "System.Collections.Generic.HashSet`1", "System.Collections.Generic.Queue`1", "System.Collections.Generic.Stack`1", "System.Collections.Generic.LinkedList`1",
        "System.Collections.Generic.GenericEqualityComparer`1", "System.Collections.Generic.ObjectEqualityComparer`1", "System.Collections.Generic.NonRandomizedStringEqualityComparer", "System.Collections.ArrayList", "System.Collections.Hashtable", "System.Collections.Queue", "System.Collections.Stack",
        "System.Collections.CaseInsensitiveComparer", "System.Collections.Comparer", "System.Private.CoreLib", "System.Core", "System.String", "System.Int16", "System.Int32", "System.Int64", "System.UInt16", "System.UInt32", "System.UInt64", "System.Byte", "System.SByte", "System.Char", "System.Boolean", "System.Single", "System.Double",
        "System.Decimal", "System.DateTime", "System.DateTimeOffset", "System.TimeSpan", "System.Guid", "System.Version", "System.Object", "System.Nullable`1", "System.Tuple`1", "System.Tuple`2", "System.Tuple`3",
    ];

    /// <summary>Every description of a class begins with the same byte and the length of its name; what only looks like one counts too.</summary>
    public static Reach Java(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 6)
        {
            return Reach.Unknown;
        }

        for (var i = 4; i < bytes.Length; i++)
        {
            // The names of an interface's stand-in are listed without a description.
            if (bytes[i] == 0x7d && i + 7 < bytes.Length && BinaryPrimitives.ReadUInt32BigEndian(bytes[(i + 1)..]) is > 0 and < 64 && TypeName(bytes[(i + 5)..]) is not null)
            {
                return Reach.Code;
            }

            if (bytes[i] != 0x72 || TypeName(bytes[(i + 1)..]) is not { } name)
            {
                continue;
            }

            if (!JavaValues.Contains(name) && !IsArray(name))
            {
                return Reach.Code;
            }

            if (!IsWhole(bytes[(i + 3 + name.Length)..]))
            {
                return Reach.Unknown;
            }
        }

        return Reach.Data;
    }

    private static bool IsArray(string name)
    {
        var element = name.TrimStart('[');
        return element.Length < name.Length && (element.Length == 1 || (element[0] == 'L' && element[^1] == ';' && (JavaValues.Contains(element[1..^1]) || element == "Ljava.lang.Object;")));
    }

    private static string? TypeName(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (length is 0 or > MaxName || length > bytes.Length - 2)
        {
            return null;
        }

        var name = Encoding.Latin1.GetString(bytes.Slice(2, length));
        return name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '$' or '[' or ';' or '/' or '-') && (name.Contains('.', StringComparison.Ordinal) || name[0] == '[' || char.IsAsciiLetterUpper(name[0])) ? name : null;
    }

    /// <summary>A description's version, flags and fields are all there, and its end.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 12)
        {
            return false;
        }

        var fields = BinaryPrimitives.ReadUInt16BigEndian(bytes[9..]);
        var at = 11;
        for (; fields > 0; fields--)
        {
            if (at + 3 > bytes.Length)
            {
                return false;
            }

            var typed = bytes[at] is (byte)'L' or (byte)'[';
            at += 3 + BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 1)..]);
            if (typed)
            {
                if (at + 3 > bytes.Length)
                {
                    return false;
                }

                at += bytes[at] == 0x74 ? 3 + BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 1)..]) : 5;
            }
        }

        return at < bytes.Length;
    }

    /// <summary>A message that brings no library of its own and names value types of the framework only.</summary>
    public static Reach Dotnet(ReadOnlySpan<byte> bytes)
    {
        const int Header = 17;
        if (bytes.Length <= Header)
        {
            return Reach.Unknown;
        }

        if (bytes[Header] == 0x0c)
        {
            return Reach.Code;
        }

        var text = Encoding.Latin1.GetString(bytes);
        for (var at = text.IndexOf("System.", StringComparison.Ordinal); at >= 0; at = text.IndexOf("System.", at + 1, StringComparison.Ordinal))
        {
            var end = at;
            while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '.' or '_' or '`' or '+'))
            {
                end++;
            }

            if (Array.IndexOf(DotnetValues, text[at..end]) < 0)
            {
                return Reach.Code;
            }
        }

        return bytes[^1] == 0x0b ? Reach.Data : Reach.Unknown;
    }
}
