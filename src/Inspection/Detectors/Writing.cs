using System.Buffers;
using System.Collections.Frozen;

namespace Pellicle.Inspection.Detectors;

/// <summary>
/// Tells texts about commands, queries and addresses (sentences, listings, configuration) from parameters that are one. Only a text that a detector would stop is looked at.
/// What such a text does where it becomes a command or a statement is judged there.
/// </summary>
internal static class Writing
{
    /// <summary>Words that stand for themselves, so many at least.</summary>
    private const int MinWords = 4;

    /// <summary>So many, with few other words between them, are a sentence whatever it ends with.</summary>
    private const int ManyWords = 8;

    /// <summary>Longer texts are told by their beginning.</summary>
    private const int MaxLength = 4096;

    private static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'’");

    /// <summary>What sentences are held together by, in some languages; no word of SQL, no alias and no program among them.</summary>
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Joints = new[]
    {
        "the", "an", "to", "are", "was", "were", "be", "been", "you", "your", "it", "its", "this", "that", "these", "those", "with", "for", "of", "we", "our", "my", "me", "please", "have", "has", "can", "will", "would", "should", "how", "what", "why",
        "while", "does", "do", "did", "there", "they", "he", "she", "but", "because", "after", "before", "about", "so", "than", "isn't", "don't", "doesn't",
        "der", "die", "das", "und", "ist", "nicht", "ein", "eine", "mit", "für", "auf", "zu", "wir", "ich", "sie", "bitte", "wie", "le", "les", "des", "du", "est", "une", "pour", "avec", "dans", "que", "el", "los", "para", "con", "una", "por", "il", "che", "di", "het", "een", "van", "voor", "met",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Programs = CommandInjection.Programs.GetAlternateLookup<ReadOnlySpan<char>>();
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Keywords = SqlInjection.AllKeywords.ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Whether the text is a sentence that goes on behind what it quotes, or lines of configuration.</summary>
    internal static bool IsAbout(ReadOnlySpan<char> text) => text.Length <= MaxLength && (IsSentence(text) || QuotesCode(text) || IsConfiguration(text));

    /// <summary>What says that a command follows.</summary>
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Leads = new[] { "install", "run", "running", "use", "using", "try", "type", "execute", "start", "fix", "call", "see" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary><c>Install with `curl … | sh`.</c>: words alone around pieces in backticks, one of them says what they are for.</summary>
    private static bool QuotesCode(ReadOnlySpan<char> text)
    {
        if (text.Count('`') is 0 or > 16 || text.Count('`') % 2 != 0)
        {
            return false;
        }

        var (within, words, leads) = (false, 0, false);
        foreach (var range in text.Split('`'))
        {
            var piece = text[range];
            if (!within)
            {
                // A piece in backticks that is joined to a word is none of Markdown's.
                if ((range.Start.Value > 0 && piece.Length > 0 && char.IsLetterOrDigit(piece[0])) || (range.End.Value < text.Length && piece.Length > 0 && piece[^1] is not (' ' or '\n' or '(')))
                {
                    return false;
                }

                foreach (var part in piece.SplitAny(" \n"))
                {
                    var word = piece[part].Trim("\"'()").TrimEnd(".,:;!?");
                    if (word.ContainsAnyExcept(Letters))
                    {
                        return false;
                    }

                    words += word.IsEmpty ? 0 : 1;
                    leads |= Joints.Contains(word) || Leads.Contains(word);
                }
            }

            within = !within;
        }

        return words >= 2 && leads;
    }

    /// <summary>
    /// Mostly words, and words at its end: an attack breaks out of something and is the last of the text, or ends it with a remark.
    /// What a program before them would print does not count.
    /// </summary>
    private static bool IsSentence(ReadOnlySpan<char> text)
    {
        int all = 0, words = 0, own = 0, joints = 0, last = 0;
        var printed = false;
        foreach (var range in text.SplitAny(" \t\n"))
        {
            var token = text[range];
            if (token.IsWhiteSpace())
            {
                continue;
            }

            all++;
            var word = token.Trim("\"'`“”()").TrimEnd(".,:;!?");
            if (word.IsEmpty || word.ContainsAnyExcept(Letters) || BreaksOut(token))
            {
                (last, printed) = (0, token.EndsWith("echo", StringComparison.Ordinal) || token.EndsWith("printf", StringComparison.Ordinal));
                continue;
            }

            words++;
            printed |= word is "echo" or "printf";
            if (!Programs.Contains(word) && !Keywords.Contains(word))
            {
                own++;
                last++;
                // `FOR UPDATE` shouts.
                joints += Joints.Contains(word) && !char.IsAsciiLetterUpper(word[^1]) ? 1 : 0;
            }
        }

        // `see http://… in the docs`
        var links = all - words == 1 && joints > 0 && own > 2 && last > 1 && (text.Contains(" http://", StringComparison.Ordinal) || text.Contains(" https://", StringComparison.Ordinal));
        if (links && !printed)
        {
            return true;
        }

        if (own < MinWords || words * 2 <= all || printed)
        {
            return false;
        }

        var ends = text.TrimEnd(" \n\t\"')")[^1] is '.' or '?' or '!';
        return joints >= 2 && (last >= 2 || (ends && last > 0) || (own >= ManyWords && own * 10 >= all * 7)) || (joints > 0 && own > MinWords && last > 2);
    }

    /// <summary><c>cats';</c>, <c>x')</c>: what was open before the text is closed by it.</summary>
    private static bool BreaksOut(ReadOnlySpan<char> token) => token.Length > 1 && token[^1] is ';' or ')' && token[..^1].TrimEnd(')') is [.., '\'' or '"'] && token[0] is not ('\'' or '"' or '(');

    /// <summary>Three lines in four at least are settings, list items, quotations, remarks or headings of a file, or stand between Markdown's fences; two lines at least.</summary>
    private static bool IsConfiguration(ReadOnlySpan<char> text)
    {
        int all = 0, settings = 0;
        var fenced = false;
        foreach (var whole in text.EnumerateLines())
        {
            var line = whole.Trim();
            if (line.IsEmpty)
            {
                continue;
            }

            var fence = line.StartsWith("```", StringComparison.Ordinal) && !line[3..].ContainsAnyExcept(Names);
            all++;
            settings += fenced || fence || IsSetting(line) ? 1 : 0;
            fenced ^= fence;
        }

        return !fenced && settings >= 2 && settings * 4 >= all * 3;
    }

    private static bool IsSetting(ReadOnlySpan<char> line)
    {
        if (line[0] is '#' or '[' || line.StartsWith("//", StringComparison.Ordinal) || line.StartsWith("- ", StringComparison.Ordinal) || line.StartsWith("* ", StringComparison.Ordinal) || line.StartsWith("> ", StringComparison.Ordinal) || IsTime(line))
        {
            return true;
        }

        var sign = line.IndexOfAny(":=");
        return sign > 0 && (line[sign] == '=' || sign + 1 == line.Length || line[sign + 1] == ' ') && !line[..sign].Trim().ContainsAnyExcept(Names);
    }

    /// <summary>A line of a crontab.</summary>
    private static bool IsTime(ReadOnlySpan<char> line)
    {
        var fields = 0;
        foreach (var range in line.Split(' '))
        {
            if (line[range].IsEmpty || line[range].ContainsAnyExcept("0123456789*/,-"))
            {
                break;
            }

            fields++;
        }

        return fields == 5;
    }

    private static readonly SearchValues<char> Names = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");
}
