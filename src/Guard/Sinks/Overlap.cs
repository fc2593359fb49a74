namespace Pellicle.Guard.Sinks;

/// <summary>Whether a text names a host that is connected to. The higher the surer.</summary>
internal enum Named
{
    /// <summary>Not, or with another port.</summary>
    Not,

    /// <summary>The host, and no port.</summary>
    Host,

    /// <summary>Both.</summary>
    HostAndPort,
}

/// <summary>Compares a sink's argument with an event's text.</summary>
internal static class Overlap
{
    /// <summary>A character of a run is compared alone; a search looks at many at once.</summary>
    private const int RunCost = 4;

    /// <summary>How far before a host the scheme of its address is looked for.</summary>
    private const int MaxBefore = 512;

    /// <summary>
    /// Longest run around position <paramref name="at"/> of <paramref name="sink"/> that also stands in <paramref name="text"/>, as (start, length) in the sink.
    /// It tells how much of an operator's surroundings came from the event, even when the program cut or trimmed the text, or wrote it in letters of the other size.
    /// </summary>
    internal static (int Start, int Length) Around(string sink, int at, int length, string text)
    {
        var best = (Start: at, Length: 0);
        var token = sink.AsSpan(at, length);
        Effort.Spend(text.Length);
        for (var from = 0; from <= text.Length - length;)
        {
            var found = text.AsSpan(from).IndexOf(token);
            if (found < 0)
                break;
            found += from;
            int left = 0, right = length;
            while (left < at && left < found && Same(sink[at - left - 1], text[found - left - 1]))
                left++;
            while (at + right < sink.Length && found + right < text.Length && Same(sink[at + right], text[found + right]))
                right++;
            Effort.Spend((left + right) * RunCost);
            if (left + right > best.Length)
                best = (at - left, left + right);
            from = found + 1;
        }
        return best;
    }

    private static bool Same(char one, char other) => one == other || (char.IsAsciiLetter(one) && (one ^ other) == 0x20);

    /// <summary>How <paramref name="text"/> names a host: as a whole host name, and with this port or none. With port 0 every port is it.</summary>
    internal static Named HasHost(string text, string name, int port)
    {
        var best = Named.Not;
        for (var from = 0; ;)
        {
            var at = text.IndexOf(name, from, StringComparison.OrdinalIgnoreCase);
            if (at < 0)
                return best;
            var end = at + name.Length;
            if ((at == 0 || !IsHostCharacter(text[at - 1])) && (end == text.Length || !IsHostCharacter(text[end]) || (text[end] == '.' && (end + 1 == text.Length || !IsHostCharacter(text[end + 1])))))
            {
                var named = port == 0 ? Named.Host : Judge(PortAt(text, at, end), port);
                best = named > best ? named : best;
                if (best == Named.HostAndPort)
                    return best;
            }
            from = at + 1;
        }
    }

    /// <summary>Compares a port that a text gives with the one of a connection.</summary>
    internal static Named Judge(int given, int port) => given switch
    {
        0 => Named.Host,
        Web => port is 80 or 443 ? Named.HostAndPort : Named.Not,
        _ => given == port ? Named.HostAndPort : Named.Not,
    };

    /// <summary>The port behind a host in a text; <see cref="Web"/> for that of a web address which gives none, 0 where any may be meant.</summary>
    internal static int PortAt(string text, int start, int end)
    {
        if (end < text.Length && text[end] is ']' or '.')
            end++;
        if (end < text.Length && text[end] == ':')
        {
            var digits = end + 1;
            while (digits < text.Length && digits < end + 6 && char.IsAsciiDigit(text[digits]))
                digits++;
            if (digits > end + 1)
                return int.Parse(text.AsSpan(end + 1, digits - end - 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture);
        }
        var before = text.AsSpan(Math.Max(0, start - MaxBefore), Math.Min(start, MaxBefore));
        var scheme = before.LastIndexOf("://", StringComparison.Ordinal);
        if (scheme < 0 || before[(scheme + 3)..].IndexOfAny(" \t\n/\\?#\"'<>") >= 0)
            return 0;
        before = before[..scheme];
        return before.EndsWith("http", StringComparison.OrdinalIgnoreCase) || before.EndsWith("https", StringComparison.OrdinalIgnoreCase)
            || before.EndsWith("ws", StringComparison.OrdinalIgnoreCase) || before.EndsWith("wss", StringComparison.OrdinalIgnoreCase) ? Web : 0;
    }

    /// <summary>80 or 443.</summary>
    internal const int Web = -1;

    private static bool IsHostCharacter(char c) => char.IsLetterOrDigit(c) || c is '-' or '.' or '_';
}
