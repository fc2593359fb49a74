using System.Collections.Frozen;

namespace Pellicle.Inspection.Detectors;

/// <summary>
/// A text that, pasted into an SQL statement bare or inside quotes, changes the statement's structure.
/// The text is read as SQL three times: as it stands, and as what follows an open single or double quote.
/// </summary>
internal sealed class SqlInjection : IDetector
{
    private const int MaxTokens = 96;

    private enum Kind : byte
    {
        Word,
        Number,
        Text,
        Logic,
        Compare,
        Operator,
        Comma,
        Open,
        Close,
        Semicolon,
        Comment,
        Union,
        Select,
        Statement,
        Clause,
        Function,
        Variable,
        Other,
    }

    private readonly record struct Token(Kind Kind, int Start, int Length);

    private static readonly FrozenDictionary<string, Kind> Keywords = new Dictionary<string, Kind>(StringComparer.OrdinalIgnoreCase)
    {
        ["and"] = Kind.Logic, ["or"] = Kind.Logic, ["xor"] = Kind.Logic, ["not"] = Kind.Logic, ["div"] = Kind.Operator, ["mod"] = Kind.Operator,
        ["like"] = Kind.Compare, ["rlike"] = Kind.Compare, ["regexp"] = Kind.Compare, ["ilike"] = Kind.Compare, ["between"] = Kind.Compare, ["in"] = Kind.Compare, ["is"] = Kind.Compare, ["sounds"] = Kind.Compare, ["exists"] = Kind.Compare,
        ["union"] = Kind.Union, ["intersect"] = Kind.Union, ["except"] = Kind.Union, ["select"] = Kind.Select,
        ["insert"] = Kind.Statement, ["update"] = Kind.Statement, ["delete"] = Kind.Statement, ["drop"] = Kind.Statement, ["create"] = Kind.Statement, ["alter"] = Kind.Statement, ["truncate"] = Kind.Statement, ["exec"] = Kind.Statement,
        ["execute"] = Kind.Statement, ["declare"] = Kind.Statement, ["shutdown"] = Kind.Statement, ["waitfor"] = Kind.Statement, ["grant"] = Kind.Statement, ["revoke"] = Kind.Statement, ["merge"] = Kind.Statement, ["replace"] = Kind.Statement,
        ["begin"] = Kind.Statement, ["call"] = Kind.Statement, ["attach"] = Kind.Statement, ["copy"] = Kind.Statement, ["set"] = Kind.Statement, ["if"] = Kind.Statement, ["backup"] = Kind.Statement, ["load"] = Kind.Statement, ["handler"] = Kind.Statement,
        ["from"] = Kind.Clause, ["where"] = Kind.Clause, ["having"] = Kind.Clause, ["group"] = Kind.Clause, ["order"] = Kind.Clause, ["limit"] = Kind.Clause, ["into"] = Kind.Clause, ["procedure"] = Kind.Clause, ["case"] = Kind.Clause, ["when"] = Kind.Clause, ["offset"] = Kind.Clause, ["rows"] = Kind.Clause,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, Kind>.AlternateLookup<ReadOnlySpan<char>> KeywordOf = Keywords.GetAlternateLookup<ReadOnlySpan<char>>();

    // Calls and names that only an attack on a database brings into a parameter.
    private static readonly Literals Certain = new(
        "pg_sleep(", "waitfor delay", "xp_cmdshell", "xp_dirtree", "sp_executesql", "load_file(", "into outfile", "into dumpfile", "extractvalue(", "updatexml(", "utl_http.", "utl_inaddr.", "dbms_pipe.", "dbms_lock.", "dbms_ldap.", "ctxsys.", "information_schema.",
        "@@version", "@@datadir", "sysobjects", "syscolumns", "pg_catalog.", "sqlite_master", "benchmark(", "randomblob(", "generate_series(", "procedure analyse", "make_set(", "gtid_subset(", "json_keys((select", "elt(", "exp(~(", "convert(int,", "char(", "group_concat(", "concat_ws(", "rdb$", "master..", "mysql.user", "load data infile", "lo_import(", "copy (select");

    // Four characters at least, see LiteralTable; "or" is looked for with what may stand beside it.
    private static readonly Literals Speech = new(
        "union", "select", "insert", "update", "delete", "drop", "create", "alter", "truncate", "exec", "declare", "shutdown", "waitfor", "grant", "revoke", "merge", "begin", "sleep", "having", "procedure", "order", "group", "exists",
        " or ", ")or ", " or(", ")or(", " or\t", " or\n", " or-", " or+", " or~", " or!", " or@", "*/or", "or/*", "+or+", "\tor\t", "\nor\n", " and", ")and", "*/and", "\nand", "\tand", "+and", "and(", " xor", ")xor", "between", "attach", "handler");

    public string Id => "sql-injection";

    public IReadOnlyList<Literals> Sets { get; } = [Certain, Speech];

    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        if (text.Length < 3)
        {
            return Match.None;
        }

        // A change of structure needs a quote, a word of the language or two bars; comments and numbers alone change nothing.
        if (!subject.Any(Signs.Quote | Signs.Bar | Signs.Ampersand) && !subject.Has(Speech) && !subject.Has(Certain))
        {
            return Match.None;
        }

        var span = text.AsSpan();

        Span<Token> buffer = stackalloc Token[MaxTokens];
        var best = Judge(text, buffer[..Tokenize(text, 0, buffer)], quoted: false);
        foreach (var quote in "'\"`")
        {
            var at = text.IndexOf(quote);
            for (var tries = 0; at >= 0 && tries < 3; tries++)
            {
                // What stands before the quote would be inside the application's own string.
                best = best.Or(Judge(text, buffer[..Tokenize(text, at + 1, buffer)], quoted: true));
                at = text.IndexOf(quote, at + 1);
            }
        }

        var named = subject.Find(Certain, 0.6);
        if (named.Confidence > 0 && span[named.Start..].StartsWith("char(", StringComparison.OrdinalIgnoreCase) && !text.Contains("char(", StringComparison.Ordinal) && !text.Contains("CHAR(", StringComparison.Ordinal))
        {
            named = Match.None;
        }

        if (named.Confidence > 0)
        {
            // A short parameter that names them is an attack; a longer text may be about them.
            best = best.Or(named with { Confidence = text.Length < 400 && span.IndexOfAny("'\"()=;") >= 0 ? (best.Confidence >= 0.5 ? 0.97 : 0.85) : 0.5 });
        }

        return text.Length > 4000 && best.Confidence < 0.97 ? best with { Confidence = Math.Min(best.Confidence, 0.6) } : best;
    }

    private static Match Judge(string text, ReadOnlySpan<Token> tokens, bool quoted)
    {
        if (tokens.Length == 0)
        {
            return Match.None;
        }

        var best = Match.None;
        // union [all|distinct] [(] select
        for (var i = 0; i < tokens.Length; i++)
        {
            if (tokens[i].Kind == Kind.Union)
            {
                var j = i + 1;
                while (j < tokens.Length && j < i + 5 && (tokens[j].Kind is Kind.Open or Kind.Comment || Is(text, tokens[j], "all") || Is(text, tokens[j], "distinct")))
                {
                    j++;
                }

                if (j < tokens.Length && tokens[j].Kind == Kind.Select)
                {
                    var plain = i + 1 == j && j + 1 < tokens.Length && tokens[j + 1].Kind == Kind.Word && !quoted && i > 0 && tokens[i - 1].Kind == Kind.Word;
                    best = best.Or(At(text, tokens[i], plain ? 0.6 : 0.96));
                }
            }
        }

        var start = 0;
        if (quoted)
        {
            // admin'--   x'#   '/*
            if (tokens[0].Kind == Kind.Comment && (tokens.Length == 1 || text[tokens[0].Start] == '/'))
            {
                best = best.Or(At(text, tokens[0], Rest(text, tokens[0]) < 3 ? 0.92 : 0.8));
            }
        }

        while (start < tokens.Length && tokens[start].Kind is Kind.Close or Kind.Comment)
        {
            start++;
        }

        if (quoted)
        {
            best = best.Or(Condition(text, tokens, start, quoted));
        }
        else if (start < tokens.Length && tokens[start].Kind is Kind.Number or Kind.Text or Kind.Variable)
        {
            var next = start + 1;
            while (next < tokens.Length && tokens[next].Kind is Kind.Close or Kind.Comment)
            {
                next++;
            }

            best = best.Or(Condition(text, tokens, next, quoted));
        }
        else if (tokens.Length > 2 && tokens[0].Kind == Kind.Logic && text.Length < 200)
        {
            best = best.Or(Condition(text, tokens, 0, quoted));
        }
        else if (tokens.Length > 3 && tokens[start < tokens.Length ? start : 0].Kind == Kind.Word && text.Length < 200)
        {
            // name or 1=1
            best = best.Or(Condition(text, tokens, start + 1, quoted));
        }

        for (var i = 0; i < tokens.Length; i++)
        {
            switch (tokens[i].Kind)
            {
                case Kind.Semicolon when i + 1 < tokens.Length && tokens[i + 1].Kind is Kind.Statement or Kind.Select:
                    best = best.Or(At(text, tokens[i], Statement(text, tokens[(i + 1)..]) ? (quoted || i == 0 || tokens[i - 1].Kind is Kind.Number or Kind.Text or Kind.Close ? 0.95 : 0.9) : 0.4));
                    break;
                case Kind.Function when IsDelay(text, tokens[i]):
                    best = best.Or(At(text, tokens[i], i > 0 ? 0.92 : 0.6));
                    break;
                case Kind.Open when i + 1 < tokens.Length && tokens[i + 1].Kind == Kind.Select && HasFrom(text, tokens[(i + 1)..]):
                    best = best.Or(At(text, tokens[i], 0.9));
                    break;
                case Kind.Clause when quoted && i == start && Is(text, tokens[i], "order") && i + 2 < tokens.Length && Is(text, tokens[i + 1], "by") && tokens[i + 2].Kind == Kind.Number:
                case Kind.Clause when i > 0 && tokens[i - 1].Kind is Kind.Number or Kind.Close && Is(text, tokens[i], "order") && i + 2 < tokens.Length && Is(text, tokens[i + 1], "by") && tokens[i + 2].Kind == Kind.Number:
                    best = best.Or(At(text, tokens[i], 0.92));
                    break;
                case Kind.Clause when (quoted && i == start || i > 0 && tokens[i - 1].Kind is Kind.Number or Kind.Close) && (Is(text, tokens[i], "having") || Is(text, tokens[i], "group") || Is(text, tokens[i], "procedure")):
                    best = best.Or(At(text, tokens[i], 0.9));
                    break;
                case Kind.Select when i == 0 && !quoted && HasFrom(text, tokens) && (tokens[1].Kind is Kind.Operator or Kind.Function or Kind.Variable or Kind.Number || tokens.Length > 2 && tokens[2].Kind == Kind.Comma):
                    best = best.Or(At(text, tokens[i], 0.85));
                    break;
                case Kind.Statement when i == 0 && !quoted && Statement(text, tokens):
                    best = best.Or(At(text, tokens[i], 0.7));
                    break;
                default:
                    break;
            }
        }

        return best;
    }

    /// <summary>A logical operator and something that is true, false, slow or a query: <c>or 1=1</c>, <c>and sleep(5)</c>, <c>|| 'a'='a</c>.</summary>
    private static Match Condition(string text, ReadOnlySpan<Token> tokens, int at, bool quoted)
    {
        if (at >= tokens.Length)
        {
            return Match.None;
        }

        var token = tokens[at];
        if (token.Kind == Kind.Compare && quoted && at + 1 < tokens.Length && text[token.Start] is '=' or '<' or '>' or '!')
        {
            // '=' '   '<>'   : the comparison tricks that make a string true
            return tokens[at + 1].Kind is Kind.Text or Kind.Number && text.Length < 64 ? At(text, token, 0.9) : Match.None;
        }

        if (token.Kind == Kind.Operator && quoted && at + 1 < tokens.Length && (tokens[at + 1].Kind == Kind.Function && at + 2 < tokens.Length) && text[token.Start] is '+' or '-' or '*' or '|')
        {
            return At(text, token, 0.9);
        }

        if (token.Kind != Kind.Logic)
        {
            return Match.None;
        }

        var i = at + 1;
        var depth = 0;
        while (i < tokens.Length && (tokens[i].Kind is Kind.Open or Kind.Logic or Kind.Comment || tokens[i].Kind == Kind.Operator && text[tokens[i].Start] is '!' or '~' or '-' or '+'))
        {
            depth += tokens[i].Kind == Kind.Open ? 1 : 0;
            i++;
        }

        if (i >= tokens.Length)
        {
            return Match.None;
        }

        var left = tokens[i];
        if (left.Kind is Kind.Select or Kind.Function or Kind.Variable)
        {
            return At(text, token, left.Kind == Kind.Function && !IsDelay(text, left) && !quoted && depth == 0 ? 0.7 : 0.93);
        }

        if (left.Kind == Kind.Compare && Is(text, left, "exists"))
        {
            return At(text, token, 0.93);
        }

        if (i + 1 < tokens.Length && tokens[i + 1].Kind == Kind.Compare && left.Kind is Kind.Number or Kind.Text or Kind.Word)
        {
            var right = i + 2 < tokens.Length ? tokens[i + 2].Kind : Kind.Other;
            var constant = left.Kind is Kind.Number or Kind.Text && (right is Kind.Number or Kind.Text or Kind.Function or Kind.Open or Kind.Select or Kind.Word or Kind.Variable || text[^1] == '=');
            if (constant)
            {
                return At(text, token, 0.95);
            }

            var symbol = text[tokens[i + 1].Start] is '=' or '<' or '>' or '!';
            return left.Kind == Kind.Word && right is Kind.Number or Kind.Text or Kind.Word or Kind.Other or Kind.Clause && (symbol || quoted) && (quoted || right != Kind.Word)
                ? At(text, token, quoted ? 0.92 : 0.75)
                : Match.None;
        }

        // ' or 1 --   ' or 'x   1 or 1#
        var ends = i + 1 >= tokens.Length || tokens[i + 1].Kind is Kind.Comment or Kind.Close or Kind.Semicolon or Kind.Clause;
        if (left.Kind is Kind.Number or Kind.Text && ends)
        {
            return At(text, token, quoted || (i + 1 < tokens.Length && tokens[i + 1].Kind == Kind.Comment) ? 0.92 : text.Length < 24 ? 0.6 : 0.3);
        }

        return left.Kind == Kind.Word && quoted && Is(text, left, "true") && ends ? At(text, token, 0.92) : Match.None;
    }

    private static bool Statement(string text, ReadOnlySpan<Token> tokens)
    {
        if (tokens.Length < 2)
        {
            return tokens.Length == 1 && Is(text, tokens[0], "shutdown");
        }

        var first = Slice(text, tokens[0]);
        var second = Slice(text, tokens[1]);
        if (tokens[0].Kind == Kind.Select)
        {
            return tokens[1].Kind is Kind.Function or Kind.Number or Kind.Variable or Kind.Operator or Kind.Text || HasFrom(text, tokens);
        }

        return first.ToString().ToLowerInvariant() switch
        {
            "drop" or "create" or "alter" or "truncate" => Match(second, "table", "database", "user", "index", "view", "schema", "function", "procedure", "trigger", "login", "column", "role", "extension"),
            "insert" => Match(second, "into"),
            "delete" => Match(second, "from"),
            "update" => tokens.Length > 3 && Is(text, tokens[2], "set"),
            "exec" or "execute" => tokens[1].Kind is Kind.Function or Kind.Open || Match(second, "master", "xp_cmdshell", "sp_", "immediate") || second.StartsWith("xp_", StringComparison.OrdinalIgnoreCase) || second.StartsWith("sp_", StringComparison.OrdinalIgnoreCase),
            "declare" or "set" => tokens[1].Kind == Kind.Variable,
            "waitfor" => Match(second, "delay", "time"),
            "shutdown" => tokens[1].Kind is Kind.Comment or Kind.Semicolon,
            "grant" or "revoke" => Match(second, "all", "select", "insert", "update", "dba"),
            "if" => tokens[1].Kind == Kind.Open,
            "begin" => tokens.Length > 2 && tokens[2].Kind is Kind.Statement or Kind.Function,
            "copy" or "load" or "backup" or "attach" or "call" => Match(second, "data", "database", "(") || tokens[1].Kind == Kind.Open,
            _ => false,
        };

        static bool Match(ReadOnlySpan<char> word, params ReadOnlySpan<string> options)
        {
            foreach (var option in options)
            {
                if (word.Equals(option, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }

            return false;
        }
    }

    private static bool HasFrom(string text, ReadOnlySpan<Token> tokens)
    {
        for (var i = 1; i < tokens.Length; i++)
        {
            if (Is(text, tokens[i], "from"))
            {
                return true;
            }
        }

        return tokens.Length > 1 && tokens[1].Kind is Kind.Function or Kind.Variable;
    }

    private static bool IsDelay(string text, Token token)
    {
        var name = Slice(text, token);
        return name.Equals("sleep", StringComparison.OrdinalIgnoreCase) || name.Equals("benchmark", StringComparison.OrdinalIgnoreCase) || name.Equals("pg_sleep", StringComparison.OrdinalIgnoreCase);
    }

    private static bool Is(string text, Token token, string word) => Slice(text, token).Equals(word, StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> Slice(string text, Token token) => text.AsSpan(token.Start, token.Length);

    private static Match At(string text, Token token, double confidence) => new(confidence, token.Start, Math.Min(80, text.Length - token.Start));

    private static int Rest(string text, Token token) => text.Length - token.Start - token.Length;

    private static int Tokenize(string text, int start, Span<Token> tokens)
    {
        var count = 0;
        var i = start;
        while (i < text.Length && count < tokens.Length)
        {
            var c = text[i];
            var from = i;
            if (char.IsWhiteSpace(c) || c is '\u00a0' or '\0' or '+' && i + 1 < text.Length && char.IsLetter(text[i + 1]) && i > 0 && char.IsLetterOrDigit(text[i - 1]))
            {
                i++;
                continue;
            }

            Kind kind;
            if (char.IsLetter(c) || c == '_')
            {
                while (i < text.Length && (char.IsLetterOrDigit(text[i]) || text[i] is '_' or '$'))
                {
                    i++;
                }

                var word = text.AsSpan(from, i - from);
                var after = i;
                while (after < text.Length && text[after] == ' ')
                {
                    after++;
                }

                kind = KeywordOf.TryGetValue(word, out var keyword) ? keyword : after < text.Length && text[after] == '(' ? Kind.Function : Kind.Word;
            }
            else if (char.IsAsciiDigit(c) || (c == '.' && i + 1 < text.Length && char.IsAsciiDigit(text[i + 1])))
            {
                while (i < text.Length && (char.IsAsciiHexDigit(text[i]) || text[i] is '.' or 'x' or 'X'))
                {
                    i++;
                }

                kind = Kind.Number;
            }
            else if (c is '\'' or '"' or '`')
            {
                i++;
                while (i < text.Length && text[i] != c)
                {
                    i += text[i] == '\\' ? 2 : 1;
                }

                i = Math.Min(i + 1, text.Length);
                kind = Kind.Text;
            }
            else if (c == '-' && i + 1 < text.Length && text[i + 1] == '-' && (i + 2 >= text.Length || text[i + 2] is ' ' or '-' or '+' or '\n' or '\t' || i + 2 == text.Length))
            {
                kind = Kind.Comment;
                i = LineEnd(text, i);
            }
            else if (c == '#')
            {
                kind = Kind.Comment;
                i = LineEnd(text, i);
            }
            else if (c == '/' && i + 1 < text.Length && text[i + 1] == '*')
            {
                // MySQL runs what stands in /*! ... */: step inside.
                if (i + 2 < text.Length && text[i + 2] == '!')
                {
                    i += 3;
                    while (i < text.Length && char.IsAsciiDigit(text[i]))
                    {
                        i++;
                    }

                    continue;
                }

                var close = text.IndexOf("*/", i + 2, StringComparison.Ordinal);
                if (close >= 0)
                {
                    // An inline comment is white space.
                    i = close + 2;
                    continue;
                }

                kind = Kind.Comment;
                i = text.Length;
            }
            else if (c == '*' && i + 1 < text.Length && text[i + 1] == '/')
            {
                i += 2;
                continue;
            }
            else if (c == '@')
            {
                while (i < text.Length && (text[i] == '@' || Words.IsWord(text[i])))
                {
                    i++;
                }

                kind = Kind.Variable;
            }
            else if (c is '&' or '|' && i + 1 < text.Length && text[i + 1] == c)
            {
                i += 2;
                kind = Kind.Logic;
            }
            else if (c is '=' or '<' or '>' || (c == '!' && i + 1 < text.Length && text[i + 1] == '='))
            {
                while (i < text.Length && text[i] is '=' or '<' or '>' or '!')
                {
                    i++;
                }

                kind = Kind.Compare;
            }
            else
            {
                i++;
                kind = c switch
                {
                    ',' => Kind.Comma,
                    '(' => Kind.Open,
                    ')' => Kind.Close,
                    ';' => Kind.Semicolon,
                    '+' or '-' or '*' or '/' or '%' or '^' or '|' or '&' or '~' or '!' => Kind.Operator,
                    _ => Kind.Other,
                };
            }

            tokens[count++] = new Token(kind, from, i - from);
        }

        return count;
    }

    private static int LineEnd(string text, int from)
    {
        var end = text.IndexOf('\n', from);
        return end < 0 ? text.Length : end + 1;
    }
}
