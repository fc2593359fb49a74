namespace Pellicle.Guard.Sinks;

internal enum SqlTokenKind
{
    /// <summary>A keyword, a name, or a parameter.</summary>
    Word,

    Number,

    /// <summary>A string or a quoted name: whatever stands in it is a value.</summary>
    Quoted,

    /// <summary>A comment, of any kind.</summary>
    Comment,

    /// <summary>An operator or a bracket.</summary>
    Symbol,
}

/// <summary>One token of a statement.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Start">Index in the statement.</param>
/// <param name="Length">Characters, with its quotes.</param>
/// <param name="Open">A literal that nothing ends: every database refuses the statement.</param>
internal readonly record struct SqlToken(SqlTokenKind Kind, int Start, int Length, bool Open = false)
{
    internal int End => Start + Length;

    internal ReadOnlySpan<char> In(string statement) => statement.AsSpan(Start, Length);
}

/// <summary>
/// Reads a statement only as far as needed to tell values from structure, as the database that gets it does:
/// https://www.postgresql.org/docs/15/sql-syntax-lexical.html, https://dev.mysql.com/doc/refman/8.4/en/language-structure.html, https://sqlite.org/lang_keywords.html.
/// Each with its ordinary settings (<c>standard_conforming_strings</c> on, no <c>NO_BACKSLASH_ESCAPES</c>).
/// </summary>
internal static class SqlText
{
    internal const string MySql = "mysql", PostgreSql = "postgresql", Sqlite = "sqlite";

    /// <summary>Tokens in order; linear in the statement's length. What is not closed goes to the end and is <see cref="SqlToken.Open"/>.</summary>
    internal static List<SqlToken> Read(string text, string dialect)
    {
        var tokens = new List<SqlToken>();
        for (var at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]) || text[at] == '\0')
            {
                at++;
                continue;
            }
            var (kind, end) = Next(text, at, dialect, tokens.Count > 0 && tokens[^1].End == at ? tokens[^1].In(text) : default);
            tokens.Add(new(kind, at, Math.Min(end, text.Length) - at, end > text.Length));
            at = end;
        }
        return tokens;
    }

    private static (SqlTokenKind Kind, int End) Next(string text, int at, string dialect, ReadOnlySpan<char> touching)
    {
        var c = text[at];
        var next = at + 1 < text.Length ? text[at + 1] : '\0';
        switch (c)
        {
            case '\'':
                var backslash = dialect == MySql || (dialect == PostgreSql && touching is "E" or "e");
                return (SqlTokenKind.Quoted, Close(text, at, '\'', backslash));
            case '"':
                return (SqlTokenKind.Quoted, Close(text, at, '"', dialect == MySql));
            case '`' when dialect != PostgreSql:
                return (SqlTokenKind.Quoted, Close(text, at, '`', false));
            case '[' when dialect == Sqlite:
                return (SqlTokenKind.Quoted, Close(text, at, ']', false));
            // In MySQL `--` is a comment only before a blank or the end.
            case '-' when next == '-' && (dialect != MySql || at + 2 >= text.Length || text[at + 2] <= ' '):
            case '#' when dialect == MySql:
                var line = text.IndexOf('\n', at);
                return (SqlTokenKind.Comment, line < 0 ? text.Length : line);
            case '/' when next == '*':
                return (SqlTokenKind.Comment, BlockComment(text, at, nested: dialect == PostgreSql));
            case '$' when dialect == PostgreSql && DollarQuote(text, at) is { } end:
                return (SqlTokenKind.Quoted, end);
        }
        if (IsWord(c))
            return char.IsAsciiDigit(c) ? (SqlTokenKind.Number, Number(text, at)) : (SqlTokenKind.Word, Word(text, at));
        if (c == '.' && char.IsAsciiDigit(next))
            return (SqlTokenKind.Number, Number(text, at));
        return (SqlTokenKind.Symbol, at + (next == c && c is '|' or '&' ? 2 : 1));
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '_' or '$' or '@' or '?' or ':' || c > '\x7F';

    private static int Word(string text, int at)
    {
        while (at < text.Length && IsWord(text[at]))
            at++;
        return at;
    }

    /// <summary>With fraction and exponent; the sign of the exponent is part of it.</summary>
    private static int Number(string text, int at)
    {
        while (at < text.Length && (IsWord(text[at]) || text[at] == '.' || (text[at] is '+' or '-' && text[at - 1] is 'e' or 'E' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]))))
            at++;
        return at;
    }

    /// <summary>Behind the quote that ends it; one more than the text's length when there is none.</summary>
    private static int Close(string text, int at, char quote, bool backslash)
    {
        for (var i = at + 1; i < text.Length; i++)
        {
            if (backslash && text[i] == '\\')
                i++;
            else if (text[i] == quote && i + 1 < text.Length && text[i + 1] == quote && quote != ']')
                i++;
            else if (text[i] == quote)
                return i + 1;
        }
        return text.Length + 1;
    }

    private static int BlockComment(string text, int at, bool nested)
    {
        var depth = 1;
        for (var i = at + 2; i + 1 < text.Length; i++)
        {
            if (text[i] == '*' && text[i + 1] == '/')
            {
                i++;
                if (--depth == 0)
                    return i + 1;
            }
            else if (nested && text[i] == '/' && text[i + 1] == '*')
            {
                i++;
                depth++;
            }
        }
        return text.Length;
    }

    /// <summary><c>$$text$$</c>, <c>$tag$text$tag$</c>; null for a parameter such as <c>$1</c>.</summary>
    private static int? DollarQuote(string text, int at)
    {
        var end = at + 1;
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] == '_'))
            end++;
        if (end >= text.Length || text[end] != '$' || (end > at + 1 && char.IsAsciiDigit(text[at + 1])))
            return null;
        var tag = text[at..(end + 1)];
        var close = text.IndexOf(tag, end + 1, StringComparison.Ordinal);
        return close < 0 ? text.Length + 1 : close + tag.Length;
    }
}
