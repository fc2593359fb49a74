using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Pellicle.Scanning.Extractors.Python;

/// <summary>What the RECORD files of installed packages say about every file (PyPA "recording installed projects").</summary>
internal sealed class PythonRecords
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Line> lines = new(StringComparer.Ordinal);

    /// <summary>What one RECORD says of a file. Two packages may list the same file; either may be right.</summary>
    private sealed record Line(string Package, string? Sha256, long Size, Line? Other = null);

    public static bool IsRecord(ScanPath path) => path.Is("RECORD") && path.EndsWith(".dist-info/RECORD");

    public void Add(string path, byte[] content)
    {
        var directory = new ScanPath(path).Directory;
        var root = new ScanPath(directory).Directory;
        PythonNames.SplitDirectory(new ScanPath(directory).FileName, out var name, out var version);
        var package = $"{name} {version}";
        var read = new List<(string Path, Line Line)>();
        foreach (var text in Encoding.UTF8.GetString(content).AsSpan().EnumerateLines())
        {
            // path,sha256=base64url,size — from the right, because a path may hold commas.
            var last = text.LastIndexOf(',');
            var middle = last > 0 ? text[..last].LastIndexOf(',') : -1;
            if (middle <= 0)
            {
                continue;
            }

            var file = text[..middle].Trim('"').ToString();
            var hash = text[(middle + 1)..last];
            if (hash.StartsWith("sha256=") && !file.StartsWith("..", StringComparison.Ordinal) && !file.StartsWith('/'))
            {
                var size = long.TryParse(text[(last + 1)..], System.Globalization.CultureInfo.InvariantCulture, out var stated) ? stated : -1;
                read.Add((root.Length == 0 ? file : $"{root}/{file}", new Line(package, hash[7..].TrimEnd('=').ToString(), size)));
            }
        }

        lock (gate)
        {
            foreach (var (file, line) in read)
            {
                lines[file] = line with { Other = lines.GetValueOrDefault(file) };
            }
        }
    }

    public bool Lists(string path) => lines.ContainsKey(path);

    /// <summary>Null when the file is as one of the packages that list it recorded it, or none lists it.</summary>
    public ModifiedFile? Verify(string path, byte[] content)
    {
        ModifiedFile? difference = null;
        for (var line = lines.GetValueOrDefault(path); line is not null; line = line.Other)
        {
            if (Compare(path, line, content) is not { } found)
            {
                return null;
            }

            // RECORD files are read in any order; what is reported must not depend on it.
            difference = difference is null || string.CompareOrdinal(found.Package, difference.Package) < 0 ? found : difference;
        }

        return difference;
    }

    private static ModifiedFile? Compare(string path, Line line, byte[] content)
    {
        if (line.Size >= 0 && line.Size != content.Length)
        {
            return new ModifiedFile(path, line.Package, $"{content.Length} bytes, {line.Size} recorded");
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        Span<char> text = stackalloc char[43];
        return Base64Url.EncodeToChars(hash, text) == 43 && text.SequenceEqual(line.Sha256) ? null : new ModifiedFile(path, line.Package, "content hash differs from the recorded one");
    }
}
