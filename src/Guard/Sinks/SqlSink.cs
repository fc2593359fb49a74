using System.Buffers;
using Pellicle.Inspection;

namespace Pellicle.Guard.Sinks;

/// <summary>
/// An event's text that becomes structure of a statement: it ends the literal it was put into, or brings operators, calls, comments or a second statement.
/// A text that stays within one token (a literal, a number, a name) is a value; names, commas and directions (<c>name desc, id</c>) are a sort order.
/// </summary>
internal static class SqlSink
{
    /// <summary>What a value must have to be more than a word: <c>1--</c>.</summary>
    internal const int MinRun = 3;

    /// <summary>Tokens of what goes on behind a literal that the event's text ends, with the literal: <c>' OR 1</c>.</summary>
    private const int MinBroken = 3;

    /// <summary>A text is searched for case-insensitively up to this length; the work would be the statement's length times its own.</summary>
    internal const int MaxWhole = 8192;

    /// <summary>Longer statements may have come without their end.</summary>
    private const int MaxComplete = 160_000;

    /// <summary>What can part a token from the next, where structure is one of them. A text without any of these is a single value, whatever the statement.</summary>
    private static readonly SearchValues<char> Parting = SearchValues.Create(" \t\n\v\f\r\u0085\u00a0'\"`;(|&-/#*[]$\\=<>");

    /// <summary>Words that connect conditions or queries.</summary>
    private static readonly HashSet<string> Connectives = new(StringComparer.OrdinalIgnoreCase) { "OR", "AND", "XOR", "UNION", "INTERSECT", "EXCEPT", "SELECT", "HAVING", "CASE", "INTO" };

    /// <summary>Words that a condition follows.</summary>
    private static readonly HashSet<string> Conditions = new(StringComparer.OrdinalIgnoreCase) { "WHERE", "AND", "OR", "NOT", "HAVING" };

    /// <summary>What stands before a bracket and is no call that could harm: keywords, and functions that a column list may have.</summary>
    private static readonly HashSet<string> HarmlessBefore = new(StringComparer.OrdinalIgnoreCase)
    {
        "IN", "VALUES", "ON", "AS", "WHERE", "FROM", "BY", "NOT", "SET", "USING", "KEY", "REFERENCES", "COUNT", "SUM", "AVG", "MIN", "MAX", "LOWER", "UPPER", "LENGTH", "ROUND", "ABS", "DATE", "COALESCE",
    };

    /// <param name="dialect">Of the database.</param>
    /// <param name="statement">As it is sent.</param>
    /// <param name="texts">Of the event.</param>
    /// <param name="index">Of the same texts, where there is one: the answer is the same, sooner.</param>
    internal static SinkHit? Check(string dialect, string statement, IReadOnlyList<EventText> texts, StatementIndex? index = null)
    {
        if (texts.Count == 0)
            return null;
        var tokens = SqlText.Read(statement, dialect);
        if (SameTwice(statement, tokens, texts) is { } same)
            return same;
        SinkHit? weaker = null;
        foreach (var (field, text) in index is null ? texts : index.Of(statement, Pieces(statement, tokens)).Select(i => texts[i]))
        {
            if (!MayPart(text))
                continue;
            var hit = Whole(statement, tokens, field, text) ?? Part(statement, tokens, field, text);
            if (hit is { Block: true })
                return hit;
            weaker ??= hit;
        }
        return weaker;
    }

    /// <summary>A text that may be more than one token.</summary>
    internal static bool MayPart(string text) => text.Length >= MinRun && text.AsSpan().ContainsAny(Parting);

    /// <summary><c>where id=id</c>: a name in the place of a value, the one that it is compared with, is true of every row. <c>set id=id</c> is a habit of programs.</summary>
    private static SinkHit? SameTwice(string statement, List<SqlToken> tokens, IReadOnlyList<EventText> texts)
    {
        for (var i = 2; i + 1 < tokens.Count; i++)
        {
            if (!IsComparison(statement, tokens[i]) || tokens[i + 1].Kind != SqlTokenKind.Word || tokens[i - 1].Kind != SqlTokenKind.Word
                || !tokens[i + 1].In(statement).Equals(tokens[i - 1].In(statement), StringComparison.OrdinalIgnoreCase)
                || !Conditions.GetAlternateLookup<ReadOnlySpan<char>>().Contains(tokens[i - 2].In(statement)) || (i + 2 < tokens.Count && tokens[i + 2].In(statement) is "." or "("))
                continue;
            foreach (var (field, text) in texts)
            {
                if (tokens[i + 1].In(statement).Equals(text.AsSpan().Trim(), StringComparison.OrdinalIgnoreCase))
                    return new("sql-injection", field, SinkHit.Cut(statement[tokens[i - 1].Start..]), $"event field `{field}` stands for a value and is the column it is compared with", true);
            }
        }
        return null;
    }

    /// <summary>The text as it is, whatever became of its case.</summary>
    private static SinkHit? Whole(string statement, List<SqlToken> tokens, EventField field, string text)
    {
        var value = text.Trim();
        if (value.Length is < MinRun or > MaxWhole)
            return null;
        SinkHit? weaker = null;
        for (var at = statement.IndexOf(value, StringComparison.OrdinalIgnoreCase); at >= 0; at = statement.IndexOf(value, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var hit = Judge(statement, tokens, field, at, at + value.Length, whole: true);
            if (hit is { Block: true })
                return hit;
            weaker ??= hit;
        }
        return weaker;
    }

    /// <summary>What the program cut out of the text: around each token of structure, with the character before or after it.</summary>
    private static SinkHit? Part(string statement, List<SqlToken> tokens, EventField field, string text)
    {
        foreach (var (from, to) in Pieces(statement, tokens))
        {
            var run = Overlap.Around(statement, from, to - from, text);
            if (run.Length >= MinRun && Judge(statement, tokens, field, run.Start, run.Start + run.Length, whole: false) is { } hit)
                return hit;
        }
        return null;
    }

    /// <summary>Each token of structure with the character before it, and with the one behind it.</summary>
    private static IEnumerable<(int From, int To)> Pieces(string statement, List<SqlToken> tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            if (!IsStructure(statement, tokens, i))
                continue;
            var end = tokens[i].Kind == SqlTokenKind.Comment ? Math.Min(tokens[i].Start + 2, tokens[i].End) : tokens[i].End;
            yield return (i > 0 ? tokens[i - 1].End - 1 : tokens[i].Start, end);
            yield return (tokens[i].Start, i + 1 < tokens.Count ? tokens[i + 1].Start + 1 : end);
        }
    }

    /// <param name="statement">As it is sent.</param>
    /// <param name="tokens">Of the statement.</param>
    /// <param name="field">Where the text came from.</param>
    /// <param name="start">Of the run that the event brought.</param>
    /// <param name="end">Of the run.</param>
    /// <param name="whole">It is all of the event's text.</param>
    private static SinkHit? Judge(string statement, List<SqlToken> tokens, EventField field, int start, int end, bool whole)
    {
        var first = tokens.FindIndex(t => t.End > start);
        if (first < 0)
            return null;
        var last = first;
        while (last + 1 < tokens.Count && tokens[last + 1].Start < end)
            last++;
        // Blanks around it are nobody's structure.
        if (tokens[first].Start >= end || first == last)
            return null;
        var breaksOut = tokens[first].Kind is SqlTokenKind.Quoted or SqlTokenKind.Comment && tokens[first].Start < start;
        var strength = Strength(statement, tokens, first, last, start);
        var count = last - first + 1;
        if (breaksOut)
        {
            // `' AND ` stands in both by chance: SQLite itself has it in what it asks of its own tables.
            if (!whole && count < Math.Min(strength, MinBroken))
                return null;
            // `O'Brien & Sons`: the quote that the program added begins a literal without an end, and the database refuses it all; after `;` some have begun by then.
            var harms = (strength > 0 || Operates(statement, tokens, first, last)) && !(tokens[^1].Open && statement.Length < MaxComplete && !HasSeparator(statement, tokens, first, last));
            return harms ? Hit("ends the literal it stands in and goes on as SQL", block: true) : whole ? Hit("ends the literal it stands in", block: false) : null;
        }
        if (whole && count > 2 && first > 0 && IsComparison(statement, tokens[first - 1]) && Calculates(statement, tokens, first, last))
            return Hit("stands for a value and compares or combines", block: true);
        if (strength == 0 || count < strength)
            return null;
        // A console: what else it is for, only its owner knows.
        return start <= tokens[0].Start ? (whole ? Hit("is the statement, or its beginning", block: false) : null) : Hit("adds SQL to a statement", block: true);

        SinkHit Hit(string what, bool block)
        {
            var from = Math.Max(0, start - 20);
            return new("sql-injection", field, SinkHit.Cut(statement[from..]), $"event field `{field}` {what}", block);
        }
    }

    private static bool Operates(string statement, List<SqlToken> tokens, int first, int last)
    {
        for (var i = first; i <= last; i++)
        {
            if (tokens[i].Kind == SqlTokenKind.Symbol && tokens[i].In(statement) is not ("," or "(" or ")" or "."))
                return true;
        }
        return false;
    }

    private static bool IsComparison(string statement, SqlToken token) => token.Kind == SqlTokenKind.Symbol && token.In(statement) is "=" or "<" or ">";

    /// <summary>Bits and comparisons, where a number was meant: <c>1|2</c>, <c>id=id</c>. Sums, dates and fractions may be values.</summary>
    private static bool Calculates(string statement, List<SqlToken> tokens, int first, int last)
    {
        for (var i = first + 1; i < last; i++)
        {
            if (tokens[i].Kind == SqlTokenKind.Symbol && tokens[i].In(statement) is "|" or "&" or "^" or "=" or "<" or ">" or "~")
                return true;
        }
        return false;
    }

    private static bool HasSeparator(string statement, List<SqlToken> tokens, int first, int last) => tokens.GetRange(first, last - first + 1).Exists(t => t.In(statement) is ";");

    /// <summary>Tokens a run must span to be no chance, by the strongest structure in it; 0 when it has none.</summary>
    private static int Strength(string statement, List<SqlToken> tokens, int first, int last, int start)
    {
        var needed = 0;
        for (var i = first; i <= last; i++)
        {
            if (tokens[i].Start < start || !IsStructure(statement, tokens, i))
                continue;
            var word = tokens[i].In(statement);
            // `name and id` may be prose; `a; b` and `1--` in a statement are not.
            var now = tokens[i].Kind == SqlTokenKind.Comment || word is ";" ? 2 : word.Equals("AND", StringComparison.OrdinalIgnoreCase) ? 5 : 3;
            needed = needed == 0 ? now : Math.Min(needed, now);
        }
        return needed;
    }

    private static bool IsStructure(string statement, List<SqlToken> tokens, int i)
    {
        var token = tokens[i];
        return token.Kind switch
        {
            SqlTokenKind.Comment => true,
            SqlTokenKind.Symbol => token.In(statement) is ";" or "||" or "&&",
            SqlTokenKind.Word => Connectives.GetAlternateLookup<ReadOnlySpan<char>>().Contains(token.In(statement))
                || (i + 1 < tokens.Count && tokens[i + 1].In(statement) is "(" && !HarmlessBefore.GetAlternateLookup<ReadOnlySpan<char>>().Contains(token.In(statement))),
            SqlTokenKind.Number or SqlTokenKind.Quoted => false,
        };
    }
}
