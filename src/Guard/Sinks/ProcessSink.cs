using System.Buffers;
using Pellicle.Inspection;

namespace Pellicle.Guard.Sinks;

/// <summary>Command, argument and code injection at the start of a program.</summary>
internal static class ProcessSink
{
    /// <summary>Shorter common runs are chance.</summary>
    private const int MinRun = 4;

    /// <summary>Arguments of a program that an event names; more are not compared.</summary>
    private const int MaxNamed = 32;

    private const int MaxNamedText = 4096;

    /// <summary>The shortest program names have two letters.</summary>
    private const int MinWord = 2;

    private static readonly HashSet<string> CodeOptions = new(StringComparer.Ordinal) { "-c", "-e", "-r", "--eval", "-p", "--print", "-E", "-pe" };
    private static readonly HashSet<string> Interpreters = new(StringComparer.Ordinal) { "python", "node", "nodejs", "perl", "ruby", "php", "lua" };

    /// <summary>Commands of one word that tell who and where one is. No function runs them for their own sake, and events seldom hold them by chance.</summary>
    private static readonly HashSet<string> Looks = new(StringComparer.Ordinal) { "id", "whoami", "printenv" };

    /// <summary>How Perl and Ruby start commands without a bracket.</summary>
    private static readonly SearchValues<string> Starts = SearchValues.Create(["system", "exec", "qx", "%x", "open"], StringComparison.Ordinal);
    private static readonly HashSet<string> Awks = new(StringComparer.Ordinal) { "awk", "gawk", "mawk", "nawk", "original-awk" };

    /// <summary>What an awk program needs to start a command, or to read and write other files than its input.</summary>
    private static readonly SearchValues<string> AwkReaches = SearchValues.Create(["system(", "system (", "getline", "ENVIRON", "|\"", "| \"", "|&", ">\"", "> \"", ">>"], StringComparison.Ordinal);

    /// <param name="resolved">The program, links followed.</param>
    /// <param name="raw">As it was named.</param>
    /// <param name="argv">Its arguments, from its name on.</param>
    /// <param name="texts">Of the event.</param>
    /// <param name="folder">Where it is started; asked only where a relative name matters.</param>
    internal static SinkHit? Check(string resolved, string raw, IReadOnlyList<string> argv, IReadOnlyList<EventText> texts, Func<string?>? folder = null)
    {
        var command = ShellCommand.TextOf(argv, resolved);
        if (command is not null)
            return Quoted.Command(command, texts) ?? Shell(command, texts) ?? ShellFrom(resolved, raw, argv, texts);
        return Program(resolved, raw, argv, texts) ?? Launched(resolved, argv, texts) ?? Quoted.Command(string.Join(' ', argv), texts) ?? Arguments(resolved, argv, texts) ?? ScriptSink.Check(resolved, argv, texts, folder ?? (static () => null));
    }

    /// <summary><c>python3.11</c> is <c>python</c>.</summary>
    internal static string WithoutVersion(string program) => program.TrimEnd('.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9');

    private static SinkHit? Shell(string command, IReadOnlyList<EventText> texts) => Added(command, texts) ?? WholeShell(command, texts) ?? Added(command, [.. Reversed(command, texts)]);

    /// <summary>Characters of a text that a program may have turned round.</summary>
    private const int MaxReversed = 256;

    private static readonly SearchValues<char> Operators = SearchValues.Create(";|&`$\n");

    /// <summary>Texts that stand in the command as a whole, turned round.</summary>
    private static IEnumerable<EventText> Reversed(string command, IReadOnlyList<EventText> texts)
    {
        foreach (var (field, text) in texts)
        {
            if (text.Length is < MinRun or > MaxReversed || !text.AsSpan().ContainsAny(Operators))
                continue;
            var turned = string.Create(text.Length, text, static (to, from) =>
            {
                from.CopyTo(to);
                to.Reverse();
            });
            if (command.Contains(turned.Trim(), StringComparison.Ordinal))
                yield return new EventText(field, turned);
        }
    }

    /// <summary>What the event added to commands of a shell.</summary>
    internal static SinkHit? Added(string command, IReadOnlyList<EventText> texts)
    {
        foreach (var op in ShellCommand.Operators(command))
        {
            foreach (var (field, text) in texts)
            {
                var whole = text.Length == MinRun - 1 && op.Starts && char.IsAsciiLetter(text[^1]);
                if (text.Length < MinRun && !whole)
                    continue;
                var run = Overlap.Around(command, op.At, op.Length, text);
                // The operator alone proves nothing: what follows it must come from the event too. Of `;ls` all must.
                var end = run.Start + run.Length;
                if (whole && (run.Length < text.Length || (end < command.Length && char.IsLetterOrDigit(command[end]))))
                    continue;
                if ((whole || run.Length >= MinRun) && run.Start + run.Length > op.At + op.Length)
                    return Hit(field, command, run, op.Starts ? "adds a command to a shell command" : command[op.At] == '$' ? "adds a variable to a shell command" : "adds a redirection to a shell command");
            }
        }
        return null;
    }

    private static SinkHit? WholeShell(string command, IReadOnlyList<EventText> texts)
    {
        var whole = command.Trim();
        foreach (var (field, text) in texts)
        {
            // Perl, Ruby and ImageMagick start what stands behind a bar.
            var trimmed = text.AsSpan().Trim().Trim('|').Trim();
            var hit = Hit(field, command, (0, command.Length), "is the whole shell command");
            if (trimmed.Length > whole.Length && (Looks.Contains(whole) || whole.AsSpan().ContainsAny(' ', '\t')) && Quoted.IsValue(text, whole))
                return hit;
            if (trimmed.Length < MinWord || !trimmed.SequenceEqual(whole))
                continue;
            // One word may stand in both by chance: `date`, and a list sorted by `date`.
            return (whole.Length >= MinRun && whole.AsSpan().IndexOfAny(' ', '\t') > 0) || Looks.Contains(whole) ? hit : hit with { Block = false };
        }
        return null;
    }

    /// <summary>The event named the shell, and what it is to do.</summary>
    private static SinkHit? ShellFrom(string resolved, string raw, IReadOnlyList<string> argv, IReadOnlyList<EventText> texts)
    {
        var rest = string.Join(' ', argv.Skip(1));
        var all = argv.Count > 0 ? $"{argv[0]} {rest}" : "";
        if (texts.FirstOrDefault(t => t.Text.AsSpan().Trim().SequenceEqual(all)) is { Text: not null } whole)
            return new("command-injection", whole.Field, SinkHit.Cut(all), $"event field `{whole.Field}` is the whole command", true);
        var named = texts.Any(t => t.Text.Contains('/', StringComparison.Ordinal) && (t.Text == raw || t.Text == resolved));
        return named && texts.FirstOrDefault(t => t.Text.AsSpan().Trim().SequenceEqual(rest)) is { Text: not null } text
            ? new("command-injection", text.Field, SinkHit.Cut(rest), $"event field `{text.Field}` is what a shell is told that the event names too", true) : null;
    }

    private static SinkHit? Program(string resolved, string raw, IReadOnlyList<string> argv, IReadOnlyList<EventText> texts)
    {
        // Split at its blanks by the program, or read by a shell from its input: a command of several words, word for word.
        var words = argv.Count > 1 ? string.Join(' ', argv) : "";
        foreach (var (field, text) in texts)
        {
            if (argv.Count == 1 && Looks.Contains(Path.GetFileName(resolved)) && (text.AsSpan().Trim().SequenceEqual(Path.GetFileName(resolved)) || Quoted.IsValue(text, Path.GetFileName(resolved)) || IsStep(text, Path.GetFileName(resolved))))
                return new("command-injection", field, SinkHit.Cut(text), $"event field `{field}` is the whole command", true);
            if (words.Length >= MinRun && words.Length <= text.Length && (text.AsSpan().Trim().SequenceEqual(words) || Quoted.IsValue(text, words) || IsStep(text, words)))
                return new("command-injection", field, SinkHit.Cut(words), $"event field `{field}` is the whole command", true);
            if (text.Length >= MinRun && text.Contains('/', StringComparison.Ordinal) && (text == resolved || text == raw || (raw.StartsWith('/') && Quoted.Holds(text, raw))))
                return new("command-injection", field, SinkHit.Cut(raw), $"event field `{field}` names the program that is started", true);
        }
        return Named(raw, argv, texts);
    }

    /// <summary>Programs that start another one, which is named among their arguments.</summary>
    private static readonly HashSet<string> Launchers = new(StringComparer.Ordinal) { "env", "nice", "nohup", "timeout", "setsid", "stdbuf", "ionice", "chrt", "taskset", "time", "xargs", "busybox", "unshare", "setpriv", "sudo" };

    /// <summary>Such a program's arguments came with the event, from before the name of the other on: <c>X=1 id</c>.</summary>
    private static SinkHit? Launched(string resolved, IReadOnlyList<string> argv, IReadOnlyList<EventText> texts)
    {
        if (argv.Count > MaxNamed || !Launchers.Contains(Path.GetFileName(argv.Count > 0 && argv[0].Length > 0 ? argv[0] : resolved)))
            return null;
        for (var from = 1; from + 1 < argv.Count; from++)
        {
            var words = string.Join(' ', argv.Skip(from));
            foreach (var (field, text) in texts)
            {
                if (words.Length >= MinRun && words.Length <= text.Length && (text.AsSpan().Trim().SequenceEqual(words) || (text.Length <= MaxNamedText && text.AsSpan().ContainsAny('"', '\'') && Unquoted(text) == words)))
                    return new("command-injection", field, SinkHit.Cut(words), $"event field `{field}` is the command that {Path.GetFileName(resolved)} starts", true);
            }
            // What stands before the other program's name is this one's: options, variables, numbers.
            if (!(argv[from].StartsWith('-') || argv[from].Contains('=', StringComparison.Ordinal) || (argv[from].Length > 0 && char.IsAsciiDigit(argv[from][0]))))
                return null;
        }
        return null;
    }

    private static string Unquoted(string text) => text.Replace("\"", "", StringComparison.Ordinal).Replace("'", "", StringComparison.Ordinal).Trim();

    /// <summary>One of several commands of a text, with nothing else between the signs that part them: a shell read them from its input or from a file.</summary>
    private static bool IsStep(string text, string command)
    {
        for (var at = text.IndexOf(command, StringComparison.Ordinal); at >= 0; at = text.IndexOf(command, at + 1, StringComparison.Ordinal))
        {
            var before = WithoutVariables(text.AsSpan(0, at).TrimEnd(" \t"));
            var after = text.AsSpan(at + command.Length).TrimStart(" \t\r");
            if ((before.IsEmpty ? !after.IsEmpty || at > 0 : before[^1] is ';' or '&' or '|' or '\n' or '(' or '`' or '{') && (after.IsEmpty || after[0] is ';' or '&' or '|' or '\n' or ')' or '`' or '>' or '<'))
                return true;
        }
        return false;
    }

    /// <summary>Without the variables that a shell sets for a command: <c>X=1 id</c>.</summary>
    private static ReadOnlySpan<char> WithoutVariables(ReadOnlySpan<char> before)
    {
        while (true)
        {
            var word = before[(before.LastIndexOfAny(" \t\n;&|(`") + 1)..];
            var equals = word.IndexOf('=');
            if (equals <= 0 || word[..equals].ContainsAnyExcept(VariableCharacters))
                return before;
            before = before[..^word.Length].TrimEnd(" \t");
        }
    }

    private static readonly SearchValues<char> VariableCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    /// <summary>
    /// The event names the program in one field and all that it is told in others. A list of tools that a caller may choose from is used so as well (<c>dig example.com</c>):
    /// stopped where an argument is an option or a path of the system.
    /// </summary>
    private static SinkHit? Named(string raw, IReadOnlyList<string> argv, IReadOnlyList<EventText> texts)
    {
        if (argv.Count < 2 || raw.Length < MinWord || argv.Count > MaxNamed || texts.FirstOrDefault(t => t.Text == argv[0] || t.Text == raw) is not { Text: not null } program)
            return null;
        for (var i = 1; i < argv.Count; i++)
        {
            if (!texts.Any(t => t.Text == argv[i] || (t.Text.Length <= MaxNamedText && t.Text.Split(' ').Contains(argv[i]))))
                return null;
        }
        var reaches = argv.Skip(1).Any(a => a is ['-' or '/', ..] || a.Contains("://", StringComparison.Ordinal) || a.Contains("..", StringComparison.Ordinal));
        return new("command-injection", program.Field, SinkHit.Cut(string.Join(' ', argv)), $"event field `{program.Field}` names the program that is started, and others what it is told", reaches);
    }

    private static SinkHit? Arguments(string resolved, IReadOnlyList<string> argv, IReadOnlyList<EventText> texts)
    {
        var program = Path.GetFileName(resolved);
        var name = WithoutVersion(program);
        var script = Awks.Contains(name) ? AwkProgram(argv) : -1;
        var sed = name is "sed" or "gsed";
        if (ProgramTexts.Check(name, argv, texts) is { } told)
            return told;
        SinkHit? option = null;
        for (var i = 1; i < argv.Count; i++)
        {
            var argument = argv[i];
            if (argument.Length < 2)
                continue;
            // `report.txt /etc/passwd`: split at its blank, one value becomes two.
            if (PathSink.IsTelling(argument) && argv[i - 1].Length > 0 && texts.FirstOrDefault(t => Became(t.Text, argv[i - 1], argument)) is { Text: not null } both)
                return new("argument-injection", both.Field, SinkHit.Cut(argument), $"event field `{both.Field}` became several arguments, one of them a path", true);
            var isCode = Interpreters.Contains(name) && IsCodeOption(name, argv[i - 1]);
            foreach (var (field, text) in texts)
            {
                if (text.Length < MinRun && text != argument)
                    continue;
                if (isCode && argument.Length >= MinRun && (CodeSink.Adds(argument, text) || CodeSink.Adds(text, argument) || StartsCommand(name, argument, text)))
                    return new("code-injection", field, SinkHit.Cut(argument), $"event field `{field}` is part of code given to {name}", true);
                if (i == script && AddsToAwk(argument, text))
                    return new("code-injection", field, SinkHit.Cut(argument), $"event field `{field}` is part of an {name} program that reaches outside", true);
                if (sed && argument[0] != '-' && SedReaches(argument, text))
                    return new("code-injection", field, SinkHit.Cut(argument), $"event field `{field}` is part of a {name} program that reaches outside", true);
                if (argument[0] == '-' && Brought(argument, text))
                {
                    // `-o` alone says little: what it is for must have come with it.
                    var dangerous = ProgramOptions.IsDangerous(name, argv, i) && (argument.Length > 2 || argument == ProgramOptions.Alone || (i + 1 < argv.Count && Brought(argv[i + 1], text)));
                    var hit = new SinkHit("argument-injection", field, SinkHit.Cut(argument), $"event field `{field}` became an option of {program}", dangerous);
                    if (dangerous)
                        return hit;
                    // A harmless option may stand before one that is not.
                    if (argument.Length >= MinRun)
                        option ??= hit;
                }
            }
        }
        return option;
    }

    private static readonly SearchValues<char> Parts = SearchValues.Create(" \t\n\"'");

    /// <summary>Characters that are gone through at once beside those of an argument.</summary>
    private const int UnquotedPiece = 16 * 1024;

    /// <summary>A word of the text ends one argument, and the word behind it is the next: <c>DATA/</c> and <c>report.txt /etc/passwd</c>.</summary>
    private static bool Became(string text, string before, string argument)
    {
        for (var at = text.IndexOf(argument, StringComparison.Ordinal); at > 1; at = text.IndexOf(argument, at + 1, StringComparison.Ordinal))
        {
            if (text[at - 1] != ' ' || !EndsWord(text, at + argument.Length))
                continue;
            var word = text.AsSpan(text.LastIndexOf(' ', at - 2) + 1, at - 1 - (text.LastIndexOf(' ', at - 2) + 1));
            if (word.Length > 0 && before.AsSpan().EndsWith(word, StringComparison.Ordinal))
                return true;
        }
        return false;
    }

    private static bool EndsWord(string text, int end) => end == text.Length || !(char.IsLetterOrDigit(text[end]) || text[end] is '/' or '.' or '-' or '_');

    /// <summary>The text is this argument, or holds it as a word or within quotes that were taken off.</summary>
    private static bool Brought(string argument, string text) =>
        argument == text || IsWord(argument, text) || (argument.Length >= 6 && argument.AsSpan().IndexOfAny(' ', '=') > 0 && HoldsUnquoted(text, argument));

    private static bool IsWord(string argument, string text)
    {
        if (argument.Length > text.Length)
            return false;
        foreach (var word in text.AsSpan().SplitAny(Parts))
        {
            if (text.AsSpan(word).SequenceEqual(argument))
                return true;
        }
        return false;
    }

    /// <summary>The text without its quotes holds the argument. A text of megabytes is gone through piece by piece.</summary>
    private static bool HoldsUnquoted(string text, string argument)
    {
        if (!text.AsSpan().ContainsAny('"', '\''))
            return text.Contains(argument, StringComparison.Ordinal);
        var piece = ArrayPool<char>.Shared.Rent(Math.Min(text.Length, argument.Length + UnquotedPiece));
        try
        {
            var length = 0;
            for (var at = 0; at < text.Length;)
            {
                while (at < text.Length && length < piece.Length)
                {
                    if (text[at++] is not ('"' or '\'') and var c)
                        piece[length++] = c;
                }
                if (piece.AsSpan(0, length).IndexOf(argument) >= 0)
                    return true;
                // What may go on in the next one.
                var kept = Math.Min(length, argument.Length - 1);
                piece.AsSpan(length - kept, kept).CopyTo(piece);
                length = kept;
            }
            return false;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(piece);
        }
    }

    /// <summary>Also at the end of several letters: <c>perl -ne</c>, <c>python -Ic</c>.</summary>
    private static bool IsCodeOption(string name, string option) =>
        CodeOptions.Contains(option)
        || (option.Length > 2 && option[0] == '-' && option[1] != '-' && (option[^1] is 'e' or 'E' && name is "perl" or "ruby" or "node" or "nodejs" || (option[^1] == 'c' && name == "python")));

    private static bool StartsCommand(string name, string code, string text) =>
        name is "perl" or "ruby" && code.Contains(text, StringComparison.Ordinal)
        && (text.Contains('`', StringComparison.Ordinal) || (text.AsSpan().ContainsAny(Starts) && text.AsSpan().IndexOfAny(";({'\"") >= 0));

    /// <summary>Where in awk's arguments its program stands; -1 when it comes from a file.</summary>
    private static int AwkProgram(IReadOnlyList<string> argv)
    {
        for (var i = 1; i < argv.Count; i++)
        {
            if (argv[i] is "-f" or "--file")
                return -1;
            if (argv[i] is "-v" or "-F" or "--assign" or "--field-separator")
                i++;
            else if (argv[i] is "-e" or "--source")
                return i + 1;
            else if (argv[i].Length < 2 || argv[i][0] != '-' || argv[i] == "--")
                return argv[i] == "--" ? i + 1 : i;
        }
        return -1;
    }

    /// <summary>The text ends what it was put into and adds a command of sed's that runs something or opens a file: <c>e</c>, <c>r</c>, <c>w</c>, or the flag <c>e</c>.</summary>
    private static bool SedReaches(string script, string text)
    {
        if (!script.Contains(text, StringComparison.Ordinal))
            return false;
        var ended = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('/' or ';' or '\n' or '{' or '}' or '|' or '#' or ',' or '@'))
                continue;
            ended |= text[i] is not (';' or '{' or '}');
            var at = i + 1;
            while (ended && at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] is ' ' or '\t' or '$' or '!' || (text[i] is not (';' or '\n') && text[at] is 'g' or 'p' or 'I' or 'i' or 'M' or 'm')))
                at++;
            if (ended && at < text.Length && text[at] is 'e' or 'r' or 'w' or 'R' or 'W' && (at + 1 == text.Length || text[at + 1] is ' ' or '\t' or '\n' or ';'))
                return true;
        }
        return false;
    }

    /// <summary>The event brought what reaches outside: it stands in the text, whose part or whole is in the program.</summary>
    private static bool AddsToAwk(string program, string text) =>
        text.AsSpan().ContainsAny(AwkReaches) && program.AsSpan().ContainsAny(AwkReaches)
        && ((program.Contains(text, StringComparison.Ordinal) && !StaysQuoted(program, text)) || text.Contains(program, StringComparison.Ordinal));

    /// <summary>Every time it stands there the text is within a string of the program, and cannot end it. Of programs with patterns or comments before it nothing is said.</summary>
    private static bool StaysQuoted(string program, string text)
    {
        if (text.AsSpan().ContainsAny('"', '\\', '\n'))
            return false;
        for (var at = program.IndexOf(text, StringComparison.Ordinal); at >= 0; at = program.IndexOf(text, at + 1, StringComparison.Ordinal))
        {
            var before = program.AsSpan(0, at);
            if (before.ContainsAny('/', '#', '\\') || before.Count('"') % 2 == 0)
                return false;
        }
        return true;
    }

    private static SinkHit Hit(string field, string command, (int Start, int Length) run, string what)
    {
        var start = Math.Max(0, run.Start - 20);
        return new("command-injection", field, SinkHit.Cut(command[start..]), $"event field `{field}` {what}", true);
    }
}
