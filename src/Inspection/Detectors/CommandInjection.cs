using System.Buffers;
using System.Collections.Frozen;

namespace Pellicle.Inspection.Detectors;

/// <summary>A shell separator or substitution followed by a command. ATTACKS.md row 1.</summary>
internal sealed class CommandInjection : IDetector
{
    // Programs that attackers call and that are rarely the next word after a separator in ordinary text.
    private static readonly FrozenSet<string> Sharp = new[]
    {
        "cat", "ls", "id", "whoami", "uname", "curl", "wget", "nc", "ncat", "netcat", "bash", "sh", "zsh", "dash", "ksh", "env", "printenv", "ifconfig", "ipconfig", "netstat", "nslookup", "dig", "ping", "ping6",
        "sleep", "touch", "rm", "chmod", "chown", "python", "python2", "python3", "perl", "ruby", "php", "node", "java", "awk", "gawk", "sed", "grep", "egrep", "find", "ps", "pwd", "echo", "printf", "tail", "head", "more", "less",
        "base64", "xxd", "od", "tac", "nl", "rev", "sort", "dir", "type", "systeminfo", "tasklist", "powershell", "powershell.exe", "pwsh", "cmd", "cmd.exe", "net", "netsh", "reg", "certutil", "bitsadmin", "wmic", "mount", "df", "du", "kill",
        "killall", "pkill", "reboot", "shutdown", "halt", "telnet", "ssh", "scp", "ftp", "tftp", "socat", "openssl", "crontab", "at", "eval", "exec", "source", "export", "set", "nohup", "tar", "zip", "unzip", "gzip", "mkfifo", "mknod", "busybox",
        "hostname", "last", "w", "who", "groups", "getent", "ip", "arp", "route", "traceroute", "lsof", "strace", "gcc", "cc", "make", "vi", "vim", "ed", "expr", "test", "true", "false", "which", "whereis", "locate", "xargs", "tee", "cp", "mv", "ln",
        "dd", "stat", "file", "strings", "aws", "kubectl", "docker", "su", "sudo", "passwd", "useradd", "adduser", "history", "alias", "sqlmap", "phpinfo", "timeout", "time", "lwp-download", "fetch", "ver", "set", "copy", "del", "whois", "host", "mail", "sendmail", "finger",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // Ordinary words too: they need an argument that looks like one before they count.
    private static readonly FrozenSet<string> Ordinary = new[]
    {
        "id", "find", "sort", "type", "net", "more", "less", "head", "tail", "at", "set", "time", "test", "true", "false", "last", "who", "w", "file", "which", "host", "mail", "make", "kill", "source", "node", "java", "ruby", "python", "perl", "go",
        "echo", "touch", "sleep", "history", "alias", "route", "mount", "ed", "su", "ip", "copy", "del", "fetch", "finger", "dir", "cat", "env", "export", "exec", "eval", "ls", "ver", "cp", "ps", "cc", "dd", "df", "du", "ln", "mv", "nl", "od", "rev", "tee", "vi", "tar", "zip",
        "passwd", "php", "ping", "reg", "groups", "expr", "strings", "stat", "hostname", "docker", "aws", "openssl", "shutdown", "halt", "reboot", "timeout", "cmd", "printf", "hostname", "locate", "telnet", "ftp", "ssh",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // Of the ordinary ones, those that tell or do something without an argument: "mammal;cat;ears" is a list, "x;id" is not.
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Lone = new[] { "id", "ls", "env", "ps", "dir", "ver", "hostname", "who", "df", "set", "export", "shutdown", "reboot", "halt", "history", "mount", "groups", "php", "passwd" }
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> AnyCase = new[] { "dir", "type", "ping", "net", "cmd", "cmd.exe", "ipconfig", "whoami", "powershell", "powershell.exe", "systeminfo", "tasklist", "copy", "del", "netstat", "nslookup", "certutil", "wmic" }
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Tools = new[] { "npm", "npx", "yarn", "pnpm", "node", "tsc", "git", "make", "go", "cargo", "docker", "dotnet", "mvn", "gradle", "rimraf", "eslint", "jest", "tap", "mocha", "rollup", "webpack", "cd", "mkdir", "pip", "pytest", "tox", "bundle", "rake", "apt-get", "apt", "set", "cross-env" }
        .ToFrozenSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly int LongestTool = Tools.Set.Max(t => t.Length);

    /// <summary>Characters of a sign and a name before a tool.</summary>
    private const int LongestBefore = 24;

    /// <summary>Characters of a whole command that is no more than a listing.</summary>
    private const int LongestListing = 256;

    /// <summary>Commands that take a number.</summary>
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Counted = new[] { "sleep", "ping", "ping6", "kill", "timeout", "shutdown" }.ToFrozenSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Commands that show or thin out what comes to them.</summary>
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Filters = new[] { "grep", "egrep", "sort", "head", "tail", "less", "more" }.ToFrozenSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Shows = new[] { "ls", "ps", "find", "du", "df", "docker", "kubectl", "git", "npm", "dmesg", "journalctl", "history", "pip", "systemctl", "netstat", "lsof" }.ToFrozenSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly KnownWords SharpWords = new(Sharp);
    private static readonly KnownWords OrdinaryWords = new(Ordinary);

    private static readonly Literals Certain = new("/dev/tcp/", "/dev/udp/", "${IFS}", "$IFS$", "bash -i", "nc -e ", "|sh\n", "sh -c ", "cmd /c ", "cmd.exe /c", "powershell -e", "powershell.exe -", "() { :;}", "() { :; }", "() {:;}", "() { _;", "/bin/sh -", "/bin/bash -", "-e /bin/sh", "-e /bin/bash", "-e cmd.exe", "`echo $((", "$(echo $((", "$(</etc/", "exec=`", "cmd=`");

    /// <summary>No separator and no opening says more.</summary>
    private const double Most = 0.95;

    /// <summary>An ordinary word without an argument says no more, in texts that are longer than a parameter.</summary>
    private const double Mentioned = 0.4;

    /// <summary>A line, and whoever speaks of a command, says no more.</summary>
    private const double Spoken = 0.6;

    /// <summary>Characters of a text that is a command as a whole.</summary>
    private const int LongestWhole = 96;

    private static readonly SearchValues<char> Starts = SearchValues.Create(";\n|&`$<>");

    public string Id => "command-injection";

    /// <summary>Programs that mean something behind a separator.</summary>
    public static FrozenSet<string> Programs => Sharp;

    public IReadOnlyList<Literals> Sets { get; } = [Certain, Secrets];

    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        var best = Match.None;
        var known = subject.KnowsCommands;
        var places = subject.Commands;
        var commands = known || subject.Any(Signs.Separator) || (subject.Any(Signs.Parenthesis) && subject.Any(Signs.Dollar | Signs.Compare));
        var reading = new Reading(text);
        for (var (i, next) = (known ? places is [var first, ..] ? first : text.Length : commands ? Next(text, 0) : text.Length, 1); i < text.Length && best.Confidence < Most; i = !known ? Next(text, i + 1) : next < places.Length ? places[next++] : text.Length)
        {
            if (text.Length > LongestWhole && (best.Confidence >= Spoken || subject.Least >= Spoken ? SaysLittle(ref reading, i) : best.Confidence >= Mentioned && text[i] == '\n' && IsOrdinaryWord(text, i)))
            {
                continue;
            }

            var found = text[i] switch
            {
                // Behind a separator already, with nothing but blanks between: the command was judged.
                '\n' when i < reading.Start => Match.None,
                ';' or '\n' => AfterSeparator(ref reading, i, 1, text[i] == '\n' ? text.Length < 64 && text[..i].IndexOfAny(" \n") < 0 ? 0.92 : 0.6 : 0.92),
                '|' => AfterSeparator(ref reading, i, i + 1 < text.Length && text[i + 1] == '|' ? 2 : 1, 0.92),
                '&' => AfterSeparator(ref reading, i, i + 1 < text.Length && text[i + 1] == '&' ? 2 : 1, i + 1 < text.Length && text[i + 1] == '&' ? 0.92 : 0.9),
                '`' => Substitution(ref reading, i, 1, '`'),
                '$' when i + 1 < text.Length && text[i + 1] == '(' => Substitution(ref reading, i, 2, ')'),
                '<' or '>' when i + 1 < text.Length && text[i + 1] == '(' => Substitution(ref reading, i, 2, ')'),
                _ => Match.None,
            };
            best = best.Or(found);
        }

        best = best.Or(text.Length <= LongestWhole ? Whole(subject) : Match.None).Or(subject.Any(Signs.Parenthesis) ? Function(text, known, places) : Match.None);
        if (best.Confidence < 0.95)
        {
            // `docker run … sh -c "…"` is what the tool is told.
            var certain = subject.Find(Certain, 0.95);
            best = best.Or(certain.Confidence > 0 && text[(certain.Start)..].StartsWith("sh -c ", StringComparison.Ordinal) && IsScript(text) ? certain with { Confidence = 0.6 } : certain);
        }

        return best;
    }

    // A command alone or behind a name: "cat /etc/passwd", "cmd=cat /etc/passwd".
    private static readonly Literals Secrets = new("/etc/passwd", "/etc/shadow", "/etc/hosts", "/etc/issue", "/proc/self/", "/.aws/credentials", "/var/task/");

    private static Match Whole(in Subject subject)
    {
        var text = subject.Text;
        if (!(subject.Has(Secrets) || text.Contains("\\n", StringComparison.Ordinal)))
        {
            return Match.None;
        }

        var equals = text.Slice(0, Math.Min(text.Length, 16)).IndexOf('=');
        var start = equals + 1;
        var escaped = text[start..].StartsWith("\\n", StringComparison.Ordinal) || text[start..].StartsWith(";", StringComparison.Ordinal);
        start += escaped ? text[start] == ';' ? 1 : 2 : 0;
        Span<char> buffer = stackalloc char[32];
        var word = Command(text, start, buffer, out var end, out _, out _);
        return word.Length > 0 && SharpWords.Contains(word) && (subject.Has(Secrets) && end < text.Length && text[end] is ' ' or '\t' || escaped && (end >= text.Length || text[end] is '|' or ';' or '&' or '\\'))
            ? new Match(start == 0 && text.EndsWith(" /etc/hosts", StringComparison.Ordinal) ? 0.6 : 0.92, 0, text.Length)
            : Match.None;
    }

    /// <summary>A function of a scripting language that is given a command in backticks, <c>print(`echo …`)</c>, or a shell's definition that runs on.</summary>
    private static Match Function(ReadOnlySpan<char> text, bool known, ReadOnlySpan<int> places)
    {
        // INVARIANT: a backtick behind a parenthesis is a place where a command may stand.
        var tick = known ? Opened(text, places) : text.IndexOf("(`", StringComparison.Ordinal);
        if (tick > 0 && char.IsAsciiLetter(text[tick - 1]) && text.IndexOf("`)", tick + 2) > 0)
        {
            Span<char> buffer = stackalloc char[32];
            var word = Command(text, tick + 2, buffer, out _, out _, out _);
            if (word.Length > 0 && SharpWords.Contains(word) && text.Length < 512)
            {
                return new Match(0.92, tick, Math.Min(40, text.Length - tick));
            }
        }

        // Shellshock: a function without a name, whatever stands between the parentheses that a decoder drops.
        var span = text.TrimStart();
        if (span.Length > 8 && span[0] == '(')
        {
            var close = span.IndexOf(')');
            var open = span.IndexOf('{');
            if (close is 1 or 2 && open > close && open < 8 && span[open..].IndexOf(';') is > 0 and < 32 && span.IndexOf('}') > 0)
            {
                return new Match(0.93, 0, Math.Min(text.Length, 60));
            }
        }

        return Match.None;
    }

    private static int Opened(ReadOnlySpan<char> text, ReadOnlySpan<int> places)
    {
        foreach (var place in places)
        {
            if (text[place] == '`' && place > 0 && text[place - 1] == '(')
            {
                return place - 1;
            }
        }

        return -1;
    }

    /// <summary>
    /// No more than <see cref="Spoken"/> is said of this place of a text that is no command as a whole: a substitution in prose, a line that begins with a word that is neither a path nor hidden by quotes, or such a word behind another separator in prose, without an argument.
    /// </summary>
    private static bool SaysLittle(ref Reading reading, int at)
    {
        var text = reading.Text;
        if (text[at] is '`' or '$' or '<' or '>')
        {
            return reading.IsProse(at);
        }

        var (line, end) = (text[at] == '\n', at + 1);
        for (end += !line && end < text.Length && text[end] == text[at] ? 1 : 0; end < text.Length && text[end] is ' ' or '\t'; end++)
        {
        }

        var word = end;
        for (; end < text.Length && (Words.IsWord(text[end]) || text[end] is '-' or '.'); end++)
        {
        }

        return end > word && (end == text.Length || text[end] is not ('\'' or '"' or '\\')) && (line || (!ArgumentLike(text, end) && reading.IsProse(at)));
    }

    /// <summary>The rest of what <see cref="AfterSeparator"/> says of words that are ordinary ones: no argument follows, and the text is none that they end.</summary>
    private static bool IsOrdinaryWord(ReadOnlySpan<char> text, int at)
    {
        for (at++; at < text.Length && text[at] is ' ' or '\t'; at++)
        {
        }

        var word = at;
        for (; at < text.Length && (Words.IsWord(text[at]) || text[at] is '-' or '.'); at++)
        {
        }

        return at > word && at + 1 < text.Length && text[at] == ' ' && char.IsAsciiLetter(text[at + 1]) && text[at + 1] is not ('h' or 'H' or 'c' or 'C') && OrdinaryWords.Contains(text[word..at]);
    }

    private static int Next(ReadOnlySpan<char> text, int from)
    {
        var at = text[from..].IndexOfAny(Starts);
        return at < 0 ? text.Length : from + at;
    }

    private static Match AfterSeparator(ref Reading reading, int at, int width, double confidence)
    {
        var text = reading.Text;
        var start = at + width;
        while (start < text.Length && text[start] is ' ' or '\t' or '\r' or '\n' or '"' or '\'' or '(' or '{' or '\\' or '@')
        {
            start++;
        }

        reading.Start = start;
        Span<char> buffer = stackalloc char[32];
        var word = Command(text, start, buffer, out var end, out var hasPath, out var obfuscated);
        if (word.Length == 0 || !SharpWords.Contains(word))
        {
            return Match.None;
        }

        // A shell knows "gcc", not "GCC"; Windows does not mind.
        if (!obfuscated && IsCapital(word) && !AnyCase.Contains(word))
        {
            return Match.None;
        }

        var prose = reading.IsProse(at);
        var argument = ArgumentLike(text, end) && (!CountsThings(text, end) || Counted.Contains(word));
        if (prose && !argument)
        {
            confidence = 0.6;
        }

        var quoted = reading.IsScript || reading.InCodeSpan(at) || IsFilter(text, at, word);
        if (quoted)
        {
            confidence = 0.6;
        }

        if (obfuscated || hasPath && !prose && !quoted)
        {
            return new Match(Math.Max(confidence, 0.95), at, end - at);
        }

        // "&name=value", "; charset=utf-8" and "data:image/png;base64,…" are not commands; "{cat,/etc/hosts}" is one.
        if (end < text.Length && (text[end] is '=' or ':' or '(' or '/' or '.' or '_' or '-' or '[' || (text[end] == ',' && text[start - 1] != '{')))
        {
            return Match.None;
        }

        if (!OrdinaryWords.Contains(word))
        {
            return new Match(confidence, at, Math.Min(end - at + 40, text.Length - at));
        }

        return argument || Lone.Contains(word) && Ends(text, end) && OperandBefore(text, at)
            ? new Match(confidence, at, Math.Min(end - at + 40, text.Length - at))
            : new Match(Math.Min(confidence, 0.4), at, end - at);
    }

    private static Match Substitution(ref Reading reading, int at, int width, char close)
    {
        var text = reading.Text;
        var start = at + width;
        while (start < text.Length && text[start] is ' ' or '\t')
        {
            start++;
        }

        Span<char> buffer = stackalloc char[32];
        var word = Command(text, start, buffer, out var end, out var hasPath, out var obfuscated);
        if (word.Length == 0 || !SharpWords.Contains(word))
        {
            return Match.None;
        }

        // Nor in here: make writes its variables so, `$(MAKE) install`.
        if (!obfuscated && IsCapital(word) && !AnyCase.Contains(word))
        {
            return Match.None;
        }

        var closed = reading.Next(close, end);
        if (closed < 0)
        {
            return new Match(0.5, at, end - at);
        }

        // Markdown writes single words in backticks; a substitution has an argument, or is something only an attacker types.
        if (close == '`' && closed == end && !hasPath && !obfuscated)
        {
            return new Match(word is "id" or "whoami" or "uname" or "ls" or "env" or "pwd" or "ifconfig" && text.Length - (closed - at) < 24 ? 0.9 : 0.4, at, closed - at + 1);
        }

        if (close == '`' && !hasPath && !obfuscated && !ArgumentLike(text, end))
        {
            return new Match(0.5, at, closed - at + 1);
        }

        return new Match(reading.IsProse(at) || (close == '`' && (reading.InCodeSpan(at + 1) || (!hasPath && !obfuscated && EndsSentence(text, at, closed)))) ? 0.6 : 0.95, at, closed - at + 1);
    }

    /// <summary>A sentence that ends in a piece in backticks, which names no file: <c>Like `chown -R`.</c></summary>
    private static bool EndsSentence(ReadOnlySpan<char> text, int at, int closed) =>
        char.IsUpper(text[0]) && at > 1 && text[at - 1] == ' ' && char.IsAsciiLetter(text[at - 2]) && closed + 2 == text.Length && text[^1] is '.' or '!' or '?' && !text.Slice(at, closed - at).ContainsAny("/$|;&<>");

    private static bool IsCapital(ReadOnlySpan<char> word) => word.IndexOfAnyInRange('A', 'Z') >= 0;

    /// <summary>What one pass over a text knows of it, so that the time grows with the text's length and no faster, whatever stands in it. Places are asked for in their order.</summary>
    private ref struct Reading(ReadOnlySpan<char> whole)
    {
        private readonly ReadOnlySpan<char> _text = whole;

        /// <summary>Words around a piece in backticks, from which on a sentence is one that quotes a command as Markdown does.</summary>
        private const int MinWordsAround = 4;

        /// <summary>Characters that are looked at for words before a command, and blanks between these.</summary>
        private const int Looked = 400;
        private const int MinBlanks = 4;

        private int _parenthesis = -1;
        private int _tick = -1;
        private int _seen;
        private int _open = -1;
        private bool _within;
        private (int[] Ends, int[] Starts)? _words;
        private bool? _script;
        private bool? _prose;

        public readonly ReadOnlySpan<char> Text => _text;

        public bool IsScript => _script ??= CommandInjection.IsScript(_text);

        /// <summary>Several words stand before it: somebody writes about commands.</summary>
        public bool IsProse(int at) => at < Looked ? Count(at) : _prose ??= Count(Looked);

        private readonly bool Count(int before) => _text[..before].Trim().Count(' ') >= MinBlanks;

        /// <summary>Where the command behind the last separator begins.</summary>
        public int Start { get; set; }

        /// <summary>The next <c>)</c> or backtick from a place on; negative when there is none.</summary>
        public int Next(char close, int from) => close == ')' ? Next(_text, ref _parenthesis, close, from) : Next(_text, ref _tick, close, from);

        /// <summary>Within backticks, in a sentence: "Use `rm -rf build; make` to start over."</summary>
        public bool InCodeSpan(int at)
        {
            for (var tick = _text.Slice(_seen, at - _seen).IndexOf('`'); tick >= 0; tick = _text.Slice(_seen, at - _seen).IndexOf('`'))
            {
                _open = _seen + tick;
                _seen = _open + 1;
                _within = !_within;
            }

            _seen = at;
            if (!_within || !char.IsUpper(_text[0]) || Next('`', at) is not (>= 0 and var close))
            {
                return false;
            }

            var (ends, starts) = _words ??= (FirstWords(_text), LastWords(_text));
            var around = 0;
            foreach (var end in ends)
            {
                around += end <= _open ? 1 : 0;
            }

            foreach (var start in starts)
            {
                around += start > close ? 1 : 0;
            }

            return around >= MinWordsAround;
        }

        private static int Next(ReadOnlySpan<char> text, ref int known, char close, int from)
        {
            if (known < from)
            {
                var next = text.IndexOf(close, from);
                known = next < 0 ? text.Length : next;
            }

            return known == text.Length ? -1 : known;
        }

        /// <summary>Where the first words end, as many as matter.</summary>
        private static int[] FirstWords(ReadOnlySpan<char> text)
        {
            var ends = new List<int>(MinWordsAround);
            for (var from = 0; from < text.Length && ends.Count < MinWordsAround;)
            {
                var end = text[from..].IndexOfAny(' ', '\n') is >= 0 and var blank ? from + blank : text.Length;
                if (IsWord(text.Slice(from, end - from)))
                {
                    ends.Add(end);
                }

                from = end + 1;
            }

            return [.. ends];
        }

        /// <summary>Where the last words start, as many as matter.</summary>
        private static int[] LastWords(ReadOnlySpan<char> text)
        {
            var starts = new List<int>(MinWordsAround);
            for (var end = text.Length; end > 0 && starts.Count < MinWordsAround;)
            {
                var start = text[..end].LastIndexOfAny(' ', '\n') + 1;
                if (IsWord(text.Slice(start, end - start)))
                {
                    starts.Add(start);
                }

                end = start - 1;
            }

            return [.. starts];
        }

        /// <summary>Letters alone, with what ends a sentence's part behind them.</summary>
        private static bool IsWord(ReadOnlySpan<char> part)
        {
            var word = part.TrimEnd(".,:;!?");
            return word.Length > 0 && !word.ContainsAnyExcept(Letters);
        }
    }

    /// <summary><c>ls -la | grep txt</c>: a whole command that lists something breaks out of nothing.</summary>
    private static bool IsFilter(ReadOnlySpan<char> text, int at, ReadOnlySpan<char> word)
    {
        if (text[at] != '|' || text.Length > LongestListing || !Filters.Contains(word) || text.ContainsAny(";&`$<>\n"))
        {
            return false;
        }

        var space = text.IndexOf(' ');
        return space > 0 && Shows.Contains(text[..space]) && !text.Contains("/etc/", StringComparison.Ordinal) && !text.Contains("/proc/", StringComparison.Ordinal) && !text.Contains(".aws", StringComparison.Ordinal);
    }

    private static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'");

    /// <summary>Begins with a developer's tool, or as a script's or an image's file does: a chain of commands by nature.</summary>
    private static bool IsScript(ReadOnlySpan<char> text)
    {
        if (text.StartsWith("#!/", StringComparison.Ordinal) || text.StartsWith("FROM ", StringComparison.Ordinal) || text.StartsWith("<?php", StringComparison.Ordinal))
        {
            return true;
        }

        // What a file of a build service has before it: `- run: npm test`.
        var line = text.Slice(0, Math.Min(text.Length, LongestBefore + LongestTool + 1));
        line = line.StartsWith("- ", StringComparison.Ordinal) || line.StartsWith("$ ", StringComparison.Ordinal) ? line[2..] : line;
        var sign = line.IndexOf(": ", StringComparison.Ordinal);
        line = sign > 0 && !line[..sign].ContainsAnyExcept(Letters) ? line[(sign + 2)..] : line;
        var space = line.IndexOf(' ');
        return space > 0 && Tools.Contains(line[..space]);
    }

    /// <summary>Reads a command's name, taking quotes and backslashes out of it (<c>c'a't</c>, <c>w\hoami</c>) and cutting a path before it.</summary>
    private static ReadOnlySpan<char> Command(ReadOnlySpan<char> text, int start, Span<char> buffer, out int end, out bool hasPath, out bool obfuscated)
    {
        var length = 0;
        var i = start;
        hasPath = false;
        obfuscated = false;
        for (; i < text.Length && length < buffer.Length; i++)
        {
            var c = text[i];
            if (c == '/' && (length > 0 || i == start))
            {
                // "/bin/cat": the name is what follows the last slash. "and/or" is not a path.
                if (i != start && !hasPath)
                {
                    break;
                }

                hasPath = true;
                length = 0;
            }
            else if (Words.IsWord(c) || c is '-' or '.' && length > 0)
            {
                buffer[length++] = c;
            }
            else if (c is '\'' or '"' or '\\' && length > 0 && i + 1 < text.Length && (Words.IsWord(text[i + 1]) || (text[i + 1] == c && i + 2 < text.Length && Words.IsWord(text[i + 2]))))
            {
                obfuscated = true;
            }
            else
            {
                break;
            }
        }

        end = i;
        return buffer[..length];
    }

    private static bool ArgumentLike(ReadOnlySpan<char> text, int end)
    {
        var i = end;
        while (i < text.Length && text[i] is ' ' or '\t' or '+')
        {
            i++;
        }

        if (i == end || i >= text.Length)
        {
            return i < text.Length && (text[i] is '<' or '>' || (text[i] == '$' && i + 1 < text.Length && !char.IsWhiteSpace(text[i + 1])));
        }

        return text[i] is '-' or '/' or '$' or '~' or '<' or '>' or '*' || (text[i] == '.' && i + 1 < text.Length && text[i + 1] is '.' or '/') || char.IsAsciiDigit(text[i])
            || text[i..].StartsWith("http", StringComparison.OrdinalIgnoreCase) || text[i..].StartsWith("C:\\", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>A number and a word behind it: "find 3 errors", "time 5 minutes".</summary>
    private static bool CountsThings(ReadOnlySpan<char> text, int end)
    {
        var rest = text[end..].TrimStart(" \t+");
        var number = rest.IndexOfAnyExceptInRange('0', '9');
        return number > 0 && number + 1 < rest.Length && rest[number] == ' ' && char.IsLetter(rest[number + 1]);
    }

    private static bool Ends(ReadOnlySpan<char> text, int end)
    {
        var i = end;
        while (i < text.Length && text[i] is ' ' or '\t' or '\r' or '\n' or '"' or '\'' or ')' or '}')
        {
            i++;
        }

        return i >= text.Length || text[i] is ';' or '|' or '&' or '#' or '`' or '\0';
    }

    /// <summary>Short texts that a separator cuts in two ("localhost;id") are parameters, not prose.</summary>
    private static bool OperandBefore(ReadOnlySpan<char> text, int at) => text.Length <= 64 && text[..at].Trim().Count(' ') <= 1;
}
