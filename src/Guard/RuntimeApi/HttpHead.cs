using System.Buffers.Text;
using System.Text;

namespace Pellicle.Guard.RuntimeApi;

/// <summary>Reads what the hop must know of a message head. The bytes themselves are always passed on as they came.</summary>
internal static class HttpHead
{
    /// <summary>A platform head is below 1 MB (limit of request line and headers of an Invoke).</summary>
    internal const int MaxBytes = 1024 * 1024 + 64 * 1024;

    /// <summary>Length of the head with its empty line, or -1 when it is not complete.</summary>
    internal static int Length(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n\r\n"u8);
        return end < 0 ? -1 : end + 4;
    }

    /// <summary>First value of a header, without surrounding blanks; names compare without case.</summary>
    internal static bool TryGet(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var line = head.IndexOf((byte)'\n') + 1;
        while (line > 0 && line < head.Length)
        {
            var rest = head[line..];
            var end = rest.IndexOf((byte)'\n');
            if (end < 0)
                break;
            if (rest.Length > name.Length && rest[name.Length] == ':' && Ascii.EqualsIgnoreCase(rest[..name.Length], name))
            {
                value = rest[(name.Length + 1)..end].Trim(" \t\r"u8);
                return true;
            }
            line += end + 1;
        }
        value = default;
        return false;
    }

    internal static bool Has(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name, string token) =>
        TryGet(head, name, out var value) && Encoding.Latin1.GetString(value).Contains(token, StringComparison.OrdinalIgnoreCase);

    internal static string? GetString(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name) =>
        TryGet(head, name, out var value) ? Encoding.UTF8.GetString(value) : null;

    /// <summary>Method and target of a request line; false when it is not one.</summary>
    internal static bool TryRequestLine(ReadOnlySpan<byte> head, out ReadOnlySpan<byte> method, out ReadOnlySpan<byte> target)
    {
        method = target = default;
        var line = head[..Math.Max(0, head.IndexOf((byte)'\r'))];
        var first = line.IndexOf((byte)' ');
        var last = line.LastIndexOf((byte)' ');
        if (first <= 0 || last <= first || !line[(last + 1)..].StartsWith("HTTP/1."u8))
            return false;
        method = line[..first];
        target = line[(first + 1)..last];
        return true;
    }

    /// <summary>Status of a response line, or 0 when it is not one.</summary>
    internal static int Status(ReadOnlySpan<byte> head) =>
        head.Length > 12 && head.StartsWith("HTTP/1."u8) && Utf8Parser.TryParse(head.Slice(9, 3), out int status, out var used) && used == 3 ? status : 0;

    /// <summary>How the body of a request or response is delimited. False for a length that is not a number.</summary>
    internal static bool TryBody(ReadOnlySpan<byte> head, bool response, out BodyTracker body)
    {
        body = default;
        if (Has(head, "transfer-encoding"u8, "chunked"))
            body = BodyTracker.Chunked();
        else if (TryGet(head, "content-length"u8, out var text))
        {
            if (!Utf8Parser.TryParse(text, out long length, out var used) || used != text.Length || length < 0)
                return false;
            body = BodyTracker.OfLength(length);
        }
        else if (response)
            body = BodyTracker.UntilClose();
        return true;
    }

    internal static bool ClosesAfter(ReadOnlySpan<byte> head) =>
        Has(head, "connection"u8, "close")
        || (head[..head.IndexOf((byte)'\n')].IndexOf("HTTP/1.0"u8) >= 0 && !Has(head, "connection"u8, "keep-alive"));
}
