using System.Buffers;

namespace Pellicle.Inspection.Detectors;

/// <summary>Markup that runs script in a browser.</summary>
internal sealed class CrossSiteScripting : IDetector
{
    private static readonly Literals Certain = new(
        "<script", "</script", "javascript:", "vbscript:", "data:text/html", "<iframe", "<object data", "<embed ", "<svg", "<math", "<base href", "<meta http-equiv", "document.cookie", "document.write(", "document.location", "window.location=", "String.fromCharCode(", "srcdoc=",
        "expression(", "-moz-binding", "@import'", "<isindex", "<marquee", "<keygen", "<applet", "<bgsound", "alert(", "prompt(", "confirm(", "<xss", "<style", "script&colon;", "&lpar;", "text/x-scriptlet", "behavior:", "behaviour:", "alert?.(", "?import", "onerror=", "onload=", "onmouseover=", "onfocus=", "onclick=", "onmouse");

    private static readonly SearchValues<string> Style = SearchValues.Create(["style="], StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<string> Address = SearchValues.Create(["url("], StringComparison.OrdinalIgnoreCase);

    /// <summary>From here on a text is a page.</summary>
    private const int MaxParameter = 4096;

    public string Id => "xss";

    public IReadOnlyList<Literals> Sets { get; } = [Certain];

    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        if (!subject.Any(Signs.Less) && !subject.Has(Certain) && !(subject.Any(Signs.Quote) && subject.Any(Signs.Compare)))
        {
            return Match.None;
        }

        var open = text.IndexOf('<');
        var found = subject.Find(Certain, 0.5);
        if (found.Confidence > 0 && text.Length >= MaxParameter)
        {
            return found with { Confidence = text[found.Start] == '<' || open >= 0 ? 0.75 : 0.45 };
        }

        var handler = subject.Any(Signs.Compare) ? Handler(text) : Match.None;
        var quoted = subject.Any(Signs.Quote) && subject.Any(Signs.Compare);
        if (found.Confidence > 0)
        {
            var word = text.Slice(found.Start, found.Length);
            var tag = word[0] == '<';
            // Ordinary prose may say "alert(" or "<style"; a script tag or scheme in a short text may not.
            var strong = word.StartsWith("<script", StringComparison.OrdinalIgnoreCase) || word.StartsWith("javascript:", StringComparison.OrdinalIgnoreCase) || (tag && handler.Confidence > 0);
            return found with { Confidence = strong ? 0.93 : tag || open >= 0 || (handler.Confidence > 0 && text.Length < 512) || (quoted && text.Length < 256) ? 0.75 : 0.45 };
        }

        // An attribute whose value is spelled in character references or CSS escapes hides something.
        if (open >= 0 && text.IndexOf("&#", open) is > 0 and var reference && text.Slice(open, reference - open).Contains('=') && !text.Slice(open, reference - open).Contains('>'))
        {
            return new Match(0.8, open, Math.Min(80, text.Length - open));
        }

        if (open >= 0 && text[open..].IndexOfAny(Style) is > 0 and var behind && text[(open + behind)..].IndexOfAny(Address) > 0)
        {
            var style = open + behind;
            return new Match(0.7, style, Math.Min(80, text.Length - style));
        }

        return handler.Confidence > 0 && (open >= 0 || text[..handler.Start].IndexOfAny("\"'`") >= 0) ? handler : Match.None;
    }

    /// <summary><c>onNAME =</c> inside a tag or after a quote.</summary>
    private static Match Handler(ReadOnlySpan<char> text)
    {
        for (var equals = text.IndexOf('=', 1); equals > 0; equals = equals + 1 < text.Length ? text.IndexOf('=', equals + 1) : -1)
        {
            if (EventAttribute.Start(text, equals) is > 0 and var at && !Words.IsWord(text[at - 1]))
            {
                return new Match(text[..at].Contains('<') ? 0.92 : 0.7, at, equals - at + 1);
            }
        }

        return Match.None;
    }
}
