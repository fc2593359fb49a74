using System.Text;
using Pellicle.Inspection;

namespace Pellicle.Guard.Sinks;

/// <summary>Paths that an event's text steered out of the place where the program meant to stay.</summary>
internal static class PathSink
{
    private const int MinTail = 3;

    /// <summary>Bytes, with the zero at its end: PATH_MAX of Linux.</summary>
    private const int MaxPath = 4096;

    /// <summary>Where an absolute path in an event is ordinary use.</summary>
    private static readonly string[] SharedPlaces = ["/tmp/", "/mnt/"];

    /// <summary>Where a function can put files of its own.</summary>
    private static readonly string[] Writable = ["/tmp/", "/var/tmp/", "/dev/shm/", "/mnt/"];

    /// <summary>A path of the system or of the function's own, that no caller names by chance.</summary>
    internal static bool IsTelling(string path) => path.Length > 4 && Array.Exists(Tellings, p => path.StartsWith(p, StringComparison.Ordinal));

    private static readonly string[] Tellings = ["/etc/", "/proc/", "/root/", "/home/", "/var/task/", "/var/runtime/", "/opt/"];

    internal static bool IsWritable(string path) => Array.Exists(Writable, p => path.StartsWith(p, StringComparison.Ordinal));

    internal static SinkHit? Check(string resolved, string raw, IReadOnlyList<EventText> texts)
    {
        foreach (var from in texts)
        {
            var (field, whole) = from;
            if (from.Archived && GoesThrough(resolved, raw, whole))
                return new("path-traversal", field, SinkHit.Cut(raw), $"event field `{field}` leaves its directory by a link in an archive", true);
            if ((whole.Length < MinTail && whole != "..") || !MaySteer(whole))
                continue;
            foreach (var text in Forms(whole))
            {
                var why = Escapes(resolved, raw, text) ? "leaves its directory by `..`" : IsAbsolute(resolved, text, from.Archived) ? "names the path itself" : null;
                if (why is not null)
                    return new("path-traversal", field, SinkHit.Cut(raw.Length > 0 ? raw : resolved), $"event field `{field}` {why}", true);
            }
        }
        return Quoted.Path(resolved, raw, texts);
    }

    /// <summary>How archives begin whose names are not read (bzip2, xz, zstd, 7z, rar), in base64.</summary>
    private static readonly string[] Archives = ["QlpoM", "QlpoN", "QlpoO", "/Td6WFoA", "KLUv/", "N3q8ryc", "UmFyIRo"];

    /// <summary>What is written climbs above the folder that the program named, or stands in, and the event holds such an archive.</summary>
    internal static SinkHit? Unpacked(string resolved, string raw, IReadOnlyList<EventText> texts)
    {
        var climbs = raw.IndexOf("/../", StringComparison.Ordinal);
        if (!raw.StartsWith("../", StringComparison.Ordinal) && (climbs < 0 || IsBelow(resolved, Normalize(raw[..climbs]))))
            return null;
        foreach (var (field, text) in texts)
        {
            if (Array.Exists(Archives, a => text.StartsWith(a, StringComparison.Ordinal)))
                return new("path-traversal", field, SinkHit.Cut(raw), $"event field `{field}` holds an archive, and what is written leaves its directory by `..`", true);
        }
        return null;
    }

    private static bool MaySteer(string text) =>
        text[0] is '/' or '~' || text.Contains(":/", StringComparison.Ordinal) || text.Contains("@/", StringComparison.Ordinal) || text.Contains("..", StringComparison.Ordinal) || text.Contains("file:", StringComparison.OrdinalIgnoreCase)
        || text.Contains("%2", StringComparison.Ordinal);

    /// <summary>The text as a program may have decoded it.</summary>
    private static IEnumerable<string> Forms(string whole)
    {
        foreach (var decoded in new[] { whole, whole.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(whole) : whole }.Distinct())
        {
            var text = decoded;
            var scheme = text.IndexOf("file:", StringComparison.OrdinalIgnoreCase);
            if (scheme >= 0)
            {
                text = text[(scheme + 5)..];
                if (text.StartsWith("//localhost/", StringComparison.OrdinalIgnoreCase))
                    text = text[11..];
                text = "/" + text.TrimStart('/');
            }
            else if (Marked(text) is { } marked)
                text = marked;
            var end = text.IndexOf('\0', StringComparison.Ordinal);
            if (end >= 0)
                text = text[..end];
            text = text.Replace('\\', '/');
            yield return text;
            if (scheme >= 0)
            {
                // A file: address within a larger text ends where such an address ends; of an archive (`jar:file:/a.jar!/b`) at what lies in it.
                end = text.AsSpan().IndexOfAny("\"'<> )\r\n\t!");
                if (end > 0)
                    yield return text[..end];
            }
            else
            {
                if (text.AsSpan().IndexOfAny('?', '#') is var query and > 0)
                    yield return text[..query];
                // Of a pattern the folder before it is read.
                if (text.AsSpan().IndexOfAny('*', '?', '[') is var pattern and > 0 && text.LastIndexOf('/', pattern) is var folder and > 0)
                    yield return text[..folder];
            }
        }
    }

    /// <summary>What programs are given for "the contents of": <c>@/etc/passwd</c>, <c>concat:/etc/passwd</c>, <c>text:/etc/passwd</c>.</summary>
    private static string? Marked(string text)
    {
        if (text.StartsWith("@/", StringComparison.Ordinal))
            return text[1..];
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon is < 2 or > 16 || text.AsSpan(0, colon).ContainsAnyExceptInRange('a', 'z'))
            return null;
        var rest = text[(colon + 1)..].TrimStart('@');
        return rest.StartsWith('/') && !rest.StartsWith("//", StringComparison.Ordinal) ? rest : null;
    }

    private static bool Escapes(string resolved, string raw, string text)
    {
        if (!text.Contains("..", StringComparison.Ordinal))
            return false;
        var at = raw.IndexOf(text, StringComparison.Ordinal);
        if (at >= 0 && text.Split('/').Contains(".."))
        {
            var slash = raw.LastIndexOf('/', Math.Max(0, at - 1), Math.Max(0, at));
            if (at == 0 || raw[0] != '/')
                return LeavesBase(text);
            var directory = Normalize(raw[..(slash + 1)]);
            return !IsBelow(resolved, directory);
        }
        // The program joined and normalised it before opening: the end of the path is the text's end, and the text climbs.
        return LeavesBase(text) && Tail(text) is { Length: >= MinTail } tail && (resolved.EndsWith("/" + tail, StringComparison.Ordinal) || ClimbsInRaw(raw, tail));
    }

    /// <summary>A filter that removes `../` once turns `....//` into it: the text had dots, and what is opened climbs.</summary>
    private static bool ClimbsInRaw(string raw, string tail) =>
        raw.Contains("../", StringComparison.Ordinal) && raw.EndsWith("/" + tail, StringComparison.Ordinal);

    /// <summary>The path leads over a link that an archive brought (<c>link/</c>), to a place outside of where the link lies.</summary>
    private static bool GoesThrough(string resolved, string raw, string link)
    {
        if (link.Length < 2 || link[^1] != '/' || raw.Length == 0 || raw[0] != '/')
            return false;
        var at = raw.IndexOf("/" + link, StringComparison.Ordinal);
        return at > 0 && !IsBelow(resolved, Normalize(raw[..at]));
    }

    /// <summary>Relative to any base, does it climb above it?</summary>
    private static bool LeavesBase(string text)
    {
        var depth = 0;
        foreach (var range in text.AsSpan().Split('/'))
        {
            var part = text.AsSpan(range);
            if (IsClimb(part))
            {
                if (--depth < 0)
                    return true;
            }
            else if (part is not ("" or "."))
                depth++;
        }
        return false;
    }

    private static bool IsClimb(ReadOnlySpan<char> part) => part.Length >= 2 && !part.ContainsAnyExcept('.');

    /// <summary>What remains after the last climbing part; nothing where that is longer than any path.</summary>
    private static string Tail(string text)
    {
        var start = 0;
        foreach (var range in text.AsSpan().Split('/'))
        {
            if (IsClimb(text.AsSpan(range)))
                start = range.End.Value;
        }
        var tail = new StringBuilder();
        foreach (var range in text.AsSpan(start).Split('/'))
        {
            var part = text.AsSpan(start)[range];
            if (part is "" or ".")
                continue;
            if (tail.Length + part.Length >= MaxPath)
                return "";
            tail.Append(tail.Length > 0 ? "/" : "").Append(part);
        }
        return tail.ToString();
    }

    /// <summary>Folders of the system whose names no caller sends by chance, and that functions do not read by themselves.</summary>
    private static readonly string[] Folders = ["/etc", "/root", "/proc"];

    /// <summary>Names in an archive are meant to be relative wherever they lead.</summary>
    private static bool IsAbsolute(string resolved, string text, bool archived) =>
        Array.IndexOf(Folders, resolved) >= 0 ? text.TrimEnd('/') == resolved : text.Length > 4 && text[0] == '/' && text.IndexOf('/', 1) > 0 && (archived || !(Array.Exists(SharedPlaces, p => resolved.StartsWith(p, StringComparison.Ordinal)) || Inspector.IsOwnDocument(resolved)))
        && Normalize(text) == resolved;

    private static bool IsBelow(string path, string directory) =>
        directory == "/" || path == directory || path.StartsWith(directory.EndsWith('/') ? directory : directory + "/", StringComparison.Ordinal);

    internal static string Normalize(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                if (parts.Count > 0)
                    parts.RemoveAt(parts.Count - 1);
            }
            else if (part != ".")
                parts.Add(part);
        }
        return "/" + string.Join('/', parts);
    }
}
