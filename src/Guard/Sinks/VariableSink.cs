using System.Buffers;
using Pellicle.Inspection;

namespace Pellicle.Guard.Sinks;

/// <summary>A variable of a child's environment by which programs are told what to run or to load, whose value the event brought.</summary>
internal static class VariableSink
{
    private const int MinRun = 4;

    private static readonly string[] Java =
    [
        "-javaagent", "-agentpath", "-agentlib", "-Xbootclasspath", "--patch-module", "--upgrade-module-path", "-XX:OnError", "-XX:OnOutOfMemoryError", "-XX:Flags", "-XX:VMOptionsFile", "-cp", "-classpath",
        "--class-path", "@",
    ];

    /// <summary>Options by which the program loads or runs something.</summary>
    private static readonly Dictionary<string, string[]> Options = new(StringComparer.Ordinal)
    {
        ["NODE_OPTIONS"] = ["--require", "-r", "--import", "--loader", "--experimental-loader", "--env-file", "--inspect", "--openssl-config"],
        ["JAVA_TOOL_OPTIONS"] = Java, ["_JAVA_OPTIONS"] = Java, ["JDK_JAVA_OPTIONS"] = Java,
        ["PERL5OPT"] = ["-M", "-m", "-I", "-d"],
        ["RUBYOPT"] = ["-r", "-I"],
    };

    /// <summary>Commands and programs.</summary>
    private static readonly HashSet<string> Commands = new(StringComparer.Ordinal)
    {
        "PROMPT_COMMAND", "PS4", "PERL5DB", "LUA_INIT", "PAGER", "MANPAGER", "EDITOR", "VISUAL", "BROWSER", "LESSOPEN", "GIT_SSH_COMMAND", "GIT_SSH", "GIT_EXTERNAL_DIFF", "GIT_PROXY_COMMAND", "GIT_ASKPASS", "GIT_EDITOR",
        "GIT_PAGER", "GIT_SEQUENCE_EDITOR", "SSH_ASKPASS",
    };

    /// <summary>Lists of folders; what was deployed may be among them.</summary>
    private static readonly HashSet<string> Folders = new(StringComparer.Ordinal) { "PATH", "PYTHONPATH", "NODE_PATH", "PERL5LIB", "PERLLIB", "RUBYLIB", "LD_LIBRARY_PATH" };

    private static readonly string[] Deployed = ["/var/task", "/opt", "/usr", "/bin", "/lib", "/var/lang", "/var/runtime"];

    private static readonly SearchValues<char> Structure = SearchValues.Create("`$();|&");

    /// <param name="entry"><c>NAME=value</c>, of a name that the interposer knows to be such a variable.</param>
    /// <param name="texts">Of the event.</param>
    internal static SinkHit? Check(string entry, IReadOnlyList<EventText> texts)
    {
        var equals = entry.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
            return null;
        var (name, value) = (entry[..equals], entry[(equals + 1)..].Trim());
        if (name.StartsWith("BASH_FUNC_", StringComparison.Ordinal) || Commands.Contains(name) || name is "BASH_ENV" or "ENV")
        {
            if (ProcessSink.Added(value, texts) is { } added)
                return added with { Reason = $"event field `{added.Field}` adds a command to the variable {name}, by which programs are told what to run" };
        }
        foreach (var (field, whole) in texts)
        {
            var text = whole.Trim();
            if (Piece(text, value) is not { } piece || !Steers(name, value, piece))
                continue;
            return new("code-injection", field, SinkHit.Cut(entry), $"event field `{field}` is in the variable {name}, by which programs are told what to run", true);
        }
        return null;
    }

    /// <summary>What of the value stands in the text: the whole of one of them; <c>NAME=value</c> may have come in one.</summary>
    private static string? Piece(string text, string value) =>
        text.Length >= MinRun && value.Contains(text, StringComparison.Ordinal) ? text
        : value.Length >= MinRun && text.Length > value.Length && text.EndsWith(value, StringComparison.Ordinal) && text[text.Length - value.Length - 1] is '=' or ' ' or '\t' ? value : null;

    private static bool Steers(string name, string value, string piece)
    {
        if (Options.TryGetValue(name, out var options))
            return HasOption(piece, options) || (piece.Contains('/', StringComparison.Ordinal) && IsOf(value, piece, options));
        if (Commands.Contains(name) || name.StartsWith("BASH_FUNC_", StringComparison.Ordinal))
            return piece.AsSpan().ContainsAny(Structure) || (piece == value && piece.AsSpan().ContainsAny(' ', '/'));
        var isFolders = Folders.Contains(name);
        foreach (var part in value.Split([':', ' ', ';'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Contains('/', StringComparison.Ordinal) && (piece.Contains(part, StringComparison.Ordinal) || (part.StartsWith(piece, StringComparison.Ordinal) && piece[0] == '/') || (part.Contains(piece, StringComparison.Ordinal) && piece.Contains("..", StringComparison.Ordinal)))
                && !(isFolders && Array.Exists(Deployed, d => part == d || PathSink.Normalize(part).StartsWith(d + "/", StringComparison.Ordinal))))
                return true;
        }
        return false;
    }

    private static bool HasOption(string piece, string[] options) =>
        piece.Split([' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries).Any(w => Array.Exists(options, o => w.StartsWith(o, StringComparison.Ordinal)));

    /// <summary>The piece is what such an option is given.</summary>
    private static bool IsOf(string value, string piece, string[] options)
    {
        var before = value.AsSpan(0, value.IndexOf(piece, StringComparison.Ordinal));
        var word = before[(before.TrimEnd(" =:").LastIndexOfAny(" \t") + 1)..];
        foreach (var option in options)
        {
            if (word.StartsWith(option, StringComparison.Ordinal))
                return true;
        }
        return false;
    }
}
