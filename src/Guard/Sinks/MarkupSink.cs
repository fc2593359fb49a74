using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using Pellicle.Guard.RuntimeApi;
using Pellicle.Inspection;

namespace Pellicle.Guard.Sinks;

/// <summary>Script of an event in a page that the function answers with.</summary>
internal static class MarkupSink
{
    private const int MinMarkup = 8;

    /// <summary>Longer texts are documents, whose owner shows them.</summary>
    private const int MaxText = 4096;

    /// <summary>What makes script of a tag that has no handler.</summary>
    private static readonly SearchValues<string> Runs = SearchValues.Create(["<script", "javascript:", "vbscript:", "data:text/html", "srcdoc="], StringComparison.OrdinalIgnoreCase);

    /// <param name="response">What the function answers: an object with <c>headers</c> and <c>body</c>.</param>
    /// <param name="texts">Of the event, those that have a sign of script; asked for only where the response is a page.</param>
    internal static SinkHit? Check(ReadOnlySpan<byte> response, Func<IReadOnlyList<EventText>> texts)
    {
        if (Page(response) is not { } page)
            return null;
        foreach (var (field, text) in texts())
        {
            if (text.Length > MaxText)
                continue;
            var markup = Markup(text);
            if (markup.Length >= MinMarkup && (markup.AsSpan().ContainsAny(Runs) || HasHandler(markup, 0, inTag: false) || AsRead(markup).AsSpan().ContainsAny(Runs)) && page.Contains(markup, StringComparison.Ordinal))
                return new("xss", field, SinkHit.Cut(markup), $"event field `{field}` is script in a page", true);
            var value = text.Trim();
            if (value.Length >= MinMarkup && EndsValue(page, value))
                return new("xss", field, SinkHit.Cut(value), $"event field `{field}` ends an attribute's value in a page, and adds a handler", true);
            if (value.Length >= MinMarkup && IsAddress(page, value))
                return new("xss", field, SinkHit.Cut(value), $"event field `{field}` is script in the place of an address in a page", true);
            if (value.Length >= MinMarkup && EndsString(page, value))
                return new("xss", field, SinkHit.Cut(value), $"event field `{field}` ends a string in a script of a page, and adds code", true);
        }
        return null;
    }

    /// <summary>From a text's first tag to its last; nothing where it has none, as a book's title has (<c>JavaScript: The Good Parts</c>).</summary>
    private static string Markup(string text)
    {
        var (open, close) = (text.IndexOf('<', StringComparison.Ordinal), text.LastIndexOf('>'));
        return open >= 0 && close > open ? text[open..(close + 1)] : "";
    }

    /// <summary><c>" onfocus=alert(1) x="</c>, within a tag.</summary>
    private static bool EndsValue(string page, string value)
    {
        var quote = value.AsSpan().IndexOfAny('"', '\'');
        if (quote < 0 || !HasHandler(value, quote + 1, inTag: true))
            return false;
        for (var at = page.IndexOf(value, StringComparison.Ordinal); at >= 0; at = page.IndexOf(value, at + 1, StringComparison.Ordinal))
        {
            var tag = page.AsSpan(0, at).LastIndexOfAny('<', '>');
            // The value that the quote ends began with one like it.
            if (tag >= 0 && page[tag] == '<' && char.IsAsciiLetter(page[tag + 1]) && page.AsSpan(tag, at - tag).Count(value[quote]) % 2 == 1)
                return true;
        }
        return false;
    }

    private static readonly string[] Schemes = ["javascript:", "vbscript:", "data:text/html"];

    /// <summary>Attributes whose address a browser goes to.</summary>
    private static readonly string[] Addresses = ["href", "src", "action", "formaction", "data", "srcdoc"];

    /// <summary><c>href="javascript:…"</c>: the value is the whole address, or its beginning.</summary>
    private static bool IsAddress(string page, string value)
    {
        if (AsRead(value) is var read && !Array.Exists(Schemes, s => read.StartsWith(s, StringComparison.OrdinalIgnoreCase)))
            return false;
        for (var at = page.IndexOf(value, StringComparison.Ordinal); at >= 0; at = page.IndexOf(value, at + 1, StringComparison.Ordinal))
        {
            var before = page.AsSpan(0, at).TrimEnd().TrimEnd("\"'").TrimEnd();
            if (before.Length == 0 || before[^1] != '=')
                continue;
            before = before[..^1].TrimEnd();
            var tag = before.LastIndexOfAny('<', '>');
            if (tag >= 0 && before[tag] == '<' && EndsWithAny(before, Addresses))
                return true;
        }
        return false;
    }

    /// <summary>An address as a browser reads it: signs that are written as numbers or names for themselves, without control characters (<c>jav&amp;#x09;ascript:</c>).</summary>
    private static string AsRead(string text)
    {
        if (!text.AsSpan().ContainsAny("&\t\r\n") && (text.Length == 0 || text[0] > ' '))
            return text;
        var plain = new StringBuilder(text.Length);
        foreach (var c in WebUtility.HtmlDecode(text.Replace("&Tab;", "", StringComparison.Ordinal).Replace("&NewLine;", "", StringComparison.Ordinal).Replace("&colon;", ":", StringComparison.Ordinal)))
        {
            if (c is not ('\t' or '\r' or '\n') && (c > ' ' || plain.Length > 0))
                plain.Append(c);
        }
        return plain.ToString();
    }

    private static bool EndsWithAny(ReadOnlySpan<char> text, string[] names)
    {
        foreach (var name in names)
        {
            if (text.EndsWith(name, StringComparison.OrdinalIgnoreCase) && text.Length > name.Length && (char.IsWhiteSpace(text[^(name.Length + 1)]) || text[^(name.Length + 1)] is ':' or '"' or '\''))
                return true;
        }
        return false;
    }

    /// <summary><c>";alert(1);//</c>, within a string of a script.</summary>
    private static bool EndsString(string page, string value)
    {
        for (var at = page.IndexOf(value, StringComparison.Ordinal); at >= 0; at = page.IndexOf(value, at + 1, StringComparison.Ordinal))
        {
            var start = page.LastIndexOf("<script", at, StringComparison.OrdinalIgnoreCase);
            if (start < 0 || page.AsSpan(start, at - start).IndexOf("</script", StringComparison.OrdinalIgnoreCase) >= 0)
                continue;
            var open = page.IndexOf('>', start, at - start);
            if (open >= 0 && Quote(page.AsSpan(open + 1, at - open - 1)) is var quote and not '\0' && value.IndexOf(quote, StringComparison.Ordinal) is var end and >= 0 && (end == 0 || value[end - 1] != '\\')
                && value.AsSpan(end + 1).ContainsAny('(', '=', '`'))
                return true;
            // In a template's text code stands without an end of it.
            if (open >= 0 && value.Contains("${", StringComparison.Ordinal) && Quote(page.AsSpan(open + 1, at - open - 1)) == '`')
                return true;
        }
        return false;
    }

    /// <summary>What the string began with that a script ends in; nothing where it ends elsewhere.</summary>
    private static char Quote(ReadOnlySpan<char> script)
    {
        var quote = '\0';
        for (var i = 0; i < script.Length; i++)
        {
            if (script[i] == '\\')
                i++;
            else if (quote == '\0' && script[i] is '"' or '\'' or '`')
                quote = script[i];
            else if (script[i] == quote)
                quote = '\0';
        }
        return quote;
    }

    /// <summary>An attribute <c>onNAME=</c>, of a tag that begins in the text or within one.</summary>
    private static bool HasHandler(string text, int from, bool inTag)
    {
        for (var i = from; i < text.Length; i++)
        {
            if (text[i] is '<' or '>')
                inTag = text[i] == '<' && i + 1 < text.Length && char.IsAsciiLetter(text[i + 1]);
            else if (inTag && text[i] == '=' && IsHandler(text, i))
                return true;
        }
        return false;
    }

    private static bool IsHandler(string text, int equals) =>
        EventAttribute.Start(text, equals) is >= 0 and var start && (start == 0 || char.IsWhiteSpace(text[start - 1]) || text[start - 1] is '/' or '"' or '\'');

    /// <summary>The body, where it is one of HTML by its type, or begins like one and has none.</summary>
    private static string? Page(ReadOnlySpan<byte> response)
    {
        string? type = null, body = null;
        var encoded = false;
        try
        {
            var reader = new Utf8JsonReader(response);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var (headers, whole) = (reader.ValueTextEquals("headers"u8) || reader.ValueTextEquals("multiValueHeaders"u8), reader.ValueTextEquals("body"u8));
                var flag = reader.ValueTextEquals("isBase64Encoded"u8);
                reader.Read();
                if (headers && reader.TokenType == JsonTokenType.StartObject)
                    type = ContentType(ref reader) ?? type;
                else if (whole && reader.TokenType == JsonTokenType.String)
                    body = reader.GetString();
                else if (flag)
                    encoded = reader.TokenType == JsonTokenType.True;
                else
                    reader.Skip();
            }
        }
        catch (JsonException)
        {
            return null;
        }
        if (body is null || !(type?.Contains("html", StringComparison.OrdinalIgnoreCase) ?? body.AsSpan().TrimStart().StartsWith('<')))
            return null;
        var bytes = encoded ? new byte[body.Length] : [];
        return !encoded ? body : !Convert.TryFromBase64String(body, bytes, out var length) ? null : Encoding.UTF8.GetString(Unpacked.Read(bytes, length));
    }

    private static string? ContentType(ref Utf8JsonReader reader)
    {
        string? type = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var wanted = string.Equals(reader.GetString(), "content-type", StringComparison.OrdinalIgnoreCase);
            reader.Read();
            var values = reader.TokenType == JsonTokenType.StartArray;
            if (!values)
            {
                type = wanted && reader.TokenType == JsonTokenType.String ? reader.GetString() : type;
                reader.Skip();
            }
            while (values && reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                type = wanted && reader.TokenType == JsonTokenType.String ? reader.GetString() : type;
                reader.Skip();
            }
        }
        return type;
    }
}
