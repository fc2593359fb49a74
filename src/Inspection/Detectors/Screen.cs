using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace Pellicle.Inspection.Detectors;

/// <summary>
/// Tells texts that no detector can find anything in from the rest, on their bytes and mostly sixteen of them at a time. It errs to one side only:
/// what is clean here is clean to every detector; what is not, they look at. A new detector or literal must keep that (ScreenTests compares).
/// </summary>
internal sealed class Screen
{
    /// <summary>Longer parameters are not read as conditions of a query; a character is three bytes at most for every UTF-16 unit.</summary>
    private const int MaxBare = 400 * 3;

    /// <summary>Beyond this no header, mail or disguised path is looked for (256 and 1024 characters).</summary>
    private const int MaxHeader = 256 * 3;
    private const int MaxDisguised = 1024 * 3;

    /// <summary>The longest word of a query that matters.</summary>
    private const int MaxKeyword = 9;

    /// <summary>Farther than this nobody looks from one place, so that the whole stays linear in the text; what goes on for longer is not clean.</summary>
    private const int MaxStep = 64;

    /// <summary>Blocks that are looked at together: what is said of them stays in the first-level cache.</summary>
    private const int Rows = 16;

    /// <summary>A shell's commands are shorter.</summary>
    private const int MaxCommand = 31;

    private static readonly SearchValues<byte> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);
    private static readonly SearchValues<byte> Blanks = SearchValues.Create(" \n"u8);
    private static readonly SearchValues<byte> Host = SearchValues.Create("/?# \"'\\<\n"u8);

    private static readonly string Any = new([.. Enumerable.Range(0, 256).Select(c => (char)c)]);
    private static readonly string Others = new([.. Any.Where(c => !char.IsAsciiLetterOrDigit(c))]);
    private static readonly string Signs = new([.. Others.Where(c => c >= ' ')]);

    // What begins the words of a condition, as far as four characters tell.
    private static readonly Fragments.Fragment[] Conditions =
    [
        .. new[] { "order", "group", "having", "procedure" }.Select(word => new Fragments.Fragment(word, 0)),
        .. new[] { "and", "xor", "not" }.Select(word => new Fragments.Fragment($"{word[0]}", $"{word[1]}", $"{word[2]}", Others)),
        new("o", "r", Others, Any),
    ];

    // What a text begins with that is a statement or a serialised object. INVARIANT: conditions are looked for wherever they stand, and what begins with a sign is told by that.
    private static Fragments.Fragment[] Starting =>
    [
        .. Statements.Where(word => word is not ("and" or "or" or "xor" or "not")).Select(word => new Fragments.Fragment($"{word[0]}", $"{word[1]}", word.Length > 2 ? $"{word[2]}" : Signs, word.Length > 3 ? $"{word[3]}" : word.Length > 2 ? Signs : Any)),
        .. Deserialization.Beginnings.Select(start => new Fragments.Fragment($"{(char)start[0]}", $"{(char)start[1]}", $"{(char)start[2]}", start.Length > 3 ? $"{(char)start[3]}" : Any)),
    ];

    private static readonly WordSet Keywords = new(SqlInjection.AllKeywords);

    // Literals by four characters that end at one of their marks, and those that have none so far behind their start.
    private readonly GramFilter _marked;
    private readonly GramFilter _words;

    private readonly GramFilter _statements;
    private readonly Fragments _statementParts;
    private readonly WordSet _commands;

    internal TextMasks Masks { get; }

    internal Clean Quick { get; }

    /// <summary>What a text has been seen to have, as far as that alone says nothing.</summary>
    [Flags]
    private enum Seen
    {
        None = 0,
        Quotes = 1,
        Lines = 1 << 1,
        Tabs = 1 << 2,
        Percents = 1 << 3,
        Foreign = 1 << 4,
        Dots = 1 << 5,
        Equals = 1 << 6,

        /// <summary><c>O:</c></summary>
        Object = 1 << 7,
    }

    /// <param name="detectors">All; every literal of theirs that means something by itself is looked for.</param>
    /// <param name="statements">Words that make a quote worth reading.</param>
    /// <param name="commands">Programs that mean something behind a separator.</param>
    public Screen(IReadOnlyList<IDetector> detectors, IReadOnlyList<string> statements, IReadOnlyCollection<string> commands)
    {
        var (marked, words) = (new List<(string Value, int Offset)>(), new List<(string Value, int Offset)>());
        var wanted = new Dictionary<string, (int Detectors, uint Sets)>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < detectors.Count; i++)
        {
            foreach (var set in detectors[i].Sets.Where(s => s.TellAlone))
            {
                foreach (var literal in set.Values)
                {
                    var (who, sets) = wanted.GetValueOrDefault(literal);
                    wanted[literal] = (who | 1 << i, sets | set.Bit);
                }
            }

            // Calls of the language and what queries ask with.
            foreach (var word in detectors[i] is SqlInjection ? (ReadOnlySpan<string>)["select", "sleep", "benchmark"] : [])
            {
                wanted[word] = (1 << i, 0);
            }
        }

        foreach (var literal in wanted.Keys.Where(MayStand).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            int[] ends = [.. Anywhere(literal).Where(at => IsMark(literal[at + GramFilter.Length - 1]))];
            (ends.Length > 0 ? marked : words).Add((literal, GramFilter.Rarest(literal, ends.Length > 0 ? ends : Anywhere(literal))));
        }

        // What is seen most often is put together first: what is rare shows little more, wherever it comes.
        static int Often((string Value, int Offset) one, (string Value, int Offset) other) => GramFilter.Weight(other.Value, other.Offset).CompareTo(GramFilter.Weight(one.Value, one.Offset)) is var order and not 0 ? order : string.CompareOrdinal(one.Value, other.Value);
        words.Sort(Often);
        marked.Sort(Often);

        _marked = new GramFilter(marked);
        _words = new GramFilter(words);
        Masks = new TextMasks(new Fragments(Parts(words), Conditions), new Fragments(Parts(marked)));
        (string Value, int Offset)[] spoken = [.. statements.Select(word => (word, GramFilter.Rarest(word, Anywhere(word))))];
        _statements = new GramFilter(spoken);
        _statementParts = new Fragments(Parts(spoken));
        if (commands.Any(command => char.IsAsciiDigit(command[0])))
        {
            throw new ArgumentException("a command that begins with a digit", nameof(commands));
        }

        _commands = new WordSet(commands);
        Quick = new Clean(Masks, Classes.Tables(words.Concat(marked), Conditions, Starting), _marked.Grams.Concat(_words.Grams), literal => wanted[literal], SqlInjection.AllKeywords, SqlInjection.Joins, commands, Statements, Deserialization.Beginnings);
    }

    private static Fragments.Fragment[] Parts(IEnumerable<(string Value, int Offset)> literals) => [.. literals.Select(literal => new Fragments.Fragment(literal.Value, literal.Offset))];

    private static int[] Anywhere(string literal) => [.. Enumerable.Range(0, literal.Length - GramFilter.Length + 1)];

    /// <summary>Three short ones are looked for by what is around their signs.</summary>
    internal static bool MayStand(string literal) => literal is not ("elt(" or "|sh\n" or "*(|(");

    /// <summary>What ordinary texts have little of. Attributes and parameters end with equals signs.</summary>
    private static bool IsMark(char c) => !(char.IsAsciiLetterOrDigit(c) || c is ' ' or ',' or '=');

    /// <summary>True when no detector can find anything.</summary>
    /// <param name="text">Text.</param>
    [SkipLocalsInit]
    public bool IsClean(ReadOnlySpan<byte> text)
    {
        var look = default(Glance);
        Span<TextMasks.Row> room = stackalloc TextMasks.Row[Rows];
        Span<byte> last = stackalloc byte[TextMasks.Block + TextMasks.Behind];
        for (var at = 0; at < text.Length;)
        {
            scoped ref var start = ref Unsafe.Add(ref MemoryMarshal.GetReference(text), at);
            var blocks = (text.Length - at - TextMasks.Behind) / TextMasks.Block;
            if (blocks == 0)
            {
                last.Clear();
                text.Slice(at, Math.Min(text.Length - at, last.Length)).CopyTo(last);
                start = ref MemoryMarshal.GetReference(last);
            }

            var rows = room[..Math.Clamp(blocks, 1, Rows)];
            Masks.Read(ref start, rows);
            foreach (ref var row in rows)
            {
                if (!IsClean(text, at, in row, ref look))
                {
                    return false;
                }

                at += TextMasks.Block;
            }
        }

        // Words that the text ends with have no fourth character.
        var speaks = look.Speaks || MayEndWithCondition(text);
        return !(speaks && text.Length >= 3 && (IsCondition(text, text.Length - 2) || IsCondition(text, text.Length - 3))) && !StartsQuery(text, speaks) && !StartsObject(text)
            && ((look.Seen & (Seen.Quotes | Seen.Lines | Seen.Percents)) == 0 || StaysQuiet(text, look.Seen, look.Percents))
            && ((look.Seen & Seen.Foreign) == 0 || IsOrdinary(text))
            && ((look.Seen & Seen.Dots) == 0 || StaysInside(text, look.Seen));
    }

    private static bool MayEndWithCondition(ReadOnlySpan<byte> text)
    {
        if (text.Length <= 3)
        {
            return text.Length == 3;
        }

        var end = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref MemoryMarshal.GetReference(text), text.Length - 4)) | 0x20202020;
        return end >> 16 is 0x726f || end >> 8 is 0x646e61 or 0x726f78 or 0x746f6e || (end >> 8 & 0xffff) == 0x726f;
    }

    /// <summary>What is known of a text up to a block.</summary>
    private struct Glance
    {
        public Seen Seen;
        public int Percents;
        public ulong DotBefore;

        /// <summary>A word of a condition may stand somewhere.</summary>
        public bool Speaks;

        /// <summary>A condition may begin at the next block's first place, as the rest of a run or behind blanks.</summary>
        public ulong InRun;
        public ulong InBlanks;
    }

    private bool IsClean(ReadOnlySpan<byte> text, int at, in TextMasks.Row row, ref Glance look)
    {
        var valid = text.Length - at >= TextMasks.Block ? ulong.MaxValue : (1UL << (text.Length - at)) - 1;
        if ((row.Never & valid) != 0)
        {
            return false;
        }

        var dots = row.Dots & valid;
        look.Seen |= ((row.Foreign & valid) != 0 ? Seen.Foreign : 0) | ((dots & ((dots << 1) | look.DotBefore)) != 0 ? Seen.Dots : 0);
        look.DotBefore = dots >> 63;

        look.Speaks |= (row.Conditions & valid) != 0;

        // From behind each value through the rest of its word and then through blanks: where a condition may begin.
        var run = row.Run | row.Foreign;
        var open = Through(run, (row.Value << 1) | look.InRun, out look.InRun);
        look.InRun |= row.Value >> 63;
        open = Through(row.Blank | row.Foreign, open | look.InBlanks, out look.InBlanks);
        for (var hits = row.Conditions & open & valid; hits != 0; hits &= hits - 1)
        {
            if (IsCondition(text, at + Bytes.First(hits)))
            {
                return false;
            }
        }

        for (var hits = (row.Marked | row.Words) & valid; hits != 0; hits &= hits - 1)
        {
            var place = at + Bytes.First(hits);
            if (_marked.IsNear(text, place) || _words.IsNear(text, place))
            {
                return false;
            }
        }

        for (var acting = row.Acting & valid; acting != 0; acting &= acting - 1)
        {
            if (!IsQuiet(text, at + Bytes.First(acting), ref look))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Where one comes from some places by going on through others; <paramref name="over"/> is set when that is the next block's first.</summary>
    private static ulong Through(ulong others, ulong places, out ulong over)
    {
        var begins = places & others;
        var ends = begins + others;
        over = ends < others ? 1UL : 0;
        return (ends ^ others) | places;
    }

    /// <summary>A word that goes on with a query stands here, behind a number, parenthesis, variable or quoted text.</summary>
    private static bool IsCondition(ReadOnlySpan<byte> text, int at)
    {
        if (at > 0 && IsWord(text[at - 1]) && !(char.IsAsciiHexDigit((char)text[at - 1]) || (text[at - 1] | 0x20) == 'x'))
        {
            return false;
        }

        var length = WordLength(text, at, MaxKeyword + 1);
        if (!(length is >= 2 and <= MaxKeyword && Fold(text.Slice(at, length)) is 0x646e61 or 0x726f or 0x726f78 or 0x746f6e or 0x726564726f or 0x70756f7267 or 0x676e69766168 or Procedure))
        {
            return false;
        }

        // In a long text nobody looks for a condition that no quote precedes.
        if (length <= 3 && text.Length >= MaxBare)
        {
            return false;
        }

        while (at > 0 && text[at - 1] is <= (byte)' ' or (byte)'+' or >= 0x80)
        {
            at--;
        }

        if (at > 0 && text[at - 1] is (byte)')' or (byte)'\'' or (byte)'"')
        {
            return true;
        }

        // The number or name of a variable may have gone on in letters.
        for (var most = at - MaxStep; at > 0 && (IsWord(text[at - 1]) || text[at - 1] is (byte)'.' or (byte)'@' or >= 0x80); at--)
        {
            if (at == most || text[at - 1] == '@' || char.IsAsciiDigit((char)text[at - 1]))
            {
                return true;
            }
        }

        return false;
    }

    private const ulong Procedure = ulong.MaxValue;

    /// <summary>Up to eight letters in lower case as a number; <see cref="Procedure"/> for that longer word, zero for other long ones.</summary>
    private static ulong Fold(ReadOnlySpan<byte> word)
    {
        if (word.Length > 8)
        {
            return Ascii.EqualsIgnoreCase(word, "procedure"u8) ? Procedure : 0;
        }

        var folded = 0UL;
        for (var i = 0; i < word.Length; i++)
        {
            folded |= (ulong)(word[i] is >= (byte)'A' and <= (byte)'Z' ? word[i] | 0x20 : word[i]) << (8 * i);
        }

        return folded;
    }

    private static bool IsWord(byte b) => char.IsAsciiLetterOrDigit((char)b) || b == '_';

    /// <summary>Of the word that begins here, or <paramref name="most"/> and a little more when it is longer.</summary>
    private static int WordLength(ReadOnlySpan<byte> text, int at, int most = int.MaxValue)
    {
        var i = at;
        while (i < text.Length && i - at < most && (IsWord(text[i]) || text[i] == '$' || text[i] >= 0x80))
        {
            var size = 1;
            if (text[i] >= 0x80 && (text[i] == 0xc2 || IsBlank(text[i..], out size))) // signs beyond ASCII are no letters
            {
                break;
            }

            i += size;
        }

        return i - at;
    }

    /// <summary>What the reader of queries takes for a blank: control characters, plus signs, no-break and wide spaces, bytes that are no text.</summary>
    private static int SkipBlanks(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length)
        {
            if (text[at] is <= (byte)' ' or (byte)'+')
            {
                at++;
            }
            else if (text[at] >= 0x80 && IsBlank(text[at..], out var length))
            {
                at += length;
            }
            else
            {
                break;
            }
        }

        return at;
    }

    private static bool IsBlank(ReadOnlySpan<byte> text, out int length) =>
        Rune.DecodeFromUtf8(text, out var rune, out length) != OperationStatus.Done || rune.Value is 0xa0 or 0x3000 or 0xfffd;

    /// <summary>Its first or second word begins a statement or condition.</summary>
    /// <param name="text">Text.</param>
    /// <param name="speaks">A word of a condition may stand somewhere.</param>
    private static bool StartsQuery(ReadOnlySpan<byte> text, bool speaks)
    {
        var at = SkipBlanks(text, 0);
        if (text.Length - at < 2 || (!speaks && !s_starts[((text[at] & 0x1f) << 5) | (text[at + 1] & 0x1f)]))
        {
            return false;
        }

        var length = WordLength(text, at);
        if (length == 0)
        {
            return false;
        }

        if (StatementWords.Contains(text.Slice(at, length)))
        {
            return true;
        }

        at = SkipBlanks(text, at + length);
        if (!speaks || at >= text.Length || (text[at] | 0x20) is not ('a' or 'o' or 'x' or 'n'))
        {
            return false;
        }

        length = WordLength(text, at, 4);
        return length is 2 or 3 && Fold(text.Slice(at, length)) is 0x646e61 or 0x726f or 0x726f78 or 0x746f6e && text.Length < MaxBare;
    }

    private static readonly string[] Statements =
    [
        "insert", "update", "delete", "drop", "create", "alter", "truncate", "exec", "execute", "declare", "shutdown", "waitfor", "grant", "revoke", "merge", "replace", "begin", "call", "attach", "copy", "set", "if", "backup", "load", "handler", "having", "where", "and", "or", "xor",
        "not", "select",
    ];

    // By the first two letters.
    private static readonly bool[] s_starts = Starts();

    private static bool[] Starts()
    {
        var starts = new bool[1024];
        foreach (var word in Statements)
        {
            starts[((word[0] & 0x1f) << 5) | (word[1] & 0x1f)] = true;
        }

        return starts;
    }

    private static readonly WordSet StatementWords = new(Statements);

    /// <summary>Begins like a serialised object.</summary>
    private static bool StartsObject(ReadOnlySpan<byte> text)
    {
        if (text.Length <= 8)
        {
            return false;
        }

        if (text.StartsWith("\u00ac\u00ed"u8))
        {
            return true;
        }

        return text[0] is (byte)'r' or (byte)'A' or (byte)'g' or (byte)'Y' or (byte)'H' or (byte)'a' or (byte)'/' && Deserialization.BeginsLikeOne(text);
    }

    /// <summary>This sign begins or ends something and is followed by nothing that would make sense there.</summary>
    private bool IsQuiet(ReadOnlySpan<byte> text, int at, ref Glance look)
    {
        var next = at + 1 < text.Length ? text[at + 1] : (byte)0;
        switch (text[at])
        {
            case (byte)'\'' or (byte)'"':
                look.Seen |= Seen.Quotes;
                return MeetsWord(text, at + 1);
            case (byte)'%':
                look.Seen |= Seen.Percents;
                look.Percents++;
                return !IsWord(next);
            case (byte)'*':
                return next is not ((byte)'/' or (byte)')' or (byte)'(' or (byte)'|') && !(at > 0 && text[at - 1] is (byte)'/' or (byte)'=');
            case (byte)'&' or (byte)'|' when next == text[at]:
                return false;
            case (byte)';':
                return !MeetsCommand(text, at + 1) && !MeetsStatement(text, at + 1);
            case (byte)'&' or (byte)'|':
                return !MeetsCommand(text, at + 1);
            case (byte)'\n':
                look.Seen |= Seen.Lines;
                return !MeetsCommand(text, at + 1);
            case (byte)'\r':
                look.Seen |= Seen.Lines;
                return true;
            case (byte)'\t':
                look.Seen |= Seen.Tabs;
                return true;
            case (byte)'=':
                look.Seen |= Seen.Equals;
                return true;
            case (byte)':':
                look.Seen |= at > 0 && text[at - 1] == 'O' ? Seen.Object : 0;
                return true;
            case (byte)'/':
                // Without a scheme before it, or anything that a text begins behind, it is no address.
                return next != '/' || (at > 0 && text[at - 1] is not ((byte)':' or (byte)'"' or (byte)'\'' or (byte)'=' or (byte)'@')) || NamesNobody(text[(at + 2)..]);
            case (byte)'(':
                return at < 3 || Fold(text.Slice(at - 3, 3)) != 0x746c65;
            default:
                return true;
        }
    }

    /// <summary>Signs that say nothing by themselves say nothing together.</summary>
    private bool StaysQuiet(ReadOnlySpan<byte> text, Seen seen, int percents)
    {
        if ((seen & Seen.Quotes) != 0 && ((seen & Seen.Object) != 0 || ((seen & Seen.Equals) != 0 && HasHandler(text)) || SpeaksOfStatements(text)))
        {
            return false;
        }

        if ((seen & Seen.Lines) != 0 && (text.Length <= MaxHeader || text.IndexOf((byte)'#') >= 0 || text.IndexOf("--"u8) >= 0))
        {
            return false;
        }

        return (percents == 0 || percents + text.Count((byte)'?') < 2 || text.Length > MaxDisguised || text.IndexOfAny(Blanks) >= 0)
            && ((seen & Seen.Dots) == 0 || (seen & (Seen.Lines | Seen.Tabs | Seen.Percents)) == 0);
    }

    private bool SpeaksOfStatements(ReadOnlySpan<byte> text)
    {
        ref var start = ref MemoryMarshal.GetReference(text);
        ref var tables = ref MemoryMarshal.GetArrayDataReference(_statementParts.Tables);
        var at = 0;
        for (; at <= text.Length - Vector128<byte>.Count - TextMasks.Behind; at += Vector128<byte>.Count)
        {
            for (var begins = ~Vector128.Equals(Fragments.Begins(ref tables, ref Unsafe.Add(ref start, at)), Vector128<byte>.Zero).ExtractMostSignificantBits() & 0xffff; begins != 0; begins &= begins - 1)
            {
                if (_statements.IsNear(text, at + Bytes.First(begins)))
                {
                    return true;
                }
            }
        }

        for (; at < text.Length; at++)
        {
            if (_statements.IsNear(text, at))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary><c>onNAME =</c> somewhere.</summary>
    private static bool HasHandler(ReadOnlySpan<byte> text)
    {
        for (var at = text.IndexOf((byte)'='); at >= 0;)
        {
            var end = at;
            while (end > 0 && (text[end - 1] <= ' ' || text[end - 1] >= 0x80))
            {
                end--;
            }

            var start = end;
            while (start > 0 && char.IsAsciiLetter((char)text[start - 1]))
            {
                start--;
            }

            if (end - start > 4 && (text[start] | 0x20) == 'o' && (text[start + 1] | 0x20) == 'n')
            {
                return true;
            }

            var next = text[(at + 1)..].IndexOf((byte)'=');
            at = next < 0 ? -1 : at + 1 + next;
        }

        return false;
    }

    /// <summary>A word, number or mark of a sentence follows, or nothing: what stands behind an apostrophe in prose, and begins no condition.</summary>
    private static bool MeetsWord(ReadOnlySpan<byte> text, int at)
    {
        var behind = at;
        at = SkipBlanks(text, at);
        if (text[behind..at].IndexOf((byte)'+') >= 0)
        {
            return false;
        }

        if (at >= text.Length || text[at] is (byte)',' or (byte)'.' or (byte)'?' or (byte)':' or (byte)';' or (byte)'[' or (byte)']' or (byte)'(')
        {
            return true;
        }

        // Calls that matter are literals; what else they could lead to follows a value.
        var length = WordLength(text, at);
        return length > 10 || (length > 0 && !Keywords.Contains(text.Slice(at, length)));
    }

    private static bool MeetsStatement(ReadOnlySpan<byte> text, int at)
    {
        at = SkipBlanks(text, at);
        var length = WordLength(text, at);
        return length is > 0 and <= 10 && Keywords.Contains(text.Slice(at, length));
    }

    private bool MeetsCommand(ReadOnlySpan<byte> text, int at)
    {
        var most = at + MaxStep;
        while (at < text.Length && at < most && text[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)'"' or (byte)'\'' or (byte)'(' or (byte)'{' or (byte)'\\' or (byte)'@')
        {
            at++;
        }

        if (at == most || (at < text.Length && text[at] == '/'))
        {
            return true;
        }

        // INVARIANT: no command begins with a digit.
        if (at < text.Length && char.IsAsciiDigit((char)text[at]))
        {
            return false;
        }

        Span<byte> word = stackalloc byte[MaxCommand];
        var (length, first, hides) = (0, at, false);
        for (; at < text.Length && length < word.Length; at++)
        {
            if (IsWord(text[at]) || (length > 0 && text[at] is (byte)'-' or (byte)'.'))
            {
                word[length++] = text[at];
            }
            else if (length > 0 && text[at] is (byte)'\'' or (byte)'"' or (byte)'\\')
            {
                // Within a name they hide it: it counts with and without what follows them.
                hides = true;
                if (_commands.Contains(word[..length]))
                {
                    return true;
                }
            }
            else
            {
                break;
            }
        }

        // "&sort=date" and ";base64," are parameters; "{cat,/etc/hosts}" is none.
        if (!hides && at < text.Length && length < word.Length && (text[at] == '=' || (text[at] == ',' && text[first - 1] != '{')))
        {
            return false;
        }

        return length > 0 && (length == word.Length || _commands.Contains(word[..length]));
    }

    /// <summary>Text beyond ASCII that is well-formed, or has no room for the name of a file.</summary>
    private static bool IsOrdinary(ReadOnlySpan<byte> text)
    {
        if (text.Length <= MaxHeader && text.IndexOf("\u560d"u8) >= 0)
        {
            return false;
        }

        return text.Length > MaxDisguised || text.IndexOfAny(Blanks) >= 0 || text.IndexOfAny(Letters) < 0
            || (System.Text.Unicode.Utf8.IsValid(text) && text.IndexOf("\ufffd"u8) < 0 && text.Count((byte)'?') + text.Count((byte)'%') < 2);
    }

    /// <summary>Two dots in a row that are no step out of a folder, however a slash is spelled.</summary>
    private static bool StaysInside(ReadOnlySpan<byte> text, Seen seen) =>
        (seen & Seen.Foreign) == 0 && text.IndexOf("../"u8) < 0 && text.IndexOf("0x"u8) < 0 && text.IndexOf("0X"u8) < 0 && !text.EndsWith("/.."u8) && !text.SequenceEqual(".."u8);

    /// <summary>What stands behind two slashes in a row begins with the name of an outside host, or with none.</summary>
    private static bool NamesNobody(ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOfAny(Host);
        var authority = end < 0 ? rest : rest[..end];
        if (authority.IndexOf((byte)'@') >= 0)
        {
            return false;
        }

        var colon = authority.IndexOf((byte)':');
        var host = colon < 0 ? authority : authority[..colon];
        return !(host.Length > 0 && (char.IsAsciiDigit((char)host[0]) || host[0] == '[')) && !(colon >= 0 && authority[(colon + 1)..].IndexOf((byte)':') >= 0)
            && !(host.Length >= 9 && Ascii.EqualsIgnoreCase(host[^9..], "localhost"u8));
    }
}
