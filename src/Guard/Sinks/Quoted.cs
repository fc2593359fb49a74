using System.Buffers;
using Pellicle.Inspection;

namespace Pellicle.Guard.Sinks;

/// <summary>
/// What an event's program text holds in quotes: a file it opens, a command it starts, an expression that becomes code. Evaluators of many kinds (OGNL, MVEL, Groovy, XMLDecoder, YAML, an `eval`
/// that no probe sees) take such a text whole, and what comes to a sink is only the piece in quotes.
/// </summary>
internal static class Quoted
{
    private const int MinExpression = 6;
    private const int MinCode = 10;
    private const int MaxExpressions = 64;

    /// <summary>Places whose files programs seldom open by a name that also stands in an event; those that libraries read by themselves are left out.</summary>
    private static readonly string[] Telling = ["/etc/", "/proc/", "/var/", "/root/", "/home/", "/opt/"];

    private static readonly string[] Ordinary = ["/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/localtime", "/etc/timezone", "/etc/ssl/", "/etc/pki/", "/etc/mime.types", "/etc/fonts/", "/etc/os-release", "/var/lang/"];

    /// <summary>Commands of one word that tell who and where one is.</summary>
    private static readonly HashSet<string> Looks = new(StringComparer.Ordinal) { "id", "whoami", "printenv", "env", "uname", "ifconfig", "netstat" };

    private static readonly (string Open, string Close)[] Expressions = [("<%", "%>"), ("{{", "}}"), ("{%", "%}"), ("${", "}"), ("#{", "}")];

    /// <summary>What code of the languages with a probe names to reach outside itself.</summary>
    private static readonly SearchValues<string> Reaches = SearchValues.Create(
        ["process", "require", "child_process", "import(", "mainModule", "globalThis", "global.", "constructor", "eval(", "Function(", "__import__", "__class__", "__globals__", "subprocess", "os.", "open("], StringComparison.Ordinal);

    /// <summary>The file's whole path stands in quotes within a longer text.</summary>
    internal static SinkHit? Path(string resolved, string raw, IReadOnlyList<EventText> texts)
    {
        if (!Array.Exists(Telling, p => resolved.StartsWith(p, StringComparison.Ordinal)) || Array.Exists(Ordinary, p => resolved.StartsWith(p, StringComparison.Ordinal)))
            return null;
        foreach (var (field, text) in texts)
        {
            if (Holds(text, resolved) || (raw != resolved && raw.StartsWith('/') && raw.Length > 4 && Holds(text, raw)))
                return new("path-traversal", field, SinkHit.Cut(resolved), $"event field `{field}` names the path in quotes", true);
            if (text.Length > resolved.Length && !Inspector.IsOwnDocument(resolved) && EndsSetting(text, resolved))
                return new("path-traversal", field, SinkHit.Cut(resolved), $"event field `{field}` names the path as a setting's value", true);
        }
        return null;
    }

    private static readonly SearchValues<char> Ends = SearchValues.Create(";&}");

    /// <summary>The path is the value of a setting, or ends a look-up: <c>Mode=x;Data Source=/var/tmp/y.db</c>, <c>${file:UTF-8:/etc/passwd}</c>.</summary>
    private static bool EndsSetting(string text, string path)
    {
        for (var at = text.IndexOf(path, StringComparison.Ordinal); at >= 0; at = text.IndexOf(path, at + 1, StringComparison.Ordinal))
        {
            var end = at + path.Length;
            // Before it is a sign of one kind, and behind it the end of one: lists of variables and stacks have other signs there.
            if (at > 0 && text[at - 1] is '=' or ':' && (end == text.Length ? text.Contains(';', StringComparison.Ordinal) : Ends.Contains(text[end])))
                return true;
        }
        return false;
    }

    /// <summary>The command stands in quotes within a text that calls something.</summary>
    internal static SinkHit? Command(string command, IReadOnlyList<EventText> texts)
    {
        if (command.Length > 4096 || !(Looks.Contains(command) || (command.Length > 4 && command.Contains(' ', StringComparison.Ordinal))))
            return null;
        foreach (var (field, text) in texts)
        {
            if (Holds(text, command) && CodeSink.IsCode(text))
                return new("command-injection", field, SinkHit.Cut(command), $"event field `{field}` is program text that holds the command in quotes", true);
        }
        return null;
    }

    /// <summary>A text of settings or elements holds the command as a value: <c>cmd: ls /</c>, <c>cmd = ls /</c>, <c>&lt;cmd&gt;ls /&lt;/cmd&gt;</c>, <c>- ls /</c>.</summary>
    internal static bool IsValue(string text, string command)
    {
        if (command.Length > 4096)
            return false;
        for (var at = text.IndexOf(command, StringComparison.Ordinal); at >= 0; at = text.IndexOf(command, at + 1, StringComparison.Ordinal))
        {
            var before = text.AsSpan(0, at).TrimEnd(" \t\"'");
            var after = text.AsSpan(at + command.Length).TrimStart(" \t\"'\r");
            var ended = after.IsEmpty || after[0] is '\n' or '<';
            // A sign with nothing but a name before it on its line; prose has colons, too.
            if (ended && before.Length > 0 && (before[^1] == '>' || (before[^1] is ':' or '=' or '-' && IsName(before[..^1]))))
                return true;
        }
        return false;
    }

    /// <summary>What stands on the line before the sign is a member's name, or nothing.</summary>
    private static bool IsName(ReadOnlySpan<char> before)
    {
        var line = before[(before.LastIndexOf('\n') + 1)..].Trim().TrimStart("- ");
        return !line.ContainsAny(" \t");
    }

    /// <summary>The code is a piece of the text, or holds an expression that the text has between a template's signs, and it reaches outside.</summary>
    internal static bool Brings(string text, string code)
    {
        if (!text.AsSpan().ContainsAny(Reaches) || !code.AsSpan().ContainsAny(Reaches))
            return false;
        var body = code.AsSpan().Trim();
        if (IsPiece(text, body) || (body.IndexOf('\n') is > 0 and var end && IsPiece(text, body[end..].Trim())))
            return true;
        return Array.Exists(Expressions, e => HasExpression(text, e.Open, e.Close, code)) || HasLine(text, code);
    }

    private static bool IsPiece(ReadOnlySpan<char> text, ReadOnlySpan<char> code) =>
        code.Length >= MinCode && code.Length < text.Length && code.ContainsAny(Reaches) && text.Contains(code, StringComparison.Ordinal);

    private static bool HasExpression(string text, string open, string close, string code)
    {
        var at = text.IndexOf(open, StringComparison.Ordinal);
        for (var count = 0; at >= 0 && count < MaxExpressions; count++)
        {
            var from = at + open.Length;
            var end = text.IndexOf(close, from, StringComparison.Ordinal);
            if (end < 0)
                return false;
            if (IsIn(code, text.AsSpan(from, end - from).Trim("=-_!#~& \t\r\n")))
                return true;
            at = text.IndexOf(open, end, StringComparison.Ordinal);
        }
        return false;
    }

    /// <summary>Pug's lines: <c>p= expression</c>, <c>- statement</c>.</summary>
    private static bool HasLine(string text, string code)
    {
        var lines = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (++lines > MaxExpressions)
                return false;
            var sign = line.IndexOfAny("=-");
            if (sign >= 0 && IsIn(code, line[(sign + 1)..].Trim("=!- \t")))
                return true;
        }
        return false;
    }

    private static bool IsIn(string code, ReadOnlySpan<char> expression) =>
        expression.Length >= MinExpression && expression.ContainsAny(Reaches) && code.AsSpan().Contains(expression, StringComparison.Ordinal);

    /// <summary>Whether a text holds a word within quotes, or as the whole of an element or a list of one.</summary>
    internal static bool Holds(string text, string word)
    {
        for (var at = text.IndexOf(word, StringComparison.Ordinal); at >= 0; at = text.IndexOf(word, at + 1, StringComparison.Ordinal))
        {
            var end = at + word.Length;
            if (at > 0 && end < text.Length && (text[at - 1], text[end]) is ('\'', '\'') or ('"', '"') or ('`', '`') or ('>', '<') or ('[', ']'))
                return true;
        }
        return false;
    }
}
