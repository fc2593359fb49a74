using System.Text;
using System.Text.RegularExpressions;
using Pellicle.Domain;

namespace Pellicle.Policy;

/// <summary>Turns an observed item into the pattern to learn: what is random or counts up becomes <c>*</c>, what identifies stays. Pure.</summary>
public static partial class Generalizer
{
    /// <summary>These hold deployed content: the same in every environment, so there is nothing to generalise.</summary>
    private static readonly string[] FixedRoots = ["/var/task/", "/opt/", "/var/lang/", "/var/runtime/", "/usr/", "/lib/", "/lib64/", "/bin/", "/sbin/", "/etc/"];

    /// <summary>The pattern for an item; it always matches the item itself.</summary>
    public static string Generalize(Dimension dimension, string item)
    {
        ArgumentNullException.ThrowIfNull(item);
        return dimension switch
        {
            Dimension.Read or Dimension.Write or Dimension.Library => Path(item, keepName: false),
            Dimension.Process => Path(item, keepName: true),
            Dimension.Host => Host(item),
            Dimension.Aws or Dimension.Event or Dimension.Response or Dimension.Code or Dimension.Deserialize or Dimension.Tamper or Dimension.Statement => ItemPattern.Escape(item),
            _ => ItemPattern.Escape(item),
        };
    }

    private static string Path(string path, bool keepName)
    {
        if (!path.StartsWith('/') || Array.Exists(FixedRoots, r => path.StartsWith(r, StringComparison.Ordinal)))
        {
            return ItemPattern.Escape(path);
        }

        var segments = path.Split('/');
        var temporary = segments.Length > 1 && segments[1] == "tmp";
        var result = new StringBuilder(path.Length);
        for (var i = 0; i < segments.Length; i++)
        {
            if (i > 0)
            {
                result.Append(i == segments.Length - 1 && segments[i].Length == 0 ? "\\/" : "/");
            }

            result.Append(keepName && i == segments.Length - 1 ? ItemPattern.Escape(segments[i]) : Segment(segments[i], temporary && i > 1));
        }

        return result.ToString();
    }

    private static string Segment(string segment, bool temporary)
    {
        if (segment.Length == 0)
        {
            return segment;
        }

        if (segment.All(char.IsAsciiDigit))
        {
            return "*";
        }

        var text = new StringBuilder(segment.Length);
        var last = 0;
        foreach (Match match in Varying().Matches(segment))
        {
            // Two in a row are one `*`: `**` would cross directories.
            if (match.Index > last || last == 0)
            {
                text.Append(ItemPattern.Escape(segment[last..match.Index])).Append('*');
            }

            last = match.Index + match.Length;
        }

        var rest = segment[last..];
        if (temporary && last == 0 && RandomTail().Match(rest) is { Success: true } tail && LooksRandom(tail.Groups["random"].ValueSpan))
        {
            var group = tail.Groups["random"];
            return $"{ItemPattern.Escape(rest[..group.Index])}*{ItemPattern.Escape(rest[(group.Index + group.Length)..])}";
        }

        return text.Append(ItemPattern.Escape(rest)).ToString();
    }

    /// <summary>Letters alone may be a word; six or more characters that mix digits or cases in the manner of mkstemp are not.</summary>
    private static bool LooksRandom(ReadOnlySpan<char> text)
    {
        int digits = 0, upper = 0, lower = 0;
        foreach (var c in text)
        {
            digits += char.IsAsciiDigit(c) ? 1 : 0;
            upper += char.IsAsciiLetterUpper(c) ? 1 : 0;
            lower += char.IsAsciiLetterLower(c) ? 1 : 0;
        }

        return (digits > 0 && upper + lower > 0) || (upper > 1 && lower > 1) || digits >= 6;
    }

    private static string Host(string item)
    {
        var colon = item.LastIndexOf(':');
        var name = colon < 0 ? item : item[..colon];
        if (!name.EndsWith(".amazonaws.com", StringComparison.OrdinalIgnoreCase) && !name.EndsWith(".amazonaws.com.cn", StringComparison.OrdinalIgnoreCase)
            && !name.EndsWith(".api.aws", StringComparison.OrdinalIgnoreCase))
        {
            return ItemPattern.Escape(item);
        }

        // Only the region varies. A bucket, an account or an API id says where data goes: it stays.
        var labels = name.Split('.');
        for (var i = 0; i < labels.Length; i++)
        {
            labels[i] = Region().IsMatch(labels[i]) ? "*" : ItemPattern.Escape(labels[i]);
        }

        return string.Join('.', labels) + (colon < 0 ? "" : ItemPattern.Escape(item[colon..]));
    }

    // UUID; date, with or without time; 16 and more hexadecimal digits; 5 and more decimal digits (process ids, epochs, counters).
    [GeneratedRegex(@"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|(?:19|20)\d\d-\d\d-\d\d(?:[T_ -]\d\d[:_-]?\d\d(?:[:_-]?\d\d(?:\.\d+)?)?Z?)?|(?<![0-9a-zA-Z])[0-9a-fA-F]{16,}(?![0-9a-zA-Z])|[0-9]{5,}", RegexOptions.CultureInvariant)]
    private static partial Regex Varying();

    // The random end that mkstemp, tempfile, mkdtemp and Files.createTempFile add, before an extension.
    [GeneratedRegex(@"^(?:.*[-_.]|tmp|temp)?(?<random>[A-Za-z0-9_]{6,20})(?:\.[A-Za-z0-9]{1,8})?$", RegexOptions.CultureInvariant)]
    private static partial Regex RandomTail();

    [GeneratedRegex(@"^(?:af|ap|ca|cn|eu|eusc|il|me|mx|sa|us)(?:-(?:gov|iso|isob|isoe|isof|de))?-(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-\d{1,2}$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Region();
}
