namespace Pellicle.Inspection.Detectors;

/// <summary>Leaves the folder a name should stay in, or names a file that is nobody's to ask for. ATTACKS.md row 6, 7.</summary>
internal sealed class PathTraversal : IDetector
{
    private static readonly Literals Targets = new(
        "/etc/passwd", "/etc/shadow", "/etc/hosts", "/etc/group", "/etc/issue", "/etc/ssh/", "/etc/mysql/", "/etc/apache", "/etc/nginx", "/etc/crontab", "/proc/self/", "/proc/1/", "/proc/version", "/proc/cpuinfo", "/proc/mounts", "/proc/net/", "/var/log/",
        "/root/.", "/.ssh/", ".aws/credentials", "/var/task/", "/var/runtime/", "/var/run/secrets", "/opt/extensions", "boot.ini", "win.ini", "system32", "/windows/", "\\windows\\", "web.config", "web-inf", "/.env", ".git/config", ".htpasswd", ".htaccess", "id_rsa", ".bash_history", "\\c$\\", "\\admin$\\", "ntuser.dat");

    private static readonly Literals Encoded = new("%2e%2e%2f", "%2e%2e/", "..%2f", "..%5c", "%2e%2e%5c", "%c0%ae", "%c0%af", "%252e", "..%c0%af", "..%255c", "%uff0e", "%u2215", "..0x2f", "0x2e0x2e", "..%u0", "..%u2", "..%ue", "..%uf", "..%c0", "..%c1", "..%e0%80");

    public string Id => "path-traversal";

    public IReadOnlyList<Literals> Sets { get; } = [Targets, Encoded];

    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        var dots = subject.Any(Signs.Dots) || (subject.Any(Signs.Control) && text.Contains('.'));
        var broken = text.Length <= MaxDisguised && (subject.Any(Signs.Foreign | Signs.Percent) || subject.Has(Targets)) && text.IndexOfAny('\ufffd', '%', '?') >= 0;
        if (!dots && !broken && !subject.Has(Targets) && !subject.Has(Encoded))
        {
            return Match.None;
        }

        if (broken && text.Count('\ufffd') + text.Count('%') + text.Count('?') >= 2 && text.IndexOfAny(" \n") < 0)
        {
            // Bytes that no encoding allows, on the way to a file that is nobody's to ask for.
            var read = Plain(text).Replace('?', '.');
            var climb = -1;
            if (IsTarget(read) && (Steps(read, ref climb) > 0 || text.Contains('\ufffd')))
            {
                return new Match(0.93, 0, Math.Min(text.Length, 120));
            }
        }

        var first = -1;
        var steps = dots ? Steps(text, ref first) : 0;
        if (steps < 2 && dots && text.Length <= MaxDisguised && subject.Any(Signs.Percent | Signs.Foreign | Signs.Control | Signs.Backslash | Signs.Slash))
        {
            var plain = Plain(text);
            var place = -1;
            var shown = Steps(plain, ref place);
            if (shown > 0 && (shown > 1 || IsTarget(plain)) && InOneWord(text, plain))
            {
                return new Match(0.95, 0, Math.Min(text.Length, 120));
            }
        }
        else if (dots && steps == 0 && text.Length <= MaxDisguised && text.Contains("0x", StringComparison.Ordinal) && Steps(Plain(text), ref first) > 0)
        {
            return new Match(0.95, 0, Math.Min(text.Length, 120));
        }

        var target = Target(subject);
        if (steps > 0 && target.Confidence > 0)
        {
            return new Match(text.Length < MaxParameter && InOneWord(text, text) ? 0.98 : 0.6, first, Math.Min(text.Length - first, 120));
        }

        // Source code and prose say "../lib" once; a parameter that climbs twice or starts by climbing wants out.
        if (steps >= 2 && text.Length < MaxParameter && !text.Contains('\n'))
        {
            var prose = (text.Contains(' ') && first > 0 && text[..first].Contains(' ')) || (steps == 2 && IsLink(text)) || IsQuoted(text, first);
            return new Match(prose ? 0.6 : steps >= 3 || first == 0 ? 0.95 : 0.92, first, Math.Min(text.Length - first, 120));
        }

        if (steps > 0)
        {
            return new Match(first == 0 && text.Length < 256 && !text.Contains(' ') && !IsLink(text) ? 0.9 : 0.4, first, Math.Min(text.Length - first, 120));
        }

        var encoded = subject.Find(Encoded, text.Length < MaxParameter ? 0.93 : 0.6);
        if (encoded.Confidence > 0)
        {
            return encoded;
        }

        if (target.Confidence > 0)
        {
            return target;
        }

        if (text.EndsWith("/..", StringComparison.Ordinal) || text == "..")
        {
            return new Match(0.7, Math.Max(0, text.Length - 3), Math.Min(3, text.Length));
        }

        return Match.None;
    }

    /// <summary>What pages point to.</summary>
    private static readonly string[] LinkEndings = [".html", ".htm", ".css", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".woff", ".woff2"];

    /// <summary>A link from one page to another or to a picture, as pages and articles hold it: <c>../images/logo.png</c>. Opened as a file it is judged there.</summary>
    private static bool IsLink(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAny('?', '#');
        var path = end < 0 ? text : text[..end];
        if (path.ContainsAny("%\\\0 "))
        {
            return false;
        }

        foreach (var ending in LinkEndings)
        {
            if (path.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private const int MaxParameter = 512;
    private const int MaxDisguised = 1024;

    /// <summary><c>require('../../lib/x')</c>: source code names its files in quotes; a parameter that is one has none.</summary>
    private static bool IsQuoted(ReadOnlySpan<char> text, int first) => first > 1 && text[first - 1] is '\'' or '"' or '`' && text[first - 2] is '(' or ' ' or '=' or '[' && text.IndexOf(text[first - 1], first) > 0;

    /// <summary>One path climbs and names its target, or climbs twice. People who write about both, with blanks between them, ask for neither: "see /etc/hosts, or ../readme".</summary>
    private static bool InOneWord(ReadOnlySpan<char> text, ReadOnlySpan<char> plain)
    {
        if (!text.Contains(' '))
        {
            return true;
        }

        foreach (var range in plain.Split(' '))
        {
            var word = plain[range];
            var first = -1;
            var steps = Steps(word, ref first);
            if (steps > 1 || (steps > 0 && IsTarget(word)))
            {
                return true;
            }
        }

        return false;
    }

    private static int Steps(ReadOnlySpan<char> text, ref int first)
    {
        var steps = 0;
        for (var i = text.IndexOf("..", StringComparison.Ordinal); i >= 0 && i + 2 < text.Length; i = text.IndexOf("..", i))
        {
            if (text[i + 2] is '/' or '\\' && (i == 0 || text[i - 1] != '.' || text[i + 2] == '/'))
            {
                first = first < 0 ? i : first;
                steps++;
            }

            i += text[i + 2] == '.' ? 1 : 2;
        }

        return steps;
    }

    /// <summary>
    /// The path as lenient programs read it: control characters dropped, and everything that some decoder turns into a slash made one:
    /// backslashes, what percent decoding could not read (<c>%c0%9v</c>, <c>%u2216</c>, <c>%bg%qf</c>), <c>0x2f</c>, division signs, bytes that are no UTF-8.
    /// </summary>
    private static string Plain(ReadOnlySpan<char> text)
    {
        var plain = new System.Text.StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c < ' ' || c == 127)
            {
                continue;
            }

            var slash = c is '\\' or '\ufffd' or '\u2215' or '\u2216' or '\uff0f' or '\u2044' or '/' or '\u0080' or '\u00af' or '\u00c0' or '\u00c1';
            if (c == '%' && i + 2 < text.Length)
            {
                slash = true;
                i += text[i + 1] is 'u' or 'U' ? Math.Min(5, text.Length - 1 - i) : 2;
            }
            else if (c == '0' && i + 3 < text.Length && text[i + 1] is 'x' or 'X' && (text.Slice(i + 2, 2).Equals("2f", StringComparison.OrdinalIgnoreCase) || text.Slice(i + 2, 2).Equals("5c", StringComparison.OrdinalIgnoreCase)))
            {
                slash = true;
                i += 3;
            }

            if (!slash)
            {
                plain.Append(c == '\uff0e' ? '.' : c);
            }
            else if (plain.Length == 0 || plain[^1] != '/')
            {
                plain.Append('/');
            }
        }

        return plain.ToString();
    }

    private static bool IsTarget(ReadOnlySpan<char> plain)
    {
        foreach (var target in Targets.Values)
        {
            if (plain.Contains(target, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static Match Target(in Subject subject)
    {
        var text = subject.Text;
        var found = subject.Find(Targets, 0.5);
        if (found.Confidence == 0)
        {
            return found;
        }

        // The whole text is that path: somebody asks for the file. In a longer text it is talk about it.
        var trimmed = text.Trim().Trim('\0');
        var whole = trimmed.IndexOfAny(" \n\t,;") < 0 && (trimmed.StartsWith("/", StringComparison.Ordinal) || trimmed.StartsWith("file:", StringComparison.OrdinalIgnoreCase) || trimmed.StartsWith("\\", StringComparison.Ordinal) || (trimmed.Length > 2 && trimmed[1] == ':'));
        // What is done with a document of the function's own is judged where it is opened.
        return found with { Confidence = whole && !Inspector.IsOwnDocument(trimmed) ? 0.92 : 0.5 };
    }
}
