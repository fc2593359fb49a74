using System.Buffers;
using Pellicle.Inspection;

namespace Pellicle.Guard.Sinks;

/// <summary>Statements and programs that command-line clients are given as arguments: of databases, of jq, addresses of git.</summary>
internal static class ProgramTexts
{
    private const int MinRun = 3;

    /// <summary>Commands of the clients themselves, by which they start programs and read or write files; those with a full stop begin a line.</summary>
    private static readonly Dictionary<string, SearchValues<string>> Reaches = new(StringComparer.Ordinal)
    {
        ["sqlite"] = SearchValues.Create(["\n.shell", "\n.system", "\n.import", "\n.output", "\n.once", "\n.load", "\n.open", "\n.read", "\n.log", "readfile(", "writefile(", "load_extension(", "edit("], StringComparison.OrdinalIgnoreCase),
        ["psql"] = SearchValues.Create(["\\!", "\\copy", "\\o", "\\g ", "\\i", "\\w", "pg_read_file(", "lo_import("], StringComparison.OrdinalIgnoreCase),
        ["mysql"] = SearchValues.Create(["\\!", "\\.", "system ", "source ", "\\T", "\\P", "load_file("], StringComparison.OrdinalIgnoreCase),
    };

    private static readonly Dictionary<string, string> Dialects = new(StringComparer.Ordinal) { ["sqlite"] = SqlText.Sqlite, ["psql"] = SqlText.PostgreSql, ["mysql"] = SqlText.MySql, ["mariadb"] = SqlText.MySql };

    /// <summary>What a jq program needs to see more than its input.</summary>
    private static readonly SearchValues<string> JqReaches = SearchValues.Create(["$ENV", "env.", "env|", "env[", "env |", "|env", "| env", ",env", ", env", "input_filename", "input", "import ", "include ", "$__prog_args"], StringComparison.Ordinal);

    /// <param name="name">The program, without version.</param>
    /// <param name="argv">Its arguments, from its name on.</param>
    /// <param name="texts">Of the event.</param>
    internal static SinkHit? Check(string name, IReadOnlyList<string> argv, IReadOnlyList<EventText> texts)
    {
        if (Dialects.TryGetValue(name, out var dialect))
            return OfClient(name, dialect, argv, texts);
        for (var i = 1; i < argv.Count; i++)
        {
            var argument = argv[i];
            foreach (var (field, text) in texts)
            {
                if (text.Length < MinRun || text.Length > argument.Length || !argument.Contains(text, StringComparison.Ordinal))
                    continue;
                // A value stays within its quotes.
                if (name is "jq" or "gojq" or "jaq" && argument[0] != '-' && argv[i - 1] is not ("--arg" or "--argjson") && (i < 2 || argv[i - 2] is not ("--arg" or "--argjson"))
                    && text.AsSpan().ContainsAny(JqReaches) && (text.Length == argument.Trim().Length || text.AsSpan().ContainsAny('"', '|', ',')))
                    return new("code-injection", field, SinkHit.Cut(argument), $"event field `{field}` is part of a jq program that reaches outside its input", true);
                if (name == "git" && text.Length == argument.Length && (argument.StartsWith("ext::", StringComparison.Ordinal) || argument.StartsWith("fd::", StringComparison.Ordinal)))
                    return new("argument-injection", field, SinkHit.Cut(argument), $"event field `{field}` is an address by which git starts a program", true);
            }
        }
        return null;
    }

    private static SinkHit? OfClient(string name, string dialect, IReadOnlyList<string> argv, IReadOnlyList<EventText> texts)
    {
        for (var i = 1; i < argv.Count; i++)
        {
            if (!argv[i].Contains(' ', StringComparison.Ordinal) && argv[i][..Math.Min(1, argv[i].Length)] is not ("." or "\\"))
                continue;
            if (Reaches.TryGetValue(name, out var reaches) && ("\n" + argv[i]).AsSpan().ContainsAny(reaches))
            {
                foreach (var (field, text) in texts)
                {
                    if ((argv[i].StartsWith(text, StringComparison.Ordinal) ? "\n" + text : text).AsSpan().ContainsAny(reaches) && argv[i].Contains(text.Trim(), StringComparison.Ordinal))
                        return new("code-injection", field, SinkHit.Cut(argv[i]), $"event field `{field}` brings a command of {name}'s own that reaches outside the database", true);
                }
            }
            if (SqlSink.Check(dialect, argv[i], texts) is { } hit)
                return hit;
        }
        return null;
    }
}
