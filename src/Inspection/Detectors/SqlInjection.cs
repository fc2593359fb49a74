using System.Buffers;
using System.Collections.Frozen;
using System.Runtime.CompilerServices;

namespace Pellicle.Inspection.Detectors;

/// <summary>
/// A text that, pasted into an SQL statement bare or inside quotes, changes the statement's structure.
/// The text is read as SQL three times: as it stands, and as what follows an open single or double quote.
/// </summary>
internal sealed class SqlInjection : IDetector
{
    /// <summary>Parameters are short; a longer text without a quote is not read as a condition.</summary>
    private const int LongestOperator = 3;

    private const int MaxBare = 400;

    private const int MaxTokens = 96;

    /// <summary>Places from which a text is read as what follows an open quote. INVARIANT: as <c>QUOTES</c> in Native/clean.c.</summary>
    private const int MaxQuotes = 12;

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

    private static readonly KnownWords KeywordOf = new([.. Keywords.Select(word => KeyValuePair.Create(word.Key, (int)word.Value))]);

    // Calls and names that only an attack on a database brings into a parameter.
    private static readonly Literals Certain = new(
        "pg_sleep(", "waitfor delay", "xp_cmdshell", "xp_dirtree", "sp_executesql", "load_file(", "into outfile", "into dumpfile", "extractvalue(", "updatexml(", "utl_http.", "utl_inaddr.", "dbms_pipe.", "dbms_lock.", "dbms_ldap.", "ctxsys.", "information_schema.",
        "@@version", "@@datadir", "sysobjects", "syscolumns", "pg_catalog.", "sqlite_master", "benchmark(", "randomblob(", "generate_series(", "procedure analyse", "make_set(", "gtid_subset(", "json_keys((select", "elt(", "exp(~(", "convert(int,", "char(", "group_concat(", "concat_ws(", "rdb$", "master..", "mysql.user", "load data infile", "lo_import(", "copy (select");

    // Four characters at least, see LiteralTable; "or" is looked for with what may stand beside it.
    private static readonly Literals Strong = new(
        "union", "select", "insert", "update", "delete", "drop", "create", "alter", "truncate", "exec", "declare", "shutdown", "waitfor", "grant", "revoke", "merge", "begin", "sleep", "having", "procedure", "order by", "group by", "exists", "attach", "handler", "backup") { TellAlone = false };

    private static readonly Literals Speech = new([
        .. Strong.Values, "where", "like(",
        " or ", ")or ", " or(", ")or(", " or\t", " or\n", " or-", " or+", " or~", " or!", " or@", " or'", " or\"", "'or ", "\"or ", "*/or", "or/*", "+or+", "\tor\t", "\nor\n", " and", ")and", "*/and", "\nand", "\tand", "+and", "and ", "and(", "and'", "and\"", " xor", ")xor", "between", "order", "group"]) { TellAlone = false };

    private static readonly SearchValues<char> Quotes = SearchValues.Create("'\"`");

    // Calls that make sense to a database only.
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> DatabaseCalls = new[]
    {
        "ascii", "substring", "substr", "mid", "version", "user", "database", "db_name", "current_user", "session_user", "system_user", "char", "nchar", "chr", "hex", "unhex", "conv", "ord", "lpad", "rpad", "concat", "concat_ws", "ifnull", "nullif", "isnull",
        "coalesce", "extractvalue", "updatexml", "load_file", "sleep", "pg_sleep", "benchmark", "randomblob", "like", "cast", "convert", "lower", "upper", "length", "left", "right", "count", "if", "row", "elt", "pi", "current_database", "current_setting", "utl_inaddr",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    public string Id => "sql-injection";

    /// <summary>Words that begin or change a statement; a quote before anything is worth reading where one of them stands.</summary>
    public static IReadOnlyList<string> StatementWords => Strong.Values;

    /// <summary>The words of the language.</summary>
    public static IReadOnlyCollection<string> AllKeywords => Keywords.Keys;

    /// <summary>Words of it that go on with a statement behind a quote that ends a text. INVARIANT: what <see cref="Judge"/> asks of the first token; what it asks of others stands behind a semicolon, number or parenthesis, or is a literal.</summary>
    public static string[] Joins { get; } = ["and", "or", "xor", "not", "where", "order", "having", "group", "procedure"];

    public IReadOnlyList<Literals> Sets { get; } = [Certain, Strong, Speech];

    [SkipLocalsInit]
    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        if (text.Length < 3)
        {
            return Match.None;
        }

        // A change of structure needs a quote, a word of the language or two bars; comments and numbers alone change nothing.
        // Where words have to be looked for, that comes last.
        var asks = !subject.IsRead;
        var bars = subject.Any(Signs.Bar | Signs.Ampersand);
        if (!asks && !bars && !subject.Any(Signs.Quote) && !Speaks(subject))
        {
            return Match.None;
        }

        var span = text;
        Span<Token> room = stackalloc Token[(2 * Chain.Room) + 1];
        var chain = new Chain(text, room[..Chain.Room]);
        var other = new Chain(text, room[Chain.Room..^1]);
        var one = room[^1..];
        var statements = subject.HasStatements;
        var best = (statements || text.Length < MaxBare) && (asks || bars || Speaks(subject)) && Tokenize(text, 0, one) == 1 ? Judge(text, chain.Begin(one[0], out _), -1, isPlain: !statements) : Match.None;
        if (asks && best.Confidence > 0 && !bars && !Speaks(subject))
        {
            best = Match.None;
        }

        var tries = 0;
        bool? strong = asks ? null : subject.Has(Strong);
        Span<int> counts = [-1, -1, -1];
        for (var at = span.IndexOfAny(Quotes); at >= 0 && tries < MaxQuotes; tries++)
        {
            // What stands before the quote would be inside the application's own string. A word after it ("the seat's cover") is prose,
            // unless statements are spoken of at all.
            var any = Tokenize(text, at + 1, one) == 1;
            var tells = any && (strong == true || one[0].Kind is not (Kind.Word or Kind.Number or Kind.Comma));
            if (any && (statements || Continues(text, one[0])) && (tells || strong is null) && !ClosesArgument(span, at, counts))
            {
                var tokens = chain.Has(one[0]) ? chain.Next(out var isPlain) : other.Has(one[0]) ? other.Next(out isPlain) : chain.Place < other.Place ? chain.Begin(one[0], out isPlain) : other.Begin(one[0], out isPlain);
                var found = Judge(text, tokens, at, isPlain);
                best = found.Confidence > best.Confidence && (tells || (strong ??= subject.Has(Strong)) == true) ? found : best;
            }

            var next = span[(at + 1)..].IndexOfAny(Quotes);
            at = next < 0 ? -1 : at + 1 + next;
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

    private static bool Speaks(in Subject subject) => subject.Has(Certain) || subject.Has(Speech);

    /// <summary>
    /// The quote ends a text that an expression of the event's own opened: <c>StartsWith("ch") and …</c>, <c>status == "open" and …</c>, <c>project = 'X' AND …</c>.
    /// Nothing of the application's is open there; read bare, the text is judged all the same.
    /// </summary>
    /// <param name="text">Text.</param>
    /// <param name="at">Of the quote.</param>
    /// <param name="counts">How many of each kind the text has; negative when they were not counted.</param>
    private static bool ClosesArgument(ReadOnlySpan<char> text, int at, Span<int> counts)
    {
        // Texts in a row are closed in a row: a quote that opened the text's very first, or is not closed, may be the application's.
        var quote = text[at];
        if (!char.IsAsciiLetter(text[0]) || text[..at].Count(quote) % 2 == 0)
        {
            return false;
        }

        ref var count = ref counts[quote switch { '\'' => 0, '"' => 1, _ => 2 }];
        count = count < 0 ? text.Count(quote) : count;
        if (count % 2 != 0)
        {
            return false;
        }

        var open = text[..at].LastIndexOf(quote);
        var before = text[..open].TrimEnd(' ');
        var word = before[(before.LastIndexOf(' ') + 1)..];
        if (word.Length < before.Length && (word.Equals("like", StringComparison.OrdinalIgnoreCase) || word.Equals("contains", StringComparison.OrdinalIgnoreCase)))
        {
            return char.IsAsciiLetterOrDigit(before[..^(word.Length + 1)].TrimEnd(' ') is { IsEmpty: false } field ? field[^1] : ' ');
        }

        return before.Length > 1 && before[^1] is '(' or '=' or '~' && char.IsAsciiLetterOrDigit(before[..^1].TrimEnd("=!<> ") is { IsEmpty: false } name ? name[^1] : ' ');
    }

    /// <summary>Means something in any place, behind this one before it. INVARIANT: what <see cref="Judge"/> asks of tokens, but the first ones.</summary>
    private static bool Tells(ReadOnlySpan<char> text, Kind before, Token token) => token.Kind switch
    {
        Kind.Union => true,
        Kind.Select or Kind.Statement => before is Kind.Semicolon or Kind.Open,
        Kind.Clause => before is Kind.Number or Kind.Text or Kind.Close,
        Kind.Function => IsDelay(text, token),
        _ => false,
    };

    /// <summary>It may go on with a query that a quote before it broke out of. INVARIANT: what <see cref="Judge"/> and <see cref="Condition"/> ask of the first tokens behind a quote.</summary>
    private static bool Continues(ReadOnlySpan<char> text, Token token)
    {
        Span<Token> tokens = [token];
        while (tokens[0].Kind == Kind.Close)
        {
            if (Tokenize(text, tokens[0].Start + tokens[0].Length, tokens) == 0)
            {
                return false;
            }
        }

        return tokens[0].Kind is Kind.Comment or Kind.Compare or Kind.Operator or Kind.Logic or Kind.Clause;
    }

    /// <summary>Tokens in a row. What follows a quote mostly is the rest of what follows one before it: of what is within texts, or of what is not.</summary>
    private ref struct Chain(ReadOnlySpan<char> text, Span<Token> room)
    {
        public const int Room = 4 * MaxTokens;

        private readonly ReadOnlySpan<char> _text = text;
        private readonly Span<Token> _tokens = room;
        private int _count;

        // The one that was asked for, or where it would have been.
        private int _at;
        private int _telling;

        /// <summary>Where the next token stands; negative when none is known.</summary>
        public readonly int Place => _at < _count ? _tokens[_at].Start : -1;

        /// <summary>This token is one of them; they are asked for in the order of the text.</summary>
        public bool Has(Token first)
        {
            while (_at < _count && _tokens[_at].Start < first.Start)
            {
                _at++;
            }

            return _at < _count && _tokens[_at].Start == first.Start;
        }

        /// <summary>Those from this one on, which was none of them.</summary>
        public ReadOnlySpan<Token> Begin(Token first, out bool isPlain)
        {
            _tokens[0] = first;
            (_count, _at, _telling) = (1, 0, Tells(_text, Kind.Other, first) ? 0 : -1);
            return Next(out isPlain);
        }

        /// <summary>Those from the one on that it has.</summary>
        public ReadOnlySpan<Token> Next(out bool isPlain)
        {
            if (_at + MaxTokens > _tokens.Length)
            {
                _tokens[_at.._count].CopyTo(_tokens);
                (_count, _telling, _at) = (_count - _at, _telling - _at, 0);
            }

            var known = _count;
            var last = _tokens[known - 1];
            _count += Tokenize(_text, last.Start + last.Length, _tokens[known..(_at + MaxTokens)]);
            for (; known < _count; known++)
            {
                _telling = Tells(_text, _tokens[known - 1].Kind, _tokens[known]) ? known : _telling;
            }

            isPlain = _telling < _at;
            return _tokens[_at.._count];
        }
    }

    /// <param name="text">Text.</param>
    /// <param name="tokens">Its tokens, from behind the quote on.</param>
    /// <param name="quote">Place of the quote that is taken as the application's own; -1 for none.</param>
    /// <param name="isPlain">None of them <see cref="Tells"/>: of those behind a quote the first ones count alone.</param>
    private static Match Judge(ReadOnlySpan<char> text, ReadOnlySpan<Token> tokens, int quote, bool isPlain)
    {
        var quoted = quote >= 0;
        if (tokens.Length == 0)
        {
            return Match.None;
        }

        var best = Match.None;
        // union [all|distinct] [(] select
        for (var i = 0; i < tokens.Length && !isPlain; i++)
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
                    // Nothing is selected by the two words alone.
                    var plain = j + 1 == tokens.Length || i + 1 == j && j + 1 < tokens.Length && tokens[j + 1].Kind == Kind.Word && !quoted && (i > 0 ? tokens[i - 1].Kind == Kind.Word : AreWords(tokens[(j + 1)..]));
                    best = best.Or(At(text, tokens[i], plain ? 0.6 : 0.96));
                }
            }
        }

        var start = 0;
        if (quoted)
        {
            // admin'--   x'#   '/*
            if (tokens[0].Kind == Kind.Comment && text[quote] != '`' && (tokens.Length == 1 || text[tokens[0].Start] == '/'))
            {
                var remark = text[tokens[0].Start] == '#' ? tokens[0].Length : 0;
                var name = text[..quote].Trim();
                best = best.Or(At(text, tokens[0], Rest(text, tokens[0]) < 3 && name.Count(' ') == 0 && remark < 4 ? 0.92 : name.Count(' ') < 2 && remark == 0 ? 0.8 : 0.5));
            }
        }

        while (start < tokens.Length && tokens[start].Kind is Kind.Close or Kind.Comment)
        {
            start++;
        }

        if (quoted)
        {
            best = best.Or(Condition(text, tokens, start, quote));
        }
        else if (text.Length < MaxBare)
        {
            // 1 or 1=1    name or 1=1    1) and (2)=2
            for (var i = 0; i < tokens.Length && i < 24; i++)
            {
                if (tokens[i].Kind == Kind.Logic && !IsInequality(text, tokens, i) && (i == 0 || tokens[i - 1].Kind is Kind.Number or Kind.Text or Kind.Close or Kind.Variable or Kind.Comment || (i == 1 && tokens[0].Kind == Kind.Word)))
                {
                    best = best.Or(Condition(text, tokens, i, quote));
                }
            }
        }

        if (isPlain && !(start < tokens.Length && tokens[start].Kind == Kind.Clause))
        {
            return best;
        }

        for (var i = 0; i < tokens.Length; i++)
        {
            switch (tokens[i].Kind)
            {
                case Kind.Semicolon when i + 1 < tokens.Length && tokens[i + 1].Kind is Kind.Statement or Kind.Select:
                    best = best.Or(At(text, tokens[i], Statement(text, tokens[(i + 1)..]) ? (quoted || i == 0 || tokens[i - 1].Kind is Kind.Number or Kind.Text or Kind.Close ? 0.95 : 0.9) : 0.4));
                    break;
                case Kind.Function when IsDelay(text, tokens[i]):
                    best = best.Or(At(text, tokens[i], i > 0 && tokens[i - 1].Kind is not (Kind.Word or Kind.Other) && i + 2 < tokens.Length && tokens[i + 2].Kind is Kind.Number or Kind.Function or Kind.Open or Kind.Variable ? 0.92 : 0.6));
                    break;
                case Kind.Open when i + 1 < tokens.Length && tokens[i + 1].Kind == Kind.Select && HasFrom(text, tokens[(i + 1)..]):
                    best = best.Or(At(text, tokens[i], 0.9));
                    break;
                case Kind.Clause when i == 0 && !quoted && text.Length < 64 && (Is(text, tokens[i], "having") || Is(text, tokens[i], "where")) && tokens.Length > 3 && tokens[1].Kind is Kind.Number or Kind.Text && tokens[2].Kind == Kind.Compare:
                    best = best.Or(At(text, tokens[i], 0.92));
                    break;
                case Kind.Clause when quoted && i == start && Is(text, tokens[i], "where") && i + 2 < tokens.Length && tokens[i + 2].Kind == Kind.Compare:
                    best = best.Or(At(text, tokens[i], 0.92));
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
    private static Match Condition(ReadOnlySpan<char> text, ReadOnlySpan<Token> tokens, int at, int quote)
    {
        if (at >= tokens.Length)
        {
            return Match.None;
        }

        var quoted = quote >= 0;
        var token = tokens[at];
        if (token.Kind == Kind.Compare && quoted && at + 1 < tokens.Length && text[token.Start] is '=' or '<' or '>' or '!')
        {
            // '=' '   '<>'   : the comparison tricks that make a string true
            var equality = Slice(text, token) is "=" or "<>" or "!=" or "==";
            var last = at + 2 >= tokens.Length || tokens[at + 2].Kind is Kind.Comment or Kind.Logic;
            var value = tokens[at + 1].Kind == Kind.Number ? last && (equality || text.Length < 24) : tokens[at + 1].Kind == Kind.Text && (equality ? at + 3 >= tokens.Length : last && tokens[at + 1].Length < 3);
            return value && text[token.Start..].Length > 1 && Slice(text, token) is not "=>" && text.Length < 64 && !IsPhrase(text, quote) ? At(text, token, 0.9) : Match.None;
        }

        if (token.Kind == Kind.Operator && quoted && at + 2 < tokens.Length && tokens[at + 1].Kind == Kind.Function && text[token.Start] is '+' or '-' or '*' or '|')
        {
            return At(text, token, IsDatabaseCall(text, tokens[at + 1]) ? 0.93 : 0.7);
        }

        if (token.Kind != Kind.Logic || (quoted && Is(text, token, "not") && at == 0))
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
        if (left.Kind is Kind.Select or Kind.Variable)
        {
            // Handles and annotations are written so: "@service and @method take an interface".
            var handles = !quoted && at > 0 && tokens[at - 1].Kind == Kind.Variable && !Slice(text, left).StartsWith("@@", StringComparison.Ordinal);
            return At(text, token, !handles && (left.Kind == Kind.Variable || HasFrom(text, tokens[i..]) || i + 1 >= tokens.Length || tokens[i + 1].Kind != Kind.Word) ? 0.93 : 0.5);
        }

        if (left.Kind == Kind.Function || (left.Kind is Kind.Clause or Kind.Compare && i + 1 < tokens.Length && tokens[i + 1].Kind == Kind.Open))
        {
            return At(text, token, IsDatabaseCall(text, left) || IsDelay(text, left) || Is(text, left, "exists") ? 0.93 : quoted && !IsPhrase(text, quote) ? 0.92 : 0.7);
        }

        if (left.Kind is not (Kind.Number or Kind.Text or Kind.Word))
        {
            return Match.None;
        }

        // Over arithmetic and parentheses to the comparison: (1+2)=3, ((8))=(3).
        var compare = i + 1;
        while (compare < tokens.Length && compare < i + 24 && (tokens[compare].Kind is Kind.Close or Kind.Open or Kind.Operator || (tokens[compare].Kind == Kind.Number && tokens[compare - 1].Kind is Kind.Operator or Kind.Open)))
        {
            compare++;
        }

        if (compare < tokens.Length && tokens[compare].Kind == Kind.Compare)
        {
            var other = compare + 1;
            while (other < tokens.Length && (tokens[other].Kind == Kind.Open || (tokens[other].Kind == Kind.Operator && text[tokens[other].Start] is '-' or '+' or '~')))
            {
                other++;
            }

            var right = other < tokens.Length ? tokens[other].Kind : Kind.Other;
            if (left.Kind is Kind.Number or Kind.Text && (right is Kind.Number or Kind.Text or Kind.Function or Kind.Open or Kind.Select or Kind.Word or Kind.Variable || text[^1] == '='))
            {
                // "5 and 6 is a" is English; a sign or two values compared is not.
                var spoken = right == Kind.Word || (right == Kind.Function && !IsDatabaseCall(text, tokens[other]) && !IsDelay(text, tokens[other]));
                var english = spoken && char.IsAsciiLetter(text[tokens[compare].Start]);
                return english || (IsPhrase(text, quote) && left.Kind == Kind.Text && right == Kind.Text) ? At(text, token, 0.5) : At(text, token, 0.95);
            }

            var symbol = text[tokens[compare].Start] is '=' or '<' or '>' or '!';
            if (left.Kind != Kind.Word || !(symbol || quoted))
            {
                return Match.None;
            }

            // or x=x
            if (symbol && right == Kind.Word && Slice(text, left).SequenceEqual(Slice(text, tokens[other])))
            {
                return At(text, token, at == 0 || quoted ? 0.92 : 0.8);
            }

            return right is Kind.Number or Kind.Text or Kind.Word or Kind.Other or Kind.Clause && (quoted || right != Kind.Word)
                ? At(text, token, quoted && (symbol || right != Kind.Word && text[quote] == '\'') ? 0.92 : 0.75)
                : Match.None;
        }

        // ' or 1 --   ' or 'x   1 or 1#
        var ends = i + 1 >= tokens.Length || tokens[i + 1].Kind is Kind.Comment or Kind.Close or Kind.Semicolon or Kind.Clause;
        if (left.Kind == Kind.Text && (left.Length < 2 || IsPhrase(text, quote)))
        {
            return Match.None;
        }

        if (left.Kind is Kind.Number or Kind.Text && ends)
        {
            var remark = i + 1 < tokens.Length && tokens[i + 1].Kind == Kind.Comment;
            return At(text, token, quoted && (left.Kind == Kind.Number || text.Length < 48) || (remark && text.Length < 64) ? 0.92 : text.Length < 24 ? 0.6 : 0.3);
        }

        return left.Kind == Kind.Word && quoted && Is(text, left, "true") && ends ? At(text, token, 0.92) : Match.None;
    }

    /// <summary>Nothing but words: <c>union select committee</c>.</summary>
    private static bool AreWords(ReadOnlySpan<Token> tokens)
    {
        foreach (var token in tokens)
        {
            if (token.Kind != Kind.Word)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A comparison of two numbers stands before it, as mathematics is written: <c>1 &lt; 2 and 3 &gt; 2</c>.</summary>
    private static bool IsInequality(ReadOnlySpan<char> text, ReadOnlySpan<Token> tokens, int at) =>
        at == 3 && tokens[0].Kind == Kind.Number && tokens[2].Kind == Kind.Number && tokens[1].Kind == Kind.Compare && text[tokens[1].Start] is '<' or '>' && tokens[1].Length == 1;

    /// <summary>The quote closes a phrase that the text itself opened, as people write to search engines, <c>"red shoes" AND "size 9"</c>, and in Markdown: <c>`start` and `end`</c>.</summary>
    private static bool IsPhrase(ReadOnlySpan<char> text, int quote)
    {
        if (quote <= 0 || text[quote] is not ('"' or '`'))
        {
            return false;
        }

        var before = text[..quote];
        var count = before.Count(text[quote]);
        return count % 2 == 1 && before[before.IndexOf(text[quote])..].Length > (text[quote] == '`' ? 1 : 2) && text[quote..].Count(text[quote]) % 2 == 1;
    }

    private static bool IsDatabaseCall(ReadOnlySpan<char> text, Token token) => DatabaseCalls.Contains(Slice(text, token));

    private static bool Statement(ReadOnlySpan<char> text, ReadOnlySpan<Token> tokens)
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
            "if" => tokens[1].Kind == Kind.Open && AsksDatabase(text, tokens),
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

    private static bool AsksDatabase(ReadOnlySpan<char> text, ReadOnlySpan<Token> tokens)
    {
        for (var i = 1; i < tokens.Length && i < 24; i++)
        {
            if (tokens[i].Kind == Kind.Select || Is(text, tokens[i], "waitfor") || Is(text, tokens[i], "exists") || (tokens[i].Kind == Kind.Function && IsDatabaseCall(text, tokens[i])))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasFrom(ReadOnlySpan<char> text, ReadOnlySpan<Token> tokens)
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

    private static bool IsDelay(ReadOnlySpan<char> text, Token token)
    {
        var name = Slice(text, token);
        return name.Equals("sleep", StringComparison.OrdinalIgnoreCase) || name.Equals("benchmark", StringComparison.OrdinalIgnoreCase) || name.Equals("pg_sleep", StringComparison.OrdinalIgnoreCase);
    }

    private static bool Is(ReadOnlySpan<char> text, Token token, string word) => Slice(text, token).Equals(word, StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> Slice(ReadOnlySpan<char> text, Token token) => text.Slice(token.Start, token.Length);

    private static Match At(ReadOnlySpan<char> text, Token token, double confidence) => new(confidence, token.Start, Math.Min(80, text.Length - token.Start));

    private static int Rest(ReadOnlySpan<char> text, Token token) => text.Length - token.Start - token.Length;

    private static int Tokenize(ReadOnlySpan<char> text, int start, Span<Token> tokens)
    {
        var count = 0;
        var i = start;
        while (i < text.Length && count < tokens.Length)
        {
            var c = text[i];
            var from = i;
            if (c <= ' ' || c is '\u00a0' or '\ufffd' or '\u3000' || c == '+' && i + 1 < text.Length && IsLetter(text[i + 1]) && i > 0 && (IsLetter(text[i - 1]) || char.IsAsciiDigit(text[i - 1])))
            {
                i++;
                continue;
            }

            Kind kind;
            if (IsLetter(c) || c == '_')
            {
                while (i < text.Length && (IsLetter(text[i]) || char.IsAsciiDigit(text[i]) || text[i] is '_' or '$'))
                {
                    i++;
                }

                var word = text.Slice(from, i - from);
                var after = i;
                while (after < text.Length && text[after] == ' ')
                {
                    after++;
                }

                kind = KeywordOf.TryGet(word, out var keyword) ? (Kind)keyword : after < text.Length && text[after] == '(' ? Kind.Function : Kind.Word;
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

                var close = text.IndexOf("*/", i + 2);
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
                var first = i;
                while (i < text.Length && text[i] is '=' or '<' or '>' or '!')
                {
                    i++;
                }

                // No operator is longer than <=>; headings are underlined so.
                kind = i - first > LongestOperator ? Kind.Other : Kind.Compare;
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

    /// <summary>Letters of every script count alike; what is no letter beyond ASCII joins a word without harm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsLetter(char c) => char.IsAsciiLetter(c) || c is >= '\u00c0' and not ('\u3000' or '\ufffd');

    private static int LineEnd(ReadOnlySpan<char> text, int from)
    {
        var end = text.IndexOf('\n', from);
        return end < 0 ? text.Length : end + 1;
    }
}
