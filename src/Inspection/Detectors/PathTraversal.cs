namespace Pellicle.Inspection.Detectors;

/// <summary>Leaves the folder a name should stay in, or names a file that is nobody's to ask for. ATTACKS.md row 6, 7.</summary>
internal sealed class PathTraversal : IDetector
{
    private static readonly Literals Targets = new(
        "/etc/passwd", "/etc/shadow", "/etc/hosts", "/etc/group", "/etc/issue", "/etc/ssh/", "/etc/mysql/", "/etc/apache", "/etc/nginx", "/etc/crontab", "/proc/self/", "/proc/1/", "/proc/version", "/proc/cpuinfo", "/proc/mounts", "/proc/net/", "/var/log/",
        "/root/.", "/.ssh/", ".aws/credentials", "/var/task/", "/var/runtime/", "/var/run/secrets", "/opt/extensions", "boot.ini", "win.ini", "system32", "/windows/", "\\windows\\", "web.config", "web-inf", "/.env", ".git/config", ".htpasswd", ".htaccess", "id_rsa", ".bash_history");

    private static readonly Literals Encoded = new("%2e%2e%2f", "%2e%2e/", "..%2f", "..%5c", "%2e%2e%5c", "%c0%ae", "%c0%af", "%252e", "..%c0%af", "..%255c", "%uff0e", "%u2215", "..0x2f", "..%u");

    public string Id => "path-traversal";

    public IReadOnlyList<Literals> Sets { get; } = [Targets, Encoded];

    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        if (!subject.Any(Signs.Dots) && !subject.Has(Targets) && !subject.Has(Encoded))
        {
            return Match.None;
        }

        var first = -1;
        var steps = 0;
        for (var i = 0; i + 2 < text.Length && subject.Any(Signs.Dots); i++)
        {
            if (text[i] == '.' && text[i + 1] == '.' && text[i + 2] is '/' or '\\' && (i == 0 || text[i - 1] != '.' || text[i + 2] == '/'))
            {
                first = first < 0 ? i : first;
                steps++;
                i += 2;
            }
        }

        var target = Target(subject);
        if (steps > 0 && target.Confidence > 0)
        {
            return new Match(0.98, first, Math.Min(text.Length - first, 120));
        }

        // Source code and prose say "../lib" once; a parameter that climbs twice or starts by climbing wants out.
        if (steps >= 2 && text.Length < 512 && !text.Contains('\n'))
        {
            return new Match(steps >= 3 || first == 0 ? 0.95 : 0.92, first, Math.Min(text.Length - first, 120));
        }

        if (steps == 1)
        {
            return new Match(first == 0 && text.Length < 256 && !text.Contains(' ') ? 0.9 : 0.4, first, Math.Min(text.Length - first, 120));
        }

        var encoded = subject.Find(Encoded, 0.93);
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

    private static Match Target(in Subject subject)
    {
        var text = subject.Text;
        var found = subject.Find(Targets, 0.5);
        if (found.Confidence == 0)
        {
            return found;
        }

        // The whole text is that path: somebody asks for the file. In a longer text it is talk about it.
        var trimmed = text.AsSpan().Trim().Trim('\0');
        var whole = trimmed.IndexOfAny(" \n\t,;") < 0 && (trimmed.StartsWith("/", StringComparison.Ordinal) || trimmed.StartsWith("file:", StringComparison.OrdinalIgnoreCase) || trimmed.StartsWith("\\", StringComparison.Ordinal) || (trimmed.Length > 2 && trimmed[1] == ':'));
        return found with { Confidence = whole ? 0.92 : 0.5 };
    }
}
