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
                case ';' or '|' or '\n' or '\r' when !inDouble:
                    found.Add(new(i, 1, true));
                    break;
                case '&' when !inDouble && !(i > 0 && text[i - 1] is '>' or '<'):
                    var doubled = i + 1 < text.Length && text[i + 1] == '&';
                    if (doubled || !OnlyAssigns(text, i + 1))
                        found.Add(new(i, doubled ? 2 : 1, true));
                    if (doubled)
                        i++;
                    break;
                case '<' or '>' when !inDouble:
                    found.Add(new(i, 1, false));
                    break;
            }
        }
        return found;
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
