namespace Pellicle.Posture.Identity;

/// <summary>IAM wildcards: <c>*</c> stands for any text, <c>?</c> for one character. Actions ignore case, resources do not.</summary>
internal static class Glob
{
    public static bool IsAll(string pattern) => (pattern.Length > 0 && pattern.All(c => c == '*')) || pattern == "*:*";

    /// <summary>Whether a text matches, letters of any case: actions.</summary>
    public static bool Match(string pattern, string text) => Run(pattern, text, ignoreCase: true, textIsPattern: false);

    /// <summary>Whether a text matches, letter by letter: resources and values of conditions.</summary>
    public static bool MatchExactly(string pattern, string text) => Run(pattern, text, ignoreCase: false, textIsPattern: false);

    /// <summary>True when everything that <paramref name="inner"/> matches, <paramref name="outer"/> matches too. With question marks it may say false for true (<c>?*</c> and <c>*a</c>), never the other way.</summary>
    public static bool Covers(string outer, string inner, bool ignoreCase = false) => Run(Tidy(outer), Tidy(inner), ignoreCase, textIsPattern: true);

    /// <summary>True when some text matches both patterns.</summary>
    public static bool Overlaps(string a, string b, bool ignoreCase = false)
    {
        // Row i answers for a[i..]; filled from the end, so two rows are enough and nothing recurses.
        var next = new bool[b.Length + 1];
        var row = new bool[b.Length + 1];
        for (var i = a.Length; i >= 0; i--)
        {
            for (var j = b.Length; j >= 0; j--)
            {
                row[j] = (i == a.Length && j == b.Length)
                    || (i < a.Length && a[i] == '*' && (next[j] || (j < b.Length && row[j + 1])))
                    || (j < b.Length && b[j] == '*' && (row[j + 1] || (i < a.Length && next[j])))
                    || (i < a.Length && j < b.Length && a[i] != '*' && b[j] != '*' && (a[i] == '?' || b[j] == '?' || Same(a[i], b[j], ignoreCase)) && next[j + 1]);
            }

            (next, row) = (row, next);
        }

        return next[0];
    }

    // Linear with one step back: a pattern of an attacker cannot make it slow.
    private static bool Run(string pattern, string text, bool ignoreCase, bool textIsPattern)
    {
        int p = 0, t = 0, star = -1, mark = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] != '*' && (pattern[p] == '?' ? !(textIsPattern && text[t] == '*') : Same(pattern[p], text[t], ignoreCase)))
            {
                p++;
                t++;
            }
            else if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                mark = t;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++mark;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }

    private static bool Same(char a, char b, bool ignoreCase) => a == b || (ignoreCase && char.ToLowerInvariant(a) == char.ToLowerInvariant(b));

    /// <summary>Each run of wildcards in one order, question marks first: <c>*?*</c> and <c>?*</c> say the same.</summary>
    private static string Tidy(string pattern)
    {
        if (!pattern.Contains('*', StringComparison.Ordinal))
        {
            return pattern;
        }

        var result = new System.Text.StringBuilder(pattern.Length);
        for (var i = 0; i < pattern.Length;)
        {
            var (questions, stars, start) = (0, 0, i);
            for (; i < pattern.Length && pattern[i] is '*' or '?'; i++)
            {
                _ = pattern[i] == '*' ? stars++ : questions++;
            }

            result.Append('?', questions).Append('*', Math.Min(stars, 1));
            if (i == start)
            {
                result.Append(pattern[i++]);
            }
        }

        return result.ToString();
    }
}
