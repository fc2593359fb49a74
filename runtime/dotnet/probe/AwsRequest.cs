using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;

namespace Pellicle.Probe;

/// <summary>What a request asks of which service of AWS, as far as the request says so (decision 0014).</summary>
internal static class AwsRequest
{
    private const string Scope = "/aws4_request";

    private const int FormBytes = 4096;

    /// <summary>S3's longest key.</summary>
    private const int TargetLength = 1200;

    private static readonly string[] Hosts = { ".amazonaws.com", ".amazonaws.com.cn", ".api.aws" };

    /// <summary><c>SERVICE:Operation</c>, or <c>SERVICE:METHOD /path?query</c>; null for a request to somebody else.</summary>
    internal static string? Of(HttpRequestMessage request, Uri uri)
    {
        var service = Signed(Header(request.Headers, "Authorization")) ?? Presigned(uri.Query) ?? (Array.Exists(Hosts, h => uri.IdnHost.EndsWith(h, StringComparison.OrdinalIgnoreCase)) ? uri.IdnHost : null);
        if (service is null)
            return null;
        var operation = Header(request.Headers, "X-Amz-Target") is { } target ? target[(target.LastIndexOf('.') + 1)..] : Action(request.Content);
        return $"{service}:{operation ?? $"{request.Method.Method} {Cut(uri.AbsolutePath)}{Cut(uri.Query)}"}";
    }

    private static string Cut(string text) => text.Length > TargetLength ? text[..TargetLength] : text;

    /// <summary>As it was given: nothing is parsed, and nothing of the request changes.</summary>
    private static string? Header(HttpHeaders headers, string name) => headers.NonValidated.TryGetValues(name, out var values) && values.Count > 0 ? values.ToString() : null;

    /// <summary>Credential=KEY/DATE/REGION/SERVICE/aws4_request</summary>
    private static string? Signed(string? authorization)
    {
        if (authorization is null || !authorization.StartsWith("AWS4-", StringComparison.Ordinal))
            return null;
        var end = authorization.IndexOf(Scope, StringComparison.Ordinal);
        return end > 0 && authorization.LastIndexOf('/', end - 1) is var start and > 0 ? authorization[(start + 1)..end] : null;
    }

    private static string? Presigned(string query)
    {
        const string Name = "X-Amz-Credential=";
        var start = query.IndexOf(Name, StringComparison.Ordinal);
        if (start < 0)
            return null;
        start += Name.Length;
        var end = query.IndexOf('&', start);
        return Signed("AWS4-/" + Uri.UnescapeDataString(end < 0 ? query[start..] : query[start..end]));
    }

    /// <summary>The operation of the query protocol. Only of contents that are in memory: reading them takes nothing away.</summary>
    private static string? Action(HttpContent? content)
    {
        if (content is not ByteArrayContent || content.Headers.ContentType?.MediaType != "application/x-www-form-urlencoded")
            return null;
        var stream = content.ReadAsStream();
        var form = new byte[FormBytes];
        var (at, length) = (stream.Position, stream.Read(form, 0, form.Length));
        stream.Position = at;
        foreach (var field in Encoding.Latin1.GetString(form, 0, length).Split('&'))
        {
            if (field.StartsWith("Action=", StringComparison.Ordinal))
                return field[7..];
        }
        return null;
    }
}
