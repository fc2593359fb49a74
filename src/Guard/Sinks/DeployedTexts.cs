using System.Buffers.Binary;
using System.Text;

namespace Pellicle.Guard.Sinks;

/// <summary>
/// Whether a command or statement stands, whole, as a constant in the function's own code: then nothing was put into it, whatever an event holds.
/// Looked for only where something would be stopped.
/// </summary>
/// <param name="root">Folder of the function's code.</param>
internal sealed class DeployedTexts(string root)
{
    /// <summary>Bytes of one file; a function's own code is smaller, what is larger is a library.</summary>
    private const int MaxFile = 2 << 20;

    /// <summary>Bytes of all; the folders nearest to the root first. An answer must come before the interposer stops waiting for it.</summary>
    private const int MaxAll = 16 << 20;

    private const int MaxFiles = 2000;
    private const int MinLength = 6;
    private const int MaxLength = 4096;

    private static readonly HashSet<string> Sources = new(StringComparer.OrdinalIgnoreCase) { ".py", ".js", ".mjs", ".cjs", ".rb", ".php", ".pl" };

    internal bool Has(string text)
    {
        if (text.Length is < MinLength or > MaxLength || !Directory.Exists(root))
            return false;
        byte[] plain = Encoding.UTF8.GetBytes(text), wide = Encoding.Unicode.GetBytes(text);
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
        var left = MaxAll;
        foreach (var file in new DirectoryInfo(root).EnumerateFiles("*", options).Take(MaxFiles))
        {
            var kind = file.Extension;
            var (isClass, isAssembly) = (kind == ".class", kind == ".dll");
            if (file.Length is 0 or > MaxFile || !(isClass || isAssembly || Sources.Contains(kind)))
                continue;
            left -= (int)file.Length;
            if (left < 0)
                return false;
            try
            {
                var content = Read(file.FullName, (int)file.Length);
                if (isClass ? HasConstant(content, plain) : isAssembly ? HasUserString(content, wide) : IsQuoted(content, plain))
                    return true;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It cannot be read: it tells nothing.
            }
        }
        return false;
    }

    private static byte[] Read(string path, int length)
    {
        using var file = Native.Fd.OpenFile(path);
        var content = new byte[length];
        return content[..file.ReadAtLeast(content, length, throwOnEndOfStream: false)];
    }

    /// <summary>A constant of a class has its length in two bytes before it.</summary>
    private static bool HasConstant(ReadOnlySpan<byte> content, byte[] text)
    {
        for (var at = content.IndexOf(text); at >= 0; content = content[(at + 1)..], at = content.IndexOf(text))
        {
            if (at >= 2 && BinaryPrimitives.ReadUInt16BigEndian(content[(at - 2)..]) == text.Length)
                return true;
        }
        return false;
    }

    /// <summary>A text of an assembly has its bytes' number, and one, before it: in one byte, or in two with the upper bit set (ECMA-335, II.24.2.4).</summary>
    private static bool HasUserString(ReadOnlySpan<byte> content, byte[] text)
    {
        var size = text.Length + 1;
        for (var at = content.IndexOf(text); at >= 0; content = content[(at + 1)..], at = content.IndexOf(text))
        {
            if (size < 0x80 ? at >= 1 && content[at - 1] == size : at >= 2 && BinaryPrimitives.ReadUInt16BigEndian(content[(at - 2)..]) == (0x8000 | size))
                return true;
        }
        return false;
    }

    private static bool IsQuoted(ReadOnlySpan<byte> content, byte[] text)
    {
        for (var at = content.IndexOf(text); at >= 0; content = content[(at + 1)..], at = content.IndexOf(text))
        {
            if (at >= 1 && at + text.Length < content.Length && content[at - 1] is (byte)'\'' or (byte)'"' or (byte)'`' && content[at + text.Length] == content[at - 1])
                return true;
        }
        return false;
    }
}
