using System.Text;
using Pellicle.Guard.Native;
using Pellicle.Inspection;

namespace Pellicle.Guard.Sinks;

/// <summary>An interpreter is started on a file that the function wrote, and what stands in it came with the event.</summary>
internal static class ScriptSink
{
    private const int MaxBytes = 64 * 1024;
    private const int MinBytes = 2;

    /// <summary>A shorter text within a longer program is a value that the program works on.</summary>
    private const int MinPart = 10;

    private static readonly HashSet<string> Interpreters = new(StringComparer.Ordinal)
    {
        "sh", "bash", "dash", "ash", "ksh", "zsh", "busybox", "python", "node", "nodejs", "perl", "ruby", "php", "lua", "java", "awk", "gawk", "mawk", "sed",
    };

    /// <param name="resolved">The program.</param>
    /// <param name="argv">Its arguments, from its name on.</param>
    /// <param name="texts">Of the event.</param>
    /// <param name="folder">Where it is started; relative names begin there.</param>
    internal static SinkHit? Check(string resolved, IReadOnlyList<string> argv, IReadOnlyList<EventText> texts, Func<string?> folder)
    {
        var program = Path.GetFileName(resolved);
        if (texts.Count == 0 || !Interpreters.Contains(ProcessSink.WithoutVersion(program)))
            return null;
        for (var i = 1; i < argv.Count; i++)
        {
            if (argv[i].Length == 0 || argv[i][0] == '-')
                continue;
            var file = argv[i][0] == '/' ? argv[i] : folder() is { } place ? PathSink.Normalize($"{place}/{argv[i]}") : "";
            // A word that names no file there is an argument of another kind.
            if (!PathSink.IsWritable(file) || (argv[i][0] != '/' && !File.Exists(file)))
                continue;
            // What follows is the script's own.
            var script = Read(file).Trim();
            return script.Length < MinBytes ? null : From(script, program, file, texts) ?? (ShellCommand.IsShell(program) ? ProcessSink.Added(script, texts) : null);
        }
        return null;
    }

    /// <summary>A language loads a module from a writable place, and what stands in it, or in this piece of it, came with the event.</summary>
    internal static SinkHit? Module(string code, IReadOnlyList<EventText> texts)
    {
        var script = code.Trim();
        if (script.Length < MinPart)
            return null;
        foreach (var (field, raw) in texts)
        {
            var text = raw.Trim();
            if (text.Contains(script, StringComparison.Ordinal) || (text.Length >= MinPart && text.Length * 2 >= script.Length && script.Contains(text, StringComparison.Ordinal)))
                return new("code-injection", field, SinkHit.Cut(script), $"event field `{field}` is a module that the function wrote to a file and loads", true);
        }
        return null;
    }

    private static SinkHit? From(string script, string program, string file, IReadOnlyList<EventText> texts)
    {
        foreach (var (field, raw) in texts)
        {
            var text = raw.Trim();
            // Most of it: around what came from outside the function may have written a first line or a frame.
            if (text == script || (text.Length >= MinPart && text.Length * 2 >= script.Length && script.Contains(text, StringComparison.Ordinal)))
                return new("code-injection", field, SinkHit.Cut(text), $"event field `{field}` is the script `{file}` that {program} runs", true);
        }
        return null;
    }

    /// <summary>The file's beginning; empty when it cannot be read.</summary>
    private static string Read(string path)
    {
        try
        {
            using var file = Fd.OpenFile(path);
            var bytes = new byte[MaxBytes];
            return Encoding.UTF8.GetString(bytes, 0, file.ReadAtLeast(bytes, MaxBytes, throwOnEndOfStream: false));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The interpreter will not read it either.
            return "";
        }
    }
}
