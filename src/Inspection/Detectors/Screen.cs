using System.Buffers;
using System.Collections.Frozen;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
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

    /// <summary>A shell's commands are shorter.</summary>
    private const int MaxCommand = 31;

    // ` < > $ { } \ and control characters: only the detectors know.
    private static ReadOnlySpan<byte> Never => [0x43, 0x03, 0x03, 0x03, 0x07, 0x03, 0x03, 0x03, 0x03, 0x02, 0x02, 0x83, 0x2b, 0x82, 0x0b, 0x83];

    // ' " ; & | % * tab and line breaks: what follows them tells.
    private static ReadOnlySpan<byte> Second => [0x00, 0x00, 0x04, 0x00, 0x00, 0x04, 0x04, 0x04, 0x00, 0x01, 0x05, 0x08, 0x80, 0x01, 0x00, 0x00];

    // Digits ) @ ' ": what a condition of a query may follow.
    private static ReadOnlySpan<byte> Value => [0x18, 0x08, 0x0c, 0x08, 0x08, 0x08, 0x08, 0x0c, 0x08, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00];

    // Letters, digits, blank, point and comma.
    private static ReadOnlySpan<byte> Simple => [0xac, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf0, 0x50, 0x54, 0x50, 0x54, 0x50];

    private static readonly SearchValues<byte> SecondBytes = SearchValues.Create("'\";&|%*\t\n\r"u8);
    private static readonly SearchValues<byte> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);
    private static readonly SearchValues<byte> Blanks = SearchValues.Create(" \n"u8);
    private static readonly SearchValues<byte> Host = SearchValues.Create("/?# \"'\\<\n"u8);

    // What may stand between a value and the word of a query behind it.
    private static readonly bool[] s_follows = [.. Enumerable.Range(0, 256).Select(c => c >= 0x80 || char.IsAsciiLetter((char)c) || c is <= ' ' or '+' or '.' or '_')];

    private readonly GramFilter _literals;
    private readonly GramFilter _words;
    private readonly GramFilter _statements;
    private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> _commands;

    [Flags]
    private enum Seen
    {
        None = 0,
        Never = 1,
        Second = 2,
        Foreign = 4,
        Dots = 8,
        Slashes = 16,
        Condition = 32,

        /// <summary>Other than letters, digits, blanks, points and commas.</summary>
        Marks = 64,
    }

    /// <param name="literals">Every literal that means something by itself.</param>
    /// <param name="statements">Words that make a quote worth reading.</param>
    /// <param name="commands">Programs that mean something behind a separator.</param>
    public Screen(IEnumerable<string> literals, IEnumerable<string> statements, FrozenSet<string> commands)
    {
        string[] all = [.. literals.Where(MayStand), "select", "sleep", "benchmark"];
        _literals = new GramFilter(all, 4);
        _words = new GramFilter([.. all.Where(a => a.All(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '.' or ','))], 4);
        _statements = new GramFilter([.. statements], 2);
        _commands = commands.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Literals with other characters stand in no text that gets as far as to be compared; four short ones are looked for by what is around their signs.</summary>
    private static bool MayStand(string literal) => literal.AsSpan().IndexOfAny("`<>${}\\") < 0 && literal is not ("elt(" or "|sh\n" or "*(|(" or "..%u");

    /// <summary>True when no detector can find anything.</summary>
    public bool IsClean(ReadOnlySpan<byte> text)
    {
        var seen = Look(text);
        if ((seen & (Seen.Never | Seen.Condition)) != 0 || ((seen & Seen.Marks) == 0 ? _words : _literals).Any(text) || StartsQuery(text) || StartsObject(text))
        {
            return false;
        }

        return ((seen & Seen.Second) == 0 || IsQuiet(text, seen))
            && ((seen & Seen.Foreign) == 0 || IsOrdinary(text))
            && ((seen & Seen.Dots) == 0 || StaysInside(text, seen))
            && ((seen & Seen.Slashes) == 0 || NamesNobody(text))
            && !HasElement(text);
    }

    private static Seen Look(ReadOnlySpan<byte> text)
    {
        var never = Vector128<byte>.Zero;
        var second = Vector128<byte>.Zero;
        var foreign = Vector128<byte>.Zero;
        var simple = Vector128<byte>.AllBitsSet;
        var twins = 0u;
        var slashes = 0u;
        var carry = 0u;
        var slashCarry = 0u;
        var condition = false;
        var (neverTable, secondTable, valueTable, simpleTable, bits) = (Vector128.Create(Never), Vector128.Create(Second), Vector128.Create(Value), Vector128.Create(Simple), Bits);
        ref var start = ref MemoryMarshal.GetReference(text);
        Span<byte> room = stackalloc byte[16];
        for (var i = 0; i < text.Length; i += 16)
        {
            Vector128<byte> v;
            if (text.Length - i >= 16)
            {
                v = Vector128.LoadUnsafe(ref start, (nuint)i);
            }
            else if (text.Length >= 16)
            {
                // The last sixteen again: what is seen twice is seen.
                i = text.Length - 16;
                carry = slashCarry = 0;
                v = Vector128.LoadUnsafe(ref start, (nuint)i);
            }
            else
            {
                room.Fill((byte)'a');
                text.CopyTo(room);
                v = Vector128.Create<byte>(room);
            }

            var low = v & Vector128.Create((byte)0x0f);
            var high = Shuffle(bits, Vector128.ShiftRightLogical(v.AsUInt16(), 4).AsByte() & Vector128.Create((byte)0x0f));
            never |= Shuffle(neverTable, low) & high;
            second |= Shuffle(secondTable, low) & high;
            foreign |= v;
            simple = Vector128.Min(simple, Shuffle(simpleTable, low) & high);
            var dots = Vector128.Equals(v, Vector128.Create((byte)'.')).ExtractMostSignificantBits();
            var bars = Vector128.Equals(v, Vector128.Create((byte)'/')).ExtractMostSignificantBits();
            twins |= dots & ((dots << 1) | carry);
            slashes |= bars & ((bars << 1) | slashCarry);
            carry = dots >> 15;
            slashCarry = bars >> 15;
            var values = ~Vector128.Equals(Shuffle(valueTable, low) & high, Vector128<byte>.Zero).ExtractMostSignificantBits() & 0xffff;
            for (values &= ~(values >> 1); values != 0; values &= values - 1)
            {
                condition |= BeforeCondition(text, i + BitOperations.TrailingZeroCount(values));
            }
        }

        return (never != Vector128<byte>.Zero ? Seen.Never : 0) | (second != Vector128<byte>.Zero ? Seen.Second : 0) | (foreign.ExtractMostSignificantBits() != 0 ? Seen.Foreign : 0)
            | (twins != 0 ? Seen.Dots : 0) | (slashes != 0 ? Seen.Slashes : 0) | (condition ? Seen.Condition : 0)
            | (Vector128.EqualsAny(simple, Vector128<byte>.Zero) ? Seen.Marks : 0);
    }

    private static Vector128<byte> Bits => Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>Indexes are below sixteen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Shuffle(Vector128<byte> table, Vector128<byte> index) =>
        Ssse3.IsSupported ? Ssse3.Shuffle(table, index) : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.VectorTableLookup(table, index) : Vector128.Shuffle(table, index);

    /// <summary>A number, parenthesis, variable or quoted text ends here and a word that goes on with a query follows.</summary>
    private static bool BeforeCondition(ReadOnlySpan<byte> text, int at)
    {
        var i = at + 1;
        if (i >= text.Length || !s_follows[text[i]])
        {
            return false;
        }

        if (text[at] == '@' || char.IsAsciiDigit((char)text[at]))
        {
            // The number ends here, or goes on as a hexadecimal one, or this is the end of a variable's name.
            var most = Math.Min(text.Length, at + MaxStep);
            while (i < most && (char.IsAsciiHexDigit((char)text[i]) || text[i] is (byte)'.' or (byte)'x' or (byte)'X'))
            {
                i++;
            }

            if (MeetsCondition(text, i))
            {
                return true;
            }

            while (i < most && (IsWord(text[i]) || text[i] == '@'))
            {
                i++;
            }

            if (i == at + MaxStep)
            {
                return true;
            }
        }

        return MeetsCondition(text, i);
    }

    private static bool MeetsCondition(ReadOnlySpan<byte> text, int at)
    {
        at = SkipBlanks(text, at);
        if (at >= text.Length || (text[at] | 0x20) is not ('a' or 'o' or 'x' or 'n' or 'g' or 'h' or 'p'))
        {
            return false;
        }

        var length = WordLength(text, at, MaxKeyword + 1);
        return length is >= 2 and <= 9 && Fold(text.Slice(at, length)) is 0x646e61 or 0x726f or 0x726f78 or 0x746f6e or 0x726564726f or 0x70756f7267 or 0x676e69766168 or Procedure;
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
            if (text[i] >= 0x80 && IsBlank(text[i..], out size))
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
    private static bool StartsQuery(ReadOnlySpan<byte> text)
    {
        var at = SkipBlanks(text, 0);
        var length = WordLength(text, at);
        if (length == 0)
        {
            return false;
        }

        if (length <= 9 && IsStatement(Fold(text.Slice(at, length))))
        {
            return true;
        }

        at = SkipBlanks(text, at + length);
        if (at >= text.Length || (text[at] | 0x20) is not ('a' or 'o' or 'x' or 'n'))
        {
            return false;
        }

        length = WordLength(text, at);
        return length is 2 or 3 && Fold(text.Slice(at, length)) is 0x646e61 or 0x726f or 0x726f78 or 0x746f6e && text.Length < MaxBare;
    }

    private static bool IsStatement(ulong word) => word is 0x747265736e69 or 0x657461647075 or 0x6574656c6564 or 0x706f7264 or 0x657461657263 or 0x7265746c61 or 0x657461636e757274 or 0x63657865 or 0x65747563657865
        or 0x6572616c636564 or 0x6e776f6474756873 or 0x726f6674696177 or 0x746e617267 or 0x656b6f766572 or 0x656772656d or 0x6563616c706572 or 0x6e69676562 or 0x6c6c6163 or 0x686361747461 or 0x79706f63 or 0x746573 or 0x6669
        or 0x70756b636162 or 0x64616f6c or 0x72656c646e6168 or 0x676e69766168 or 0x6572656877 or 0x646e61 or 0x726f or 0x726f78 or 0x746f6e or 0x7463656c6573;

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

    private static bool HasElement(ReadOnlySpan<byte> text)
    {
        for (var at = text.IndexOf((byte)'('); at >= 0;)
        {
            if (at >= 3 && Fold(text.Slice(at - 3, 3)) == 0x746c65)
            {
                return true;
            }

            var next = text[(at + 1)..].IndexOf((byte)'(');
            at = next < 0 ? -1 : at + 1 + next;
        }

        return false;
    }

    /// <summary>Signs that begin or end something are followed by nothing that would make sense there.</summary>
    private bool IsQuiet(ReadOnlySpan<byte> text, Seen seen)
    {
        var quotes = false;
        var lines = false;
        var tabs = false;
        var percents = 0;
        for (var at = text.IndexOfAny(SecondBytes); at < text.Length; at++)
        {
            var next = at + 1 < text.Length ? text[at + 1] : (byte)0;
            switch (text[at])
            {
                case (byte)'\'' or (byte)'"':
                    quotes = true;
                    if (!MeetsWord(text, at + 1))
                    {
                        return false;
                    }

                    break;
                case (byte)'%':
                    percents++;
                    if (IsWord(next))
                    {
                        return false;
                    }

                    break;
                case (byte)'*':
                    if (next is (byte)'/' or (byte)')' or (byte)'(' or (byte)'|' || (at > 0 && text[at - 1] is (byte)'/' or (byte)'='))
                    {
                        return false;
                    }

                    break;
                case (byte)'&' or (byte)'|' when next == text[at]:
                    return false;
                case (byte)';' or (byte)'&' or (byte)'|' or (byte)'\n':
                    lines |= text[at] == '\n';
                    if (MeetsCommand(text, at + 1) || (text[at] == ';' && MeetsStatement(text, at + 1)))
                    {
                        return false;
                    }

                    break;
                case (byte)'\r':
                    lines = true;
                    break;
                default:
                    tabs = true;
                    break;
            }

            var step = text[(at + 1)..].IndexOfAny(SecondBytes);
            if (step < 0)
            {
                break;
            }

            at += step;
        }

        if (quotes && (HasHandler(text) || text.IndexOf("O:"u8) >= 0 || _statements.Any(text)))
        {
            return false;
        }

        if (lines && (text.Length <= MaxHeader || text.IndexOf((byte)'#') >= 0 || text.IndexOf("--"u8) >= 0))
        {
            return false;
        }

        return (percents == 0 || percents + text.Count((byte)'?') < 2 || text.Length > MaxDisguised || text.IndexOfAny(Blanks) >= 0)
            && ((seen & Seen.Dots) == 0 || !(lines || tabs || percents > 0));
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
        return length > 10 || (length > 0 && !IsKeyword(text.Slice(at, length)));
    }

    private static bool IsKeyword(ReadOnlySpan<byte> word)
    {
        Span<char> characters = stackalloc char[word.Length];
        return Ascii.ToUtf16(word, characters, out _) == OperationStatus.Done && SqlInjection.IsKeyword(characters);
    }

    private static bool MeetsStatement(ReadOnlySpan<byte> text, int at)
    {
        at = SkipBlanks(text, at);
        var length = WordLength(text, at);
        return length is > 0 and <= 10 && IsKeyword(text.Slice(at, length));
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

        Span<char> word = stackalloc char[MaxCommand];
        var length = 0;
        for (; at < text.Length && length < word.Length; at++)
        {
            if (IsWord(text[at]) || (length > 0 && text[at] is (byte)'-' or (byte)'.'))
            {
                word[length++] = (char)text[at];
            }
            else if (length > 0 && text[at] is (byte)'\'' or (byte)'"' or (byte)'\\')
            {
                // Within a name they hide it: it counts with and without what follows them.
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

    /// <summary>Two slashes in a row with the name of an outside host behind them, or none.</summary>
    private static bool NamesNobody(ReadOnlySpan<byte> text)
    {
        for (var at = text.IndexOf("//"u8); at >= 0;)
        {
            var rest = text[(at + 2)..];
            var end = rest.IndexOfAny(Host);
            var authority = end < 0 ? rest : rest[..end];
            if (authority.IndexOf((byte)'@') >= 0)
            {
                return false;
            }

            var colon = authority.IndexOf((byte)':');
            var host = colon < 0 ? authority : authority[..colon];
            if (host.Length > 0 && (char.IsAsciiDigit((char)host[0]) || host[0] == '[') || (colon >= 0 && authority[(colon + 1)..].IndexOf((byte)':') >= 0)
                || (host.Length >= 9 && Ascii.EqualsIgnoreCase(host[^9..], "localhost"u8)))
            {
                return false;
            }

            var next = rest.IndexOf("//"u8);
            at = next < 0 ? -1 : at + 2 + next;
        }

        return true;
    }

    /// <summary>Says quickly whether a text holds one of many literals, ASCII case apart: by three characters at every second or fourth place.</summary>
    private sealed class GramFilter
    {
        // One bit for each hash of three characters that tell of a literal.
        private readonly ulong[] _filter = new ulong[2048];

        // By open addressing: the characters, what may stand before and behind them (a bit for each of 64 classes), and where that is.
        private readonly Gram[] _grams;
        private readonly int _stride;

        private struct Gram
        {
            public uint Characters;
            public ulong Before;
            public ulong Behind;
            public (byte[] Value, int Offset)[]? Places;
        }

        public GramFilter(IReadOnlyList<string> values, int stride)
        {
            _stride = stride;
            var found = new List<(uint Characters, byte[] Value, int Offset)>();
            foreach (var value in values)
            {
                if (value.Length < stride + 1)
                {
                    throw new ArgumentException($"literal `{value}` is too short", nameof(values));
                }

                var bytes = Encoding.ASCII.GetBytes(value);
                // INVARIANT: of as many neighbouring places as the stride one is looked at, wherever the literal stands.
                var first = Rarest(value, stride);
                for (var offset = first; offset < first + stride; offset++)
                {
                    var known = offset + 3 <= value.Length;
                    var two = value[offset] | (uint)value[offset + 1] << 8;
                    for (var third = 0u; third < (known ? 1u : 256u); third++)
                    {
                        var gram = Fold(two | (known ? value[offset + 2] : third) << 16);
                        var slot = Slot(gram);
                        _filter[slot >> 6] |= 1UL << (int)(slot & 63);
                        // The case bit makes two of a third character one.
                        if (known || (third & 0x20) != 0)
                        {
                            found.Add((gram, bytes, offset));
                        }
                    }
                }
            }

            _grams = new Gram[(int)BitOperations.RoundUpToPowerOf2((uint)(found.Count * 4 / 3))];
            foreach (var (characters, value, offset) in found)
            {
                ref var gram = ref _grams[Find(characters)];
                gram.Characters = characters;
                gram.Places = [.. gram.Places ?? [], (value, offset)];
                gram.Before |= offset == 0 ? ulong.MaxValue : Class(value[offset - 1]);
                gram.Behind |= offset + 3 >= value.Length ? ulong.MaxValue : Class(value[offset + 3]);
            }
        }

        /// <summary>Where the characters are that ordinary texts have least of.</summary>
        private static int Rarest(string value, int stride)
        {
            static double Weight(char c) => "etaoinsrhETAOINSRH".Contains(c, StringComparison.Ordinal) ? 6 : c == ' ' ? 8 : char.IsAsciiLetter(c) ? 2 : char.IsAsciiDigit(c) ? 1.5 : 0.5;
            var (best, least) = (0, double.MaxValue);
            for (var first = 0; first <= Math.Max(0, value.Length - stride - 2); first++)
            {
                var sum = 0.0;
                for (var i = first; i < first + stride && i + 3 <= value.Length; i++)
                {
                    sum += Weight(value[i]) * Weight(value[i + 1]) * Weight(value[i + 2]);
                }

                if (sum < least)
                {
                    (best, least) = (first, sum);
                }
            }

            return best;
        }

        public bool Any(ReadOnlySpan<byte> text)
        {
            ref var start = ref MemoryMarshal.GetReference(text);
            ref var filter = ref MemoryMarshal.GetArrayDataReference(_filter);
            var i = 0;
            if (_stride == 4)
            {
                for (; i <= text.Length - 16; i += 16)
                {
                    var (first, second, third, fourth) = (Bit(ref filter, ref start, i), Bit(ref filter, ref start, i + 4), Bit(ref filter, ref start, i + 8), Bit(ref filter, ref start, i + 12));
                    if (((first | second | third | fourth) & 1) != 0
                        && (((first & 1) != 0 && Near(text, i)) || ((second & 1) != 0 && Near(text, i + 4)) || ((third & 1) != 0 && Near(text, i + 8)) || ((fourth & 1) != 0 && Near(text, i + 12))))
                    {
                        return true;
                    }
                }
            }

            else
            {
                for (; i <= text.Length - 18; i += 16)
                {
                    var hits = Bit(ref filter, ref start, i) | Bit(ref filter, ref start, i + 2) | Bit(ref filter, ref start, i + 4) | Bit(ref filter, ref start, i + 6)
                        | Bit(ref filter, ref start, i + 8) | Bit(ref filter, ref start, i + 10) | Bit(ref filter, ref start, i + 12) | Bit(ref filter, ref start, i + 14);
                    for (var at = i; (hits & 1) != 0 && at < i + 16; at += 2)
                    {
                        if (Near(text, at))
                        {
                            return true;
                        }
                    }
                }
            }

            for (; i < text.Length; i += _stride)
            {
                if (Near(text, i))
                {
                    return true;
                }
            }

            return false;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static ulong Bit(ref ulong filter, ref byte start, int at)
        {
            var slot = Slot(Fold(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref start, at))));
            return Unsafe.Add(ref filter, (nint)(slot >> 6)) >> (int)(slot & 63);
        }

        /// <summary>One of the literals has its telling characters at this place.</summary>
        private bool Near(ReadOnlySpan<byte> text, int at)
        {
            var gram = Fold(text[at] | (at + 1 < text.Length ? (uint)text[at + 1] << 8 : 0) | (at + 2 < text.Length ? (uint)text[at + 2] << 16 : 0));
            var slot = Slot(gram);
            if ((_filter[slot >> 6] >> (int)(slot & 63) & 1) == 0)
            {
                return false;
            }

            ref var known = ref _grams[Find(gram)];
            if (known.Places is not { } places || (at > 0 && (known.Before & Class(text[at - 1])) == 0) || (at + 3 < text.Length && (known.Behind & Class(text[at + 3])) == 0))
            {
                return false;
            }

            foreach (var (value, offset) in places)
            {
                var from = at - offset;
                if (from >= 0 && text.Length - from >= value.Length && Ascii.EqualsIgnoreCase(text.Slice(from, value.Length), value))
                {
                    return true;
                }
            }

            return false;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static uint Fold(uint gram) => (gram | 0x202020) & 0xffffff;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static uint Slot(uint gram) => (gram * 0x9E3779B1u) >> 15;

        /// <summary>Case apart, which is the sixth bit.</summary>
        private static ulong Class(byte character) => 1UL << (character & 0x1f | (character & 0x40) >> 1);

        private int Find(uint gram)
        {
            var slot = (int)(gram * 0x85EBCA6Bu >> 16) & (_grams.Length - 1);
            while (_grams[slot].Places is not null && _grams[slot].Characters != gram)
            {
                slot = (slot + 1) & (_grams.Length - 1);
            }

            return slot;
        }
    }
}
