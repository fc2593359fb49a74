using System.Net;
using System.Text;
using System.Text.Json;

namespace Pellicle.Cli.Tests.Support;

/// <summary>Stands before the local Lambda: passes requests on, or answers them itself.</summary>
internal sealed class Door : IDisposable
{
    private HttpListener _listener = new();
    private readonly HttpClient _http = new();

    public string Address { get; private set; } = "";

    /// <summary>Status and body for a line, a body and an operation's target; null passes the request on.</summary>
    public Func<string, string, string?, (int Status, string Body)?> Answers { get; set; } = (_, _, _) => null;

    public void Start(Uri lambda)
    {
        _listener = Loopback.Listen(out var address);
        Address = address;
        _ = Loopback.ServeAsync(_listener, context => PassAsync(context, lambda));
    }

    public void Dispose()
    {
        _listener.Close();
        _http.Dispose();
    }

    private async Task PassAsync(HttpListenerContext context, Uri lambda)
    {
        using var body = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(body);
        var (line, form) = ($"{context.Request.HttpMethod} {context.Request.RawUrl}", Encoding.UTF8.GetString(body.ToArray()));
        byte[] bytes;
        if (Answers(line, form, context.Request.Headers["X-Amz-Target"]) is { } own)
        {
            context.Response.StatusCode = own.Status;
            if (own.Status >= 400 && own.Body.StartsWith('{') && JsonDocument.Parse(own.Body).RootElement.TryGetProperty("__type", out var kind))
            {
                context.Response.Headers["x-amzn-ErrorType"] = kind.GetString();
            }

            bytes = Encoding.UTF8.GetBytes(own.Body);
        }
        else
        {
            using var request = Loopback.Copy(context.Request, body.ToArray(), lambda);
            using var answer = await _http.SendAsync(request);
            bytes = await answer.Content.ReadAsByteArrayAsync();
            context.Response.StatusCode = (int)answer.StatusCode;
            if (answer.Headers.TryGetValues("x-amzn-ErrorType", out var type))
            {
                context.Response.Headers["x-amzn-ErrorType"] = type.First();
            }
        }

        await context.Response.OutputStream.WriteAsync(bytes);
        context.Response.Close();
    }
}
