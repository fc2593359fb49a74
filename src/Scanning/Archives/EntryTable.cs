using Pellicle.Domain;

namespace Pellicle.Scanning.Archives;

/// <summary>Collects the entries of one source: refuses unsafe names, notices tricks, sorts.</summary>
internal sealed class EntryTable(ScanLimits limits)
{
    private readonly Dictionary<string, ScanEntry> byPath = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> links = new(StringComparer.Ordinal);
    private readonly List<FileError> errors = [];
    private readonly List<ArchiveTrick> tricks = [];
    private int listed;

    public IReadOnlyList<FileError> Errors => errors;

    public IReadOnlyList<ArchiveTrick> Tricks => tricks;

    public ScanEntry? Find(string path) => byPath.GetValueOrDefault(path);

    public void Fail(string path, string message, string hint = "")
    {
        if (errors.Count < limits.MaxErrors)
        {
            errors.Add(new FileError("", path, message, hint));
        }
    }

    public void Trick(TrickKind kind, string path, string detail)
    {
        if (tricks.Count < limits.MaxErrors)
        {
            tricks.Add(new ArchiveTrick(kind, path, detail));
        }
    }

    /// <summary>False when the entry limit is crossed: the caller stops listing.</summary>
    public bool Add(string name, ScanEntry entry)
    {
        if (++listed > limits.MaxEntries)
        {
            Fail("", $"more than {limits.MaxEntries} entries; the rest was not read", "raise the entry limit or split the archive");
            return false;
        }

        if (!TryNormalize(name, out var path, out var trick))
        {
            if (trick is { } kind)
            {
                Trick(kind, Printable(name), "name leads outside the archive's root");
                Fail(Printable(name), "unsafe name; the entry was not read", "re-create the archive with relative names");
            }

            return true;
        }

        if (path.Length > limits.MaxPathLength)
        {
            Fail(path[..64] + "…", $"path is longer than {limits.MaxPathLength} characters; the entry was not read");
            return true;
        }

        if ((entry.Mode & 0xC00) != 0 && entry.Kind == EntryKind.File)
        {
            Trick(TrickKind.SetUid, path, $"mode {Convert.ToString(entry.Mode, 8)}");
        }

        if (entry.Size > 1 << 20 && entry.CompressedSize > 0 && entry.Size / entry.CompressedSize > limits.MaxRatio)
        {
            Trick(TrickKind.Bomb, path, $"{entry.CompressedSize} bytes inflate to {entry.Size}");
        }

        var differs = false;
        if (byPath.TryGetValue(path, out var earlier) && entry.Kind != EntryKind.Directory)
        {
            var same = earlier.Size == entry.Size && earlier.Crc32 == entry.Crc32;
            differs = !same || earlier.HidesOther;
            Trick(TrickKind.DuplicateEntry, path, same ? "the same content twice" : "two different contents; extraction keeps the last");
        }

        byPath[path] = entry with { Path = path, HidesOther = differs };
        return true;
    }

    /// <summary>Judges where a link points.</summary>
    public void AddLink(string path, string target)
    {
        links[path] = target;
        if (!StaysInside(path, target))
        {
            Trick(TrickKind.SymlinkEscape, path, $"points to {target}");
        }
    }

    /// <summary>Links that end nowhere: whatever was meant to lie behind them, nobody can read it. Called when all links are known.</summary>
    public void CheckLoops()
    {
        foreach (var path in links.Keys.Order(StringComparer.Ordinal))
        {
            var at = path;
            // A chain longer than there are links goes round.
            for (var i = 0; i <= links.Count && links.TryGetValue(at, out var target) && Resolve(at, target) is { } next; i++)
            {
                at = next;
                if (at == path)
                {
                    Fail(path, $"symbolic link that leads back to itself ({target}); nothing was read behind it");
                    break;
                }
            }
        }
    }

    /// <summary>A relative link's target as a path of this source; null where it is another place.</summary>
    private static string? Resolve(string link, string target)
    {
        if (target.StartsWith('/'))
        {
            return null;
        }

        var segments = new List<string>(link.Split('/')[..^1]);
        foreach (var segment in target.Split('/'))
        {
            if (segment == ".." && segments.Count == 0)
            {
                return null;
            }

            if (segment == "..")
            {
                segments.RemoveAt(segments.Count - 1);
            }
            else if (segment is not ("" or "."))
            {
                segments.Add(segment);
            }
        }

        return string.Join('/', segments);
    }

    public IReadOnlyList<ScanEntry> Sorted()
    {
        var entries = byPath.Values.ToArray();
        Array.Sort(entries, (a, b) => string.CompareOrdinal(a.Path, b.Path));
        var folded = new Dictionary<string, string>(entries.Length, StringComparer.OrdinalIgnoreCase);
        foreach (var entry in entries)
        {
            if (!folded.TryAdd(entry.Path, entry.Path))
            {
                Trick(TrickKind.CaseCollision, entry.Path, $"differs only by case from {folded[entry.Path]}");
            }
        }

        return entries;
    }

    /// <summary>Judges a link target: true when it stays inside the root.</summary>
    public static bool StaysInside(string linkPath, string target)
    {
        if (target.StartsWith("/var/task/", StringComparison.Ordinal) || target.StartsWith("/opt/", StringComparison.Ordinal))
        {
            return !target.Split('/').Contains("..");
        }

        if (target.StartsWith('/'))
        {
            return false;
        }

        var depth = linkPath.Count(c => c == '/');
        foreach (var segment in target.Split('/'))
        {
            depth += segment switch { ".." => -1, "." or "" => 0, _ => 1 };
            if (depth < 0)
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryNormalize(string name, out string path, out TrickKind? trick)
    {
        path = "";
        trick = null;
        if (name.Contains('\\', StringComparison.Ordinal))
        {
            // Zips made on Windows: the platform's extraction and every tool we know reads these as separators.
            name = name.Replace('\\', '/');
        }

        if (name.StartsWith('/') || name.Contains('\0', StringComparison.Ordinal) || (name.Length > 1 && name[1] == ':' && char.IsAsciiLetter(name[0])))
        {
            trick = TrickKind.AbsolutePath;
            return false;
        }

        var end = name.Length > 0 && name[^1] == '/' ? name.Length - 1 : name.Length;
        var clean = true;
        for (int i = 0, start = 0; i <= end && clean; i++)
        {
            if (i == end || name[i] == '/')
            {
                clean = (i - start) switch { 0 => false, 1 => name[start] != '.', 2 => name[start] != '.' || name[start + 1] != '.', _ => true };
                start = i + 1;
            }
        }

        if (clean)
        {
            path = end == name.Length ? name : name[..end];
            return path.Length > 0;
        }

        var segments = name.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (segments.Contains(".."))
        {
            trick = TrickKind.ParentPath;
            return false;
        }

        path = string.Join('/', segments.Where(segment => segment != "."));
        return path.Length > 0;
    }

    private static string Printable(string name) => string.Concat(name.Take(200).Select(c => char.IsControl(c) ? '?' : c));
}
