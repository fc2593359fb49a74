namespace Pellicle.Guard.Sinks;

/// <summary>An operator that a shell would act on: not within quotes that take its meaning away.</summary>
/// <param name="At">Index in the command.</param>
/// <param name="Length">Characters.</param>
/// <param name="Starts">Whether another command starts after it (as opposed to a redirection).</param>
internal readonly record struct ShellOperator(int At, int Length, bool Starts);

/// <summary>Reads a POSIX shell command only as far as needed to tell text from structure.</summary>
internal static class ShellCommand
{
    private static readonly HashSet<string> Shells = new(StringComparer.Ordinal) { "sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "busybox", "rbash" };

    internal static bool IsShell(string program) => Shells.Contains(program);

    /// <summary>The command text when these arguments run a shell with <c>-c</c>, else null.</summary>
    internal static string? TextOf(IReadOnlyList<string> argv, string program)
    {
        if (!Shells.Contains(Path.GetFileName(program)) && (argv.Count == 0 || !Shells.Contains(Path.GetFileName(argv[0]).TrimStart('-'))))
            return null;
        for (var i = 1; i < argv.Count; i++)
        {
            if (argv[i].Length > 1 && argv[i][0] == '-' && argv[i][1] != '-' && argv[i].Contains('c', StringComparison.Ordinal))
                return argv.Skip(i + 1).FirstOrDefault(a => a != "--");
        }
        return null;
    }

    /// <summary>Operators in order. An unbalanced quote is text to the end, as the shell would complain.</summary>
    internal static List<ShellOperator> Operators(string text)
    {
        var found = new List<ShellOperator>();
        var inDouble = false;
        Here? body = null;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            switch (c)
            {
                case '\\':
                    i++;
                    break;
                case '\'' when !inDouble:
                    var close = text.IndexOf('\'', i + 1);
                    if (close < 0)
                        return found;
                    i = close;
                    break;
                case '"':
                    inDouble = !inDouble;
                    break;
                case '`':
                    found.Add(new(i, 1, true));
                    break;
                case '$' when i + 1 < text.Length && text[i + 1] is '(' or '{':
                    found.Add(new(i, 2, text[i + 1] == '('));
                    break;
                case '$' when Variable(text, i + 1) is > MinVariable and var name:
                    found.Add(new(i, name, false));
                    i += name;
                    break;
                case ';' or '|' or '\n' or '\r' when !inDouble:
                    found.Add(new(i, 1, true));
                    if (c == '\n' && body is not null)
                        (i, body) = (Text(text, i + 1, body, found) - 1, null);
                    break;
                case '&' when !inDouble && !(i > 0 && text[i - 1] is '>' or '<'):
                    var doubled = i + 1 < text.Length && text[i + 1] == '&';
                    if (doubled || !OnlyAssigns(text, i + 1))
                        found.Add(new(i, doubled ? 2 : 1, true));
                    if (doubled)
                        i++;
                    break;
                case '<' when !inDouble && HereText(text, i) is { } here:
                    found.Add(new(i, 1, false));
                    (body, i) = (here, here.After - 1);
                    break;
                case '<' or '>' when !inDouble:
                    found.Add(new(i, 1, false));
                    break;
            }
        }
        return found;
    }

    /// <summary>The shortest name of a variable that a text is taken to mean: <c>$5</c> and <c>$US</c> are prices.</summary>
    private const int MinVariable = 2;

    /// <summary>Characters of a variable's name as environments have them, which is in capitals; 0 for anything else.</summary>
    private static int Variable(string text, int from)
    {
        var i = from;
        while (i < text.Length && (char.IsAsciiLetterUpper(text[i]) || text[i] == '_' || (i > from && char.IsAsciiDigit(text[i]))))
            i++;
        return i < text.Length && char.IsAsciiLetterLower(text[i]) ? 0 : i - from;
    }

    /// <summary>A text that follows on the next lines: what ends it, whether the shell looks into it, where the word that names its end is over.</summary>
    private sealed record Here(string End, bool Literal, bool Tabs, int After);

    /// <summary>Programs that take what they are given as text.</summary>
    private static readonly HashSet<string> Readers = new(StringComparer.Ordinal) { "cat", "tee", "mail", "mailx", "sendmail", "wc", "base64", "md5sum", "sha1sum", "sha256sum", "fold", "fmt", "column", "head", "tail", "sort", "uniq", "cut" };

    /// <summary><c>cat &lt;&lt;END</c>, and nothing else on its line that would make commands of the text.</summary>
    private static Here? HereText(string text, int at)
    {
        if (at + 2 >= text.Length || text[at + 1] != '<' || text[at + 2] == '<')
            return null;
        var start = text.AsSpan(0, at).LastIndexOfAny(";|&(\n`") + 1;
        var command = text.AsSpan(start, at - start).Trim();
        var space = command.IndexOfAny(" \t");
        var program = (space < 0 ? command : command[..space]).ToString();
        if (!Readers.Contains(Path.GetFileName(program)))
            return null;
        var tabs = text[at + 2] == '-';
        var from = at + (tabs ? 3 : 2);
        while (from < text.Length && text[from] is ' ' or '\t')
            from++;
        var end = from;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '_' or '-' or '\'' or '"' or '\\'))
            end++;
        var line = text.IndexOf('\n', end);
        if (line < 0 || text.AsSpan(end, line - end).ContainsAny("|;&`$("))
            return null;
        var word = text[from..end];
        var name = word.Replace("'", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal).Replace("\\", "", StringComparison.Ordinal);
        return name.Length == 0 ? null : new(name, name != word, tabs, end);
    }

    /// <summary>Reads such a text. What the shell puts into it counts; of a text that never ends, or that starts a command itself, all does.</summary>
    /// <returns>Where reading goes on: at its last line's end.</returns>
    private static int Text(string text, int from, Here here, List<ShellOperator> found)
    {
        var end = from;
        while (true)
        {
            var line = text.IndexOf('\n', end) is >= 0 and var at ? at : text.Length;
            var whole = text.AsSpan(end, line - end);
            if ((here.Tabs ? whole.TrimStart('\t') : whole).SequenceEqual(here.End))
            {
                var within = text.AsSpan(from, end - from);
                if (!here.Literal && (within.Contains('`') || within.Contains("$(", StringComparison.Ordinal)))
                    return from;
                for (var i = from; i < end && !here.Literal; i++)
                {
                    if (text[i] == '\\')
                        i++;
                    else if (text[i] == '$' && i + 1 < end && text[i + 1] == '{')
                        found.Add(new(i, 2, false));
                    else if (text[i] == '$' && Variable(text, i + 1) is > MinVariable and var name)
                        found.Add(new(i, name, false));
                }
                return line;
            }
            if (line == text.Length)
                return from;
            end = line + 1;
        }
    }

    /// <summary>After a single <c>&amp;</c>: <c>b=2</c> and the end. That is an address someone forgot to quote, not a second command.</summary>
    private static bool OnlyAssigns(string text, int from)
    {
        var i = from;
        while (i < text.Length && (char.IsAsciiLetterOrDigit(text[i]) || text[i] == '_'))
            i++;
        if (i == from || i >= text.Length || text[i] != '=')
            return false;
        while (i < text.Length && !char.IsWhiteSpace(text[i]) && text[i] is not (';' or '|' or '&' or '`' or '\n'))
            i++;
        var rest = text.AsSpan(i).TrimStart(" \t");
        return rest.IsEmpty || rest[0] is '&';
    }
}
