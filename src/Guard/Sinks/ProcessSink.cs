using System.Buffers;
using Pellicle.Inspection;

namespace Pellicle.Guard.Sinks;

/// <summary>Command, argument and code injection at the start of a program.</summary>
internal static class ProcessSink
{
    /// <summary>Shorter common runs are chance.</summary>
    private const int MinRun = 4;

    /// <summary>The shortest program names have two letters.</summary>
    private const int MinWord = 2;

    private static readonly HashSet<string> CodeOptions = new(StringComparer.Ordinal) { "-c", "-e", "-r", "--eval", "-p", "--print", "-E" };
    private static readonly HashSet<string> Interpreters = new(StringComparer.Ordinal) { "python", "node", "nodejs", "perl", "ruby", "php", "lua" };
    private static readonly HashSet<string> Awks = new(StringComparer.Ordinal) { "awk", "gawk", "mawk", "nawk", "original-awk" };

    /// <summary>What an awk program needs to start a command, or to read and write other files than its input.</summary>
    private static readonly SearchValues<string> AwkReaches = SearchValues.Create(["system(", "system (", "getline", "|\"", "| \"", "|&", ">\"", "> \"", ">>"], StringComparison.Ordinal);

    /// <summary>Options of common programs that run a command or load code.</summary>
    private static readonly string[] DangerousOptions =
    [
        "--upload-pack", "--receive-pack", "-oProxyCommand", "--checkpoint-action", "--to-command", "--use-compress-program", "-exec", "-execdir", "--rsh", "-sDEVICE", "--config=",
        "--output-document", "--post-file", "--use-askpass", "--script-security", "-oPKCS11Provider", "--unsafe", "--open-files-in-pager", "--ext-diff",
    ];

    internal static SinkHit? Check(string resolved, string raw, IReadOnlyList<string> argv, IReadOnlyList<EventText> texts)
    {
        var command = ShellCommand.TextOf(argv, resolved);
        if (command is not null)
            return Quoted.Command(command, texts) ?? Shell(command, texts);
        return Program(resolved, raw, argv, texts) ?? Quoted.Command(string.Join(' ', argv), texts) ?? Arguments(resolved, argv, texts);
    }

    private static SinkHit? Shell(string command, IReadOnlyList<EventText> texts)
    {
        foreach (var op in ShellCommand.Operators(command))
        {
            foreach (var (field, text) in texts)
            {
                if (text.Length < MinRun)
                    continue;
                var run = Overlap.Around(command, op.At, op.Length, text);
                // The operator alone proves nothing: what follows it must come from the event too.
                if (run.Length >= MinRun && run.Start + run.Length > op.At + op.Length)
                    return Hit(field, command, run, op.Starts ? "adds a command to a shell command" : "adds a redirection to a shell command");
            }
        }
        foreach (var (field, text) in texts)
        {
            var trimmed = text.Trim();
            if (trimmed.Length < MinWord || command.Trim() != trimmed)
                continue;
            var hit = Hit(field, command, (0, command.Length), "is the whole shell command");
            // One word may stand in both by chance: `date`, and a list sorted by `date`.
            return trimmed.Length >= MinRun && trimmed.AsSpan().IndexOfAny(' ', '\t') > 0 ? hit : hit with { Block = false };
        }
        return null;
    }

    private static SinkHit? Program(string resolved, string raw, IReadOnlyList<string> argv, IReadOnlyList<EventText> texts)
    {
        // Split at its blanks by the program, or read by a shell from its input: a command of several words, word for word.
        var words = argv.Count > 1 ? string.Join(' ', argv) : "";
        foreach (var (field, text) in texts)
        {
            if (words.Length >= MinRun && words.Length <= text.Length && text.AsSpan().Trim().SequenceEqual(words))
                return new("command-injection", field, SinkHit.Cut(words), $"event field `{field}` is the whole command", true);
            if (text.Length >= MinRun && text.Contains('/', StringComparison.Ordinal) && (text == resolved || text == raw))
                return new("command-injection", field, SinkHit.Cut(raw), $"event field `{field}` names the program that is started", true);
        }
        return null;
    }

    private static SinkHit? Arguments(string resolved, IReadOnlyList<string> argv, IReadOnlyList<EventText> texts)
    {
        var name = Path.GetFileName(resolved).TrimEnd('.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
        var awks = Awks.Contains(name);
        SinkHit? option = null;
        for (var i = 1; i < argv.Count; i++)
        {
            var argument = argv[i];
            if (argument.Length < MinRun)
                continue;
            var isCode = CodeOptions.Contains(argv[i - 1]) && Interpreters.Contains(name);
            foreach (var (field, text) in texts)
            {
                if (text.Length < MinRun)
                    continue;
                if (isCode && (CodeSink.Adds(argument, text) || CodeSink.Adds(text, argument)))
                    return new("code-injection", field, SinkHit.Cut(argument), $"event field `{field}` is part of code given to {name}", true);
                if (awks && argument[0] != '-' && AddsToAwk(argument, text))
                    return new("code-injection", field, SinkHit.Cut(argument), $"event field `{field}` is part of an {name} program that reaches outside", true);
                if (argument[0] == '-' && (argument == text || text.Split(' ').Contains(argument)))
                {
                    var dangerous = Array.Exists(DangerousOptions, o => argument.StartsWith(o, StringComparison.Ordinal));
                    var hit = new SinkHit("argument-injection", field, SinkHit.Cut(argument), $"event field `{field}` became an option of {Path.GetFileName(resolved)}", dangerous);
                    if (dangerous)
                        return hit;
                    // A harmless option may stand before one that is not.
                    option ??= hit;
                }
            }
        }
        return option;
    }

    /// <summary>The event brought what reaches outside: it stands in the text, whose part or whole is in the program.</summary>
    private static bool AddsToAwk(string program, string text) =>
        text.AsSpan().ContainsAny(AwkReaches) && program.AsSpan().ContainsAny(AwkReaches) && (program.Contains(text, StringComparison.Ordinal) || text.Contains(program, StringComparison.Ordinal));

    private static SinkHit Hit(string field, string command, (int Start, int Length) run, string what)
    {
        var start = Math.Max(0, run.Start - 20);
        return new("command-injection", field, SinkHit.Cut(command[start..]), $"event field `{field}` {what}", true);
    }
}
