using System.Text;

namespace Pellicle.Policy;

/// <summary>
/// A pattern over items: <c>*</c> is any run of characters without <c>/</c>, <c>**</c> any run, a final <c>/</c> means everything below that
/// path, and <c>\</c> takes the next character literally. Case matters. Compared as a whole, so <c>/srv/app/</c> does not cover <c>/srv/app2</c>.
/// </summary>
public sealed class ItemPattern
{
    /// <summary>Longest pattern in characters; paths end at 4096.</summary>
    public const int MaxLength = 4096;

    private enum Token : byte
    {
        Literal,
        Star,
        Any,
    }

    private readonly (Token Kind, char Value)[] _tokens;

    /// <summary>Compiles a pattern. A dangling <c>\</c> stands for itself.</summary>
    public ItemPattern(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Text = text;
        _tokens = Compile(text);
        if (!Array.Exists(_tokens, t => t.Kind != Token.Literal))
        {
            Exact = string.Create(_tokens.Length, _tokens, static (span, tokens) =>
            {
                for (var i = 0; i < span.Length; i++)
                {
                    span[i] = tokens[i].Value;
                }
            });
        }
    }

    /// <summary>As written.</summary>
    public string Text { get; }

    /// <summary>The only item it matches, or null when it has a wildcard.</summary>
    public string? Exact { get; }

    /// <summary>Matches one pattern once; keep an instance for more.</summary>
    public static bool Matches(string pattern, string item) => new ItemPattern(pattern).IsMatch(item);

    /// <summary>The pattern that matches exactly this item.</summary>
    public static string Escape(string item)
    {
        ArgumentNullException.ThrowIfNull(item);
        if (item.AsSpan().IndexOfAny('*', '\\') < 0 && !item.EndsWith('/'))
        {
            return item;
        }

        var text = new StringBuilder(item.Length + 4);
        for (var i = 0; i < item.Length; i++)
        {
            if (item[i] is '*' or '\\' || (item[i] == '/' && i == item.Length - 1))
            {
                text.Append('\\');
            }

            text.Append(item[i]);
        }

        return text.ToString();
    }

    /// <summary>True when the whole item matches.</summary>
    public bool IsMatch(string item)
    {
        ArgumentNullException.ThrowIfNull(item);
        if (Exact is not null)
        {
            return string.Equals(Exact, item, StringComparison.Ordinal);
        }

        // Greedy with two places to fall back to: the last `*`, and the last `**`. Nothing before the last `**` needs another try.
        int t = 0, i = 0, starToken = -1, starItem = 0, anyToken = -1, anyItem = 0;
        while (true)
        {
            if (t < _tokens.Length && _tokens[t].Kind == Token.Any)
            {
                (anyToken, anyItem, starToken) = (++t, i, -1);
                continue;
            }

            if (t < _tokens.Length && _tokens[t].Kind == Token.Star)
            {
                (starToken, starItem) = (++t, i);
                continue;
            }

            if (i == item.Length)
            {
                if (t == _tokens.Length)
                {
                    return true;
                }
            }
            else if (t < _tokens.Length && _tokens[t].Value == item[i])
            {
                t++;
                i++;
                continue;
            }

            if (starToken >= 0 && starItem < item.Length && item[starItem] != '/')
            {
                (t, i) = (starToken, ++starItem);
            }
            else if (anyToken >= 0 && anyItem < item.Length)
            {
                (t, i, starToken) = (anyToken, ++anyItem, -1);
            }
            else
            {
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static (Token, char)[] Compile(string text)
    {
        var tokens = new List<(Token, char)>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\\' when i + 1 < text.Length:
                    tokens.Add((Token.Literal, text[++i]));
                    break;
                case '*' when i + 1 < text.Length && text[i + 1] == '*':
                    tokens.Add((Token.Any, default));
                    while (i + 1 < text.Length && text[i + 1] == '*')
                    {
                        i++;
                    }

                    break;
                case '*':
                    tokens.Add((Token.Star, default));
                    break;
                case '/' when i == text.Length - 1 && i > 0:
                    tokens.Add((Token.Literal, '/'));
                    tokens.Add((Token.Any, default));
                    break;
                default:
                    tokens.Add((Token.Literal, text[i]));
                    break;
            }
        }

        return [.. tokens];
    }
}
