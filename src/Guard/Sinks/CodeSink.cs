using System.Buffers;
using System.Buffers.Text;
using System.IO.Compression;
using Pellicle.Inspection;

namespace Pellicle.Guard.Sinks;

/// <summary>Code made from an event's text.</summary>
internal static class CodeSink
{
    private const int MinRun = 6;

    /// <summary>The smallest assembly has some 400 bytes; fewer characters are a word.</summary>
    private const int MinExecutable = 500;

    /// <summary>An empty class has some 150 bytes.</summary>
    private const int MinClass = 150;

    internal static SinkHit? Check(string kind, string code, IReadOnlyList<EventText> texts)
    {
        foreach (var (field, text) in texts)
        {
            // An assembly from bytes has no text to compare; an executable in the same event is where it came from.
            if (kind == "assembly" && IsExecutable(text))
                return new("code-injection", field, SinkHit.Cut(code), $"event field `{field}` holds an executable, and an assembly is loaded from memory", true);
            // A class from bytes: its beginning as base64 tells it, or that the event holds a class at all.
            if (kind == "class" && (text.Contains(code, StringComparison.Ordinal) || IsClass(text)))
                return new("code-injection", field, SinkHit.Cut(code), $"event field `{field}` holds a class, and a class is made from bytes", true);
            // What is imported is the program within the address.
            if (kind == "import" && IsProgramAddress(text))
                return new("code-injection", field, SinkHit.Cut(code), $"event field `{field}` holds a program as an address, and such a one is imported", true);
            if (Adds(code, text) || Quoted.Brings(text, code))
                return new("code-injection", field, SinkHit.Cut(code), $"event field `{field}` is part of code made at run time ({kind})", true);
        }
        return null;
    }

    /// <summary>A file that starts as Windows executables and .NET assemblies do: `MZ`, then a small number.</summary>
    private static bool IsExecutable(string text) => text.Length >= MinExecutable && Head(text) is [(byte)'M', (byte)'Z', _, 0 or 1, ..];

    /// <summary>A library lies where anybody may write, and the event holds one.</summary>
    internal static SinkHit? Dropped(string library, IReadOnlyList<EventText> texts)
    {
        if (!PathSink.IsWritable(library))
            return null;
        foreach (var (field, text) in texts)
        {
            if (text.Length >= MinExecutable && Head(text) is [0x7F, (byte)'E', (byte)'L', (byte)'F', ..])
                return new("code-injection", field, SinkHit.Cut(library), $"event field `{field}` holds a library, and one is loaded from a writable place", true);
        }
        return null;
    }

    /// <summary>The first bytes of what a text holds in base64 or hexadecimal digits, compressed or not; empty when it holds none.</summary>
    private static byte[] Head(string text)
    {
        const int Characters = 4096, Bytes = 8;
        var start = text.AsSpan().TrimStart();
        start = start[..(Math.Min(start.Length, Characters) & ~3)];
        var room = new byte[Characters];
        if (Convert.FromHexString(start[..(2 * Bytes)], room, out _, out var length) != OperationStatus.Done
            && !Convert.TryFromBase64Chars(start, room, out length) && !(Base64Url.IsValid(start) && Base64Url.TryDecodeFromChars(start, room, out length)))
            return [];
        if (room is not [0x1F, 0x8B, ..])
            return room[..Math.Min(length, Bytes)];
        try
        {
            using var unpacked = new GZipStream(new MemoryStream(room, 0, length), CompressionMode.Decompress);
            var head = new byte[Bytes];
            return head[..unpacked.ReadAtLeast(head, Bytes, throwOnEndOfStream: false)];
        }
        catch (InvalidDataException)
        {
            return [];
        }
    }

    /// <summary>`CA FE BA BE` and the upper byte of the version, which is 0, in base64 or in hexadecimal digits.</summary>
    private static bool IsClass(string text)
    {
        var start = text.AsSpan().TrimStart();
        return start.Length >= MinClass && (start.StartsWith("yv66vgAA", StringComparison.Ordinal) || start.StartsWith("cafebabe0000", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Python's own form of compiled code is read, and the event holds some.</summary>
    internal static SinkHit? Restored(string item, IReadOnlyList<EventText> texts)
    {
        if (item != "marshal:code")
            return null;
        foreach (var (field, text) in texts)
        {
            if (IsMarshalledCode(text))
                return new("code-injection", field, SinkHit.Cut(text), $"event field `{field}` holds compiled Python, and such code is read", true);
        }
        return null;
    }

    /// <summary>The sign of a code object, with or without the flag of a reference, and how many arguments it takes, in base64 or hexadecimal digits.</summary>
    private static bool IsMarshalledCode(string text)
    {
        var start = text.AsSpan().TrimStart();
        return start.StartsWith("4wAAAA", StringComparison.Ordinal) || start.StartsWith("YwAAAA", StringComparison.Ordinal)
            || start.StartsWith("e3000000", StringComparison.OrdinalIgnoreCase) || start.StartsWith("63000000", StringComparison.Ordinal);
    }

    private static bool IsProgramAddress(string text)
    {
        var start = text.AsSpan().TrimStart();
        return start.StartsWith("data:text/", StringComparison.OrdinalIgnoreCase) || start.StartsWith("data:application/", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The text stands in the code and is itself code (a call, an import, a member of a dangerous object): not a number, a name or a formula.</summary>
    internal static bool Adds(string code, string text)
    {
        var trimmed = text.Trim();
        if (trimmed.Length < MinRun)
            return false;
        var cut = trimmed.Length > 2000 ? trimmed[..2000] : trimmed;
        return code.Contains(cut, StringComparison.Ordinal) && IsCode(trimmed);
    }

    /// <summary>What code names to reach the process it runs in.</summary>
    private static readonly SearchValues<string> Outside = SearchValues.Create(["process.", "process[", "require", "environ[", "environ.", "os.environ", "getenv("], StringComparison.Ordinal);

    internal static bool IsCode(string text)
    {
        if (text.Contains("__", StringComparison.Ordinal) || text.Contains("import ", StringComparison.Ordinal) || text.Contains("=>", StringComparison.Ordinal)
            || text.AsSpan().ContainsAny(Outside))
            return true;
        for (var i = 1; i < text.Length; i++)
        {
            // A call: a name directly before a bracket. Formulas such as `2*(3+4)` and `max(1, 2)` differ only in the name.
            if (text[i] != '(' || !(char.IsLetter(text[i - 1]) || text[i - 1] is '_' or ']' or ')'))
                continue;
            var start = i;
            while (start > 0 && (char.IsLetterOrDigit(text[start - 1]) || text[start - 1] is '_' or '.' or '$'))
                start--;
            if (!Arithmetic.Contains(text[start..i]))
                return true;
        }
        return false;
    }

    private static readonly HashSet<string> Arithmetic = new(StringComparer.Ordinal)
    {
        "abs", "min", "max", "sum", "round", "pow", "sqrt", "sin", "cos", "tan", "log", "exp", "floor", "ceil", "len", "int", "float",
        "Math.abs", "Math.min", "Math.max", "Math.round", "Math.pow", "Math.sqrt", "Math.sin", "Math.cos", "Math.tan", "Math.log", "Math.exp", "Math.floor", "Math.ceil",
        "math.sqrt", "math.pow", "math.sin", "math.cos", "math.tan", "math.log", "math.exp", "math.floor", "math.ceil",
    };
}
