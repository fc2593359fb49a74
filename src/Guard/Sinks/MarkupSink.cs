using System.Text;
using System.Text.Json;
using Pellicle.Inspection;

namespace Pellicle.Guard.Sinks;

/// <summary>Script of an event in a page that the function answers with.</summary>
internal static class MarkupSink
{
    private const int MinMarkup = 8;

    /// <param name="response">What the function answers: an object with <c>headers</c> and <c>body</c>.</param>
    /// <param name="texts">Of the event, those that hold script.</param>
    internal static SinkHit? Check(ReadOnlySpan<byte> response, IReadOnlyList<EventText> texts)
    {
        if (Page(response) is not { } page)
            return null;
        foreach (var (field, text) in texts)
        {
            var markup = Markup(text);
            if (markup.Length >= MinMarkup && page.Contains(markup, StringComparison.Ordinal))
                return new("xss", field, SinkHit.Cut(markup), $"event field `{field}` is script in a page", true);
        }
        return null;
    }

    /// <summary>From a text's first tag to its last; nothing where it has none, as a book's title has (<c>JavaScript: The Good Parts</c>).</summary>
    private static string Markup(string text)
    {
        var (open, close) = (text.IndexOf('<', StringComparison.Ordinal), text.LastIndexOf('>'));
        return open >= 0 && close > open ? text[open..(close + 1)] : "";
    }

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
        return !encoded ? body : Convert.TryFromBase64String(body, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
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
